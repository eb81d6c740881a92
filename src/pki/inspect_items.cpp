#include "inspect_items.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <algorithm>

#include "handles.h"
#include "path.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/request.h"
#include "tlsproof/x509/anchors.h"
#include "tlsproof/x509/crl.h"
#include "tlsproof/x509/validate.h"

namespace tlsproof::pki {
namespace {

using Level = x509::WeaknessLevel;
using x509::CertificateView;
using x509::WeaknessCode;

void fact(InspectedItem& item, std::string_view name, std::string value) {
  if (!value.empty()) item.facts.push_back({std::string(name), {std::move(value)}});
}
void weak(InspectedItem& item, Level level, std::string_view name, std::string text) {
  item.weaknesses.push_back({level, std::string(name), std::move(text)});
}

// The first few, and how many more there are.
void list_fact(InspectedItem& item, std::string_view name, std::vector<std::string> values, size_t total) {
  if (values.empty()) return;
  if (total > values.size()) values.push_back(fmt::format("… and {} more", total - values.size()));
  item.facts.push_back({std::string(name), std::move(values)});
}

enum class Use : uint8_t { authority, client, other };
Use role_of(const CertificateView& c) {
  const bool signs = c.key_usage && c.key_usage->has(x509::KeyUsage::key_cert_sign);
  if (c.is_ca() || signs || (c.version < 3 && c.self_issued())) return Use::authority;
  if (!c.extended_key_usage) return Use::other;
  const auto has = [&](std::string_view oid) {
    return std::ranges::any_of(*c.extended_key_usage, [&](const x509::Oid& one) { return one == oid; });
  };
  return has(x509::kClientAuth) && !has(x509::kServerAuth) && !has(x509::kAnyExtendedKeyUsage) ? Use::client
                                                                                               : Use::other;
}

// find_weaknesses() judges a server's certificate: these are nothing to hold against another.
bool applies(WeaknessCode code, Use role) {
  using enum WeaknessCode;
  constexpr WeaknessCode kOfLeaves[] = {no_subject_alt_name, no_server_auth,  no_extended_key_usage,
                                        no_key_usage,        ca_used_as_leaf, key_usage_unsuitable,
                                        lifetime_public,     lifetime_long,   lifetime_over_ten_years,
                                        wildcard_unusual};
  constexpr WeaknessCode kOfServers[] = {no_subject_alt_name, no_server_auth, lifetime_public, wildcard_unusual};
  if (role == Use::authority) return std::ranges::find(kOfLeaves, code) == std::end(kOfLeaves);
  if (role == Use::client) return std::ranges::find(kOfServers, code) == std::end(kOfServers);
  return true;
}

void add_validity(InspectedItem& item, const CertificateView& c, int64_t now) {
  if (c.not_before) fact(item, "not_before", format_utc(*c.not_before));
  if (c.not_after) fact(item, "not_after", format_utc(*c.not_after));
  if (c.not_after && now > *c.not_after) weak(item, Level::must, "expired", "it has expired");
  if (c.not_before && now < *c.not_before) weak(item, Level::must, "not_yet_valid", "it is not valid yet");
}

void add_names(InspectedItem& item, std::string_view name, const std::vector<x509::GeneralName>& names) {
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(names.size(), kMaxInspectedNames); ++i) shown.push_back(names[i].escaped_text(120));
  list_fact(item, name, std::move(shown), names.size());
}

void add_authority(InspectedItem& item, const CertificateView& c) {
  if (!c.basic_constraints && c.version == 3)
    weak(item, Level::must, "no_basic_constraints", "a CA needs basicConstraints (RFC 5280 §4.2.1.9)");
  if (!c.key_usage)
    weak(item, Level::should, "ca_no_key_usage",
         "a CA without keyUsage: strict verifiers refuse everything below it (RFC 5280 §4.2.1.3)");
  else if (!c.key_usage->has(x509::KeyUsage::key_cert_sign))
    weak(item, Level::must, "ca_key_usage", "a CA whose keyUsage lacks keyCertSign (RFC 5280 §4.2.1.3)");
  if (!c.subject_key_id)
    weak(item, Level::should, "no_subject_key_id", "a CA without subjectKeyIdentifier (RFC 5280 §4.2.1.2)");
}

void add_usages(InspectedItem& item, const CertificateView& c) {
  if (c.basic_constraints)
    fact(item, "ca",
         !c.basic_constraints->ca        ? std::string("no")
         : c.basic_constraints->path_len ? fmt::format("yes, {} CAs below", *c.basic_constraints->path_len)
                                         : std::string("yes"));
  if (c.key_usage) fact(item, "key_usage", join(c.key_usage->names(), ", "));
  if (!c.extended_key_usage) return;
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(c.extended_key_usage->size(), kMaxInspectedNames); ++i) {
    shown.push_back(escape_terminal_limited((*c.extended_key_usage)[i].name_or_text(), 80));
  }
  list_fact(item, "extended_key_usage", std::move(shown), c.extended_key_usage->size());
}

