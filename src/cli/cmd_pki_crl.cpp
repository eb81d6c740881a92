// `tlsproof pki crl`: certificate revocation lists, fresh or stale.
#include <fmt/format.h>

#include <algorithm>

#include "cmd_pki.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/json.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/crl.h"
#include "tlsproof/pki/key_files.h"
#include "tlsproof/x509/load.h"
#include "tlsproof/x509/validate.h"

namespace tlsproof::cli {
namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kClockSlack = 300;  // for peers whose clocks are behind
constexpr long long kDefaultDays = 30;
constexpr std::string_view kNoReason = "no reason is given";

const std::vector<OptionSpec>& crl_options() {
  static const std::vector<OptionSpec> specs = {
      {"ca", "DIR", "the CA: DIR/ca.crt and DIR/ca.key, or a PKCS#12 file"},
      {"ca-cert", "FILE", "its certificate"},
      {"ca-key", "FILE", "and its key"},
      {"passphrase-file", "FILE", "file with the passphrase of the CA's key"},
      {"passphrase-env", "VARIABLE", "the same from an environment variable"},
      {"revoke", "FILE", "revoke this certificate, the first of its file", true},
      {"serial", "HEX", "revoke the certificate of this serial number", true},
      {"reason", "REASON", "why: keyCompromise, superseded, cessationOfOperation, … (RFC 5280 §5.3.1)"},
      {"from", "FILE", "go on from this CRL: its entries, and the number that follows"},
      {"number", "N", "the CRL number; default: the time in milliseconds, or more than --from's"},
      {"days", "N", "days until the next one is due (default: 30)"},
      {"stale", "", "one whose next one was due yesterday, for tests"},
      {"out", "FILE", "where it goes; a folder: DIR/ca.crl"},
      {"der", "", "write DER, not PEM"},
      {"force", "", "replace a file that is there"},
      {"format", "FORMAT", "what is printed: text (default) or json"},
      {"help", "", "this text"},
  };
  return specs;
}

// "0A:1b" as the content octets of an INTEGER.
Result<Bytes> parse_serial(const std::string& text) {
  std::string digits;
  for (char c : text)
    if (c != ':') digits += c;
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.erase(0, 2);
  if (digits.size() % 2 != 0) digits.insert(digits.begin(), '0');
  std::optional<Bytes> bytes = from_hex(digits);
  if (!bytes || bytes->empty() || bytes->size() > 64)
    return fail_usage(fmt::format("--serial: '{}' is not a serial number in hex", escape_terminal_limited(text, 60)));
  while (bytes->size() > 1 && bytes->front() == 0) bytes->erase(bytes->begin());
  if (bytes->front() >= 0x80) bytes->insert(bytes->begin(), 0);
  return std::move(*bytes);
}

Result<std::optional<x509::CrlReason>> read_reason(const ParsedOptions& options) {
  if (!options.has("reason")) return std::optional<x509::CrlReason>();
  const auto reason = x509::crl_reason_from_name(options.get("reason"));
  if (!reason)
    return fail_usage(
        fmt::format("--reason: '{}' is none of unspecified, keyCompromise, cACompromise, affiliationChanged, "
                    "superseded, cessationOfOperation, certificateHold, privilegeWithdrawn, aACompromise",
                    escape_terminal_limited(options.get("reason"), 40)));
  if (*reason == x509::CrlReason::remove_from_crl)
    return fail_usage("--reason: removeFromCRL is for delta lists alone (RFC 5280 §5.3.1)");
  return reason;
}

Result<std::vector<pki::Revocation>> read_revocations(const ParsedOptions& options, const pki::Authority& issuer,
                                                      int64_t now) {
  TLSPROOF_TRY(const auto reason, read_reason(options));
  std::vector<pki::Revocation> out;
  for (const std::string& path : options.all("revoke")) {
    TLSPROOF_TRY(auto certificates, pki::load_certificates(path, "certificate to be revoked"));
    if (!x509::certifies(*issuer.certificate(), *certificates.front()))
      return fail_usage(fmt::format("the certificate '{}' is not of this CA, which cannot revoke it: {}",
                                    escape_terminal(path), certificates.front()->escaped_title()));
    out.push_back({to_bytes(certificates.front()->serial), now, reason});
  }
  for (const std::string& text : options.all("serial")) {
    TLSPROOF_TRY(Bytes serial, parse_serial(text));
    out.push_back({std::move(serial), now, reason});
  }
  if (out.empty() && reason) return fail_usage("--reason is for what --revoke or --serial names");
  return out;
}

// The list that --from names: a complete one of this very CA.
Result<std::optional<x509::Crl>> read_base(const ParsedOptions& options, const pki::Authority& issuer) {
  if (!options.has("from")) return std::optional<x509::Crl>();
  const std::string name = fmt::format("the CRL '{}'", escape_terminal(options.get("from")));
  TLSPROOF_TRY(auto lists, x509::load_crls(options.get("from"), "CRL"));
  if (lists.size() != 1) return fail_usage(fmt::format("{}: the file holds {} lists", name, lists.size()));
  x509::Crl crl = x509::Crl::parse(std::move(lists.front()));
  if (!x509::is_signed_by(*crl, *issuer.certificate()))
    return fail_usage(fmt::format("{} is not of this CA: {}", name, crl->escaped_title()));
  if (crl->base_number || crl->indirect || !crl->problems.empty() || !crl->unknown_critical.empty())
    return fail_usage(fmt::format("{} is not a complete list that can be gone on from", name));
  return std::optional(std::move(crl));
}

// Big-endian magnitudes.
bool is_greater(ByteView a, ByteView b) {
  while (!a.empty() && a.front() == 0) a = a.subspan(1);
  while (!b.empty() && b.front() == 0) b = b.subspan(1);
  return a.size() != b.size() ? a.size() > b.size() : std::ranges::lexicographical_compare(b, a);
}

// "255 (hex ff)": --number is decimal, and what we print of a list is not.
std::string number_text(const x509::CrlView& crl) {
  uint64_t number = 0;
  if (!is_greater(Bytes(9, 0xff), *crl.number)) return "hex " + crl.number_hex();
  for (const uint8_t byte : *crl.number) number = number << 8 | byte;
  return fmt::format("{} (hex {})", number, crl.number_hex());
}

// RFC 5280 §5.2.3: monotonically increasing. The time is greater than all before it without a file that remembers; in
// milliseconds, since two lists may well be made within a second.
Result<Bytes> choose_number(const ParsedOptions& options, const std::optional<x509::Crl>& base, int64_t now_ms) {
  const auto encode = [](long long number) {
    Bytes out;
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(number >> shift));
    return out;
  };
  const bool follows = base && (*base)->number;
  if (!options.has("number")) {
    Bytes number = encode(now_ms);
    return follows && !is_greater(number, *(*base)->number) ? pki::next_crl_number(**base) : number;
  }
  TLSPROOF_TRY(const long long given, options.integer("number", 0, 0, INT64_MAX));
  Bytes number = encode(given);
  if (follows && !is_greater(number, *(*base)->number))
    return fail_usage(fmt::format("--number: {} is not greater than the number of the CRL '{}', which is {}", given,
                                  escape_terminal(options.get("from")), number_text(**base)));
  return number;
}

