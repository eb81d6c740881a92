#include "tlsproof/load/bench_run.h"

#include <gtest/gtest.h>

#include <set>

#include "tlsproof/x509/validate.h"

namespace tlsproof::load {
namespace {

constexpr auto kLastKind = ErrorKind::local;

TEST(ErrorClass, has_an_id_and_a_text_each) {
  struct Case {
    ErrorClass error;
    std::string id, text;
  };
  const auto step = [](Step at) { return static_cast<uint16_t>(at); };
  const std::vector<Case> cases = {
      {{ErrorKind::refused, 0}, "refused", "the connection was refused"},
      {{ErrorKind::timeout, step(Step::connect)}, "timeout_connect", "no answer in time while connecting"},
      {{ErrorKind::timeout, step(Step::confirm)},
       "timeout_confirm",
       "no answer in time after the handshake, before it was confirmed"},
      {{ErrorKind::reset, step(Step::handshake)},
       "reset_handshake",
       "the server reset the connection within the handshake"},
      {{ErrorKind::closed, step(Step::server_hello)},
       "closed_server_hello",
       "the server closed the connection before its first message"},
      {{ErrorKind::alert, 40}, "alert_40", "the server sent alert handshake_failure (40)"},
      {{ErrorKind::alert, 200}, "alert_200", "the server sent alert 0xc8 (200)"},
      {{ErrorKind::certificate, static_cast<uint16_t>(x509::ProblemCode::expired)},
       "certificate_expired",
       "the server's certificate does not hold: the certificate has expired"},
      {{ErrorKind::http_status, 400}, "http_400", "the HTTP answer was 400"},
  };
  for (const auto& [error, id, text] : cases) {
    EXPECT_EQ(error_id(error), id);
    EXPECT_EQ(error_text(error), text);
  }
}

TEST(ErrorClass, every_kind_is_told_apart_and_no_detail_is_too_large) {
  std::set<std::string> ids, texts;
  for (int i = 0; i <= static_cast<int>(kLastKind); ++i)
    for (const uint16_t detail : {uint16_t{0}, uint16_t{0xffff}}) {
      const ErrorClass error{static_cast<ErrorKind>(i), detail};
      ids.insert(error_id(error));
      texts.insert(error_text(error));
    }
  EXPECT_EQ(ids.size(), 21u + 6);  // six kinds tell their detail
  EXPECT_EQ(texts.size(), 21u + 6);
}

Measurement second(uint64_t completed, int64_t cpu_ns) {
  Measurement one;
  one.start_wall_ns = 77;
  one.duration_ns = one.window_ns = 1'000'000'000;
  one.started = completed + 3;
  one.completed = one.window_completed = completed;
  one.kinds[0][0] = completed;
  one.negotiated[{0x0304, 0x1301, 29, 0x0403}] = completed;
  one.errors[{ErrorKind::refused, 0}] = {.count = 2, .example = "first", .replay = nullptr, .replay_text = {}};
  one.phases[0].record(10, completed);
  one.by_kind[0].record(20, completed);
  one.seconds.emplace_back().completed = completed;
  one.threads = {{.user_ns = cpu_ns / 2, .system_ns = cpu_ns / 2, .wall_ns = 1'000'000'000}};
  one.max_open = completed;
  one.longest_gap_ns = cpu_ns / 10;
  one.server_cpu_ns = cpu_ns;
  one.server_cores_busy = 0.5;
  return one;
}

TEST(Measurement, figures_follow_from_what_was_counted) {
  Measurement one = second(1000, 300'000'000);
  one.errors[{ErrorKind::alert, 40}].count = 1;
  one.threads.push_back({.user_ns = 400'000'000, .system_ns = 200'000'000, .wall_ns = 1'000'000'000});
  EXPECT_EQ(one.num_failed(), 3u);
  EXPECT_DOUBLE_EQ(one.rate(), 1000);
  EXPECT_EQ(one.client_cpu_ns(), 900'000'000);
  EXPECT_DOUBLE_EQ(one.client_us_per_handshake(), 900);
  EXPECT_DOUBLE_EQ(one.server_us_per_handshake(), 300);
  EXPECT_DOUBLE_EQ(one.busiest_thread(), 0.6);
  EXPECT_EQ(one.crowded(), 0);
  one.threads[0].waited_ns = 100'000'000;
  EXPECT_DOUBLE_EQ(one.crowded(), 0.1);
}

TEST(Measurement, of_nothing_is_zero) {
  Measurement none;
  EXPECT_EQ(none.rate(), 0);
  EXPECT_EQ(none.client_us_per_handshake(), 0);
  none.server_cpu_ns = 5;
  EXPECT_EQ(none.server_us_per_handshake(), 0);
  none.threads.resize(1);
  EXPECT_EQ(none.busiest_thread(), 0);
  EXPECT_EQ(none.crowded(), 0);
  EXPECT_EQ(merged({}).completed, 0u);
}

TEST(Measurement, a_warm_up_and_a_straggler_bend_no_figure) {
  Measurement one;
  one.window_ns = 5'000'000'000;
  one.duration_ns = 8'000'000'000;  // one was still under way for three seconds
  one.window_completed = 5'000;     // 600 of them had begun in the warm-up
  one.completed = 4'401;
  one.completed_late = 1;
  one.threads = {{.user_ns = 3'000'000'000, .system_ns = 2'000'000'000, .wall_ns = 5'000'000'000}};
  one.server_cpu_ns = 4'000'000'000;
  EXPECT_DOUBLE_EQ(one.rate(), 1'000);
  EXPECT_DOUBLE_EQ(one.client_us_per_handshake(), 1'000);
  EXPECT_DOUBLE_EQ(one.server_us_per_handshake(), 800);
  EXPECT_DOUBLE_EQ(one.busiest_thread(), 1);
}

TEST(Merged, adds_counts_and_weighs_shares) {
  BenchRun run;
  run.repeats = {second(1000, 100'000'000), second(500, 300'000'000)};
  run.repeats[1].duration_ns = run.repeats[1].window_ns = 3'000'000'000;
  run.repeats[1].server_cores_busy = 0.1;
  run.repeats[1].errors[{ErrorKind::refused, 0}].example = "second";
  run.repeats[1].errors[{ErrorKind::refused, 0}].replay_text = "did not fail again";
  const Measurement all = merged(run);
  EXPECT_EQ(all.start_wall_ns, 77);
  EXPECT_EQ(all.duration_ns, 4'000'000'000);
  EXPECT_EQ(all.started, 1506u);
  EXPECT_EQ(all.completed, 1500u);
  EXPECT_EQ(all.kinds[0][0], 1500u);
  EXPECT_EQ(all.negotiated.begin()->second, 1500u);
  ASSERT_EQ(all.errors.size(), 1u);
  EXPECT_EQ(all.errors.begin()->second.count, 4u);
  EXPECT_EQ(all.errors.begin()->second.example, "first");
  EXPECT_EQ(all.errors.begin()->second.replay_text, "did not fail again");
  EXPECT_EQ(all.phases[0].count(), 1500u);
  EXPECT_EQ(all.by_kind[0].count(), 1500u);
  ASSERT_EQ(all.seconds.size(), 2u);
  EXPECT_EQ(all.seconds[1].completed, 500u);
  ASSERT_EQ(all.threads.size(), 1u);
  EXPECT_DOUBLE_EQ(all.busiest_thread(), 0.2);
  EXPECT_EQ(all.max_open, 1000u);
  EXPECT_EQ(all.longest_gap_ns, 30'000'000);
  EXPECT_EQ(all.server_cpu_ns, 400'000'000);
  EXPECT_DOUBLE_EQ(all.server_cores_busy.value(), 0.2);
  EXPECT_FALSE(all.interrupted);
}

TEST(Merged, the_servers_cpu_is_known_only_where_each_repeat_knows_it) {
  BenchRun run;
  run.repeats = {second(10, 10), second(10, 10)};
  run.repeats[1].server_cpu_ns.reset();
  run.repeats[1].server_gone = true;
  run.interrupted = true;
  EXPECT_FALSE(merged(run).server_cpu_ns.has_value());
  EXPECT_FALSE(merged(run).server_cores_busy.has_value());
  EXPECT_TRUE(merged(run).server_gone);
  EXPECT_TRUE(merged(run).interrupted);
}

}  // namespace
}  // namespace tlsproof::load
