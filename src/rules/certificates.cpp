// Certificates, what proves their keys, and the requests for them.
#include <fmt/format.h>

#include <algorithm>

#include "common.h"
#include "tables.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/ext/all.h"
#include "tlsproof/x509/der.h"

namespace tlsproof::rules {
namespace {

using registry::Authentication;
using registry::CipherSuiteInfo;
using registry::KeyType;
using x509::KeyKind;
namespace handshake_type = registry::handshake_type;
namespace version = registry::version;

std::span<const x509::Certificate> chain_of(const Seen& seen, Direction direction) {
  return direction == Direction::server_to_client ? seen.facts.server_chain : seen.facts.client_chain;
}

// The end entity's certificate, where one was seen and can be read.
const x509::CertificateView* leaf_of(const Seen& seen, Direction direction) {
  const auto chain = chain_of(seen, direction);
  return chain.empty() || !chain.front()->readable ? nullptr : &chain.front().view();
}

std::vector<size_t> events_of(std::initializer_list<const MessageRead*> reads) {
  std::vector<size_t> events;
  for (const MessageRead* read : reads)
    if (read != nullptr) events.push_back(read->event);
  return events;
}

bool is_server_certificate_authenticated12(const CipherSuiteInfo& suite) {
  return suite.auth == Authentication::rsa || suite.auth == Authentication::dss || suite.auth == Authentication::ecdsa;
}

// ---- the list ------------------------------------------------------------------------------------------------------

void check_server_not_empty(const Seen& seen, Breaches& out) {
  for (const MessageRead& read : seen.facts.reading->messages()) {
    if (read.direction != Direction::server_to_client) continue;
    const auto* v13 = read.as<wire::Certificate13>();
    const auto* v12 = read.as<wire::Certificate12>();
    if ((v13 != nullptr && v13->size() == 0) || (v12 != nullptr && v12->certificates.empty()))
      out.add(Direction::server_to_client, {read.event}, "a Certificate that holds no certificate");
  }
}

bool names_chain(const x509::CertificateView& subject, const x509::CertificateView& issuer) {
  if (equal(subject.issuer.der, issuer.subject.der)) return true;
  if (subject.issuer.der.empty() || issuer.subject.der.empty()) return true;  // unreadable: not for this rule
  return x509::canonical_name(subject.issuer) == x509::canonical_name(issuer.subject);
}

void check_order(const Seen& seen, Breaches& out) {
  for (const Direction direction : {Direction::server_to_client, Direction::client_to_server}) {
    const auto chain = chain_of(seen, direction);
    const MessageRead* message = certificate_message(seen, direction);
    if (message == nullptr) continue;
    for (size_t i = 1; i < chain.size(); ++i) {
      if (!chain[i - 1]->readable || !chain[i]->readable || names_chain(*chain[i - 1], *chain[i])) continue;
      out.add(direction, {message->event},
              fmt::format("certificate {} is {}, but certificate {} was issued by {}", i + 1,
                          chain[i]->subject.escaped_text(80), i, chain[i - 1]->issuer.escaped_text(80)));
      break;
    }
  }
}

void check_x509v3(const Seen& seen, Breaches& out) {
  // RFC 7250 §3: another type was negotiated, a raw public key most likely.
  const auto* encrypted = seen.handshakes.front().get<wire::EncryptedExtensions>(kServer);
  if (encrypted != nullptr && encrypted->extensions.has(registry::extension::server_certificate_type)) return;
  const auto* leaf = leaf_of(seen, Direction::server_to_client);
  const MessageRead* message = certificate_message(seen, Direction::server_to_client);
  if (leaf != nullptr && message != nullptr && leaf->version != 3)
    out.add(Direction::server_to_client, {message->event},
            fmt::format("the end entity's certificate is of X.509 version {}", leaf->version));
}

// ---- the key -------------------------------------------------------------------------------------------------------

bool key_fits_suite(const CipherSuiteInfo& suite, KeyKind kind) {
  switch (suite.auth) {
    case Authentication::rsa:
      // RFC 8446 §4.2.3 lets an id-RSASSA-PSS key sign in TLS 1.2; to encrypt to, it has to be rsaEncryption.
      return kind == KeyKind::rsa || (kind == KeyKind::rsa_pss && suite.kx != registry::KeyExchange::rsa);
    case Authentication::dss:
      return kind == KeyKind::dsa;
    case Authentication::ecdsa:
      return kind == KeyKind::ec || kind == KeyKind::ed25519 || kind == KeyKind::ed448;  // RFC 8422 §5.10
    default:
      return true;
  }
}

void check_fits_suite(const Seen& seen, Breaches& out) {
  const CipherSuiteInfo* suite = suite_of(seen);
  const auto* leaf = leaf_of(seen, Direction::server_to_client);
  const MessageRead* message = certificate_message(seen, Direction::server_to_client);
  if (suite == nullptr || leaf == nullptr || message == nullptr || !is_server_certificate_authenticated12(*suite) ||
      leaf->public_key.kind == KeyKind::unknown)
    return;
  // ECDH and DH certificates name the key's own type, and RFC 8422 no longer cares how they were signed.
  if (suite->kx == registry::KeyExchange::ecdh || suite->kx == registry::KeyExchange::dh) return;
  if (!key_fits_suite(*suite, leaf->public_key.kind))
    out.add(Direction::server_to_client, events_of({seen.facts.reading->server_hello(), message}),
            fmt::format("the key is {}, the cipher suite {}", leaf->public_key.describe(), suite->name));
}

std::optional<KeyKind> kind_of(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return KeyKind::rsa;
    case KeyType::rsa_pss:
      return KeyKind::rsa_pss;
    case KeyType::dsa:
      return KeyKind::dsa;
    case KeyType::ec:
      return KeyKind::ec;
    case KeyType::ed25519:
      return KeyKind::ed25519;
    case KeyType::ed448:
      return KeyKind::ed448;
    default:
      return std::nullopt;
  }
}

std::string_view curve_name(uint16_t group) {
  namespace group_value = registry::group;
  switch (group) {
    case group_value::secp256r1:
      return "P-256";
    case group_value::secp384r1:
      return "P-384";
    case group_value::secp521r1:
      return "P-521";
    default:
      return {};
  }
}

struct Signature {
  const MessageRead* message = nullptr;
  uint16_t scheme = 0;
  ByteView bytes;
};

// What each side signed, of the first handshake: CertificateVerify, and in TLS 1.2 the server's ServerKeyExchange.
void for_each_signature(const Seen& seen, void (*look)(const Seen&, const Signature&, Breaches&), Breaches& out) {
  std::array<bool, 2> looked_at{};
  for (const MessageRead& read : seen.facts.reading->messages()) {
    Signature signature{&read, 0, {}};
    const auto take = [&](const wire::SignedPart& part) {
      if (!part.present) return;
      signature.scheme = part.algorithm;
      signature.bytes = part.signature;
    };
    if (const auto* verify = read.as<wire::CertificateVerify>()) {
      signature.scheme = verify->algorithm;
      signature.bytes = verify->signature;
    } else if (const auto* ecdhe = read.as<wire::ServerKeyExchangeEcdhe>()) {
      take(ecdhe->signed_part);
    } else if (const auto* dhe = read.as<wire::ServerKeyExchangeDhe>()) {
      take(dhe->signed_part);
    }
    bool& done = looked_at[static_cast<size_t>(read.direction)];
    if (signature.scheme == 0 || done) continue;
    done = true;
    look(seen, signature, out);
  }
}

void look_at_scheme(const Seen& seen, const Signature& signature, Breaches& out) {
  const Direction by = signature.message->direction;
  const auto* leaf = leaf_of(seen, by);
  const auto* info = registry::signature_scheme_info(signature.scheme);
  if (leaf == nullptr || info == nullptr || leaf->public_key.kind == KeyKind::unknown ||
      has_delegated_credential(seen.handshakes.front(), by))
    return;
  const auto wanted = kind_of(info->key);
  if (!wanted) return;
  const bool fits = *wanted == leaf->public_key.kind &&
                    (!is_tls13(seen) || curve_name(info->curve).empty() ||
                     curve_name(info->curve) == leaf->public_key.curve);  // RFC 8446 §4.2.3: the curve is fixed
  if (!fits)
    out.add(by, events_of({certificate_message(seen, by), signature.message}),
            fmt::format("signed with {}, but the key is {}", info->name, leaf->public_key.describe()));
}
void check_fits_scheme(const Seen& seen, Breaches& out) {
  for_each_signature(seen, look_at_scheme, out);
}

void look_at_signature(const Seen& seen, const Signature& signature, Breaches& out) {
  const Direction by = signature.message->direction;
  const auto* info = registry::signature_scheme_info(signature.scheme);
  const auto* leaf = leaf_of(seen, by);
  if (info == nullptr || has_delegated_credential(seen.handshakes.front(), by)) return;
  std::string wrong;
  if (info->key == KeyType::rsa || info->key == KeyType::rsa_pss) {
    const size_t len = leaf == nullptr ? 0 : leaf->public_key.modulus.size();
    // RFC 8017 §8.1.2, §8.2.2: as long as the modulus.
    if (len != 0 && signature.bytes.size() != len)
      wrong = fmt::format("an RSA signature of {} bytes by a key of {}", signature.bytes.size(), len);
  } else if (info->key == KeyType::ed25519 || info->key == KeyType::ed448) {
    const size_t len = info->key == KeyType::ed25519 ? 64 : 114;  // RFC 8032 §5.1.6, §5.2.6
    if (signature.bytes.size() != len) wrong = fmt::format("{} with {} bytes", info->name, signature.bytes.size());
  } else if (info->key == KeyType::ec || info->key == KeyType::dsa) {
    // RFC 8446 §4.2.3, RFC 8422 §5.4: ECDSA-Sig-Value in DER.
    ParseError error;
    x509::DerReader der(signature.bytes, error);
    x509::DerReader pair = der;
    x509::DerValue r, s;
    if (!der.enter(x509::der_tag::kSequence, pair, "ECDSA-Sig-Value") || !der.empty() ||
        !pair.expect(x509::der_tag::kInteger, r, "r") || !pair.expect(x509::der_tag::kInteger, s, "s") || !pair.empty())
      wrong = fmt::format("{}, and the signature is no DER sequence of two integers", info->name);
  }
  if (!wrong.empty()) out.add(by, {signature.message->event}, wrong);
}
void check_signature_form(const Seen& seen, Breaches& out) {
  for_each_signature(seen, look_at_signature, out);
}

void check_key_usage(const Seen& seen, Breaches& out) {
  const auto* leaf = leaf_of(seen, Direction::server_to_client);
  const MessageRead* message = certificate_message(seen, Direction::server_to_client);
  if (leaf == nullptr || message == nullptr || !leaf->key_usage) return;
  const CipherSuiteInfo* suite = suite_of(seen);
  using Bit = x509::KeyUsage::Bit;
  std::string_view missing;
  if (is_tls13(seen)) {
    if (!leaf->key_usage->has(Bit::digital_signature)) missing = "digitalSignature";
  } else if (suite != nullptr && is_server_certificate_authenticated12(*suite)) {
    // RFC 5246 §7.4.2, RFC 8422 §5.3.
    const bool signs = suite->kx == registry::KeyExchange::dhe || suite->kx == registry::KeyExchange::ecdhe;
    if (signs && !leaf->key_usage->has(Bit::digital_signature)) missing = "digitalSignature";
    if (suite->kx == registry::KeyExchange::rsa && !leaf->key_usage->has(Bit::key_encipherment))
      missing = "keyEncipherment";
  }
  if (!missing.empty())
    out.add(Direction::server_to_client, events_of({seen.facts.reading->server_hello(), message}),
            fmt::format("its keyUsage is {} and lacks {}", fmt::join(leaf->key_usage->names(), ", "), missing));
}

// ---- requests ------------------------------------------------------------------------------------------------------

void check_request_algorithms(const Seen& seen, Breaches& out) {
  for (const MessageRead& read : seen.facts.reading->messages()) {
    const auto* request = read.as<wire::CertificateRequest13>();
    if (request != nullptr && !request->extensions.has(registry::extension::signature_algorithms))
      out.add(read.direction, {read.event}, "no signature_algorithms");
  }
}

void check_contexts(const Seen& seen, Breaches& out) {
  const MessageRead* request = nullptr;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    if (const auto* asked = read.as<wire::CertificateRequest13>()) {
      request = &read;
      if (read.level == wire::Level::handshake && !asked->certificate_request_context.empty())
        out.add(read.direction, {read.event}, "a CertificateRequest of the handshake has a context");
    } else if (const auto* certificate = read.as<wire::Certificate13>()) {
      if (read.level == wire::Level::handshake && !certificate->certificate_request_context.empty())
        out.add(read.direction, events_of({request, &read}), "a Certificate of the handshake has a context");
    }
  }
}

