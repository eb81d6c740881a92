// Groups, key shares, pre-shared keys and signature schemes: each among those that the other side named.
#include <fmt/format.h>

#include <algorithm>

#include "common.h"
#include "tables.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace e = registry::extension;
namespace hs = registry::handshake_type;
namespace psk_mode = registry::psk_key_exchange_mode;
using registry::is_grease;
using verdict::Requirement;

std::vector<size_t> hellos(const Handshake& h) {
  return {h.hello->event(), h.server_hello_read->event};
}

// ---- key_share, pre_shared_key of ServerHello

void key_share_present(const Handshake& h, Breaches& out) {
  if (!h.is_tls13() || h.server_hello->extensions.has(e::key_share) ||
      h.server_hello->extensions.has(e::pre_shared_key))
    return;
  out.add(kServer, {h.server_hello_read->event}, "neither key_share nor pre_shared_key");
}

void key_share_offered(const Handshake& h, Breaches& out) {
  const auto share = typed<wire::ext::KeyShareServer>(h.server_extensions());
  if (!h.is_tls13() || !share || h.hello == nullptr || is_grease(share->group)) return;
  if (h.hello->has_key_share && !contains(h.hello->key_shares, share->group))
    out.add(kServer, hellos(h),
            fmt::format("a share of {}, for which the client sent none", registry::group_name(share->group)));
}

void psk_identity_offered(const Handshake& h, Breaches& out) {
  const auto psk = typed<wire::ext::PreSharedKeyServer>(h.server_extensions());
  if (!h.is_tls13() || !psk || h.hello == nullptr || !h.hello->has_psk) return;
  if (psk->selected_identity >= h.hello->psk_identities.size())
    out.add(kServer, hellos(h),
            fmt::format("selected identity {} of {}", psk->selected_identity, h.hello->psk_identities.size()));
}

void psk_hash_fits(const Handshake& h, Breaches& out) {
  const auto psk = typed<wire::ext::PreSharedKeyServer>(h.server_extensions());
  if (!h.is_tls13() || !psk || h.hello == nullptr || h.suite == nullptr) return;
  if (psk->selected_identity >= h.hello->psk_binder_lens.size()) return;
  // RFC 8446 §4.2.11.2: a binder is as long as the hash of its PSK.
  const size_t binder_len = h.hello->psk_binder_lens[psk->selected_identity];
  if (binder_len != registry::hash_len(h.suite->prf_hash))
    out.add(kServer, hellos(h), fmt::format("a PSK whose binder has {} bytes with {}", binder_len, h.suite->name));
}

bool offers_mode(const Hello& hello, uint8_t mode) {
  return std::ranges::find(hello.psk_modes, mode) != hello.psk_modes.end();
}

void psk_mode_offered(const Handshake& h, Breaches& out) {
  if (!h.is_tls13() || h.hello == nullptr || h.hello->psk_modes.empty()) return;
  if (!h.server_hello->extensions.has(e::pre_shared_key)) return;
  const bool with_share = h.server_hello->extensions.has(e::key_share);
  if (!offers_mode(*h.hello, with_share ? psk_mode::psk_dhe_ke : psk_mode::psk_ke))
    out.add(kServer, hellos(h),
            with_share ? "a key_share beside the PSK of a client that offers psk_ke alone"
                       : "no key_share beside the PSK of a client that does not offer psk_ke");
}

void early_data_with_first_identity(const Handshake& h, Breaches& out) {
  const auto* extensions = h.get<wire::EncryptedExtensions>(kServer);
  if (!h.is_tls13() || extensions == nullptr || !extensions->extensions.has(e::early_data)) return;
  const auto psk = typed<wire::ext::PreSharedKeyServer>(h.server_extensions());
  if (psk && psk->selected_identity == 0) return;
  out.add(kServer, {h.server_hello_read->event, h.find(kServer, hs::encrypted_extensions)->event},
          psk ? fmt::format("accepts early data with identity {}", psk->selected_identity)
              : std::string("accepts early data without a PSK"));
}

