// A load against servers that do not behave: each failure is of its own class, and the run ends.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>

#include "tlsproof/load/find_max.h"
#include "tlsproof/load/run.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/x509/validate.h"
#include "unit/load/server.h"

namespace tlsproof::load_test {
namespace {

using load::ErrorClass;
using load::ErrorKind;
using load::Measurement;
using load::Plan;
using load::Step;
using tls_test::PeerOptions;

constexpr int64_t kMs = 1'000'000;

Measurement run(const Plan& plan, const load::RunOptions& options = {}) {
  auto result = load::run_once(plan, options);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message());
  return result ? *result : Measurement();
}
load::RunOptions no_replay() {
  load::RunOptions options;
  options.replay_failures = false;
  return options;
}
std::string errors(const Measurement& m) {
  std::string text;
  for (const auto& [error, count] : m.errors)
    text += load::error_id(error) + " " + std::to_string(count.count) + " (" + count.example + ")\n";
  return text;
}
uint16_t at(Step step) {
  return static_cast<uint16_t>(step);
}
// All of the plan's connections failed, all of this class.
void expect_all(const Measurement& m, ErrorClass error, uint64_t num = 40) {
  EXPECT_EQ(m.started, num);
  EXPECT_EQ(m.completed, 0U);
  ASSERT_EQ(m.errors.size(), 1U) << errors(m);
  EXPECT_EQ(m.errors.begin()->first, error) << errors(m);
  EXPECT_EQ(m.errors.begin()->second.count, num);
  EXPECT_FALSE(m.errors.begin()->second.example.empty());
}
void expect_all_from(const Server::Serve& serve, ErrorClass error, const std::function<void(Plan&)>& change = {}) {
  Server server(serve);
  Plan plan = plan_for(server.address());
  if (change) change(plan);
  expect_all(run(plan, no_replay()), error);
}

TEST(LoadFailure, RefusedWithoutSpinning) {
  Plan plan = plan_for(unused_address());
  expect_all(run(plan, no_replay()), {ErrorKind::refused, 0});
  plan.count = 0;
  plan.duration_ns = 300 * kMs;
  const Measurement m = run(plan, no_replay());
  // 1 + 2 + 4 … 64 ms, then every 100: about ten for each of the four places.
  EXPECT_GE(m.started, 20U);
  EXPECT_LE(m.started, 80U);
}

TEST(LoadFailure, ClosedAtOnce) {
  expect_all_from([](int fd) { read_some(fd); }, {ErrorKind::closed, at(Step::server_hello)});
}

TEST(LoadFailure, ResetAtOnce) {
  expect_all_from(
      [](int fd) {
        read_some(fd);
        const linger abort{1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
      },
      {ErrorKind::reset, at(Step::server_hello)});
}

TEST(LoadFailure, SilenceTimesOut) {
  expect_all_from(
      [](int fd) {
        while (!read_some(fd).empty()) {
        }
      },
      {ErrorKind::timeout, at(Step::server_hello)},
      [](Plan& plan) {
        plan.arrivals.concurrency = 40;
        plan.timeouts.handshake = 100 * kMs;
      });
}

TEST(LoadFailure, SilenceAfterTheHandshake) {
  TlsServer tls;
  expect_all_from(tls.serve(), {ErrorKind::timeout, at(Step::confirm)}, [](Plan& plan) {
    plan.arrivals.concurrency = 40;
    plan.http_request = to_bytes("GET / HTTP/1.1\r\n\r\n");
    plan.timeouts.confirm = 100 * kMs;
  });
}

TEST(LoadFailure, NoTls) {
  expect_all_from(
      [](int fd) {
        write_all(fd, "220 mail.example ESMTP\r\n");
        read_some(fd, 10'000);
      },
      {ErrorKind::not_tls, 0});
}

TEST(LoadFailure, AnAlert) {
  expect_all_from(
      [](int fd) {
        read_some(fd);
        write_all(fd, std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7));
      },
      {ErrorKind::alert, registry::alert::handshake_failure});
}

TEST(LoadFailure, AViolation) {
  expect_all_from(
      [](int fd) {
        read_some(fd);
        write_all(fd, std::string_view("\x16\x03\x03\x00\x04\x14\x00\x00\x00", 9));  // Finished
      },
      {ErrorKind::violation, 0});
}

TEST(LoadFailure, TheChain) {
  for (const auto mode : {load::Verification::full, load::Verification::cached}) {
    TlsServer tls;
    expect_all_from(tls.serve(), {ErrorKind::certificate, static_cast<uint16_t>(x509::ProblemCode::name_mismatch)},
                    [&](Plan& plan) {
                      plan.verification = mode;
                      plan.name = "other.test";
                    });
    expect_all_from(tls.serve(), {ErrorKind::certificate, static_cast<uint16_t>(x509::ProblemCode::self_signed_leaf)},
                    [&](Plan& plan) {
                      plan.verification = mode;
                      plan.anchors = std::make_shared<x509::TrustAnchors>(x509::TrustAnchors::none());
                    });
  }
}

TEST(LoadFailure, NoStarttls) {
  expect_all_from(
      [](int fd) {
        write_all(fd, "220 mail ESMTP\r\n");
        read_some(fd);
        write_all(fd, "250 mail\r\n");
        read_some(fd);
      },
      {ErrorKind::prelude, 0}, [](Plan& plan) { plan.prelude.protocol = app::Protocol::smtp; });
}

TEST(LoadFailure, HttpAnswers) {
  const auto expect_answer = [](std::string answer, ErrorClass error) {
    TlsServer tls({}, std::move(answer));
    expect_all_from(tls.serve(), error, [](Plan& plan) { plan.http_request = to_bytes("GET / HTTP/1.1\r\n\r\n"); });
  };
  expect_answer("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", {ErrorKind::http_status, 400});
  expect_answer("what?\r\n\r\n", {ErrorKind::http_broken, 0});
  expect_answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", {ErrorKind::http_broken, 0});
}

TEST(LoadFailure, OursIsNotTheServers) {
  TlsServer tls;
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.client.alpn = {std::string(70'000, 'x')};  // does not fit into its length fields
  plan.count = 8;
  const Measurement m = run(plan, no_replay());
  EXPECT_EQ(m.completed, 0U);
  ASSERT_EQ(m.errors.size(), 1U);
  EXPECT_EQ(m.errors.begin()->first.kind, ErrorKind::local) << errors(m);
  EXPECT_EQ(server.num_accepted(), 0U);  // nobody is troubled with it
}

// That descriptors run out is provoked in tests/interop, in a process of its own: UndefinedBehaviorSanitizer needs a
// few of them itself.

TEST(LoadFailure, ASourceThatIsNotOurs) {
  Plan plan = plan_for(unused_address());
  plan.sources = {*net::Address::from_ip("192.0.2.1", 0)};
  auto result = load::run_once(plan, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, Error::Kind::usage);
}

TEST(LoadFailure, SourcesAreUsedInTurn) {
  TlsServer tls;
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.sources = {*net::Address::from_ip("127.0.0.2", 0), *net::Address::from_ip("127.0.0.3", 0)};
  EXPECT_EQ(run(plan).completed, 40U);
}

TEST(LoadFailure, PlansThatCannotBePlayed) {
  const Plan good = plan_for(unused_address());
  const auto refuses = [&](const std::function<void(Plan&)>& change) {
    Plan plan = good;
    change(plan);
    const auto result = load::run_once(plan, {});
    return !result && result.error().kind == Error::Kind::usage;
  };
  EXPECT_TRUE(refuses([](Plan& p) { p.addresses.clear(); }));
  EXPECT_TRUE(refuses([](Plan& p) { p.threads = 0; }));
  EXPECT_TRUE(refuses([](Plan& p) { p.mix.clear(); }));
  EXPECT_TRUE(refuses([](Plan& p) { p.mix = {{load::Kind::ticket, 1}}; }));      // of TLS 1.2, which is not offered
  EXPECT_TRUE(refuses([](Plan& p) { p.mix = {{load::Kind::early_data, 1}}; }));  // nothing to send early
  EXPECT_TRUE(refuses([](Plan& p) { p.arrivals.loop = load::Arrivals::Loop::constant; }));  // no rate
  EXPECT_TRUE(refuses([](Plan& p) { p.server_pid = 0x7ffffff0; }));
}

TEST(LoadFailure, FailuresArePlayedAgain) {
  Server server([](int fd) { read_some(fd); });
  Plan plan = plan_for(server.address());
  plan.count = 4;
  const Measurement m = run(plan);
  ASSERT_EQ(m.errors.size(), 1U);
  const load::ErrorCount& count = m.errors.begin()->second;
  ASSERT_NE(count.replay, nullptr) << count.replay_text;
  EXPECT_EQ(count.replay->outcome.kind, verdict::Outcome::Kind::eof);
  EXPECT_NE(count.replay->trace, nullptr);
  EXPECT_EQ(server.num_accepted(), 5U);
}

TEST(LoadFailure, WhatDoesNotFailAgainSaysSo) {
  TlsServer tls;
  std::atomic<int> num{0};
  Server server([&](int fd) {
    if (num++ >= 4)
      tls(fd);
    else
      read_some(fd);  // or its end might be a reset
  });
  Plan plan = plan_for(server.address());
  plan.count = 4;
  const Measurement m = run(plan);
  ASSERT_EQ(m.errors.size(), 1U) << errors(m);
  EXPECT_EQ(m.errors.begin()->second.replay, nullptr);
  EXPECT_EQ(m.errors.begin()->second.replay_text, "played again, it did not fail");
}

TEST(LoadFailure, AReplaySaysWhatItDoesOtherwise) {
  Server server([](int fd) { read_some(fd); });
  Plan plan = plan_for(server.address());
  plan.count = 4;
  plan.reuse_key_share = true;
  plan.sources = {*net::Address::from_ip("127.0.0.2", 0)};
  const Measurement m = run(plan);
  ASSERT_EQ(m.errors.size(), 1U) << errors(m);
  const std::string& text = m.errors.begin()->second.replay_text;
  EXPECT_TRUE(text.starts_with("played again with a trace (with a fresh key share, from another local address): "))
      << text;
}

TEST(LoadFailure, AStopDuringTheReplaysIsNoWholeRun) {
  std::atomic<bool> stop{false};
  std::atomic<int> num{0};
  Server server([&](int fd) {
    read_some(fd);
    if (++num == 5) stop = true;  // the replay
  });
  Plan plan = plan_for(server.address());
  plan.count = 4;
  load::RunOptions options;
  options.stop = &stop;
  const auto runs = load::run_interleaved(std::array{plan}, 1, options);
  ASSERT_TRUE(runs.has_value());
  EXPECT_TRUE(runs->front().interrupted);
  EXPECT_EQ(runs->front().repeats.size(), 1U);
}

// A process that lives until it is told to end.
class Process {
 public:
  Process() : pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) pause();
  }
  ~Process() { end(); }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

TEST(LoadFailure, WhatWasMeasuredOutlivesTheServersProcess) {
  Process process;
  TlsServer tls;
  std::atomic<int> num{0};
  Server server([&](int fd) {
    tls(fd);
    if (++num == 11) process.end();  // after the first repeat, in the second
  });
  Plan plan = plan_for(server.address());
  plan.count = 10;
  plan.arrivals.concurrency = 1;
  plan.server_pid = process.pid();
  const auto runs = load::run_interleaved(std::array{plan}, 3, {});
  ASSERT_TRUE(runs.has_value()) << runs.error().message();
  const auto& repeats = runs->front().repeats;
  ASSERT_EQ(repeats.size(), 3U);
  for (const Measurement& m : repeats) EXPECT_EQ(m.completed, 10U) << errors(m);
  EXPECT_FALSE(repeats[0].server_gone);
  EXPECT_TRUE(repeats[0].server_cpu_ns.has_value());
  EXPECT_TRUE(repeats[2].server_gone);
  EXPECT_FALSE(repeats[2].server_cpu_ns.has_value());
  EXPECT_FALSE(load::run_once(plan, {}).has_value());  // nobody to begin with
}

TEST(LoadFailure, ASearchEndsWithTheServersProcess) {
  Process process;
  TlsServer tls;
  Server server([&](int fd) { tls(fd); });
  Plan plan = plan_for(server.address());
  plan.arrivals = {.loop = load::Arrivals::Loop::constant, .rate = 20};
  plan.count = 0;
  plan.duration_ns = 200 * kMs;
  plan.server_pid = process.pid();
  const std::vector<load::Condition> objectives = {load::parse_condition("server_us<1000000").value()};
  const auto found =
      load::find_max(plan, objectives, no_replay(), [&](const load::RateTried&) { process.end(); }, 1000);
  ASSERT_TRUE(found.has_value()) << found.error().message();
  EXPECT_TRUE(found->interrupted);
  ASSERT_EQ(found->tried.size(), 2U);
  EXPECT_EQ(found->rate, 20);
  EXPECT_TRUE(found->tried.back().why_not.starts_with("the server process ended")) << found->tried.back().why_not;
}

TEST(LoadFailure, AStopIsHonouredAtOnce) {
  std::atomic<bool> stop{false};
  Server server([&](int fd) {
    read_some(fd);
    stop = true;
    while (!read_some(fd).empty()) {
    }
  });
  Plan plan = plan_for(server.address());
  plan.count = 0;
  load::RunOptions options;
  options.stop = &stop;
  const int64_t begin = system_clock().monotonic_ns();
  const Measurement m = run(plan, options);
  EXPECT_LT(system_clock().monotonic_ns() - begin, 4'000 * kMs);  // not the minute, and no timeout of five seconds
  EXPECT_TRUE(m.interrupted);
  EXPECT_EQ(m.abandoned, m.started);
  EXPECT_GE(m.abandoned, 1U);
}

// Nobody is served until the gate opens.
class Gate {
 public:
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST(LoadFailure, AnOpenLoopSeesAStall) {
  TlsServer tls;
  Gate gate;
  Server server([&](int fd) {
    gate.pass();
    tls(fd);
  });
  for (const size_t max_open : {size_t{1000}, size_t{3}}) {  // the arrivals wait there, or here
    Plan plan = plan_for(server.address());
    plan.arrivals = {.loop = load::Arrivals::Loop::constant, .rate = 100, .max_open = max_open};
    plan.duration_ns = 500 * kMs;
    plan.count = 0;
    const bool stalls = max_open == 1000;
    std::atomic<bool> done{false};
    std::thread opener([&] {
      const int64_t until = system_clock().monotonic_ns() + 300 * kMs;
      while (stalls && !done && system_clock().monotonic_ns() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      gate.open();
    });
    const Measurement m = run(plan);
    done = true;
    opener.join();
    EXPECT_EQ(m.completed, 50U) << errors(m);
    EXPECT_EQ(m.phases[static_cast<size_t>(load::Phase::lag)].count(), 50U);
    if (stalls) {
      EXPECT_GE(m.phases[static_cast<size_t>(load::Phase::finished)].max(), 250 * kMs);
    }
    EXPECT_LE(m.max_open, max_open);
  }
}

TEST(LoadFailure, ArrivalsThatCannotBeginFailInTime) {
  Server server([](int fd) {
    while (!read_some(fd).empty()) {
    }
  });
  Plan plan = plan_for(server.address());
  plan.arrivals = {.loop = load::Arrivals::Loop::constant, .rate = 100, .max_open = 1};
  plan.duration_ns = 300 * kMs;
  plan.count = 0;
  plan.timeouts = {.connect = 100 * kMs, .handshake = 5'000 * kMs, .confirm = 100 * kMs};
  plan.timeouts.handshake = 600 * kMs;
  Measurement m = run(plan, no_replay());
  EXPECT_EQ(m.started, 30U);
  EXPECT_EQ(m.num_failed(), 30U) << errors(m);
  EXPECT_GE((m.errors[{ErrorKind::not_begun, 0}].count), 28U) << errors(m);
  EXPECT_FALSE((m.errors.contains({ErrorKind::timeout, at(Step::connect)}))) << errors(m);
}

}  // namespace
}  // namespace tlsproof::load_test