// What became of an entry of --from's list that was named again.
struct Again {
  std::string serial, old_reason, new_reason, since;  // safe to show; kNoReason without one
  pki::EntryChange change = pki::EntryChange::kept;
};

std::string reason_text(std::optional<x509::CrlReason> reason) {
  return std::string(reason && *reason != x509::CrlReason::unspecified ? x509::crl_reason_name(*reason) : kNoReason);
}

std::vector<Again> named_again(const x509::CrlView& base, const std::vector<pki::Revocation>& revoked) {
  std::vector<Again> out;
  for (const pki::Revocation& one : revoked) {
    const x509::CrlEntry* old = base.find(one.serial);
    if (old == nullptr || std::ranges::find(out, old->serial_hex(), &Again::serial) != out.end()) continue;
    out.push_back({.serial = old->serial_hex(),
                   .old_reason = reason_text(old->reason),
                   .new_reason = reason_text(one.reason),
                   .since = old->revoked_at ? format_utc(*old->revoked_at) : "an unknown date",
                   .change = pki::entry_change(base, one)});
  }
  return out;
}

std::string_view change_name(pki::EntryChange change) {
  if (change == pki::EntryChange::reason_changed) return "reason_changed";
  return change == pki::EntryChange::replaced ? "revoked_for_good" : "kept";
}

std::string change_text(const Again& again) {
  const std::string was = fmt::format("{} was {} ({}, {})", again.serial,
                                      again.change == pki::EntryChange::replaced ? "on hold" : "revoked already",
                                      again.old_reason, again.since);
  if (again.change == pki::EntryChange::reason_changed)
    return again.new_reason == kNoReason
               ? fmt::format("{}: {} now, the date stays", was, kNoReason)
               : fmt::format("{}: the reason is {} now, the date stays", was, again.new_reason);
  if (again.change == pki::EntryChange::replaced)
    return fmt::format("{}: it is revoked for good now ({})", was, again.new_reason);
  return was + ": it stays as it was";
}

