// needs: base wire trace capture
// Datagrams of any content, from both sides: each is a length with its side in the high bit, and that many bytes.
#include "tlsproof/base/error.h"
#include "tlsproof/capture/follow.h"
#include "tlsproof/wire/dtls.h"

using namespace tlsproof;
using capture::FlowEvent;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  capture::Flow flow;
  flow.protocol = capture::Protocol::udp;
  for (size_t at = 0; at + 2 <= size;) {
    const auto side = static_cast<capture::Side>(data[at] >> 7);
    const size_t len = std::min<size_t>(size - at - 2, (data[at] & size_t{7}) << 8 | data[at + 1]);
    Bytes& bytes = flow.bytes[static_cast<size_t>(side)];
    flow.events.push_back({.side = side, .bytes = {bytes.size(), len}});
    append(bytes, ByteView(data + at + 2, len));
    at += 2 + len;
  }
  (void)capture::sniff(flow);
  capture::Follower follower({});
  if (!follower.follow(flow)) return 0;
  const trace::Trace& trace = follower.trace();
  for (const trace::Event& event : trace.events()) {
    if (event.kind != trace::EventKind::message) continue;
    TLSPROOF_CHECK(event.stream.end() <= trace.num_bytes(event.direction));
    TLSPROOF_CHECK(trace.content(event).size() >= wire::kHandshakeHeaderLen);
    (void)trace.message(event);
  }
  return 0;
}
