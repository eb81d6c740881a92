#include "crash.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "endpoint_check.h"
#include "tlsproof/base/text.h"
#include "tlsproof/net/socket.h"

namespace tlsproof::engine {

using session::AttemptResult;
using trace::Event;
using trace::EventKind;
using verdict::Outcome;

namespace {

constexpr int64_t kNever = INT64_MIN;
constexpr int kConnectMs = 1000;
constexpr int64_t kComesBack = 5'000'000'000;  // who restarts servers waits a second or two before
// What the server said before it went down is read a little later than the end of another connection, and servers of
// several processes go down bit by bit. Too many suspects cost only a moment each.
constexpr int64_t kSlack = 200'000'000;
constexpr auto kPause = std::chrono::milliseconds(50);

// When the peer dropped the connection; kNever when it did not, or said why.
int64_t dropped(const AttemptResult& result) {
  if (result.outcome.kind != Outcome::Kind::eof && result.outcome.kind != Outcome::Kind::reset) return kNever;
  for (const Event& event : result.trace->events())
    if (event.kind == EventKind::end_of_stream || event.kind == EventKind::reset)
      return result.trace->start_monotonic_ns() + event.time_ns;
  return kNever;
}

}  // namespace

int64_t last_sign_of_life(std::span<const verdict::Attempt> attempts) {
  int64_t last = kNever;
  for (const verdict::Attempt& attempt : attempts) {
    if (attempt.trace == nullptr) continue;
    for (const Event& event : attempt.trace->events())
      if (event.kind == EventKind::bytes && event.direction == wire::Direction::server_to_client)
        last = std::max(last, attempt.trace->start_monotonic_ns() + event.time_ns);
  }
  return last;
}

std::vector<size_t> crash_suspects(std::span<const AttemptResult* const> played, int64_t alive) {
  std::vector<size_t> out;
  for (size_t i = 0; i < played.size(); ++i) {
    const int64_t end = dropped(*played[i]);
    if (end != kNever && (alive == kNever || end >= alive - kSlack)) out.push_back(i);
  }
  return out;
}

std::vector<size_t> unreachable_ones(std::span<const AttemptResult* const> played) {
  std::vector<size_t> out;
  for (size_t i = 0; i < played.size(); ++i)
    if (played[i]->outcome.kind == Outcome::Kind::unreachable) out.push_back(i);
  return out;
}

std::vector<Replayed> hunt_crash(std::span<const size_t> indexes, const CrashHunt& hunt) {
  std::vector<Replayed> out(indexes.size(), Replayed::not_played);
  if (!hunt.comes_back() || !hunt.play_honest() || !hunt.accepts()) return out;
  for (size_t i = 0; i < indexes.size(); ++i) {
    if (!hunt.play_alone(indexes[i])) continue;
    out[i] = hunt.accepts() ? Replayed::survived : Replayed::crashed;
    if (out[i] == Replayed::crashed && !hunt.comes_back()) break;
  }
  return out;
}

bool EndpointCheck::accepts_connections() const {
  return std::ranges::any_of(
      addresses_, [](const net::Address& address) { return net::Socket::connect(address, kConnectMs).has_value(); });
}

bool EndpointCheck::comes_back() const {
  const int64_t deadline = options_->clock->monotonic_ns() + kComesBack;
  while (!accepts_connections()) {
    if (stopped() || options_->clock->monotonic_ns() > deadline) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

std::optional<Attempted> EndpointCheck::play_alone(const Recipe& recipe, const std::shared_ptr<EditLog>& log,
                                                   std::string_view why) {
  auto plan = plans_.make(recipe, log);
  if (!plan || stopped()) return std::nullopt;
  plan->label += fmt::format(" ({})", why);
  std::vector<session::Job> jobs;
  jobs.push_back({std::move(*plan), net_endpoint_, addresses_, true});
  auto results = run_jobs(std::move(jobs));
  if (!results || !results->front() || results->front()->result.outcome.kind == Outcome::Kind::unreachable)
    return std::nullopt;
  return std::move(*results->front());
}

void EndpointCheck::doubt_chains() {
  std::vector<const AttemptResult*> seen;
  std::vector<Chain*> owners;
  for (Chain& chain : chains_) {
    for (const ChainRun& run : chain.runs) {
      for (const ChainRun::Connection& connection : run.connections) {
        seen.push_back(&connection.attempted.result);
        owners.push_back(&chain);
      }
    }
  }
  for (size_t index : crash_suspects(seen, last_sign_of_life(run_.attempts)))
    owners[index]->doubt = "the endpoint stopped accepting connections while one of these was open";
}

bool EndpointCheck::play_again(const Place& place) {
  Played& played = played_[place.played];
  auto log = std::make_shared<EditLog>();
  auto again = play_alone(played.recipe, log, "again, alone");
  if (!again) return false;
  played.results[place.repetition] = std::move(again->result);
  played.attempts[place.repetition] = again->attempt;
  played.logs[place.repetition] = std::move(log);
  return true;
}

void EndpointCheck::look_into_crash(std::span<const Place> batch) {
  std::vector<const AttemptResult*> seen;
  for (const Place& place : batch) seen.push_back(&played_[place.played].results[place.repetition]);
  std::vector<size_t> indexes = crash_suspects(seen, last_sign_of_life(run_.attempts));
  if (indexes.empty()) return;  // it went away by itself
  const size_t num_suspects = indexes.size();
  // Those that came too late are made up for once it is back.
  std::ranges::move(unreachable_ones(seen), std::back_inserter(indexes));
  std::vector<std::string> labels;
  for (size_t i = 0; i < num_suspects; ++i)
    labels.push_back(run_.attempts[played_[batch[indexes[i]].played].attempts[batch[indexes[i]].repetition]].label);
  const CrashHunt hunt{.accepts = [this] { return accepts_connections(); },
                       .comes_back = [this] { return comes_back(); },
                       .play_honest =
                           [this] {
                             return play_alone(played_[*baseline_].recipe, std::make_shared<EditLog>(),
                                               "a control after the endpoint was gone")
                                 .has_value();
                           },
                       .play_alone = [&](size_t index) { return play_again(batch[index]); }};
  const std::vector<Replayed> replayed = hunt_crash(indexes, hunt);
  bool named = false;
  for (size_t i = 0; i < indexes.size(); ++i) {
    Played& played = played_[batch[indexes[i]].played];
    const size_t repetition = batch[indexes[i]].repetition;
    if (replayed[i] == Replayed::crashed) {
      played.results[repetition].outcome.kind = Outcome::Kind::crashed;
      run_.attempts[played.attempts[repetition]].outcome.kind = Outcome::Kind::crashed;
      named = true;
    } else if (replayed[i] == Replayed::not_played && i < num_suspects) {
      // That it ended so may be all of its doing, or none.
      played.doubt = "the endpoint stopped accepting connections while this one was open";
    }
  }
  std::string note = fmt::format("the endpoint stopped accepting connections while open was: {}",
                                 escape_terminal_limited(join(labels, "; "), 1000));
  if (!named && std::ranges::find(run_.notes, note) == run_.notes.end()) run_.notes.push_back(std::move(note));
}

}  // namespace tlsproof::engine
