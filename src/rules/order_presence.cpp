// Messages that must be there because of others, or must not.
#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace e = registry::extension;
namespace hs = registry::handshake_type;
using registry::Authentication;
using registry::KeyExchange;
using verdict::Requirement;

// The first message of one of these types; null when there is none.
const MessageRead* either(const Handshake& h, Direction direction, uint8_t a, uint8_t b) {
  const MessageRead* found = h.find(direction, a);
  return found != nullptr ? found : h.find(direction, b);
}
const MessageRead* certificate_of(const Handshake& h, Direction direction) {
  return either(h, direction, hs::certificate, hs::compressed_certificate);
}

// Whether what the server said from ServerHello to `last` was all seen, so that what is not there was not sent.
bool server_seen_to(const Handshake& h, const MessageRead* last) {
  return last != nullptr && h.server_hello != nullptr && h.seen_to(kServer, last->event);
}

// ---- certificates of clients

// The message with which the server has said whether it wants a certificate.
const MessageRead* end_of_requests(const Handshake& h) {
  return h.find(kServer, h.is_tls13() ? hs::finished : hs::server_hello_done);
}

void asked_for(const Handshake& h, Breaches& out) {
  const MessageRead* certificate = certificate_of(h, kClient);
  if (certificate == nullptr || !server_seen_to(h, end_of_requests(h))) return;
  if (!h.seen_to(kServer, certificate->event)) return;  // a request after the handshake may have been missed
  if (h.find(kServer, hs::certificate_request) == nullptr)
    out.add(kClient, {certificate->event}, "a Certificate that the server did not request");
}

void answered(const Handshake& h, Breaches& out) {
  const MessageRead* request = h.find(kServer, hs::certificate_request);
  if (request == nullptr || (h.is_tls13() && request->level == Level::application)) return;
  if (h.version == registry::version::SSL3) return;  // there a no_certificate alert answers
  const MessageRead* next = h.find(kClient, h.is_tls13() ? hs::finished : hs::client_key_exchange);
  if (next == nullptr || !h.seen_to(kClient, next->event) || certificate_of(h, kClient) != nullptr ||
      h.find(kClient, hs::certificate_url) != nullptr)
    return;
  out.add(kClient, {request->event, next->event}, "no Certificate, not even an empty one");
}

// Whether the first Certificate of that side holds any; nullopt when it cannot be read.
std::optional<bool> holds_any(const Handshake& h, Direction direction) {
  if (const auto* v13 = h.get<wire::Certificate13>(direction)) return v13->size() > 0;
  if (const auto* v12 = h.get<wire::Certificate12>(direction)) return !v12->certificates.empty();
  return std::nullopt;
}

void verify_follows(const Handshake& h, Breaches& out) {
  for (const Direction side : {kServer, kClient}) {
    const MessageRead* finished = h.find(side, hs::finished);
    const MessageRead* certificate = h.find(side, hs::certificate);
    if (finished == nullptr || certificate == nullptr || !h.seen_to(side, finished->event)) continue;
    if (certificate->event > finished->event) continue;  // after the handshake
    if (holds_any(h, side) == true && h.find(side, hs::certificate_verify) == nullptr)
      out.add(side, {certificate->event, finished->event}, "a Certificate without CertificateVerify");
  }
}

void verify_follows_of_client12(const Handshake& h, Breaches& out) {
  // RFC 5246 §7.4.8: only a certificate that can sign; keys of fixed Diffie-Hellman cannot.
  if (h.suite == nullptr || h.suite->kx == KeyExchange::dh || h.suite->kx == KeyExchange::ecdh) return;
  const MessageRead* finished = h.find(kClient, hs::finished);
  const MessageRead* certificate = h.find(kClient, hs::certificate);
  if (finished == nullptr || certificate == nullptr || !h.seen_to(kClient, finished->event)) return;
  if (holds_any(h, kClient) == true && h.find(kClient, hs::certificate_verify) == nullptr)
    out.add(kClient, {certificate->event, finished->event}, "a Certificate without CertificateVerify");
}

void late_request_offered(const Handshake& h, Breaches& out) {
  if (h.hello == nullptr || h.hello->has(e::post_handshake_auth)) return;
  const MessageRead* finished = h.find(kServer, hs::finished);
  if (finished == nullptr) return;
  for (const MessageRead& read : h.messages)
    if (read.direction == kServer && read.type == hs::certificate_request && read.event > finished->event)
      out.add(kServer, {h.hello->event(), read.event},
              "a CertificateRequest after the handshake, to a client without post_handshake_auth");
}

void context_echoed(const Handshake& h, Breaches& out) {
  if (h.find(kServer, hs::certificate_request) == nullptr) return;
  for (const MessageRead& read : h.messages) {
    const auto* certificate = read.direction == kClient ? read.as<wire::Certificate13>() : nullptr;
    if (certificate == nullptr || read.level != Level::application) continue;
    bool asked = false;
    for (const MessageRead& other : h.messages)
      if (const auto* request = other.direction == kServer ? other.as<wire::CertificateRequest13>() : nullptr)
        asked |= request->certificate_request_context == certificate->certificate_request_context;
    if (!asked && server_seen_to(h, end_of_requests(h)) && h.seen_to(kServer, read.event))
      out.add(kClient, {read.event}, "a context that no CertificateRequest had");
  }
}