void report(const x509::CrlView& crl, const std::vector<Again>& named_again, const std::string& path, bool json_wanted,
            CommandContext& context) {
  const std::string from = format_utc(*crl.this_update), until = format_utc(*crl.next_update);
  if (json_wanted) {
    JsonWriter json;
    json.begin_object();
    json.field("made", "crl");
    json.field("issuer", crl.issuer.escaped_text(1024));
    json.field("number", crl.number_hex());
    json.field("this_update", from);
    json.field("next_update", until);
    json.field("entries", static_cast<uint64_t>(crl.entries.size()));
    json.key("named_again");
    json.begin_array();
    for (const Again& again : named_again) {
      json.begin_object();
      json.field("serial", again.serial);
      json.field("change", change_name(again.change));
      json.field("revoked_at", again.since);
      json.field("old_reason", again.old_reason);
      json.end_object();
    }
    json.end_array();
    json.field("file", path);
    json.end_object();
    context.print(std::string(json.text()) + "\n");
    return;
  }
  std::string text = "Made the CRL\n";
  const auto line = [&](std::string_view label, const std::string& value) {
    text += wrap(fmt::format("  {:12} {}", label, value), 80, std::string(15, ' ')) + "\n";
  };
  line("issuer", crl.issuer.escaped_text(1024));
  line("number", crl.number_hex());
  line("valid", fmt::format("{} to {}", from, until));
  line("entries", fmt::format("{}", crl.entries.size()));
  for (const Again& again : named_again) line("again", change_text(again));
  line("file", escape_terminal(path));
  context.print(text);
}

Result<pki::Authority> open_ca(const ParsedOptions& options, const CaFiles& ca, CommandContext& context) {
  const PassphraseRequest request{.prefix = "", .purpose = "the CA's key"};
  TLSPROOF_TRY(pki::Authority issuer,
               pki::Authority::load(ca.certificate, ca.key, passphrase_source(options, request, context)));
  const auto& usage = issuer.certificate()->key_usage;
  if (usage && !usage->has(x509::KeyUsage::crl_sign))
    return fail_usage(fmt::format("the CA {} may not sign CRLs: its keyUsage lacks cRLSign",
                                  issuer.certificate()->subject.escaped_text()));
  return issuer;
}

Status make_crl_file(const ParsedOptions& options, CommandContext& context) {
  if (!options.positional.empty()) return fail_usage("pki crl takes no arguments beside its options");
  TLSPROOF_TRY(const CaFiles ca, ca_files(options));
  if (ca.certificate.empty())
    return fail_usage("pki crl needs the CA that signs: give --ca DIR, or --ca-cert FILE and --ca-key FILE");
  if (!options.has("out")) return fail_usage("say where the CRL goes: --out FILE");
  TLSPROOF_TRY(const bool json, wants_json(options));
  TLSPROOF_TRY_VOID(check_passphrase_options(options, ""));
  TLSPROOF_TRY(const long long days, options.integer("days", kDefaultDays, 1, 36500));
  std::string out = options.get("out");
  if (is_folder(out)) out += "/ca.crl";
  std::vector<std::string> inputs = {ca.certificate, ca.key, options.get("passphrase-file")};
  for (const std::string& path : options.all("revoke")) inputs.push_back(path);
  std::erase(inputs, "");
  TLSPROOF_TRY(const auto outputs, check_outputs({{out, "CRL", 0644}}, inputs, options.has("force")));

  TLSPROOF_TRY(const pki::Authority issuer, open_ca(options, ca, context));
  const int64_t now = context.clock.wall_seconds();
  TLSPROOF_TRY(const auto base, read_base(options, issuer));
  pki::CrlSpec spec;
  spec.next_update = options.has("stale") ? now - kDay : now + days * kDay;
  spec.this_update = options.has("stale") ? spec.next_update - days * kDay : now - kClockSlack;
  TLSPROOF_TRY(spec.number, choose_number(options, base, context.clock.wall_ns() / 1'000'000));
  TLSPROOF_TRY(spec.revoked, read_revocations(options, issuer, options.has("stale") ? spec.this_update : now));
  std::vector<Again> again;
  if (base) {
    spec.base = to_bytes(base->der());
    again = named_again(**base, spec.revoked);
  }
  TLSPROOF_TRY(Bytes der, pki::make_crl(spec, issuer));
  const std::string pem = x509::to_pem(der, "X509 CRL");
  TLSPROOF_TRY_VOID(save_all(outputs, {options.has("der") ? ByteView(der) : as_bytes(pem)}, options.has("force")));
  report(*x509::Crl::parse(std::move(der)), again, outputs.front().path, json, context);
  return {};
}

}  // namespace

int run_pki_crl(std::span<const std::string> args, CommandContext& context) {
  auto options = parse_options(args, crl_options());
  if (!options) return report_error(options.error(), context);
  if (options->has("help")) {
    context.print(
        "Usage: tlsproof pki crl (--ca DIR | --ca-cert FILE --ca-key FILE) --out FILE\n\n"
        "Makes a certificate revocation list, version 2, of everything that --revoke,\n"
        "--serial and --from name; without them an empty one. What is in --from's list\n"
        "already keeps its date; a new --reason is taken over.\n\n" +
        format_options(crl_options()) +
        "\nExample:\n  tlsproof pki crl --ca pki --revoke client.crt --reason keyCompromise \\\n"
        "    --out pki/ca.crl\n");
    return kExitOk;
  }
  auto made = make_crl_file(*options, context);
  return made ? kExitOk : report_error(made.error(), context);
}

}  // namespace tlsproof::cli
