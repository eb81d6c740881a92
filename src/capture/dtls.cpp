#include "followers.h"

namespace tlsproof::capture {
namespace {

class DtlsFollower final : public ProtocolFollower {
 public:
  bool follow(const Flow&, FollowState&) override { return false; }
};

}  // namespace

std::unique_ptr<ProtocolFollower> make_dtls_follower() {
  return std::make_unique<DtlsFollower>();
}

}  // namespace tlsproof::capture
