// Scenarios of several connections: each is played once the one before it has ended, and may resume the session that an
// earlier one kept.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tlsproof/engine/judge.h"
#include "tlsproof/engine/recipe.h"
#include "tlsproof/session/attempt.h"

namespace tlsproof::engine {

// What was played, and where the report has it.
struct Attempted {
  session::AttemptResult result;
  size_t attempt = 0;  // index into EndpointRun::attempts
};

// One repetition of a chain.
struct ChainRun {
  struct Connection {
    Attempted attempted;
    std::shared_ptr<EditLog> log;
  };
  std::vector<Connection> connections;  // those that were played, in order
  bool no_session = false;              // the next was to resume a session, and the server had handed out none
};

// The connections of one case. Never shared with another: a session carries what it went through.
struct Chain {
  scenario::Case one;
  std::vector<Recipe> recipes;  // settled; one a connection
  std::vector<ChainRun> runs;
  std::string error;  // why it could not be planned
  std::string doubt;  // why what was seen may be no answer; empty: nothing known against it
};

// Makes a job of a plan; plays jobs, many in flight.
struct ChainPlayer {
  std::function<session::Job(session::Plan plan, bool exclusive)> make_job;
  std::function<Result<std::vector<std::optional<Attempted>>>(std::vector<session::Job> jobs)> run;
};

// Plays every chain `repeat` times: the first connections of all, then the second ones … Fails when the environment
// does; an interruption leaves runs with fewer connections.
Status play_chains(std::span<Chain> chains, unsigned repeat, PlanMaker& plans, const ChainPlayer& player);

// What one repetition says: the last connection, provided that those before it went as the scenario expects of them.
// There must be a connection.
[[nodiscard]] Judgement judge_chain_run(const Chain& chain, const ChainRun& run, const JudgeContext& context);

// A run in which an edit did not take effect has not tested what its scenario says; but who brought the endpoint down
// did that with the edits that there were.
void doubt_edits(const EditLog& log, const verdict::Outcome& outcome, Judgement& judgement);

}  // namespace tlsproof::engine
