#include "tlsproof/load/gate.h"

#include <gtest/gtest.h>

#include "src/load/text.h"

namespace tlsproof::load {
namespace {

constexpr int64_t kMs = 1'000'000;
using Holds = GateResult::Holds;

// 1,000 handshakes of 1 to 1000 ms in 2 s; 5 errors.
BenchRun measured_run() {
  Measurement one;
  one.duration_ns = one.window_ns = 2'000 * kMs;
  one.started = 1005;
  one.completed = one.window_completed = 1000;
  one.kinds[3][3] = 950;
  one.kinds[3][0] = 30;
  one.kinds[0][0] = 20;
  one.errors[{ErrorKind::refused, 0}].count = 5;
  for (int ms = 1; ms <= 1000; ++ms) one.phases[2].record(ms * kMs);
  one.phases[0].record(2 * kMs, 1000);
  one.threads = {{.user_ns = 200 * kMs, .system_ns = 100 * kMs, .wall_ns = 2'000 * kMs}};
  one.server_cpu_ns = 700 * kMs;
  BenchRun run;
  run.repeats.push_back(one);
  return run;
}

GateResult judged(std::string_view text, const BenchRun& run = measured_run()) {
  const auto condition = parse_condition(text);
  if (!condition) {
    ADD_FAILURE() << condition.error().what;
    return {};
  }
  return judge({&*condition, 1}, run).at(0);
}

TEST(Gate, judges_what_was_measured) {
  struct Case {
    std::string_view condition;
    Holds holds;
    std::string_view text;
  };
  const Case cases[] = {
      {"p99>20ms", Holds::yes, "p99 is 990 ms, over 20 ms; 5 of 1,005 failed"},
      {"p99>1s", Holds::no, "p99 is 990 ms, not over 1 s; 5 of 1,005 failed"},
      {"p50 < 600 ms", Holds::yes, "p50 is 500 ms, under 600 ms; 5 of 1,005 failed"},
      {"p99.9>1us", Holds::yes, "p99.9 is 999 ms, over 1 µs (of 1,000 samples only); 5 of 1,005 failed"},
      {"finished.max<=1000ms", Holds::unknown,
       "finished.max is 1 s, at most 1 s of those completed alone; 5 of 1,005 failed, too many to tell it of all "
       "(errors>0)"},
      {"min>=1000001ns", Holds::no, "min is 1 ms (-0.0001 %), not at least 1 ms; 5 of 1,005 failed"},
      {"mean>=400ms", Holds::yes, "mean is 500 ms, at least 400 ms; 5 of 1,005 failed"},
      {"connect.p50>=1ms", Holds::yes, "connect.p50 is 2 ms, at least 1 ms; 5 of 1,005 failed"},
      {"rate<1000", Holds::yes, "rate is 500 handshakes/s, under 1000 handshakes/s"},
      {"rate<500/s", Holds::no, "rate is 500 handshakes/s, not under 500 handshakes/s"},
      {"errors>0", Holds::yes, "errors is 5, over 0"},
      {"errors>1%", Holds::no, "errors is 0.498 %, not over 1 %"},
      {"errors>0.1%", Holds::yes, "errors is 0.498 %, over 0.1 %"},
      {"completed<1000", Holds::no, "completed is 1000, not under 1000"},
      {"client_us>299", Holds::yes, "client_us is 300 µs, over 299 µs"},
      {"server_us>0.7ms", Holds::no, "server_us is 700 µs, not over 700 µs"},
      {"resumed<99%", Holds::yes, "resumed is 96.9 %, under 99 %"},
      {"resumed<950", Holds::no, "resumed is 950, not under 950"},
      {"client_busy>95%", Holds::no, "client_busy is 15 %, not over 95 %"},
  };
  for (const auto& [condition, holds, text] : cases) {
    const auto result = judged(condition);
    EXPECT_EQ(result.holds, holds) << condition;
    EXPECT_EQ(result.text, text);
  }
}

TEST(Gate, what_was_not_measured_neither_holds_nor_fails) {
  BenchRun run = measured_run();
  run.repeats[0].kinds = {};
  run.repeats[0].server_cpu_ns.reset();
  for (const auto& [condition, text] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"lag.p99>1ms", "lag.p99 was not measured: a closed loop has none"},
           {"confirmed.p99>1ms", "confirmed.p99 was not measured: nothing of the kind happened"},
           {"resumed<99%", "resumed was not measured: no resumption was asked for"},
           {"server_us>1", "server_us was not measured: no --server-pid was given"},
       }) {
    const auto result = judged(condition, run);
    EXPECT_EQ(result.holds, Holds::unknown) << condition;
    EXPECT_EQ(result.text, text);
  }
  run.repeats[0].server_gone = true;
  EXPECT_EQ(judged("server_us>1", run).text, "server_us was not measured: the server process ended");
  for (const std::string_view condition :
       {"p99>1ms", "rate<1", "errors>0", "errors>0%", "client_us>1", "server_us>1", "resumed<1", "client_busy>1%"})
    EXPECT_EQ(judged(condition, BenchRun{}).holds, Holds::unknown) << condition;
  EXPECT_EQ(judged("p99>1ms", BenchRun{}).text, "p99 was not measured: no handshake completed");
}

TEST(Gate, a_time_says_nothing_where_the_failures_could_turn_it) {
  const auto all = [](std::initializer_list<std::string_view> texts, const BenchRun& run) {
    std::vector<Condition> conditions;
    for (const std::string_view text : texts) conditions.push_back(parse_condition(text).value());
    return judge(conditions, run).at(0);
  };
  BenchRun run = measured_run();
  run.repeats[0].errors[{ErrorKind::refused, 0}].count = 10;  // of 1,010: still below one in a hundred
  EXPECT_EQ(judged("p99>1s", run).holds, Holds::no);
  EXPECT_EQ(judged("p99.5>1s", run).holds, Holds::unknown);
  run.repeats[0].errors[{ErrorKind::refused, 0}].count = 9'000;
  EXPECT_EQ(judged("p99>1s", run).holds, Holds::unknown);
  EXPECT_EQ(judged("p99>1s", run).text,
            "p99 is 990 ms, not over 1 s of those completed alone; 9,000 of 10,000 failed, too many to tell it of all "
            "(errors>0)");
  EXPECT_EQ(judged("p50<1s", run).holds, Holds::unknown);
  EXPECT_EQ(judged("connect.p50>1s", run).holds, Holds::unknown);
  EXPECT_EQ(judged("max>2s", run).holds, Holds::unknown);
  EXPECT_EQ(judged("mean>2s", run).holds, Holds::unknown);
  EXPECT_EQ(judged("p99>20ms", run).holds, Holds::yes);  // slower it would be over it all the more
  EXPECT_EQ(judged("min>2s", run).holds, Holds::no);
  EXPECT_EQ(judged("rate<100", run).holds, Holds::no);
  EXPECT_EQ(all({"p99>1s", "errors>95%"}, run).holds, Holds::no);  // who asks about errors has their answer
  EXPECT_EQ(all({"p99>1s", "rate<1"}, run).holds, Holds::unknown);
}

TEST(Gate, repeats_are_judged_together) {
  BenchRun run = measured_run();
  run.repeats.push_back(run.repeats[0]);
  run.repeats[1].completed = run.repeats[1].window_completed = 0;
  EXPECT_DOUBLE_EQ(judged("rate<1000", run).measured, 250);
  EXPECT_DOUBLE_EQ(judged("errors>0", run).measured, 10);
}

TEST(Condition, says_what_is_wrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "compares nothing"},
      {"p99=20ms", "compares nothing"},
      {"p99>20", "needs a time: p99>20ms"},
      {"p99>20%", "needs a time"},
      {"p99>20 m", "needs a time"},
      {"p99>", "needs a number"},
      {"p99>-1ms", "needs a number"},
      {"p99>nan", "needs a number"},
      {"p99>=>1ms", "needs a number"},
      {"p0>1ms", "names no figure"},
      {"p101>1ms", "names no figure"},
      {"p>1ms", "names no figure"},
      {"p99x>1ms", "names no figure"},
      {"connect>1ms", "names no figure"},
      {"connect.rate>1", "names no figure"},
      {"p99.9 9>1ms", "names no figure"},
      {"speed>1", "there are p50, p99"},
      {"rate<1ms", "needs handshakes a second"},
      {"rate<10%", "needs handshakes a second"},
      {"errors>1ms", "needs a number or a percentage"},
      {"client_us>1%", "needs microseconds"},
      {"client_busy>95", "needs a percentage"},
      {"\x1b>1", "names no figure"},
  };
  for (const auto& [text, wanted] : cases) {
    const auto condition = parse_condition(text);
    ASSERT_FALSE(condition.has_value()) << text;
    EXPECT_EQ(condition.error().kind, Error::Kind::usage);
    EXPECT_NE(condition.error().what.find(wanted), std::string::npos) << text << ": " << condition.error().what;
    EXPECT_EQ(condition.error().what.find('\x1b'), std::string::npos);
  }
}