// What can be broken, and what can be guessed too fast: said once for all parts of a file.
struct Protection {
  std::vector<std::string> weak_ciphers, few_iterations;
  uint64_t fewest = UINT64_MAX;

  void add_iterations(uint64_t iterations, std::string_view of) {
    if (iterations >= kFewIterations) return;
    fewest = std::min(fewest, iterations);
    add(few_iterations, of);
  }
  void add(const crypto::PasswordEncryption& encryption, std::string_view of) {
    if (encryption.weak_cipher()) add(weak_ciphers, fmt::format("{}: {}", of, encryption.cipher));
    if (encryption.kdf != "scrypt") add_iterations(encryption.iterations, of);
  }
  static void add(std::vector<std::string>& list, std::string_view text) {
    if (std::ranges::find(list, text) == list.end() && list.size() < kMaxInspectedNames) list.emplace_back(text);
  }
  void judge(InspectedItem& item) const {
    if (!weak_ciphers.empty())
      weak(item, Level::must, "weak_cipher",
           fmt::format("encrypted by what can be broken or nearly so ({})",
                       escape_terminal_limited(join(weak_ciphers, ", "), 200)));
    if (!few_iterations.empty())
      weak(item, Level::should, "few_iterations",
           fmt::format("{} iteration{} ({}) let the passphrase be guessed fast", fewest, fewest == 1 ? "" : "s",
                       join(few_iterations, ", ")));
  }
};

void add_key(InspectedItem& item, const crypto::PublicKey& key) {
  item.title = key.name();
  fact(item, "key", key.name());
  const bool rsa = key.kind() == crypto::KeyKind::rsa || key.kind() == crypto::KeyKind::rsa_pss;
  if (rsa && key.bits() < 2048)
    weak(item, Level::must, "rsa_key_too_short", "an RSA key of fewer than 2048 bits can be broken");
  if (key.kind() == crypto::KeyKind::other)
    weak(item, Level::must, "unsuitable_key", "not of a kind that TLS signs with");
}

std::string mac_text(const Pkcs12::Mac& mac) {
  return fmt::format("{}, {} iteration{}", escape_terminal_limited(mac.hash, 40), mac.iterations,
                     mac.iterations == 1 ? "" : "s");
}

void judge_container(InspectedItem& item, const Pkcs12& file) {
  Protection protection;
  if (!file.mac) {
    weak(item, Level::should, "no_mac", "no MAC: nobody can tell whether it was changed");
  } else {
    if (file.mac->hash == "SHA1" || file.mac->hash == "MD5")
      weak(item, Level::should, "weak_mac", fmt::format("its MAC uses {}", file.mac->hash));
    protection.add_iterations(file.mac->iterations, "MAC");
  }
  bool plain_key = false;
  for (const Pkcs12::Part& part : file.parts) {
    const bool key = part.holds == Pkcs12::Part::Holds::key;
    if (part.encryption) protection.add(*part.encryption, key ? "key" : "certificates");
    plain_key = plain_key || (key && !part.encryption);
  }
  if (plain_key) weak(item, Level::must, "plain_key", "the key is not encrypted");
  protection.judge(item);
  if (file.open && file.empty_passphrase && !file.keys.empty())
    weak(item, Level::must, "empty_passphrase", "it opens without a passphrase, and with it the key");
  if (!file.open || file.keys.empty()) return;
  const auto identity = take_identity(file, "it");
  if (!identity)
    weak(item, Level::must, "no_identity", identity.error().what);
  else if (!identity->path.back()->self_issued())
    weak(item, Level::note, "issuer_absent",
         fmt::format("the issuer is not in it: {}", identity->path.back()->issuer.escaped_text(120)));
}

}  // namespace

