// Flows for tests: a Flow straight from what both sides say (FlowMaker), and scripted segments for the FlowTable
// (SegmentScript). Packets are numbered from 1 and lie 1 ms apart.
#pragma once

#include <algorithm>
#include <deque>

#include "tlsproof/capture/flow_table.h"
#include "tlsproof/capture/follow.h"

namespace tlsproof::capture::testing {

inline constexpr int64_t kStartNs = 1'700'000'000'000'000'000;
inline constexpr int64_t kStepNs = 1'000'000;

// 192.0.2.HOST:PORT.
inline Endpoint make_endpoint(uint8_t host, uint16_t port) {
  return {.ip = {.bytes = {192, 0, 2, host}}, .port = port};
}
inline const Endpoint kEndpointA = make_endpoint(1, 40000);
inline const Endpoint kEndpointB = make_endpoint(2, 443);

// FlowMaker().a(client_hello).b(server_hello).fin(Side::a).fin(Side::b).flow(). A TCP flow begins with SYN and SYN-ACK.
class FlowMaker {
 public:
  explicit FlowMaker(Protocol protocol = Protocol::tcp, bool from_start = true, Endpoint a = kEndpointA,
                     Endpoint b = kEndpointB) {
    flow_.protocol = protocol;
    flow_.a = a;
    flow_.b = b;
    flow_.first_time_ns = time_ns_;
    flow_.first_packet = 1;
    flow_.from_start = from_start || protocol == Protocol::udp;
    if (protocol == Protocol::udp || !from_start) return;
    event(FlowEvent::Kind::syn, Side::a);
    event(FlowEvent::Kind::syn_ack, Side::b);
  }
  // One segment or datagram.
  FlowMaker& says(Side side, ByteView what) {
    Bytes& bytes = flow_.bytes[index(side)];
    event(FlowEvent::Kind::data, side).bytes = {bytes.size(), what.size()};
    append(bytes, what);
    flow_.num_bytes[index(side)] += what.size();
    return *this;
  }
  FlowMaker& a(ByteView what) { return says(Side::a, what); }
  FlowMaker& b(ByteView what) { return says(Side::b, what); }
  FlowMaker& a(std::string_view what) { return says(Side::a, as_bytes(what)); }
  FlowMaker& b(std::string_view what) { return says(Side::b, as_bytes(what)); }
  // The same in segments of at most `len` bytes.
  FlowMaker& says_in_pieces(Side side, ByteView what, size_t len) {
    for (size_t at = 0; at < what.size(); at += len) says(side, what.subspan(at, std::min(len, what.size() - at)));
    return *this;
  }
  FlowMaker& gap(Side side, uint64_t missing) {
    event(FlowEvent::Kind::gap, side).missing = missing;
    flow_.num_missing[index(side)] += missing;
    return *this;
  }
  FlowMaker& conflict(Side side, ByteRange where) {
    event(FlowEvent::Kind::conflict, side).bytes = where;
    return *this;
  }
  FlowMaker& fin(Side side) {
    event(FlowEvent::Kind::fin, side);
    flow_.end = FlowEnd::closed;
    return *this;
  }
  FlowMaker& reset(Side side) {
    event(FlowEvent::Kind::reset, side);
    flow_.end = FlowEnd::reset;
    return *this;
  }
  FlowMaker& wait_ns(int64_t ns) {
    time_ns_ += ns;
    return *this;
  }
  FlowMaker& end(FlowEnd end) {
    flow_.end = end;
    return *this;
  }
  [[nodiscard]] const Flow& flow() const { return flow_; }
  [[nodiscard]] Flow& flow() { return flow_; }

 private:
  static size_t index(Side side) { return static_cast<size_t>(side); }
  FlowEvent& event(FlowEvent::Kind kind, Side side) {
    flow_.last_packet++;
    flow_.last_time_ns = time_ns_;
    flow_.num_packets[index(side)]++;
    flow_.events.push_back({.kind = kind,
                            .side = side,
                            .time_ns = time_ns_,
                            .packet = flow_.last_packet,
                            .bytes = {flow_.bytes[index(side)].size(), 0}});
    time_ns_ += kStepNs;
    return flow_.events.back();
  }

  Flow flow_;
  int64_t time_ns_ = kStartNs;
};

// Scripted segments. Stream offsets count from 0; the numbers on the wire begin at `isn`, whose SYN counts one. Each
// segment acknowledges what the other side had sent by then (lost() counts as sent), unless ack_to() says otherwise.
class SegmentScript {
 public:
  explicit SegmentScript(uint32_t isn_a = 1000, uint32_t isn_b = 5000, Endpoint a = kEndpointA, Endpoint b = kEndpointB)
      : isn_{isn_a, isn_b}, ends_{a, b} {}
  SegmentScript(const SegmentScript&) = delete;
  SegmentScript& operator=(const SegmentScript&) = delete;

