// Several connections of one scenario: who waits for whom, which session is offered, and what stands in the way of a
// verdict.
#include "src/engine/chain.h"

#include <gtest/gtest.h>

#include "tlsproof/pki/authority.h"

namespace tlsproof::engine {
namespace {

using target::ClientAuth;
using verdict::Outcome;
using verdict::Verdict;

constexpr int64_t kNow = 1'800'000'000;

constexpr std::string_view kHead =
    "title: t\nrequirement: MUST\nwhy: w\ntls: [1.3]\n"
    "connections:\n";

session::AttemptResult result(Outcome::Kind kind, int status = 0, std::string_view body = {}) {
  session::AttemptResult out;
  out.outcome.kind = kind;
  out.outcome.version = kind == Outcome::Kind::unreachable ? 0 : 0x0304;
  out.outcome.handshake_complete = kind == Outcome::Kind::completed;
  out.outcome.http_status = status;
  out.response_body = to_bytes(body);
  return out;
}

class Chains : public testing::Test {
 protected:
  Chains()
      : material_{.anchors = x509::TrustAnchors::none(), .crls = {}, .identity = {}, .client_ca = {}},
        plans_(endpoint_, material_, kNow, random_) {
    material_.client_ca =
        pki::Authority::make_root(pki::authority_spec({{"CN", "clients"}}, {kNow - 86'400, kNow + 86'400}),
                                  crypto::PrivateKey::generate(crypto::KeyKind::p256).value(), random_)
            .value();
    endpoint_.address = {"server.test", 443};
    endpoint_.client_auth = ClientAuth::required;
    context_.endpoint = &endpoint_;
    context_.has_identity = true;
    good_ = result(Outcome::Kind::completed, 200, "welcome");
    context_.reference = &good_;
  }

  Chain& chain(std::string_view connections_and_expect) {
    auto parsed = scenario::parse_scenario(std::string(kHead) + std::string(connections_and_expect), "c.yaml", "c");
    if (!parsed) ADD_FAILURE() << parsed.error().message();
    scenario_ = std::move(*parsed);
    chain_ = Chain{.one = {&scenario_, &scenario_.plays.at(0)}, .recipes = {}, .runs = {}, .error = {}, .doubt = {}};
    for (const auto& connection : scenario_.plays.at(0).connections) {
      Recipe recipe;
      recipe.version = 0x0304;
      recipe.client = connection.client;
      recipe.identity = connection.identity;
      recipe.edits = connection.edits.empty() ? nullptr : &connection.edits;
      chain_.recipes.push_back(plans_.settle(std::move(recipe)));
    }
    return chain_;
  }

  // Plays with a server that answers by `answer`, and notes what it was sent.
  void play(Chain& chain, unsigned repeat,
            const std::function<std::optional<session::AttemptResult>(const session::Plan&)>& answer) {
    ChainPlayer player;
    player.make_job = [](session::Plan plan, bool exclusive) {
      return session::Job{std::move(plan), {}, {}, exclusive};
    };
    player.run = [&](std::vector<session::Job> jobs) -> Result<std::vector<std::optional<Attempted>>> {
      rounds_.push_back(jobs.size());
      std::vector<std::optional<Attempted>> out(jobs.size());
      for (size_t i = 0; i < jobs.size(); ++i) {
        offered_.push_back(jobs[i].plan.resume);
        kept_.push_back(jobs[i].plan.keep_session);
        if (auto answered = answer(jobs[i].plan)) out[i] = Attempted{std::move(*answered), num_attempts_++};
      }
      return out;
    };
    ASSERT_TRUE(play_chains({&chain, 1}, repeat, plans_, player));
  }

  // What is said of these results, the last of which is judged.
  Judgement judge_results(Chain& chain, std::vector<session::AttemptResult> results, bool no_session = false) {
    ChainRun run;
    for (auto& one : results)
      run.connections.push_back({{std::move(one), run.connections.size()}, std::make_shared<EditLog>()});
    run.no_session = no_session;
    return judge_chain_run(chain, run, context_);
  }

