#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace e = registry::extension;
namespace hs = registry::handshake_type;
using wire::ClientHello;
using wire::ServerHello;

}  // namespace

std::vector<Case> resumption_cases() {
  return {
      {"new_session_ticket/lifetime", "tls13", kServer,
       [](Script& s) { s.get<wire::NewSessionTicket13>().ticket_lifetime = 604'801; }},
      {"new_session_ticket/announced", "tls12_extras", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.erase_type(e::session_ticket); }},
      {"new_session_ticket/sent", "tls12_extras", kServer,
       [](Script& s) { s.erase(s.at(kServer, hs::new_session_ticket)); }},
      {"resumption/echo_means_it", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_session_id_echo = s.get<ClientHello>().legacy_session_id; }},
      {"resumption/offered", "tls12_id", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_session_id_echo = Bytes(32, 0x99); }},
      {"resumption/offered", "tls12_id", kServer, [](Script& s) { s.get<ClientHello>().legacy_session_id.clear(); }},
      {"resumption/offered", "tls12_ticket", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_session_id_echo.clear(); }},
      {"renegotiation/server_answers", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.erase_type(e::renegotiation_info); }},
      {"renegotiation/empty_at_first", "tls12", kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.put_typed(wire::ext::RenegotiationInfo{.renegotiated_connection = {1}});
       }},
      {"renegotiation/empty_at_first", "refused", kClient,
       [](Script& s) {
         s.get<ClientHello>().extensions.put_typed(wire::ext::RenegotiationInfo{.renegotiated_connection = {1}});
       }},
      {"renegotiation/bound", "tls12_renegotiated", kClient,
       [](Script& s) {
         s.get<ClientHello>(1).extensions.put_typed(
             wire::ext::RenegotiationInfo{.renegotiated_connection = Bytes(12, 0)});
       }},
      {"renegotiation/bound", "tls12_renegotiated", kServer,
       [](Script& s) {
         s.get<ServerHello>(1).extensions.put_typed(
             wire::ext::RenegotiationInfo{.renegotiated_connection = Bytes(12, 0xf1)});
       }},
  };
}

}  // namespace tlsproof::rules_test
