#include "src/load/quiet.h"

#include <gtest/gtest.h>

namespace tlsproof::load {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(QuietTimes, finds_the_longest_gap) {
  QuietTimes quiet;
  for (int64_t ms = 3; ms < 1000; ms += 5)
    if (ms < 400 || ms >= 650) quiet.completed(ms * kMs);
  EXPECT_EQ(quiet.longest_ns(1000 * kMs), 250 * kMs);
  EXPECT_EQ(quiet.longest_ns(500 * kMs), 100 * kMs);   // asked for less
  EXPECT_EQ(quiet.longest_ns(1400 * kMs), 400 * kMs);  // it did not come back
}

TEST(QuietTimes, threads_fill_each_others_gaps) {
  QuietTimes one, other;
  one.reserve(100 * kMs);
  for (int64_t ms = 0; ms < 100; ms += 10) (ms % 20 == 0 ? one : other).completed(ms * kMs);
  EXPECT_EQ(one.longest_ns(100 * kMs), 0);  // single slots say nothing
  one.merge(other);
  EXPECT_EQ(one.longest_ns(100 * kMs), 0);
  QuietTimes late;
  late.completed(150 * kMs);
  late.merge(one);
  EXPECT_EQ(late.longest_ns(160 * kMs), 50 * kMs);
}

TEST(QuietTimes, what_came_before_the_first_completion_is_no_gap) {
  QuietTimes quiet;
  EXPECT_EQ(quiet.longest_ns(1000 * kMs), 0);
  quiet.completed(-5);
  EXPECT_EQ(quiet.longest_ns(1000 * kMs), 0);
  quiet.completed(900 * kMs);
  EXPECT_EQ(quiet.longest_ns(920 * kMs), 0);
  EXPECT_EQ(quiet.longest_ns(1000 * kMs), 90 * kMs);
}

}  // namespace
}  // namespace tlsproof::load