void check_authorities(const Seen& seen, Breaches& out) {
  for (const MessageRead& read : seen.facts.reading->messages()) {
    const ByteList* names = nullptr;
    std::optional<wire::ext::CertificateAuthorities> authorities;
    if (const auto* v12 = read.as<wire::CertificateRequest12>()) names = &v12->certificate_authorities;
    if (const auto* v13 = read.as<wire::CertificateRequest13>()) {
      authorities = v13->extensions.get<wire::ext::CertificateAuthorities>();
      if (authorities) names = &authorities->authorities;
    }
    for (size_t i = 0; names != nullptr && i < names->size(); ++i) {
      if (x509::decode_name((*names)[i])) continue;
      out.add(read.direction, {read.event}, fmt::format("entry {} of certificate_authorities is no DER name", i + 1));
      break;
    }
  }
}

void check_request_allowed(const Seen& seen, Breaches& out) {
  const CipherSuiteInfo* suite = suite_of(seen);
  const MessageRead* hello = seen.facts.reading->server_hello();
  if (hello == nullptr) return;
  const auto* message = hello->as<wire::ServerHello>();
  // RFC 8773 §3: tls_cert_with_extern_psk joins certificates and an external PSK.
  const bool with_psk = is_tls13(seen) && message != nullptr &&
                        message->extensions.has(registry::extension::pre_shared_key) &&
                        !message->extensions.has(registry::extension::tls_cert_with_extern_psk);
  const bool anonymous = !is_tls13(seen) && suite != nullptr && suite->auth == Authentication::anon;
  if (!with_psk && !anonymous) return;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    if (read.type != handshake_type::certificate_request || read.direction != Direction::server_to_client ||
        read.level == wire::Level::application)
      continue;
    out.add(read.direction, events_of({hello, &read}),
            with_psk ? "a CertificateRequest beside a pre-shared key" : "a CertificateRequest of an anonymous server");
  }
}

