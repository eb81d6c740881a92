#include "crash.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

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
constexpr int64_t kForever = INT64_MAX;
constexpr int kConnectMs = 1000;
constexpr int64_t kComesBack = 5'000'000'000;  // who restarts servers waits a second or two before
// What the server said before it went down is read a little later than the end of another connection, and servers of
// several processes go down bit by bit. Too many suspects cost only a moment each.
constexpr int64_t kSlack = 200'000'000;
constexpr int64_t kPause = 50'000'000;
constexpr std::string_view kAgain = "again, alone";

// When the peer dropped the connection; kNever when it did not, or said why.
int64_t dropped(const AttemptResult& result) {
  if (result.outcome.kind != Outcome::Kind::eof && result.outcome.kind != Outcome::Kind::reset) return kNever;
  for (const Event& event : result.trace->events())
    if (event.kind == EventKind::end_of_stream || event.kind == EventKind::reset)
      return result.trace->start_monotonic_ns() + event.time_ns;
  return kNever;
}

// When it was known that no connection could be made.
int64_t refused_at(const AttemptResult& result) {
  const auto events = result.trace->events();
  return result.trace->start_monotonic_ns() + (events.empty() ? 0 : events.back().time_ns);
}

bool is_unreachable(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::unreachable;
}

}  // namespace

std::vector<Outage> outages(std::span<const AttemptResult* const> played, std::span<const verdict::Attempt> attempts) {
  std::vector<int64_t> signs;
  for (const verdict::Attempt& attempt : attempts) {
    if (attempt.trace == nullptr) continue;
    for (const Event& event : attempt.trace->events())
      if (event.kind == EventKind::bytes && event.direction == wire::Direction::server_to_client)
        signs.push_back(attempt.trace->start_monotonic_ns() + event.time_ns);
  }
  std::ranges::sort(signs);
  std::vector<Outage> out;
  for (const AttemptResult* result : played) {
    if (!is_unreachable(result->outcome)) continue;
    const auto after = std::ranges::upper_bound(signs, refused_at(*result));
    const Outage one{.from = after == signs.begin() ? kNever : *std::prev(after),
                     .to = after == signs.end() ? kForever : *after};
    if (std::ranges::find(out, one) == out.end()) out.push_back(one);
  }
  return out;
}

