#include "tcp_reassembly.h"

#include <algorithm>
#include <utility>

namespace tlsproof::capture {
namespace {

// RFC 7323 §2.3: no window is larger, so nothing that belongs to the connection is farther away.
constexpr int64_t kMaxWindow = int64_t{1} << 30;
// Without a SYN: so many segments are looked at before the first of them is taken for the beginning.
constexpr size_t kSettleSegments = 4;
constexpr size_t kSettleBytes = 16'384;
constexpr size_t kMaxWaiting = 1024;
// RFC 7413: a SYN may carry data, of one packet, which its SYN-ACK acknowledges.
constexpr int64_t kMaxSynData = 65'535;
// Acknowledgments may be captured before what they acknowledge (two taps, several queues), so that one covers a hole
// does not mean that the capture has lost it; that so many segments came after it does.
constexpr size_t kPatience = 32;

struct Piece {
  int64_t position = 0;
  int64_t len = 0;
  ByteView bytes;  // what was captured of it
  PacketTime when = {};

  [[nodiscard]] int64_t end() const { return position + len; }
  // What of it lies in [from, to).
  [[nodiscard]] Piece part(int64_t from, int64_t to) const {
    Piece part = *this;
    part.position = from;
    part.len = to - from;
    const size_t skipped = std::min(bytes.size(), static_cast<size_t>(from - position));
    part.bytes = bytes.subspan(skipped, std::min(bytes.size() - skipped, static_cast<size_t>(part.len)));
    return part;
  }
};

int64_t position_of(const TcpDirection& direction, uint32_t sequence) {
  return direction.passed + static_cast<int32_t>(sequence - direction.next);
}
bool is_near(const TcpDirection& direction, int64_t position) {
  return position - direction.passed <= kMaxWindow && direction.passed - position <= kMaxWindow;
}
// Where the two differ, from the first byte to the last; `at` is the offset of both in what the range counts in.
ByteRange difference(ByteView kept, ByteView other_copy, size_t at) {
  size_t first = 0, last = std::min(kept.size(), other_copy.size());
  if (std::equal(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(last), other_copy.begin())) return {};
  while (kept[first] == other_copy[first]) ++first;
  while (kept[last - 1] == other_copy[last - 1]) --last;
  return {at + first, last - first};
}
ByteRange join(ByteRange a, ByteRange b) {
  if (a.len == 0 || b.len == 0) return a.len == 0 ? b : a;
  const size_t from = std::min(a.offset, b.offset);
  return {from, std::max(a.end(), b.end()) - from};
}

// The work on one segment, or on the end of the flow.
class Work {
 public:
  Work(const FlowLimits& limits, FlowMemory& memory, Flow& flow, TcpState& state)
      : limits_(limits), memory_(memory), flow_(flow), state_(state) {}

  bool add(Side side, const Segment& segment);
  void flush();

 private:
  TcpDirection& direction(Side side) { return state_.directions[static_cast<size_t>(side)]; }
  static uint64_t& count(std::array<uint64_t, 2>& counts, Side side) { return counts[static_cast<size_t>(side)]; }
  Bytes& kept(Side side) { return flow_.bytes[static_cast<size_t>(side)]; }

  void take_syn(Side side, const Segment& segment);
  void take_stream(Side side, const Segment& segment);
  void take_reset(Side side, const Segment& segment);
  void take_data(Side side, Piece piece);
  void take_fin(Side side, int64_t position);
  void acknowledge(Side side, uint32_t sequence);
  void start(Side side, uint32_t sequence, PacketTime when);
  void settle(Side side);
  bool wait(Side side, const Piece& piece);
  void insert_waiting(TcpDirection& to, size_t at, const Piece& piece);
  template <class Predicate>
  void drop_waiting_if(TcpDirection& from, const Predicate& predicate);
  void drain(Side side, PacketTime when);
  void give_up_hole(Side side);
  void watch_hole(Side side);
  void deliver(Side side, const Piece& piece);
  void skip(Side side, int64_t len, PacketTime when);
  void compare(Side side, const Piece& piece);
  void tell_fin(Side side);
  bool tell(FlowEvent::Kind kind, Side side, PacketTime when, ByteRange bytes = {}, uint64_t missing = 0);

