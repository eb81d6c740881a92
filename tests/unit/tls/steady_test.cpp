// What holds over many connections: no allocation of ours in the steady state, and what the sink is told.
#include <gtest/gtest.h>

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <new>

#include "tlsproof/registry/constants.h"
#include "tlsproof/tls/editor.h"
#include "tlsproof/trace/trace.h"
#include "unit/tls/fake_server.h"

namespace {
thread_local bool counting = false;
thread_local size_t num_allocations = 0;
thread_local ptrdiff_t live_bytes = 0;  // of this program and of libcrypto

void* allocate(size_t size) {
  void* memory = std::malloc(size != 0 ? size : 1);
  if (memory != nullptr) live_bytes += static_cast<ptrdiff_t>(malloc_usable_size(memory));
  return memory;
}
void release(void* memory) {
  if (memory != nullptr) live_bytes -= static_cast<ptrdiff_t>(malloc_usable_size(memory));
  std::free(memory);
}
// libcrypto takes other functions only before it allocates for the first time.
const bool libcrypto_is_weighed =
    CRYPTO_set_mem_functions([](size_t size, const char*, int) { return size == 0 ? nullptr : allocate(size); },
                             [](void* old, size_t size, const char*, int) -> void* {
                               if (size == 0) {
                                 release(old);
                                 return nullptr;
                               }
                               const size_t before = old != nullptr ? malloc_usable_size(old) : 0;
                               void* memory = std::realloc(old, size);
                               if (memory != nullptr)
                                 live_bytes += static_cast<ptrdiff_t>(malloc_usable_size(memory)) -
                                               static_cast<ptrdiff_t>(before);
                               return memory;
                             },
                             [](void* memory, const char*, int) { release(memory); }) == 1;
}  // namespace