std::vector<size_t> crash_suspects(std::span<const AttemptResult* const> played, std::span<const Outage> outages) {
  std::vector<size_t> out;
  for (size_t i = 0; i < played.size(); ++i) {
    const int64_t end = dropped(*played[i]);
    if (end == kNever) continue;
    const bool suspect = std::ranges::any_of(outages, [&](const Outage& one) {
      return (one.from == kNever || end >= one.from - kSlack) && (one.to == kForever || end <= one.to + kSlack);
    });
    if (suspect) out.push_back(i);
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

bool wait_for_return(const std::function<bool()>& accepts, const std::function<bool()>& stopped, const Clock& clock,
                     const std::function<void(int64_t ns)>& pause) {
  const int64_t deadline = clock.monotonic_ns() + kComesBack;
  for (int64_t paused = 0; !accepts(); paused += kPause) {
    if (stopped() || paused > kComesBack || clock.monotonic_ns() > deadline) return false;
    pause(kPause);
  }
  return true;
}

bool EndpointCheck::comes_back() const {
  return wait_for_return([this] { return accepts_connections(); }, [this] { return stopped(); }, *options_->clock,
                         options_->pause);
}

void EndpointCheck::notice_crash(size_t first_attempt) {
  bool gone = false;
  bool reached = false;
  for (const verdict::Attempt& attempt : std::span(run_.attempts).subspan(first_attempt))
    (is_unreachable(attempt.outcome) ? gone : reached) = true;
  // It was waited for already.
  if (gone && (reached || !away_)) look_into_crash();
}

std::vector<EndpointCheck::Connected> EndpointCheck::all_connections() const {
  std::vector<Connected> out;
  for (size_t i = 0; i < played_.size(); ++i)
    for (size_t n = 0; n < played_[i].results.size(); ++n)
      out.push_back({{.index = i, .repetition = n}, &played_[i].results[n], played_[i].attempts[n]});
  for (size_t i = 0; i < chains_.size(); ++i)
    for (size_t n = 0; n < chains_[i].runs.size(); ++n)
      for (const ChainRun::Connection& connection : chains_[i].runs[n].connections)
        out.push_back({{.index = i, .repetition = n, .is_chain = true},
                       &connection.attempted.result,
                       connection.attempted.attempt});
  return out;
}

bool EndpointCheck::play_again(const Place& place) {
  if (place.is_chain) return play_chain_again(chains_[place.index], place.repetition);
  Played& played = played_[place.index];
  auto log = std::make_shared<EditLog>();
  auto again = play_alone(played.recipe, log, kAgain);
  if (!again || !*again || is_unreachable((*again)->result.outcome)) return false;
  played.results[place.repetition] = std::move((*again)->result);
  played.attempts[place.repetition] = (*again)->attempt;
  played.logs[place.repetition] = std::move(log);
  return true;
}

bool EndpointCheck::play_chain_again(Chain& chain, size_t repetition) {
  Chain again{.one = chain.one, .recipes = chain.recipes, .runs = {}, .error = {}, .doubt = {}};
  ChainPlayer player = chain_player(kAgain);
  const auto play = std::exchange(player.run, {});
  bool is_first = true;
  player.run = [&](std::vector<session::Job> jobs) -> Result<std::vector<std::optional<Attempted>>> {
    // After the connection that brought it down no other is tried, so that the last one of the run is the one.
    if (!std::exchange(is_first, false) && !accepts_connections())
      return std::vector<std::optional<Attempted>>(jobs.size());
    return play(std::move(jobs));
  };
  const Status played = engine::play_chains(std::span(&again, 1), 1, plans_, player);
  ChainRun& run = again.runs.front();
  const bool unreachable = std::ranges::any_of(run.connections, [](const ChainRun::Connection& connection) {
    return is_unreachable(connection.attempted.result.outcome);
  });
  if (!played || !again.error.empty() || run.connections.empty() || unreachable) return false;
  chain.runs[repetition] = std::move(run);
  return true;
}

void EndpointCheck::name_crasher(const Place& place) {
  size_t attempt = 0;
  if (place.is_chain) {
    Attempted& last = chains_[place.index].runs[place.repetition].connections.back().attempted;
    last.result.outcome.kind = Outcome::Kind::crashed;
    attempt = last.attempt;
  } else {
    played_[place.index].results[place.repetition].outcome.kind = Outcome::Kind::crashed;
    attempt = played_[place.index].attempts[place.repetition];
  }
  run_.attempts[attempt].outcome.kind = Outcome::Kind::crashed;
}

std::vector<Replayed> EndpointCheck::replay(std::span<const Place> places) {
  if (!baseline_) return std::vector<Replayed>(places.size(), Replayed::not_played);
  const CrashHunt hunt{.accepts = [this] { return accepts_connections(); },
                       .comes_back = [this] { return comes_back(); },
                       .play_honest =
                           [this] {
                             const auto honest = play_alone(played_[*baseline_].recipe, std::make_shared<EditLog>(),
                                                            "a control after the endpoint was gone");
                             return honest && *honest && !is_unreachable((*honest)->result.outcome);
                           },
                       .play_alone = [&](size_t index) { return play_again(places[index]); }};
  std::vector<size_t> indexes(places.size());
  std::iota(indexes.begin(), indexes.end(), size_t{0});
  std::vector<Replayed> out = hunt_crash(indexes, hunt);
  away_ = !accepts_connections();
  return out;
}

void EndpointCheck::look_into_crash() {
  const std::vector<Connected> connections = all_connections();
  std::vector<const AttemptResult*> seen;
  for (const Connected& one : connections) seen.push_back(one.result);
  std::vector<const AttemptResult*> gone = seen;
  if (baseline_again_) gone.push_back(&baseline_again_->result);
  std::vector<Place> places;
  auto add = [&](size_t i) {
    if (std::ranges::find(places, connections[i].place) == places.end()) places.push_back(connections[i].place);
  };
  std::vector<std::string> labels;
  for (size_t i : crash_suspects(seen, outages(gone, run_.attempts))) {
    add(i);
    labels.push_back(run_.attempts[connections[i].attempt].label);
  }
  if (places.empty()) return;  // it went away by itself
  const size_t num_suspects = places.size();
  // Those that came too late are made up for once it is back.
  for (size_t i : unreachable_ones(seen)) add(i);
  const std::vector<Replayed> replayed = replay(places);
  bool named = false;
  for (size_t i = 0; i < places.size(); ++i) {
    const Place& place = places[i];
    if (replayed[i] == Replayed::crashed) {
      name_crasher(place);
      named = true;
    } else if (replayed[i] == Replayed::not_played && i < num_suspects) {
      // That it ended so may be all of its doing, or none.
      if (place.is_chain)
        chains_[place.index].doubt = "the endpoint stopped accepting connections while one of these was open";
      else
        played_[place.index].doubt = "the endpoint stopped accepting connections while this one was open";
    }
  }
  std::string note = fmt::format("the endpoint stopped accepting connections while open was: {}",
                                 escape_terminal_limited(join(labels, "; "), 1000));
  if (!named && std::ranges::find(run_.notes, note) == run_.notes.end()) run_.notes.push_back(std::move(note));
}

}  // namespace tlsproof::engine
