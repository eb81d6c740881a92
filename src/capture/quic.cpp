#include "followers.h"

namespace tlsproof::capture {
namespace {

class QuicFollower final : public ProtocolFollower {
 public:
  bool follow(const Flow&, FollowState&) override { return false; }
};

}  // namespace

std::unique_ptr<ProtocolFollower> make_quic_follower() {
  return std::make_unique<QuicFollower>();
}

}  // namespace tlsproof::capture