InspectedItem inspect_certificate(const x509::Certificate& certificate, int64_t now) {
  const CertificateView& c = *certificate;
  InspectedItem item{.kind = ItemKind::certificate, .title = c.escaped_title(), .certificate = certificate};
  if (!c.readable) {
    item.title = "cannot be decoded";
    weak(item, Level::must, "malformed", c.problems.empty() ? "not a certificate" : c.problems.front().message());
    return item;
  }
  fact(item, "subject", c.subject.empty() ? "(empty)" : c.subject.escaped_text());
  fact(item, "issuer", c.self_issued() ? "itself" : c.issuer.escaped_text());
  if (c.subject_alt_names) add_names(item, "names", *c.subject_alt_names);
  add_validity(item, c, now);
  fact(item, "serial", escape_terminal_limited(c.serial_hex(), 80));
  fact(item, "version", fmt::format("{}", c.version));
  fact(item, "key", c.public_key.describe());
  fact(item, "signature", escape_terminal_limited(c.signature_algorithm.name(), 80));
  add_usages(item, c);
  fact(item, "sha256", to_hex(c.sha256()));
  const Use role = role_of(c);
  for (const x509::Weakness& found : x509::find_weaknesses(c))
    if (applies(found.code, role))
      weak(item, found.level, x509::weakness_name(found.code),
           fmt::format("{}: {}", x509::weakness_info(found.code).title, found.detail));
  if (role == Use::authority) add_authority(item, c);
  return item;
}

InspectedItem inspect_request(ByteView der) {
  InspectedItem item{.kind = ItemKind::request, .title = "cannot be decoded"};
  const auto request = parse_signing_request(der, "request");
  if (!request) {
    weak(item, Level::must, "malformed", request.error().what);
    return item;
  }
  const auto subject = x509::decode_name(request->subject_der);
  item.title = subject && !subject->empty() ? subject->escaped_text() : "(empty)";
  fact(item, "subject", item.title);
  const std::string title = item.title;
  add_key(item, request->key);
  item.title = title;
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(request->names.size(), kMaxInspectedNames); ++i)
    shown.push_back(escape_terminal_limited(request->names[i].value, 120));
  list_fact(item, "names", std::move(shown), request->names.size() + request->num_other_names);
  if (request->names.empty())
    weak(item, Level::note, "no_subject_alt_name",
         "it asks for no subjectAltName: a server's certificate needs names from elsewhere");
  return item;
}

