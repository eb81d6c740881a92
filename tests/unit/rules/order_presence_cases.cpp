#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
namespace e = registry::extension;
namespace hs = registry::handshake_type;
using Kind = Step::Kind;
using wire::ClientHello;
using wire::ServerHello;

void drop(Script& s, Direction direction, uint8_t type) {
  const size_t at = s.at(direction, type);
  if (at + 1 < s.steps.size()) s.steps[at + 1].joined = false;
  s.erase(at);
}

}  // namespace

std::vector<Case> order_presence_cases() {
  return {
      {"certificate/present", "tls13", kServer,
       [](Script& s) {
         drop(s, kServer, hs::certificate);
         drop(s, kServer, hs::certificate_verify);
       }},
      {"certificate/by_suite", "tls12_rsa", kServer, [](Script& s) { drop(s, kServer, hs::certificate); }},
      {"certificate/by_suite",
       "tls12_dhe",
       kServer,
       [](Script& s) {
         s.get<ClientHello>().cipher_suites.push_back(cs::TLS_DH_anon_WITH_AES_128_GCM_SHA256);
         s.get<ServerHello>().cipher_suite = cs::TLS_DH_anon_WITH_AES_128_GCM_SHA256;
       },
       {"deprecated/anonymous"}},
      {"certificate/not_with_psk",
       "tls13_psk",
       kServer,
       [](Script& s) {
         wire::Certificate13 own;
         own.add(certificate());
         const size_t at = s.at(kServer, hs::finished);
         s.insert(at, message(kServer, own, Level::handshake));
         s.insert(at + 1,
                  message(kServer,
                          wire::CertificateVerify{.algorithm = registry::signature_scheme::ecdsa_secp256r1_sha256,
                                                  .signature = Bytes(70, 0x30)},
                          Level::handshake));
       },
       {"signature/form"}},
      {"certificate/context_echoed", "tls13_post_auth", kClient,
       [](Script& s) { s.get<wire::Certificate13>(1).certificate_request_context = {8}; }},
      {"certificate_verify/present", "tls13_client_auth", kClient,
       [](Script& s) { drop(s, kClient, hs::certificate_verify); }},
      {"certificate_verify/present_of_client", "tls12_client_auth", kClient,
       [](Script& s) { drop(s, kClient, hs::certificate_verify); }},
      {"client_certificate/asked_for", "tls13_client_auth", kClient,
       [](Script& s) { drop(s, kServer, hs::certificate_request); }},
      {"client_certificate/asked_for", "tls12_client_auth", kClient,
       [](Script& s) { drop(s, kServer, hs::certificate_request); }},
      {"client_certificate/answered", "tls13_client_auth", kClient,
       [](Script& s) {
         drop(s, kClient, hs::certificate);
         drop(s, kClient, hs::certificate_verify);
       }},
      {"client_certificate/answered", "tls12_client_auth", kClient,
       [](Script& s) {
         drop(s, kClient, hs::certificate);
         drop(s, kClient, hs::certificate_verify);
       }},
      {"client_certificate/post_handshake_offered", "tls13_post_auth", kServer,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::post_handshake_auth); }},
      {"server_key_exchange/by_suite", "tls12", kServer, [](Script& s) { drop(s, kServer, hs::server_key_exchange); }},
      {"server_key_exchange/by_suite", "tls12_rsa", kServer,
       [](Script& s) {
         s.insert(s.at(kServer, hs::server_hello_done), message(kServer, wire::ServerKeyExchangeEcdhe{}));
       }},
      {"client_key_exchange/present", "tls12", kClient, [](Script& s) { drop(s, kClient, hs::client_key_exchange); }},
      {"certificate_status/announced", "tls12_extras", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.erase_type(e::status_request); }},
      {"early_data/end", "tls13_early", kClient, [](Script& s) { drop(s, kClient, hs::end_of_early_data); }},
      {"early_data/end", "tls13_early", kClient,
       [](Script& s) { s.get<wire::EncryptedExtensions>().extensions.erase_type(e::early_data); }},
      {"key_update/value", "tls13", kClient, [](Script& s) { s.get<wire::KeyUpdate>().request_update = 2; }},
  };
}

}  // namespace tlsproof::rules_test
