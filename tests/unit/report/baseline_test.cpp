#include "tlsproof/report/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tlsproof/report/json.h"
#include "unit/report/sample_run.h"

namespace tlsproof::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using verdict::CheckRun;
using verdict::FailOn;
using verdict::Finding;
using verdict::Verdict;

CheckRun run_of(std::vector<Verdict> verdicts, const std::string& label = "web") {
  CheckRun run;
  verdict::EndpointRun& endpoint = run.endpoints.emplace_back();
  endpoint.label = label;
  for (Verdict v : verdicts) {
    Finding& f = endpoint.findings.emplace_back();
    f.scenario = "s/" + std::to_string(endpoint.findings.size());
    f.case_id = "[tls=1.3]";
    f.verdict = v;
    f.wanted = "better";
    f.seen = "as ever";
  }
  return run;
}

Baseline baseline_of(const CheckRun& run) {
  auto baseline = parse_baseline(write_json(run), "old.json");
  EXPECT_TRUE(baseline) << baseline.error().message();
  return baseline ? *baseline : Baseline{};
}

// Each verdict before against each verdict now.
TEST(Baseline, KnownIsWhatWasAsBadOrWorse) {
  constexpr Verdict kAll[] = {Verdict::pass, Verdict::fail,         Verdict::warn, Verdict::info,
                              Verdict::skip, Verdict::inconclusive, Verdict::error};
  for (Verdict before : kAll) {
    for (Verdict now : kAll) {
      CheckRun run = run_of({Verdict::pass, now});
      apply_baseline(baseline_of(run_of({Verdict::pass, before})), FailOn::fail, run);
      const bool is_known = (before == Verdict::fail && (now == Verdict::fail || now == Verdict::warn)) ||
                            (before == Verdict::warn && now == Verdict::warn);
      const std::string what = std::string(to_text(before)) + " -> " + std::string(to_text(now));
      const Finding& f = run.endpoints[0].findings[1];
      EXPECT_EQ(f.known, is_known) << what;
      EXPECT_EQ(f.verdict, now) << what;
      const bool is_new = (now == Verdict::fail || now == Verdict::warn) && !is_known;
      const bool is_doubtful = now == Verdict::error || now == Verdict::inconclusive;
      EXPECT_EQ(exit_status(run, FailOn::warn), is_new ? 1 : is_doubtful ? 3 : 0) << what;
      const bool is_fixed = now == Verdict::pass && (before == Verdict::fail || before == Verdict::warn);
      EXPECT_EQ(run.endpoints[0].fixed.size(), is_fixed ? 1U : 0U) << what;
      EXPECT_EQ(run.baseline, "old.json");
    }
  }
}

TEST(Baseline, OfInformationOnlyWhereThatFails) {
  const Baseline baseline = baseline_of(run_of({Verdict::pass, Verdict::info}));
  CheckRun run = run_of({Verdict::pass, Verdict::info});
  apply_baseline(baseline, FailOn::info, run);
  EXPECT_TRUE(run.endpoints[0].findings[1].known);
  EXPECT_EQ(exit_status(run, FailOn::info), 0);
}

TEST(Baseline, IsOfTheSameEndpointAndCase) {
  CheckRun run = run_of({Verdict::fail}, "other");
  apply_baseline(baseline_of(run_of({Verdict::fail})), FailOn::fail, run);
  EXPECT_FALSE(run.endpoints[0].findings[0].known);
  run = run_of({Verdict::fail});
  run.endpoints[0].findings[0].case_id = "[tls=1.2]";
  apply_baseline(baseline_of(run_of({Verdict::fail})), FailOn::fail, run);
  EXPECT_FALSE(run.endpoints[0].findings[0].known);
}

TEST(Baseline, WaiversStandApart) {
  CheckRun before = run_of({Verdict::fail});
  before.endpoints[0].findings[0].waived = true;
  CheckRun run = run_of({Verdict::fail});
  apply_baseline(baseline_of(before), FailOn::fail, run);
  EXPECT_EQ(exit_status(run, FailOn::fail), 1) << "a waiver that has ended is not prolonged by a report of its time";
  run = before;
  apply_baseline(baseline_of(run_of({Verdict::fail})), FailOn::fail, run);
  EXPECT_FALSE(run.endpoints[0].findings[0].known) << "waived comes first";
}

