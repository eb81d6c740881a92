#include "tlsproof/net/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "tlsproof/net/connector.h"
#include "tlsproof/net/pipe.h"
#include "tlsproof/net/resolver.h"

namespace tlsproof::net {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int kPatienceMs = 10'000;

std::unique_ptr<Loop> make_loop(const Clock& clock = system_clock()) {
  auto loop = Loop::make(clock);
  EXPECT_TRUE(loop) << loop.error().message();
  return std::move(*loop);
}

struct Io final : IoHandler {
  std::function<void(Readiness)> body = [](Readiness) {};
  std::vector<Readiness> calls;
  void on_ready(Readiness ready) override {
    calls.push_back(ready);
    body(ready);
  }
};

struct Timer final : TimerHandler {
  std::function<void(TimerId)> body = [](TimerId) {};
  std::vector<TimerId> calls;
  void on_timer(TimerId id) override {
    calls.push_back(id);
    body(id);
  }
};

struct SocketPair {
  Socket a, b;
  SocketPair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    a = Socket(FileDescriptor(fds[0]));
    b = Socket(FileDescriptor(fds[1]));
  }
};

// ---- timers
// ------------------------------------------------------------------------------------------------------------

TEST(LoopTimers, InOrderOfDeadlineThenOfAdding) {
  ManualClock clock;
  auto loop = make_loop(clock);
  std::vector<int> order;
  Timer handlers[5];
  const int64_t deadlines[5] = {30, 10, 20, 10, 1000};
  for (int i = 0; i < 5; ++i) {
    handlers[i].body = [&order, i](TimerId) { order.push_back(i); };
    EXPECT_NE(loop->add_timer(deadlines[i], handlers[i]), 0U);
  }
  EXPECT_EQ(*loop->run_once(0), 0U);
  clock.advance_ns(9);
  EXPECT_EQ(*loop->run_once(0), 0U);
  clock.advance_ns(1);
  EXPECT_EQ(*loop->run_once(0), 2U);
  clock.advance_ns(90);
  EXPECT_EQ(*loop->run_once(0), 2U);
  EXPECT_EQ(order, (std::vector{1, 3, 2, 0}));
  EXPECT_EQ(loop->num_timers(), 1U);
}

TEST(LoopTimers, AgainstASimpleModel) {
  ManualClock clock;
  auto loop = make_loop(clock);
  Timer handler;
  std::vector<TimerId> fired;
  handler.body = [&](TimerId id) { fired.push_back(id); };
  struct Known {
    TimerId id;
    int64_t deadline;
  };
  std::vector<Known> model;
  uint64_t state = 1;
  const auto random = [&] { return (state = state * 6364136223846793005U + 1442695040888963407U) >> 33; };
  for (int round = 0; round < 10'000; ++round) {
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const int64_t deadline = clock.monotonic_ns() + static_cast<int64_t>(random() % 400);
        model.push_back({loop->add_timer(deadline, handler), deadline});
        break;
      }
      case 4:
      case 5:
        if (!model.empty()) {
          const auto at = static_cast<std::ptrdiff_t>(random() % model.size());
          loop->cancel_timer(model[static_cast<size_t>(at)].id);
          loop->cancel_timer(model[static_cast<size_t>(at)].id);  // again: nothing
          model.erase(model.begin() + at);
        }
        break;
      default: {
        clock.advance_ns(static_cast<int64_t>(random() % 20));
        std::vector<Known> due;
        std::erase_if(model, [&](const Known& known) {
          if (known.deadline > clock.monotonic_ns()) return false;
          due.push_back(known);
          return true;
        });
        std::ranges::stable_sort(due, {}, &Known::deadline);
        fired.clear();
        ASSERT_EQ(*loop->run_once(0), due.size());
        for (size_t i = 0; i < due.size(); ++i) ASSERT_EQ(fired[i], due[i].id);
      }
    }
    ASSERT_EQ(loop->num_timers(), model.size());
  }
}