TEST(Condition, is_read_to_its_unit) {
  const auto bound = [](std::string_view text) { return parse_condition(text).value().bound; };
  EXPECT_DOUBLE_EQ(bound("p99>20ms"), 0.02);
  EXPECT_DOUBLE_EQ(bound("p99 >= 1.5 s"), 1.5);
  EXPECT_DOUBLE_EQ(bound("max<250µs"), 250e-6);
  EXPECT_DOUBLE_EQ(bound("errors>0.1%"), 0.001);
  EXPECT_DOUBLE_EQ(bound("server_us>2ms"), 2000);
  EXPECT_EQ(parse_condition(" p99 > 20 ms ").value().text, "p99 > 20 ms");
  EXPECT_EQ(parse_condition(" p99 <= 20 ms ").value().relation, Condition::Relation::less_or_equal);
  EXPECT_TRUE(parse_condition("errors>0.1%").value().is_share);
  EXPECT_FALSE(parse_condition("errors>1").value().is_share);
}

TEST(RestsOnFew, fewer_than_ten_beyond) {
  Histogram histogram;
  EXPECT_FALSE(rests_on_few(histogram, 99));
  histogram.record(1, 999);
  EXPECT_TRUE(rests_on_few(histogram, 99));
  histogram.record(1);
  EXPECT_FALSE(rests_on_few(histogram, 99));
  EXPECT_TRUE(rests_on_few(histogram, 99.9));
  histogram.record(1, 9000);
  EXPECT_FALSE(rests_on_few(histogram, 99.9));
}

TEST(Text, numbers_as_people_read_them) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.01234), "0.0123");
  EXPECT_EQ(number_text(31.25), "31.2");
  EXPECT_EQ(number_text(999.6), "1000");
  EXPECT_EQ(number_text(9.996), "10");
  EXPECT_EQ(number_text(123456), "123456");
  EXPECT_EQ(number_text(-2.5), "-2.5");
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(12345678), "12,345,678");
  EXPECT_EQ(time_text(0), "0 ns");
  EXPECT_EQ(time_text(812e-9), "812 ns");
  EXPECT_EQ(time_text(999.9e-6), "1 ms");
  EXPECT_EQ(time_text(0.0312), "31.2 ms");
  EXPECT_EQ(time_text(75), "75 s");
  EXPECT_EQ(share_text(0.125), "12.5 %");
}

}  // namespace
}  // namespace tlsproof::load
