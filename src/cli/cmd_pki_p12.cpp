// `tlsproof pki p12`: a key and its certificates as one PKCS#12 file, for browsers and keystores.
#include <fmt/format.h>

#include <algorithm>

#include "cmd_pki.h"
#include "tlsproof/base/json.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/key_files.h"

namespace tlsproof::cli {
namespace {

const std::vector<OptionSpec>& p12_options() {
  static const std::vector<OptionSpec> specs = {
      {"cert", "FILE", "the certificate, its issuers after it"},
      {"key", "FILE", "its key, where the certificate's file does not hold it"},
      {"chain", "FILE", "more certificates to go with it: issuers, the root", true},
      {"passphrase-file", "FILE", "file with the passphrase of the key that is read"},
      {"passphrase-env", "VARIABLE", "the same from an environment variable"},
      {"export-passphrase-file", "FILE", "file with the passphrase of the PKCS#12"},
      {"export-passphrase-env", "VARIABLE", "the same from an environment variable"},
      {"name", "TEXT", "the friendly name that importers show"},
      {"legacy", "", "RC2-40 and triple DES with a SHA-1 MAC, for old importers"},
      {"out", "FILE", "where it goes"},
      {"force", "", "replace a file that is there"},
      {"format", "FORMAT", "what is printed: text (default) or json"},
      {"help", "", "this text"},
  };
  return specs;
}

Status add_chain(const ParsedOptions& options, const crypto::PassphraseSource& passphrase,
                 std::vector<x509::Certificate>& certificates) {
  for (const std::string& path : options.all("chain")) {
    TLSPROOF_TRY(auto more, pki::load_certificates(path, "chain", passphrase));
    for (x509::Certificate& one : more)
      if (std::ranges::find(certificates, one) == certificates.end()) certificates.push_back(std::move(one));
  }
  return {};
}

void report(const pki::Pkcs12Spec& spec, const pki::Pkcs12& made, const std::string& path, bool json_wanted,
            CommandContext& context) {
  const x509::CertificateView& leaf = *spec.certificates.front();
  std::string protection =
      made.parts.empty() || !made.parts.front().encryption ? "" : made.parts.front().encryption->text();
  if (json_wanted) {
    JsonWriter json;
    json.begin_object();
    json.field("made", "pkcs12");
    json.field("subject", leaf.subject.escaped_text(1024));
    json.field("sha256", to_hex(leaf.sha256()));
    json.field("certificates", static_cast<uint64_t>(spec.certificates.size()));
    json.field("key", spec.key.public_key().name());
    json.field("name", spec.friendly_name);
    json.field("legacy", spec.legacy);
    json.field("encryption", protection);
    json.field("mac", made.mac ? made.mac->hash : "");
    json.field("file", path);
    json.end_object();
    context.print(std::string(json.text()) + "\n");
    return;
  }
  std::string text = "Made the PKCS#12\n";
  const auto line = [&](std::string_view label, const std::string& value) {
    text += wrap(fmt::format("  {:12} {}", label, value), 80, std::string(15, ' ')) + "\n";
  };
  line("certificate", leaf.escaped_title());
  for (size_t i = 1; i < spec.certificates.size(); ++i) line("with", spec.certificates[i]->escaped_title());
  line("key", spec.key.public_key().name());
  if (!spec.friendly_name.empty()) line("name", spec.friendly_name);
  line("encryption", protection);
  if (made.mac) line("MAC", fmt::format("{}, {} iterations", made.mac->hash, made.mac->iterations));
  line("file", escape_terminal(path));
  context.print(text);
}

Status make_p12(const ParsedOptions& options, CommandContext& context) {
  if (!options.positional.empty()) return fail_usage("pki p12 takes no arguments beside its options");
  if (!options.has("cert")) return fail_usage("pki p12 needs the certificate: give --cert FILE and --key FILE");
  if (!options.has("out")) return fail_usage("say where the PKCS#12 goes: --out FILE");
  TLSPROOF_TRY(const bool json, wants_json(options));
  for (const char* prefix : {"", "export-"}) TLSPROOF_TRY_VOID(check_passphrase_options(options, prefix));
  std::vector<std::string> inputs = {options.get("cert")};
  for (const char* option : {"key", "passphrase-file", "export-passphrase-file"})
    if (options.has(option)) inputs.push_back(options.get(option));
  for (const std::string& path : options.all("chain")) inputs.push_back(path);
  TLSPROOF_TRY(const auto outputs,
               check_outputs({{options.get("out"), "PKCS#12", 0600}}, inputs, options.has("force")));

  const PassphraseRequest of_key{.prefix = "", .purpose = "the key"};
  const auto source = passphrase_source(options, of_key, context);
  TLSPROOF_TRY(pki::KeyAndPath found,
               pki::load_key_and_path(options.get("cert"), options.get("key"), "exported", source));
  TLSPROOF_TRY_VOID(add_chain(options, source, found.path));
  const PassphraseRequest of_export{
      .prefix = "export-", .purpose = "the PKCS#12", .create = true, .can_do_without = false};
  TLSPROOF_TRY(const SecretBytes passphrase, read_passphrase(options, of_export, context));
  constexpr int kLegacyIterations = 2048;  // what those who need it were made for
  pki::Pkcs12Spec spec{.key = std::move(found.key),
                       .certificates = std::move(found.path),
                       .friendly_name = options.get("name"),
                       .legacy = options.has("legacy")};
  if (spec.legacy) spec.iterations = kLegacyIterations;
  TLSPROOF_TRY(const Bytes der, pki::make_pkcs12(spec, passphrase));
  // Opened at once, so that nothing is written that cannot be used.
  TLSPROOF_TRY(const pki::Pkcs12 made, pki::load_pkcs12(der, "the new PKCS#12", crypto::fixed_passphrase(passphrase)));
  TLSPROOF_TRY_VOID(save_all(outputs, {ByteView(der)}, options.has("force")));
  report(spec, made, outputs.front().path, json, context);
  return {};
}

}  // namespace

int run_pki_p12(std::span<const std::string> args, CommandContext& context) {
  auto options = parse_options(args, p12_options());
  if (!options) return report_error(options.error(), context);
  if (options->has("help")) {
    context.print(
        "Usage: tlsproof pki p12 --cert FILE --key FILE --out FILE\n\n"
        "Puts a key and its certificates into one PKCS#12 file (.p12, .pfx), as browsers\n"
        "and keystores import it: under AES-256, or --legacy for those that are old.\n\n" +
        format_options(p12_options()) +
        "\nPassphrases come from a file, a variable or the terminal, never an argument.\n\n"
        "Example:\n  tlsproof pki p12 --cert pki/client.crt --key pki/client.key \\\n"
        "    --export-passphrase-file p12.pass --name client.device --out client.p12\n");
    return kExitOk;
  }
  auto made = make_p12(*options, context);
  return made ? kExitOk : report_error(made.error(), context);
}

}  // namespace tlsproof::cli