InspectedItem inspect_crl(ByteView der, int64_t now) {
  const x509::CrlView crl = x509::CrlView::parse(der);
  InspectedItem item{.kind = ItemKind::crl, .title = crl.readable ? crl.escaped_title() : "cannot be decoded"};
  if (!crl.readable) {
    weak(item, Level::must, "malformed", crl.problems.empty() ? "not a CRL" : crl.problems.front().message());
    return item;
  }
  fact(item, "issuer", crl.issuer.escaped_text());
  fact(item, "number", escape_terminal_limited(crl.number_hex(), 80));
  if (crl.this_update) fact(item, "this_update", format_utc(*crl.this_update));
  if (crl.next_update) fact(item, "next_update", format_utc(*crl.next_update));
  fact(item, "entries", fmt::format("{}", crl.entries.size()));
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(crl.entries.size(), kMaxInspectedNames); ++i) {
    const x509::CrlEntry& entry = crl.entries[i];
    shown.push_back(fmt::format("{}{}{}{}", escape_terminal_limited(entry.serial_hex(), 80),
                                entry.revoked_at ? " on " + format_utc(*entry.revoked_at) : "",
                                entry.reason ? ": " : "", entry.reason ? crl_reason_name(*entry.reason) : ""));
  }
  list_fact(item, "revoked", std::move(shown), crl.entries.size());
  fact(item, "version", fmt::format("{}", crl.version));
  fact(item, "signature", escape_terminal_limited(crl.signature_algorithm.name(), 80));
  if (!crl.next_update)
    weak(item, Level::must, "no_next_update", "it does not say when the next one is due (RFC 5280 §5.1.2.5)");
  else if (now > *crl.next_update)
    weak(item, Level::must, "stale", "the next one was due: whoever checks it refuses everybody");
  if (crl.this_update && now < *crl.this_update) weak(item, Level::must, "not_yet_valid", "it is of the future");
  if (crl.version != 2 || !crl.number || !crl.authority_key_id)
    weak(item, Level::should, "not_profile",
         "not version 2 with cRLNumber and authorityKeyIdentifier (RFC 5280 §5.1.2.1, §5.2)");
  if (crl.signature_algorithm.hash == "MD5" || crl.signature_algorithm.hash == "SHA1")
    weak(item, Level::must, "weak_signature", fmt::format("signed with {}", crl.signature_algorithm.hash));
  for (size_t i = 0; i < std::min(crl.problems.size(), size_t{4}); ++i)
    weak(item, Level::should, "malformed", crl.problems[i].message());
  return item;
}

InspectedItem inspect_public_key(ByteView spki) {
  InspectedItem item{.kind = ItemKind::public_key, .title = "cannot be decoded"};
  const auto key = crypto::PublicKey::decode(spki);
  if (key)
    add_key(item, *key);
  else
    weak(item, Level::must, "malformed", std::string(crypto::to_string(key.error())));
  return item;
}

