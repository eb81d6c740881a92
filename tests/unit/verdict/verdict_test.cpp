#include "tlsproof/verdict/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace tlsproof::verdict {
namespace {

constexpr std::array kVerdicts = {Verdict::pass, Verdict::fail,         Verdict::warn, Verdict::info,
                                  Verdict::skip, Verdict::inconclusive, Verdict::error};
constexpr std::array kFailOns = {FailOn::fail, FailOn::warn, FailOn::info, FailOn::none};

TEST(Names, RoundTripInAnyLetterCase) {
  for (Verdict v : kVerdicts) EXPECT_EQ(parse_verdict(to_text(v)), v);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(parse_requirement(to_text(static_cast<Requirement>(i))), static_cast<Requirement>(i));
  EXPECT_EQ(parse_requirement("must"), Requirement::must);
  EXPECT_EQ(parse_fail_on("info"), FailOn::info);
  EXPECT_EQ(parse_fail_on("pass"), std::nullopt);
  EXPECT_EQ(parse_verdict("passed"), std::nullopt);
  EXPECT_EQ(parse_requirement(""), std::nullopt);
}

TEST(Citation, NamesTheSectionOfRfc9846WhereItsNumberDiffers) {
  struct Row {
    uint16_t rfc;
    const char* section;
    const char* text;
  };
  constexpr Row kRows[] = {
      {8446, "4.1.2", "RFC 8446 §4.1.2 (RFC 9846 §4.2.2)"},
      {8446, "4.1.3", "RFC 8446 §4.1.3 (RFC 9846 §4.2.3)"},
      {8446, "4.2", "RFC 8446 §4.2 (RFC 9846 §4.3)"},
      {8446, "4.2.8", "RFC 8446 §4.2.8 (RFC 9846 §4.3.8)"},
      {8446, "4.2.11.1", "RFC 8446 §4.2.11.1 (RFC 9846 §4.3.11.1)"},
      {8446, "4.3.2", "RFC 8446 §4.3.2 (RFC 9846 §4.4.2)"},
      {8446, "4.4", "RFC 8446 §4.4 (RFC 9846 §4.5)"},
      {8446, "4.4.1", "RFC 8446 §4.4.1 (RFC 9846 §4.1)"},
      {8446, "4.4.2", "RFC 8446 §4.4.2 (RFC 9846 §4.5.1)"},
      {8446, "4.4.2.4", "RFC 8446 §4.4.2.4 (RFC 9846 §4.5.1.4)"},
      {8446, "4.4.3", "RFC 8446 §4.4.3 (RFC 9846 §4.5.2)"},
      {8446, "4.4.4", "RFC 8446 §4.4.4 (RFC 9846 §4.5.3)"},
      {8446, "4.5", "RFC 8446 §4.5 (RFC 9846 §4.6)"},
      {8446, "4.6.1", "RFC 8446 §4.6.1 (RFC 9846 §4.7.1)"},
      {8446, "1.2", "RFC 8446 §1.2 (RFC 9846 §1.3)"},
      {8446, "D.4", "RFC 8446 §D.4 (RFC 9846 §E.4)"},
      {8446, "E.1", "RFC 8446 §E.1 (RFC 9846 §F.1)"},
      {8446, "4", "RFC 8446 §4"},
      {8446, "4.10", "RFC 8446 §4.10"},  // no section; not §4.1 with a 0
      {8446, "5.1", "RFC 8446 §5.1"},
      {8446, "6.2", "RFC 8446 §6.2"},
      {8446, "9.3", "RFC 8446 §9.3"},
      {8446, "B.4", "RFC 8446 §B.4"},
      {8446, "", "RFC 8446"},
      {5246, "4.1", "RFC 5246 §4.1"},
      {9846, "4.2.2", "RFC 9846 §4.2.2"},
  };
  for (const Row& row : kRows) EXPECT_EQ(to_text(Citation{row.rfc, row.section}), row.text);
}

TEST(Describe, SaysWhatWasSeenAndWhen) {
  using Kind = Outcome::Kind;
  struct Row {
    Kind kind;
    Phase phase;
    const char* text;
  };
  constexpr Row kRows[] = {
      {Kind::completed, Phase::application, "handshake completed, application data exchanged"},
      {Kind::completed, Phase::after_finished, "handshake completed and closed cleanly"},
      {Kind::no_objection, Phase::after_finished,
       "handshake completed; no objection, and no answer either, within the time given"},
      {Kind::alert, Phase::after_finished, "refused after the handshake with alert certificate_required (116)"},
      {Kind::alert, Phase::handshake, "refused during the handshake with alert certificate_required (116)"},
      {Kind::close_notify, Phase::handshake, "closed with close_notify during the handshake"},
      {Kind::eof, Phase::handshake, "closed without an alert during the handshake"},
      {Kind::reset, Phase::after_finished, "reset without an alert after the handshake"},
      {Kind::waited, Phase::handshake,
       "silent during the handshake until the deadline, closed once we half-closed: the detail"},
      {Kind::hang, Phase::handshake,
       "silent during the handshake until the deadline, and still open after our half-close"},
      {Kind::crashed, Phase::handshake, "stopped accepting connections during the handshake"},
      {Kind::plain_text, Phase::handshake, "answered during the handshake with something that is not TLS: the detail"},
      {Kind::peer_violation, Phase::handshake, "the peer broke the protocol during the handshake: the detail"},
      {Kind::unreachable, Phase::connecting, "no connection could be made: the detail"},
      {Kind::local_failure, Phase::handshake, "we could not go on during the handshake: the detail"},
  };
  for (const Row& row : kRows) {
    Outcome outcome;
    outcome.kind = row.kind;
    outcome.phase = row.phase;
    outcome.alert = 116;
    outcome.detail = "the detail";
    EXPECT_EQ(describe(outcome), row.text);
  }
}

TEST(Describe, HttpAndOurOwnAlert) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::completed;
  outcome.phase = Phase::application;
  outcome.http_status = 400;
  EXPECT_EQ(describe(outcome), "HTTP 400");
  outcome.http_reason = "No required SSL certificate was sent";
  EXPECT_EQ(describe(outcome), "HTTP 400: No required SSL certificate was sent");
  outcome.http_reason = "HTTP/1.1 200 OK\x1b[2J";
  EXPECT_EQ(describe(outcome), "HTTP/1.1 200 OK\\x1b[2J");

