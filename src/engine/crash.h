// An endpoint that stops accepting connections in the middle of a run: which connection did that?
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "tlsproof/session/attempt.h"

namespace tlsproof::engine {

// A time in which no connection could be made: from the peer's last word on any connection before it to its first one
// after it; monotonic. The kernel accepts connections for a server that is gone already, so that only what the server
// says is a sign of life.
struct Outage {
  int64_t from = INT64_MIN;  // it never said anything before
  int64_t to = INT64_MAX;    // it never came back
  bool operator==(const Outage&) const = default;
};

// One for each time in which connections of `played` could not be made; `attempts` are all of the run.
[[nodiscard]] std::vector<Outage> outages(std::span<const session::AttemptResult* const> played,
                                          std::span<const verdict::Attempt> attempts);

// The indexes of the connections that may have brought the endpoint down: they ended without a word (end of stream or
// reset, no alert) at about the time of an outage.
[[nodiscard]] std::vector<size_t> crash_suspects(std::span<const session::AttemptResult* const> played,
                                                 std::span<const Outage> outages);

// The indexes of those that could not be made.
[[nodiscard]] std::vector<size_t> unreachable_ones(std::span<const session::AttemptResult* const> played);

// True once `accepts` says so; false when that takes longer than who restarts servers waits before, or `stopped` does.
// `pause` waits so many nanoseconds. Ends, whatever the clock does.
[[nodiscard]] bool wait_for_return(const std::function<bool()>& accepts, const std::function<bool()>& stopped,
                                   const Clock& clock, const std::function<void(int64_t ns)>& pause);

// How a crash is looked into: whoever knows the endpoint fills it in.
struct CrashHunt {
  std::function<bool()> accepts;                 // a TCP connection can be made, now
  std::function<bool()> comes_back;              // the same, waiting for somebody to start the server again
  std::function<bool()> play_honest;             // an ordinary client, alone; false: could not be played
  std::function<bool(size_t index)> play_alone;  // one of the run once more; false: could not be played
};
enum class Replayed : uint8_t { not_played, survived, crashed };

// Plays each of `indexes` again, alone: who brings the endpoint down again, when an ordinary client does not, is named.
// Ends when the endpoint stays away; the rest are not_played. The ordinary client goes first: where connections are
// refused after it too (by a limit on their number, say) nobody is named.
[[nodiscard]] std::vector<Replayed> hunt_crash(std::span<const size_t> indexes, const CrashHunt& hunt);

}  // namespace tlsproof::engine
