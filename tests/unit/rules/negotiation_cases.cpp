#include <algorithm>

#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
namespace e = registry::extension;
using registry::version::TLS1_1;
using registry::version::TLS1_3;
using wire::ClientHello;
using wire::ServerHello;

void set_sentinel(Script& s, const std::array<uint8_t, 8>& sentinel) {
  auto& random = s.get<ServerHello>().random;
  std::copy(sentinel.begin(), sentinel.end(), random.end() - 8);
}
wire::ext::Alpn alpn(std::initializer_list<std::string_view> names) {
  wire::ext::Alpn out;
  for (const std::string_view name : names) out.protocols.push_back(as_bytes(name));
  return out;
}

}  // namespace

std::vector<Case> negotiation_cases() {
  return {
      {"server_hello/version_offered",
       "tls13",
       kServer,
       [](Script& s) {
         s.get<ClientHello>().extensions.put_typed(wire::ext::SupportedVersionsClient{.versions = {0x0303}});
       },
       {"client_hello/record_size_limit"}},
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
      {"server_hello/compression_offered",
       "tls12",
       kServer,
       [](Script& s) { s.get<ServerHello>().legacy_compression_method = 1; },
       {"deprecated/compression"}},
      {"server_hello/compression_null", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_compression_method = 1; }},
      {"server_hello/session_id_echo", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_session_id_echo.pop_back(); }},
      {"server_hello/no_sentinel_in_tls13", "tls13", kServer,
       [](Script& s) { set_sentinel(s, wire::kDowngradeTls12); }},
      {"downgrade/client_stops", "tls12", kClient, [](Script& s) { set_sentinel(s, wire::kDowngradeTls12); }},
      {"downgrade/fallback_refused", "tls12_rsa", kServer,
       [](Script& s) {
         s.get<ClientHello>().cipher_suites.push_back(cs::TLS_FALLBACK_SCSV);
         set_sentinel(s, wire::kDowngradeTls12);
       }},
      {"alpn/one_protocol", "tls13", kServer,
       [](Script& s) { s.get<wire::EncryptedExtensions>().extensions.put_typed(alpn({"h2", "http/1.1"})); }},
      {"alpn/offered", "tls13", kServer,
       [](Script& s) { s.get<wire::EncryptedExtensions>().extensions.put_typed(alpn({"spdy/3"})); }},
      {"alpn/offered", "tls12", kServer, [](Script& s) { s.get<ServerHello>().extensions.put_typed(alpn({"h3"})); }},
      {"encrypt_then_mac/only_with_cbc", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.add_typed(wire::ext::EncryptThenMac{}); }},
      {"server_hello/point_formats", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.put_typed(wire::ext::EcPointFormats{.formats = {2}}); }},
      {"max_fragment_length/same",
       "tls13",
       kServer,
       [](Script& s) {
         s.get<ClientHello>().extensions.add_typed(wire::ext::MaxFragmentLength{.code = 1});
         auto& answer = s.get<wire::EncryptedExtensions>().extensions;
         answer.add_typed(wire::ext::MaxFragmentLength{.code = 2});
         answer.erase_type(e::record_size_limit);
       },
       {"records/max_fragment_length"}},
      {"record_size_limit/alone", "tls13", kServer,
       [](Script& s) {
         s.get<ClientHello>().extensions.add_typed(wire::ext::MaxFragmentLength{.code = 4});
         s.get<wire::EncryptedExtensions>().extensions.add_typed(wire::ext::MaxFragmentLength{.code = 4});
       }},
      {"record_size_limit/value", "tls13", kServer,
       [](Script& s) {
         s.get<wire::EncryptedExtensions>().extensions.put_typed(wire::ext::RecordSizeLimit{.limit = 16386});
       }},
  };
}

}  // namespace tlsproof::rules_test
