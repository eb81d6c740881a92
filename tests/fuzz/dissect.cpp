// needs: base capture
#include <cstdlib>

#include "tlsproof/capture/dissect.h"

using namespace tlsproof::capture;

// A list of frames: link type (2), bytes that were cut off (1), tenths of seconds since the last (1), length (2),
// frame.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Dissector dissector;
  Segment segment;
  Packet packet;
  uint64_t sum = 0;
  while (size >= 6) {
    const size_t len = std::min<size_t>(size - 6, static_cast<size_t>(data[4] << 8 | data[5]));
    const tlsproof::Bytes frame(data + 6, data + 6 + len);  // alone, so that a read beyond it is seen
    ++packet.number;
    packet.link_type = static_cast<uint16_t>(data[0] << 8 | data[1]);
    packet.time_ns += int64_t{data[3]} * 100'000'000;
    packet.original_len = static_cast<uint32_t>(len + data[2]);
    packet.bytes = frame;
    if (dissector.dissect(packet, segment)) {
      if (segment.packet != packet.number || segment.payload.size() > segment.payload_len) std::abort();
      for (const uint8_t byte : segment.payload) sum += byte;
    }
    data += 6 + len, size -= 6 + len;
  }
  return sum == ~uint64_t{0} ? 1 : 0;
}