TEST(LoopTimers, OneThatAddsItselfStarvesNobodyAndEndsItsRound) {
  ManualClock clock;
  auto loop = make_loop(clock);
  Timer greedy, patient;
  greedy.body = [&](TimerId) { loop->add_timer(0, greedy); };
  loop->add_timer(0, greedy);
  loop->add_timer(5, patient);
  clock.advance_ns(10);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(loop->run_once(0));
  EXPECT_EQ(greedy.calls.size(), 3U);
  EXPECT_EQ(patient.calls.size(), 1U);
}

TEST(LoopTimers, CancelledByAnotherOfTheSameRound) {
  ManualClock clock;
  auto loop = make_loop(clock);
  Timer first, second;
  TimerId id = 0;
  first.body = [&](TimerId) { loop->cancel_timer(id); };
  loop->add_timer(1, first);
  id = loop->add_timer(1, second);
  clock.advance_ns(1);
  EXPECT_EQ(*loop->run_once(0), 1U);
  EXPECT_TRUE(second.calls.empty());
  EXPECT_EQ(loop->add_timer(kForever, first), 0U);
  EXPECT_EQ(loop->add_timer_in(kForever, first), 0U);
  // The slot is used again; the old id does not reach the new timer.
  const TimerId reused = loop->add_timer(1, second);
  EXPECT_NE(reused, id);
  loop->cancel_timer(id);
  EXPECT_EQ(*loop->run_once(0), 1U);
}

TEST(LoopTimers, RealTimeIsWaitedFor) {
  auto loop = make_loop();
  Timer handler;
  handler.body = [&](TimerId) { loop->stop(); };
  const int64_t start = loop->now_ns();
  loop->add_timer_in(5'000'000, handler);
  EXPECT_EQ(*loop->run_until(), LoopEnd::stopped);
  EXPECT_GE(loop->now_ns() - start, 5'000'000);
  EXPECT_EQ(*loop->run_until(), LoopEnd::idle);
}

// ---- descriptors
// -------------------------------------------------------------------------------------------------------

TEST(LoopIo, LevelTriggeredAndWhatWasAskedFor) {
  auto loop = make_loop();
  SocketPair pair;
  Io io;
  ASSERT_TRUE(loop->watch(pair.a, kReadable, io));
  EXPECT_EQ(*loop->run_once(0), 0U);
  EXPECT_EQ(pair.b.write(as_bytes("x")).len, 1U);
  EXPECT_EQ(*loop->run_once(0), 1U);
  EXPECT_EQ(*loop->run_once(0), 1U);  // still unread
  ASSERT_TRUE(loop->watch(pair.a, kReadable | kWritable, io));
  EXPECT_EQ(*loop->run_once(0), 1U);
  ASSERT_TRUE(loop->watch(pair.a, 0, io));
  EXPECT_EQ(*loop->run_once(0), 0U);
  EXPECT_EQ(io.calls, (std::vector<Readiness>{kReadable, kReadable, kReadable | kWritable}));
  pair.b.close();  // a hang-up that nobody waits for does not make the loop spin
  EXPECT_EQ(*loop->run_once(0), 0U);
  const int64_t start = loop->now_ns();
  EXPECT_EQ(*loop->run_once(2'000'000), 0U);
  EXPECT_GE(loop->now_ns() - start, 2'000'000);
  EXPECT_EQ(*loop->run_until(loop->now_ns() + 2'000'000), LoopEnd::deadline);
  EXPECT_EQ(io.calls.size(), 3U);
  loop->unwatch(pair.a);
  loop->unwatch(pair.a);
  EXPECT_EQ(loop->num_watched(), 0U);
  EXPECT_EQ(*loop->run_until(), LoopEnd::idle);
}

