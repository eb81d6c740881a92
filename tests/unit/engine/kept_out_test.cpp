// Whether somebody who came another way was let in: by status and by page.
#include "src/engine/kept_out.h"

#include <gtest/gtest.h>

namespace tlsproof::engine {
namespace {

using verdict::Outcome;
using verdict::Verdict;

session::AttemptResult result(Outcome::Kind kind, int status = 0, std::string_view body = {}) {
  session::AttemptResult out;
  out.outcome.kind = kind;
  out.outcome.version = 0x0304;
  out.outcome.handshake_complete = kind == Outcome::Kind::completed;
  out.outcome.http_status = status;
  out.response_body = to_bytes(body);
  return out;
}

session::AttemptResult page(int status, std::string_view body) {
  return result(Outcome::Kind::completed, status, body);
}

class KeptOut : public testing::Test {
 protected:
  KeptOut() {
    context_.endpoint = &endpoint_;
    context_.reference = &good_;
    context_.reference_again = &good_;
    context_.open_page = &open_;
    context_.has_identity = true;
    here_ = parse("  - {}\n  - {client: {server_name: open_host}}\n");
    there_ = parse("  - {}\n  - {client: {server_name: mutual_host, http_host: mutual_host}}\n");
    resumed_ = parse("  - {save_session: s}\n  - {resume: s}\n");
  }
  static scenario::Scenario parse(std::string_view connections) {
    auto parsed = scenario::parse_scenario("title: t\nrequirement: MUST\nwhy: w\ntls: [1.3]\nconnections:\n" +
                                               std::string(connections) + "expect: {client_auth: kept_out}\n",
                                           "k.yaml", "k");
    if (!parsed) ADD_FAILURE() << parsed.error().message();
    return std::move(*parsed);
  }
  Judgement judge_with(const scenario::Scenario& scenario, const session::AttemptResult& seen) const {
    return judge_kept_out({&scenario, &scenario.plays.at(0)}, seen, context_);
  }
  Verdict here(const session::AttemptResult& seen) const { return judge_with(here_, seen).verdict; }
  Verdict there(const session::AttemptResult& seen) const { return judge_with(there_, seen).verdict; }

