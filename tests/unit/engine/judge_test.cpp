// What one attempt says, whatever its scenario asks for.
#include "tlsproof/engine/judge.h"

#include <gtest/gtest.h>

#include "src/engine/chain.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::engine {
namespace {

using scenario::Expect;
using verdict::Outcome;
using verdict::Verdict;

// Ended by the peer without a word, with nothing heard; then known to have brought it down.
session::AttemptResult crash(uint16_t version) {
  auto trace = std::make_shared<trace::Trace>(system_clock());
  trace->begin("127.0.0.1:2", "127.0.0.1:1");
  trace->on_event(trace::EventKind::connected, trace::Direction::client_to_server);
  trace->on_event(trace::EventKind::end_of_stream, trace::Direction::server_to_client);
  session::AttemptResult out;
  out.outcome.kind = Outcome::Kind::crashed;
  out.outcome.version = version;
  out.trace = std::move(trace);
  return out;
}

TEST(Judge, WhoBringsTheEndpointDownFailsWhateverWasExpected) {
  target::Endpoint endpoint;
  JudgeContext context;
  context.endpoint = &endpoint;
  using Kind = Expect::Kind;
  size_t num_kinds = 0;
  for (Kind kind :
       {Kind::completes, Kind::abort, Kind::answers, Kind::refused, Kind::ignored, Kind::client_auth, Kind::certificate,
        Kind::version_refused, Kind::server_name_told, Kind::plain_http_refused, Kind::rules_hold, Kind::control}) {
    EXPECT_EQ(static_cast<size_t>(kind), num_kinds++);
    for (auto expected : {scenario::ClientAuthExpected::accepted, scenario::ClientAuthExpected::refused,
                          scenario::ClientAuthExpected::kept_out, scenario::ClientAuthExpected::told}) {
      for (auto requirement : {verdict::Requirement::must, verdict::Requirement::info}) {
        for (uint16_t version : {uint16_t{0}, registry::version::TLS1_3}) {
          scenario::Scenario source;
          source.requirement = requirement;
          scenario::Play play;
          play.version = registry::version::TLS1_3;
          play.expect.kind = kind;
          play.expect.client_auth = expected;
          play.connections.emplace_back();
          const session::AttemptResult result = crash(version);
          const Judgement out = judge({&source, &play}, {}, result, context);
          EXPECT_EQ(out.verdict, Verdict::fail) << scenario::to_text(kind) << " " << version;
          EXPECT_EQ(out.seen, verdict::describe(result.outcome)) << scenario::to_text(kind);
          EXPECT_EQ(out.wanted, scenario::describe(play.expect)) << scenario::to_text(kind);
          EXPECT_EQ(out.events, std::vector<size_t>{1}) << scenario::to_text(kind) << ": the end of the stream";
        }
      }
    }
  }
  EXPECT_EQ(static_cast<size_t>(Kind::control) + 1, num_kinds) << "a kind without a row";
}

TEST(DoubtEdits, IsForRunsThatCouldHaveSaidMore) {
  const EditLog late{.failures = {}, .applied = {true, false}};
  const EditLog unfitting{.failures = {"no such field"}, .applied = {false}};
  struct Row {
    Outcome::Kind kind;
    const EditLog& log;
    Verdict wanted;
  };
  for (const Row& row :
       {Row{Outcome::Kind::eof, late, Verdict::inconclusive}, Row{Outcome::Kind::eof, unfitting, Verdict::error},
        Row{Outcome::Kind::crashed, late, Verdict::fail}, Row{Outcome::Kind::crashed, unfitting, Verdict::fail}}) {
    Outcome outcome;
    outcome.kind = row.kind;
    Judgement judgement = judged(Verdict::fail, "", "");
    doubt_edits(row.log, outcome, judgement);
    EXPECT_EQ(judgement.verdict, row.wanted);
  }
}

}  // namespace
}  // namespace tlsproof::engine
