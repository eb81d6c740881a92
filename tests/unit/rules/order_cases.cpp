#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace hs = registry::handshake_type;
using Kind = Step::Kind;

// A message of the script once more, right behind the first.
void repeat(Script& s, Direction direction, uint8_t type) {
  const size_t at = s.at(direction, type);
  s.insert(at + 1, s.steps[at]);
}
void swap_with_next(Script& s, Direction direction, uint8_t type) {
  const size_t at = s.at(direction, type);
  s.steps[at].joined = s.steps[at + 1].joined = false;
  s.swap(at, at + 1);
}
void drop(Script& s, Direction direction, uint8_t type) {
  const size_t at = s.at(direction, type);
  if (at + 1 < s.steps.size()) s.steps[at + 1].joined = false;
  s.erase(at);
}

}  // namespace

std::vector<Case> order_cases() {
  return {
      {"order/first_message", "refused", kClient,
       [](Script& s) { s.insert(0, message(kClient, wire::Finished{.verify_data = Bytes(12, 1)})); }},
      {"order/first_message", "refused", kServer,
       [](Script& s) { s.insert(1, message(kServer, wire::ServerHelloDone{})); }},

      {"order/tls12_client", "tls12", kClient, [](Script& s) { repeat(s, kClient, hs::client_key_exchange); }},
      {"order/tls12_client", "tls12", kClient, [](Script& s) { drop(s, kClient, hs::finished); }},
      {"order/tls12_client", "tls12", kClient, [](Script& s) { repeat(s, kClient, hs::finished); }},
      {"order/tls12_client", "tls12", kClient, [](Script& s) { s.erase(s.at(kClient, Kind::change_cipher_spec)); }},
      {"order/tls12_client", "tls12_client_auth", kClient,
       [](Script& s) { swap_with_next(s, kClient, hs::certificate); }},
      {"order/tls12_client", "tls12_client_auth", kClient,
       [](Script& s) { swap_with_next(s, kClient, hs::client_key_exchange); }},
      {"order/tls12_client", "tls12_id", kClient, [](Script& s) { s.erase(s.at(kClient, Kind::change_cipher_spec)); }},
      {"order/tls12_client", "tls12_extras", kClient, [](Script& s) { swap_with_next(s, kClient, 67); }},
      {"order/tls12_client", "tls12_no_keys", kClient,
       [](Script& s) { s.steps[s.at(kClient, Kind::record)].content_type = registry::content_type::application_data; }},
      {"order/tls12_client", "tls12_renegotiated", kClient,
       [](Script& s) { s.insert(s.at(kClient, Kind::change_cipher_spec, 1) + 1, data(kClient, "too early")); }},

      {"order/tls12_server", "tls12", kServer, [](Script& s) { repeat(s, kServer, hs::server_hello); }},
      {"order/tls12_server", "tls12", kServer, [](Script& s) { s.erase(s.at(kServer, Kind::change_cipher_spec)); }},
      {"order/tls12_server", "tls12", kServer, [](Script& s) { drop(s, kServer, hs::server_hello_done); }},
      {"order/tls12_server", "tls12_client_auth", kServer,
       [](Script& s) { swap_with_next(s, kServer, hs::server_key_exchange); }},
      {"order/tls12_server", "tls12_extras", kServer,
       [](Script& s) { swap_with_next(s, kServer, hs::certificate_status); }},
      {"order/tls12_server", "tls12_extras", kServer,
       [](Script& s) { swap_with_next(s, kServer, hs::new_session_ticket); }},
      {"order/tls12_server", "tls12", kServer,
       [](Script& s) { s.insert(s.at(kServer, Kind::change_cipher_spec), data(kServer, "too early")); }},
      {"order/tls12_server", "tls12_ticket", kServer,
       [](Script& s) {
         s.insert(s.at(kServer, hs::finished) + 1,
                  message(kServer, wire::NewSessionTicket12{.ticket = {1}}, Level::application));
       }},

      {"order/tls13_client", "tls13", kClient, [](Script& s) { repeat(s, kClient, hs::finished); }},
      {"order/tls13_client", "tls13", kClient, [](Script& s) { drop(s, kClient, hs::finished); }},
      {"order/tls13_client",
       "tls13",
       kClient,
       [](Script& s) { repeat(s, kClient, hs::client_hello); },
       {"records/version_in_tls13"}},
      {"order/tls13_client", "tls13", kClient,
       [](Script& s) {
         s.insert(s.at(kClient, hs::finished),
                  message(kClient, wire::KeyUpdate{.request_update = 0}, Level::handshake));
       }},
      {"order/tls13_client", "tls13", kClient,
       [](Script& s) { s.insert(s.at(kClient, hs::finished), data(kClient, "too early", Level::handshake)); }},
      {"order/tls13_client", "tls13_client_auth", kClient,
       [](Script& s) { swap_with_next(s, kClient, hs::certificate); }},
      {"order/tls13_client", "tls13_early", kClient,
       [](Script& s) { s.insert(s.at(kClient, hs::end_of_early_data) + 1, data(kClient, "late", Level::early)); }},
      {"order/tls13_client", "tls13_post_auth", kClient,
       [](Script& s) { s.insert(s.at(kClient, hs::certificate) + 1, data(kClient, "between")); }},
      {"order/tls13_client", "tls13_no_keys", kClient,
       [](Script& s) {
         s.insert(s.at(kServer, hs::server_hello) + 1, message(kClient, wire::ClientKeyExchangeRsa{}));
       }},

      {"order/tls13_server", "tls13", kServer, [](Script& s) { swap_with_next(s, kServer, hs::encrypted_extensions); }},
      {"order/tls13_server",
       "tls13",
       kServer,
       [](Script& s) { drop(s, kServer, hs::certificate_verify); },
       {"certificate_verify/present"}},
      {"order/tls13_server", "tls13", kServer, [](Script& s) { repeat(s, kServer, hs::finished); }},
      {"order/tls13_server", "tls13_client_auth", kServer,
       [](Script& s) { swap_with_next(s, kServer, hs::certificate_request); }},
      {"order/tls13_server", "tls13", kServer,
       [](Script& s) { s.insert(s.at(kServer, hs::finished), data(kServer, "too early", Level::handshake)); }},
      {"order/tls13_server", "tls13", kServer,
       [](Script& s) {
         s.insert(s.at(kServer, hs::new_session_ticket), message(kServer, wire::HelloRequest{}, Level::application));
       }},
      {"order/tls13_server", "quic", kServer, [](Script& s) { drop(s, kServer, hs::encrypted_extensions); }},
      {"order/tls13_server", "tls13", kServer, [](Script& s) { drop(s, kServer, hs::encrypted_extensions); }},
  };
}

}  // namespace tlsproof::rules_test
