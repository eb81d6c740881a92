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

// An identity with its own signer.
struct Identity {
  explicit Identity(KeyKind kind) : signer(crypto::make_signer(credential(kind).key)) {
    identity = {.chain = &credential(kind).chain, .signer = signer.get()};
  }
  std::unique_ptr<crypto::Signer> signer;
  tls::ClientIdentity identity;
};

struct SchemeRow {
  uint16_t scheme;
  KeyKind key;
  bool tls13;
};
constexpr SchemeRow kSchemes[] = {
    {ss::ecdsa_secp256r1_sha256, KeyKind::p256, true},
    {ss::ecdsa_secp384r1_sha384, KeyKind::p384, true},
    {ss::ecdsa_secp521r1_sha512, KeyKind::p521, true},
    {ss::ed25519, KeyKind::ed25519, true},
    {ss::ed448, KeyKind::ed448, true},
    {ss::rsa_pss_rsae_sha256, KeyKind::rsa, true},
    {ss::rsa_pss_rsae_sha384, KeyKind::rsa, true},
    {ss::rsa_pss_rsae_sha512, KeyKind::rsa, true},
    {ss::rsa_pss_pss_sha256, KeyKind::rsa_pss, true},
    {ss::rsa_pss_pss_sha384, KeyKind::rsa_pss, true},
    {ss::rsa_pss_pss_sha512, KeyKind::rsa_pss, true},
    {ss::rsa_pkcs1_sha256, KeyKind::rsa, false},
    {ss::rsa_pkcs1_sha384, KeyKind::rsa, false},
    {ss::rsa_pkcs1_sha512, KeyKind::rsa, false},
};

std::vector<uint16_t> suites_for(uint16_t version, bool rsa) {
  if (version == TLS1_3)
    return {cs::TLS_AES_128_GCM_SHA256, cs::TLS_AES_256_GCM_SHA384, cs::TLS_CHACHA20_POLY1305_SHA256};
  if (rsa)
    return {cs::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, cs::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            cs::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256};
  return {cs::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, cs::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
          cs::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256};
}

// Every suite, group and scheme of each version, with and without a client certificate; the server takes what is
// offered alone.
class Matrix : public testing::TestWithParam<uint16_t> {};
TEST_P(Matrix, EveryCombinationCompletes) {
  const uint16_t version = GetParam();
  const uint16_t kGroups[] = {gr::x25519, gr::secp256r1, gr::secp384r1, gr::secp521r1};
  size_t played = 0;
  Client client;
  for (const auto& row : kSchemes) {
    if (version == TLS1_3 && !row.tls13) continue;
    Identity own(row.key);
    for (const bool ask : {false, true}) {
      const SslContext context({.key = row.key, .groups = "X25519:P-256:P-384:P-521", .ask_certificate = ask});
      const bool rsa = row.key == KeyKind::rsa || row.key == KeyKind::rsa_pss;
      for (const uint16_t suite : suites_for(version, rsa))
        for (const uint16_t group : kGroups) {
          SCOPED_TRACE(fmt::format("{} {} {} {}", registry::signature_scheme_name(row.scheme),
                                   registry::cipher_suite_name(suite), registry::group_name(group), ask));
          ClientConfig config;
          config.versions = {version};
          config.cipher_suites = {suite};
          // TLS 1.2: ECDSA certificates need their curve in supported_groups too; it comes last there.
          config.groups = {group};
          for (const uint16_t more : kGroups)
            if (more != group && version == TLS1_2 && !rsa) config.groups.push_back(more);
          config.key_share_groups = {group};
          config.signature_schemes = {row.scheme};
          config.server_name = "server.test";
          SslPeer peer(context);
          if (version == TLS1_2) SSL_clear_options(peer.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
          client.start(config, {.identity = &own.identity});
          pump(client, peer);
          ASSERT_TRUE(exchange(client, peer)) << story(client, &peer);
          const auto& got = client.negotiated();
          EXPECT_EQ(got.version, version);
          EXPECT_EQ(got.cipher_suite, suite);
          EXPECT_EQ(got.group, group);
          EXPECT_EQ(got.signature_scheme, row.scheme);
          EXPECT_FALSE(got.resumed || got.hello_retry_request);
          EXPECT_EQ(got.extended_master_secret, version == TLS1_2);
          EXPECT_EQ(got.renegotiation_info, version == TLS1_2);
          ASSERT_EQ(client.peer_certificates().size(), 1U);
          EXPECT_TRUE(equal(client.peer_certificates()[0], credential(row.key).chain[0]));
          EXPECT_EQ(client.client_certificate(), ask ? ClientCertificate::sent : ClientCertificate::not_requested);
          X509* seen = SSL_get0_peer_certificate(peer.get());
          EXPECT_EQ(seen != nullptr, ask);
          if (ask) {
            EXPECT_NE(client.client_signature_scheme(), 0);
          }
          ++played;
        }
    }
  }
  EXPECT_EQ(played, (version == TLS1_3 ? 11U : 14U) * 2 * 3 * 4);
}
INSTANTIATE_TEST_SUITE_P(Version, Matrix, testing::Values(TLS1_2, TLS1_3));

TEST(Handshake, RetryWithAndWithoutCookie) {
  for (const bool cookie : {false, true})
    for (const bool group : {false, true}) {
      if (!cookie && !group) continue;
      const SslContext context({.groups = group ? "P-384" : "X25519", .cookie = cookie});
      for (const std::vector<uint16_t>& first : {std::vector<uint16_t>{gr::x25519}, {gr::x25519, gr::secp256r1}, {}}) {
        SslPeer peer(context);
        ClientConfig config;
        config.key_share_groups = first;
        config.grease = true;
        Client client;
        client.start(config);
        pump(client, peer);
        EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
        EXPECT_TRUE(client.negotiated().hello_retry_request);
        EXPECT_EQ(client.negotiated().group, group ? gr::secp384r1 : gr::x25519);
      }
    }
}

TEST(Handshake, ByteByByte) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context({.ask_certificate = true});
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    Client client;
    client.start(config);
    pump(client, peer, 1);
    EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
    EXPECT_EQ(client.client_certificate(), ClientCertificate::empty);
  }
}

