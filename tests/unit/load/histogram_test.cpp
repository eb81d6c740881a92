#include "tlsproof/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace tlsproof::load {
namespace {

TEST(Histogram, small_values_are_exact) {
  Histogram histogram;
  for (int64_t ns : {0, 1, 2, 2046, 2047}) histogram.record(ns);
  EXPECT_EQ(histogram.count(), 5u);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 2047);
  EXPECT_EQ(histogram.percentile(20), 0);
  EXPECT_EQ(histogram.percentile(40), 1);
  EXPECT_EQ(histogram.percentile(60), 2);
  EXPECT_EQ(histogram.percentile(80), 2046);
  EXPECT_EQ(histogram.percentile(80.01), 2047);
  EXPECT_DOUBLE_EQ(histogram.mean(), 4096 / 5.0);
}

TEST(Histogram, every_value_lies_in_its_bucket_and_buckets_are_narrow) {
  int64_t last_high = -1;
  for (int bits = 0; bits < 42; ++bits)
    for (const int64_t ns : {int64_t{1} << bits, (int64_t{1} << bits) + 1, (int64_t{2} << bits) - 1}) {
      Histogram histogram;
      histogram.record(ns);
      ASSERT_EQ(histogram.buckets().size(), 1u);
      const auto bucket = histogram.buckets()[0];
      EXPECT_LE(bucket.low, ns);
      EXPECT_GE(bucket.high, ns);
      EXPECT_LT(static_cast<double>(bucket.high - bucket.low), std::max(1.0, static_cast<double>(bucket.low) / 1000));
      last_high = bucket.high;
    }
  EXPECT_EQ(last_high, (int64_t{1} << 42) - 1);
}

TEST(Histogram, neighbouring_buckets_touch) {
  Histogram histogram;
  for (uint32_t index = 0; index < 33'792; ++index) ASSERT_TRUE(histogram.add_bucket(index, 1));
  EXPECT_FALSE(histogram.add_bucket(33'792, 1));
  const auto buckets = histogram.buckets();
  ASSERT_EQ(buckets.size(), 33'792u);
  for (size_t i = 1; i < buckets.size(); ++i) ASSERT_EQ(buckets[i].low, buckets[i - 1].high + 1) << i;
}

TEST(Histogram, percentiles_are_the_nearest_rank_to_a_thousandth) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(13.5, 1.2);  // around 0.7 ms
  std::vector<int64_t> all;
  Histogram histogram;
  for (int i = 0; i < 20'011; ++i) {
    all.push_back(static_cast<int64_t>(latency(random)));
    histogram.record(all.back());
  }
  std::ranges::sort(all);
  for (const double percent : {0.001, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank = static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(all.size())));
    const auto exact = all[rank - 1];
    const auto told = histogram.percentile(percent);
    EXPECT_GE(told, exact) << percent;
    EXPECT_LE(static_cast<double>(told), static_cast<double>(exact) * 1.001 + 1) << percent;
  }
  EXPECT_EQ(histogram.percentile(100), all.back());
  EXPECT_EQ(histogram.max(), all.back());
  EXPECT_EQ(histogram.min(), all.front());
}

TEST(Histogram, rank_is_not_rounded_up_by_the_last_bit) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(i);
  EXPECT_EQ(histogram.percentile(99.9), 999);
  EXPECT_EQ(histogram.percentile(99), 990);
  EXPECT_EQ(histogram.percentile(29), 290);  // 0.29 * 1000 is 290.00000000000006 on some roads
  EXPECT_EQ(histogram.percentile(1e-9), 1);
}

TEST(Histogram, nothing_is_dropped) {
  Histogram histogram;
  histogram.record(-5);
  histogram.record(int64_t{1} << 42);
  histogram.record(std::numeric_limits<int64_t>::max());
  histogram.record(3, 0);
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.percentile(100), histogram.max());
  ASSERT_EQ(histogram.buckets().size(), 2u);
  EXPECT_EQ(histogram.buckets()[1].index, 33'791u);
  EXPECT_EQ(histogram.buckets()[1].high, histogram.max());
  EXPECT_EQ(histogram.buckets()[1].count, 2u);
}

TEST(Histogram, empty) {
  Histogram histogram;
  EXPECT_TRUE(histogram.empty());
  EXPECT_EQ(histogram.percentile(50), 0);
  EXPECT_EQ(histogram.count_up_to(1), 0u);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_TRUE(histogram.buckets().empty());
  Histogram other;
  histogram.merge(other);
  EXPECT_TRUE(histogram.empty());
  histogram.clear();
  histogram.compact();
  histogram.record(9);
  EXPECT_EQ(histogram.percentile(50), 9);
}

TEST(Histogram, parts_merge_to_the_whole) {
  std::mt19937_64 random(11);
  Histogram whole, parts[3], sum;
  for (int i = 0; i < 3000; ++i) {
    const auto ns = static_cast<int64_t>(random() >> (20 + random() % 40));
    whole.record(ns, 2);
    parts[i % 3].record(ns, 2);
  }
  parts[1].compact();  // whatever memory each of them has
  for (const auto& part : parts) sum.merge(part);
  EXPECT_EQ(sum.count(), whole.count());
  EXPECT_EQ(sum.min(), whole.min());
  EXPECT_EQ(sum.max(), whole.max());
  EXPECT_NEAR(sum.mean(), whole.mean(), whole.mean() * 1e-12);
  const auto a = sum.buckets(), b = whole.buckets();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].index, b[i].index);
    EXPECT_EQ(a[i].count, b[i].count);
  }
}

