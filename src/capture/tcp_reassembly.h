// TCP: from the segments of one connection, as they were captured, to its two streams (RFC 9293 §3.4, §3.10.7.4), for
// somebody who only looks on: nothing can be asked for again, and any packet may be missing, early, late or twice.
//
// The first copy of a byte that was captured is the one that counts. A segment that begins beyond what is there waits.
// What never comes is a gap: given up some time after the receiver has acknowledged it (so it got there, past the
// capture), when too much waits behind it, or when the flow ends. Its event stands where the gap could be seen: at the
// segment behind it, or its acknowledgment.
//
// Without a SYN the first few segments wait until the other side has acknowledged one or there are four, in case older
// ones come: the oldest is the beginning.
#pragma once

#include "flow_memory.h"
#include "tlsproof/capture/flow_table.h"

namespace tlsproof::capture {

struct PacketTime {
  uint64_t packet = 0;
  int64_t time_ns = 0;
};
[[nodiscard]] inline PacketTime later(PacketTime a, PacketTime b) {
  return a.packet < b.packet ? b : a;
}

// A segment, or a part of one, that came before what belongs in front of it.
struct WaitingSegment {
  int64_t position = 0;
  int64_t len = 0;
  Bytes bytes = {};  // what was captured of it; when shorter than `len` the rest is lost
  PacketTime when;
  ByteRange conflict = {};  // where a later copy said something else
  [[nodiscard]] int64_t end() const { return position + len; }
};

// One direction. Positions count bytes of the stream from the first that was seen; what came before it has negative
// ones.
struct TcpDirection {
  bool referenced = false;  // `next` stands for `passed`, so that sequence numbers have positions
  bool started = false;     // where the stream begins is known
  bool syn = false;
  bool fin = false;  // seen: the stream ends at fin_position
  bool fin_told = false;
  bool reset = false;
  bool acknowledged = false;  // `acked` is set
  bool full = false;          // nothing more is kept
  uint32_t isn = 0;
  uint32_t next = 0;   // the sequence number of the byte at `passed`
  int64_t passed = 0;  // the position up to which the stream was put together
  int64_t start = 0;
  int64_t fin_position = 0;
  int64_t acked = 0;
  int64_t run_position = 0;  // the bytes since the last gap: where they begin in the stream
  size_t run_offset = 0;     // and in Flow::bytes
  PacketTime told = {};      // the last event of this direction
  PacketTime fin_seen = {};
  PacketTime hole_seen = {};  // when the hole in front of what waits was acknowledged
  size_t hole_packets = 0;    // segments of both sides since
  size_t waiting_bytes = 0;
  std::vector<WaitingSegment> waiting = {};  // by position, none overlapping another
};

struct TcpState {
  std::array<TcpDirection, 2> directions;
};

class TcpReassembly {
 public:
  // Both borrowed.
  TcpReassembly(const FlowLimits& limits, FlowMemory& memory) : limits_(limits), memory_(memory) {}

  // Whether a segment with SYN belongs to another connection than the one whose state this is.
  [[nodiscard]] static bool begins_another(const TcpState& state, Side side, const Segment& segment);
  // True when it brought something new of the stream.
  bool add(Flow& flow, TcpState& state, Side side, const Segment& segment);
  // The flow is over: what waits is told, with the gaps before it.
  void flush(Flow& flow, TcpState& state);
  // Gives back what waits, and makes the state that of a new connection.
  void clear(TcpState& state);

 private:
  const FlowLimits& limits_;
  FlowMemory& memory_;
};

}  // namespace tlsproof::capture