  target::Endpoint endpoint_;
  session::AttemptResult good_ = page(200, "welcome to the vault");
  session::AttemptResult open_ = page(200, "the shop window");
  JudgeContext context_;
  scenario::Scenario here_, there_, resumed_;
};

TEST_F(KeptOut, ThePageDecides) {
  EXPECT_EQ(here(page(200, "welcome to the vault")), Verdict::fail);
  EXPECT_TRUE(judge_with(here_, good_).notes.empty());
  EXPECT_EQ(here(page(200, "the shop window")), Verdict::pass);
  EXPECT_EQ(here(page(200, "welcome, nobody")), Verdict::inconclusive) << "made for each client, or another host's?";
  EXPECT_EQ(here(page(302, "the shop window")), Verdict::inconclusive) << "a page is its status and its body";
}

TEST_F(KeptOut, WithoutAnOpenHostItIsSaidWhatWouldTell) {
  context_.open_page = nullptr;
  const Judgement out = judge_with(here_, good_);
  EXPECT_EQ(out.verdict, Verdict::fail);
  ASSERT_EQ(out.notes.size(), 1U);
  EXPECT_NE(out.notes[0].find("--open-host"), std::string::npos);
}

TEST_F(KeptOut, RefusalsPass) {
  for (int status : {400, 401, 403, 404, 421, 496}) EXPECT_EQ(here(page(status, "no")), Verdict::pass) << status;
  for (auto kind : {Outcome::Kind::alert, Outcome::Kind::eof, Outcome::Kind::reset, Outcome::Kind::close_notify})
    EXPECT_EQ(here(result(kind)), Verdict::pass);
}

TEST_F(KeptOut, WhatIsNoAnswerToTheClientDecidesNothing) {
  for (int status : {408, 425, 429, 500, 502, 503})
    EXPECT_EQ(here(page(status, "busy")), Verdict::inconclusive) << status;
  for (auto kind : {Outcome::Kind::hang, Outcome::Kind::waited, Outcome::Kind::no_objection, Outcome::Kind::completed})
    EXPECT_EQ(here(result(kind)), Verdict::inconclusive);
  EXPECT_EQ(here(result(Outcome::Kind::peer_violation)), Verdict::error);
}

TEST_F(KeptOut, AnotherServiceAnswers) {
  auto reply = [](app::Sign sign) {
    auto out = result(Outcome::Kind::completed);
    out.outcome.app = "redis";
    out.outcome.reply.sign = sign;
    return out;
  };
  good_ = reply(app::Sign::accepted);
  EXPECT_EQ(here(reply(app::Sign::accepted)), Verdict::fail);
  EXPECT_EQ(here(reply(app::Sign::refused)), Verdict::pass);
  EXPECT_EQ(here(reply(app::Sign::certificate)), Verdict::pass);
  EXPECT_EQ(here(reply(app::Sign::busy)), Verdict::inconclusive);
  EXPECT_EQ(here(result(Outcome::Kind::completed)), Verdict::inconclusive) << "a clean close says nothing";
}

TEST_F(KeptOut, EqualPagesProveNothing) {
  open_ = good_;
  EXPECT_EQ(here(page(200, "welcome to the vault")), Verdict::inconclusive) << "every host has it";
  good_ = page(404, "not found");
  EXPECT_EQ(here(page(404, "not found")), Verdict::inconclusive) << "any server has such a page";
  good_ = page(200, "");
  EXPECT_EQ(here(page(200, "")), Verdict::inconclusive) << "an empty page is nobody's";
}

TEST_F(KeptOut, PagesThatChangeCannotBeCompared) {
  const auto again = page(200, "welcome, it is 12:01");
  context_.reference_again = &again;
  const Judgement out = judge_with(here_, page(200, "welcome, it is 12:02"));
  EXPECT_EQ(out.verdict, Verdict::inconclusive);
  EXPECT_NE(out.reason.find("another page each time"), std::string::npos) << out.reason;
  EXPECT_EQ(here(page(421, "")), Verdict::pass) << "a refusal needs no page";
}

TEST_F(KeptOut, WhoRefusesTheGoodClientProvesNothing) {
  good_ = result(Outcome::Kind::alert);
  EXPECT_EQ(here(result(Outcome::Kind::alert)), Verdict::inconclusive);
  EXPECT_EQ(here(page(421, "")), Verdict::inconclusive);
  context_.reference = nullptr;
  EXPECT_EQ(here(page(421, "")), Verdict::inconclusive);
  EXPECT_EQ(there(page(421, "")), Verdict::pass) << "its good client we are not";
}

TEST_F(KeptOut, AtTheOtherHostAnyPageOfItsOwnIsIn) {
  EXPECT_EQ(there(page(200, "the other vault")), Verdict::fail);
  EXPECT_EQ(there(page(302, "to the other vault")), Verdict::fail);
  EXPECT_EQ(there(page(200, "the shop window")), Verdict::pass);
  EXPECT_EQ(there(page(200, "welcome to the vault")), Verdict::inconclusive) << "that of the session, or the same one";
  EXPECT_EQ(there(page(404, "not found")), Verdict::inconclusive);
  EXPECT_EQ(there(page(421, "no")), Verdict::pass);
  EXPECT_EQ(there(result(Outcome::Kind::alert)), Verdict::pass);
}

TEST_F(KeptOut, AtTheOtherHostARefusalMustBeTheOneThatIsKnown) {
  for (int status : {400, 401, 403})
    EXPECT_EQ(there(page(status, "log in")), Verdict::inconclusive) << status << " may come from behind the door";
  const auto alert = result(Outcome::Kind::alert);
  context_.refusal = &alert;
  EXPECT_EQ(there(page(401, "log in")), Verdict::inconclusive) << "refused by an alert before, and now a page?";
  const auto forbidden = page(403, "no certificate");
  context_.refusal = &forbidden;
  EXPECT_EQ(there(page(403, "no certificate")), Verdict::pass);
  EXPECT_EQ(there(page(403, "not in your group")), Verdict::inconclusive);
  EXPECT_EQ(there(page(401, "no certificate")), Verdict::inconclusive);
}

TEST_F(KeptOut, TheNoteSaysWhetherItWasResumed) {
  auto seen = page(421, "");
  EXPECT_NE(judge_with(resumed_, seen).notes.back().find("did not resume"), std::string::npos);
  seen.outcome.resumed = true;
  EXPECT_NE(judge_with(resumed_, seen).notes.back().find("stands for the handshake that made it"), std::string::npos);
  seen = result(Outcome::Kind::alert);
  seen.outcome.version = 0;  // the alert came in place of a ServerHello
  for (const std::string& note : judge_with(resumed_, seen).notes)
    EXPECT_EQ(note.find("resume"), std::string::npos) << "nobody can tell";
}

TEST_F(KeptOut, ToldIsNeverWrong) {
  auto told = [&](const session::AttemptResult& seen) {
    return judge_told({&resumed_, &resumed_.plays.at(0)}, seen, context_);
  };
  EXPECT_EQ(told(page(200, "welcome to the vault")).verdict, Verdict::info);
  EXPECT_TRUE(told(page(200, "welcome to the vault")).seen.starts_with("accepted: "));
  EXPECT_TRUE(told(page(400, "no")).seen.starts_with("refused: "));
  EXPECT_EQ(told(page(421, "")).verdict, Verdict::info);
  EXPECT_EQ(told(result(Outcome::Kind::alert)).verdict, Verdict::info);
  EXPECT_EQ(told(result(Outcome::Kind::hang)).verdict, Verdict::inconclusive);
  EXPECT_EQ(told(result(Outcome::Kind::peer_violation)).verdict, Verdict::error);
}

}  // namespace
}  // namespace tlsproof::engine
