// Sessions that are resumed, the tickets that allow it, and renegotiation.
#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace e = registry::extension;
namespace hs = registry::handshake_type;
using verdict::Requirement;

constexpr uint32_t kMaxLifetime = 604'800;  // RFC 8446 §4.6.1: seven days

// ---- TLS 1.3 tickets

void lifetime(const Handshake& h, Breaches& out) {
  for (const MessageRead& read : h.messages)
    if (const auto* ticket = read.as<wire::NewSessionTicket13>(); ticket != nullptr)
      if (ticket->ticket_lifetime > kMaxLifetime)
        out.add(kServer, {read.event}, fmt::format("a lifetime of {} seconds", ticket->ticket_lifetime));
}

// ---- TLS 1.2

void ticket_announced(const Handshake& h, Breaches& out) {
  const MessageRead* ticket = h.find(kServer, hs::new_session_ticket);
  if (ticket != nullptr && h.server_hello != nullptr && !h.server_hello->extensions.has(e::session_ticket))
    out.add(kServer, {h.server_hello_read->event, ticket->event},
            "NewSessionTicket without session_ticket in ServerHello");
}

void ticket_sent(const Handshake& h, Breaches& out) {
  const MessageRead* finished = h.find(kServer, hs::finished);
  if (finished == nullptr || h.server_hello == nullptr || !h.seen_to(kServer, finished->event)) return;
  if (h.server_hello->extensions.has(e::session_ticket) && h.find(kServer, hs::new_session_ticket) == nullptr)
    out.add(kServer, {h.server_hello_read->event, finished->event},
            "session_ticket in ServerHello, but no NewSessionTicket");
}

// What the server sent after a ServerHello with the client's own session id, when that was no resumption.
void echo_means_resumption(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || h.hello == nullptr) return;
  const Bytes& offered = h.hello->message->legacy_session_id;
  if (offered.empty() || h.server_hello->legacy_session_id_echo != offered) return;
  for (const uint8_t type : {hs::certificate, hs::server_key_exchange, hs::server_hello_done})
    if (const MessageRead* read = h.find(kServer, type)) {
      out.add(kServer, {h.hello->event(), h.server_hello_read->event, read->event},
              fmt::format("resumes the client's session id, then sends {}", registry::handshake_type_name(type)));
      return;
    }
}

// The server's ChangeCipherSpec came straight after its ServerHello (and NewSessionTicket).
void resumption_offered(const Seen& seen, Breaches& out) {
  if (seen.handshakes.empty()) return;
  const Handshake& h = seen.handshakes.front();
  if (h.server_hello == nullptr || h.hello == nullptr || h.find(kServer, hs::server_hello_done) != nullptr ||
      h.find(kServer, hs::certificate) != nullptr || h.find(kServer, hs::server_key_exchange) != nullptr)
    return;
  const auto events = seen.events();
  size_t ccs = h.server_hello_read->event;
  while (ccs < events.size() &&
         !(events[ccs].kind == EventKind::change_cipher_spec && events[ccs].direction == kServer))
    ++ccs;
  if (ccs == events.size() || !h.seen_to(kServer, ccs)) return;
  const Bytes& offered = h.hello->message->legacy_session_id;
  const auto ticket = h.hello->message->extensions.find(e::session_ticket);
  const bool by_ticket = ticket && !ticket->empty();
  // RFC 5077 §3.4: a ticket that is accepted is answered with the client's session id, when it sent one.
  if (!offered.empty() ? h.server_hello->legacy_session_id_echo == offered : by_ticket) return;
  out.add(kServer, {h.hello->event(), h.server_hello_read->event, ccs},
          offered.empty() ? "resumes a session though neither a ticket nor a session id was offered"
                          : "resumes a session, but its session id is not the client's");
}

// ---- renegotiation_info

void server_answers(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || h.hello == nullptr) return;
  const bool asked =
      h.hello->has(e::renegotiation_info) ||
      contains(h.hello->message->cipher_suites, registry::cipher_suite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
  if (asked && !h.server_hello->extensions.has(e::renegotiation_info))
    out.add(kServer, {h.hello->event(), h.server_hello_read->event}, "no renegotiation_info");
}

void empty_at_first(const Handshake& h, Breaches& out) {
  if (!h.is_first) return;
  const auto check = [&](Direction by, const MessageRead* read, const wire::ExtensionList& list) {
    const auto info = list.get<wire::ext::RenegotiationInfo>();
    if (info && !info->renegotiated_connection.empty() && h.seen_to(kClient, read->event) &&
        h.seen_to(kServer, read->event))
      out.add(by, {read->event}, fmt::format("{} bytes in the first handshake", info->renegotiated_connection.size()));
  };
  if (h.first_hello != nullptr) check(kClient, h.first_hello->read, h.first_hello->message->extensions);
  if (h.server_hello != nullptr) check(kServer, h.server_hello_read, h.server_hello->extensions);
}