TEST(Handshake, ClientCertificateRequiredAndRefused) {
  struct Row {
    uint16_t version;
    bool have, refuse;
    uint8_t alert;
  };
  namespace al = registry::alert;
  const Row kRows[] = {{TLS1_2, false, false, al::handshake_failure},
                       {TLS1_3, false, false, al::certificate_required},
                       {TLS1_2, true, true, al::unknown_ca},
                       {TLS1_3, true, true, al::unknown_ca}};
  for (const auto& row : kRows) {
    const SslContext context({.require_certificate = true, .refuse_certificate = row.refuse});
    SslPeer peer(context);
    Identity own(KeyKind::p256);
    ClientConfig config;
    config.versions = {row.version};
    Client client;
    client.start(config, {.identity = row.have ? &own.identity : nullptr});
    pump(client, peer);
    ASSERT_EQ(client.state(), State::failed);
    EXPECT_EQ(client.failure()->kind, tls::Failure::Kind::peer_alert);
    if (!row.refuse) {
      EXPECT_EQ(client.failure()->alert, row.alert);
    }
    // RFC 8446 §4.4.2.4: a TLS 1.3 server judges after the client is done.
    EXPECT_EQ(client.handshake_complete(), row.version == TLS1_3);
    EXPECT_EQ(client.client_certificate(), row.have ? ClientCertificate::sent : ClientCertificate::empty);
    EXPECT_FALSE(client.our_alert());
  }
}

TEST(Handshake, UnfittingClientKey) {
  for (const uint16_t version : {TLS1_2, TLS1_3})
    for (const bool anyway : {true, false}) {
      const SslContext context({.client_sigalgs = "RSA-PSS+SHA256", .ask_certificate = true});
      SslPeer peer(context);
      Identity own(KeyKind::p256);
      ClientConfig config;
      config.versions = {version};
      config.send_unfitting_certificate = anyway;
      Client client;
      client.start(config, {.identity = &own.identity});
      pump(client, peer);
      EXPECT_EQ(client.client_certificate(), anyway ? ClientCertificate::sent_unfitting : ClientCertificate::empty);
      if (anyway) {
        EXPECT_EQ(client.state(), State::failed);  // libssl refuses the scheme
      } else {
        EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
      }
      EXPECT_EQ(client.certificate_request().signature_schemes, std::vector<uint16_t>{ss::rsa_pss_rsae_sha256});
      EXPECT_EQ(client.certificate_request().count, 1U);
    }
}

TEST(Handshake, AuthoritiesAreKept) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context({.ask_certificate = true, .context = [](SSL_CTX* c) {
                                SSL_CTX_add_client_CA(c, credential(KeyKind::p384).certificate.get());
                              }});
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    Client client;
    client.start(config);
    pump(client, peer);
    EXPECT_TRUE(exchange(client, peer));
    ASSERT_EQ(client.certificate_request().authorities.size(), 1U);
    EXPECT_NE(as_text(client.certificate_request().authorities[0]).find("server.test"), std::string_view::npos);
    EXPECT_EQ(client.certificate_request().certificate_types.empty(), version == TLS1_3);
  }
}

