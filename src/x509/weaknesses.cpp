// A server's own certificate, held against RFC 5280, the CA/Browser Forum's rules and what clients are known to refuse.
#include "tlsproof/x509/weaknesses.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <unordered_set>

#include "parse.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"

namespace tlsproof::x509 {
namespace {

using enum WeaknessCode;
using enum WeaknessLevel;

constexpr WeaknessInfo kWeaknesses[] = {
    {version_not_3, "version_not_3", must, "The certificate is not version 3",
     "Versions 1 and 2 have no extensions, so no names, usages or limits. Go, rustls and browsers refuse them. "
     "'openssl x509 -req' "
     "without an extension file makes them.",
     "RFC 5280 §4.1.2.1"},
    {no_subject_alt_name, "no_subject_alt_name", must, "The certificate names no host in subjectAltName",
     "Browsers, Go and rustls look nowhere else; the common name is no longer a host name.", "RFC 9525 §2"},
    {rsa_key_too_short, "rsa_key_too_short", must, "The RSA key is shorter than 2048 bits",
     "Such keys can be broken; most clients refuse them.", "RFC 9325 §4.5"},
    {weak_curve, "weak_curve", must, "The key's curve is weak, or spelled out instead of named",
     "TLS servers need P-256, P-384, P-521 or an Edwards curve; small curves can be broken, and clients know no "
     "others.",
     "RFC 8446 §4.2.3"},
    {unsuitable_key, "unsuitable_key", must, "The key is not of a kind that TLS signs with",
     "TLS servers sign with RSA, ECDSA or EdDSA keys.", "RFC 8446 §4.2.3"},
    {weak_signature, "weak_signature", must, "The certificate is signed with MD5 or SHA-1",
     "These hashes no longer withstand forging; clients refuse.", "RFC 9155 §2"},
    {signature_algorithms_differ, "signature_algorithms_differ", must,
     "The signature algorithms inside and outside the signed part differ", "Both fields must be the same.",
     "RFC 5280 §4.1.1.2"},
    {no_server_auth, "no_server_auth", must, "The certificate is not for servers",
     "extendedKeyUsage is there, but without serverAuth: clients refuse.", "RFC 5280 §4.2.1.12"},
    {no_extended_key_usage, "no_extended_key_usage", should, "The certificate has no extendedKeyUsage",
     "It can be used in any role: a server's certificate then also works as a client's wherever the same CA is "
     "trusted.",
     "RFC 5280 §4.2.1.12"},
    {no_key_usage, "no_key_usage", note, "The certificate has no keyUsage",
     "Nothing limits what its key may be used for.", "RFC 5280 §4.2.1.3"},
    {key_usage_unsuitable, "key_usage_unsuitable", must, "keyUsage does not allow signing a handshake",
     "TLS 1.3 and the ECDHE suites of TLS 1.2 need digitalSignature.", "RFC 8446 §4.4.2.2"},
    {ca_used_as_leaf, "ca_used_as_leaf", should, "A CA's certificate is used as a server's",
     "Whoever takes the server's key can then certify others.", "RFC 5280 §4.2.1.9"},
    {lifetime_public, "lifetime_public", must, "The certificate is valid for longer than public CAs may allow",
     "398 days for certificates from September 2020 on, 200 from 15 March 2026, 100 from 15 March 2027, 47 from 15 "
     "March 2029; "
     "browsers refuse longer ones.",
     "CA/Browser Forum Baseline Requirements §6.3.2"},
    {lifetime_long, "lifetime_long", note, "The certificate is valid for more than 398 days",
     "A lost key stays useful for as long; Apple's systems refuse more than 825 days even under private CAs.",
     "CA/Browser Forum Baseline Requirements §6.3.2"},
    {lifetime_over_ten_years, "lifetime_over_ten_years", should, "The certificate is valid for more than ten years",
     "Keys and algorithms do not last that long.", "CA/Browser Forum Baseline Requirements §6.3.2"},
    {dates_reversed, "dates_reversed", must, "The certificate ends before it begins", "It is valid at no time.",
     "RFC 5280 §4.1.2.5"},
    {serial_invalid, "serial_invalid", must, "The serial number is not a positive number of at most 20 octets",
     "Revocation goes by the serial number.", "RFC 5280 §4.1.2.2"},
    {serial_predictable, "serial_predictable", note, "The serial number is short",
     "Public CAs use at least 64 random bits; counted ones are given out twice as soon as the counter is lost.",
     "CA/Browser Forum Baseline Requirements §7.1"},
    {odd_characters, "odd_characters", should, "A name holds characters that do not belong there",
     "Control characters, invalid UTF-8 or, in a dNSName, anything but letters, digits, hyphens and dots: different "
     "programs "
     "read different names.",
     "RFC 5280 §4.2.1.6"},
    {wildcard_unusual, "wildcard_unusual", should, "A wildcard stands where no client accepts it",
     "It must be the whole left-most label and have at least two labels to its right.", "RFC 9525 §6.3"},
    {rsa_exponent, "rsa_exponent", should, "The RSA exponent is unusual", "It should be 65537.", "RFC 8017 §3.1"},
    {duplicate_extension, "duplicate_extension", must, "An extension is there twice",
     "Programs differ in which of them counts.", "RFC 5280 §4.2"},
    {malformed, "malformed", should, "A field of the certificate is not as it should be",
     "It cannot be read, or is not DER.", "RFC 5280 §4.1"},
};

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kWeaknesses); ++i)
    if (static_cast<size_t>(kWeaknesses[i].code) != i) return false;
  return std::size(kWeaknesses) == static_cast<size_t>(malformed) + 1;
}
static_assert(in_order(), "one row per code, in the order of the enum");

