#include "followers.h"

namespace tlsproof::capture {
namespace {

class TlsFollower final : public ProtocolFollower {
 public:
  bool follow(const Flow&, FollowState&) override { return false; }
};

}  // namespace

std::unique_ptr<ProtocolFollower> make_tls_follower() {
  return std::make_unique<TlsFollower>();
}

}  // namespace tlsproof::capture