TEST(Handshake, PostHandshakeAuthentication) {
  const SslContext context;
  for (const bool have : {true, false}) {
    SslPeer peer(context);
    Identity own(KeyKind::rsa);
    ClientConfig config;
    config.post_handshake_auth = true;
    Client client;
    client.start(config, {.identity = have ? &own.identity : nullptr});
    pump(client, peer);
    ASSERT_TRUE(exchange(client, peer));
    for (unsigned round = 1; round <= 2; ++round) {
      SSL_set_verify(peer.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
      ASSERT_EQ(SSL_verify_client_post_handshake(peer.get()), 1);
      SSL_do_handshake(peer.get());
      pump(client, peer);
      EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
      EXPECT_EQ(SSL_get0_peer_certificate(peer.get()) != nullptr, have);
      EXPECT_EQ(client.certificate_request().count, round);
      EXPECT_FALSE(client.certificate_request().context.empty());
    }
  }
}

TEST(Handshake, AlpnServerNameAndStaple) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context({.alpn = {"http/1.1"}, .ocsp_response = "a staple"});
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    config.alpn = {"h2", "http/1.1"};
    config.server_name = "server.test";
    config.status_request = true;
    Client client;
    client.start(config);
    pump(client, peer);
    ASSERT_TRUE(exchange(client, peer)) << story(client, &peer);
    EXPECT_EQ(as_text(client.negotiated().alpn), "http/1.1");
    EXPECT_EQ(as_text(client.ocsp_response()), "a staple");
    EXPECT_STREQ(SSL_get_servername(peer.get(), TLSEXT_NAMETYPE_host_name), "server.test");
    config.alpn = {"h3"};
    SslPeer second(context);
    client.start(config);
    pump(client, second);
    ASSERT_EQ(client.state(), State::failed);
    EXPECT_EQ(client.failure()->alert, registry::alert::no_application_protocol);
    EXPECT_TRUE(client.ocsp_response().empty());
  }
}