constexpr int64_t kDay = 86400;

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// A backslash is the only character that escaping changes and that is no trouble by itself.
bool has_odd_characters(const std::string& text) {
  std::string plain = text;
  std::erase(plain, '\\');
  return escape_terminal(plain) != plain;
}

class Finder {
 public:
  Finder(const CertificateView& certificate, WeaknessOptions options) : c_(certificate), options_(options) {}

  std::vector<Weakness> run() {
    version();
    names();
    key();
    signature();
    usages();
    lifetime();
    serial();
    characters();
    duplicates();
    malformed_fields();
    std::ranges::sort(out_, {}, [](const Weakness& w) { return std::tuple(w.code, w.where.offset, w.where.len); });
    return std::move(out_);
  }

 private:
  void add(WeaknessCode code, ByteRange where, std::string detail, std::optional<WeaknessLevel> level = {}) {
    out_.push_back({code, level.value_or(weakness_info(code).level), std::move(detail), where});
  }
  [[nodiscard]] size_t count(WeaknessCode code) const {
    return static_cast<size_t>(std::ranges::count(out_, code, &Weakness::code));
  }

  void version() {
    if (c_.version != 3) add(version_not_3, c_.ranges.version, fmt::format("it is version {}", c_.version));
  }

  void names() {
    size_t hosts = 0;
    if (c_.subject_alt_names) {
      for (const GeneralName& name : *c_.subject_alt_names)
        if (name.kind == GeneralName::Kind::dns || name.kind == GeneralName::Kind::ip) ++hosts;
    }
    if (hosts == 0) {
      add(no_subject_alt_name, {},
          c_.subject_alt_names
              ? "subjectAltName has neither a dNSName nor an iPAddress"
              : fmt::format("there is no subjectAltName; the subject is {}", c_.subject.escaped_text(128)));
    }
  }

  void key() {
    const PublicKeyView& key = c_.public_key;
    if (key.der.empty()) return;
    if (key.kind == KeyKind::rsa || key.kind == KeyKind::rsa_pss) {
      if (key.bits < 2048) add(rsa_key_too_short, key.range, fmt::format("the key is {}", key.describe()));
      exponent(key);
    } else if (key.kind == KeyKind::ec) {
      if (key.curve != "P-256" && key.curve != "P-384" && key.curve != "P-521") {
        const bool large = key.bits >= 256 && key.curve != "explicit";
        add(weak_curve, key.range, fmt::format("the key is {}", key.describe()), large ? should : must);
      }
    } else if (key.kind != KeyKind::ed25519 && key.kind != KeyKind::ed448) {
      add(unsuitable_key, key.range, fmt::format("the key is {}", key.describe()));
    }
  }