// ---- the server's own messages

void certificate_present13(const Handshake& h, Breaches& out) {
  const MessageRead* finished = h.find(kServer, hs::finished);
  if (!server_seen_to(h, finished) || h.server_hello->extensions.has(e::pre_shared_key)) return;
  if (certificate_of(h, kServer) == nullptr)
    out.add(kServer, {h.server_hello_read->event, finished->event}, "Finished without Certificate or PSK");
}

void no_certificate_with_psk(const Handshake& h, Breaches& out) {
  // RFC 8773 §3: the one extension by which a certificate joins an external PSK.
  if (h.server_hello == nullptr || !h.server_hello->extensions.has(e::pre_shared_key) ||
      h.server_hello->extensions.has(e::tls_cert_with_extern_psk))
    return;
  const MessageRead* finished = h.find(kServer, hs::finished);
  const MessageRead* certificate = certificate_of(h, kServer);
  if (certificate != nullptr && (finished == nullptr || certificate->event < finished->event))
    out.add(kServer, {h.server_hello_read->event, certificate->event}, "a Certificate with a PSK");
}

bool by_certificate(const registry::CipherSuiteInfo& suite) {
  return suite.auth == Authentication::rsa || suite.auth == Authentication::dss || suite.auth == Authentication::ecdsa;
}
// Whether a PSK or password suite without a certificate, or an anonymous one; unknown kinds are neither.
bool without_certificate(const registry::CipherSuiteInfo& suite) {
  return suite.auth == Authentication::anon || suite.auth == Authentication::psk;
}

// ServerHelloDone was seen, and everything before it: a full handshake.
const MessageRead* full_handshake(const Handshake& h) {
  const MessageRead* done = h.find(kServer, hs::server_hello_done);
  return h.suite != nullptr && server_seen_to(h, done) ? done : nullptr;
}

void certificate_present12(const Handshake& h, Breaches& out) {
  const MessageRead* done = full_handshake(h);
  if (done == nullptr) return;
  const MessageRead* certificate = h.find(kServer, hs::certificate);
  if (by_certificate(*h.suite) && certificate == nullptr)
    out.add(kServer, {h.server_hello_read->event, done->event}, fmt::format("no Certificate with {}", h.suite->name));
  if (without_certificate(*h.suite) && h.suite->kx != KeyExchange::rsa_psk && certificate != nullptr)
    out.add(kServer, {h.server_hello_read->event, certificate->event},
            fmt::format("a Certificate with {}", h.suite->name));
}

void key_exchange_by_suite(const Handshake& h, Breaches& out) {
  const MessageRead* done = full_handshake(h);
  if (done == nullptr) return;
  const MessageRead* exchange = h.find(kServer, hs::server_key_exchange);
  switch (h.suite->kx) {
    case KeyExchange::dhe:
    case KeyExchange::ecdhe:
    case KeyExchange::dhe_psk:
    case KeyExchange::ecdhe_psk:
      if (exchange == nullptr)
        out.add(kServer, {h.server_hello_read->event, done->event},
                fmt::format("no ServerKeyExchange with {}", h.suite->name));
      break;
    case KeyExchange::rsa:
    case KeyExchange::dh:
    case KeyExchange::ecdh:
      // RFC 4346 §7.4.3: export suites sent a short-lived RSA key.
      if (exchange != nullptr && !h.suite->export_grade)
        out.add(kServer, {h.server_hello_read->event, exchange->event},
                fmt::format("a ServerKeyExchange with {}", h.suite->name));
      break;
    default:
      break;
  }
}

void client_key_exchange_present(const Seen& seen, Breaches& out) {
  if (seen.handshakes.empty()) return;
  const Handshake& h = seen.handshakes.front();
  const MessageRead* done = full_handshake(h);
  if (done == nullptr || h.find(kClient, hs::client_key_exchange) != nullptr) return;
  const auto events = seen.events();
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind != EventKind::change_cipher_spec || events[i].direction != kClient) continue;
    if (h.seen_to(kClient, i)) out.add(kClient, {done->event, i}, "ChangeCipherSpec without ClientKeyExchange");
    return;
  }
}

void status_announced(const Handshake& h, Breaches& out) {
  const MessageRead* status = h.find(kServer, hs::certificate_status);
  if (status == nullptr || h.server_hello == nullptr) return;
  if (!h.server_hello->extensions.has(e::status_request) && !h.server_hello->extensions.has(e::status_request_v2))
    out.add(kServer, {h.server_hello_read->event, status->event},
            "CertificateStatus without status_request in ServerHello");
}

// ---- early data, KeyUpdate, Finished