TEST(Handshake, Resumption) {
  struct Row {
    uint16_t version;
    bool tickets;
    std::string_view suites;
  };
  const Row kRows[] = {{TLS1_2, true, ""},
                       {TLS1_2, false, ""},
                       {TLS1_3, true, "TLS_AES_128_GCM_SHA256"},
                       {TLS1_3, true, "TLS_AES_256_GCM_SHA384"},
                       {TLS1_3, false, ""}};
  for (const auto& row : kRows)
    for (const bool both_versions : {false, true})
      for (const bool retry : {false, true}) {
        if (retry && row.version == TLS1_2) continue;
        SCOPED_TRACE(fmt::format("{:04x} tickets {} both {} retry {}", row.version, row.tickets, both_versions, retry));
        const SslContext context({.max_version = row.version == TLS1_2 ? TLS1_2_VERSION : TLS1_3_VERSION,
                                  .suites13 = std::string(row.suites),
                                  .groups = retry ? "P-256" : "X25519",
                                  .context = [&](SSL_CTX* c) {
                                    if (!row.tickets) SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
                                  }});
        ClientConfig config;
        if (!both_versions) config.versions = {row.version};
        Client client;
        tls::Session session;
        for (int round = 0; round < 3; ++round) {
          SslPeer peer(context);
          client.start(config, {.resume = round == 0 ? nullptr : &session});
          pump(client, peer);
          ASSERT_TRUE(exchange(client, peer)) << story(client, &peer);
          EXPECT_EQ(client.negotiated().resumed, round != 0);
          EXPECT_EQ(SSL_session_reused(peer.get()) == 1, round != 0);
          EXPECT_EQ(client.peer_certificates().empty(), round != 0);
          EXPECT_EQ(client.negotiated().hello_retry_request, retry);
          if (round == 0 || row.version == TLS1_3) {
            ASSERT_FALSE(client.sessions().empty());
            session = client.sessions().back();
          }
          // libssl forgets sessions of connections that were not closed well.
          SSL_set_shutdown(peer.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
          EXPECT_EQ(session.version, row.version);
          EXPECT_FALSE(session.secret.empty());
          EXPECT_EQ(session.ticket.empty(), row.version == TLS1_2 && !row.tickets);
        }
        // A session the server does not know any more: a full handshake.
        const SslContext other({.max_version = row.version == TLS1_2 ? TLS1_2_VERSION : TLS1_3_VERSION});
        SslPeer peer(other);
        client.start(config, {.resume = &session});
        pump(client, peer);
        EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
        EXPECT_FALSE(client.negotiated().resumed);
      }
}

// RFC 7627 §5.3: a resumed session neither gains nor loses the extended master secret.
TEST(Handshake, ResumptionKeepsTheExtendedMasterSecret) {
  const SslContext context({.max_version = TLS1_2_VERSION});
  ClientConfig config;
  Client client;
  SslPeer first(context);
  client.start(config);
  pump(client, first);
  ASSERT_FALSE(client.sessions().empty());
  tls::Session session = client.sessions().front();
  EXPECT_TRUE(session.extended_master_secret);
  session.extended_master_secret = false;
  SslPeer peer(context);
  client.start(config, {.resume = &session});
  pump(client, peer);
  ASSERT_EQ(client.state(), State::failed);
  EXPECT_EQ(client.failure()->kind, tls::Failure::Kind::peer_violation);
  EXPECT_EQ(client.failure()->alert, registry::alert::handshake_failure);
}

TEST(Handshake, KeyUpdates) {
  const SslContext context;
  SslPeer peer(context);
  ClientConfig config;
  Client client;
  client.start(config);
  EXPECT_FALSE(client.request_key_update(true));
  pump(client, peer);
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(client.request_key_update(round != 1));
    EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
    EXPECT_EQ(SSL_key_update(peer.get(), round == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    peer.input({});
    EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
  }
  EXPECT_EQ(client.num_key_updates_received(), 5U);
}

TEST(Handshake, BulkDataAndClosing) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context;
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    config.limits.max_application_data = 100000;
    Client client;
    client.start(config);
    EXPECT_FALSE(client.write(as_bytes("too early")));
    pump(client, peer);
    const Bytes bulk(300000, 0x61);
    EXPECT_TRUE(client.write(bulk));
    pump(client, peer);
    EXPECT_EQ(peer.received(), bulk);
    EXPECT_TRUE(client.wants_input());
    peer.write(as_text(bulk));
    pump(client, peer);
    EXPECT_FALSE(client.wants_input());
    EXPECT_TRUE(equal(client.application_data(), bulk));
    client.consume_application_data(250000);
    EXPECT_TRUE(client.wants_input());
    EXPECT_EQ(client.application_data().size(), 50000U);
    client.consume_application_data(1000000);
    EXPECT_EQ(client.num_application_bytes_received(), 300000U);
    client.close_notify();
    EXPECT_EQ(client.state(), State::closing);
    EXPECT_FALSE(client.write(as_bytes("x")));
    pump(client, peer);
    EXPECT_TRUE(peer.closed());
    SSL_shutdown(peer.get());
    pump(client, peer);
    EXPECT_EQ(client.state(), State::closed) << story(client, &peer);
    EXPECT_EQ(client.our_alert()->description, registry::alert::close_notify);
  }
}

TEST(Handshake, ExporterAgrees) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context;
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    Client client;
    client.start(config);
    Bytes ours(40), theirs(40);
    EXPECT_FALSE(client.export_keying_material("EXPERIMENTAL", {}, ours));
    pump(client, peer);
    const std::string label = "EXPERIMENTAL";
    const Bytes context_value = {1, 2, 3};
    ASSERT_TRUE(client.export_keying_material(label, context_value, ours));
    ASSERT_EQ(SSL_export_keying_material(peer.get(), theirs.data(), theirs.size(), label.data(), label.size(),
                                         context_value.data(), context_value.size(), 1),
              1);
    EXPECT_EQ(ours, theirs);
  }
}

TEST(Handshake, SwitchesOfTheHello) {
  const SslContext context;
  const std::function<void(ClientConfig&)> kSwitches[] = {
      [](ClientConfig& c) { c.extended_master_secret = false; },
      [](ClientConfig& c) { c.renegotiation_info = ClientConfig::RenegotiationInfo::scsv; },
      [](ClientConfig& c) { c.renegotiation_info = ClientConfig::RenegotiationInfo::none; },
      [](ClientConfig& c) { c.session_ticket = false; },
      [](ClientConfig& c) { c.psk_key_exchange_modes = false; },
      [](ClientConfig& c) { c.middlebox_compatibility = false; },
      [](ClientConfig& c) { c.grease = true; },
      [](ClientConfig& c) { c.signature_schemes_cert = tls::default_signature_schemes(); },
      [](ClientConfig& c) { c.extra_extensions = {{0xabcd, {1, 2, 3}}, {21, Bytes(300)}}; },
      [](ClientConfig& c) { c.extension_order = {43, 51, 0xabcd, 13}; },
      [](ClientConfig& c) { c.first_record_version = 0x0303; },
  };
  for (const uint16_t version : {TLS1_2, TLS1_3})
    for (size_t i = 0; i < std::size(kSwitches); ++i) {
      SCOPED_TRACE(i);
      ClientConfig config;
      config.versions = {version};
      kSwitches[i](config);
      SslPeer peer(context);
      Client client;
      client.start(config);
      pump(client, peer);
      EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
      EXPECT_EQ(client.negotiated().extended_master_secret, version == TLS1_2 && i != 0);
      EXPECT_EQ(client.negotiated().renegotiation_info, version == TLS1_2 && i != 2);
      EXPECT_FALSE(client.sessions().empty());
    }
}

