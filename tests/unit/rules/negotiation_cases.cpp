#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
using registry::version::TLS1_1;
using registry::version::TLS1_3;
using wire::ClientHello;
using wire::ServerHello;

}  // namespace

std::vector<Case> negotiation_cases() {
  return {
      {"server_hello/version_offered", "tls13", kServer,
       [](Script& s) {
         s.get<ClientHello>().extensions.put_typed(wire::ext::SupportedVersionsClient{.versions = {0x0303}});
       }},
      {"server_hello/version_offered", "tls12_rsa", kServer,
       [](Script& s) { s.get<ClientHello>().legacy_version = TLS1_1; }},
      {"server_hello/legacy_version", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_version = TLS1_3; }},
      {"server_hello/cipher_suite_offered", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().cipher_suite = cs::TLS_CHACHA20_POLY1305_SHA256; }},
      {"server_hello/cipher_suite_offered", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().cipher_suite = cs::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384; }},
      {"server_hello/cipher_suite_fits_version", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().cipher_suite = cs::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; }},
      {"server_hello/cipher_suite_fits_version", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().cipher_suite = cs::TLS_AES_128_GCM_SHA256; }},
      {"server_hello/cipher_suite_is_no_signal", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().cipher_suite = cs::TLS_EMPTY_RENEGOTIATION_INFO_SCSV; }},
      {"server_hello/compression_offered", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_compression_method = 1; }},
      {"server_hello/compression_null", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_compression_method = 1; }},
      {"server_hello/session_id_echo", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_session_id_echo.pop_back(); }},
  };
}

}  // namespace tlsproof::rules_test
