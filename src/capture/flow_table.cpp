#include "tlsproof/capture/flow_table.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "open_flow.h"
#include "tlsproof/capture/follow.h"

namespace tlsproof::capture {
namespace {

// Time as the packets tell it, made to go forward only. A capture whose clock is set back goes on from where it was;
// what is a little late (several interfaces, several queues) stands still.
class CaptureClock {
 public:
  int64_t advance(int64_t time_ns) {
    if (time_ns <= 0) return now_ns_;  // the source did not know
    int64_t shifted = 0;
    if (__builtin_add_overflow(time_ns, shift_ns_, &shifted)) return now_ns_;
    if (!has_time_ || shifted > now_ns_) {
      now_ns_ = shifted;
    } else if (now_ns_ - shifted > kSetBackNs) {
      shift_ns_ = now_ns_ - time_ns;
    }
    has_time_ = true;
    return now_ns_;
  }

 private:
  static constexpr int64_t kSetBackNs = 10'000'000'000;
  int64_t now_ns_ = 0;
  int64_t shift_ns_ = 0;
  bool has_time_ = false;
};

}  // namespace

struct FlowTable::Impl {
  Impl(const FlowLimits& the_limits, Emit the_emit, Sniffer the_sniffer)
      : limits(the_limits),
        emit(std::move(the_emit)),
        sniffer(the_sniffer),
        tcp(limits, memory),
        index(system_random()) {}

  void add(const Segment& segment);
  void expire();
  void finish();

  OpenFlow* open(const FlowKey& key, uint64_t hash, const Segment& segment, bool from_is_first);
  void add_datagram(OpenFlow& open, Side side, const Segment& segment);
  void add_segment(OpenFlow& open, Side side, const Segment& segment);
  void count_only(OpenFlow& open, Side side, const Segment& segment);
  void end_soon(OpenFlow& open, FlowEnd end);
  void look_at(OpenFlow& open);
  void make_counted_only(OpenFlow& open, OpenFlow::Content content);
  void evict_one();
  void give(OpenFlow& open, FlowEnd end);
  void close(OpenFlow& open, FlowEnd end);

