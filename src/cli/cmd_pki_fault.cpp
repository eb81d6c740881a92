// `tlsproof pki fault`: certificates that are wrong in exactly one way, for testing the other side.
#include <fmt/format.h>

#include "cmd_pki.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/fault.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::cli {
namespace {

const std::vector<OptionSpec>& fault_options() {
  static const std::vector<OptionSpec> specs = {
      {"list", "", "the faults, each with what is wrong"},
      {"role", "ROLE", "server or client (default): whose certificate it is"},
      {"ca", "DIR", "the CA that the other side trusts: DIR/ca.crt and DIR/ca.key"},
      {"ca-cert", "FILE", "its certificate"},
      {"ca-key", "FILE", "and its key"},
      {"passphrase-file", "FILE", "file with the passphrase of the CA's key"},
      {"passphrase-env", "VARIABLE", "the same from an environment variable"},
      {"name", "NAME", "a name that the certificate is for", true},
      {"crl", "FILE", "revoked: the CA's CRL, a serial of which it gets", true},
      {"intermediates", "N", "too_deep: intermediates between leaf and root; default: 10"},
      {"out", "DIR", "write DIR/NAME.crt and DIR/NAME.key, after the fault"},
      {"cert-out", "FILE", "where the certificate goes, and what is sent with it"},
      {"key-out", "FILE", "where its key goes"},
      {"force", "", "replace files that are there"},
      {"help", "", "this text"},
  };
  return specs;
}

std::string_view standing_text(pki::Standing standing) {
  switch (standing) {
    case pki::Standing::invalid:
      return "must be refused";
    case pki::Standing::policy:
      return "a matter of policy";
    case pki::Standing::legal:
      return "valid";
  }
  return {};
}

// "must be refused (RFC 5280 §6.1)"; "must be refused; of a client: valid (…)".
std::string standing_text(const pki::Fault& fault) {
  std::string text(standing_text(fault.of_server));
  if (fault.of_client != fault.of_server)
    text = fmt::format("of a server: {}; of a client: {}", text, standing_text(fault.of_client));
  return fmt::format("{} ({})", text, fault.basis);
}

std::string list_faults() {
  std::string out;
  for (const pki::Fault& fault : pki::faults())
    out += fmt::format("{}\n", fault.name) + wrap(fmt::format("    {}", fault.explanation), 80, "    ") + "\n" +
           wrap(fmt::format("    - {}", standing_text(fault)), 80, "      ") + "\n";
  return out;
}

// Options that only one fault understands would otherwise be silently without effect.
Status read_fault_options(const ParsedOptions& options, std::string_view fault, pki::ForgeContext& forge) {
  const auto only_for = [&](std::string_view option, std::string_view owner) -> Status {
    if (options.has(option) && fault != owner)
      return fail_usage(fmt::format("--{} is for the fault {} only", option, owner));
    return {};
  };
  TLSPROOF_TRY_VOID(only_for("crl", "revoked"));
  TLSPROOF_TRY_VOID(only_for("intermediates", "too_deep"));
  for (const std::string& path : options.all("crl")) {
    TLSPROOF_TRY(std::vector<Bytes> crls, x509::load_crls(path, "CRL"));
    for (Bytes& crl : crls) forge.crls.push_back(x509::Crl::parse(std::move(crl)));
  }
  if (options.has("intermediates")) {
    TLSPROOF_TRY(long long count, options.integer("intermediates", 0, 0, 100));
    forge.num_intermediates = static_cast<size_t>(count);
  }
  return {};
}

Status make_fault(const ParsedOptions& options, CommandContext& context) {
  if (options.positional.size() != 1) return fail_usage("which fault? 'tlsproof pki fault --list' shows them");
  const std::string& name = options.positional.front();
  const std::string role = options.get("role", "client");
  if (role != "client" && role != "server")
    return fail_usage(fmt::format("--role: '{}' is neither server nor client", escape_terminal_limited(role, 40)));
  TLSPROOF_TRY(const CaFiles ca, ca_files(options));
  if (ca.certificate.empty())
    return fail_usage(
        "pki fault needs the CA that the other side trusts: give --ca DIR, or --ca-cert FILE and --ca-key FILE");
  TLSPROOF_TRY_VOID(check_passphrase_options(options, ""));
  std::string cert = options.get("cert-out");
  std::string key = options.get("key-out");
  if (options.has("out")) {
    if (cert.empty()) cert = fmt::format("{}/{}.crt", options.get("out"), name);
    if (key.empty()) key = fmt::format("{}/{}.key", options.get("out"), name);
  }
  std::vector<OutputFile> outputs;
  if (pki::find_fault(name) != nullptr) {  // else forge() tells what there is
    if (cert.empty() || key.empty())
      return fail_usage("say where the files go: --out DIR, or --cert-out FILE and --key-out FILE");
    TLSPROOF_TRY(outputs, check_outputs({{cert, "certificate", 0644}, {key, "key", 0600}}, {ca.certificate, ca.key},
                                        options.has("force")));
  }
  std::vector<pki::AlternativeName> names;
  for (const std::string& text : options.all("name")) {
    TLSPROOF_TRY(pki::AlternativeName one, pki::parse_alternative_name(text));
    names.push_back(std::move(one));
  }
  const PassphraseRequest request{.prefix = "", .purpose = "the CA's key"};
  TLSPROOF_TRY(pki::Authority authority,
               pki::Authority::load(ca.certificate, ca.key, passphrase_source(options, request, context)));
  pki::ForgeContext forge_context{.authority = authority,
                                  .role = role == "server" ? pki::Role::server : pki::Role::client,
                                  .subject = {},
                                  .names = names,
                                  .now = context.clock.wall_seconds(),
                                  .random = context.random};
  TLSPROOF_TRY_VOID(read_fault_options(options, name, forge_context));
  TLSPROOF_TRY(pki::Identity identity, pki::forge(name, forge_context));
  std::string pem;
  for (const Bytes& der : identity.chain) pem += x509::to_pem(der);
  TLSPROOF_TRY(SecretBytes key_pem, identity.key.to_pem());
  TLSPROOF_TRY_VOID(save_all(outputs, {as_bytes(pem), key_pem.view()}, options.has("force")));
  const x509::Certificate leaf = x509::Certificate::parse(ByteView(identity.chain.front()));
  context.print(fmt::format("Made the {} certificate '{}': {}\n", role, name, pki::find_fault(name)->title) +
                wrap(fmt::format("  {}\n  certificate  {}\n  key file     {}", leaf->escaped_title(),
                                 escape_terminal(outputs[0].path), escape_terminal(outputs[1].path)),
                     80) +
                "\n");
  return {};
}

}  // namespace

int run_pki_fault(std::span<const std::string> args, CommandContext& context) {
  auto options = parse_options(args, fault_options());
  if (!options) return report_error(options.error(), context);
  if (options->has("help")) {
    context.print(
        "Usage: tlsproof pki fault NAME (--ca DIR | --ca-cert FILE --ca-key FILE) OUTPUT\n"
        "       tlsproof pki fault --list\n\n"
        "Makes a certificate that is wrong in exactly one way.\n\n" +
        format_options(fault_options()));
    return kExitOk;
  }
  if (options->has("list")) {
    context.print(list_faults());
    return kExitOk;
  }
  auto made = make_fault(*options, context);
  return made ? kExitOk : report_error(made.error(), context);
}

}  // namespace tlsproof::cli
