#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kMs = 1'000'000;

// An open loop of 1,000 a second for 10 s in which nothing is to be said: each test spoils one thing.
struct Case {
  Plan plan;
  Measurement seen;

  Case() {
    plan.anchors = std::make_shared<x509::TrustAnchors>(x509::TrustAnchors::none());
    plan.arrivals = {.loop = Arrivals::Loop::constant, .rate = 1000};
    seen.duration_ns = seen.window_ns = 10'000 * kMs;
    seen.started = seen.completed = seen.window_completed = 10'000;
    seen.kinds[0][0] = 10'000;
    seen.phases[2].record(2 * kMs, 10'000);
    seen.phases[4].record(20'000, 10'000);
    seen.threads = {{.user_ns = 2'000 * kMs, .system_ns = 1'000 * kMs, .wall_ns = 10'000 * kMs}};
    seen.max_open = 12;
    seen.longest_gap_ns = 30 * kMs;
    seen.seconds.resize(10);
  }
  void close_loop() {
    plan.arrivals = {.loop = Arrivals::Loop::closed, .concurrency = 16};
    seen.phases[4].clear();
  }
  [[nodiscard]] std::vector<std::string> said() const { return warnings(plan, seen); }
  [[nodiscard]] std::vector<std::string> noted() const { return notes(plan, seen); }
};

TEST(Warnings, nothing_to_say) {
  EXPECT_THAT(Case().said(), IsEmpty());
}

TEST(Warnings, busy_generator) {
  Case one;
  one.seen.threads.push_back({.user_ns = 9'000 * kMs, .system_ns = 700 * kMs, .wall_ns = 10'000 * kMs});
  EXPECT_THAT(one.said(), ElementsAre("the generator was the limit: its busiest thread had 97 % of its core, so the "
                                      "server may do more (--threads)"));
  one.seen.server_cores_busy = 0.41;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("; the server kept 0.41 cores busy")));
  one.seen.threads[1].user_ns = 8'700 * kMs;
  EXPECT_THAT(one.said(), IsEmpty());
}

TEST(Warnings, late_generator) {
  Case one;
  one.seen.phases[4].record(8 * kMs, 200);
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("the generator was late: one in a hundred connections began 8")));
  one.seen.phases[2].record(500 * kMs, 500);  // late by little of what the server takes
  EXPECT_THAT(one.said(), IsEmpty());
  Case server_stalled;  // 1 s: arrivals went on in time
  server_stalled.seen.phases[2].record(900 * kMs, 1000);
  server_stalled.seen.longest_gap_ns = 990 * kMs;
  EXPECT_THAT(server_stalled.said(), ElementsAre("for at least 990 ms no handshake completed"));
}

TEST(Warnings, busy_machine) {
  Case one;
  one.seen.threads[0].waited_ns = 700 * kMs;  // 19 % of 3.7 s
  EXPECT_THAT(one.said(), IsEmpty());
  one.seen.threads[0].waited_ns = 1'000 * kMs;
  EXPECT_THAT(one.said(), ElementsAre("the machine was busy: the generator waited for a core for 25 % of the time in "
                                      "which it wanted one, which latencies include"));
  one.close_loop();  // and that is why neither side had more to do
  one.seen.server_cores_busy = 0.4;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("the machine was busy")));
}

TEST(Warnings, queued_arrivals) {
  Case one;
  one.seen.max_open = one.plan.arrivals.max_open;
  one.seen.phases[4].record(800 * kMs, 3000);  // not the generator's lateness
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("the generator was late")));
  one.seen.seconds[3].queued = 700;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("arrivals queued: 20,000 connections were open")));
}

TEST(Warnings, neither_side_busy) {
  Case one;
  one.close_loop();
  EXPECT_THAT(one.said(), IsEmpty());
  one.seen.server_cores_busy = 0.4;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr(
                              "neither side was the limit: the generator's busiest thread had 30 % of its core and "
                              "the server 0.4 cores, so more than 16 connections")));
  one.seen.server_cores_busy = 0.98;
  EXPECT_THAT(one.said(), IsEmpty());
  one.plan.arrivals = {.loop = Arrivals::Loop::constant, .rate = 1000};  // an open loop is not meant to fill it
  one.seen.server_cores_busy = 0.4;
  EXPECT_THAT(one.said(), IsEmpty());
}

TEST(Warnings, stall_in_a_closed_loop) {
  Case one;
  one.close_loop();
  one.seen.longest_gap_ns = 1'010 * kMs;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("a closed loop cannot see a stall, and there was one: for at least "
                                                "1.01 s no handshake completed, which counts as 16 slow ones")));
  EXPECT_THAT(one.noted(), IsEmpty());
  one.seen.longest_gap_ns = 90 * kMs;
  EXPECT_THAT(one.said(), IsEmpty());
  EXPECT_THAT(one.noted(), ElementsAre(HasSubstr("cannot see a stall: at most 16")));
  one.seen.longest_gap_ns = 300 * kMs;  // as slow as the server always is
  one.seen.phases[2].clear();
  one.seen.phases[2].record(200 * kMs, 10'000);
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("cannot see a stall: at most 16")));
  EXPECT_THAT(one.noted(), IsEmpty());
  EXPECT_THAT(Case().noted(), IsEmpty());  // an open loop sees it
}

