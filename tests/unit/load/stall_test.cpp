// A server that stalls, seen by a closed loop and by an open one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tlsproof/load/run.h"
#include "unit/load/server.h"

namespace tlsproof::load_test {
namespace {

using load::Phase;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int64_t kStallNs = 400'000'000;

// Serves nobody for a while, from the thirtieth connection on.
class Stalling {
 public:
  void operator()(int fd) {
    const size_t number = ++num_;
    if (number == 30)
      until_.store((steady_clock::now() + std::chrono::nanoseconds(kStallNs)).time_since_epoch().count());
    while (number >= 30 && steady_clock::now().time_since_epoch().count() < until_.load())
      std::this_thread::sleep_for(milliseconds(1));
    tls_(fd);
  }

 private:
  TlsServer tls_;
  std::atomic<size_t> num_{0};
  std::atomic<int64_t> until_{0};
};

load::Measurement run(const load::Plan& plan) {
  auto result = load::run_once(plan, {});
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message());
  return result ? *result : load::Measurement();
}

TEST(Stall, shows_as_a_gap_in_a_closed_loop_and_in_the_latencies_of_an_open_one) {
  for (const bool closed : {true, false}) {
    Stalling stalling;
    Server server([&](int fd) { stalling(fd); });
    load::Plan plan = plan_for(server.address());
    plan.threads = 2;
    plan.count = 150;
    if (!closed) {
      plan.arrivals.loop = load::Arrivals::Loop::constant;
      plan.arrivals.rate = 200;
    }
    const load::Measurement seen = run(plan);
    EXPECT_EQ(seen.completed, 150U);
    EXPECT_GE(seen.longest_gap_ns, kStallNs / 2) << closed;  // who was served before may have taken his time
    const load::Histogram& latencies = seen.phases[static_cast<size_t>(Phase::finished)];
    EXPECT_GE(latencies.max(), kStallNs - 10'000'000);
    // Those that would have come meanwhile: an arrival each 5 ms, of which half waited for 200 ms or more.
    const uint64_t slow = latencies.count() - latencies.count_up_to(kStallNs / 2 - 10'000'000);
    if (closed)
      EXPECT_LT(slow, 35U);
    else
      EXPECT_GE(slow, 35U);
  }
}

}  // namespace
}  // namespace tlsproof::load_test