  outcome = {};
  outcome.kind = Outcome::Kind::peer_violation;
  outcome.phase = Phase::handshake;
  outcome.alert_sent_by_us = true;
  outcome.our_alert = 47;
  EXPECT_EQ(describe(outcome),
            "the peer broke the protocol during the handshake; we sent alert illegal_parameter (47)");
}

CheckRun run_of(std::vector<Verdict> verdicts, bool waived = false) {
  CheckRun run;
  EndpointRun& endpoint = run.endpoints.emplace_back();
  for (Verdict v : verdicts) {
    Finding& finding = endpoint.findings.emplace_back();
    finding.verdict = v;
    finding.waived = waived;
  }
  return run;
}

bool at_or_above(Verdict verdict, FailOn fail_on) {
  switch (fail_on) {
    case FailOn::fail:
      return verdict == Verdict::fail;
    case FailOn::warn:
      return verdict == Verdict::fail || verdict == Verdict::warn;
    case FailOn::info:
      return verdict == Verdict::fail || verdict == Verdict::warn || verdict == Verdict::info;
    case FailOn::none:
      return false;
  }
  return false;
}

// Every set of verdicts, with each threshold: 128 × 4 rows, against the rule told in one place and in other words.
TEST(ExitStatus, EveryCombinationOfVerdicts) {
  for (unsigned mask = 0; mask < 1U << kVerdicts.size(); ++mask) {
    std::vector<Verdict> verdicts;
    for (size_t i = 0; i < kVerdicts.size(); ++i)
      if ((mask >> i & 1) != 0) verdicts.push_back(kVerdicts[i]);
    auto has = [&](Verdict v) { return std::ranges::count(verdicts, v) > 0; };
    for (FailOn fail_on : kFailOns) {
      int wanted = 0;
      if (!has(Verdict::pass) && !has(Verdict::fail) && !has(Verdict::warn)) wanted = 3;  // nothing was judged
      if (has(Verdict::error) || has(Verdict::inconclusive)) wanted = 3;
      for (Verdict v : verdicts)
        if (at_or_above(v, fail_on)) wanted = 1;  // 1 beats 3
      CheckRun run = run_of(verdicts);
      EXPECT_EQ(exit_status(run, fail_on), wanted) << "mask " << mask << " fail_on " << static_cast<int>(fail_on);
      run.interrupted = true;
      EXPECT_EQ(exit_status(run, fail_on), 130);
    }
  }
}