TEST(LoopIo, UnwatchedInTheSameRoundIsNotCalled) {
  auto loop = make_loop();
  SocketPair one, two;
  Io first, second, third;
  const auto drop = [&](Readiness) {
    loop->unwatch(one.a);
    loop->unwatch(two.a);
    // The same descriptor again: the event that was fetched belongs to the watch before.
    ASSERT_TRUE(loop->watch(two.a, kReadable, third));
    ASSERT_TRUE(loop->watch(one.a, kReadable, third));
  };
  first.body = second.body = drop;
  ASSERT_TRUE(loop->watch(one.a, kReadable, first));
  ASSERT_TRUE(loop->watch(two.a, kReadable, second));
  EXPECT_EQ(one.b.write(as_bytes("x")).len, 1U);
  EXPECT_EQ(two.b.write(as_bytes("x")).len, 1U);
  EXPECT_EQ(*loop->run_once(0), 1U);
  EXPECT_EQ(first.calls.size() + second.calls.size(), 1U);
  EXPECT_TRUE(third.calls.empty());
  EXPECT_EQ(*loop->run_once(0), 2U);
  EXPECT_EQ(third.calls.size(), 2U);
}

TEST(LoopIo, PipesAreStreamsLikeAnyOther) {
  auto loop = make_loop();
  auto pipe = make_pipe();
  Io client, server;
  std::string got;
  server.body = [&](Readiness) {
    uint8_t buffer[16];
    const IoResult result = pipe.b->read(buffer);
    if (result.status == IoStatus::ok) {
      got += as_text(ByteView(buffer).first(result.len));
    } else {
      EXPECT_EQ(result.status, IoStatus::eof);
      loop->unwatch(*pipe.b);
    }
  };
  int num = 0;
  client.body = [&](Readiness) {
    EXPECT_EQ(pipe.a->write(as_bytes("ab")).len, 2U);
    if (++num < 3) return;
    pipe.a->shutdown_write();
    loop->unwatch(*pipe.a);
  };
  ASSERT_TRUE(loop->watch(*pipe.a, kWritable, client));
  ASSERT_TRUE(loop->watch(*pipe.b, kReadable, server));
  EXPECT_EQ(*loop->run_until(loop->now_ns() + 10 * kSecond), LoopEnd::idle);
  EXPECT_EQ(got, "ababab");
}

// ---- look-ups
// ----------------------------------------------------------------------------------------------------------

// Answers when the test lets it.
class GatedNames final : public NameService {
 public:
  explicit GatedNames(Result<std::vector<Address>> answer) : answer_(std::move(answer)) {}
  Result<std::vector<Address>> lookup(const std::string&, uint16_t) override {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return open_; });
    return answer_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  Result<std::vector<Address>> answer_;
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

TEST(Resolve, NumericNamesAndLocalhost) {
  EXPECT_EQ((*resolve({"192.0.2.7", 443}, kPatienceMs))[0].text(), "192.0.2.7:443");
  EXPECT_EQ((*resolve({"2001:db8::7", 8443}, kPatienceMs))[0].text(), "[2001:db8::7]:8443");
  const auto local = resolve({"localhost", 443}, kPatienceMs);
  ASSERT_TRUE(local) << local.error().message();
  for (const Address& address : *local) EXPECT_EQ(address.port(), 443);
}

TEST(Resolve, AHangingResolverDoesNotHangUs) {
  auto names = std::make_shared<GatedNames>(std::vector{*Address::from_ip("192.0.2.1", 1)});
  const auto late = resolve({"slow.example", 443}, 20, names);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().error_number, ETIMEDOUT);
  EXPECT_NE(late.error().what.find("slow.example"), std::string::npos);

  // Hanging look-ups are bounded, and come back when the resolver does.
  std::vector<Lookup> hanging;
  while (true) {
    auto lookup = Lookup::start({"slow.example", 443}, names);
    if (!lookup) {
      EXPECT_NE(lookup.error().what.find("hang already"), std::string::npos);
      break;
    }
    hanging.push_back(std::move(*lookup));
    ASSERT_LE(hanging.size(), kMaxLookups);
  }
  EXPECT_FALSE(hanging[0].done());
  names->open();
  for (Lookup& lookup : hanging) {
    ASSERT_TRUE(wait_ready(lookup.fd(), kReadable, kPatienceMs));
    EXPECT_TRUE(lookup.done());
    EXPECT_TRUE(lookup.take());
  }
}

