#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace gr = registry::group;
namespace hs = registry::handshake_type;

Bytes off_curve() {
  Bytes point(65, 0x11);
  point[0] = 4;
  return point;
}

// Two records whose explicit nonces are the same.
void add_records(Script& s, uint8_t first, uint8_t second) {
  for (const uint8_t nonce : {first, second}) {
    Step step = sealed(kServer, registry::content_type::application_data, 40);
    step.bytes.assign(40, nonce);
    s.steps.push_back(step);
  }
}

}  // namespace

std::vector<Case> value_cases() {
  using wire::ClientHello;
  using wire::Finished;
  using wire::ServerHello;
  using wire::ServerKeyExchangeDhe;
  using wire::ServerKeyExchangeEcdhe;
  using wire::ext::KeyShareClient;
  using wire::ext::KeyShareServer;
  return {
      {"key_share/length", "tls13", kClient,
       [](Script& s) {
         KeyShareClient shares;
         shares.add(gr::x25519, Bytes(31, 9));
         s.get<ClientHello>().extensions.put_typed(shares);
       }},
      {"key_share/length", "tls13", kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.put_typed(KeyShareServer{.group = gr::x25519, .key = Bytes(33, 9)});
       }},
      {"key_share/length", "quic", kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.put_typed(KeyShareServer{.group = gr::x25519, .key = Bytes(33, 9)});
       }},
      {"key_share/valid", "tls13_retry", kServer,
       [](Script& s) {
         s.get<ServerHello>(1).extensions.put_typed(KeyShareServer{.group = gr::secp256r1, .key = off_curve()});
       }},
      {"key_share/valid", "tls13", kClient,
       [](Script& s) {
         KeyShareClient shares;
         shares.add(gr::x25519, Bytes(32, 9));
         shares.add(gr::secp256r1, off_curve());
         s.get<ClientHello>().extensions.put_typed(shares);
       }},
      {"key_exchange/point", "tls12", kServer,
       [](Script& s) {
         auto& exchange = s.get<ServerKeyExchangeEcdhe>();
         exchange.named_curve = gr::secp256r1;
         exchange.public_key = off_curve();
         s.get<wire::ClientKeyExchangeEcdhe>().public_key = *from_hex(
             "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
             "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
       }},
      {"key_exchange/point", "tls12", kClient,
       [](Script& s) { s.get<wire::ClientKeyExchangeEcdhe>().public_key.pop_back(); }},
      {"key_exchange/dh_value", "tls12_dhe", kServer,
       [](Script& s) {
         auto& exchange = s.get<ServerKeyExchangeDhe>();
         exchange.dh_Ys = exchange.dh_p;
         --exchange.dh_Ys.back();  // p - 1, of order 2
       }},
      {"key_exchange/dh_value", "tls12_dhe", kClient,
       [](Script& s) { s.get<wire::ClientKeyExchangeDhe>().dh_Yc = Bytes{0, 1}; }},
      {"key_exchange/premaster_length", "tls12_rsa", kClient,
       [](Script& s) { s.get<wire::ClientKeyExchangeRsa>().encrypted_pre_master_secret.pop_back(); }},
      {"finished/length", "tls13", kServer, [](Script& s) { s.get<Finished>().verify_data.resize(12); }},
      {"finished/length", "tls12", kServer, [](Script& s) { s.get<Finished>(1).verify_data.resize(32); }},
      {"new_session_ticket/nonce", "tls13", kServer,
       [](Script& s) {
         s.get<wire::NewSessionTicket13>(1).ticket_nonce = s.get<wire::NewSessionTicket13>().ticket_nonce;
       }},
      {"new_session_ticket/age_add", "tls13", kServer,
       [](Script& s) {
         s.get<wire::NewSessionTicket13>(1).ticket_age_add = s.get<wire::NewSessionTicket13>().ticket_age_add;
       }},
      {"records/explicit_nonce", "tls12_no_keys", kServer, [](Script& s) { add_records(s, 5, 5); }},
      {"heartbeat/payload_length",
       "tls12",
       kClient,
       [](Script& s) {
         s.steps.push_back(record(kClient, registry::content_type::heartbeat, {1, 0x40, 0, 0}, Level::application));
       },
       {"records/type", "heartbeat/negotiated", "records/content_type", "records/known_type"}},
  };
}

}  // namespace tlsproof::rules_test
