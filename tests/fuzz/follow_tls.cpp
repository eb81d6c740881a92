// needs: base registry wire crypto app trace capture
// Whatever two sides said, however it was cut and whatever of it is missing, the follower tells it. Input: a byte of
// switches, then pieces as a byte (side, gap, lost), a 16-bit length, and that many bytes.
#include "tlsproof/base/reader.h"
#include "tlsproof/capture/follow.h"

using namespace tlsproof;
using namespace tlsproof::capture;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  static const auto keys = [] {
    auto index = std::make_unique<trace::KeyLogIndex>();
    const std::string random(64, '0');
    for (const char* label : {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_RANDOM",
                              "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "CLIENT_EARLY_TRAFFIC_SECRET"})
      index->add(as_bytes(label + (" " + random) + " " + std::string(label[7] == 'R' ? 96 : 64, '0') + "\n"));
    return index;
  }();
  static Follower with_keys({.keys = keys.get(), .max_events = 512}),
      without_keys({.keys = nullptr, .max_events = 512});
  Flow flow;
  flow.from_start = (data[0] & 1) != 0;
  flow.end = (data[0] & 4) != 0 ? FlowEnd::closed : FlowEnd::end_of_capture;
  ParseError error;
  Reader r(ByteView(data, size).subspan(1), error);
  for (uint8_t what = 0; r.u8(what, "what");) {
    const auto side = static_cast<size_t>(what & 1);
    FlowEvent event;
    event.side = static_cast<Side>(side);
    event.time_ns = flow.last_time_ns++;
    event.bytes.offset = flow.bytes[side].size();
    if ((what & 0x0e) == 0x0e) {
      constexpr FlowEvent::Kind kKinds[] = {FlowEvent::Kind::gap, FlowEvent::Kind::syn,   FlowEvent::Kind::syn_ack,
                                            FlowEvent::Kind::fin, FlowEvent::Kind::reset, FlowEvent::Kind::conflict};
      event.kind = kKinds[(what >> 4) % std::size(kKinds)];
      event.missing = what >> 6;
    } else {
      ByteView piece;
      if (!r.opaque16(piece, "piece")) piece = r.rest();
      event.bytes.len = piece.size();
      append(flow.bytes[side], piece);
    }
    flow.events.push_back(event);
  }
  Follower& follower = (data[0] & 2) != 0 ? with_keys : without_keys;
  if (!follower.follow(flow)) return 0;
  const trace::Trace& told = follower.trace();
  for (const trace::Event& event : told.events()) {
    const ByteView stream = told.stream(event.direction);
    TLSPROOF_CHECK(event.stream.end() <= stream.size() || event.kind == trace::EventKind::conflict);
    static_cast<void>(told.message(event));
  }
  return 0;
}