// Larger than 64 KiB in all; one extension can never be.
TEST(Handshake, HugeHello) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context;
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    config.offer_verbatim = true;
    config.cipher_suites.resize(20000, 0xfefe);
    for (uint16_t i = 0; i < 100; ++i)
      config.extra_extensions.push_back({static_cast<uint16_t>(0xa100 + i), Bytes(640)});
    Client client;
    client.start(config);
    EXPECT_GT(client.output().size(), 100000U);
    pump(client, peer);
    EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
  }
}

TEST(Handshake, CertificateMessagesNearTheLimit) {
  // A chain of big certificates: whatever is in them, they are carried.
  static const std::shared_ptr<X509> kBig = [] {
    const auto& own = credential(KeyKind::p256);
    std::shared_ptr<X509> x(X509_dup(own.certificate.get()), X509_free);
    ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
    const Bytes bulk(1 << 20, 0x5a);
    ASN1_OCTET_STRING_set(value, bulk.data(), static_cast<int>(bulk.size()));
    ASN1_OBJECT* oid = OBJ_txt2obj("1.2.3.4", 1);
    X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, oid, 0, value);
    X509_add_ext(x.get(), extension, -1);
    X509_sign(x.get(), own.key.native(), EVP_sha256());
    X509_EXTENSION_free(extension);
    ASN1_OBJECT_free(oid);
    ASN1_OCTET_STRING_free(value);
    return x;
  }();
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context({.context = [](SSL_CTX* c) {
      for (int i = 0; i < 15; ++i) SSL_CTX_add1_chain_cert(c, kBig.get());
    }});
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    Client client;
    client.start(config);
    pump(client, peer);
    ASSERT_TRUE(exchange(client, peer)) << story(client, &peer);
    ASSERT_EQ(client.peer_certificates().size(), 16U);
    EXPECT_GT(client.peer_certificates()[15].size(), size_t{1} << 20);
    config.limits.max_handshake_message = size_t{1} << 20;
    SslPeer second(context);
    client.start(config);
    pump(client, second);
    ASSERT_EQ(client.state(), State::failed);
    EXPECT_EQ(client.failure()->kind, tls::Failure::Kind::limit_exceeded);
    EXPECT_EQ(client.failure()->handshake_type, std::nullopt);
  }
}

TEST(Handshake, OldVersions) {
  for (const uint16_t version : {uint16_t{0x0301}, uint16_t{0x0302}}) {
    const ClientConfig config = tls::make_legacy_offer(version, "server.test");
    Client client;
    {
      const SslContext old({.min_version = TLS1_VERSION, .ciphers = "ALL:@SECLEVEL=0"});
      SslPeer peer(old);
      client.start(config);
      pump(client, peer);
      ASSERT_EQ(client.state(), State::failed);
      EXPECT_EQ(to_string(client.failure()->kind), "unsupported_version_answered") << story(client, &peer);
      EXPECT_EQ(client.negotiated().version, version);
      EXPECT_NE(client.negotiated().cipher_suite, 0);
    }
    const SslContext modern;
    SslPeer peer(modern);
    client.start(config);
    pump(client, peer);
    EXPECT_EQ(client.failure()->kind, tls::Failure::Kind::peer_alert) << story(client, &peer);
    EXPECT_EQ(client.failure()->alert, registry::alert::protocol_version);
  }
}

TEST(Handshake, GivingUp) {
  const SslContext context;
  SslPeer peer(context);
  ClientConfig config;
  Client client;
  client.start(config);
  client.close_notify();
  EXPECT_EQ(client.state(), State::closing);
  EXPECT_EQ(client.our_alert()->description, registry::alert::close_notify);
  client.reset();
  EXPECT_EQ(client.state(), State::idle);
  EXPECT_TRUE(client.output().empty());
  client.input(as_bytes("ignored"));
  config.versions.clear();
  client.start(config);
  EXPECT_EQ(client.failure()->kind, tls::Failure::Kind::local_error);
}

}  // namespace
}  // namespace tlsproof::tls_test