TEST(Baseline, ARunWithABaselineIsABaselineAgain) {
  CheckRun first = run_of({Verdict::fail, Verdict::pass});
  apply_baseline(baseline_of(first), FailOn::fail, first);
  CheckRun second = run_of({Verdict::fail, Verdict::fail});
  apply_baseline(baseline_of(first), FailOn::fail, second);
  EXPECT_TRUE(second.endpoints[0].findings[0].known);
  EXPECT_FALSE(second.endpoints[0].findings[1].known);
}

TEST(Baseline, AnotherFaultOfTheSameCheckIsNew) {
  struct Row {
    const char* what;
    const char *wanted_before, *seen_before, *wanted_now, *seen_now;
    Verdict before, now;
    bool is_known;
  };
  constexpr Verdict kFail = Verdict::fail;
  const Row kRows[] = {
      {"optional refused everybody, required lets everybody in", "accepted", "refused", "refused", "HTTP 200: OK",
       kFail, kFail, false},
      {"another expectation, the same seen", "at least 21 days until the end", "5 days left: a ends at x",
       "at least 30 days until the end", "5 days left: a ends at x", Verdict::warn, Verdict::warn, false},
      {"refused before, accepted now, undeclared", "told", "refused", "told", "accepted: HTTP 200", Verdict::info,
       Verdict::info, false},
      {"a failure before, seen now", "told", "refused", "told", "accepted: HTTP 200", kFail, Verdict::info, false},
      {"expired before, a foreign CA now", "a path", "expired: CN=a expired at 2026-01-01T00:00:00Z", "a path",
       "unknown CA: CN=b", kFail, kFail, false},
      {"expired, and a foreign CA besides", "a path", "expired: a", "a path", "expired: a; unknown CA: b", kFail, kFail,
       false},
      {"another HTTP status", "refused", "HTTP 302: Found", "refused", "HTTP 200: Found", kFail, kFail, false},
      {"renewed, and expired again", "valid at 2026-01-03T00:00:00Z", "CN=a ended at 2026-01-02T00:00:00Z",
       "valid at 2026-11-23T00:00:00Z", "CN=a ended at 2026-11-22T00:00:00Z", kFail, kFail, false},
      {"a longer lifetime", "at most 825 days", "900 days", "at most 825 days", "3650 days", kFail, kFail, false},
      {"time of the run", "valid at 2026-01-03T00:00:00Z", "CN=a ended at 2026-01-02T00:00:00Z",
       "valid at 2026-11-23T12:34:56Z", "CN=a ended at 2026-01-02T00:00:00Z", kFail, kFail, true},
      {"days that passed", "21 days", "20 days left: CN=12 days ago ends at x", "21 days",
       "3 days left: CN=12 days ago ends at x", Verdict::warn, Verdict::warn, true},
      {"the first day", "a path", "expired: a, less than a day before the time of the check", "a path",
       "expired: a, 1 day before the time of the check", kFail, kFail, true},
      {"and later", "a path", "expired: a, 1 day before the time of the check", "a path",
       "expired: a, 29 days before the time of the check", kFail, kFail, true},
      {"FIN or RST", "accepted", "reset without an alert after the handshake", "accepted",
       "closed without an alert after the handshake", kFail, kFail, true},
      {"but not when", "accepted", "reset without an alert after the handshake", "accepted",
       "closed without an alert during the handshake", kFail, kFail, false},
      {"better, and not yet good", "decrypt_error", "HTTP 200", "decrypt_error", "refused with alert x", kFail,
       Verdict::warn, true},
  };
  for (const Row& row : kRows) {
    CheckRun before = run_of({Verdict::pass, row.before});
    before.endpoints[0].findings[1].wanted = row.wanted_before;
    before.endpoints[0].findings[1].seen = row.seen_before;
    CheckRun now = run_of({Verdict::pass, row.now});
    Finding& f = now.endpoints[0].findings[1];
    f.wanted = row.wanted_now;
    f.seen = row.seen_now;
    apply_baseline(baseline_of(before), FailOn::info, now);
    EXPECT_EQ(f.known, row.is_known) << row.what;
    EXPECT_EQ(exit_status(now, FailOn::info), row.is_known ? 0 : 1) << row.what;
    const std::string was = std::string(to_text(row.before)) + ": " + row.seen_before;
    const bool is_as_before = std::string_view(row.seen_before) == row.seen_now;
    std::vector<std::string> notes;
    if (!row.is_known) {
      const bool is_held_otherwise = std::string_view(row.wanted_before) != row.wanted_now;
      notes.push_back("not what the baseline has: " + was +
                      (is_held_otherwise ? std::string("; wanted: ") + row.wanted_before : std::string()));
    } else if (!is_as_before) {
      notes.push_back("in the baseline: " + was);
    }
    EXPECT_EQ(f.notes, notes) << row.what;
  }
}