  void exponent(const PublicKeyView& key) {
    const ByteView e = key.exponent;
    if (e.empty() || (e.back() & 1) == 0 || (e.size() == 1 && e[0] == 1))
      return add(rsa_exponent, key.range, "no RSA signature can be safe with this exponent", must);
    if (e.size() < 3) add(rsa_exponent, key.range, fmt::format("the exponent is 0x{}", to_hex(e)), note);
    if (e.size() > 8)
      add(rsa_exponent, key.range, fmt::format("the exponent has {} octets; verifying is slow", e.size()));
  }

  void signature() {
    const std::string_view hash = c_.signature_algorithm.hash;
    const bool broken = hash == "SHA1" || hash == "MD5" || hash == "MD4" || hash == "MD2";
    // Nobody relies on the signature of a certificate by its own key.
    if (broken && !c_.self_issued())
      add(weak_signature, c_.ranges.signature_algorithm,
          fmt::format("it is signed with {}", c_.signature_algorithm.name()));
    if (!equal(c_.signature_algorithm.der, c_.tbs_signature_algorithm.der)) {
      add(signature_algorithms_differ, c_.ranges.signature_algorithm,
          fmt::format("inside {}, outside {}", described(c_.tbs_signature_algorithm),
                      described(c_.signature_algorithm)));
    }
  }
  static std::string described(const AlgorithmView& algorithm) {
    return algorithm.oid.empty() ? "nothing readable" : algorithm.name();
  }

  [[nodiscard]] ByteRange place(std::string_view oid) const {
    const ExtensionView* extension = c_.find_extension(oid);
    return extension == nullptr ? ByteRange{} : extension->range;
  }

  void usages() {
    if (!c_.extended_key_usage) {
      if (place("2.5.29.37").len == 0) add(no_extended_key_usage, {}, "extendedKeyUsage is absent");
    } else if (std::ranges::none_of(*c_.extended_key_usage,
                                    [](const Oid& oid) { return oid == kServerAuth || oid == kAnyExtendedKeyUsage; })) {
      add(no_server_auth, place("2.5.29.37"), fmt::format("extendedKeyUsage holds {}", usage_list()));
    }
    if (!c_.key_usage) {
      if (place("2.5.29.15").len == 0) add(no_key_usage, {}, "keyUsage is absent");
    } else if (!c_.key_usage->has(KeyUsage::digital_signature)) {
      const std::string names = join(c_.key_usage->names(), ", ");
      add(key_usage_unsuitable, place("2.5.29.15"),
          fmt::format("keyUsage holds {}", names.empty() ? "nothing" : names));
    }
    if (c_.is_ca()) add(ca_used_as_leaf, place("2.5.29.19"), "basicConstraints says that it is a CA's");
  }

  [[nodiscard]] std::string usage_list() const {
    std::vector<std::string> names;
    for (const Oid& oid : *c_.extended_key_usage) {
      if (names.size() == 8) break;
      names.push_back(oid.name_or_text());
    }
    return names.empty() ? "nothing" : join(names, ", ");
  }

  // CA/Browser Forum Baseline Requirements §6.3.2, as ballot SC-081v3 steps it down; by notBefore.
  static int64_t public_limit_days(int64_t not_before) {
    struct Step {
      int64_t from;
      int64_t days;
    };
    constexpr Step kSteps[] = {{1868227200, 47}, {1805068800, 100}, {1773532800, 200}, {1598918400, 398}, {0, 825}};
    for (const Step& step : kSteps)
      if (not_before >= step.from) return step.days;
    return 825;
  }

  void lifetime() {
    if (!c_.not_before || !c_.not_after) return;
    const int64_t seconds = *c_.not_after - *c_.not_before + 1;  // RFC 5280 §4.1.2.5: both ends are included
    const ByteRange where = c_.ranges.validity;
    if (seconds <= 1) {
      if (*c_.not_after < *c_.not_before)
        add(dates_reversed, where,
            fmt::format("from {} until {}", format_utc(*c_.not_before), format_utc(*c_.not_after)));
      return;
    }
    const int64_t days = (seconds + kDay - 1) / kDay;
    const int64_t limit = public_limit_days(*c_.not_before);
    if (options_.public_trust && seconds > limit * kDay)
      add(lifetime_public, where, fmt::format("it is valid for {} days; {} are allowed", days, limit));
    // Ten years and the leap days in them.
    if (seconds > 3653 * kDay)
      add(lifetime_over_ten_years, where, fmt::format("it is valid for {} days", days));
    else if (!options_.public_trust && seconds > 398 * kDay)
      add(lifetime_long, where, fmt::format("it is valid for {} days", days));
  }