// ---- groups

void curve_offered(const Handshake& h, Breaches& out) {
  const auto* exchange = h.get<wire::ServerKeyExchangeEcdhe>(kServer);
  if (exchange == nullptr || h.hello == nullptr || h.hello->groups.empty() || is_grease(exchange->named_curve)) return;
  if (!contains(h.hello->groups, exchange->named_curve))
    out.add(kServer, {h.hello->event(), h.find(kServer, hs::server_key_exchange)->event},
            fmt::format("chose {}, which is not in supported_groups", registry::group_name(exchange->named_curve)));
}

// ---- signature schemes

// The scheme of the server's signature and where it stands; 0: none was seen.
struct Signed {
  uint16_t scheme = 0;
  const MessageRead* read = nullptr;
};
Signed server_signature(const Handshake& h) {
  if (h.is_tls13()) {
    if (const auto* verify = h.get<wire::CertificateVerify>(kServer))
      return {verify->algorithm, h.find(kServer, hs::certificate_verify)};
    return {};
  }
  const wire::SignedPart* part = nullptr;
  if (const auto* ecdhe = h.get<wire::ServerKeyExchangeEcdhe>(kServer)) part = &ecdhe->signed_part;
  if (const auto* dhe = h.get<wire::ServerKeyExchangeDhe>(kServer)) part = &dhe->signed_part;
  if (part == nullptr || !part->present || !part->has_algorithm) return {};  // before TLS 1.2 there was no choice
  return {part->algorithm, h.find(kServer, hs::server_key_exchange)};
}

// RFC 9345 §4.1.3: a delegated credential signs by a scheme of a list of its own.
void server_scheme_offered(const Handshake& h, Breaches& out) {
  const Signed seen = server_signature(h);
  if (seen.read == nullptr || h.hello == nullptr || is_grease(seen.scheme)) return;
  const bool listed = h.hello->has(e::signature_algorithms);
  if (listed ? h.hello->schemes.empty() || contains(h.hello->schemes, seen.scheme)
             // RFC 5246 §7.4.1.4.1: without the list SHA-1 is meant.
             : h.is_tls13() || seen.scheme >> 8 == registry::hash_algorithm::sha1)
    return;
  if (h.is_tls13() && h.hello->has(e::delegated_credential) && has_delegated_credential(h, kServer)) return;
  out.add(kServer, {h.hello->event(), seen.read->event},
          fmt::format("signed by {}, which {}", registry::signature_scheme_name(seen.scheme),
                      listed ? "is not in signature_algorithms" : "nobody offered"));
}

// The schemes of the CertificateRequest that the client's CertificateVerify at `index` answers, and its event.
const MessageRead* request_for(const Handshake& h, size_t index, std::vector<uint16_t>& schemes) {
  const Bytes* context = nullptr;  // TLS 1.3: of the client's Certificate before it
  for (size_t i = index; i-- > 0 && context == nullptr;)
    if (h.messages[i].direction == kClient)
      if (const auto* certificate = h.messages[i].as<wire::Certificate13>())
        context = &certificate->certificate_request_context;
  for (const MessageRead& read : h.messages.first(index)) {
    if (read.direction != kServer) continue;
    if (const auto* request = read.as<wire::CertificateRequest12>()) {
      schemes = request->supported_signature_algorithms;
      return &read;
    }
    const auto* request = read.as<wire::CertificateRequest13>();
    if (request == nullptr || context == nullptr || request->certificate_request_context != *context) continue;
    const auto list = request->extensions.get<wire::ext::SignatureAlgorithms>();
    if (!list) return nullptr;
    schemes = list->schemes;
    return &read;
  }
  return nullptr;
}

void client_scheme_offered(const Handshake& h, Breaches& out) {
  for (size_t i = 0; i < h.messages.size(); ++i) {
    const auto* verify = h.messages[i].direction == kClient ? h.messages[i].as<wire::CertificateVerify>() : nullptr;
    if (verify == nullptr || !verify->has_algorithm) continue;
    std::vector<uint16_t> schemes;
    const MessageRead* request = request_for(h, i, schemes);
    if (request == nullptr || contains(schemes, verify->algorithm)) continue;
    out.add(
        kClient, {request->event, h.messages[i].event},
        fmt::format("signed by {}, which the server did not list", registry::signature_scheme_name(verify->algorithm)));
  }
}

