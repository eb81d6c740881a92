// From segments to flows: TCP reassembly, the table of open flows, and the limits that hold however long a capture is.
// One thread; everything goes by packet order and capture time, so that the same capture always gives the same flows.
#pragma once

#include <functional>
#include <memory>

#include "tlsproof/capture/flow.h"

namespace tlsproof::capture {

struct FlowLimits {
  size_t max_flow_bytes = size_t{256} << 10;     // kept of one direction; what passes after it is counted
  size_t max_flows = 65'536;                     // open at the same time; the one longest silent is evicted
  size_t max_total_bytes = size_t{40} << 20;     // kept in all open flows, waiting segments included; likewise
  size_t max_waiting_bytes = size_t{256} << 10;  // out-of-order segments of one direction; then the gap is given up
  int64_t idle_ns = 60'000'000'000;              // without a packet
  int64_t open_ns = 0;  // a flow is given out this long after its first packet, whatever happens; 0: no such limit
  int64_t linger_ns = 1'000'000'000;  // after both FINs or a RST, for retransmissions and crossing segments
};

struct FlowCounts {
  uint64_t flows = 0;  // given out
  uint64_t evicted = 0;
  uint64_t dismissed = 0;          // not given out: no sign of TLS in them
  uint64_t packets_after_end = 0;  // of flows given out by open_ns: counted, not looked at
};

enum class Sniff : uint8_t;                   // follow.h
[[nodiscard]] Sniff sniff(const Flow& flow);  // follow.h

class FlowTable {
 public:
  // Takes the finished flow, which it may swap for an emptied one to keep it.
  using Emit = std::function<void(Flow& flow)>;
  // `sniffer` says whether a flow is worth keeping: asked when its first bytes came, and each time they have doubled
  // since, until it knows.
  using Sniffer = Sniff (*)(const Flow& flow);
  FlowTable(const FlowLimits& limits, Emit emit, Sniffer sniffer = &sniff);
  ~FlowTable();

  void add(const Segment& segment);
  // Time has passed without a packet (live).
  void advance(int64_t time_ns);
  // The capture is over: every open flow is given out, in the order of their first packets.
  void finish();
  [[nodiscard]] const FlowCounts& counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof::capture
