#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace e = registry::extension;
namespace gr = registry::group;
using registry::version::TLS1_2;
using registry::version::TLS1_3;
using wire::ClientHello;

void set_shares(Script& s, std::initializer_list<uint16_t> groups) {
  wire::ext::KeyShareClient shares;
  for (const uint16_t group : groups) shares.add(group, Bytes(group == gr::x25519 ? 32 : 1, 9));
  s.get<ClientHello>().extensions.put_typed(shares);
}
void set_name(Script& s, std::string_view name) {
  wire::ext::ServerName list;
  list.add_host(name);
  s.get<ClientHello>().extensions.put_typed(list);
}

}  // namespace

std::vector<Case> hello_cases() {
  return {
      {"client_hello/legacy_version", "tls13", kClient,
       [](Script& s) { s.get<ClientHello>().legacy_version = 0x0304; }},
      {"client_hello/version_field",
       "refused",
       kClient,
       [](Script& s) {
         s.get<ClientHello>().legacy_version = TLS1_3;
         s.get<ClientHello>().extensions.erase_type(e::supported_versions);
       },
       {"client_hello/record_size_limit"}},
      {"client_hello/null_compression",
       "tls12",
       kClient,
       [](Script& s) {
         s.get<ClientHello>().extensions.put_typed(wire::ext::SupportedVersionsClient{.versions = {TLS1_2}});
         s.get<ClientHello>().legacy_compression_methods = {1};
         s.get<wire::ServerHello>().legacy_compression_method = 1;
       },
       {"client_hello/record_size_limit"}},
      {"client_hello/only_null_compression", "tls13", kClient,
       [](Script& s) { s.get<ClientHello>().legacy_compression_methods = {1, 0}; }},
      {"client_hello/only_null_compression", "refused", kClient,
       [](Script& s) { s.get<ClientHello>().legacy_compression_methods = {0, 0}; }},
      {"client_hello/pre_shared_key_last", "tls13_psk", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.add(0x5a5a, {}); }},
      {"client_hello/psk_key_exchange_modes", "tls13_psk", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::psk_key_exchange_modes); }},
      {"client_hello/psk_binders", "tls13_psk", kClient,
       [](Script& s) {
         auto psk = *s.get<ClientHello>().extensions.get<wire::ext::PreSharedKeyClient>();
         psk.binders.push_back(Bytes(32, 1));
         s.get<ClientHello>().extensions.put_typed(psk);
       }},
      {"client_hello/early_data_with_psk", "tls13", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.add_typed(wire::ext::EarlyData{}); }},
      {"client_hello/mandatory_extensions", "refused", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::signature_algorithms); }},
      {"client_hello/mandatory_extensions",
       "refused",
       kClient,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::supported_groups); },
       {"client_hello/groups_with_key_share"}},
      {"client_hello/groups_with_key_share", "refused", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::key_share); }},
      {"client_hello/key_share_in_groups",
       "tls13",
       kClient,
       [](Script& s) { set_shares(s, {gr::x25519, gr::x448}); },
       {"key_share/length"}},
      {"client_hello/key_share_once", "tls13", kClient, [](Script& s) { set_shares(s, {gr::x25519, gr::x25519}); }},
      {"client_hello/key_share_order",
       "refused",
       kClient,
       [](Script& s) { set_shares(s, {gr::secp256r1, gr::x25519}); },
       {"key_share/length"}},
      {"client_hello/point_formats", "tls12", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.put_typed(wire::ext::EcPointFormats{.formats = {1}}); }},
      {"client_hello/padding", "tls13", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.put_typed(wire::ext::Padding{.bytes = {0, 0, 1}}); }},
      {"client_hello/server_name", "tls13", kClient, [](Script& s) { set_name(s, "192.0.2.1"); }},
      {"client_hello/server_name", "tls12", kClient, [](Script& s) { set_name(s, "2001:db8::1"); }},
      {"client_hello/server_name", "quic", kClient, [](Script& s) { set_name(s, "server.test."); }},
      {"client_hello/server_name", "refused", kClient, [](Script& s) { set_name(s, "s\xc3\xa9rver.test"); }},
      {"client_hello/server_name", "refused", kClient,
       [](Script& s) {
         wire::ext::ServerName list;
         list.add_host("a.test");
         list.add_host("b.test");
         s.get<ClientHello>().extensions.put_typed(list);
       }},
      {"client_hello/record_size_limit", "refused", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.put_typed(wire::ext::RecordSizeLimit{.limit = 63}); }},
      {"client_hello/record_size_limit", "tls12_rsa", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.put_typed(wire::ext::RecordSizeLimit{.limit = 16385}); }},
      {"client_hello/max_fragment_length", "tls12", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.put_typed(wire::ext::MaxFragmentLength{.code = 5}); }},
      {"client_hello/renegotiation_signal", "refused", kClient,
       [](Script& s) {
         std::erase(s.get<ClientHello>().cipher_suites, registry::cipher_suite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
       }},
  };
}

}  // namespace tlsproof::rules_test