  void serial() {
    const ByteView serial = c_.serial;
    const ByteRange where = c_.ranges.serial;
    if (where.len == 0) return;  // malformed says it
    const bool negative = !serial.empty() && (serial[0] & 0x80) != 0;
    const bool zero = std::ranges::all_of(serial, [](uint8_t octet) { return octet == 0; });
    if (negative || zero || serial.size() > 20) {
      add(serial_invalid, where,
          zero       ? std::string("it is zero")
          : negative ? fmt::format("it is negative: {}", c_.serial_hex())
                     : fmt::format("it has {} octets", serial.size()));
    } else if (serial.size() < 5) {
      add(serial_predictable, where, fmt::format("it is {}", c_.serial_hex()));
    }
  }

  void odd(ByteRange where, std::string_view field, std::string_view text) {
    constexpr size_t kMost = 8;
    if (count(odd_characters) < kMost)
      add(odd_characters, where, fmt::format("{}: '{}'", field, escape_terminal_limited(text, 128)));
  }

  void characters() {
    for (const NameAttribute& attribute : c_.subject.attributes) {
      const std::string text = string_value(attribute.tag, attribute.value);
      if (has_odd_characters(text))
        odd(attribute.range, attribute.short_name.empty() ? std::string_view("subject") : attribute.short_name, text);
    }
    if (!c_.subject_alt_names) return;
    for (const GeneralName& name : *c_.subject_alt_names) {
      const std::string_view text = as_text(name.value);
      if (name.kind == GeneralName::Kind::dns) dns_characters(name, text);
      if ((name.kind == GeneralName::Kind::email || name.kind == GeneralName::Kind::uri) &&
          has_odd_characters(std::string(text)))
        odd(name.range, "subjectAltName", text);
    }
  }

  void dns_characters(const GeneralName& name, std::string_view text) {
    const bool whole_label = text.starts_with("*.");
    const std::string_view rest = whole_label ? text.substr(2) : text;
    const bool good = std::ranges::all_of(rest, [](char c) { return is_label_character(c) || c == '.' || c == '*'; });
    if (!good || text.empty()) odd(name.range, "dNSName", text);
    const bool misplaced =
        rest.find('*') != std::string_view::npos || (whole_label && rest.find('.') == std::string_view::npos);
    if (misplaced && count(wildcard_unusual) == 0)
      add(wildcard_unusual, name.range, fmt::format("dNSName '{}'", escape_terminal_limited(text, 128)));
  }

  void duplicates() {
    std::unordered_set<std::string_view> seen;
    for (const ExtensionView& extension : c_.extensions) {
      if (seen.insert(as_text(extension.oid.content())).second || count(duplicate_extension) == 8) continue;
      add(duplicate_extension, extension.range,
          extension.name.empty() ? extension.oid.text() : std::string(extension.name));
    }
  }

  void malformed_fields() {
    for (const FieldProblem& problem : c_.problems) {
      if (count(malformed) == 16) return;
      if (problem.what == kTwice) continue;  // duplicate_extension says it
      add(malformed, {problem.offset, 0}, problem.message());
    }
  }

  const CertificateView& c_;
  WeaknessOptions options_;
  std::vector<Weakness> out_;
};

}  // namespace

std::span<const WeaknessInfo> weakness_table() {
  return kWeaknesses;
}
const WeaknessInfo& weakness_info(WeaknessCode code) {
  return kWeaknesses[static_cast<size_t>(code)];
}
std::string_view weakness_name(WeaknessCode code) {
  return weakness_info(code).name;
}

std::vector<Weakness> find_weaknesses(const CertificateView& certificate, WeaknessOptions options) {
  return Finder(certificate, options).run();
}

}  // namespace tlsproof::x509
