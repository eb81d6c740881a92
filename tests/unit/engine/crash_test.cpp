#include "src/engine/crash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tlsproof::engine {
namespace {

using session::AttemptResult;
using testing::ElementsAre;
using testing::IsEmpty;
using trace::EventKind;
using verdict::Outcome;

constexpr auto kUp = trace::Direction::client_to_server;
constexpr auto kDown = trace::Direction::server_to_client;
constexpr int64_t kSecond = 1'000'000'000;

// A run in which the time passes by hand.
class History {
 public:
  // The server says something at `said` and drops the connection at `ended`; -1: it does not.
  void add(Outcome::Kind kind, int64_t said, int64_t ended) {
    auto trace = std::make_shared<trace::Trace>(clock_);
    trace->begin("", "");
    const int64_t start = clock_.monotonic_ns();
    auto at = [&](int64_t second) { clock_.advance_ns(start_ + second * kSecond - clock_.monotonic_ns()); };
    if (said >= 0) {
      at(said);
      trace->on_bytes(kDown, as_bytes("hello"));
    }
    if (ended >= 0) {
      at(ended);
      trace->on_event(kind == Outcome::Kind::reset         ? EventKind::reset
                      : kind == Outcome::Kind::unreachable ? EventKind::connect_failed
                                                           : EventKind::end_of_stream,
                      kDown);
    }
    clock_.advance_ns(start - clock_.monotonic_ns());
    AttemptResult result;
    result.outcome.kind = kind;
    result.trace = trace;
    attempts_.push_back({"", result.outcome, trace, {}, {}});
    results_.push_back(std::move(result));
  }
  [[nodiscard]] std::vector<size_t> suspects() const {
    return crash_suspects(pointers(), outages(pointers(), attempts_));
  }
  [[nodiscard]] std::vector<size_t> unreachable() const { return unreachable_ones(pointers()); }

 private:
  [[nodiscard]] std::vector<const AttemptResult*> pointers() const {
    std::vector<const AttemptResult*> out;
    for (const AttemptResult& one : results_) out.push_back(&one);
    return out;
  }
  ManualClock clock_;
  int64_t start_ = clock_.monotonic_ns();
  std::vector<AttemptResult> results_;
  std::vector<verdict::Attempt> attempts_;
};

TEST(CrashSuspects, AreThoseThatEndedWithoutAWordWhenLifeEnded) {
  History run;
  run.add(Outcome::Kind::eof, 1, 2);            // the server spoke to others after this
  run.add(Outcome::Kind::reset, -1, 9);         // suspect
  run.add(Outcome::Kind::alert, 3, 9);          // refused with a reason
  run.add(Outcome::Kind::eof, 5, 9);            // suspect
  run.add(Outcome::Kind::completed, 8, 9);      // answered
  run.add(Outcome::Kind::hang, -1, -1);         // still open
  run.add(Outcome::Kind::unreachable, -1, 10);  // too late
  EXPECT_THAT(run.suspects(), ElementsAre(1, 3));
  EXPECT_THAT(run.unreachable(), ElementsAre(6));
}

// Somebody starts it again while the run goes on.
TEST(CrashSuspects, AreFoundOfEveryOutage) {
  History run;
  run.add(Outcome::Kind::eof, 1, 2);            // suspect of the first
  run.add(Outcome::Kind::unreachable, -1, 3);   // the first
  run.add(Outcome::Kind::unreachable, -1, 4);   // the same
  run.add(Outcome::Kind::alert, 5, 6);          // it is back
  run.add(Outcome::Kind::eof, 6, 7);            // it spoke to another after this one
  run.add(Outcome::Kind::completed, 8, 8);      //
  run.add(Outcome::Kind::reset, -1, 9);         // suspect of the second
  run.add(Outcome::Kind::unreachable, -1, 10);  // the second
  run.add(Outcome::Kind::completed, 11, 12);    // it is back
  run.add(Outcome::Kind::eof, 13, 14);          // and there nothing is wrong
  EXPECT_THAT(run.suspects(), ElementsAre(0, 6));
}

TEST(CrashSuspects, AreNotNeeded) {
  History run;
  EXPECT_THAT(run.suspects(), IsEmpty());
  run.add(Outcome::Kind::eof, -1, 1);
  EXPECT_THAT(run.suspects(), IsEmpty()) << "every connection could be made";
  run.add(Outcome::Kind::unreachable, -1, 2);
  EXPECT_THAT(run.suspects(), ElementsAre(0)) << "a server that never said anything";
}

TEST(CrashWait, EndsWhateverTheClockDoes) {
  ManualClock clock;
  int num_pauses = 0;
  int64_t paused = 0;
  bool stopped = false;
  int back_after = -1;
  auto wait = [&](bool clock_runs) {
    num_pauses = 0;
    paused = 0;
    return wait_for_return([&] { return num_pauses == back_after; }, [&] { return stopped; }, clock,
                           [&](int64_t ns) {
                             ++num_pauses;
                             paused += ns;
                             if (clock_runs) clock.advance_ns(ns);
                           });
  };
  for (bool clock_runs : {true, false}) {
    EXPECT_FALSE(wait(clock_runs));
    EXPECT_GE(paused, 5 * kSecond);
    EXPECT_LT(paused, 6 * kSecond);
  }
  back_after = 3;
  EXPECT_TRUE(wait(true));
  EXPECT_EQ(num_pauses, 3);
  back_after = 0;
  EXPECT_TRUE(wait(true));
  EXPECT_EQ(num_pauses, 0);
  back_after = -1;
  stopped = true;
  EXPECT_FALSE(wait(true));
  EXPECT_EQ(num_pauses, 0);
}

// An endpoint of a test: which of its clients bring it down, how often it comes back, and what was done in which order.
struct Endpoint {
  std::vector<size_t> deadly = {};
  bool honest_is_deadly = false;
  int lives = 99;
  bool up = false;
  std::string done = {};