  SeededRandom random_{11};
  target::Endpoint endpoint_;
  Material material_;
  PlanMaker plans_;
  JudgeContext context_;
  session::AttemptResult good_;
  scenario::Scenario scenario_;
  Chain chain_;
  std::vector<size_t> rounds_;
  std::vector<std::shared_ptr<const tls::Session>> offered_;
  std::vector<bool> kept_;
  size_t num_attempts_ = 0;
};

constexpr std::string_view kSaveAndResume =
    "  - {identity: good, save_session: first, expect: {client_auth: accepted}}\n"
    "  - {identity: none, resume: first}\n"
    "expect: {completes: true}\n";

session::AttemptResult with_session(uint32_t lifetime) {
  session::AttemptResult out = result(Outcome::Kind::completed, 200, "welcome");
  auto session = std::make_shared<tls::Session>();
  session->lifetime_s = lifetime;
  out.session = session;
  return out;
}

TEST_F(Chains, EachRepetitionResumesItsOwnSession) {
  Chain& one = chain(kSaveAndResume);
  uint32_t made = 0;
  play(one, 3, [&](const session::Plan& plan) {
    return plan.keep_session ? with_session(++made) : result(Outcome::Kind::completed, 200);
  });
  EXPECT_EQ(rounds_, (std::vector<size_t>{3, 3})) << "the second ones wait for the first ones";
  EXPECT_EQ(kept_, (std::vector<bool>{true, true, true, false, false, false}));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(offered_.at(i), nullptr);
    ASSERT_NE(offered_.at(3 + i), nullptr);
    EXPECT_EQ(offered_.at(3 + i)->lifetime_s, i + 1);
  }
}

TEST_F(Chains, TheSessionIsThatOfTheName) {
  Chain& one = chain(
      "  - {save_session: a}\n  - {save_session: b}\n  - {resume: a}\n  - {resume: b}\n"
      "expect: {completes: true}\n");
  uint32_t made = 0;
  play(one, 1, [&](const session::Plan&) { return with_session(++made); });
  ASSERT_EQ(offered_.size(), 4U);
  ASSERT_TRUE(offered_[2] && offered_[3]);
  EXPECT_EQ(offered_[2]->lifetime_s, 1U);
  EXPECT_EQ(offered_[3]->lifetime_s, 2U);
}

TEST_F(Chains, WithoutASessionNothingIsPlayedInItsPlace) {
  Chain& one = chain(kSaveAndResume);
  play(one, 1, [&](const session::Plan&) { return result(Outcome::Kind::completed, 200, "welcome"); });
  EXPECT_EQ(rounds_, (std::vector<size_t>{1}));
  ASSERT_TRUE(one.runs.at(0).no_session);
  const Judgement out = judge_chain_run(one, one.runs[0], context_);
  EXPECT_EQ(out.verdict, Verdict::skip);
  EXPECT_FALSE(out.applies) << "nothing is left untested";
  EXPECT_EQ(out.reason, "this client is handed out no session, so that there is nothing to resume");
}

TEST_F(Chains, WhoIsTurnedAwayWithoutASessionHasNothingToComeBackWith) {
  Chain& one = chain(
      "  - {identity: {fault: expired}, save_session: s, expect: {client_auth: refused}}\n"
      "  - {identity: none, resume: s}\nexpect: {client_auth: refused}\n");
  EXPECT_EQ(judge_results(one, {result(Outcome::Kind::alert)}, true).verdict, Verdict::pass);
  // A bad client that is let in was not turned away: then this shows nothing.
  const Judgement in = judge_results(one, {result(Outcome::Kind::completed, 200)}, true);
  EXPECT_EQ(in.verdict, Verdict::skip);
  EXPECT_TRUE(in.applies) << "what is to be closed was not tested";
  Chain& told = chain(
      "  - {identity: {fault: expired}, save_session: s, expect: {client_auth: refused}}\n"
      "  - {identity: good, resume: s}\nexpect: {client_auth: told}\n");
  EXPECT_EQ(judge_results(told, {result(Outcome::Kind::alert)}, true).verdict, Verdict::skip) << "nothing was shown";
}

TEST_F(Chains, AnInterruptionIsNoVerdict) {
  Chain& one = chain(kSaveAndResume);
  play(one, 1,
       [&](const session::Plan& plan) { return plan.keep_session ? std::optional(with_session(1)) : std::nullopt; });
  EXPECT_EQ(judge_chain_run(one, one.runs.at(0), context_).verdict, Verdict::error);
}

TEST_F(Chains, AControlThatFailsIsNoVerdict) {
  Chain& one = chain(kSaveAndResume);
  const auto in = result(Outcome::Kind::completed, 200, "welcome");
  EXPECT_EQ(judge_results(one, {in, in}).verdict, Verdict::pass);
  const Judgement out = judge_results(one, {result(Outcome::Kind::alert), in});
  EXPECT_EQ(out.verdict, Verdict::inconclusive);
  EXPECT_TRUE(out.reason.starts_with("connection 1 of 2, good client certificate")) << out.reason;
  EXPECT_EQ(judge_results(one, {result(Outcome::Kind::unreachable), in}).verdict, Verdict::inconclusive);
}

TEST_F(Chains, AControlIsReadByWhatIsSeenWhateverIsDeclared) {
  Chain& one = chain("  - {identity: none, expect: {client_auth: refused}}\n  - {}\nexpect: {completes: true}\n");
  const auto in = result(Outcome::Kind::completed, 200, "welcome");
  const auto out = result(Outcome::Kind::alert);
  for (ClientAuth declared : {ClientAuth::unknown, ClientAuth::required, ClientAuth::optional}) {
    endpoint_.client_auth = declared;
    EXPECT_EQ(judge_results(one, {out, in}).verdict, Verdict::pass);
    const Judgement open = judge_results(one, {in, in});
    // An open door is a fault only where it is declared to be closed; mtls/none says so, and this cannot tell more.
    EXPECT_EQ(open.verdict, Verdict::skip);
    EXPECT_EQ(open.applies, declared == ClientAuth::required) << "what is to be closed was not tested";
    EXPECT_FALSE(open.reason.empty());
  }
}

TEST_F(Chains, OtherControlsMustPass) {
  Chain& one = chain("  - {expect: {refused: true}}\n  - {}\nexpect: {completes: true}\n");
  const auto in = result(Outcome::Kind::completed, 200, "welcome");
  EXPECT_EQ(judge_results(one, {result(Outcome::Kind::eof), in}).verdict, Verdict::pass);
  EXPECT_EQ(judge_results(one, {in, in}).verdict, Verdict::inconclusive);
}

TEST_F(Chains, AControlWithoutAWishMustStillHaveBeenPlayed) {
  Chain& one = chain("  - {identity: none, save_session: s}\n  - {resume: s}\nexpect: {client_auth: told}\n");
  const bool no_session = true;
  EXPECT_EQ(judge_results(one, {result(Outcome::Kind::alert)}, no_session).verdict, Verdict::skip);
  EXPECT_EQ(judge_results(one, {result(Outcome::Kind::unreachable)}, no_session).verdict, Verdict::error);
  EXPECT_EQ(judge_results(one, {result(Outcome::Kind::peer_violation)}, no_session).verdict, Verdict::error);
  EXPECT_EQ(judge_results(one, {result(Outcome::Kind::hang)}, no_session).verdict, Verdict::inconclusive);
  EXPECT_EQ(judge_results(one, {result(Outcome::Kind::waited)}, no_session).verdict, Verdict::inconclusive);
}

TEST_F(Chains, WhetherItWasResumedIsTold) {
  Chain& one = chain(kSaveAndResume);
  const auto in = result(Outcome::Kind::completed, 200, "welcome");
  auto resumed = in;
  resumed.outcome.resumed = true;
  EXPECT_TRUE(judge_results(one, {in, resumed}).seen.starts_with("the session was resumed; "));
  EXPECT_TRUE(judge_results(one, {in, in}).seen.starts_with("the session was not resumed; "));
}

}  // namespace
}  // namespace tlsproof::engine
