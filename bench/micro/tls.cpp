// uses: tests/unit/tls/ssl_peer.cpp
// What a connection costs our client. The server's bytes are recorded once from libssl, for a client whose random
// numbers repeat, and played back: so the time is the client's alone, with every signature and Finished checked.
#include <benchmark/benchmark.h>

#include "tlsproof/tls/client.h"
#include "tlsproof/trace/trace.h"
#include "unit/tls/ssl_peer.h"

namespace tlsproof::tls_test {
namespace {

using tls::Client;
using tls::ClientConfig;

struct Recording {
  ClientConfig config;
  std::optional<tls::Session> session;
  ManualClock clock;
  std::vector<Bytes> from_server;

  [[nodiscard]] tls::ClientSetup setup(RandomSource& random, trace::Sink* sink = nullptr) const {
    return {.resume = session ? &*session : nullptr, .random = &random, .clock = &clock, .sink = sink};
  }
};

Recording record(uint16_t version, crypto::KeyKind key, bool resumed) {
  Recording recording;
  recording.config.versions = {version};
  recording.config.server_name = "server.test";
  const SslContext context({.key = key});
  Client client;
  for (int round = 0; round < (resumed ? 2 : 1); ++round) {
    recording.from_server.clear();
    SeededRandom random(1);
    SslPeer peer(context);
    client.start(recording.config, recording.setup(random));
    for (int idle = 0; idle < 2;) {
      const Bytes there = to_bytes(client.output());
      client.consume_output(there.size());
      peer.input(there);
      Bytes back = peer.take_output();
      client.input(back);
      idle = there.empty() && back.empty() ? idle + 1 : 0;
      if (!back.empty()) recording.from_server.push_back(std::move(back));
    }
    TLSPROOF_CHECK(client.handshake_complete());
    if (resumed && round == 0) recording.session = client.sessions().front();
  }
  TLSPROOF_CHECK(client.negotiated().resumed == resumed);
  return recording;
}

void client_hello(benchmark::State& state) {
  ClientConfig config;
  config.server_name = "server.test";
  if (state.range(0) == 0) config.key_share_groups.clear();
  Client client;
  SeededRandom random(1);
  for (auto _ : state) {
    client.start(config, {.random = &random});
    benchmark::DoNotOptimize(client.output());
  }
}
BENCHMARK(client_hello)->ArgName("with_key_share")->Arg(0)->Arg(1);

void handshake(benchmark::State& state, uint16_t version, crypto::KeyKind key, bool resumed, bool traced) {
  const Recording recording = record(version, key, resumed);
  Client client;
  trace::Trace trace(recording.clock);
  for (auto _ : state) {
    SeededRandom random(1);
    if (traced) trace.begin("", "");
    client.start(recording.config, recording.setup(random, traced ? &trace : nullptr));
    for (const auto& bytes : recording.from_server) client.input(bytes);
    TLSPROOF_CHECK(client.handshake_complete());
    client.consume_output(client.output().size());
  }
}
BENCHMARK_CAPTURE(handshake, tls13_p256, 0x0304, crypto::KeyKind::p256, false, false);
BENCHMARK_CAPTURE(handshake, tls13_p256_traced, 0x0304, crypto::KeyKind::p256, false, true);
BENCHMARK_CAPTURE(handshake, tls13_rsa2048, 0x0304, crypto::KeyKind::rsa, false, false);
BENCHMARK_CAPTURE(handshake, tls13_resumed, 0x0304, crypto::KeyKind::p256, true, false);
BENCHMARK_CAPTURE(handshake, tls12_p256, 0x0303, crypto::KeyKind::p256, false, false);
BENCHMARK_CAPTURE(handshake, tls12_rsa2048, 0x0303, crypto::KeyKind::rsa, false, false);
BENCHMARK_CAPTURE(handshake, tls12_resumed, 0x0303, crypto::KeyKind::p256, true, false);

// Both sides in one thread, for comparison: the same server with our client and with libssl's.
void pair_with_our_client(benchmark::State& state) {
  const SslContext context;
  ClientConfig config;
  config.versions = {0x0304};
  Client client;
  for (auto _ : state) {
    SslPeer peer(context);
    client.start(config);
    pump(client, peer);
    TLSPROOF_CHECK(client.handshake_complete() && peer.connected());
  }
}
BENCHMARK(pair_with_our_client);

void pair_with_libssl_client(benchmark::State& state) {
  const SslContext context;
  const std::shared_ptr<SSL_CTX> own(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_verify(own.get(), SSL_VERIFY_NONE, nullptr);
  for (auto _ : state) {
    SslPeer peer(context);
    const std::shared_ptr<SSL> client(SSL_new(own.get()), SSL_free);
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(client.get(), in, out);
    SSL_set_connect_state(client.get());
    for (int idle = 0; idle < 2;) {
      SSL_do_handshake(client.get());
      Bytes there(BIO_ctrl_pending(out));
      if (!there.empty()) BIO_read(out, there.data(), static_cast<int>(there.size()));
      peer.input(there);
      const Bytes back = peer.take_output();
      if (!back.empty()) BIO_write(in, back.data(), static_cast<int>(back.size()));
      idle = there.empty() && back.empty() ? idle + 1 : 0;
    }
    TLSPROOF_CHECK(SSL_is_init_finished(client.get()) == 1 && peer.connected());
  }
}
BENCHMARK(pair_with_libssl_client);

}  // namespace
}  // namespace tlsproof::tls_test
