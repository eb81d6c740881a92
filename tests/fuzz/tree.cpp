// needs: base registry wire x509 trace view
// Any Trace: events of any kind, messages of any type. Input: the transport, then a byte for kind and direction, a
// type, a length of 16 bits and so many bytes, again and again. The tree is text that is safe to show.
#include "tlsproof/view/tree.h"

#include <cstdlib>

#include "tlsproof/base/text.h"

using namespace tlsproof;

static void tell(trace::Trace& trace, uint8_t kind, uint8_t type, ByteView bytes) {
  const auto direction = static_cast<trace::Direction>(kind & 1);
  const auto level = static_cast<trace::Level>(kind >> 1 & 3);
  const size_t at = static_cast<size_t>(trace.num_bytes(direction));
  switch (kind >> 3 & 3) {
    case 0: {
      Bytes raw;
      if (wire::encode_handshake(type, bytes, raw)) trace.on_message({direction, level, type, raw, {at, raw.size()}});
      break;
    }
    case 1:
      trace.on_bytes(direction, bytes);
      trace.on_record({direction,
                       level,
                       type,
                       0x0303,
                       (kind & 32) == 0,
                       {at, bytes.size()},
                       bytes.subspan(std::min<size_t>(bytes.size(), 5))});
      break;
    case 2:
      trace.on_alert(direction, level, type, static_cast<uint8_t>(bytes.size()), {at, 2});
      break;
    default:
      trace.on_event(static_cast<trace::EventKind>(type % 23), direction, as_text(bytes), type, {at, bytes.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ManualClock clock;
  static trace::Trace trace(clock);
  trace.begin("a", "b");
  ByteView rest(data, size);
  if (!rest.empty()) {
    trace.set_transport(static_cast<trace::Transport>(rest[0] % 4));
    rest = rest.subspan(1);
  }
  while (rest.size() >= 4) {
    const size_t len = std::min<size_t>(static_cast<size_t>(rest[2]) << 8 | rest[3], rest.size() - 4);
    tell(trace, rest[0], rest[1], rest.subspan(4, len));
    rest = rest.subspan(4 + len);
  }
  static trace::Reading reading;
  reading.read(trace);
  std::string tree;
  view::append_tree(reading, {}, tree);
  if (!is_valid_utf8(tree)) std::abort();
  for (char c : tree)
    if ((static_cast<uint8_t>(c) < 0x20 && c != '\n') || c == 0x7f) std::abort();
  return 0;
}
