#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
namespace e = registry::extension;
namespace gr = registry::group;
namespace hs = registry::handshake_type;
using wire::ClientHello;
using wire::EncryptedExtensions;
using wire::ServerHello;

}  // namespace

std::vector<Case> extension_cases() {
  return {
      {"messages/well_formed", "tls12", kServer,
       [](Script& s) { s.steps[s.at(kServer, hs::server_hello_done)].bytes = {hs::server_hello_done, 0, 0, 1, 0}; }},
      {"messages/well_formed", "tls13", kServer,
       [](Script& s) {
         s.steps[s.at(kServer, hs::certificate_verify)].bytes = {hs::certificate_verify, 0, 0, 3, 4, 3, 0};
         s.steps[s.at(kServer, hs::certificate_verify)].joined = false;
       }},
      {"extensions/well_formed", "tls13", kClient,
       [](Script& s) { s.get<ClientHello>().extensions.add(e::post_handshake_auth, Bytes{1}); }},
      {"extensions/well_formed", "tls12", kServer,
       [](Script& s) {
         auto& list = s.get<ServerHello>().extensions;
         list.set(*list.index_of(e::extended_master_secret), Bytes{0});
       }},
      {"extensions/place", "tls13", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.add_typed(wire::ext::ServerNameAck{}); }},
      {"extensions/place", "tls12", kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.add_typed(wire::ext::SupportedVersionsServer{.selected_version = 0x0303});
       }},
      {"extensions/place", "tls13_client_auth", kServer,
       [](Script& s) {
         s.get<wire::CertificateRequest13>().extensions.add(e::application_layer_protocol_negotiation, {});
       }},
      {"extensions/once", "tls13", kClient, [](Script& s) { s.get<ClientHello>().extensions.add(0x2a2a, {}); }},
      {"extensions/once", "tls12", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.add_typed(wire::ext::ExtendedMasterSecret{}); }},
      {"extensions/asked_for", "tls12", kServer,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::extended_master_secret); }},
      {"extensions/asked_for", "tls13", kServer,
       [](Script& s) { s.get<EncryptedExtensions>().extensions.add(e::heartbeat, Bytes{1}); }},
      {"extensions/asked_for", "tls13_retry", kServer,
       [](Script& s) { s.get<ServerHello>().extensions.add(0xfafb, {}); }},
      {"extensions/asked_for_in_certificate", "tls13", kServer,
       [](Script& s) { s.get<ClientHello>().extensions.erase_type(e::status_request); }},
      {"extensions/asked_for_in_certificate", "tls13_client_auth", kClient,
       [](Script& s) {
         wire::ExtensionList list;
         list.add_typed(wire::ext::StatusResponse{.status = {.response = Bytes(4, 0x30)}});
         s.get<wire::Certificate13>(1).set_extensions(0, list);
       }},
      {"grease/never_chosen", "tls13", kServer, [](Script& s) { s.get<ServerHello>().cipher_suite = 0x1a1a; }},
      {"grease/never_chosen", "tls13", kServer,
       [](Script& s) {
         s.get<ServerHello>().extensions.put_typed(wire::ext::KeyShareServer{.group = 0x3a3a, .key = {0}});
       }},
      {"grease/never_chosen", "tls13", kServer,
       [](Script& s) { s.get<EncryptedExtensions>().extensions.add(0x2a2a, {}); }},
      {"grease/never_chosen", "tls12", kServer,
       [](Script& s) { s.get<wire::ServerKeyExchangeEcdhe>().named_curve = 0x3a3a; }},
  };
}

}  // namespace tlsproof::rules_test
