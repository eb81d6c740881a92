// `tlsproof pki`: CAs and certificates, made right and without questions.
#include "cmd_pki.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>

#include "tlsproof/base/file.h"
#include "tlsproof/base/json.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/authority.h"
#include "tlsproof/pki/request.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::cli {
namespace {

constexpr int64_t kDay = 86400;
// A certificate is valid from a little before it was made, for peers whose clocks are behind.
constexpr int64_t kClockSlack = 300;
constexpr long long kMaxDays = 36500;

enum class Kind : uint8_t { ca, server, client };

struct Subcommand {
  std::string_view name, summary, usage, example;
  Kind kind;
  int default_days;
  std::string_view default_key;
};
constexpr std::array kSubcommands = {
    Subcommand{"ca", "make a root CA, or an intermediate under --issuer",
               "(--out DIR | --cert-out FILE --key-out FILE)",
               "tlsproof pki ca --subject \"C=CN,O=example,CN=Root CA\" \\\n    --passphrase-file ca.pass --out pki",
               Kind::ca, 3650, "rsa:4096"},
    Subcommand{"server", "issue a server certificate", "(--ca DIR | --ca-cert FILE --ca-key FILE) --name NAME… OUTPUT",
               "tlsproof pki server --ca pki --passphrase-file ca.pass \\\n    --name server.example.com --out pki",
               Kind::server, 397, "p256"},
    Subcommand{"client", "issue a client certificate",
               "(--ca DIR | --ca-cert FILE --ca-key FILE) (--name NAME… | --subject TEXT) OUTPUT",
               "tlsproof pki client --ca pki --passphrase-file ca.pass \\\n    --name client.device --out pki",
               Kind::client, 397, "p256"},
};

// Those that issue nothing, or nothing good, each in a file of its own.
struct OtherSubcommand {
  std::string_view name, summary;
  int (*run)(std::span<const std::string> args, CommandContext& context);
};
constexpr std::array kOthers = {
    OtherSubcommand{"crl", "make a certificate revocation list", run_pki_crl},
    OtherSubcommand{"p12", "put a key and its certificates into a PKCS#12 file", run_pki_p12},
    OtherSubcommand{"inspect", "tell what files hold, and what is weak about it", run_pki_inspect},
    OtherSubcommand{"fault", "make one that is wrong in exactly one way, for tests", run_pki_fault},
};

// The options of all three in the order of --help. Those about the CA that signs are named after what it is there.
std::vector<OptionSpec> option_specs(Kind kind) {
  const bool ca = kind == Kind::ca;
  std::vector<OptionSpec> specs;
  if (ca) {
    specs.insert(specs.end(),
                 {{"issuer", "DIR", "make an intermediate CA, signed by DIR/ca.crt and DIR/ca.key, or a PKCS#12"},
                  {"issuer-cert", "FILE", "the same with the certificate of the CA that signs"},
                  {"issuer-key", "FILE", "and its key"},
                  {"issuer-passphrase-file", "FILE", "file with the passphrase of the signing CA's key"},
                  {"issuer-passphrase-env", "VARIABLE", "the same from an environment variable"},
                  {"path-len", "N", "how many CAs may stand below (default: no limit; 0 for an intermediate)"}});
  } else {
    specs.insert(specs.end(),
                 {{"ca", "DIR", "sign by DIR/ca.crt and DIR/ca.key, or by the CA in a PKCS#12 file"},
                  {"ca-cert", "FILE", "certificate of the CA that signs, its issuers may follow"},
                  {"ca-key", "FILE", "and its key"},
                  {"name", "NAME", "DNS name, IP address, e-mail address or URI that the certificate is for", true},
                  {"csr", "FILE", "certify the key and subject of this request (PKCS#10), make no key"},
                  {"csr-names", "", "take the names over from the request too"},
                  {"from-key-passphrase-file", "FILE", "file with the passphrase of --from-key's file"},
                  {"from-key-passphrase-env", "VARIABLE", "the same from an environment variable"},
                  {"key-passphrase-file", "FILE", "encrypt the new key under the passphrase in this file"},
                  {"key-passphrase-env", "VARIABLE", "the same from an environment variable"}});
  }
  const auto whose = ca ? std::string_view("file with the passphrase that protects the new key (or opens --from-key's)")
                        : std::string_view("file with the passphrase of the CA's key");
  specs.insert(specs.end(), {{"passphrase-file", "FILE", whose},
                             {"passphrase-env", "VARIABLE", "the same from an environment variable"}});
  if (ca) specs.push_back({"no-passphrase", "", "leave the CA's key unencrypted"});
  specs.insert(specs.end(), {{"subject", "TEXT",
                              ca ? "\"C=CN,O=example,CN=Root CA\" (needed)"
                                 : "\"C=CN,O=example,CN=…\" (default: CN is the first name)"},
                             {"days", "N", ca ? "days of validity (default: 3650)" : "days of validity (default: 397)"},
                             {"key", "KIND",
                              ca ? "rsa:4096 (default), rsa:BITS, p256, p384, p521, ed25519"
                                 : "p256 (default), p384, p521, rsa:BITS, ed25519"},
                             {"from-key", "FILE", "use this private key, make none"},
                             {"crl-url", "URL", "where the issuer's CRL is", true},
                             {"ca-issuers-url", "URL", "where the issuer's certificate is", true},
                             {"out", "DIR",
                              ca                     ? "write DIR/ca.crt and DIR/ca.key"
                              : kind == Kind::server ? "write DIR/server.crt and DIR/server.key"
                                                     : "write DIR/client.crt and DIR/client.key"},
                             {"cert-out", "FILE", "where the certificate goes, intermediates after it"},
                             {"key-out", "FILE", "where the new key goes"},
                             {"force", "", "replace files that are there"},
                             {"format", "FORMAT", "what is printed: text (default) or json"},
                             {"help", "", "this text"}});
  return specs;
}

std::string help() {
  std::string out = "Makes certification authorities and certificates, without questions.\n\n";
  for (const Subcommand& sub : kSubcommands) out += fmt::format("  tlsproof pki {:7} {}\n", sub.name, sub.summary);
  for (const OtherSubcommand& sub : kOthers) out += fmt::format("  tlsproof pki {:7} {}\n", sub.name, sub.summary);
  return out + "\n'tlsproof pki SUBCOMMAND --help' tells its options.\n";
}

std::string help(const Subcommand& sub, std::span<const OptionSpec> specs) {
  return wrap(fmt::format("Usage: tlsproof pki {} {}", sub.name, sub.usage), 80, "         ") +
         fmt::format("\n\npki {}: {}.\n\n{}\n", sub.name, sub.summary, format_options(specs)) +
         "Passphrases come from a file, a variable or the terminal, never an argument.\n\n" +
         fmt::format("Example:\n  {}\n", sub.example);
}

// ---- what is asked for

struct KeyChoice {
  crypto::KeyKind kind = crypto::KeyKind::p256;
  unsigned rsa_bits = 0;
};

Result<KeyChoice> parse_key(std::string_view text) {
  using crypto::KeyKind;
  constexpr std::array<std::pair<std::string_view, KeyKind>, 4> kCurves = {
      {{"p256", KeyKind::p256}, {"p384", KeyKind::p384}, {"p521", KeyKind::p521}, {"ed25519", KeyKind::ed25519}}};
  for (const auto& [name, kind] : kCurves)
    if (text == name) return KeyChoice{kind, 0};
  if (text.starts_with("rsa:")) {
    // Below 2048 today's clients refuse; above 8192 OpenSSL's need minutes to make one and a handshake suffers.
    if (auto bits = parse_integer(text.substr(4), 2048, 8192))
      return KeyChoice{KeyKind::rsa, static_cast<unsigned>(*bits)};
    return fail_usage(
        fmt::format("--key: '{}' is not rsa:BITS with 2048 to 8192 bits", escape_terminal_limited(text, 40)));
  }
  return fail_usage(
      fmt::format("--key: '{}' is not rsa:BITS, p256, p384, p521 or ed25519", escape_terminal_limited(text, 40)));
}

Status check_key_strength(const crypto::PublicKey& key, std::string_view name) {
  using crypto::KeyKind;
  if (key.kind() == KeyKind::other)
    return fail_usage(fmt::format("{} is of a kind that TLS has no signatures for", name));
  if ((key.kind() == KeyKind::rsa || key.kind() == KeyKind::rsa_pss) && key.bits() < 2048)
    return fail_usage(fmt::format("{} is {}; less than 2048 bits are refused by today's clients", name, key.name()));
  return {};
}

struct Plan {
  const Subcommand* sub = nullptr;
  const ParsedOptions* options = nullptr;
  pki::Subject subject;
  std::vector<pki::AlternativeName> names;
  KeyChoice key;
  int64_t days = 0;
  std::optional<int> path_len;
  std::string issuer_cert, issuer_key;  // empty: self-signed
  bool json = false;
  std::vector<OutputFile> outputs;  // the certificate, then the key if one is made
  [[nodiscard]] bool ca() const { return sub->kind == Kind::ca; }
  [[nodiscard]] bool force() const { return options->has("force"); }
  [[nodiscard]] bool makes_key() const { return !options->has("from-key") && !options->has("csr"); }
};

Status plan_issuer(Plan& plan) {
  TLSPROOF_TRY(CaFiles files, ca_files(*plan.options, plan.ca() ? "issuer" : "ca"));
  plan.issuer_cert = std::move(files.certificate);
  plan.issuer_key = std::move(files.key);
  if (plan.issuer_cert.empty() && !plan.ca())
    return fail_usage(fmt::format("pki {} needs the CA that signs: give --ca DIR, or --ca-cert FILE and --ca-key FILE",
                                  plan.sub->name));
  return {};
}

Status plan_outputs(Plan& plan) {
  const ParsedOptions& options = *plan.options;
  const std::string base = std::string(plan.sub->name);
  std::string cert = options.get("cert-out"), key = options.get("key-out");
  if (options.has("key-out") && !plan.makes_key())
    return fail_usage(
        fmt::format("--key-out: no key is made, since --{} gives one", options.has("csr") ? "csr" : "from-key"));
  if (options.has("out")) {
    if (cert.empty()) cert = fmt::format("{}/{}.crt", options.get("out"), base);
    if (key.empty()) key = fmt::format("{}/{}.key", options.get("out"), base);
  }
  if (cert.empty() || (plan.makes_key() && key.empty()))
    return fail_usage(plan.makes_key() ? "say where the files go: --out DIR, or --cert-out FILE and --key-out FILE"
                                       : "say where the certificate goes: --out DIR or --cert-out FILE");
  std::vector<OutputFile> outputs{{cert, "certificate", 0644}};
  if (plan.makes_key()) outputs.push_back({key, "key", 0600});
  std::vector<std::string> inputs;
  for (const std::string& input : {plan.issuer_cert, plan.issuer_key, options.get("from-key"), options.get("csr"),
                                   options.get("passphrase-file"), options.get("key-passphrase-file")})
    if (!input.empty()) inputs.push_back(input);
  TLSPROOF_TRY(plan.outputs, check_outputs(std::move(outputs), inputs, plan.force()));
  return {};
}

Status plan_names(Plan& plan) {
  const ParsedOptions& options = *plan.options;
  TLSPROOF_TRY(plan.subject, pki::parse_subject(options.get("subject")));
  for (const std::string& text : options.all("name")) {
    TLSPROOF_TRY(pki::AlternativeName name, pki::parse_alternative_name(text));
    if (std::ranges::find(plan.names, name) == plan.names.end()) plan.names.push_back(std::move(name));
  }
  if (options.has("csr-names") && !options.has("csr")) return fail_usage("--csr-names needs --csr");
  switch (plan.sub->kind) {
    case Kind::ca:
      if (plan.subject.empty()) return fail_usage("a CA needs a name: give --subject \"O=example,CN=Root CA\"");
      break;
    case Kind::server:
      if (plan.names.empty() && !options.has("csr-names"))
        return fail_usage(
            "a server certificate without a name is refused by every client: give --name HOST for each host "
            "name or IP address; a common name in the subject does not count (RFC 9525)");
      break;
    case Kind::client:
      if (plan.names.empty() && plan.subject.empty() && !options.has("csr"))
        return fail_usage("a client certificate needs to say whose it is: give --name NAME or --subject \"CN=…\"");
      break;
  }
  return {};
}

Result<Plan> make_plan(const Subcommand& sub, const ParsedOptions& options) {
  Plan plan;
  plan.sub = &sub;
  plan.options = &options;
  if (!options.positional.empty())
    return fail_usage(fmt::format("pki {} takes no arguments beside its options", sub.name));
  TLSPROOF_TRY(plan.json, wants_json(options));
  if (options.has("from-key") && options.has("csr")) return fail_usage("give one of --from-key and --csr, not both");
  if (options.has("key") && !plan.makes_key())
    return fail_usage("--key says what key to make; --from-key and --csr bring one");
  for (const char* option : {"key-passphrase-file", "key-passphrase-env"})
    if (options.has(option) && !plan.makes_key())
      return fail_usage(fmt::format("--{} is for a new key; --from-key and --csr bring one", option));
  TLSPROOF_TRY(plan.key, parse_key(options.get("key", sub.default_key)));
  TLSPROOF_TRY(plan.days, options.integer("days", sub.default_days, 1, kMaxDays));
  for (const char* prefix : {"", "issuer-", "from-key-", "key-"})
    TLSPROOF_TRY_VOID(check_passphrase_options(options, prefix));
  if (options.has("no-passphrase") && (options.has("passphrase-file") || options.has("passphrase-env")))
    return fail_usage("--no-passphrase contradicts the passphrase that is given");
  TLSPROOF_TRY_VOID(plan_names(plan));
  TLSPROOF_TRY_VOID(plan_issuer(plan));
  if (options.has("path-len") || (plan.ca() && !plan.issuer_cert.empty())) {
    TLSPROOF_TRY(long long path_len, options.integer("path-len", 0, 0, 100));
    plan.path_len = static_cast<int>(path_len);
  }
  for (const char* option : {"crl-url", "ca-issuers-url"})
    for (const std::string& url : options.all(option))
      if (!url.starts_with("http://") || !pki::parse_alternative_name("uri:" + url))
        return fail_usage(fmt::format("--{}: '{}' is not an http:// URL (RFC 5280 §8 warns of https here)", option,
                                      escape_terminal_limited(url, 80)));
  TLSPROOF_TRY_VOID(plan_outputs(plan));
  return plan;
}

// ---- doing it

Result<std::optional<pki::Authority>> open_issuer(const Plan& plan, CommandContext& context) {
  if (plan.issuer_cert.empty()) return std::optional<pki::Authority>();
  const PassphraseRequest request{.prefix = plan.ca() ? "issuer-" : "", .purpose = "the signing CA's key"};
  TLSPROOF_TRY(pki::Authority issuer, pki::Authority::load(plan.issuer_cert, plan.issuer_key,
                                                           passphrase_source(*plan.options, request, context)));
  TLSPROOF_TRY_VOID(issuer.check_valid_at(context.clock.wall_seconds()));
  if (plan.ca()) TLSPROOF_TRY_VOID(issuer.check_may_issue_authority());
  return std::optional(std::move(issuer));
}

// Nothing can outlive the CA above it: by default it is cut, and an explicit wish is refused.
Result<pki::Validity> plan_validity(const Plan& plan, const std::optional<pki::Authority>& issuer, int64_t now) {
  pki::Validity validity{now - kClockSlack, now + plan.days * kDay};
  if (!issuer) return validity;
  const pki::Validity limits = issuer->validity();
  validity.not_before = std::max(validity.not_before, limits.not_before);
  if (validity.not_after <= limits.not_after) return validity;
  if (plan.options->has("days"))
    return fail_usage(
        fmt::format("--days {}: the certificate would outlive its CA, which ends {}; at most {} days are left",
                    plan.days, format_utc(limits.not_after), (limits.not_after - now) / kDay));
  validity.not_after = limits.not_after;
  return validity;
}

Result<pki::CertificateSpec> make_spec(const Plan& plan, const pki::Validity& validity,
                                       const std::optional<pki::SigningRequest>& request, CommandContext& context) {
  std::vector<pki::AlternativeName> names = plan.names;
  if (request && plan.options->has("csr-names")) {
    for (const pki::AlternativeName& name : request->names)
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    if (request->num_other_names > 0)
      context.complain(
          fmt::format("{} of the request's names are of a kind that is not issued, or malformed, and left out",
                      request->num_other_names));
    if (names.empty() && plan.sub->kind == Kind::server)
      return fail_usage("the request has no names to take over: give --name HOST");
  }
  const bool take_subject = request && plan.subject.empty() && !request->subject_empty;
  if (plan.sub->kind == Kind::client && names.empty() && plan.subject.empty() && !take_subject)
    return fail_usage("the request says not whose it is: give --name NAME or --subject \"CN=…\"");
  pki::CertificateSpec spec =
      plan.ca() ? pki::authority_spec(plan.subject, validity, plan.path_len)
                : pki::leaf_spec(plan.sub->kind == Kind::server ? pki::Role::server : pki::Role::client, plan.subject,
                                 std::move(names), validity);
  if (take_subject) spec.subject_der = request->subject_der;
  spec.crl_urls = plan.options->all("crl-url");
  spec.ca_issuers_urls = plan.options->all("ca-issuers-url");
  return spec;
}

struct Key {
  crypto::PublicKey public_key;
  std::optional<crypto::PrivateKey> private_key;
  SecretBytes pem;  // what is written; empty: nothing
  bool encrypted = false;
};

Result<Key> use_given_key(const Plan& plan, CommandContext& context) {
  const std::string path = plan.options->get("from-key");
  const std::string name = fmt::format("the key '{}'", escape_terminal(path));
  const PassphraseRequest request{.prefix = plan.ca() ? "" : "from-key-", .purpose = name};
  TLSPROOF_TRY(SecretBytes content, load_secret_file(path, "private key"));
  TLSPROOF_TRY(crypto::PrivateKey key,
               crypto::PrivateKey::load(content.view(), name, passphrase_source(*plan.options, request, context)));
  TLSPROOF_TRY_VOID(check_key_strength(key.public_key(), name));
  return Key{.public_key = key.public_key(), .private_key = key, .pem = {}};
}

Result<Key> make_key(const Plan& plan, CommandContext& context) {
  SecretBytes passphrase;
  const bool leaf_encrypted = plan.options->has("key-passphrase-file") || plan.options->has("key-passphrase-env");
  const bool encrypt = plan.ca() ? !plan.options->has("no-passphrase") : leaf_encrypted;
  if (encrypt) {
    const PassphraseRequest request{.prefix = plan.ca() ? "" : "key-",
                                    .purpose = plan.ca() ? "the CA's key" : "the new key",
                                    .create = true,
                                    .can_do_without = plan.ca()};
    TLSPROOF_TRY(passphrase, read_passphrase(*plan.options, request, context));
  }
  TLSPROOF_TRY(crypto::PrivateKey key, crypto::PrivateKey::generate(plan.key.kind, plan.key.rsa_bits));
  TLSPROOF_TRY(SecretBytes pem, encrypt ? key.to_encrypted_pem(passphrase) : key.to_pem());
  return Key{.public_key = key.public_key(), .private_key = key, .pem = std::move(pem), .encrypted = encrypt};
}

// The certificate and those between it and the root, as servers and clients want them in their file.
Result<std::string> issue(const Plan& plan, const std::optional<pki::Authority>& issuer,
                          const pki::CertificateSpec& spec, const Key& key, CommandContext& context) {
  if (!issuer) {
    TLSPROOF_TRY(pki::Authority root, pki::Authority::make_root(spec, *key.private_key, context.random));
    return x509::to_pem(root.certificate().der());
  }
  TLSPROOF_TRY(Bytes certificate, issuer->issue(spec, key.public_key, context.random));
  if (plan.ca()) {  // looked at as a CA at once, so that nothing is written that cannot be used
    auto made = pki::Authority::make({x509::Certificate::parse(certificate)}, *key.private_key);
    if (!made) return std::unexpected(std::move(made).error());
  }
  std::string pem = x509::to_pem(certificate);
  for (const Bytes& intermediate : issuer->intermediates()) pem += x509::to_pem(intermediate);
  return pem;
}

std::string with_colons(ByteView bytes) {
  std::string out;
  for (uint8_t byte : bytes) fmt::format_to(std::back_inserter(out), "{}{:02X}", out.empty() ? "" : ":", byte);
  return out;
}

void report(const Plan& plan, const x509::CertificateView& made, const Key& key, bool intermediate,
            CommandContext& context) {
  const std::string kind = plan.ca() ? (intermediate ? "intermediate" : "root") : std::string(plan.sub->name);
  std::vector<std::string> names;
  if (made.subject_alt_names)
    for (const x509::GeneralName& name : *made.subject_alt_names) names.push_back(name.escaped_text());
  const std::string subject = made.subject.empty() ? "(empty)" : made.subject.escaped_text(1024);
  const std::string issuer = made.issuer.escaped_text(1024);
  const std::string from = format_utc(*made.not_before), until = format_utc(*made.not_after);
  const std::string* key_file = plan.outputs.size() > 1 ? &plan.outputs[1].path : nullptr;
  if (plan.json) {
    JsonWriter json;
    json.begin_object();
    json.field("made", kind);
    json.field("subject", subject);
    json.field("issuer", issuer);
    json.key("names");
    json.begin_array();
    for (const std::string& name : names) json.string(name);
    json.end_array();
    json.field("not_before", from);
    json.field("not_after", until);
    json.field("serial", made.serial_hex());
    json.field("sha256", to_hex(made.sha256()));
    json.field("key", key.public_key.name());
    json.field("key_encrypted", key.encrypted);
    json.field("certificate_file", plan.outputs[0].path);
    json.key("key_file");
    if (key_file)
      json.string(*key_file);
    else
      json.null();
    json.end_object();
    context.print(std::string(json.text()) + "\n");
    return;
  }
  std::string text = fmt::format("{}\n", plan.ca() ? "Made the " + kind + " CA" : "Made the " + kind + " certificate");
  auto line = [&](std::string_view label, std::string_view value) {
    text += fmt::format("  {:12} {}\n", label, value);
  };
  line("subject", subject);
  line("issuer", made.self_issued() ? "itself" : issuer);
  for (const std::string& name : names) line("name", name);
  line("valid", fmt::format("{} to {} ({} days)", from, until, (*made.not_after - *made.not_before) / kDay));
  line("serial", made.serial_hex());
  line("sha256", with_colons(made.sha256()));
  line("key", key.public_key.name() + (key.encrypted ? ", under a passphrase (AES-256)" : ""));
  line("certificate", escape_terminal(plan.outputs[0].path));
  if (key_file) line("key file", escape_terminal(*key_file));
  context.print(text);
}

Status make(const Subcommand& sub, const ParsedOptions& options, CommandContext& context) {
  TLSPROOF_TRY(Plan plan, make_plan(sub, options));
  std::optional<pki::SigningRequest> request;
  if (options.has("csr")) {
    TLSPROOF_TRY(request, pki::load_signing_request(options.get("csr")));
    TLSPROOF_TRY_VOID(
        check_key_strength(request->key, fmt::format("the key of '{}'", escape_terminal(options.get("csr")))));
  }
  TLSPROOF_TRY(std::optional<pki::Authority> issuer, open_issuer(plan, context));
  TLSPROOF_TRY(pki::Validity validity, plan_validity(plan, issuer, context.clock.wall_seconds()));
  TLSPROOF_TRY(pki::CertificateSpec spec, make_spec(plan, validity, request, context));
  TLSPROOF_TRY(Key key, request            ? Result<Key>(Key{.public_key = request->key, .private_key = {}, .pem = {}})
                        : plan.makes_key() ? make_key(plan, context)
                                           : use_given_key(plan, context));
  TLSPROOF_TRY(std::string pem, issue(plan, issuer, spec, key, context));
  std::vector<ByteView> contents{as_bytes(pem)};
  if (!key.pem.empty()) contents.push_back(key.pem.view());
  TLSPROOF_TRY_VOID(save_all(plan.outputs, contents, plan.force()));
  TLSPROOF_TRY(auto made, x509::parse_certificates(as_bytes(pem), "new certificate"));
  report(plan, *made.front(), key, issuer.has_value(), context);
  return {};
}

int run_subcommand(const Subcommand& sub, std::span<const std::string> args, CommandContext& context) {
  const std::vector<OptionSpec> specs = option_specs(sub.kind);
  if (std::ranges::find(args, "--help") != args.end()) {
    context.print(help(sub, specs));
    return kExitOk;
  }
  auto options = parse_options(args, specs);
  if (!options) return report_error(options.error(), context);
  auto made = make(sub, *options, context);
  return made ? kExitOk : report_error(made.error(), context);
}

}  // namespace

int run_pki(std::span<const std::string> args, CommandContext& context) {
  // Private keys and passphrases are in memory: a crash must not write them to a file.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (args.empty()) {
    std::fputs(help().c_str(), context.err);
    return kExitUsage;
  }
  if (args[0] == "--help" || args[0] == "help") {
    context.print(help());
    return kExitOk;
  }
  std::vector<std::string_view> names;
  for (const OtherSubcommand& sub : kOthers) {
    if (sub.name == args[0]) return sub.run(args.subspan(1), context);
    names.push_back(sub.name);
  }
  for (const Subcommand& sub : kSubcommands) {
    if (sub.name == args[0]) return run_subcommand(sub, args.subspan(1), context);
    names.push_back(sub.name);
  }
  std::string message = fmt::format("pki has no '{}'", escape_terminal_limited(args[0], 60));
  const auto like = did_you_mean(args[0], std::span<const std::string_view>(names));
  context.complain(message +
                   (like ? fmt::format("; did you mean '{}'?", *like) : "; 'tlsproof pki --help' tells them"));
  return kExitUsage;
}

}  // namespace tlsproof::cli
