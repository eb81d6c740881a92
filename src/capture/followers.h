// What is behind the Follower: one follower a kind of transport, each with memory of its own that is used again.
#pragma once

#include <memory>

#include "tlsproof/capture/follow.h"

namespace tlsproof::capture {

// What a flow is followed with, and what comes of it.
struct FollowState {
  const trace::KeyLogIndex* keys = nullptr;  // borrowed; null: none
  trace::Trace& trace;                       // begun by begin_trace()
  PacketClock& clock;                        // the Trace's
  Followed followed;                         // as its defaults say until the follower knows better
};

// Starts the Trace at the time of the flow's first packet, with the client's address as the local one, and notes who
// the client is.
void begin_trace(const Flow& flow, Side client, FollowState& state);
// In which direction that side sends. After begin_trace().
[[nodiscard]] wire::Direction direction_of(Side side, const FollowState& state);

class ProtocolFollower {
 public:
  ProtocolFollower() = default;
  virtual ~ProtocolFollower() = default;
  ProtocolFollower(const ProtocolFollower&) = delete;
  ProtocolFollower& operator=(const ProtocolFollower&) = delete;

  // False: nothing of its kind in this flow; the Trace was not begun then. True: `state.trace` holds what happened,
  // its transport and coverage set, and `state.followed` is filled.
  [[nodiscard]] virtual bool follow(const Flow& flow, FollowState& state) = 0;
};

[[nodiscard]] std::unique_ptr<ProtocolFollower> make_tls_follower();   // TCP flows
[[nodiscard]] std::unique_ptr<ProtocolFollower> make_dtls_follower();  // UDP flows
[[nodiscard]] std::unique_ptr<ProtocolFollower> make_quic_follower();  // UDP flows

}  // namespace tlsproof::capture