// A CertificateVerify of the client needs a certificate whose key signed it.
void check_verify_has_certificate(const Seen& seen, Breaches& out) {
  if (!seen.facts.reading->trace().coverage().whole()) return;
  const MessageRead* certificate = nullptr;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    if (read.direction != Direction::client_to_server) continue;
    if (read.type == handshake_type::certificate) certificate = &read;
    if (read.type != handshake_type::certificate_verify) continue;
    const auto* v12 = certificate == nullptr ? nullptr : certificate->as<wire::Certificate12>();
    const auto* v13 = certificate == nullptr ? nullptr : certificate->as<wire::Certificate13>();
    if ((v12 != nullptr && v12->certificates.empty()) || (v13 != nullptr && v13->size() == 0))
      out.add(read.direction, {certificate->event, read.event}, "signed without a certificate");
  }
}

using enum verdict::Requirement;

constexpr Rule kRules[] = {
    {"certificate/server_not_empty",
     "The server's Certificate holds a certificate",
     must,
     {Cite{8446, "4.4.2"}, Cite{5246, "7.4.2"}},
     kNegotiated,
     "Without one the client cannot know whom it speaks to.",
     check_server_not_empty},
    {"certificate/order_tls12",
     "In TLS 1.2 and below each certificate is followed by that of its issuer",
     must,
     {Cite{5246, "7.4.2"}},
     kBelow13,
     "Clients that take the list as it stands find no path, and refuse.",
     check_order},
    {"certificate/order_tls13",
     "In TLS 1.3 each certificate is followed by that of its issuer",
     should,
     {Cite{8446, "4.4.2"}},
     kTls13,
     "Clients need not be able to sort the list.",
     check_order},
    {"certificate/x509v3",
     "The server's certificate is of X.509 version 3",
     must,
     {Cite{8446, "4.4.2.2"}},
     kTls13,
     "Older versions cannot say what a key is for, nor for which names.",
     check_x509v3},
    {"certificate/fits_cipher_suite",
     "The server's key is of the kind that the cipher suite names",
     must,
     {Cite{5246, "7.4.2"}, Cite{8422, "5.3"}},
     kBelow13,
     "The client cannot check what the suite promised.",
     check_fits_suite},
    {"certificate/key_usage",
     "The certificate's keyUsage allows what its key is used for",
     must,
     {Cite{8446, "4.4.2.2"}, Cite{5246, "7.4.2"}, Cite{8422, "5.3"}},
     kNegotiated,
     "Clients that look at keyUsage refuse the connection.",
     check_key_usage},
    {"signature/fits_key",
     "A signature's scheme fits the key that made it",
     must,
     {Cite{8446, "4.4.3"}, Cite{5246, "7.4.8"}},
     kNegotiated,
     "It cannot be checked, or not as what it claims to be.",
     check_fits_scheme},
    {"signature/form",
     "A signature has the form of its scheme",
     must,
     {Cite{8446, "4.2.3"}, Cite{5246, "4.7"}, Cite{8422, "5.4"}},
     kNegotiated,
     "It cannot be checked: the handshake must fail.",
     check_signature_form},
    {"certificate_request/signature_algorithms",
     "A CertificateRequest of TLS 1.3 has signature_algorithms",
     must,
     {Cite{8446, "4.3.2"}},
     kTls13,
     "The client cannot know what the server can check.",
     check_request_algorithms},
    {"certificate_request/context",
     "Within the handshake certificate_request_context is empty",
     must,
     {Cite{8446, "4.3.2"}, Cite{8446, "4.4.2"}},
     kTls13,
     "Only post-handshake authentication tells requests apart by it.",
     check_contexts},
    {"certificate_request/authorities",
     "certificate_authorities are DER-encoded names",
     must,
     {Cite{8446, "4.2.4"}, Cite{5246, "7.4.4"}},
     kNegotiated,
     "Clients choose their certificate by them.",
     check_authorities},
    {"certificate_request/allowed",
     "No client certificate is asked for by an anonymous server, nor in a handshake with a pre-shared key alone",
     must,
     {Cite{8446, "4.3.2"}, Cite{5246, "7.4.4"}, Cite{8773, "3"}},
     kNegotiated,
     "The client would prove its identity to it knows not whom.",
     check_request_allowed},
    {"certificate_verify/has_certificate",
     "A client that sent no certificate sends no CertificateVerify",
     must,
     {Cite{8446, "4.4.3"}, Cite{5246, "7.4.8"}},
     kNegotiated,
     "There is no key that could have made it.",
     check_verify_has_certificate},
};

}  // namespace

std::span<const Rule> certificate_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
