#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
namespace e = registry::extension;
namespace gr = registry::group;
namespace ss = registry::signature_scheme;
using wire::ClientHello;
using wire::ServerHello;

}  // namespace

std::vector<Case> key_exchange_cases() {
  return {
      {"key_share/present", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.erase_type(e::key_share); }},
      {"key_share/offered", "tls13", kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.put_typed(wire::ext::KeyShareServer{.group = gr::x448, .key = Bytes(56, 1)});
       }},
      {"key_share/offered",
       "tls13_retry",
       kServer,
       [](Script& s) {
         s.get<ServerHello>(1).extensions.put_typed(
             wire::ext::KeyShareServer{.group = gr::x25519, .key = Bytes(32, 1)});
       },
       {"retry/same_group"}},
      {"pre_shared_key/identity_offered", "tls13_psk", kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.put_typed(wire::ext::PreSharedKeyServer{.selected_identity = 1});
       }},
      {"pre_shared_key/hash_fits",
       "tls13_psk",
       kServer,
       [](Script& s) { s.get<ServerHello>().cipher_suite = cs::TLS_AES_256_GCM_SHA384; },
       {"finished/length"}},
      {"pre_shared_key/mode_offered", "tls13_psk", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.erase_type(e::key_share); }},
      {"pre_shared_key/mode_offered", "tls13_psk", kServer,
       [](Script& s) {
         s.get<ClientHello>().extensions.put_typed(wire::ext::PskKeyExchangeModes{.modes = {0}});
         // psk_key_exchange_modes has moved behind nothing: pre_shared_key stays last.
       }},
      {"early_data/first_identity", "tls13_early", kServer,
       [](Script& s) {
         auto& hello = s.get<ClientHello>().extensions;
         auto psk = *hello.get<wire::ext::PreSharedKeyClient>();
         psk.add(Bytes(32, 0xac), 1000);
         psk.binders.push_back(Bytes(32, 0xbd));
         hello.put_typed(psk);
         s.get<ServerHello>().extensions.put_typed(wire::ext::PreSharedKeyServer{.selected_identity = 1});
       }},
      {"server_key_exchange/curve_offered", "tls12", kServer,
       [](Script& s) {
         auto& exchange = s.get<wire::ServerKeyExchangeEcdhe>();
         exchange.named_curve = gr::x448;
         exchange.public_key = Bytes(56, 9);
         s.get<wire::ClientKeyExchangeEcdhe>().public_key = Bytes(56, 9);
       }},
      {"signature/server_scheme_offered",
       "tls13",
       kServer,
       [](Script& s) { s.get<wire::CertificateVerify>().algorithm = ss::ed25519; },
       {"certificate/scheme_fits_key"}},
      {"signature/server_scheme_offered",
       "tls12",
       kServer,
       [](Script& s) { s.get<wire::ServerKeyExchangeEcdhe>().signed_part.algorithm = ss::ecdsa_secp384r1_sha384; },
       {"certificate/scheme_fits_key"}},
      {"signature/server_scheme_offered", "tls12_client_auth", kServer,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::signature_algorithms); }},
      {"signature/client_scheme_offered",
       "tls13_client_auth",
       kClient,
       [](Script& s) { s.get<wire::CertificateVerify>(1).algorithm = ss::ed448; },
       {"certificate/scheme_fits_key"}},
      {"signature/client_scheme_offered",
       "tls13_post_auth",
       kClient,
       [](Script& s) { s.get<wire::CertificateVerify>(1).algorithm = ss::ed448; },
       {"certificate/scheme_fits_key"}},
      {"signature/client_scheme_offered",
       "tls12_client_auth",
       kClient,
       [](Script& s) { s.get<wire::CertificateVerify>().algorithm = ss::ed448; },
       {"certificate/scheme_fits_key"}},
      {"signature/scheme_of_tls13",
       "tls13",
       kServer,
       [](Script& s) { s.get<wire::CertificateVerify>().algorithm = ss::rsa_pkcs1_sha256; },
       {"certificate/scheme_fits_key"}},
  };
}

}  // namespace tlsproof::rules_test
