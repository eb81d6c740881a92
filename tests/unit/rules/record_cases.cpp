#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace ct = registry::content_type;
namespace e = registry::extension;
namespace hs = registry::handshake_type;
using Kind = Step::Kind;
using wire::ClientHello;
using wire::ServerHello;

Step& step_of(Script& s, Direction direction, uint8_t type) {
  return s.steps[s.at(direction, type)];
}
void set_limit(Script& s, uint16_t of_client, uint16_t of_server) {
  s.get<ClientHello>().extensions.put_typed(wire::ext::RecordSizeLimit{.limit = of_client});
  s.get<wire::EncryptedExtensions>().extensions.put_typed(wire::ext::RecordSizeLimit{.limit = of_server});
}

}  // namespace

std::vector<Case> record_cases() {
  return {
      {"records/version_in_tls13", "tls13", kServer,
       [](Script& s) { step_of(s, kServer, hs::server_hello).record_version = uint16_t{0x0301}; }},
      {"records/version_in_tls13", "tls13_retry", kClient,
       [](Script& s) { s.steps[s.at(kClient, hs::client_hello, 1)].record_version = uint16_t{0x0301}; }},
      {"records/version_in_tls12", "tls12", kServer,
       [](Script& s) { step_of(s, kServer, hs::certificate).record_version = uint16_t{0x0301}; }},
      {"records/version_in_tls12", "tls12", kClient,
       [](Script& s) { step_of(s, kClient, hs::client_key_exchange).record_version = uint16_t{0x0302}; }},
      {"records/plaintext_length", "tls12", kServer,
       [](Script& s) { s.steps[s.at(kServer, Kind::application_data, 1)].bytes = Bytes((1 << 14) + 1, 'x'); }},
      {"records/plaintext_length",
       "tls13",
       kClient,
       [](Script& s) { s.steps[s.at(kClient, Kind::application_data)].bytes = Bytes((1 << 14) + 1, 'x'); },
       {"records/record_size_limit"}},
      {"records/ciphertext_length", "tls13_no_keys", kServer,
       [](Script& s) { s.steps[s.at(kServer, Kind::record)].bytes = Bytes((1 << 14) + 257, 'x'); }},
      {"records/ciphertext_length", "tls12_no_keys", kClient,
       [](Script& s) { s.steps[s.at(kClient, Kind::record)].bytes = Bytes((1 << 14) + 2049, 'x'); }},
      {"records/not_empty", "tls12", kServer,
       [](Script& s) { s.insert(s.at(kServer, hs::certificate), record(kServer, ct::handshake, {})); }},
      {"records/not_empty", "tls13", kClient,
       [](Script& s) { s.insert(s.at(kClient, hs::key_update), record(kClient, ct::alert, {}, Level::application)); }},
      {"records/known_type", "tls12", kServer,
       [](Script& s) { s.insert(s.at(kServer, hs::certificate), record(kServer, 99, {1})); }},
      {"records/known_type", "tls12", kClient,
       [](Script& s) {
         s.insert(s.at(kClient, hs::client_key_exchange), record(kClient, ct::heartbeat, Bytes(19, 0)));
       }},
      {"records/known_type", "tls12", kClient,
       [](Script& s) {
         s.get<ClientHello>().extensions.add_typed(wire::ext::Heartbeat{.mode = 1});
         s.insert(s.at(kClient, hs::client_key_exchange), record(kClient, ct::heartbeat, Bytes(19, 0)));
       }},
      {"records/known_type", "tls13", kServer,
       [](Script& s) { s.insert(s.at(kServer, hs::new_session_ticket), record(kServer, 0, {}, Level::application)); }},
      {"records/not_interleaved", "tls13", kServer,
       [](Script& s) {
         step_of(s, kServer, hs::certificate).fragment_len = 100;
         step_of(s, kServer, hs::certificate).alert_between = Bytes{1, 90};
         s.steps[s.at(kServer, hs::certificate_verify)].joined = false;
       }},
      {"records/aligned", "tls13", kServer,
       [](Script& s) {
         const size_t at = s.at(kServer, hs::finished);
         s.move(s.at(kServer, hs::new_session_ticket), at + 1);
         s.steps[at + 1].joined = true;
       }},
      {"records/change_cipher_spec", "tls13", kServer,
       [](Script& s) { s.steps[s.at(kServer, Kind::change_cipher_spec)].bytes = {2}; }},
      {"records/change_cipher_spec", "tls12", kClient,
       [](Script& s) { s.steps[s.at(kClient, Kind::change_cipher_spec)].bytes = {1, 1}; }},
      {"records/change_cipher_spec_place", "tls13", kClient,
       [](Script& s) { s.insert(s.at(kClient, hs::finished) + 1, change_cipher_spec(kClient)); }},
      {"records/change_cipher_spec_place", "tls13", kServer,
       [](Script& s) {
         const size_t at = s.at(kServer, hs::finished);
         s.insert(at, change_cipher_spec(kServer));
         s.steps[at].level = Level::handshake;
       }},
      {"records/change_cipher_spec_place", "tls13", kClient,
       [](Script& s) { s.insert(s.at(kClient, hs::client_hello), change_cipher_spec(kClient)); }},
      {"records/change_cipher_spec_place", "tls13", kServer,
       [](Script& s) { s.insert(s.at(kClient, hs::client_hello), change_cipher_spec(kServer)); }},
      {"records/max_fragment_length", "tls12", kServer,
       [](Script& s) {
         s.get<ClientHello>().extensions.add_typed(wire::ext::MaxFragmentLength{.code = 1});
         s.get<ServerHello>().extensions.add_typed(wire::ext::MaxFragmentLength{.code = 1});
         s.steps[s.at(kServer, Kind::application_data, 1)].bytes = Bytes(513, 'x');
       }},
      {"records/record_size_limit", "tls13", kClient,
       [](Script& s) {
         set_limit(s, 16385, 64);
         s.steps[s.at(kClient, Kind::application_data)].bytes = Bytes(64, 'x');
       }},
      {"records/record_size_limit", "tls13", kServer,
       [](Script& s) {
         set_limit(s, 2000, 16385);
         s.steps[s.at(kServer, hs::finished)].padding_len = 2000;
       }},
  };
}