TEST(Histogram, compact_changes_nothing_and_can_be_added_to) {
  Histogram histogram;
  for (int64_t ns : {70'000, 80'000, 90'000'000}) histogram.record(ns);
  Histogram kept = histogram;
  kept.compact();
  EXPECT_EQ(kept.percentile(50), histogram.percentile(50));
  EXPECT_EQ(kept.count_up_to(80'100), 2u);
  EXPECT_EQ(kept.buckets()[0].index, histogram.buckets()[0].index);
  kept.record(80'000);  // within
  kept.record(5);       // below
  kept.record(1'000'000'000);
  EXPECT_EQ(kept.count(), 6u);
  EXPECT_EQ(kept.min(), 5);
  EXPECT_EQ(kept.percentile(100), 1'000'000'000);
  EXPECT_EQ(kept.buckets()[0].low, 5);
  EXPECT_EQ(kept.count_up_to(80'100), 4u);
}

TEST(Histogram, count_up_to_agrees_with_percentile) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(i * 10'007);
  for (const double percent : {10.0, 50.0, 99.0, 99.9}) {
    const auto at = histogram.percentile(percent);
    EXPECT_EQ(histogram.count_up_to(at), static_cast<uint64_t>(percent * 10)) << percent;
    EXPECT_LT(histogram.count_up_to(at - 1), static_cast<uint64_t>(percent * 10)) << percent;
  }
  EXPECT_EQ(histogram.count_up_to(histogram.max()), 1000u);
  EXPECT_EQ(histogram.count_up_to(0), 0u);
}

TEST(Histogram, survives_a_report) {
  Histogram histogram, read;
  for (int64_t ns : {5, 5, 70'001, 80'000, 90'000'000}) histogram.record(ns);
  for (const auto& bucket : histogram.buckets()) ASSERT_TRUE(read.add_bucket(bucket.index, bucket.count));
  EXPECT_GE(read.max(), histogram.max());  // as well as the buckets know
  EXPECT_LE(read.min(), histogram.min());
  EXPECT_NEAR(read.sum(), histogram.sum(), histogram.sum() / 1000);
  read.set_exact(histogram.min(), histogram.max(), histogram.sum());
  EXPECT_EQ(read.max(), 90'000'000);
  EXPECT_EQ(read.percentile(100), 90'000'000);
  EXPECT_EQ(read.count(), 5u);
  EXPECT_FALSE(read.add_bucket(5, ~uint64_t{0}));
  EXPECT_EQ(read.count(), 5u);
}

}  // namespace
}  // namespace tlsproof::load