TEST(Baseline, HostileNamesMatchThemselves) {
  CheckRun run = make_hostile_run("\x1b]0;\xff\xe2\x80\xae\n\"\\\xf0\x9f" + std::string(9000, 'A'));
  run.endpoints.pop_back();  // of the same label
  for (Finding& f : run.endpoints[0].findings)
    f.scenario = std::to_string(&f - run.endpoints[0].findings.data()) + f.scenario;
  const Baseline baseline = baseline_of(run);
  apply_baseline(baseline, FailOn::fail, run);
  size_t num_known = 0;
  for (const Finding& f : run.endpoints[0].findings) num_known += f.known ? 1U : 0U;
  EXPECT_EQ(num_known, 2U);
}

TEST(Baseline, WhatIsNoReportOfOursIsRefused) {
  struct Row {
    std::string json;
    const char* message;
  };
  const std::string head = R"({"schema":"tlsproof-check/1","endpoints":[)";
  const Row kRows[] = {
      {"", "the baseline b.json: no valid JSON at byte 0"},
      {"<xml/>", "no valid JSON at byte 0"},
      {"{}", "is no report of tlsproof"},
      {"[]", "is no report of tlsproof"},
      {R"({"endpoints":[]})", "is no report of tlsproof"},
      {R"({"schema":"tlsproof-check/1"})", "is no report of tlsproof"},
      {R"({"schema":"other","endpoints":[]})", "is no report of tlsproof"},
      {R"({"schema":"tlsproof-check/2","endpoints":[{"x":1}]})",
       "is written as tlsproof-check/2; this program reads tlsproof-check/1"},
      {R"({"schema":"tlsproof-check/1","schema":"tlsproof-check/1","endpoints":[]})", "schema is given twice"},
      {head + "{}]}", "an endpoint has no label"},
      {head + R"({"label":"a","findings":[]},{"label":"a"}]})", "two endpoints are called 'a'"},
      {head + R"({"label":"a","findings":[{"id":"x"}]}]})", "a finding has no id or no verdict"},
      {head + R"({"label":"a","findings":[{"id":"x","verdict":"f\u001b"}]}]})", "'f\\x1b' is no verdict"},
      {head + R"({"label":"a","findings":[{"id":"x","verdict":"fail","verdict":"pass"}]}]})", "verdict is given twice"},
      {head + R"({"label":"a","findings":[{"id":"x","verdict":"fail"},{"id":"x","verdict":"warn"}]}]})", "have one id"},
      {head + "]}" + std::string(1, '\0') + "junk", "a NUL"},
      {head + "]} junk", "no valid JSON"},
      {head + "{\"label\":\"\xff\"}]}", "no valid JSON"},
      {std::string(100'000, '['), "deeper than 32 levels"},
      {head + R"({"label":")" + std::string(100'000, 'a') + R"("}]})", "is too long"},
  };
  for (const Row& row : kRows) {
    const auto baseline = parse_baseline(row.json, "b.json");
    ASSERT_FALSE(baseline) << row.json.substr(0, 200);
    EXPECT_EQ(baseline.error().kind, Error::Kind::usage);
    EXPECT_THAT(baseline.error().message(), HasSubstr(row.message)) << row.json.substr(0, 200);
    EXPECT_THAT(baseline.error().message(), HasSubstr("b.json"));
    EXPECT_EQ(baseline.error().message().find('\n'), std::string::npos);
  }
  // Keys that look like a path are none.
  EXPECT_FALSE(parse_baseline(R"({"schema":"tlsproof-check/1","endpoints[].label":"a"})", "b.json"));
  const std::string whole = write_json(run_of({Verdict::fail}));
  for (size_t len = 0; len + 2 < whole.size(); ++len) EXPECT_FALSE(parse_baseline(whole.substr(0, len), "b.json"));
  EXPECT_FALSE(load_baseline("/nonexistent/b.json"));
  EXPECT_EQ(load_baseline("/nonexistent/b.json").error().kind, Error::Kind::usage);
}

TEST(Baseline, OfOtherEndpointsIsRefused) {
  const Baseline baseline = baseline_of(run_of({Verdict::fail}));
  const std::string kOther[] = {"api", "admin"};
  const std::string kSome[] = {"api", "web"};
  EXPECT_TRUE(check_baseline(baseline, kSome));
  const Status status = check_baseline(baseline, kOther);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message(), HasSubstr("has none of the endpoints of this run; it has: web"));
}

}  // namespace
}  // namespace tlsproof::report