TEST(Resolve, AddressesAreUniqueAndBoundedAndNoneIsAnError) {
  std::vector<Address> many(3, *Address::from_ip("192.0.2.1", 1));
  many.push_back(*Address::from_ip("192.0.2.2", 1));
  for (uint16_t port = 2; port < 500; ++port) many.push_back(*Address::from_ip("192.0.2.3", port));
  auto names = std::make_shared<GatedNames>(many);
  names->open();
  const auto found = resolve({"h.example", 1}, kPatienceMs, names);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), kMaxAddresses);
  EXPECT_EQ((*found)[1].ip(), "192.0.2.2");
  auto nothing = std::make_shared<GatedNames>(std::vector<Address>{});
  nothing->open();
  EXPECT_FALSE(resolve({"h.example", 1}, kPatienceMs, nothing));
}

// ---- connecting
// --------------------------------------------------------------------------------------------------------

struct Connected final : ConnectHandler {
  Loop* loop = nullptr;
  std::optional<ConnectResult> result;
  void on_connect(ConnectResult outcome) override {
    result.emplace(std::move(outcome));
    loop->stop();
  }
};

class ConnectorTest : public testing::Test {
 protected:
  void SetUp() override {
    handler_.loop = loop_.get();
    auto listener = Listener::bind(*Address::from_ip("127.0.0.1", 0));
    ASSERT_TRUE(listener);
    listener_ = std::move(*listener);
    auto dead = Listener::bind(*Address::from_ip("127.0.0.1", 0));
    ASSERT_TRUE(dead);
    dead_ = dead->address();  // closed again: nobody listens there
  }
  void run() { ASSERT_EQ(*loop_->run_until(loop_->now_ns() + 10 * kSecond), LoopEnd::stopped); }
  int64_t soon() const { return loop_->now_ns() + 8 * kSecond; }

  std::unique_ptr<Loop> loop_ = make_loop();
  Connected handler_;
  Listener listener_;
  Address dead_;
};

TEST_F(ConnectorTest, ByNameAndByNumber) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    Connector connector(*loop_, handler_);
    handler_.result.reset();
    connector.start({host, listener_.address().port()}, soon());
    EXPECT_FALSE(handler_.result);  // never from within start
    EXPECT_TRUE(connector.active());
    run();
    ASSERT_TRUE(handler_.result && *handler_.result) << handler_.result->error().error.message();
    EXPECT_EQ((*handler_.result)->peer_address(), listener_.address());
    EXPECT_FALSE(connector.active());
  }
  EXPECT_EQ(loop_->num_watched(), 0U);
  EXPECT_EQ(loop_->num_timers(), 0U);
}

TEST_F(ConnectorTest, TheNextAddressIsTried) {
  Connector connector(*loop_, handler_);
  connector.start({"two.example", 443}, {dead_, listener_.address()}, soon());
  run();
  ASSERT_TRUE(*handler_.result) << handler_.result->error().error.message();
  EXPECT_EQ((*handler_.result)->peer_address(), listener_.address());
}

