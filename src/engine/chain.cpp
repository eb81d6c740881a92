#include "chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/engine/client_auth.h"

namespace tlsproof::engine {

using scenario::ClientAuthExpected;
using scenario::Connection;
using scenario::Expect;
using scenario::Identity;
using verdict::Outcome;
using verdict::Verdict;

namespace {

// The index of the connection before `at` whose session that one offers; nullopt: it offers none.
std::optional<size_t> resumed_from(const scenario::Play& play, size_t at) {
  if (play.connections[at].resume.empty()) return std::nullopt;
  for (size_t i = at; i-- > 0;)
    if (play.connections[i].save_session == play.connections[at].resume) return i;
  return std::nullopt;  // the language refuses this
}

// Nullopt when there is nothing to resume, or it cannot be planned: the chain or the run says so then.
std::optional<session::Plan> plan_next(Chain& chain, ChainRun& run, PlanMaker& plans,
                                       const std::shared_ptr<EditLog>& log) {
  const scenario::Play& play = *chain.one.play;
  const size_t at = run.connections.size();
  std::shared_ptr<const tls::Session> session;
  if (const auto from = resumed_from(play, at)) {
    session = run.connections[*from].attempted.result.session;
    run.no_session = session == nullptr;
    if (run.no_session) return std::nullopt;
  }
  auto plan = plans.make(chain.recipes[at], log);
  if (!plan) {
    chain.error = plan.error().message();
    return std::nullopt;
  }
  plan->resume = std::move(session);
  plan->keep_session = !play.connections[at].save_session.empty();
  plan->label += fmt::format(" ({}, {} of {})", chain.one.id(), at + 1, chain.recipes.size());
  return std::move(*plan);
}

std::string connection_text(const Chain& chain, size_t at) {
  return fmt::format("connection {} of {}, {}", at + 1, chain.recipes.size(), chain.recipes[at].label());
}

Judgement doubt_control(const Chain& chain, size_t at, const session::AttemptResult& result, std::string_view wanted,
                        std::string_view why) {
  Judgement out = undecided(scenario::describe(chain.one.play->expect), verdict::describe(result.outcome),
                            fmt::format("{}: wanted: {}; seen: {}{}{}", connection_text(chain, at), wanted,
                                        verdict::describe(result.outcome), why.empty() ? "" : ": ", why));
  out.events = ending_events(result);
  return out;
}

// Connections before the last are controls: what counts is what was seen, whatever is declared.
std::optional<Judgement> check_knock(const Chain& chain, size_t at, const session::AttemptResult& result,
                                     const JudgeContext& context) {
  const Connection& connection = chain.one.play->connections[at];
  const Identity& identity = chain.recipes[at].identity;
  const bool here = connection.client.http_host == scenario::ClientSetup::HttpHost::target;
  const bool measured = here && knock_of(identity) != Knock::good;
  const Acceptance acceptance = classify(result, measured ? context.reference : nullptr);
  const bool wants_refusal = connection.expect->client_auth == ClientAuthExpected::refused;
  const auto wanted = wants_refusal ? Acceptance::Kind::refused : Acceptance::Kind::accepted;
  if (acceptance.kind == wanted) return std::nullopt;
  Judgement out = doubt_control(chain, at, result, scenario::describe(*connection.expect), acceptance.why);
  const bool open_door = wants_refusal && acceptance.kind == Acceptance::Kind::accepted;
  if (open_door && here) {
    // Where the door is to be closed, mtls/none tells that it is open, and what lies beyond it stays untested.
    out.verdict = Verdict::skip;
    out.applies = context.endpoint->client_auth == target::ClientAuth::required;
    out.reason = fmt::format(
        "this client is let in anyway (client authentication is declared {}): there is nothing to get around",
        target::to_text(context.endpoint->client_auth));
  }
  return out;
}

std::optional<Judgement> check_control(const Chain& chain, size_t at, const session::AttemptResult& result,
                                       const JudgeContext& context) {
  const Connection& connection = chain.one.play->connections[at];
  if (!connection.expect) {  // whatever came of it is right, but something must have come
    const Acceptance acceptance = classify(result, nullptr);
    const Outcome::Kind kind = result.outcome.kind;
    if (acceptance.kind != Acceptance::Kind::failed && kind != Outcome::Kind::waited && kind != Outcome::Kind::hang)
      return std::nullopt;
    Judgement out = doubt_control(chain, at, result, "a connection that can be judged", acceptance.why);
    if (acceptance.kind == Acceptance::Kind::failed) out.verdict = Verdict::error;
    return out;
  }
  const Expect& expect = *connection.expect;
  if (expect.kind == Expect::Kind::client_auth &&
      (expect.client_auth == ClientAuthExpected::accepted || expect.client_auth == ClientAuthExpected::refused))
    return check_knock(chain, at, result, context);
  scenario::Play alone = *chain.one.play;
  alone.expect = expect;
  alone.connections = {connection};
  const Judgement seen = judge({chain.one.scenario, &alone}, chain.recipes[at].identity, result, context);
  if (seen.verdict == Verdict::pass || seen.verdict == Verdict::info) return std::nullopt;
  return doubt_control(chain, at, result, seen.wanted, seen.reason);
}

// RFC 8446 §4.6.1, RFC 5077 §3.3: handing out sessions is the server's choice.
Judgement judge_without_session(const Chain& chain, const ChainRun& run) {
  const scenario::Play& play = *chain.one.play;
  const size_t at = run.connections.size();
  const size_t from = resumed_from(play, at).value_or(0);
  const session::AttemptResult& result = run.connections[from].attempted.result;
  const std::string seen =
      fmt::format("{}, and the server handed out no session to resume", verdict::describe(result.outcome));
  const auto& expect = play.connections[from].expect;
  const bool was_refused =
      expect && expect->kind == Expect::Kind::client_auth && expect->client_auth == ClientAuthExpected::refused;
  const bool told =
      play.expect.kind == Expect::Kind::client_auth && play.expect.client_auth == ClientAuthExpected::told;
  // Who was turned away without a session has nothing to come back with.
  const bool holds = was_refused && !told;
  Judgement out = judged(holds ? Verdict::pass : Verdict::skip, scenario::describe(play.expect), seen);
  out.events = ending_events(result);
  if (holds) return out;
  out.applies = false;
  out.reason = "this client is handed out no session, so that there is nothing to resume";
  return out;
}

}  // namespace

void doubt_edits(const EditLog& log, const verdict::Outcome& outcome, Judgement& judgement) {
  if (outcome.kind == Outcome::Kind::crashed) return;
  if (!log.failures.empty()) {
    judgement.verdict = Verdict::error;
    judgement.reason = "the edit does not fit the message: " + log.failures.front();
  } else if (std::ranges::find(log.applied, false) != log.applied.end()) {
    judgement.verdict = Verdict::inconclusive;
    judgement.reason = "the run ended before every edit could take effect";
  }
}

Status play_chains(std::span<Chain> chains, unsigned repeat, PlanMaker& plans, const ChainPlayer& player) {
  for (Chain& chain : chains) chain.runs.resize(repeat);
  for (size_t step = 0;; ++step) {
    std::vector<session::Job> jobs;
    std::vector<std::pair<ChainRun*, std::shared_ptr<EditLog>>> owners;
    for (Chain& chain : chains) {
      for (ChainRun& run : chain.runs) {
        // One that is behind was interrupted, or has nothing to resume.
        if (step >= chain.recipes.size() || run.connections.size() != step || !chain.error.empty()) continue;
        auto log = std::make_shared<EditLog>();
        auto plan = plan_next(chain, run, plans, log);
        if (!plan) continue;
        jobs.push_back(player.make_job(std::move(*plan), chain.one.scenario->exclusive));
        owners.emplace_back(&run, std::move(log));
      }
    }
    if (jobs.empty()) return {};
    TLSPROOF_TRY(auto results, player.run(std::move(jobs)));
    for (size_t i = 0; i < results.size(); ++i)
      if (results[i]) owners[i].first->connections.push_back({std::move(*results[i]), std::move(owners[i].second)});
  }
}

Judgement judge_chain_run(const Chain& chain, const ChainRun& run, const JudgeContext& context) {
  const scenario::Play& play = *chain.one.play;
  const size_t last = chain.recipes.size() - 1;
  for (size_t at = 0; at < run.connections.size(); ++at) {
    const session::AttemptResult& result = run.connections[at].attempted.result;
    if (result.outcome.kind != Outcome::Kind::crashed) continue;
    Judgement out = judge(chain.one, chain.recipes[at].identity, result, context);
    out.seen = fmt::format("{}: {}", connection_text(chain, at), out.seen);
    return out;
  }
  for (size_t at = 0; at < run.connections.size() && at < last; ++at) {
    const session::AttemptResult& result = run.connections[at].attempted.result;
    if (auto failed = check_control(chain, at, result, context)) return std::move(*failed);
    Judgement edits = judged(Verdict::pass, scenario::describe(play.expect), verdict::describe(result.outcome));
    doubt_edits(*run.connections[at].log, result.outcome, edits);
    if (edits.verdict != Verdict::pass) return edits;
  }
  if (run.no_session) return judge_without_session(chain, run);
  if (run.connections.size() <= last) {
    Judgement out = judged(Verdict::error, scenario::describe(play.expect), {});
    out.reason = "interrupted before its last connection was played";
    return out;
  }
  const session::AttemptResult& result = run.connections[last].attempted.result;
  JudgeContext in_chain = context;
  const auto& first = play.connections.front().expect;
  if (last > 0 && first && first->kind == Expect::Kind::client_auth &&
      first->client_auth == ClientAuthExpected::refused)
    in_chain.refusal = &run.connections.front().attempted.result;
  Judgement out = judge(chain.one, chain.recipes[last].identity, result, in_chain);
  // Which of the two it was decides what the verdict is worth.
  if (!play.connections[last].resume.empty() && result.outcome.version != 0)
    out.seen = fmt::format("the session was {}; {}", result.outcome.resumed ? "resumed" : "not resumed", out.seen);
  doubt_edits(*run.connections[last].log, result.outcome, out);
  return out;
}

}  // namespace tlsproof::engine
