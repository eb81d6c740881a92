// An endpoint that stops accepting connections in the middle of a run: which connection did that?
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "tlsproof/session/attempt.h"

namespace tlsproof::engine {

// When the peer last said something on any of these connections; monotonic. INT64_MIN: never. The kernel accepts
// connections for a server that is gone already, so that only what the server says is a sign of life.
[[nodiscard]] int64_t last_sign_of_life(std::span<const verdict::Attempt> attempts);

// The indexes of the connections that may have brought the endpoint down: they ended without a word (end of stream or
// reset, no alert) at about the last sign of life, or after it.
[[nodiscard]] std::vector<size_t> crash_suspects(std::span<const session::AttemptResult* const> played, int64_t alive);

// The indexes of those that could not be made.
[[nodiscard]] std::vector<size_t> unreachable_ones(std::span<const session::AttemptResult* const> played);

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