  SegmentScript& syn(Side side, std::string_view data = {}) {
    sent(side, data.size());
    return add(side, tcp_flag::kSyn, isn_[index(side)], data);
  }
  SegmentScript& syn_ack(Side side, std::string_view data = {}) {
    sent(side, data.size());
    return add(side, tcp_flag::kSyn | tcp_flag::kAck, isn_[index(side)], data);
  }
  // SYN of a, SYN-ACK of b, ACK of a.
  SegmentScript& handshake() { return syn(Side::a).syn_ack(Side::b).ack(Side::a); }
  // At this offset of the stream.
  SegmentScript& data(Side side, uint64_t offset, std::string_view text, uint8_t flags = 0) {
    sent(side, offset + text.size());
    return add(side, flags | tcp_flag::kAck, number(side, offset), text);
  }
  // What the side says next.
  SegmentScript& says(Side side, std::string_view text) { return data(side, sent_[index(side)], text); }
  SegmentScript& a(std::string_view text) { return says(Side::a, text); }
  SegmentScript& b(std::string_view text) { return says(Side::b, text); }
  // Sent, but not captured.
  SegmentScript& lost(Side side, size_t len) {
    sent(side, sent_[index(side)] + len);
    return *this;
  }
  SegmentScript& ack(Side side) { return data(side, sent_[index(side)], {}); }
  SegmentScript& fin(Side side, std::string_view last = {}) {
    const uint64_t at = sent_[index(side)];
    data(side, at, last, tcp_flag::kFin);
    fin_sent_[index(side)] = true;
    return *this;
  }
  SegmentScript& rst(Side side, std::string_view text = {}) {
    return add(side, tcp_flag::kRst | tcp_flag::kAck, number(side, sent_[index(side)]), text);
  }
  // A UDP datagram.
  SegmentScript& datagram(Side side, std::string_view text) {
    add(side, 0, 0, text);
    segments_.back().protocol = Protocol::udp;
    segments_.back().acknowledgment = 0;
    return *this;
  }
  // Changes to the last segment: what it acknowledges; how much of its payload the capture kept.
  SegmentScript& ack_to(uint64_t offset) {
    const Side other_side = segments_.back().from == ends_[0] ? Side::b : Side::a;
    segments_.back().acknowledgment = number(other_side, offset);
    return *this;
  }
  SegmentScript& cut_to(size_t len) {
    segments_.back().payload = segments_.back().payload.first(len);
    return *this;
  }
  SegmentScript& network(uint32_t network) {
    segments_.back().network = network;
    return *this;
  }
  SegmentScript& wait_ns(int64_t ns) {
    time_ns_ += ns;
    return *this;
  }
  // The next connection between the same endpoints.
  SegmentScript& reuse(uint32_t isn_a, uint32_t isn_b) {
    isn_ = {isn_a, isn_b};
    sent_ = {};
    fin_sent_ = {};
    return *this;
  }
  SegmentScript& swap_last() {  // the last two change places; numbers and times stay in order
    const size_t n = segments_.size();
    std::swap(segments_[n - 2], segments_[n - 1]);
    std::swap(segments_[n - 2].packet, segments_[n - 1].packet);
    std::swap(segments_[n - 2].time_ns, segments_[n - 1].time_ns);
    return *this;
  }
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  [[nodiscard]] std::vector<Segment>& segments() { return segments_; }

 private:
  static size_t index(Side side) { return static_cast<size_t>(side); }
  [[nodiscard]] uint32_t number(Side side, uint64_t offset) const {
    return isn_[index(side)] + 1 + static_cast<uint32_t>(offset);
  }
  void sent(Side side, uint64_t end) { sent_[index(side)] = std::max(sent_[index(side)], end); }
  SegmentScript& add(Side side, int flags, uint32_t sequence, std::string_view text) {
    payloads_.emplace_back(to_bytes(text));
    const Side to = other(side);
    const uint64_t acknowledged = sent_[index(to)] + (fin_sent_[index(to)] ? 1 : 0);
    segments_.push_back({.from = ends_[index(side)],
                         .to = ends_[index(to)],
                         .sequence = sequence,
                         .acknowledgment = (flags & tcp_flag::kAck) != 0 ? number(to, acknowledged) : 0,
                         .flags = static_cast<uint8_t>(flags),
                         .payload = payloads_.back(),
                         .payload_len = text.size(),
                         .packet = segments_.size() + 1,
                         .time_ns = time_ns_});
    time_ns_ += kStepNs;
    return *this;
  }

  std::array<uint32_t, 2> isn_;
  std::array<Endpoint, 2> ends_;
  std::array<uint64_t, 2> sent_{};
  std::array<bool, 2> fin_sent_{};
  std::deque<Bytes> payloads_;
  std::vector<Segment> segments_;
  int64_t time_ns_ = kStartNs;
};

inline Sniff wants_all(const Flow& /*flow*/) {
  return Sniff::undecided;
}

// The flows that a table gives for these segments, the capture ending after them.
inline std::vector<Flow> run_table(std::span<const Segment> segments, const FlowLimits& limits = {},
                                   FlowCounts* counts = nullptr, FlowTable::Sniffer sniffer = &wants_all) {
  std::vector<Flow> flows;
  FlowTable table(limits, [&flows](Flow& flow) { flows.push_back(flow); }, sniffer);
  for (const Segment& segment : segments) table.add(segment);
  table.finish();
  if (counts != nullptr) *counts = table.counts();
  return flows;
}

}  // namespace tlsproof::capture::testing
