#include "tlsproof/capture/follow.h"

#include "followers.h"

namespace tlsproof::capture {

void begin_trace(const Flow& flow, Side client, FollowState& state) {
  state.followed.client = client;
  state.clock.set(flow.first_time_ns);
  const bool is_a = client == Side::a;
  state.trace.begin(to_text(is_a ? flow.a : flow.b), to_text(is_a ? flow.b : flow.a));
}

wire::Direction direction_of(Side side, const FollowState& state) {
  return side == state.followed.client ? wire::Direction::client_to_server : wire::Direction::server_to_client;
}

struct Follower::Impl {
  explicit Impl(const FollowOptions& given)
      : options(given), trace(clock, {.max_events = given.max_events}, {.keep = false, .key_log = nullptr}) {
    clock.set(0);
    trace.begin({}, {});
  }
  FollowOptions options;
  PacketClock clock;
  trace::Trace trace;
  std::unique_ptr<ProtocolFollower> tls = make_tls_follower();
  std::unique_ptr<ProtocolFollower> dtls = make_dtls_follower();
  std::unique_ptr<ProtocolFollower> quic = make_quic_follower();
};

Follower::Follower(const FollowOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Follower::~Follower() = default;

std::optional<Followed> Follower::follow(const Flow& flow) {
  FollowState state{.keys = impl_->options.keys, .trace = impl_->trace, .clock = impl_->clock, .followed = {}};
  const bool found = flow.protocol == Protocol::tcp
                         ? impl_->tls->follow(flow, state)
                         : impl_->quic->follow(flow, state) || impl_->dtls->follow(flow, state);
  if (!found) return std::nullopt;
  return std::move(state.followed);
}

const trace::Trace& Follower::trace() const {
  return impl_->trace;
}

}  // namespace tlsproof::capture
