#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
namespace e = registry::extension;
namespace gr = registry::group;
namespace hs = registry::handshake_type;
using wire::ClientHello;
using wire::ServerHello;

void ask_for(Script& s, uint16_t group) {
  s.get<ServerHello>().extensions.put_typed(wire::ext::KeyShareRetry{.selected_group = group});
}

void reorder(wire::ExtensionList& extensions) {
  extensions.move(*extensions.index_of(e::signature_algorithms), 0);
}

}  // namespace

std::vector<Case> retry_cases() {
  return {
      {"retry/asks_for_a_change",
       "tls13_retry",
       kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.erase_type(e::key_share);
         s.get<ServerHello>().extensions.erase_type(e::cookie);
       },
       {"retry/cookie_echoed", "retry/hello_unchanged"}},
      {"retry/supported_versions", "tls13_retry", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.erase_type(e::supported_versions); }},
      {"retry/group_offered",
       "tls13_retry",
       kServer,
       [](Script& s) { ask_for(s, gr::x448); },
       {"retry/same_group", "retry/key_share_as_asked"}},
      {"retry/group_is_new",
       "tls13_retry",
       kServer,
       [](Script& s) { ask_for(s, gr::x25519); },
       {"retry/same_group", "retry/key_share_as_asked"}},
      {"retry/cipher_suite_offered",
       "tls13_retry",
       kServer,
       [](Script& s) { s.get<ServerHello>().cipher_suite = cs::TLS_CHACHA20_POLY1305_SHA256; },
       {"retry/same_cipher_suite"}},
      {"retry/session_id_echo", "tls13_retry", kServer,
       [](Script& s) { s.get<ServerHello>().legacy_session_id_echo.clear(); }},
      {"retry/once",
       "tls13_retry",
       kServer,
       [](Script& s) {
         const size_t retry = s.at(kServer, hs::server_hello);
         const size_t hello = s.at(kClient, hs::client_hello, 1);
         s.insert(hello + 1, s.steps[retry]);
         s.insert(hello + 2, s.steps[hello]);
       },
       {"order/tls13_client", "order/tls13_server"}},
      {"retry/same_cipher_suite", "tls13_retry", kServer,
       [](Script& s) { s.get<ServerHello>().cipher_suite = cs::TLS_AES_256_GCM_SHA384; }},
      {"retry/same_version", "tls13_retry", kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.put_typed(wire::ext::SupportedVersionsServer{.selected_version = 0x7f1c});
       }},
      {"retry/same_group",
       "tls13_retry",
       kServer,
       [](Script& s) {
         s.get<ServerHello>(1).extensions.put_typed(
             wire::ext::KeyShareServer{.group = gr::x25519, .key = Bytes(32, 1)});
       },
       {"key_share/offered"}},
      {"retry/cookie_echoed", "tls13_retry", kClient,
       [](Script& s) { s.get<ClientHello>(1).extensions.erase_type(e::cookie); }},
      {"retry/cookie_echoed", "tls13_retry", kClient,
       [](Script& s) { s.get<ClientHello>(1).extensions.put_typed(wire::ext::Cookie{.cookie = {1}}); }},
      {"retry/cookie_echoed", "tls13_retry", kClient,
       [](Script& s) { s.get<ServerHello>().extensions.erase_type(e::cookie); }},
      {"retry/no_cookie_at_first", "tls13", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.add_typed(wire::ext::Cookie{.cookie = {1}}); }},
      {"retry/key_share_as_asked", "tls13_retry", kClient,
       [](Script& s) {
         auto shares = *s.get<ClientHello>(1).extensions.get<wire::ext::KeyShareClient>();
         shares.groups.insert(shares.groups.begin(), gr::x25519);
         shares.keys.insert(0, Bytes(32, 3));
         s.get<ClientHello>(1).extensions.put_typed(shares);
       }},
      {"retry/no_early_data",
       "tls13_retry",
       kClient,
       [](Script& s) { s.get<ClientHello>(1).extensions.add_typed(wire::ext::EarlyData{}); },
       {"client_hello/early_data_with_psk"}},
      {"retry/hello_unchanged", "tls13_retry", kClient, [](Script& s) { s.get<ClientHello>(1).random[0] ^= 1; }},
      {"retry/hello_unchanged", "tls13_retry", kClient,
       [](Script& s) { s.get<ClientHello>(1).extensions.add(0x5a5a, {}); }},
      {"retry/hello_unchanged", "tls13_retry", kClient,
       [](Script& s) { s.get<ClientHello>(1).extensions.erase_type(e::session_ticket); }},
      {.rule = "retry/hello_unchanged",
       .honest = "tls13_retry",
       .by = kClient,
       .bend = [](Script& s) { reorder(s.get<ClientHello>(1).extensions); },
       .seen = "the order of the extensions is not as before"},
      {.rule = "retry/hello_unchanged",
       .honest = "tls13_retry",
       .by = kClient,
       .bend =
           [](Script& s) {
             auto& extensions = s.get<ClientHello>(1).extensions;
             reorder(extensions);
             extensions.put_typed(wire::ext::EcPointFormats{.formats = {0, 1}});
           },
       .seen = "ec_point_formats is not as before"},
  };
}

}  // namespace tlsproof::rules_test
