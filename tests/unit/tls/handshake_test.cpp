// Whole handshakes against libssl.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "unit/tls/ssl_peer.h"

namespace tlsproof::tls_test {
namespace {

using crypto::KeyKind;
using tls::Client;
using tls::ClientCertificate;
using tls::ClientConfig;
using tls::State;
namespace cs = registry::cipher_suite;
namespace gr = registry::group;
namespace ss = registry::signature_scheme;
namespace hs = registry::handshake_type;
using registry::version::TLS1_2;
using registry::version::TLS1_3;

[[maybe_unused]] tls::ClientIdentity identity_of(KeyKind kind, std::unique_ptr<crypto::Signer>& signer) {
  const auto& own = credential(kind);
  signer = crypto::make_signer(own.key);
  return {.chain = &own.chain, .signer = signer.get()};
}

TEST(Handshake, FirstOfAll) {
  for (uint16_t version : {TLS1_3, TLS1_2}) {
    const SslContext context;
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    config.server_name = "server.test";
    Client client;
    client.start(config);
    pump(client, peer);
    EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
    EXPECT_EQ(client.negotiated().version, version);
  }
}

}  // namespace
}  // namespace tlsproof::tls_test
