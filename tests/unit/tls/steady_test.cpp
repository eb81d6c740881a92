// What holds over many connections: no allocation of ours in the steady state, and what the sink is told.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tlsproof/registry/constants.h"
#include "tlsproof/tls/editor.h"
#include "tlsproof/trace/trace.h"
#include "unit/tls/fake_server.h"

namespace {
thread_local bool counting = false;
thread_local size_t num_allocations = 0;
}  // namespace

// Of the whole test program, in all their forms, so that AddressSanitizer sees pairs.
// NOLINTBEGIN
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t size) {
  if (counting) ++num_allocations;
  if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new[](size_t size) {
  return operator new(size);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  if (counting) ++num_allocations;
  return std::malloc(size != 0 ? size : 1);
}
void* operator new[](size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
// NOLINTEND

namespace tlsproof::tls_test {
namespace {

using tls::Client;
using tls::ClientConfig;
using tls::State;
namespace hs = registry::handshake_type;
using registry::version::TLS1_2;
using registry::version::TLS1_3;

// Like pump() and exchange(), but counts what the client allocates.
size_t count_run(Client& client, const ClientConfig& config, const tls::ClientSetup& setup, SslPeer& peer) {
  num_allocations = 0;
  const auto counted = [](auto&& act) {
    counting = true;
    act();
    counting = false;
  };
  counted([&] { client.start(config, setup); });
  bool written = false;
  for (int idle = 0; idle < 2;) {
    const Bytes there = to_bytes(client.output());
    counted([&] { client.consume_output(there.size()); });
    peer.input(there);
    const Bytes back = peer.take_output();
    counted([&] { client.input(back); });
    idle = there.empty() && back.empty() ? idle + 1 : 0;
    if (!written && client.handshake_complete() && peer.connected()) {
      written = true;
      counted([&] { EXPECT_TRUE(client.write(as_bytes("hello"))); });
      peer.write("world");
    }
  }
  EXPECT_EQ(as_text(client.application_data()), "world") << story(client, &peer);
  EXPECT_EQ(as_text(peer.received()), "hello");
  counted([&] {
    client.consume_application_data(5);
    client.close_notify();
  });
  return num_allocations;
}

TEST(Steady, NoAllocationAfterTheFirstConnections) {
  for (const uint16_t version : {TLS1_2, TLS1_3})
    for (const bool with_certificate : {false, true})
      for (const bool retry : {false, true})
        for (const bool resume : {false, true}) {
          if (retry && version == TLS1_2) continue;
          SCOPED_TRACE(testing::Message() << "version " << version << " certificate " << with_certificate << " retry "
                                          << retry << " resume " << resume);
          // Signatures of one length: those of ECDSA vary, and so a buffer may grow late.
          const SslContext context({.key = crypto::KeyKind::ed25519,
                                    .groups = retry ? "P-256" : "X25519",
                                    .ask_certificate = with_certificate});
          const auto signer = crypto::make_signer(credential(crypto::KeyKind::ed25519).key);
          const tls::ClientIdentity identity{.chain = &credential(crypto::KeyKind::ed25519).chain,
                                             .signer = signer.get()};
          ClientConfig config;
          config.versions = {version};
          config.server_name = "a.server.name.that.is.long.enough.not.to.fit.into.a.small.string.test";
          config.alpn = {"h2"};
          config.grease = retry;
          Client client;
          tls::Session session;
          {
            SslPeer peer(context);
            client.start(config);
            pump(client, peer);
            ASSERT_FALSE(client.sessions().empty());
            session = client.sessions().front();
          }
          const tls::ClientSetup setup{.identity = &identity, .resume = resume ? &session : nullptr};
          for (int warm = 0; warm < 2; ++warm) {
            SslPeer peer(context);
            count_run(client, config, setup, peer);
          }
          for (int round = 0; round < 3; ++round) {
            SslPeer peer(context);
            EXPECT_EQ(count_run(client, config, setup, peer), 0U);
            EXPECT_EQ(client.negotiated().resumed, resume);
            EXPECT_EQ(client.negotiated().hello_retry_request, retry);
          }
        }
}

// The counter itself counts.
TEST(Steady, AFirstConnectionAllocates) {
  const SslContext context;
  SslPeer peer(context);
  ClientConfig config;
  Client client;
  EXPECT_GT(count_run(client, config, {}, peer), 10U);
}

// The sink's story: every byte of both directions is in some record, messages point into it, and the secrets open it.
TEST(Steady, TheSinkIsToldEverything) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    ManualClock clock;
    trace::Trace trace(clock);
    trace.begin("127.0.0.1:1", "127.0.0.1:2");
    const SslContext context({.ask_certificate = true});
    SslPeer peer(context);
    ClientConfig config;
    config.versions = {version};
    Client client;
    constexpr size_t kBefore = 17;  // as after STARTTLS
    client.start(config, {.sink = &trace, .sent_offset = kBefore, .received_offset = kBefore});
    size_t sent = 0, received = 0;
    for (int idle = 0; idle < 2;) {
      const Bytes there = to_bytes(client.output());
      client.consume_output(there.size());
      sent += there.size();
      peer.input(there);
      const Bytes back = peer.take_output();
      received += back.size();
      client.input(back);
      idle = there.empty() && back.empty() ? idle + 1 : 0;
    }
    client.close_notify();
    sent += client.output().size();
    std::array<size_t, 2> next = {kBefore, kBefore};
    size_t messages = 0, alerts = 0;
    for (const auto& event : trace.events()) {
      const auto d = static_cast<size_t>(event.direction);
      if (event.kind == trace::EventKind::record) {
        EXPECT_EQ(event.stream.offset, next[d]);
        next[d] = event.stream.end();
        EXPECT_TRUE(event.opened);
      } else if (event.kind == trace::EventKind::message) {
        EXPECT_LE(event.stream.end(), next[d]);
        EXPECT_GT(event.stream.len, 5U);
        EXPECT_TRUE(trace.message(event).has_value());
        ++messages;
      } else if (event.kind == trace::EventKind::alert) {
        ++alerts;
      }
      EXPECT_NE(event.kind, trace::EventKind::problem);
    }
    EXPECT_EQ(next[0], kBefore + sent);
    EXPECT_EQ(next[1], kBefore + received);
    EXPECT_EQ(alerts, 1U);
    EXPECT_EQ(messages, 11U);
    EXPECT_EQ(trace.secrets().size(), version == TLS1_3 ? 5U : 1U);
    EXPECT_EQ(trace.version(), version);
    EXPECT_EQ(trace.cipher_suite(), client.negotiated().cipher_suite);
  }
}

// A failure leaves nothing behind for the next connection of the same client.
TEST(Steady, StartAfterFailure) {
  Client client;
  ClientConfig config;
  {
    // One that comes when the answer was half planned.
    ClientConfig bent;
    bent.groups.push_back(0x0200);
    FakeOptions options;
    options.retry_group = 0x0200;
    FakeServer server(options);
    client.start(bent);
    pump(client, server);
    ASSERT_EQ(client.state(), State::failed);
    EXPECT_EQ(client.failure()->kind, tls::Failure::Kind::unsupported_parameter);
  }
  for (int round = 0; round < 4; ++round) {
    FakeOptions options;
    options.version = round % 2 == 0 ? TLS1_3 : TLS1_2;
    if (round < 2)
      options.bend_bytes = [](uint8_t type, Bytes& message) {
        if (type == hs::finished) message.back() ^= 1;
      };
    FakeServer server(options);
    client.start(config);
    pump(client, server);
    EXPECT_EQ(client.state(), round < 2 ? State::failed : State::connected) << story(client);
    EXPECT_EQ(client.failure() != nullptr, round < 2);
    EXPECT_EQ(client.our_alert().has_value(), round < 2);
    EXPECT_EQ(client.num_received(hs::finished), 1U);
  }
}

}  // namespace
}  // namespace tlsproof::tls_test