  CrashHunt hunt() {
    return {.accepts = [this] { return up; },
            .comes_back =
                [this] {
                  up = up || lives-- > 0;
                  return up;
                },
            .play_honest =
                [this] {
                  done += "h";
                  up = !honest_is_deadly;
                  return true;
                },
            .play_alone =
                [this](size_t index) {
                  EXPECT_TRUE(up);
                  done += std::to_string(index);
                  up = std::ranges::find(deadly, index) == deadly.end();
                  return true;
                }};
  }
};

TEST(CrashHunt, NamesWhoDoesItAgainAlone) {
  constexpr auto kNot = Replayed::not_played;
  constexpr auto kLives = Replayed::survived;
  constexpr auto kDies = Replayed::crashed;
  const std::vector<size_t> indexes = {4, 5, 6};
  struct Row {
    Endpoint endpoint;
    std::string done;
    std::vector<Replayed> wanted;
  };
  for (Row row : {
           Row{{.deadly = {5}}, "h456", {kLives, kDies, kLives}},
           Row{{.deadly = {4, 6}}, "h456", {kDies, kLives, kDies}},
           Row{{.deadly = {}}, "h456", {kLives, kLives, kLives}},
           Row{{.deadly = {4}, .lives = 1}, "h4", {kDies, kNot, kNot}},              // away for good
           Row{{.deadly = {4}, .lives = 0}, "", {kNot, kNot, kNot}},                 // from the beginning
           Row{{.deadly = {5}, .honest_is_deadly = true}, "h", {kNot, kNot, kNot}},  // it refuses after anybody
       }) {
    EXPECT_EQ(hunt_crash(indexes, row.endpoint.hunt()), row.wanted) << row.done;
    EXPECT_EQ(row.endpoint.done, row.done);
  }
}

TEST(CrashHunt, WhoCannotBePlayedIsNotNamed) {
  Endpoint endpoint;
  CrashHunt hunt = endpoint.hunt();
  hunt.play_alone = [&](size_t) {
    endpoint.up = false;
    return false;
  };
  const std::vector<size_t> indexes = {1};
  EXPECT_THAT(hunt_crash(indexes, hunt), ElementsAre(Replayed::not_played));
  endpoint.up = false;
  hunt.play_honest = [] { return false; };
  EXPECT_THAT(hunt_crash(indexes, hunt), ElementsAre(Replayed::not_played));
}

}  // namespace
}  // namespace tlsproof::engine