  const FlowLimits& limits_;
  FlowMemory& memory_;
  Flow& flow_;
  TcpState& state_;
  PacketTime now_;
};

bool Work::add(Side side, const Segment& segment) {
  TcpDirection& from = direction(side);
  now_ = {segment.packet, segment.time_ns};
  const int64_t passed = from.passed;
  if ((segment.flags & tcp_flag::kSyn) != 0) take_syn(side, segment);
  // RFC 9293 §3.5.3: the text in a RST is no part of the stream; its acknowledgment need not be one.
  if ((segment.flags & tcp_flag::kRst) != 0) {
    take_reset(side, segment);
    return false;
  }
  if ((segment.flags & tcp_flag::kAck) != 0) acknowledge(other(side), segment.acknowledgment);
  take_stream(side, segment);
  watch_hole(Side::a);
  watch_hole(Side::b);
  return from.passed != passed;
}

void Work::take_stream(Side side, const Segment& segment) {
  TcpDirection& from = direction(side);
  const uint32_t sequence = segment.sequence + ((segment.flags & tcp_flag::kSyn) != 0 ? 1 : 0);
  const size_t len = std::max(segment.payload_len, segment.payload.size());
  const bool has_fin = (segment.flags & tcp_flag::kFin) != 0;
  if (len == 0 && !has_fin) return;
  if (!from.referenced) {
    from.next = sequence;
    from.referenced = true;
  }
  const int64_t position = position_of(from, sequence);
  if (!is_near(from, position)) return;
  if (len != 0) take_data(side, {position, static_cast<int64_t>(len), segment.payload, now_});
  if (has_fin) take_fin(side, position + static_cast<int64_t>(len));
}

void Work::take_syn(Side side, const Segment& segment) {
  TcpDirection& from = direction(side);
  if (from.syn) {
    if (segment.payload_len == 0) ++count(flow_.num_retransmitted, side);
    return;
  }
  const bool has_ack = (segment.flags & tcp_flag::kAck) != 0;
  from.syn = true;
  from.isn = segment.sequence;
  flow_.from_start = true;
  (void)tell(has_ack ? FlowEvent::Kind::syn_ack : FlowEvent::Kind::syn, side, now_);
  if (!from.started) start(side, segment.sequence + 1, now_);
  // What it acknowledges is the SYN of the other side, so it says where that one's stream begins.
  if (has_ack && !direction(other(side)).started) start(other(side), segment.acknowledgment, now_);
}

void Work::take_reset(Side side, const Segment& segment) {
  TcpDirection& from = direction(side);
  if (from.reset || (from.referenced && !is_near(from, position_of(from, segment.sequence)))) return;
  from.reset = true;
  (void)tell(FlowEvent::Kind::reset, side, now_);
}

// The stream of this side begins with this number.
void Work::start(Side side, uint32_t sequence, PacketTime when) {
  TcpDirection& from = direction(side);
  if (!from.referenced) from.next = sequence;
  from.passed = position_of(from, sequence);
  from.next = sequence;
  from.start = from.run_position = from.passed;
  from.referenced = from.started = true;
  // Nothing can lie before the beginning; what does was no part of it.
  drop_waiting_if(from, [&](const WaitingSegment& waiting) { return waiting.position < from.passed; });
  drain(side, when);
}

// No SYN was seen: the stream begins with the first byte of what waits.
void Work::settle(Side side) {
  TcpDirection& from = direction(side);
  if (from.started || from.waiting.empty()) return;
  const WaitingSegment& first = from.waiting.front();
  start(side, from.next + static_cast<uint32_t>(first.position - from.passed), first.when);
}

// The other side has acknowledged what this one sent, up to this number.
void Work::acknowledge(Side side, uint32_t sequence) {
  TcpDirection& from = direction(side);
  if (!from.referenced) return;
  const int64_t position = position_of(from, sequence);
  if (!is_near(from, position)) return;
  if (!from.started && !from.waiting.empty() && position > from.waiting.front().position) settle(side);
  if (!from.acknowledged || position > from.acked) from.acked = position;
  from.acknowledged = true;
}

void Work::take_data(Side side, Piece piece) {
  TcpDirection& from = direction(side);
  if (from.fin && piece.end() > from.fin_position) {  // there is nothing after the end of a stream
    if (piece.position >= from.fin_position) return;
    piece = piece.part(piece.position, from.fin_position);
  }
  // RFC 9293 §3.8.4: a keep-alive stands one before what comes next, with no or one byte, which means nothing.
  if (from.started && piece.len == 1 && piece.end() == from.passed) return;
  if (from.started && piece.position < from.passed) {
    compare(side, piece);
    if (piece.end() <= from.passed) {
      ++count(flow_.num_retransmitted, side);
      return;
    }
    piece = piece.part(from.passed, piece.end());
  }
  if (from.started && (from.full || (piece.position == from.passed && from.waiting.empty()))) {
    if (piece.position > from.passed) skip(side, piece.position - from.passed, now_);
    deliver(side, piece);
    tell_fin(side);
    return;
  }
  const bool is_in_order = from.started && piece.position == from.passed;
  if (!wait(side, piece)) {
    ++count(flow_.num_retransmitted, side);
  } else if (is_in_order) {
    drain(side, now_);
  } else if (from.started) {
    ++count(flow_.num_out_of_order, side);
  } else if (from.waiting.size() >= kSettleSegments || from.waiting_bytes >= kSettleBytes) {
    settle(side);
  }
  while (from.waiting_bytes > limits_.max_waiting_bytes || from.waiting.size() > kMaxWaiting) give_up_hole(side);
}

void Work::take_fin(Side side, int64_t position) {
  TcpDirection& from = direction(side);
  if (from.fin || (from.started && position < from.passed)) return;
  from.fin = true;
  from.fin_position = position;
  from.fin_seen = now_;
  drop_waiting_if(from, [&](const WaitingSegment& waiting) { return waiting.position >= position; });
  if (!from.started && from.waiting.empty())
    start(side, from.next + static_cast<uint32_t>(position - from.passed), now_);
  tell_fin(side);
}

// Puts what is new of it where it belongs among what waits. False: nothing is.
bool Work::wait(Side side, const Piece& piece) {
  TcpDirection& from = direction(side);
  auto& waiting = from.waiting;
  size_t i = static_cast<size_t>(
      std::partition_point(waiting.begin(), waiting.end(),
                           [&](const WaitingSegment& segment) { return segment.end() <= piece.position; }) -
      waiting.begin());
  bool has_new = false;
  for (int64_t at = piece.position; at < piece.end();) {
    if (i < waiting.size() && waiting[i].position <= at) {  // there already
      WaitingSegment& first = waiting[i];
      const int64_t end = std::min(piece.end(), first.end());
      const size_t offset = std::min(static_cast<size_t>(at - first.position), first.bytes.size());
      first.conflict =
          join(first.conflict, difference(ByteView(first.bytes).subspan(offset), piece.part(at, end).bytes, offset));
      at = end;
      ++i;
    } else {
      const int64_t end = i < waiting.size() ? std::min(piece.end(), waiting[i].position) : piece.end();
      insert_waiting(from, i++, piece.part(at, end));
      at = end;
      has_new = true;
    }
  }
  return has_new;
}

void Work::insert_waiting(TcpDirection& to, size_t at, const Piece& piece) {
  WaitingSegment segment{.position = piece.position, .len = piece.len, .when = piece.when};
  memory_.append(segment.bytes, piece.bytes);
  to.waiting_bytes += piece.bytes.size();
  to.waiting.insert(to.waiting.begin() + static_cast<std::ptrdiff_t>(at), std::move(segment));
}

template <class Predicate>
void Work::drop_waiting_if(TcpDirection& from, const Predicate& predicate) {
  std::erase_if(from.waiting, [&](WaitingSegment& waiting) {
    if (!predicate(waiting)) return false;
    from.waiting_bytes -= waiting.bytes.size();
    memory_.release(waiting.bytes);
    return true;
  });
}

// Delivers what no longer has to wait since then.
void Work::drain(Side side, PacketTime when) {
  TcpDirection& from = direction(side);
  size_t num = 0;
  for (; num < from.waiting.size(); ++num) {
    WaitingSegment& segment = from.waiting[num];
    const PacketTime ready = later(when, segment.when);
    if (segment.position > from.passed && !from.full) break;
    skip(side, segment.position - from.passed, ready);
    const size_t offset = kept(side).size();
    deliver(side, {segment.position, segment.len, segment.bytes, ready});
    if (segment.conflict.len != 0 && offset + segment.conflict.end() <= kept(side).size())
      (void)tell(FlowEvent::Kind::conflict, side, now_, {offset + segment.conflict.offset, segment.conflict.len});
    from.waiting_bytes -= segment.bytes.size();
    memory_.release(segment.bytes);
  }
  from.waiting.erase(from.waiting.begin(), from.waiting.begin() + static_cast<std::ptrdiff_t>(num));
  if (num != 0) from.hole_packets = 0;
  tell_fin(side);
}

// What is missing, before the first segment that waits or the FIN, will not come.
void Work::give_up_hole(Side side) {
  TcpDirection& from = direction(side);
  if (!from.started) return settle(side);
  const PacketTime behind = from.waiting.empty() ? from.fin_seen : from.waiting.front().when;
  const PacketTime when = from.hole_packets != 0 ? later(behind, from.hole_seen) : behind;
  skip(side, (from.waiting.empty() ? from.fin_position : from.waiting.front().position) - from.passed, when);
  from.hole_packets = 0;
  drain(side, when);
}

// A hole that the other side has acknowledged is given up when nothing came to fill it for a while.
void Work::watch_hole(Side side) {
  TcpDirection& from = direction(side);
  if (!from.started || !from.acknowledged) return;
  const bool waits_for_fin = from.waiting.empty() && from.fin && !from.fin_told;
  if (from.waiting.empty() && !waits_for_fin) return;
  if (from.acked < (waits_for_fin ? from.fin_position : from.waiting.front().position)) return;
  if (from.hole_packets++ == 0) from.hole_seen = now_;
  if (from.hole_packets > kPatience) give_up_hole(side);
}

// The next bytes of the stream.
void Work::deliver(Side side, const Piece& piece) {
  TcpDirection& from = direction(side);
  Bytes& bytes = kept(side);
  const size_t captured = piece.bytes.size();
  size_t num_kept = from.full ? 0 : std::min(captured, limits_.max_flow_bytes - bytes.size());
  if (num_kept != 0 && !tell(FlowEvent::Kind::data, side, piece.when, {bytes.size(), num_kept})) num_kept = 0;
  memory_.append(bytes, piece.bytes.first(num_kept));
  if (num_kept < captured) from.full = true;
  count(flow_.num_bytes, side) += captured;
  count(flow_.num_not_kept, side) += captured - num_kept;
  from.passed += static_cast<int64_t>(captured);
  from.next += static_cast<uint32_t>(captured);
  if (static_cast<int64_t>(captured) < piece.len) skip(side, piece.len - static_cast<int64_t>(captured), piece.when);
}

// So many bytes of the stream are missing.
void Work::skip(Side side, int64_t len, PacketTime when) {
  TcpDirection& from = direction(side);
  if (len <= 0) return;
  count(flow_.num_missing, side) += static_cast<uint64_t>(len);
  from.passed += len;
  from.next += static_cast<uint32_t>(len);
  from.run_position = from.passed;
  from.run_offset = kept(side).size();
  if (!from.full) (void)tell(FlowEvent::Kind::gap, side, when, {}, static_cast<uint64_t>(len));
}

// Bytes that came again: are they those that were kept?
void Work::compare(Side side, const Piece& piece) {
  TcpDirection& from = direction(side);
  const ByteView run = ByteView(kept(side)).subspan(from.run_offset);
  const int64_t begin = std::max(piece.position, from.run_position);
  const int64_t end = std::min(piece.end(), from.run_position + static_cast<int64_t>(run.size()));
  if (begin >= end) return;
  const size_t offset = static_cast<size_t>(begin - from.run_position);
  const ByteRange where = difference(run.subspan(offset), piece.part(begin, end).bytes, from.run_offset + offset);
  if (where.len != 0) (void)tell(FlowEvent::Kind::conflict, side, now_, where);
}

void Work::tell_fin(Side side) {
  TcpDirection& from = direction(side);
  if (!from.started || !from.fin || from.fin_told || from.passed < from.fin_position) return;
  from.fin_told = true;
  (void)tell(FlowEvent::Kind::fin, side, from.fin_seen);
}

// The event's place is by its packet; within a direction, after what was told before.
bool Work::tell(FlowEvent::Kind kind, Side side, PacketTime when, ByteRange bytes, uint64_t missing) {
  TcpDirection& from = direction(side);
  from.told = later(from.told, when);
  FlowEvent event{.kind = kind,
                  .side = side,
                  .time_ns = from.told.time_ns,
                  .packet = from.told.packet,
                  .bytes = bytes.len == 0 ? ByteRange{kept(side).size(), 0} : bytes};
  event.missing = missing;
  return memory_.push(flow_.events, event);
}

void Work::flush() {
  now_ = {flow_.last_packet, flow_.last_time_ns};
  for (const Side side : {Side::a, Side::b}) {
    TcpDirection& from = direction(side);
    while (!from.waiting.empty() || (from.started && from.fin && !from.fin_told)) give_up_hole(side);
    // One byte more than the stream has is its FIN, which was not captured.
    if (from.started && !from.fin && from.acknowledged && from.acked > from.passed + 1)
      skip(side, from.acked - from.passed, now_);
  }
}

}  // namespace

bool TcpReassembly::begins_another(const TcpState& state, Side side, const Segment& segment) {
  const TcpDirection& from = state.directions[static_cast<size_t>(side)];
  const TcpDirection& back = state.directions[static_cast<size_t>(other(side))];
  if (from.syn) return segment.sequence != from.isn;
  // A SYN that comes late, after what it begins: it stands right before the first byte, or there was none.
  const auto fits = [](const TcpDirection& direction, uint32_t first) {
    if (!direction.referenced) return true;
    const int64_t position = position_of(direction, first);
    if (direction.started) return position == direction.start;
    return direction.waiting.empty() ||
           (position <= direction.waiting.front().position && is_near(direction, position));
  };
  if (!fits(from, segment.sequence + 1)) return true;
  if ((segment.flags & tcp_flag::kAck) != 0) {
    if (!back.syn) return !fits(back, segment.acknowledgment);
    const int64_t answered = position_of(back, segment.acknowledgment);
    return answered < back.start || answered > back.start + kMaxSynData;
  }
  return back.referenced && !back.syn && back.started && !from.referenced;
}

bool TcpReassembly::add(Flow& flow, TcpState& state, Side side, const Segment& segment) {
  return Work(limits_, memory_, flow, state).add(side, segment);
}

void TcpReassembly::flush(Flow& flow, TcpState& state) {
  Work(limits_, memory_, flow, state).flush();
}

void TcpReassembly::clear(TcpState& state) {
  for (TcpDirection& direction : state.directions) {
    for (WaitingSegment& waiting : direction.waiting) memory_.release(waiting.bytes);
    direction = {};
  }
}

}  // namespace tlsproof::capture