  const FlowLimits limits;
  const Emit emit;
  const Sniffer sniffer;
  FlowMemory memory;
  TcpReassembly tcp;
  FlowCounts counts;
  FlowIndex<OpenFlow> index;
  std::deque<OpenFlow> all;  // owns; those not in use are in `unused`
  std::vector<OpenFlow*> unused;
  FlowList<&OpenFlow::by_silence> silent, lingering;
  FlowList<&OpenFlow::by_age> aging;  // but those that are only counted
  CaptureClock clock;
  int64_t now_ns = 0;
};

void FlowTable::Impl::add(const Segment& segment) {
  now_ns = clock.advance(segment.time_ns);
  expire();
  bool from_is_first = false;
  const FlowKey key = make_flow_key(segment, from_is_first);
  const uint64_t hash = index.hash(key);
  OpenFlow* found = index.find(key, hash);
  const bool is_tcp = segment.protocol == Protocol::tcp;
  const auto side_in = [&](const OpenFlow& of) { return of.a_is_first == from_is_first ? Side::a : Side::b; };
  if (found != nullptr && is_tcp && (segment.flags & tcp_flag::kSyn) != 0 &&
      TcpReassembly::begins_another(found->tcp, side_in(*found), segment)) {
    close(*found, FlowEnd::replaced);
    found = nullptr;
  }
  if (found == nullptr) found = open(key, hash, segment, from_is_first);
  const Side side = side_in(*found);
  Flow& flow = found->flow;
  ++flow.num_packets[static_cast<size_t>(side)];
  flow.last_packet = segment.packet;
  flow.last_time_ns = segment.time_ns;
  found->last_ns = now_ns;
  if (found->state == OpenFlow::State::open) silent.move_to_back(found);
  if (found->is_only_counted()) return count_only(*found, side, segment);
  if (is_tcp) {
    add_segment(*found, side, segment);
  } else {
    add_datagram(*found, side, segment);
  }
  if (found->content == OpenFlow::Content::undecided) look_at(*found);
  while (memory.in_use() > limits.max_total_bytes && index.size() != 0) evict_one();
}

OpenFlow* FlowTable::Impl::open(const FlowKey& key, uint64_t hash, const Segment& segment, bool from_is_first) {
  while (index.size() != 0 && index.size() >= limits.max_flows) evict_one();
  if (unused.empty()) unused.push_back(&all.emplace_back());
  OpenFlow* found = unused.back();
  unused.pop_back();
  found->key = key;
  found->hash = hash;
  found->first_ns = now_ns;
  found->a_is_first = from_is_first;
  Flow& flow = found->flow;
  flow.protocol = segment.protocol;
  flow.a = segment.from;
  flow.b = segment.to;
  flow.network = segment.network;
  flow.first_packet = segment.packet;
  flow.first_time_ns = segment.time_ns;
  flow.from_start = segment.protocol == Protocol::udp;
  index.insert(found);
  silent.push_back(found);
  aging.push_back(found);
  return found;
}

void FlowTable::Impl::add_datagram(OpenFlow& open, Side side, const Segment& segment) {
  const size_t i = static_cast<size_t>(side);
  Flow& flow = open.flow;
  const size_t len = segment.payload.size();
  if (std::max(segment.payload_len, len) == 0) return;
  flow.num_bytes[i] += len;
  FlowEvent event{.kind = FlowEvent::Kind::data,
                  .side = side,
                  .time_ns = segment.time_ns,
                  .packet = segment.packet,
                  .bytes = {flow.bytes[i].size(), len}};
  // A datagram is kept whole or not at all.
  if (len > limits.max_flow_bytes - flow.bytes[i].size() || (len != 0 && !memory.push(flow.events, event))) {
    flow.num_not_kept[i] += len;
    return;
  }
  memory.append(flow.bytes[i], segment.payload);
  if (segment.payload_len <= len) return;
  event.kind = FlowEvent::Kind::gap;
  event.bytes = {flow.bytes[i].size(), 0};
  event.missing = segment.payload_len - len;
  flow.num_missing[i] += event.missing;
  (void)memory.push(flow.events, event);
}

void FlowTable::Impl::add_segment(OpenFlow& open, Side side, const Segment& segment) {
  const bool is_new = tcp.add(open.flow, open.tcp, side, segment);
  const auto& [a, b] = open.tcp.directions;
  if (open.state == OpenFlow::State::open) {
    if (a.reset || b.reset) {
      end_soon(open, FlowEnd::reset);
    } else if (a.fin && b.fin) {
      end_soon(open, FlowEnd::closed);
    }
  } else if (is_new && open.tcp.directions[static_cast<size_t>(side)].reset) {
    // Whoever goes on after its own RST did not send that: it was forged, and the connection lives.
    open.ended_ns = now_ns;
    lingering.move_to_back(&open);
  }
}

void FlowTable::Impl::count_only(OpenFlow& open, Side side, const Segment& segment) {
  if (open.content == OpenFlow::Content::given) ++counts.packets_after_end;
  if (segment.protocol == Protocol::udp || open.state == OpenFlow::State::closing) return;
  if ((segment.flags & tcp_flag::kFin) != 0) open.fin[static_cast<size_t>(side)] = true;
  if ((segment.flags & tcp_flag::kRst) != 0) {
    end_soon(open, FlowEnd::reset);
  } else if (open.fin[0] && open.fin[1]) {
    end_soon(open, FlowEnd::closed);
  }
}

void FlowTable::Impl::end_soon(OpenFlow& open, FlowEnd end) {
  silent.erase(&open);
  open.state = OpenFlow::State::closing;
  open.end = end;
  open.ended_ns = now_ns;
  lingering.push_back(&open);
}

// Asks whether there is TLS in it, each time it has doubled.
void FlowTable::Impl::look_at(OpenFlow& open) {
  const size_t len = open.flow.bytes[0].size() + open.flow.bytes[1].size();
  if (len < open.next_sniff) return;
  open.next_sniff = 2 * len;
  switch (sniffer(open.flow)) {
    case Sniff::undecided:
      return;
    case Sniff::tls:
      open.content = OpenFlow::Content::wanted;
      return;
    case Sniff::nothing:
      make_counted_only(open, OpenFlow::Content::nothing);
      return;
  }
}

void FlowTable::Impl::make_counted_only(OpenFlow& open, OpenFlow::Content content) {
  for (size_t i = 0; i < 2; ++i) {
    TcpDirection& direction = open.tcp.directions[i];
    open.fin[i] = direction.fin;
    for (WaitingSegment& waiting : direction.waiting) memory.release(waiting.bytes);
    direction = {.syn = direction.syn, .isn = direction.isn};
  }
  aging.erase(&open);
  if (content == OpenFlow::Content::nothing) memory.discount(open.flow);  // otherwise it was when it was given
  memory.reclaim(open.flow);
  open.content = content;
}

void FlowTable::Impl::expire() {
  while (OpenFlow* first = lingering.front()) {
    if (now_ns - first->ended_ns < limits.linger_ns) break;
    close(*first, first->end);
  }
  while (OpenFlow* first = silent.front()) {
    if (now_ns - first->last_ns < limits.idle_ns) break;
    close(*first, FlowEnd::idle);
  }
  if (limits.open_ns == 0) return;
  while (OpenFlow* first = aging.front()) {
    if (now_ns - first->first_ns < limits.open_ns) break;
    if (first->state == OpenFlow::State::closing) {
      close(*first, first->end);
    } else {
      give(*first, FlowEnd::idle);
      make_counted_only(*first, OpenFlow::Content::given);
    }
  }
}

void FlowTable::Impl::evict_one() {
  OpenFlow* ended = lingering.front();
  if (ended != nullptr) return close(*ended, ended->end);
  close(*silent.front(), FlowEnd::evicted);
}

// Hands it to the emitter, unless there is nothing to hand over.
void FlowTable::Impl::give(OpenFlow& open, FlowEnd end) {
  Flow& flow = open.flow;
  if (open.content == OpenFlow::Content::given) return;
  if (open.content == OpenFlow::Content::nothing) {
    ++counts.dismissed;
    return;
  }
  if (flow.protocol == Protocol::tcp) tcp.flush(flow, open.tcp);
  memory.discount(flow);
  if (flow.bytes[0].empty() && flow.bytes[1].empty()) {
    ++counts.dismissed;
    return;
  }
  flow.id = counts.flows++;
  flow.end = end;
  if (end == FlowEnd::evicted) ++counts.evicted;
  emit(flow);
}

void FlowTable::Impl::close(OpenFlow& open, FlowEnd end) {
  if (open.state == OpenFlow::State::closing) end = open.end;
  (open.state == OpenFlow::State::closing ? lingering : silent).erase(&open);
  if (!open.is_only_counted()) aging.erase(&open);
  index.erase(&open);
  give(open, end);
  tcp.clear(open.tcp);
  memory.reclaim(open.flow);
  open.flow.clear();
  open.fin = {};
  open.next_sniff = 1;
  open.state = OpenFlow::State::open;
  open.content = OpenFlow::Content::undecided;
  unused.push_back(&open);
}

void FlowTable::Impl::finish() {
  while (OpenFlow* first = aging.front()) close(*first, FlowEnd::end_of_capture);
  while (OpenFlow* first = silent.front()) close(*first, FlowEnd::end_of_capture);
  while (OpenFlow* first = lingering.front()) close(*first, first->end);
}

FlowTable::FlowTable(const FlowLimits& limits, Emit emit, Sniffer sniffer)
    : impl_(std::make_unique<Impl>(limits, std::move(emit), sniffer)) {}
FlowTable::~FlowTable() = default;

void FlowTable::add(const Segment& segment) {
  impl_->add(segment);
}

void FlowTable::advance(int64_t time_ns) {
  impl_->now_ns = impl_->clock.advance(time_ns);
  impl_->expire();
}

void FlowTable::finish() {
  impl_->finish();
}

const FlowCounts& FlowTable::counts() const {
  return impl_->counts;
}

}  // namespace tlsproof::capture