TEST_F(ConnectorTest, WhyItFailedIsSaid) {
  Connector connector(*loop_, handler_);
  connector.start({"dead.example", 443}, {dead_, dead_}, soon());
  run();
  ASSERT_FALSE(*handler_.result);
  const ConnectError& refused = handler_.result->error();
  EXPECT_EQ(refused.kind, ConnectError::Kind::refused);
  EXPECT_STREQ(connect_error_name(refused.kind), "refused");
  EXPECT_EQ(refused.error.message(), "cannot connect to dead.example:443 (127.0.0.1, 127.0.0.1): Connection refused");

  auto names = std::make_shared<GatedNames>(fail("cannot resolve gone.example: no such name"));
  names->open();
  connector.start({"gone.example", 443}, soon(), names);
  run();
  ASSERT_FALSE(*handler_.result);
  EXPECT_EQ(handler_.result->error().kind, ConnectError::Kind::unresolvable);

  auto slow = std::make_shared<GatedNames>(fail("late"));
  connector.start({"slow.example", 443}, loop_->now_ns() + 10'000'000, slow);
  run();
  ASSERT_FALSE(*handler_.result);
  EXPECT_EQ(handler_.result->error().kind, ConnectError::Kind::timed_out);
  slow->open();

  handler_.result.reset();
  connector.start({"h.example", 443}, {Address{}}, soon());  // fails at once, and yet not from within start
  EXPECT_FALSE(handler_.result);
  run();
  ASSERT_FALSE(*handler_.result);
  EXPECT_EQ(handler_.result->error().kind, ConnectError::Kind::unreachable);

  EXPECT_EQ(classify_connect_errno(ENETUNREACH), ConnectError::Kind::unreachable);
  EXPECT_EQ(classify_connect_errno(EACCES), ConnectError::Kind::other);
}

TEST_F(ConnectorTest, ASilentAddressLeavesTimeForTheNext) {
  auto full = Listener::bind(*Address::from_ip("127.0.0.1", 0), 0);
  ASSERT_TRUE(full);
  std::vector<Socket> waiting;
  for (int i = 0; i < 8; ++i) {
    auto socket = Socket::start_connect(full->address());
    ASSERT_TRUE(socket);
    const bool answered = wait_ready(socket->fd(), kWritable, 50);
    waiting.push_back(std::move(*socket));
    if (!answered) break;
  }
  ManualClock clock;
  auto loop = make_loop(clock);
  handler_.loop = loop.get();
  Connector connector(*loop, handler_);
  connector.start({"two.example", 443}, {full->address(), listener_.address()}, 10 * kSecond);
  ASSERT_TRUE(loop->run_once(0));
  clock.advance_ns(5 * kSecond - 1);
  ASSERT_TRUE(loop->run_once(0));
  EXPECT_FALSE(handler_.result);
  clock.advance_ns(1);  // half of the time is over: on to the second
  for (int i = 0; i < 100 && !handler_.result; ++i) ASSERT_TRUE(loop->run_once(10'000'000));
  ASSERT_TRUE(handler_.result && *handler_.result);
  EXPECT_EQ((*handler_.result)->peer_address(), listener_.address());

  handler_.result.reset();
  connector.start({"one.example", 443}, {full->address()}, 20 * kSecond);
  clock.advance_ns(20 * kSecond);
  for (int i = 0; i < 100 && !handler_.result; ++i) ASSERT_TRUE(loop->run_once(0));
  ASSERT_TRUE(handler_.result && !*handler_.result);
  EXPECT_EQ(handler_.result->error().kind, ConnectError::Kind::timed_out);
}

TEST_F(ConnectorTest, CancelledMeansNoCall) {
  auto names = std::make_shared<GatedNames>(std::vector{listener_.address()});
  {
    Connector connector(*loop_, handler_);
    connector.start({"slow.example", 443}, soon(), names);
    connector.start({"h", 443}, {listener_.address()}, soon());  // cancels the first
    connector.cancel();
    EXPECT_FALSE(connector.active());
    connector.start({"slow.example", 443}, soon(), names);
  }  // and destroyed while it waits
  names->open();
  EXPECT_EQ(*loop_->run_until(soon()), LoopEnd::idle);
  EXPECT_FALSE(handler_.result);
}

}  // namespace
}  // namespace tlsproof::net