// RFC 5746 §3.5 and §3.7: bound to the Finished messages of the handshake before.
void bound(const Seen& seen, Breaches& out) {
  for (size_t i = 1; i < seen.handshakes.size(); ++i) {
    const Handshake& before = seen.handshakes[i - 1];
    const Handshake& h = seen.handshakes[i];
    const auto* client = before.get<wire::Finished>(kClient);
    const auto* server = before.get<wire::Finished>(kServer);
    if (client == nullptr || server == nullptr) continue;
    // RFC 5746 §3.5: only where both agreed on it; a first handshake without is renegotiation/server_answers' business.
    if (before.server_hello != nullptr && !before.server_hello->extensions.has(registry::extension::renegotiation_info))
      continue;
    Bytes wanted = client->verify_data;
    if (h.first_hello != nullptr) {
      const auto info = h.first_hello->message->extensions.get<wire::ext::RenegotiationInfo>();
      if (!info || info->renegotiated_connection != wanted)
        out.add(kClient, {before.find(kClient, hs::finished)->event, h.first_hello->event()},
                info ? "renegotiation_info is not the client's verify_data" : "no renegotiation_info");
    }
    if (h.server_hello != nullptr) {
      append(wanted, server->verify_data);
      const auto info = h.server_hello->extensions.get<wire::ext::RenegotiationInfo>();
      if (!info || info->renegotiated_connection != wanted)
        out.add(kServer, {before.find(kServer, hs::finished)->event, h.server_hello_read->event},
                info ? "renegotiation_info is not both sides' verify_data" : "no renegotiation_info");
    }
  }
}

constexpr Rule kRules[] = {
    {.id = "new_session_ticket/lifetime",
     .title = "A TLS 1.3 ticket lives at most seven days",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.6.1"}},
     .scope = kTls13,
     .why = "A stolen ticket key opens what its tickets protect for as long as they live.",
     .check = in_each<lifetime>},
    {.id = "new_session_ticket/announced",
     .title = "A TLS 1.2 server sends NewSessionTicket only after session_ticket in its ServerHello",
     .requirement = Requirement::must,
     .cites = {Cite{5077, "3.3"}},
     .scope = kBelow13OverRecords,
     .why = "The client does not expect the message otherwise.",
     .check = in_each<ticket_announced>},
    {.id = "new_session_ticket/sent",
     .title = "A TLS 1.2 server with session_ticket in its ServerHello sends NewSessionTicket",
     .requirement = Requirement::must,
     .cites = {Cite{5077, "3.3"}},
     .scope = kBelow13OverTcp,
     .why = "The client waits for the message before ChangeCipherSpec.",
     .check = in_each<ticket_sent>},
    {.id = "resumption/echo_means_it",
     .title = "A TLS 1.2 server that answers with the client's session id resumes that session",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.4.1.3"}, Cite{5077, "3.4"}},
     .scope = kBelow13OverRecords,
     .why = "The client takes the echo for the acceptance of its session, and expects ChangeCipherSpec.",
     .check = in_each<echo_means_resumption>},
    {.id = "resumption/offered",
     .title = "A TLS 1.2 server resumes only a session that the client offered, and says which",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.4.1.3"}, Cite{5077, "3.4"}},
     .scope = kBelow13OverTcp,
     .why = "Only the session's master secret authenticates the server then.",
     .check = resumption_offered},
    {.id = "renegotiation/server_answers",
     .title = "A server of TLS 1.2 or below answers the client's renegotiation signal by renegotiation_info",
     .requirement = Requirement::must,
     .cites = {Cite{5746, "3.6"}},
     .scope = kBelow13OverRecords,
     .why = "Without it an attacker can splice a client's handshake into a session of its own.",
     .check = in_each<server_answers>},
    {.id = "renegotiation/empty_at_first",
     .title = "renegotiation_info is empty in the first handshake of a connection",
     .requirement = Requirement::must,
     .cites = {Cite{5746, "3.4"}, Cite{5746, "3.6"}},
     .scope = {Scope::undecided | Scope::before_tls13, Scope::tls | Scope::dtls},
     .why = "There is no handshake before it whose Finished could stand there; a peer must abort.",
     .check = in_each<empty_at_first>},
    {.id = "renegotiation/bound",
     .title = "A renegotiation is bound to the Finished messages of the handshake before it",
     .requirement = Requirement::must,
     .cites = {Cite{5746, "3.5"}, Cite{5746, "3.7"}},
     .scope = kBelow13OverTcp,
     .why = "Without it an attacker can splice a client's handshake into a session of its own.",
     .check = bound},
};

}  // namespace

std::span<const Rule> resumption_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