// Of the whole test program, in all their forms, so that AddressSanitizer sees pairs.
// NOLINTBEGIN
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t size) {
  if (counting) ++num_allocations;
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](size_t size) {
  return operator new(size);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  if (counting) ++num_allocations;
  return allocate(size);
}
void* operator new[](size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, size_t) noexcept {
  release(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  release(memory);
}
void operator delete[](void* memory) noexcept {
  release(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  release(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  release(memory);
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

// ---- many clients with one workspace ----

struct Pair {
  Pair(tls::Workspace& workspace, const SslContext& context) : client(workspace), peer(context) {}
  Client client;
  SslPeer peer;
  size_t step = 0;  // how many bytes the client is given at a time; 0: all
};

// One client after the other has a turn, so that none has the workspace twice in a row.
void pump_in_turn(std::vector<std::unique_ptr<Pair>>& pairs, bool count) {
  std::vector<Bytes> back(pairs.size());
  const auto counted = [&](auto&& act) {
    counting = count;
    act();
    counting = false;
  };
  for (int idle = 0; idle < 2; ++idle)
    for (size_t i = 0; i < pairs.size(); ++i) {
      auto& [client, peer, step] = *pairs[i];
      const Bytes there = to_bytes(client.output());
      counted([&] { client.consume_output(there.size()); });
      peer.input(there);
      append(back[i], peer.take_output());
      const size_t len = step == 0 ? back[i].size() : std::min(step, back[i].size());
      counted([&] { client.input(ByteView(back[i]).first(len)); });
      back[i].erase(back[i].begin(), back[i].begin() + static_cast<ptrdiff_t>(len));
      if (!there.empty() || len != 0) idle = -1;
    }
}

struct Role {
  const SslContext* context;
  const ClientConfig* config;
  crypto::KeyKind key;
  size_t step;
};

TEST(Workspace, InterleavedClientsKeepTheirOwn) {
  const SslContext p256({.ask_certificate = true}), rsa({.key = crypto::KeyKind::rsa}),
      retry({.key = crypto::KeyKind::p384, .groups = "P-256", .alpn = {"b"}}), old({.max_version = TLS1_2_VERSION});
  const auto signer = crypto::make_signer(credential(crypto::KeyKind::p256).key);
  const tls::ClientIdentity identity{.chain = &credential(crypto::KeyKind::p256).chain, .signer = signer.get()};
  ClientConfig both, with_alpn, tls12;
  with_alpn.alpn = {"a", "b"};
  with_alpn.status_request = true;
  tls12.versions = {TLS1_2};
  const Role kRoles[] = {{&p256, &both, crypto::KeyKind::p256, 0},       {&rsa, &both, crypto::KeyKind::rsa, 200},
                         {&retry, &with_alpn, crypto::KeyKind::p384, 0}, {&old, &both, crypto::KeyKind::p256, 50},
                         {&rsa, &tls12, crypto::KeyKind::rsa, 100},      {&p256, &tls12, crypto::KeyKind::p256, 33}};
  tls::Workspace workspace;
  std::vector<std::unique_ptr<Pair>> pairs;
  for (const auto& role : kRoles) pairs.push_back(std::make_unique<Pair>(workspace, *role.context));
  std::vector<tls::Session> sessions(pairs.size());
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < pairs.size(); ++i) {
      pairs[i]->peer = SslPeer(*kRoles[i].context);
      pairs[i]->step = kRoles[i].step;
      pairs[i]->client.start(*kRoles[i].config, {.identity = &identity, .resume = round == 2 ? &sessions[i] : nullptr});
    }
    pump_in_turn(pairs, false);
    for (size_t i = 0; i < pairs.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "round " << round << " role " << i);
      auto& [client, peer, step] = *pairs[i];
      ASSERT_TRUE(client.handshake_complete()) << story(client, &peer);
      EXPECT_EQ(client.negotiated().resumed, round == 2);
      EXPECT_EQ(client.negotiated().hello_retry_request, i == 2);
      EXPECT_EQ(client.negotiated().alpn, i == 2 ? to_bytes("b") : Bytes());
      EXPECT_EQ(client.negotiated().version, i == 3 || kRoles[i].config == &tls12 ? TLS1_2 : TLS1_3);
      if (round != 2) {
        ASSERT_EQ(client.peer_certificates().size(), 1U);
        EXPECT_TRUE(equal(client.peer_certificates()[0], credential(kRoles[i].key).chain[0]));
        EXPECT_EQ(client.client_certificate() == tls::ClientCertificate::sent, kRoles[i].context == &p256);
      }
      std::array<uint8_t, 32> theirs{};
      SSL_get_client_random(peer.get(), theirs.data(), theirs.size());
      EXPECT_EQ(client.client_random(), theirs);
    }
    for (size_t i = 0; i < pairs.size(); ++i) {
      auto& [client, peer, step] = *pairs[i];
      ASSERT_TRUE(exchange(client, peer)) << story(client, &peer);
      if (round != 2) {
        ASSERT_FALSE(client.sessions().empty());
        sessions[i] = client.sessions().back();
      }
      SSL_set_shutdown(peer.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
  }
}

TEST(Workspace, NoAllocationInTheSteadyState) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context({.key = crypto::KeyKind::ed25519, .groups = "X25519"});
    ClientConfig config;
    config.versions = {version};
    config.alpn = {"h2"};
    tls::Workspace workspace;
    std::vector<std::unique_ptr<Pair>> pairs;
    for (int i = 0; i < 20; ++i) pairs.push_back(std::make_unique<Pair>(workspace, context));
    for (int round = 0; round < 6; ++round) {
      num_allocations = 0;
      for (auto& pair : pairs) {
        pair->peer = SslPeer(context);
        counting = true;
        pair->client.start(config);
        counting = false;
      }
      pump_in_turn(pairs, true);
      for (auto& pair : pairs) {
        EXPECT_TRUE(pair->client.handshake_complete());
        counting = true;
        pair->client.close_notify();
        pair->client.consume_output(pair->client.output().size());
        counting = false;
      }
      if (round >= 3) {
        EXPECT_EQ(num_allocations, 0U) << version << " round " << round;
      }
    }
  }
}

TEST(Workspace, AnOpenConnectionIsSmall) {
  ASSERT_TRUE(libcrypto_is_weighed);
  constexpr ptrdiff_t kClients = 200, kMost = 8 << 10;
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    SCOPED_TRACE(version);
    const SslContext context;
    ClientConfig config;
    config.versions = {version};
    config.server_name = "server.test";
    config.alpn = {"h2", "http/1.1"};
    tls::Workspace workspace;
    const auto weigh = [&](auto&& act) {
      std::vector<std::unique_ptr<Client>> clients;
      clients.reserve(kClients);
      {
        Client warm(workspace);
        act(warm);
      }
      const ptrdiff_t before = live_bytes;
      for (ptrdiff_t i = 0; i < kClients; ++i) {
        clients.push_back(std::make_unique<Client>(workspace));
        act(*clients.back());
      }
      return (live_bytes - before) / kClients;
    };
    const auto waiting = weigh([&](Client& client) {
      client.start(config);
      client.consume_output(client.output().size());
    });
    const auto connected = weigh([&](Client& client) {
      SslPeer peer(context);
      client.start(config);
      pump(client, peer);
      EXPECT_TRUE(exchange(client, peer));
    });
    RecordProperty("waiting_" + std::to_string(version), static_cast<int>(waiting));
    RecordProperty("connected_" + std::to_string(version), static_cast<int>(connected));
    EXPECT_LT(waiting, kMost);
    EXPECT_GT(waiting, 1000);
    EXPECT_LT(connected, kMost);
    EXPECT_GT(connected, 1000);
  }
}

// A client that is used from within another's call of the same workspace would find its messages in pieces.
TEST(WorkspaceDeathTest, TurnsAreNotNested) {
  struct Nested final : RandomSource {
    void fill(std::span<uint8_t> out) override {
      other->start(*config);
      system_random().fill(out);
    }
    Client* other = nullptr;
    const ClientConfig* config = nullptr;
  };
  tls::Workspace workspace;
  Client one(workspace), other(workspace);
  const ClientConfig config;
  Nested random;
  random.other = &other;
  random.config = &config;
  EXPECT_DEATH(one.start(config, {.random = &random}), "");
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
