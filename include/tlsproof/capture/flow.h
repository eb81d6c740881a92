// A flow: what passed between two endpoints, put in order, before anybody has looked at what it means. Made by the
// FlowTable when the flow has ended, read by follow(). Plain data, so that tests and fuzzers make their own.
#pragma once

#include <vector>

#include "tlsproof/capture/dissect.h"

namespace tlsproof::capture {

// Which of the two endpoints sent: `a` is the one that sent the first packet that was seen. Says nothing about who is
// the client.
enum class Side : uint8_t { a, b };
[[nodiscard]] constexpr Side other(Side side) {
  return side == Side::a ? Side::b : Side::a;
}

// Something that happened, in the order of capture.
struct FlowEvent {
  enum class Kind : uint8_t {
    syn,  // TCP: SYN without ACK
    syn_ack,
    data,  // `bytes`: stream bytes in order (a segment that had to wait for an earlier one comes when that has come),
           // or one datagram
    gap,   // `missing` bytes of the stream were never captured; data after them follows
    conflict,  // a retransmission said something else than the first copy, which is kept; `bytes`: where
    fin,
    reset,
  };
  Kind kind = Kind::data;
  Side side = Side::a;
  // Of the packet that brought it; for data that had to wait, of the one that it waited for. Events stand in the order
  // of `packet`, and those of one side in the order of its stream.
  int64_t time_ns = 0;
  uint64_t packet = 0;
  ByteRange bytes;       // in Flow::bytes[side]
  uint64_t missing = 0;  // gap; 0 when how many is not known
};

enum class FlowEnd : uint8_t {
  closed,  // FIN from both sides
  reset,
  replaced,  // another connection began between the same endpoints
  idle,      // nothing came for as long as the limits say, or it had been open as long as they allow
  evicted,   // there were more open flows, or bytes in them, than the limits allow
  end_of_capture,
};
// "closed", "reset", "replaced", "idle", "evicted", "end of capture".
[[nodiscard]] std::string_view to_text(FlowEnd end);

struct Flow {
  uint64_t id = 0;  // in the order in which flows ended, from 0
  Protocol protocol = Protocol::tcp;
  Endpoint a, b;
  uint32_t network = 0;  // as in Segment
  std::array<Bytes, 2> bytes;
  std::vector<FlowEvent> events;
  FlowEnd end = FlowEnd::end_of_capture;
  uint64_t first_packet = 0, last_packet = 0;
  int64_t first_time_ns = 0, last_time_ns = 0;
  bool from_start = false;  // TCP: the SYN of one side was seen. UDP: true
  std::array<uint64_t, 2> num_packets{};
  std::array<uint64_t, 2> num_bytes{};          // payload that passed in order, kept or not
  std::array<uint64_t, 2> num_not_kept{};       // of it: came after the limit on a direction's bytes
  std::array<uint64_t, 2> num_retransmitted{};  // segments that brought nothing new
  std::array<uint64_t, 2> num_out_of_order{};   // segments that had to wait for another
  std::array<uint64_t, 2> num_missing{};        // bytes in gaps

  [[nodiscard]] ByteView view(const FlowEvent& event) const {
    return ByteView(bytes[static_cast<size_t>(event.side)]).subspan(event.bytes.offset, event.bytes.len);
  }
  // Empties it, keeps the memory.
  void clear();
};

}  // namespace tlsproof::capture
