#include "tlsproof/load/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "src/load/student.h"

namespace tlsproof::load {
namespace {

using Verdict = Comparison::Verdict;

Comparison compare_values(std::vector<double> a, std::vector<double> b, bool paired, bool higher_is_better = false) {
  const Series of_a{"x", "µs", higher_is_better, std::move(a)}, of_b{"x", "µs", higher_is_better, std::move(b)};
  return compare({&of_a, 1}, {&of_b, 1}, paired).at(0);
}

TEST(Student, agrees_with_the_tables) {
  const std::pair<double, double> table[] = {{1, 12.7062}, {2, 4.3027},   {3, 3.1824},  {4, 2.7764},  {5, 2.5706},
                                             {6, 2.4469},  {8, 2.3060},   {10, 2.2281}, {20, 2.0860}, {30, 2.0423},
                                             {60, 2.0003}, {120, 1.9799}, {1e6, 1.9600}};
  for (const auto& [degrees, quantile] : table)
    EXPECT_NEAR(student_quantile_95(degrees), quantile, quantile * 2e-4) << degrees;
  // Between whole numbers (computed by numeric integration), where it falls steadily.
  EXPECT_NEAR(student_quantile_95(2.5), 3.57465, 1e-3);
  EXPECT_NEAR(student_quantile_95(3.7), 2.86752, 1e-3);
  for (double degrees = 2; degrees < 30; degrees += 0.1)
    EXPECT_GT(student_quantile_95(degrees), student_quantile_95(degrees + 0.1)) << degrees;
}

TEST(Compare, paired_by_hand) {
  // Logarithms of the ratios: 0, ln 1.21, ln 1.1: mean ln 1.1, s = ln 1.1, t(2) = 4.3027, margin = 4.3027 s / √3.
  const auto result = compare_values({100, 200, 400}, {100, 242, 440}, true);
  EXPECT_EQ(result.a, 200);
  EXPECT_EQ(result.b, 242);
  EXPECT_NEAR(result.ratio, 1.1, 1e-12);
  const double margin = 4.302653 * std::log(1.1) / std::sqrt(3);
  EXPECT_NEAR(result.low, std::exp(std::log(1.1) - margin), 1e-6);
  EXPECT_NEAR(result.high, std::exp(std::log(1.1) + margin), 1e-6);
  EXPECT_EQ(result.verdict, Verdict::noise);
}

TEST(Compare, unpaired_by_hand) {
  // Logarithms 0, 1, 2 and 4, 6, 8: means 1 and 6, variances 1 and 4, standard error √(1/3 + 4/3); Welch:
  // (5/3)² / ((1/9 + 16/9) / 2) = 2.9412 degrees, t = 3.2188.
  const auto e = [](double power) { return std::exp(power); };
  const auto result = compare_values({e(0), e(1), e(2)}, {e(4), e(6), e(8)}, false);
  EXPECT_NEAR(std::log(result.ratio), 5, 1e-12);
  const double margin = 3.218759 * std::sqrt(5.0 / 3);
  EXPECT_NEAR(std::log(result.low), 5 - margin, 1e-3);
  EXPECT_NEAR(std::log(result.high), 5 + margin, 1e-3);
  EXPECT_EQ(result.verdict, Verdict::worse);
}

TEST(Compare, verdicts_are_of_b) {
  EXPECT_EQ(compare_values({10, 11, 12}, {20, 21, 22}, false).verdict, Verdict::worse);
  EXPECT_EQ(compare_values({20, 21, 22}, {10, 11, 12}, false).verdict, Verdict::better);
  EXPECT_EQ(compare_values({10, 11, 12}, {20, 21, 22}, false, true).verdict, Verdict::better);
  EXPECT_EQ(compare_values({20, 21, 22}, {10, 11, 12}, true, true).verdict, Verdict::worse);
  EXPECT_EQ(compare_values({10, 11, 12}, {10, 11, 12}, true).verdict, Verdict::noise);
  EXPECT_EQ(compare_values({10, 10, 10}, {10, 10, 10}, false).verdict, Verdict::noise);
  EXPECT_EQ(compare_values({10, 10, 10}, {12, 12, 12}, false).verdict, Verdict::worse);
}

TEST(Compare, too_little_is_unknown) {
  for (const bool paired : {false, true}) {
    const auto few = compare_values({10, 11}, {20, 21, 22}, paired);
    EXPECT_EQ(few.verdict, Verdict::unknown);
    EXPECT_EQ(few.low, 0);
    EXPECT_EQ(few.high, 0);
    EXPECT_DOUBLE_EQ(few.ratio, 2);  // of the medians
    EXPECT_EQ(compare_values({10, 0, 12}, {20, 21, 22}, paired).verdict, Verdict::unknown);
    EXPECT_EQ(compare_values({0, 0, 0}, {20, 21, 22}, paired).ratio, 0);
    EXPECT_EQ(compare_values({}, {}, paired).verdict, Verdict::unknown);
  }
  // Pairs end with the shorter side.
  EXPECT_EQ(compare_values({10, 11, 12, 900}, {20, 21, 22}, true).verdict, Verdict::worse);
  const Series a{"only_a", "", false, {1, 2, 3}}, b{"only_b", "", false, {1, 2, 3}};
  EXPECT_TRUE(compare({&a, 1}, {&b, 1}, false).empty());
}

// What a machine does to repeats: each scatters by 5 %, and what is common to a turn by 20 %.
struct Machine {
  std::mt19937_64 random{2024};
  double scatter(double by) { return std::exp(std::normal_distribution<double>(0, by)(random)); }
  Comparison turns(double true_ratio, bool paired, size_t repeats) {
    std::vector<double> a, b;
    for (size_t i = 0; i < repeats; ++i) {
      const double common = paired ? scatter(0.2) : 1;
      a.push_back(300 * common * scatter(0.05));
      b.push_back(300 * true_ratio * common * scatter(0.05));
    }
    return compare_values(a, b, paired);
  }
};

TEST(Compare, noise_stays_noise) {
  for (const bool paired : {false, true})
    for (const size_t repeats : {3u, 5u, 10u}) {
      Machine machine;
      int different = 0;
      for (int i = 0; i < 1000; ++i) different += machine.turns(1, paired, repeats).verdict != Verdict::noise;
      EXPECT_GE(different, 20) << paired << repeats;  // 50 expected, standard deviation 7
      EXPECT_LE(different, 75) << paired << repeats;
    }
}

TEST(Compare, a_fifth_is_found) {
  for (const bool paired : {false, true}) {
    Machine machine;
    int found = 0;
    for (int i = 0; i < 1000; ++i) {
      const auto result = machine.turns(1.2, paired, 5);
      found += result.verdict == Verdict::worse;
      EXPECT_NE(result.verdict, Verdict::better);
    }
    EXPECT_GE(found, 980) << paired;
  }
}

TEST(SeriesOf, has_one_value_a_repeat) {
  BenchRun run;
  for (int repeat = 1; repeat <= 3; ++repeat) {
    Measurement one;
    one.duration_ns = one.window_ns = 1'000'000'000;
    one.completed = one.window_completed = static_cast<uint64_t>(1000 * repeat);
    one.threads = {{.user_ns = 300'000'000, .system_ns = 0, .wall_ns = 1'000'000'000}};
    one.phases[2].record(2'000'000, one.completed);
    one.phases[0].record(1'000'000, one.completed);
    run.repeats.push_back(one);
  }
  run.repeats[1].server_cpu_ns = 100'000'000;
  const auto all = series_of(run);
  std::vector<std::string> names;
  for (const Series& one : all) {
    names.push_back(one.name);
    EXPECT_EQ(one.values.size(), 3u);
    EXPECT_EQ(one.higher_is_better, one.name == "rate");
  }
  EXPECT_EQ(names, (std::vector<std::string>{"rate", "client_us", "server_us", "p50_ms", "p90_ms", "p99_ms",
                                             "connect_p50_ms"}));
  EXPECT_EQ(all[0].values, (std::vector<double>{1000, 2000, 3000}));
  EXPECT_EQ(all[2].values, (std::vector<double>{0, 50, 0}));
  EXPECT_EQ(all[3].values[0], 2);
  for (auto& one : run.repeats) one.phases[2].record(3'000'000, 9000);
  EXPECT_EQ(series_of(run)[6].name, "p99.9_ms");
  EXPECT_TRUE(series_of({}).empty());
}

TEST(Incomparable, says_why) {
  Plan a, b;
  EXPECT_EQ(incomparable(a, b), "");
  b.mix = {{Kind::psk, 1}};
  b.arrivals.concurrency = 99;
  EXPECT_EQ(incomparable(a, b), "");
  b.verification = Verification::none;
  EXPECT_EQ(incomparable(a, b), "verification differs: cached and none");
  b = a;
  b.anchors = std::make_shared<x509::TrustAnchors>(x509::TrustAnchors::none());
  EXPECT_EQ(incomparable(a, b),
            "verification differs: there were no trust anchors for the one, the chain was validated for the other");
  a.verification = b.verification = Verification::none;
  EXPECT_EQ(incomparable(a, b), "");  // nobody looks at the chain
  b.reuse_key_share = true;
  EXPECT_EQ(incomparable(a, b), "key shares differ: fresh and reused");
  b = a;
  b.arrivals.loop = Arrivals::Loop::poisson;
  EXPECT_EQ(incomparable(a, b), "latencies are not of the same kind: closed loop and open loop");
  a.arrivals.loop = Arrivals::Loop::constant;
  EXPECT_EQ(incomparable(a, b), "");
}

}  // namespace
}  // namespace tlsproof::load
