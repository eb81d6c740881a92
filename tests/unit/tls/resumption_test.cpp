// Resumption beyond the plain kind: psk_ke, 0-RTT data, and cheap key shares; against libssl.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tlsproof/registry/constants.h"
#include "tlsproof/tls/key_exchanges.h"
#include "tlsproof/trace/trace.h"
#include "unit/tls/fake_server.h"

namespace tlsproof::tls_test {
namespace {

using tls::Client;
using tls::ClientConfig;
using tls::Failure;
using tls::State;
namespace ext = registry::extension;
namespace gr = registry::group;
namespace hs = registry::handshake_type;
using registry::version::TLS1_3;

ClientConfig config13() {
  ClientConfig config;
  config.versions = {TLS1_3};
  config.server_name = "server.test";
  return config;
}

// A full handshake, for its ticket.
tls::Session session_of(const SslContext& context, const ClientConfig& config) {
  Client client;
  SslPeer peer(context);
  client.start(config);
  pump(client, peer);
  EXPECT_FALSE(client.sessions().empty()) << story(client, &peer);
  tls::Session session = client.sessions().empty() ? tls::Session{} : client.sessions().back();
  SSL_set_shutdown(peer.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  return session;
}

// One that no server knows.
tls::Session made_up_session(uint16_t suite, uint32_t max_early_data) {
  tls::Session session;
  session.version = TLS1_3;
  session.cipher_suite = suite;
  session.secret = SecretBytes(Bytes(32, 7));
  session.ticket = Bytes(16, 1);
  session.max_early_data = max_early_data;
  return session;
}

// ---- psk_ke ----

TEST(PskKe, ResumesWithoutAKeyExchange) {
  for (const bool allowed : {true, false}) {
    SCOPED_TRACE(allowed);
    const SslContext context({.context = [&](SSL_CTX* c) {
      if (allowed) SSL_CTX_set_options(c, SSL_OP_ALLOW_NO_DHE_KEX);
    }});
    ClientConfig config = config13();
    config.psk_mode = tls::PskMode::psk_ke;
    // The first handshake is a full one in this mode too.
    const tls::Session session = session_of(context, config);
    Client client;
    SslPeer peer(context);
    client.start(config, {.resume = &session});
    pump(client, peer);
    ASSERT_TRUE(exchange(client, peer)) << story(client, &peer);
    EXPECT_EQ(client.negotiated().resumed, allowed);
    EXPECT_EQ(SSL_session_reused(peer.get()) == 1, allowed);
    EXPECT_EQ(client.negotiated().group, allowed ? 0 : gr::x25519);
    EXPECT_EQ(client.peer_certificates().empty(), allowed);
  }
}

// The default mode does not allow a server to leave the key exchange out.
TEST(PskKe, IsNotOfferedByDefault) {
  const SslContext context({.context = [](SSL_CTX* c) { SSL_CTX_set_options(c, SSL_OP_ALLOW_NO_DHE_KEX); }});
  const tls::Session session = session_of(context, config13());
  Client client;
  SslPeer peer(context);
  const ClientConfig config = config13();
  client.start(config, {.resume = &session});
  pump(client, peer);
  ASSERT_TRUE(exchange(client, peer)) << story(client, &peer);
  EXPECT_TRUE(client.negotiated().resumed);
  EXPECT_EQ(client.negotiated().group, gr::x25519);
}

TEST(PskKe, AKeyShareAllTheSameIsAViolation) {
  FakeOptions options;
  options.bend = [](uint8_t type, wire::AnyMessage& message) {
    if (type != hs::server_hello) return;
    std::get<wire::ServerHello>(message).extensions.add(ext::pre_shared_key, {{0, 0}});
  };
  FakeServer server(options);
  const tls::Session session = made_up_session(0x1301, 0);
  ClientConfig config = config13();
  config.psk_mode = tls::PskMode::psk_ke;
  Client client;
  client.start(config, {.resume = &session});
  pump(client, server);
  ASSERT_EQ(client.state(), State::failed);
  EXPECT_EQ(client.failure()->kind, Failure::Kind::peer_violation);
  EXPECT_EQ(client.failure()->cite, "RFC 8446 §4.2.9");
}

// ---- 0-RTT ----

PeerOptions early_options(uint32_t max_early_data, std::string groups = "X25519:P-256") {
  return {.groups = std::move(groups), .alpn = {"h2", "http/1.1"}, .context = [=](SSL_CTX* c) {
            SSL_CTX_set_max_early_data(c, max_early_data);
            SSL_CTX_set_recv_max_early_data(c, max_early_data);
          }};
}

// A server that reads early data where there are any: SSL_do_handshake() would throw them away.
struct EarlyServer {
  explicit EarlyServer(const SslContext& context) : peer(context) {}
  void input(ByteView bytes) {
    if (!bytes.empty()) BIO_write(SSL_get_rbio(peer.get()), bytes.data(), static_cast<int>(bytes.size()));
    while (reading) {
      std::array<unsigned char, 4096> buffer;
      size_t len = 0;
      const int result = SSL_read_early_data(peer.get(), buffer.data(), buffer.size(), &len);
      append(early, ByteView(buffer).first(len));
      if (result == SSL_READ_EARLY_DATA_SUCCESS) continue;
      if (result == SSL_READ_EARLY_DATA_FINISH) reading = false;
      if (result == SSL_READ_EARLY_DATA_ERROR) return;  // it wants more bytes, as a rule
    }
    peer.input({});
  }
  SslPeer peer;
  Bytes early;
  bool reading = true;
};

void pump(Client& client, EarlyServer& server) {
  for (int idle = 0; idle < 2;) {
    const Bytes there = to_bytes(client.output());
    client.consume_output(there.size());
    server.input(there);
    const Bytes back = server.peer.take_output();
    client.input(back);
    idle = there.empty() && back.empty() ? idle + 1 : 0;
  }
}

ClientConfig early_config() {
  ClientConfig config = config13();
  config.alpn = {"h2", "http/1.1"};
  return config;
}

TEST(EarlyData, AcceptedInTheFirstFlight) {
  for (const bool compatible : {true, false})
    for (const size_t len : {size_t{5}, size_t{20000}}) {
      SCOPED_TRACE(fmt::format("compatibility {} len {}", compatible, len));
      const SslContext context(early_options(30000));
      ClientConfig config = early_config();
      config.middlebox_compatibility = compatible;
      const tls::Session session = session_of(context, config);
      EXPECT_EQ(session.max_early_data, 30000U);
      const Bytes data(len, 'e');
      ManualClock clock;
      trace::Trace trace(clock);
      trace.begin("", "");
      Client client;
      EarlyServer server(context);
      client.start(config, {.resume = &session, .sink = &trace, .early_data = data});
      EXPECT_TRUE(client.early_data_offered());
      EXPECT_GT(client.output().size(), len);
      pump(client, server);
      ASSERT_TRUE(exchange(client, server.peer)) << story(client, &server.peer);
      EXPECT_TRUE(client.negotiated().resumed);
      EXPECT_TRUE(client.negotiated().early_data_accepted);
      EXPECT_EQ(SSL_get_early_data_status(server.peer.get()), SSL_EARLY_DATA_ACCEPTED);
      EXPECT_TRUE(equal(server.early, data));
      bool ended = false;
      for (const auto& event : trace.events())
        ended = ended || (event.kind == trace::EventKind::message && event.code == hs::end_of_early_data &&
                          event.level == wire::Level::early);
      EXPECT_TRUE(ended);
    }
}

TEST(EarlyData, RejectedByTheServer) {
  enum class Why : uint8_t { not_allowed, unknown_session, retry, used_twice };
  for (const Why why : {Why::not_allowed, Why::unknown_session, Why::retry, Why::used_twice}) {
    SCOPED_TRACE(static_cast<int>(why));
    const SslContext context(early_options(1000));
    const ClientConfig config = early_config();
    const tls::Session session = session_of(context, config);
    const SslContext other(early_options(1000));
    const Bytes data = to_bytes("early");
    if (why == Why::used_twice) {
      Client first;
      EarlyServer server(context);
      first.start(config, {.resume = &session, .early_data = data});
      pump(first, server);
      EXPECT_TRUE(first.negotiated().early_data_accepted);
    }
    Client client;
    EarlyServer server(why == Why::unknown_session ? other : context);
    if (why == Why::not_allowed) SSL_set_max_early_data(server.peer.get(), 0);
    if (why == Why::not_allowed) SSL_set_recv_max_early_data(server.peer.get(), 1000);
    if (why == Why::retry) SSL_set1_groups_list(server.peer.get(), "P-384");
    client.start(config, {.resume = &session, .early_data = data});
    EXPECT_TRUE(client.early_data_offered());
    pump(client, server);
    ASSERT_TRUE(client.handshake_complete()) << story(client, &server.peer);
    EXPECT_FALSE(client.negotiated().early_data_accepted);
    EXPECT_TRUE(client.early_data_offered());
    EXPECT_EQ(SSL_get_early_data_status(server.peer.get()), SSL_EARLY_DATA_REJECTED);
    EXPECT_TRUE(server.early.empty());
    EXPECT_EQ(client.negotiated().hello_retry_request, why == Why::retry);
    ASSERT_TRUE(client.write(data));  // again, as the caller has to
    ASSERT_TRUE(exchange(client, server.peer)) << story(client, &server.peer);
    EXPECT_EQ(as_text(server.peer.received()), "earlyhello");
  }
}

TEST(EarlyData, NotOfferedWhereTheSessionDoesNotAllowThem) {
  const SslContext context(early_options(100));
  const ClientConfig good = early_config();
  struct Row {
    const char* what;
    std::function<void(ClientConfig&, tls::Session&, Bytes&)> change;
    bool offered = false;
  };
  const Row kRows[] = {
      {"nothing", [](auto&, auto&, auto&) {}, true},
      {"at the limit", [](auto&, auto&, Bytes& data) { data.resize(100); }, true},
      {"too long", [](auto&, auto&, Bytes& data) { data.resize(101); }},
      {"no data", [](auto&, auto&, Bytes& data) { data.clear(); }},
      {"a ticket without the permission", [](auto&, tls::Session& s, auto&) { s.max_early_data = 0; }},
      {"its suite is not offered", [](ClientConfig& c, auto&, auto&) { c.cipher_suites = {0x1303}; }},
      {"its protocol is not offered", [](ClientConfig& c, auto&, auto&) { c.alpn = {"http/1.1"}; }},
      {"no TLS 1.3", [](ClientConfig& c, auto&, auto&) { c.versions = {0x0303}; }},
      {"no ticket", [](auto&, tls::Session& s, auto&) { s.ticket.clear(); }},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.what);
    ClientConfig config = good;
    tls::Session changed = session_of(context, good);  // libssl takes a ticket with early data once
    ASSERT_EQ(changed.cipher_suite, 0x1301);
    ASSERT_EQ(as_text(changed.alpn), "h2");
    Bytes data = to_bytes("early");
    row.change(config, changed, data);
    Client client;
    EarlyServer server(context);
    client.start(config, {.resume = &changed, .early_data = data});
    EXPECT_EQ(client.early_data_offered(), row.offered);
    pump(client, server);
    EXPECT_TRUE(exchange(client, server.peer)) << story(client, &server.peer);
    EXPECT_EQ(server.early.empty(), !row.offered);
  }
}

// RFC 8446 §4.2.10: a server that accepts must keep to the session.
TEST(EarlyData, AcceptedAgainstTheRules) {
  for (const bool resumed : {false, true}) {
    FakeOptions options;
    options.bend = [&](uint8_t type, wire::AnyMessage& message) {
      if (type == hs::encrypted_extensions)
        std::get<wire::EncryptedExtensions>(message).extensions.add(ext::early_data, {});
      if (type == hs::server_hello && resumed)
        std::get<wire::ServerHello>(message).extensions.add(ext::pre_shared_key, {{0, 0}});
    };
    FakeServer server(options);
    const tls::Session session = made_up_session(0x1303, 100);
    const ClientConfig config = config13();
    Client client;
    client.start(config, {.resume = &session, .early_data = as_bytes("early")});
    ASSERT_TRUE(client.early_data_offered());
    pump(client, server);
    ASSERT_EQ(client.state(), State::failed);
    // The fake server knows no PSK: its records would not open.
    if (resumed) {
      EXPECT_EQ(client.failure()->kind, Failure::Kind::bad_record);
      continue;
    }
    EXPECT_EQ(client.failure()->kind, Failure::Kind::peer_violation) << story(client);
    EXPECT_EQ(client.failure()->cite, "RFC 8446 §4.2.10");
    EXPECT_FALSE(client.negotiated().early_data_accepted);
  }
}

// ---- cheap shares ----

TEST(CheapShares, CompleteWithLibssl) {
  tls::ReusedKeyExchanges reused;
  tls::KnownKeyExchanges known;
  EXPECT_EQ(known.get(gr::x25519), nullptr);
  for (const uint16_t version : {uint16_t{0x0303}, uint16_t{0x0304}})
    for (const bool minimal : {false, true}) {
      SCOPED_TRACE(fmt::format("{:04x} minimal {}", version, minimal));
      const SslContext context;
      ClientConfig config;
      config.versions = {version};
      if (minimal) config.groups = config.key_share_groups = {gr::secp256r1};
      Bytes first;
      Client a, b;
      SslPeer peer_a(context), peer_b(context);
      tls::KeyExchangeProvider* provider = &reused;
      if (minimal) provider = &known;
      // Two at a time, with one key.
      a.start(config, {.key_exchanges = provider});
      b.start(config, {.key_exchanges = provider});
      pump(b, peer_b);
      pump(a, peer_a);
      EXPECT_TRUE(exchange(a, peer_a)) << story(a, &peer_a);
      EXPECT_TRUE(exchange(b, peer_b)) << story(b, &peer_b);
      EXPECT_EQ(a.negotiated().group, minimal ? gr::secp256r1 : gr::x25519);
    }
  const Bytes share = to_bytes(reused.get(gr::x25519)->public_share());
  ASSERT_TRUE(reused.get(gr::x25519)->generate(system_random()));
  EXPECT_TRUE(equal(share, reused.get(gr::x25519)->public_share()));
}

}  // namespace
}  // namespace tlsproof::tls_test