std::vector<Case> alert_cases() {
  namespace al = registry::alert;
  return {
      {"alerts/level", "refused", kServer, [](Script& s) { s.steps[1].bytes[0] = 3; }},
      {"alerts/known", "refused", kServer, [](Script& s) { s.steps[1].bytes[1] = 200; }},
      {"alerts/one_a_record", "tls13", kServer,
       [](Script& s) { s.steps[s.at(kServer, Kind::alert)].bytes = {1, 0, 1, 0}; }},
      {"alerts/level_in_tls13", "tls13", kServer,
       [](Script& s) { s.steps[s.at(kServer, Kind::alert)].bytes = {1, al::internal_error}; }},
      {"alerts/level_in_tls12", "tls12", kServer,
       [](Script& s) { s.steps[s.at(kServer, Kind::alert)].bytes = {1, al::unknown_ca}; }},
      {"alerts/level_in_tls12", "tls12", kClient,
       [](Script& s) { s.steps[s.at(kClient, Kind::alert)].bytes = {2, al::no_renegotiation}; }},
      {"alerts/not_reserved", "tls12", kServer,
       [](Script& s) { s.steps[s.at(kServer, Kind::alert)].bytes = {2, al::decryption_failed}; }},
      {"alerts/last_when_fatal", "tls12", kClient,
       [](Script& s) { s.insert(s.at(kClient, hs::client_key_exchange), alert(kClient, 2, al::bad_certificate)); }},
      {"alerts/last_when_fatal", "tls13", kServer,
       [](Script& s) {
         s.insert(s.at(kServer, Kind::application_data), alert(kServer, 2, al::internal_error, Level::application));
       }},
      {"alerts/last_when_closed", "tls13", kServer,
       [](Script& s) { s.insert(s.at(kServer, Kind::alert) + 1, data(kServer, "more")); }},
      {"alerts/last_when_closed", "tls12_no_keys", kServer,
       [](Script& s) { s.insert(s.at(kServer, hs::server_hello_done), alert(kServer, 1, al::close_notify)); }},
  };
}

std::vector<Case> quic_cases() {
  return {
      {"quic/only_tls13", "quic", kClient,
       [](Script& s) {
         s.get<ClientHello>().extensions.put_typed(wire::ext::SupportedVersionsClient{.versions = {0x0304, 0x0303}});
       }},
      {"quic/transport_parameters",
       "quic",
       kClient,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::quic_transport_parameters); },
       {"extensions/asked_for"}},
      {"quic/transport_parameters", "quic", kServer,
       [](Script& s) { s.get<wire::EncryptedExtensions>().extensions.erase_type(e::quic_transport_parameters); }},
      {"quic/transport_parameters_in_quic_alone", "tls13", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.add(e::quic_transport_parameters, Bytes{1, 0}); }},
      {"quic/empty_session_id", "quic", kClient,
       [](Script& s) {
         s.get<ClientHello>().legacy_session_id = {1};
         s.get<ServerHello>().legacy_session_id_echo = {1};
       }},
      {"quic/no_message_of_tcp", "quic", kServer,
       [](Script& s) {
         s.insert(s.at(kServer, hs::new_session_ticket), message(kServer, wire::KeyUpdate{}, Level::application));
       }},
      {"quic/no_post_handshake_authentication", "quic", kServer,
       [](Script& s) {
         s.get<ClientHello>().extensions.add_typed(wire::ext::PostHandshakeAuth{});
         wire::CertificateRequest13 request;
         request.certificate_request_context = {1};
         request.extensions.add_typed(wire::ext::SignatureAlgorithms{.schemes = {registry::signature_scheme::ed25519}});
         s.insert(s.at(kServer, hs::new_session_ticket), message(kServer, request, Level::application));
       }},
      {"quic/early_data_size", "quic", kServer,
       [](Script& s) {
         s.get<wire::NewSessionTicket13>().extensions.add_typed(
             wire::ext::EarlyDataTicket{.max_early_data_size = 16384});
       }},
      {"quic/alpn", "quic", kClient,
       [](Script& s) {
         s.get<ClientHello>().extensions.erase_type(e::application_layer_protocol_negotiation);
         s.get<wire::EncryptedExtensions>().extensions.erase_type(e::application_layer_protocol_negotiation);
       }},
  };
}

}  // namespace tlsproof::rules_test
