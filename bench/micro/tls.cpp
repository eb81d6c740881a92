// uses: tests/unit/tls/ssl_peer.cpp
// What a connection costs our client. The server's bytes are recorded once from libssl, for a client whose random
// numbers repeat, and played back: so the time is the client's alone, with every signature and Finished checked.
#include <benchmark/benchmark.h>

#include <memory>

#include "tlsproof/registry/constants.h"
#include "tlsproof/tls/client.h"
#include "tlsproof/tls/key_exchanges.h"
#include "tlsproof/trace/trace.h"
#include "tlsproof/wire/messages.h"
#include "unit/tls/ssl_peer.h"

namespace tlsproof::tls_test {
namespace {

using tls::Client;
using tls::ClientConfig;

// What a handshake is: as the load generator asks for it.
struct Kind {
  const char* name;
  uint16_t version = 0x0304;
  crypto::KeyKind key = crypto::KeyKind::p256;
  bool resumed = false;
  enum class Cheap : uint8_t { no, unverified, reused_share, minimal } cheap = Cheap::no;
  tls::PskMode psk_mode = tls::PskMode::psk_dhe_ke;
};
using Cheap = Kind::Cheap;
constexpr Kind kKinds[] = {
    {.name = "tls13_p256"},
    {.name = "tls13_rsa2048", .key = crypto::KeyKind::rsa},
    {.name = "tls13_p256_unverified", .cheap = Cheap::unverified},
    {.name = "tls13_p256_reused_share", .cheap = Cheap::reused_share},
    // Certificates and signatures of RSA have one length: where so little is left, the other would show.
    {.name = "tls13_rsa2048_minimal", .key = crypto::KeyKind::rsa, .cheap = Cheap::minimal},
    {.name = "tls13_resumed", .resumed = true},
    {.name = "tls13_resumed_psk_ke", .resumed = true, .psk_mode = tls::PskMode::psk_ke},
    {.name = "tls12_p256", .version = 0x0303},
    {.name = "tls12_rsa2048", .version = 0x0303, .key = crypto::KeyKind::rsa},
    {.name = "tls12_resumed", .version = 0x0303, .resumed = true},
};

struct Recording {
  ClientConfig config;
  std::unique_ptr<tls::KeyExchangeProvider> key_exchanges;
  std::optional<tls::Session> session;
  ManualClock clock;
  std::vector<Bytes> from_server;

  [[nodiscard]] tls::ClientSetup setup(RandomSource& random, trace::Sink* sink = nullptr) const {
    return {.resume = session ? &*session : nullptr,
            .random = &random,
            .clock = &clock,
            .key_exchanges = key_exchanges.get(),
            .sink = sink};
  }
};

std::unique_ptr<Recording> record(const Kind& kind) {
  auto made = std::make_unique<Recording>();
  Recording& recording = *made;
  ClientConfig& config = recording.config;
  config.versions = {kind.version};
  config.server_name = "server.test";
  config.psk_mode = kind.psk_mode;
  config.verify_peer_signature = kind.cheap != Cheap::unverified && kind.cheap != Cheap::minimal;
  if (kind.cheap == Cheap::reused_share) recording.key_exchanges = std::make_unique<tls::ReusedKeyExchanges>();
  if (kind.cheap == Cheap::minimal) {
    recording.key_exchanges = std::make_unique<tls::KnownKeyExchanges>();
    config.groups = config.key_share_groups = {registry::group::secp256r1};
  }
  const SslContext context(
      {.key = kind.key, .context = [](SSL_CTX* c) { SSL_CTX_set_options(c, SSL_OP_ALLOW_NO_DHE_KEX); }});
  Client client;
  for (int round = 0; round < (kind.resumed ? 2 : 1); ++round) {
    recording.from_server.clear();
    SeededRandom random(1);
    SslPeer peer(context);
    client.start(config, recording.setup(random));
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
    if (kind.resumed && round == 0) recording.session = client.sessions().front();
  }
  TLSPROOF_CHECK(client.negotiated().resumed == kind.resumed);
  return made;
}

void play(Client& client, const Recording& recording, trace::Sink* sink = nullptr) {
  SeededRandom random(1);
  client.start(recording.config, recording.setup(random, sink));
  client.consume_output(client.output().size());
  for (const auto& bytes : recording.from_server) client.input(bytes);
  TLSPROOF_CHECK(client.handshake_complete());
  client.consume_output(client.output().size());
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

void server_hello_decode(benchmark::State& state) {
  const auto recording = record(kKinds[0]);
  // The first record is the ServerHello, alone and in plain.
  const ByteView body = ByteView(recording->from_server.front()).subspan(9);
  const size_t len = static_cast<size_t>(recording->from_server.front()[7] << 8 | recording->from_server.front()[8]);
  wire::ServerHello hello;
  for (auto _ : state) {
    if (!wire::decode_all_into(body.first(len), hello)) state.SkipWithError("does not decode");
    benchmark::DoNotOptimize(hello);
  }
}
BENCHMARK(server_hello_decode);

void handshake(benchmark::State& state, const Kind& kind, bool traced) {
  const auto recording = record(kind);
  Client client;
  trace::Trace trace(recording->clock);
  for (auto _ : state) {
    if (traced) trace.begin("", "");
    play(client, *recording, traced ? &trace : nullptr);
  }
}

// The same, a fixed number of times and with nothing else in that function: for bench/compare/instructions, which
// counts what is executed within it.
constexpr int kCounted = 50;
[[gnu::noinline]] void counted_handshake(Client& client, const Recording& recording) {
  play(client, recording);
}
void instructions(benchmark::State& state, const Kind& kind) {
  const auto recording = record(kind);
  Client client;
  for (int warm = 0; warm < 3; ++warm) play(client, *recording);
  for (auto _ : state) counted_handshake(client, *recording);
}

const bool registered = [] {
  for (const Kind& kind : kKinds) {
    benchmark::RegisterBenchmark((std::string("handshake/") + kind.name).c_str(),
                                 [&kind](benchmark::State& state) { handshake(state, kind, false); });
    benchmark::RegisterBenchmark((std::string("instructions/") + kind.name).c_str(), [&kind](benchmark::State& state) {
      instructions(state, kind);
    })->Iterations(kCounted);
  }
  benchmark::RegisterBenchmark("handshake/tls13_p256_traced",
                               [](benchmark::State& state) { handshake(state, kKinds[0], true); });
  return true;
}();

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