Result<InspectedItem> inspect_private_key(ByteView whole, std::string_view label, std::string_view header, ByteView der,
                                          std::string_view what, const InspectOptions& options, uint64_t& budget) {
  InspectedItem item{.kind = ItemKind::private_key, .title = "encrypted"};
  const uint8_t* at = der.data();
  const Handle<X509_SIG, X509_SIG_free> sealed(d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
  crypto::clear_openssl_errors();
  bool affordable = true;
  const bool encrypted = crypto::PrivateKey::is_encrypted(whole);
  if (encrypted && sealed && header.find("ENCRYPTED") == std::string_view::npos) {
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(sealed.get(), &algorithm, nullptr);
    const crypto::PasswordEncryption encryption = crypto::describe_encryption(algorithm);
    affordable = encryption.affordable && encryption.work <= budget;
    if (affordable && options.passphrase) budget -= encryption.work;
    fact(item, "encryption", escape_terminal_limited(encryption.text(), 160));
    Protection protection;
    protection.add(encryption, "key");
    protection.judge(item);
  } else if (encrypted) {
    const size_t info = header.find("DEK-Info: ");
    const std::string_view rest = info == std::string_view::npos ? "" : header.substr(info + 10);
    const std::string cipher = escape_terminal_limited(rest.substr(0, rest.find_first_of(",\r\n")), 40);
    fact(item, "encryption", fmt::format("{}, one round of MD5 (PEM of old, DEK-Info)", cipher));
    weak(item, Level::must, "legacy_pem_encryption",
         "one round of MD5 makes the key from its passphrase: 'openssl pkcs8 -topk8' does better");
  } else {
    weak(item, Level::note, "plain_key", "not encrypted: its file's mode is all that protects it");
  }
  fact(item, "format",
       std::string(label.ends_with("RSA PRIVATE KEY")  ? "PKCS#1"
                   : label.ends_with("EC PRIVATE KEY") ? "SEC 1"
                   : label.empty()                     ? "DER"
                                                       : "PKCS#8"));
  if (encrypted && !affordable) weak(item, Level::note, "not_opened", "opening it asks for too much work (iterations)");
  if (encrypted && (!options.passphrase || !affordable)) return item;
  auto key = crypto::PrivateKey::load(whole, "the key", options.passphrase);
  if (key)
    add_key(item, key->public_key());
  else if (encrypted)
    return fail_usage(fmt::format("{}: {}", what, key.error().what));
  else {
    item.title = "cannot be used";
    weak(item, Level::must, "malformed", key.error().what);
  }
  return item;
}

Result<std::vector<InspectedItem>> inspect_pkcs12(ByteView content, std::string_view what,
                                                  const InspectOptions& options) {
  TLSPROOF_TRY(const Pkcs12 file, load_pkcs12(content, what, options.passphrase,
                                              {.max_iterations = options.max_iterations, .outline_when_locked = true}));
  InspectedItem container{.kind = ItemKind::pkcs12,
                          .title = file.open ? fmt::format("{} certificate{}, {} key{}", file.certificates.size(),
                                                           file.certificates.size() == 1 ? "" : "s", file.keys.size(),
                                                           file.keys.size() == 1 ? "" : "s")
                                             : "under a passphrase"};
  if (file.mac) fact(container, "mac", mac_text(*file.mac));
  std::vector<std::string> parts;
  for (const Pkcs12::Part& part : file.parts) {
    if (!part.encryption && part.holds == Pkcs12::Part::Holds::bags) continue;
    std::string text = fmt::format("{}: {}", part.holds == Pkcs12::Part::Holds::key ? "key" : "certificates",
                                   part.encryption ? escape_terminal_limited(part.encryption->text(), 160) : "plain");
    if (parts.size() < kMaxInspectedNames && std::ranges::find(parts, text) == parts.end())
      parts.push_back(std::move(text));
  }
  if (!parts.empty()) container.facts.push_back({"encryption", std::move(parts)});
  if (!file.keys.empty()) fact(container, "friendly_name", escape_terminal_limited(file.keys.front().name, 120));
  if (file.num_crls > 0) fact(container, "crls", fmt::format("{}", file.num_crls));
  if (file.num_others > 0) fact(container, "others", fmt::format("{}", file.num_others));
  judge_container(container, file);
  std::vector<InspectedItem> out = {std::move(container)};
  for (const Pkcs12::KeyEntry& entry : file.keys) {
    InspectedItem item{.kind = ItemKind::private_key, .title = ""};
    add_key(item, entry.key.public_key());
    out.push_back(std::move(item));
  }
  for (const Pkcs12::CertificateEntry& entry : file.certificates) {
    if (out.size() > kMaxInspectedItems) break;
    out.push_back(inspect_certificate(entry.certificate, options.now));
  }
  return out;
}

std::vector<InspectedWeakness> inspect_chain(const std::vector<x509::Certificate>& certificates) {
  std::vector<InspectedWeakness> out;
  constexpr size_t kMaxChain = 64;
  if (certificates.size() < 2 || certificates.size() > kMaxChain) return out;
  if (std::ranges::all_of(certificates, [](const auto& c) { return role_of(*c) == Use::authority; })) return out;
  const x509::ChainAnalysis chain = x509::analyse_chain(certificates, x509::TrustAnchors::none());
  if (!chain.leaf_first)
    out.push_back(
        {Level::must, "leaf_not_first",
         fmt::format("the chain's own certificate is number {}: servers and clients send the first one as theirs",
                     chain.leaf + 1)});
  else if (!chain.in_order)
    out.push_back({Level::should, "not_in_order", "the chain is not in order, each certificate certified by the next"});
  if (!chain.unrelated.empty())
    out.push_back({Level::should, "unrelated",
                   fmt::format("{} of its certificates have nothing to do with the chain", chain.unrelated.size())});
  if (!chain.missing_issuer.empty())
    out.push_back({Level::note, "missing_issuer",
                   fmt::format("the chain ends at an issuer that is not in it: {}", chain.missing_issuer)});
  return out;
}

}  // namespace tlsproof::pki
