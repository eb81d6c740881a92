// The idea of the project, put to the test: what our client told of a connection while it played it, and what the
// passive follower reads out of the evidence of that connection, is the same Trace.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tlsproof/capture/follow.h"
#include "tlsproof/capture/pipeline.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/trace/pcapng.h"
#include "unit/tls/ssl_peer.h"

namespace tlsproof {
namespace {

using registry::version::TLS1_2;
using registry::version::TLS1_3;
using tls_test::PeerOptions;
using trace::EventKind;
using trace::Trace;
using wire::Direction;

// What the TLS layer told of one direction, a line an event, with everything that an event says.
std::vector<std::string> told(const Trace& trace, Direction direction) {
  std::vector<std::string> lines;
  for (const trace::Event& event : trace.events()) {
    const bool counts = event.kind == EventKind::record || event.kind == EventKind::message ||
                        event.kind == EventKind::alert || event.kind == EventKind::change_cipher_spec ||
                        event.kind == EventKind::application_data;
    if (!counts || event.direction != direction) continue;
    lines.push_back(fmt::format("{} {} opened {} code {:#x} version {:#x} [{},{}) {}", static_cast<int>(event.kind),
                                wire::to_string(event.level), event.opened, event.code, event.version,
                                event.stream.offset, event.stream.end(), to_hex(trace.content(event))));
  }
  return lines;
}

struct Case {
  std::string name;
  PeerOptions peer{};
  std::function<void(tls::ClientConfig&)> config{};
  bool identity = false;
  bool resume = false;
  bool key_update = false;
  std::vector<uint16_t> versions = {TLS1_3, TLS1_2};
};

std::vector<Case> cases() {
  const std::vector<uint16_t> only12 = {TLS1_2}, only13 = {TLS1_3};
  return {
      {.name = "TLS 1.3", .versions = only13},
      {.name = "TLS 1.2", .versions = only12},
      {.name = "AES-256", .peer = {.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", .suites13 = "TLS_AES_256_GCM_SHA384"}},
      {.name = "ChaCha20, TLS 1.2", .peer = {.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"}, .versions = only12},
      {.name = "HelloRetryRequest", .peer = {.groups = "P-384"}, .versions = only13},
      {.name = "HelloRetryRequest with a cookie", .peer = {.cookie = true}, .versions = only13},
      {.name = "resumption, TLS 1.3", .resume = true, .versions = only13},
      {.name = "resumption, TLS 1.2", .resume = true, .versions = only12},
      {.name = "client certificate, TLS 1.3",
       .peer = {.require_certificate = true},
       .identity = true,
       .versions = only13},
      {.name = "client certificate, TLS 1.2",
       .peer = {.require_certificate = true},
       .identity = true,
       .versions = only12},
      {.name = "no client certificate", .peer = {.ask_certificate = true}, .versions = only13},
      {.name = "KeyUpdate", .key_update = true, .versions = only13},
      {.name = "refused: no client certificate, TLS 1.3", .peer = {.require_certificate = true}, .versions = only13},
      {.name = "refused: no client certificate, TLS 1.2", .peer = {.require_certificate = true}, .versions = only12},
      {.name = "refused: a client certificate, TLS 1.3",
       .peer = {.refuse_certificate = true},
       .identity = true,
       .versions = only13},
      {.name = "refused: the version", .peer = {.min_version = TLS1_3_VERSION}, .versions = only12},
      {.name = "refused: the suites", .peer = {.suites13 = "TLS_AES_128_CCM_SHA256"}, .versions = only13},
      {.name = "refused: the ALPN protocol",
       .peer = {.alpn = {"h3"}},
       .config = [](tls::ClientConfig& config) { config.alpn = {"h2"}; }},
  };
}

// Moves bytes, and tells them as whoever owns a socket does.
void pump(tls::Client& client, tls_test::SslPeer& peer, Trace& trace, ManualClock& clock) {
  for (int idle = 0; idle < 2;) {
    const Bytes out = to_bytes(client.output());
    if (!out.empty()) trace.on_bytes(Direction::client_to_server, out);
    client.consume_output(out.size());
    peer.input(out);
    clock.advance_ns(1'000'000);
    const Bytes back = peer.take_output();
    if (!back.empty()) trace.on_bytes(Direction::server_to_client, back);
    client.input(back);
    idle = out.empty() && back.empty() ? idle + 1 : 0;
  }
}

void play(const Case& one, Trace& trace, ManualClock& clock) {
  tls::ClientConfig config;
  config.versions = one.versions;
  config.server_name = "server.test";
  if (one.config) one.config(config);
  const tls_test::SslContext context(one.peer);
  const auto signer = crypto::make_signer(tls_test::credential(crypto::KeyKind::p256).key);
  const tls::ClientIdentity identity{.chain = &tls_test::credential(crypto::KeyKind::p256).chain,
                                     .signer = signer.get()};
  std::optional<tls::Session> session;
  for (int round = one.resume ? 0 : 1; round < 2; ++round) {
    tls_test::SslPeer peer(context);
    tls::Client client;
    trace.begin("192.0.2.1:51000", "192.0.2.2:443");
    trace.on_event(EventKind::connecting, Direction::client_to_server, trace.peer_address());
    trace.on_event(EventKind::connected, Direction::client_to_server);
    tls::ClientSetup setup{.clock = &clock, .sink = &trace};
    if (one.identity) setup.identity = &identity;
    if (session) setup.resume = &*session;
    client.start(config, setup);
    pump(client, peer, trace, clock);
    if (client.handshake_complete() && peer.connected()) {
      static_cast<void>(client.write(as_bytes("GET / HTTP/1.1\r\n\r\n")));
      pump(client, peer, trace, clock);
      if (one.key_update) SSL_key_update(peer.get(), SSL_KEY_UPDATE_REQUESTED);
      peer.write("HTTP/1.1 200 OK\r\n\r\n");
      pump(client, peer, trace, clock);
      static_cast<void>(client.write(as_bytes("again")));
      client.close_notify();
      pump(client, peer, trace, clock);
    }
    trace.on_event(EventKind::end_of_stream, Direction::server_to_client);
    trace.on_event(EventKind::closed, Direction::client_to_server);
    if (one.resume && round == 0) {
      ASSERT_FALSE(client.sessions().empty());
      session = client.sessions().back();
    }
    EXPECT_EQ(client.negotiated().resumed, one.resume && round == 1);
  }
}

// Follows the only flow of a file and gives it to `look`.
class OneFlow final : public capture::Worker {
 public:
  OneFlow(const trace::KeyLogIndex& keys, std::function<void(const capture::Follower&)> look)
      : follower_({.keys = &keys}), look_(std::move(look)) {}
  std::unique_ptr<capture::Product> take(const capture::Flow& flow) override {
    if (follower_.follow(flow)) look_(follower_);
    return nullptr;
  }

 private:
  capture::Follower follower_;
  std::function<void(const capture::Follower&)> look_;
};

TEST(EvidencePassive, IsTheTraceOfTheLiveRun) {
  std::string folder = (std::filesystem::temp_directory_path() / "tlsproof-evidence-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/one.pcapng";
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    ManualClock clock(1'700'000'000'000'000'000);
    Trace live(clock);
    play(one, live, clock);
    const SecretBytes file = trace::encode_pcapng(live);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << as_text(file.view());
    trace::KeyLogIndex keys;
    auto source = capture::open_file(path);
    ASSERT_TRUE(source) << source.error().message();
    size_t num_followed = 0;
    capture::PipelineOptions options;
    options.keys = &keys;
    options.emit = [](capture::Product&) { return true; };
    options.make_worker = [&] {
      return std::make_unique<OneFlow>(keys, [&](const capture::Follower& follower) {
        ++num_followed;
        const Trace& passive = follower.trace();
        for (const Direction direction : {Direction::client_to_server, Direction::server_to_client})
          EXPECT_EQ(told(passive, direction), told(live, direction));
        EXPECT_EQ(passive.version(), live.version());
        EXPECT_EQ(passive.cipher_suite(), live.cipher_suite());
        EXPECT_EQ(passive.local_address(), live.local_address());
        EXPECT_EQ(passive.peer_address(), live.peer_address());
        EXPECT_TRUE(passive.coverage().whole() && passive.coverage().ended);
        for (const trace::Event& event : passive.events()) {
          EXPECT_NE(event.kind, EventKind::problem) << passive.text(event);
          EXPECT_NE(event.kind, EventKind::note) << passive.text(event);
        }
      });
    };
    EXPECT_TRUE(capture::run_pipeline(**source, options).status);
    EXPECT_EQ(num_followed, 1U);
    EXPECT_FALSE(told(live, Direction::server_to_client).empty());
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tlsproof