void end_of_early_data(const Handshake& h, Breaches& out) {
  const auto* answer = h.get<wire::EncryptedExtensions>(kServer);
  if (answer == nullptr) return;
  const bool accepted = answer->extensions.has(e::early_data);
  const MessageRead* end = h.find(kClient, hs::end_of_early_data);
  const MessageRead* finished = h.find(kClient, hs::finished);
  const size_t event = h.find(kServer, hs::encrypted_extensions)->event;
  if (end != nullptr && !accepted)
    out.add(kClient, {event, end->event}, "EndOfEarlyData though the server has not accepted early data");
  if (end == nullptr && accepted && finished != nullptr && h.seen_to(kClient, finished->event))
    out.add(kClient, {event, finished->event}, "no EndOfEarlyData though the server has accepted early data");
}

void key_update_value(const Handshake& h, Breaches& out) {
  for (const MessageRead& read : h.messages)
    if (const auto* update = read.as<wire::KeyUpdate>(); update != nullptr && update->request_update > 1)
      out.add(read.direction, {read.event}, fmt::format("request_update is {}", update->request_update));
}

constexpr Rule kRules[] = {
    {.id = "certificate/present",
     .title = "A TLS 1.3 server that uses no PSK sends a Certificate",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.2"}},
     .scope = kTls13,
     .why = "Nothing else says who the server is.",
     .check = in_each<certificate_present13>},
    {.id = "certificate/by_suite",
     .title = "A TLS 1.2 server sends a Certificate exactly when its cipher suite uses one",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.4.2"}},
     .scope = kBelow13OverRecords,
     .why = "A client that goes on without one talks to whoever answers.",
     .check = in_each<certificate_present12>},
    {.id = "certificate/not_with_psk",
     .title = "A server that authenticates by a PSK sends no Certificate",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "2.2"}, Cite{8446, "4.4.2"}},
     .scope = kTls13,
     .why = "The PSK stands for the identities of the connection in which it was made.",
     .check = in_each<no_certificate_with_psk>},
    {.id = "certificate/context_echoed",
     .title = "A client's Certificate after the handshake has the context of a CertificateRequest",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.2"}, Cite{8446, "4.6.2"}},
     .scope = kTls13,
     .why = "The server must know which request is answered.",
     .check = in_each<context_echoed>},
    {.id = "certificate_verify/present",
     .title = "A TLS 1.3 Certificate that is not empty is followed by CertificateVerify",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.3"}},
     .scope = kTls13,
     .why = "A certificate alone proves nothing; anybody can send it.",
     .check = in_each<verify_follows>},
    {.id = "certificate_verify/present_of_client",
     .title = "A TLS 1.2 client that sends a certificate that can sign sends CertificateVerify",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.4.8"}},
     .scope = kBelow13OverRecords,
     .why = "A certificate alone proves nothing; anybody can send it.",
     .check = in_each<verify_follows_of_client12>},
    {.id = "client_certificate/asked_for",
     .title = "A client sends a Certificate only when the server has requested one",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.2"}, Cite{5246, "7.4.6"}},
     .scope = kNegotiated,
     .why = "It tells who the client is to somebody who has not asked.",
     .check = in_each<asked_for>},
    {.id = "client_certificate/answered",
     .title = "A client answers CertificateRequest by a Certificate, if an empty one",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.2"}, Cite{5246, "7.4.6"}},
     .scope = kNegotiated,
     .why = "So the server knows that the client has seen the request.",
     .check = in_each<answered>},
    {.id = "client_certificate/post_handshake_offered",
     .title = "A server requests a certificate after the handshake only of a client that offered post_handshake_auth",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.6.2"}},
     .scope = kTls13,
     .why = "A client that did not offer it must abort with unexpected_message.",
     .check = in_each<late_request_offered>},
    {.id = "server_key_exchange/by_suite",
     .title = "A server sends ServerKeyExchange exactly when its cipher suite needs it",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.4.3"}},
     .scope = kBelow13OverRecords,
     .why = "A client that takes one where none belongs can be given a weak key (FREAK).",
     .check = in_each<key_exchange_by_suite>},
    {.id = "client_key_exchange/present",
     .title = "A client sends ClientKeyExchange in every full handshake",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.4.7"}},
     .scope = {Scope::before_tls13, Scope::tls},
     .why = "Without it both sides would protect their records by an empty secret.",
     .check = client_key_exchange_present},
    {.id = "certificate_status/announced",
     .title = "A server that sends CertificateStatus has answered status_request in ServerHello",
     .requirement = Requirement::must,
     .cites = {Cite{6066, "8"}, Cite{6961, "2.2"}},
     .scope = kBelow13OverRecords,
     .why = "The client reads its parser's next state from the extension.",
     .check = in_each<status_announced>},
    {.id = "early_data/end",
     .title = "A client sends EndOfEarlyData exactly when the server has accepted early data",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.5"}},
     .scope = {Scope::tls13, Scope::tls},
     .why = "It marks where the keys change; in its place or out of it the server aborts.",
     .check = in_each<end_of_early_data>},
    {.id = "key_update/value",
     .title = "KeyUpdate.request_update is 0 or 1",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.6.3"}},
     .scope = kTls13,
     .why = "A peer must abort with illegal_parameter on any other value.",
     .check = in_each<key_update_value>},
};

}  // namespace

std::span<const Rule> order_presence_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
