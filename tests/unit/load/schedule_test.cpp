#include "src/load/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace tlsproof::load {
namespace {

Arrivals open_loop(Arrivals::Loop loop, double rate) {
  return {.loop = loop, .rate = rate};
}

std::vector<int64_t> take(Schedule schedule, size_t count) {
  std::vector<int64_t> times;
  for (size_t i = 0; i < count; ++i) times.push_back(schedule.next_ns());
  EXPECT_TRUE(std::ranges::is_sorted(times));
  return times;
}

TEST(Schedule, constant_arrivals_stand_at_their_index) {
  EXPECT_EQ(take(Schedule(open_loop(Arrivals::Loop::constant, 1000), 1, 1, 1, 0, 1), 4),
            (std::vector<int64_t>{0, 1'000'000, 2'000'000, 3'000'000}));
  // A third of a second does not add up its rounding.
  EXPECT_EQ(take(Schedule(open_loop(Arrivals::Loop::constant, 3), 1, 1, 1, 0, 1), 3001).back(), 1'000'000'000'000);
}

TEST(Schedule, threads_and_shards_together_are_the_whole_plan) {
  const auto whole = take(Schedule(open_loop(Arrivals::Loop::constant, 21'000), 1, 1, 1, 0, 1), 2100);
  std::vector<int64_t> together;
  for (unsigned shard = 1; shard <= 3; ++shard)
    for (unsigned thread = 0; thread < 2; ++thread)
      std::ranges::copy(take(Schedule(open_loop(Arrivals::Loop::constant, 7000), 1, shard, 3, thread, 2), 350),
                        std::back_inserter(together));
  std::ranges::sort(together);
  EXPECT_EQ(together, whole);
}

TEST(Schedule, poisson_has_the_rate_and_the_scatter_of_one) {
  // Ten threads together: counts in windows of 10 ms have their mean as variance.
  std::map<int64_t, double> windows;
  constexpr int kNumThreads = 10, kWindows = 4000;
  for (unsigned thread = 0; thread < kNumThreads; ++thread) {
    Schedule schedule(open_loop(Arrivals::Loop::poisson, 2000), 42, 1, 1, thread, kNumThreads);
    int64_t last = 0;
    for (int64_t ns = schedule.next_ns(); ns < kWindows * 10'000'000LL; ns = schedule.next_ns()) {
      EXPECT_GE(ns, last);
      last = ns;
      windows[ns / 10'000'000] += 1;
    }
  }
  double sum = 0, squares = 0;
  for (int i = 0; i < kWindows; ++i) {
    sum += windows[i];
    squares += windows[i] * windows[i];
  }
  const double mean = sum / kWindows;
  EXPECT_NEAR(mean, 20, 0.3);  // four standard errors
  EXPECT_NEAR((squares / kWindows - mean * mean) / mean, 1, 0.1);
}

TEST(Schedule, is_repeatable_by_the_seed_and_differs_by_thread_and_shard) {
  const auto arrivals = open_loop(Arrivals::Loop::poisson, 500);
  const auto one = take(Schedule(arrivals, 9, 1, 2, 0, 2), 100);
  EXPECT_EQ(one, take(Schedule(arrivals, 9, 1, 2, 0, 2), 100));
  EXPECT_NE(one, take(Schedule(arrivals, 10, 1, 2, 0, 2), 100));
  EXPECT_NE(one, take(Schedule(arrivals, 9, 2, 2, 0, 2), 100));
  EXPECT_NE(one, take(Schedule(arrivals, 9, 1, 2, 1, 2), 100));
  // The very number (computed apart): a plan of today plays the same tomorrow and elsewhere.
  EXPECT_EQ(SeededRandom(1, 2, 3).next(), 2399657773382937285u);
}

TEST(SeededRandom, numbers_below_an_end_are_even) {
  SeededRandom random(5, 0, 0);
  std::map<uint64_t, int> seen;
  for (int i = 0; i < 30'000; ++i) ++seen[random.next_below(3)];
  ASSERT_EQ(seen.size(), 3u);
  for (const auto& [value, count] : seen) EXPECT_NEAR(count, 10'000, 400) << value;
  EXPECT_EQ(random.next_below(1), 0u);
  for (int i = 0; i < 1000; ++i) {
    const double unit = random.next_unit();
    EXPECT_GT(unit, 0);
    EXPECT_LE(unit, 1);
  }
}

TEST(KindPicker, shares_are_exact_over_each_cycle) {
  KindPicker picker({{Kind::full, 70}, {Kind::psk, 25}, {Kind::early_data, 5}}, 3, 1);
  for (int cycle = 0; cycle < 10; ++cycle) {
    std::map<Kind, int> seen;
    for (int i = 0; i < 20; ++i) ++seen[picker.next()];  // 14 : 5 : 1
    EXPECT_EQ(seen[Kind::full], 14);
    EXPECT_EQ(seen[Kind::psk], 5);
    EXPECT_EQ(seen[Kind::early_data], 1);
  }
}

TEST(KindPicker, the_seed_shuffles_and_repeats) {
  const std::vector<MixPart> mix = {{Kind::full, 5}, {Kind::ticket, 7}};
  const auto order = [&](uint64_t seed, unsigned thread, int skip = 0) {
    KindPicker picker(mix, seed, thread);
    std::vector<Kind> kinds;
    for (int i = 0; i < skip; ++i) (void)picker.next();
    for (int i = 0; i < 12; ++i) kinds.push_back(picker.next());
    return kinds;
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_NE(order(1, 0), order(2, 0));
  EXPECT_NE(order(1, 0), order(1, 1));
  EXPECT_NE(order(1, 0), order(1, 0, 12));  // each cycle anew
}

TEST(KindPicker, one_kind_and_weights_of_nothing) {
  KindPicker picker({{Kind::psk, 0}, {Kind::full, 4}}, 1, 0);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(picker.next(), Kind::full);
}

}  // namespace
}  // namespace tlsproof::load