TEST(ExitStatus, TheRest) {
  EXPECT_EQ(exit_status(CheckRun{}, FailOn::fail), 3) << "no endpoint at all";
  EXPECT_EQ(exit_status(run_of({Verdict::fail, Verdict::warn}, true), FailOn::info), 0)
      << "waived findings do not count";
  EXPECT_EQ(exit_status(run_of({Verdict::error}, true), FailOn::fail), 3) << "a waiver judges nothing by itself";
  CheckRun accepted = run_of({Verdict::pass, Verdict::inconclusive});
  accepted.endpoints[0].findings[1].waived = true;
  EXPECT_EQ(exit_status(accepted, FailOn::fail), 0);

  CheckRun known = run_of({Verdict::fail, Verdict::warn});
  for (Finding& finding : known.endpoints[0].findings) finding.known = true;
  EXPECT_EQ(exit_status(known, FailOn::info), 0) << "known findings do not count";
  known.endpoints[0].findings.emplace_back().verdict = Verdict::fail;
  EXPECT_EQ(exit_status(known, FailOn::fail), 1) << "a new one does";
  for (Verdict v : {Verdict::error, Verdict::inconclusive}) {
    CheckRun doubtful = run_of({Verdict::pass, v});
    doubtful.endpoints[0].findings[1].known = true;
    EXPECT_EQ(exit_status(doubtful, FailOn::fail), 3) << "what could not be tested is made good by no baseline";
  }

  CheckRun run = run_of({Verdict::pass});
  run.endpoints.emplace_back().unreachable = true;
  EXPECT_EQ(exit_status(run, FailOn::fail), 3) << "one endpoint unreachable";
  run.endpoints[1] = {};
  EXPECT_EQ(exit_status(run, FailOn::fail), 3) << "one endpoint of which nothing was judged";
  run.endpoints[1] = run_of({Verdict::pass}).endpoints[0];
  EXPECT_EQ(exit_status(run, FailOn::fail), 0);
  run.endpoints[1].error = "cannot be judged";
  EXPECT_EQ(exit_status(run, FailOn::fail), 3);
  run.endpoints[0].findings[0].verdict = Verdict::fail;
  EXPECT_EQ(exit_status(run, FailOn::fail), 1) << "1 beats 3 across endpoints";
}

TEST(Count, EachVerdictOnceAndWaivedApart) {
  CheckRun run = run_of({kVerdicts.begin(), kVerdicts.end()});
  run.endpoints[0].findings.emplace_back().waived = true;
  run.endpoints[0].findings.emplace_back().verdict = Verdict::fail;
  run.endpoints[0].findings.back().known = true;
  const Counts counts = count(run);
  EXPECT_EQ(counts.pass, 1U);
  EXPECT_EQ(counts.fail, 1U);
  EXPECT_EQ(counts.warn, 1U);
  EXPECT_EQ(counts.info, 1U);
  EXPECT_EQ(counts.skip, 1U);
  EXPECT_EQ(counts.inconclusive, 1U);
  EXPECT_EQ(counts.error, 1U);
  EXPECT_EQ(counts.waived, 1U);
  EXPECT_EQ(counts.known, 1U);
  EXPECT_EQ(counts.judged(), 5U);
  run.endpoints.push_back(run.endpoints[0]);
  EXPECT_EQ(count(run).fail, 2U);
  EXPECT_EQ(count(run.endpoints[1]).fail, 1U);
}

}  // namespace
}  // namespace tlsproof::verdict