void scheme_of_tls13(const Handshake& h, Breaches& out) {
  if (!h.is_tls13()) return;
  for (const MessageRead& read : h.messages) {
    const auto* verify = read.as<wire::CertificateVerify>();
    const auto* info = verify == nullptr ? nullptr : registry::signature_scheme_info(verify->algorithm);
    if (info != nullptr && !info->tls13) out.add(read.direction, {read.event}, fmt::format("signed by {}", info->name));
  }
}

constexpr Rule kRules[] = {
    {.id = "key_share/present",
     .title = "A TLS 1.3 ServerHello has a key_share, a pre_shared_key, or both",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "9.2"}, Cite{8446, "4.2.8"}},
     .scope = kTls13,
     .why = "Without either there is nothing to derive keys from.",
     .check = in_each<key_share_present>},
    {.id = "key_share/offered",
     .title = "The server's key share is of a group for which the client sent a share",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.8"}},
     .scope = kTls13,
     .why = "Otherwise the client has no private key to answer it with.",
     .check = in_each<key_share_offered>},
    {.id = "pre_shared_key/identity_offered",
     .title = "The server selects a PSK identity within the client's list",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.11"}},
     .scope = kTls13,
     .why = "A client must abort with illegal_parameter when the index is out of its range.",
     .check = in_each<psk_identity_offered>},
    {.id = "pre_shared_key/hash_fits",
     .title = "The PSK selected has the hash of the cipher suite selected",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.11"}},
     .scope = kTls13,
     .why = "The key schedule runs on one hash; a PSK of another one derives other keys.",
     .check = in_each<psk_hash_fits>},
    {.id = "pre_shared_key/mode_offered",
     .title = "A PSK is used in a key exchange mode that the client offered",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.9"}},
     .scope = kTls13,
     .why = "A client that wants forward secrecy does not offer psk_ke.",
     .check = in_each<psk_mode_offered>},
    {.id = "early_data/first_identity",
     .title = "A server that accepts early data has selected the first PSK identity",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.10"}, Cite{8446, "4.2.11"}},
     .scope = kTls13,
     .why = "Early data are protected by the first PSK of the list.",
     .check = in_each<early_data_with_first_identity>},
    {.id = "server_key_exchange/curve_offered",
     .title = "The server's ECDHE curve is one of the client's supported_groups",
     .requirement = Requirement::must,
     .cites = {Cite{8422, "5.1"}, Cite{8422, "5.4"}},
     .scope = kBelow13OverRecords,
     .why = "A client cannot compute on a curve that it does not support.",
     .check = in_each<curve_offered>},
    {.id = "signature/server_scheme_offered",
     .title = "The server signs by a scheme that the client offered",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.3"}, Cite{5246, "7.4.3"}, Cite{5246, "7.4.1.4.1"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::any_carrier},
     .why = "A client that gets another scheme must end the connection, even when it could verify it.",
     .check = in_each<server_scheme_offered>},
    {.id = "signature/client_scheme_offered",
     .title = "The client signs by a scheme that the CertificateRequest lists",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.3"}, Cite{5246, "7.4.8"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::any_carrier},
     .why = "The server said what it can and will verify.",
     .check = in_each<client_scheme_offered>},
    {.id = "signature/scheme_of_tls13",
     .title = "CertificateVerify of TLS 1.3 uses a scheme of TLS 1.3: no RSASSA-PKCS1-v1_5, no SHA-1",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.3"}, Cite{8446, "4.2.3"}},
     .scope = kTls13,
     .why = "The old schemes are kept for certificates alone, since they are weak as proofs of possession.",
     .check = in_each<scheme_of_tls13>},
};

}  // namespace

std::span<const Rule> key_exchange_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
