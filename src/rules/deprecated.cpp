// What still works and should not be used any more. Judged by what was negotiated; of what was merely offered only RC4,
// which RFC 7465 forbids to offer.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "common.h"
#include "tables.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/ext/all.h"

namespace tlsproof::rules {
namespace {

using registry::Cipher;
using registry::CipherSuiteInfo;
using registry::KeyExchange;
namespace version = registry::version;

// The suite that the server chose, with the message that says so.
struct Chosen {
  const MessageRead* hello = nullptr;
  const CipherSuiteInfo* suite = nullptr;
};
Chosen chosen(const Seen& seen) {
  const MessageRead* hello = seen.facts.reading->server_hello();
  if (hello == nullptr) return {};
  return {hello, registry::cipher_suite_info(hello->as<wire::ServerHello>()->cipher_suite)};
}

void add_chosen(const Chosen& one, Breaches& out) {
  out.add(Direction::server_to_client, {one.hello->event}, fmt::format("chose {}", one.suite->name));
}

void check_version(const Seen& seen, Breaches& out) {
  const MessageRead* hello = seen.facts.reading->server_hello();
  if (hello == nullptr) return;
  const uint16_t negotiated = hello->as<wire::ServerHello>()->selected_version();
  const bool old = negotiated == version::SSL2 || negotiated == version::SSL3 || negotiated == version::TLS1_0 ||
                   negotiated == version::TLS1_1 || negotiated == version::DTLS1_0;
  if (old)
    out.add(Direction::server_to_client, {hello->event},
            fmt::format("negotiated {}", registry::version_name(negotiated)));
}

void check_rc4_chosen(const Seen& seen, Breaches& out) {
  if (const Chosen one = chosen(seen); one.suite != nullptr && one.suite->cipher == Cipher::rc4) add_chosen(one, out);
}

void check_rc4_offered(const Seen& seen, Breaches& out) {
  const MessageRead* hello = seen.facts.reading->first_client_hello();
  if (hello == nullptr) return;
  const CipherSuiteInfo* first = nullptr;
  size_t num = 0;
  for (const uint16_t value : hello->as<wire::ClientHello>()->cipher_suites) {
    const CipherSuiteInfo* info = registry::cipher_suite_info(value);
    if (info == nullptr || info->cipher != Cipher::rc4) continue;
    if (num++ == 0) first = info;
  }
  if (num == 0) return;
  out.add(Direction::client_to_server, {hello->event},
          num == 1 ? fmt::format("offers {}", first->name)
                   : fmt::format("offers {} and {} more with RC4", first->name, num - 1));
}

bool is_integrity_only13(const CipherSuiteInfo& suite) {
  return suite.tls13 && suite.cipher == Cipher::null;  // RFC 9150
}

void check_null(const Seen& seen, Breaches& out) {
  const Chosen one = chosen(seen);
  if (one.suite != nullptr && one.suite->cipher == Cipher::null && !is_integrity_only13(*one.suite))
    add_chosen(one, out);
}

void check_under_112(const Seen& seen, Breaches& out) {
  const Chosen one = chosen(seen);
  if (one.suite != nullptr && one.suite->cipher != Cipher::null && one.suite->cipher != Cipher::rc4 &&
      one.suite->strength_bits < 112)
    add_chosen(one, out);
}

void check_under_128(const Seen& seen, Breaches& out) {
  const Chosen one = chosen(seen);
  if (one.suite != nullptr && one.suite->strength_bits >= 112 && one.suite->strength_bits < 128) add_chosen(one, out);
}

void check_anonymous(const Seen& seen, Breaches& out) {
  const Chosen one = chosen(seen);
  if (one.suite != nullptr && one.suite->auth == registry::Authentication::anon) add_chosen(one, out);
}

void check_static(const Seen& seen, Breaches& out) {
  const Chosen one = chosen(seen);
  if (one.suite == nullptr) return;
  const KeyExchange kx = one.suite->kx;
  if (kx == KeyExchange::rsa || kx == KeyExchange::dh || kx == KeyExchange::ecdh) add_chosen(one, out);
}

void check_signature_hash(const Seen& seen, Breaches& out) {
  for (const MessageRead& read : seen.facts.reading->messages()) {
    uint16_t scheme = 0;
    const auto* verify = read.as<wire::CertificateVerify>();
    const auto* ecdhe = read.as<wire::ServerKeyExchangeEcdhe>();
    const auto* dhe = read.as<wire::ServerKeyExchangeDhe>();
    if (verify != nullptr) scheme = verify->algorithm;
    if (ecdhe != nullptr && ecdhe->signed_part.present) scheme = ecdhe->signed_part.algorithm;
    if (dhe != nullptr && dhe->signed_part.present) scheme = dhe->signed_part.algorithm;
    // RFC 9155 is about TLS 1.2; in TLS 1.3 these schemes are another rule's (signature/scheme_of_tls13).
    if (scheme == 0 || !is_tls12(seen)) continue;
    const uint8_t hash = static_cast<uint8_t>(scheme >> 8);
    if (hash == registry::hash_algorithm::md5 || hash == registry::hash_algorithm::sha1)
      out.add(read.direction, {read.event}, fmt::format("signed with {}", registry::signature_scheme_name(scheme)));
  }
}

size_t bit_len(ByteView number) {
  size_t i = 0;
  while (i < number.size() && number[i] == 0) ++i;
  return i == number.size() ? 0 : (number.size() - i) * 8 - static_cast<size_t>(std::countl_zero(number[i]));
}

void check_dh_length(const Seen& seen, Breaches& out) {
  constexpr size_t kMinBits = 2048;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    const auto* exchange = read.as<wire::ServerKeyExchangeDhe>();
    if (exchange == nullptr) continue;
    const size_t bits = bit_len(exchange->dh_p);
    if (bits < kMinBits) out.add(read.direction, {read.event}, fmt::format("p has {} bits", bits));
  }
}

void check_curve_size(const Seen& seen, Breaches& out) {
  for (const MessageRead& read : seen.facts.reading->messages()) {
    uint16_t group = 0;
    if (const auto* exchange = read.as<wire::ServerKeyExchangeEcdhe>()) group = exchange->named_curve;
    const registry::GroupInfo* info = group == 0 ? nullptr : registry::group_info(group);
    if (info != nullptr && info->kind == registry::GroupKind::ecdhe && info->security_bits < 112)
      out.add(read.direction, {read.event}, fmt::format("chose {}", info->name));
  }
}

void check_certificate_hash(const Seen& seen, Breaches& out) {
  const MessageRead* message = certificate_message(seen, Direction::server_to_client);
  if (message == nullptr) return;
  for (size_t i = 0; i < seen.facts.server_chain.size(); ++i) {
    const x509::CertificateView& one = *seen.facts.server_chain[i];
    if (one.self_issued()) continue;  // whoever trusts it trusts its key, not its signature
    const std::string_view hash = one.signature_algorithm.hash;
    if (hash == "MD5" || hash == "SHA1" || hash == "MD2" || hash == "MD4")
      out.add(Direction::server_to_client, {message->event},
              fmt::format("certificate {} is signed with {}", i + 1, escape_terminal(one.signature_algorithm.name())));
  }
}

void check_rsa_length(const Seen& seen, Breaches& out) {
  const MessageRead* message = certificate_message(seen, Direction::server_to_client);
  if (message == nullptr || seen.facts.server_chain.empty()) return;
  const x509::PublicKeyView& key = seen.facts.server_chain.front()->public_key;
  constexpr size_t kMinBits = 2048;
  if ((key.kind == x509::KeyKind::rsa || key.kind == x509::KeyKind::rsa_pss) && key.bits != 0 && key.bits < kMinBits)
    out.add(Direction::server_to_client, {message->event}, fmt::format("the key is {}", key.describe()));
}

void check_truncated_hmac(const Seen& seen, Breaches& out) {
  const MessageRead* hello = seen.facts.reading->server_hello();
  if (hello != nullptr && hello->as<wire::ServerHello>()->extensions.has(registry::extension::truncated_hmac))
    out.add(Direction::server_to_client, {hello->event}, "truncated_hmac was negotiated");
}

void check_compression(const Seen& seen, Breaches& out) {
  const MessageRead* hello = seen.facts.reading->server_hello();
  if (hello == nullptr) return;
  const uint8_t method = hello->as<wire::ServerHello>()->legacy_compression_method;
  if (method != 0)
    out.add(Direction::server_to_client, {hello->event},
            fmt::format("chose compression {}", registry::name(registry::Kind::compression_method, method)));
}

using enum verdict::Requirement;

constexpr Rule kRules[] = {
    {"deprecated/version",
     "TLS 1.2 or newer is negotiated",
     should,
     {Cite{8996, "4"}, Cite{8996, "5"}, Cite{7568, "3"}, Cite{6176, "3"}},
     kAnything,
     "Older versions stand on MD5 and SHA-1 and have known attacks.",
     check_version},
    {"deprecated/rc4_chosen",
     "RC4 is not chosen",
     should,
     {Cite{7465, "2"}, Cite{9325, "4.1"}},
     kAnything,
     "Its key stream is biased: what is sent often enough can be read.",
     check_rc4_chosen},
    {"deprecated/rc4_offered",
     "RC4 is not offered",
     should,
     {Cite{7465, "2"}},
     kAnything,
     "A server may choose it, and its key stream is biased: what is sent often enough can be read.",
     check_rc4_offered},
    {"deprecated/null_cipher",
     "The cipher suite encrypts",
     should,
     {Cite{9325, "4.1"}},
     kNegotiated,
     "Everybody on the way can read along.",
     check_null},
    {"deprecated/under_112_bits",
     "The cipher suite gives 112 bits of security or more",
     should,
     {Cite{9325, "4.1"}},
     kNegotiated,
     "Export grade and DES can be broken by trying keys.",
     check_under_112},
    {"deprecated/under_128_bits",
     "The cipher suite gives 128 bits of security",
     should,
     {Cite{9325, "4.1"}},
     kNegotiated,
     "3DES has small blocks and too short a life.",
     check_under_128},
    {"deprecated/anonymous",
     "The server is authenticated",
     should,
     {Cite{5246, "F.1.1.1"}},
     kNegotiated,
     "Anonymous Diffie-Hellman does not hold against anybody in between.",
     check_anonymous},
    {"deprecated/no_forward_secrecy",
     "The key exchange is ephemeral",
     should,
     {Cite{9325, "4.1"}},
     kNegotiated,
     "Who gets the server's key later can read everything recorded before.",
     check_static},
    {"deprecated/signature_hash",
     "TLS 1.2 handshakes are not signed with MD5 or SHA-1",
     should,
     {Cite{9155, "3"}, Cite{9155, "4"}},
     kBelow13,
     "Collisions are practical (SLOTH).",
     check_signature_hash},
    {"deprecated/dh_length",
     "Diffie-Hellman primes have 2048 bits or more",
     should,
     {Cite{9325, "4.5"}},
     kBelow13,
     "Shorter ones can be broken (Logjam).",
     check_dh_length},
    {"deprecated/curve_size",
     "Curves have 224 bits or more",
     should,
     {Cite{9325, "4.5"}},
     kBelow13,
     "Discrete logarithms on smaller curves come within reach.",
     check_curve_size},
    {"deprecated/certificate_hash",
     "Certificates are signed with SHA-256 or better",
     should,
     {Cite{9325, "4.5"}},
     kNegotiated,
     "A certificate signed with MD5 or SHA-1 may have a forged twin; most clients refuse it.",
     check_certificate_hash},
    {"deprecated/rsa_length",
     "RSA keys have 2048 bits or more",
     should,
     {Cite{9325, "4.5"}},
     kNegotiated,
     "Shorter moduli can be factored; most clients refuse them.",
     check_rsa_length},
    {"deprecated/truncated_hmac",
     "truncated_hmac is not negotiated",
     should,
     {Cite{9325, "4.6"}},
     kBelow13,
     "Truncated authentication tags have been attacked.",
     check_truncated_hmac},
    {"deprecated/compression",
     "TLS does not compress",
     should,
     {Cite{9325, "3.3"}},
     kBelow13,
     "The length of what is compressed tells its content (CRIME).",
     check_compression},
};

}  // namespace

std::span<const Rule> deprecated_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
