// needs: base crypto trace capture
// Datagrams of both sides: raw ones, and Initial and Handshake packets whose frames are the input. Each begins with a
// byte that says which, and its length (2 bytes). Followed twice, they tell the same.
#include "../unit/capture/flow_script.h"
#include "../unit/capture/quic_maker.h"
#include "tlsproof/capture/follow.h"
using namespace tlsproof::capture;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tlsproof::Bytes id(8, 1), secret(32, 2);
  testing::QuicSender senders[] = {{tlsproof::crypto::Side::client, 1, id, {}},
                                   {tlsproof::crypto::Side::server, 1, {}, id}};
  for (testing::QuicSender& sender : senders) sender.start_initial(id), sender.start_handshake(secret);
  tlsproof::trace::KeyLogIndex keys;
  const std::string random = tlsproof::to_hex(tlsproof::ByteView(testing::kQuicClientHello).subspan(6, 32));
  keys.add(tlsproof::as_bytes("SERVER_HANDSHAKE_TRAFFIC_SECRET " + random + " " + tlsproof::to_hex(secret) + "\n"));
  testing::FlowMaker flow(Protocol::udp);
  for (tlsproof::ByteView rest(data, size); rest.size() > 3;) {
    const uint8_t mode = rest[0];
    const size_t len = std::min<size_t>(rest.size() - 3, size_t{rest[1]} << 8 | rest[2]);
    testing::QuicSender& sender = senders[mode & 1];
    tlsproof::Bytes bytes = tlsproof::to_bytes(rest.subspan(3, len));
    if ((mode & 2) != 0) bytes = (mode & 4) != 0 ? sender.handshake(bytes) : sender.initial(bytes);
    flow.says((mode & 1) == 0 ? Side::a : Side::b, bytes);
    rest = rest.subspan(3 + len);
  }
  Follower follower({.keys = &keys});
  const bool found = follower.follow(flow.flow()).has_value();
  const size_t events = found ? follower.trace().events().size() : 0;
  TLSPROOF_CHECK(follower.follow(flow.flow()).has_value() == found);
  TLSPROOF_CHECK(!found || follower.trace().events().size() == events);
  return 0;
}