TEST(Warnings, the_verdict_on_a_client_certificate_comes_later) {
  Case one;
  one.seen.client_certificates_asked = one.seen.client_certificates_sent = 10'000;
  one.seen.negotiated[{0x0303, 0xc02f, 0x001d, 0x0403}] = 10'000;  // its Finished answers ours
  EXPECT_THAT(one.said(), IsEmpty());
  one.seen.negotiated[{0x0304, 0x1301, 0x001d, 0x0403}] = 10'000;
  EXPECT_THAT(one.said(),
              ElementsAre("the server's verdict on the client's certificate was not waited for (--confirm)"));
  one.plan.confirm = true;
  EXPECT_THAT(one.said(), IsEmpty());
  one.plan.confirm = false;
  one.plan.http_request = {'G'};
  EXPECT_THAT(one.said(), IsEmpty());
}

TEST(Warnings, few_connections_have_gaps) {
  Case one;
  one.plan.arrivals.rate = 200;
  one.seen.started = one.seen.completed = 2'000;
  one.seen.longest_gap_ns = 95 * kMs;
  EXPECT_THAT(one.said(), IsEmpty());
  one.seen.longest_gap_ns = 110 * kMs;
  EXPECT_THAT(one.said(), ElementsAre("for at least 110 ms no handshake completed"));
  one.plan.arrivals.rate = 100;
  one.seen.started = one.seen.completed = 1'000;
  EXPECT_THAT(one.said(), IsEmpty());
}

TEST(Warnings, resumption_that_did_not_happen) {
  Case one;
  one.seen.kinds = {};
  one.seen.kinds[3][3] = 10'000;
  EXPECT_THAT(one.said(), IsEmpty());
  one.seen.kinds[3] = {812, 0, 0, 9'188, 0, 0};
  EXPECT_THAT(one.said(),
              ElementsAre("resumption did not always happen: 9,188 of 10,000 handshakes asked to be psk were "
                          "(812 became full)"));
  one.seen.kinds[3] = {10'000, 0, 0, 0, 0, 0};
  one.seen.kinds[5] = {1, 0, 0, 2, 0, 0};
  EXPECT_THAT(
      one.said(),
      ElementsAre("resumption did not happen: none of 10,000 handshakes asked to be psk was (10,000 became full)",
                  "resumption did not happen: none of 3 handshakes asked to be 0rtt was (1 became full, 2 became "
                  "psk)"));
}

TEST(Warnings, errors) {
  Case one;
  one.seen.errors[{ErrorKind::alert, 40}].count = 30;
  EXPECT_THAT(one.said(), ElementsAre("30 of 10,030 connections failed, all of them because the server sent alert "
                                      "handshake_failure (40)"));
  one.seen.errors[{ErrorKind::no_ports, 0}].count = 40;
  EXPECT_THAT(one.said(),
              ElementsAre("70 of 10,070 connections failed, 40 of them because no local port was free",
                          HasSubstr("the generator was the limit: 40 connections failed for want of ports")));
  one.seen.errors.clear();
  one.seen.errors[{ErrorKind::not_begun, 0}].count = 5;
  EXPECT_THAT(one.said(),
              ElementsAre(HasSubstr("all of them because never begun"), HasSubstr("5 connections failed here before")));
}

TEST(Warnings, few_samples) {
  Case one;
  one.seen.phases[2].clear();
  one.seen.phases[2].record(kMs, 999);
  EXPECT_THAT(one.said(), ElementsAre("only 999 handshakes: fewer than ten are beyond p99, p99.9"));
  one.seen.phases[2].record(kMs);
  EXPECT_THAT(one.said(), IsEmpty());
  one.seen.phases[2].clear();
  one.seen.phases[2].record(kMs, 99);
  EXPECT_THAT(one.said(), ElementsAre("only 99 handshakes: fewer than ten are beyond p90, p99, p99.9"));
}

TEST(Warnings, nothing_completed) {
  Case one;
  one.seen.completed = 0;
  one.seen.kinds = {};
  one.seen.phases = {};
  EXPECT_THAT(one.said(), ElementsAre("no handshake completed: there are no latencies"));
  EXPECT_THAT(warnings(Plan{}, Measurement{}), ElementsAre(HasSubstr("no trust anchors"), HasSubstr("no handshake")));
}

TEST(Warnings, verification) {
  Case one;
  one.plan.anchors = nullptr;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("no trust anchors")));
  one.plan.verification = Verification::full;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("no trust anchors")));
  one.plan.verification = Verification::none;
  EXPECT_THAT(one.said(), IsEmpty());
  one.plan.verification = Verification::minimal;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("verification minimal")));
}

TEST(Warnings, what_happened_on_the_way) {
  Case one;
  one.seen.interrupted = one.seen.server_gone = true;
  one.seen.hello_retry_requests = 10'000;
  one.seen.client_certificates_asked = 10'000;
  EXPECT_THAT(one.said(), ElementsAre(HasSubstr("interrupted"), HasSubstr("the server process ended"),
                                      HasSubstr("10,000 handshakes took another round trip"),
                                      "a client certificate was asked for in 10,000 handshakes and sent in 0"));
  one.seen.client_certificates_sent = 10'000;
  one.seen.interrupted = one.seen.server_gone = false;
  one.seen.hello_retry_requests = 0;
  EXPECT_THAT(one.said(), IsEmpty());
}

}  // namespace
}  // namespace tlsproof::load
