// needs: base capture
// Hostile segments, a few bytes of input each, into a FlowTable with tiny limits: what it gives out is consistent.
#include "tlsproof/capture/flow_table.h"
#include "tlsproof/capture/follow.h"
using namespace tlsproof::capture;

static constexpr FlowLimits kLimits{.max_flow_bytes = 300,
                                    .max_flows = 3,
                                    .max_total_bytes = 8000,
                                    .max_waiting_bytes = 200,
                                    .idle_ns = 5000,
                                    .open_ns = 60'000,
                                    .linger_ns = 300};

static void check(const Flow& flow) {
  TLSPROOF_CHECK(flow.bytes[0].size() <= kLimits.max_flow_bytes && flow.bytes[1].size() <= kLimits.max_flow_bytes);
  std::array<size_t, 2> end{};
  std::array<uint64_t, 2> missing{};
  uint64_t packet = flow.first_packet;
  for (const FlowEvent& event : flow.events) {
    const size_t side = static_cast<size_t>(event.side);
    TLSPROOF_CHECK(event.packet >= packet && event.packet <= flow.last_packet);
    TLSPROOF_CHECK(event.bytes.end() <= flow.bytes[side].size());
    if (event.kind == FlowEvent::Kind::data) TLSPROOF_CHECK(event.bytes.len != 0 && event.bytes.offset == end[side]);
    if (event.kind == FlowEvent::Kind::data) end[side] = event.bytes.end();
    if (event.kind == FlowEvent::Kind::conflict) TLSPROOF_CHECK(event.bytes.len != 0 && event.bytes.end() <= end[side]);
    if (event.kind == FlowEvent::Kind::gap) missing[side] += event.missing;
    packet = event.packet;
  }
  for (size_t i = 0; i < 2; ++i)
    TLSPROOF_CHECK(end[i] == flow.bytes[i].size() && missing[i] <= flow.num_missing[i] &&
                   flow.num_bytes[i] == flow.bytes[i].size() + flow.num_not_kept[i]);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t num_given = 0;
  const auto emit = [&num_given](const Flow& flow) {
    check(flow);
    TLSPROOF_CHECK(flow.id == num_given++);
  };
  FlowTable table(kLimits, emit, [](const Flow& flow) {
    return flow.bytes[0].size() > 90 && flow.bytes[0][0] == 'G' ? Sniff::nothing : Sniff::undecided;
  });
  Segment segment;
  for (size_t at = 0; at + 8 <= size; at += 8) {  // flags; ends; sequence; acknowledgment; lengths; time
    const tlsproof::ByteView b(data + at, 8);
    segment.flags = b[0] & 0x1f;
    segment.protocol = b[0] >= 0xe0 ? Protocol::udp : Protocol::tcp;
    segment.from.port = static_cast<uint16_t>(1 + (b[1] & 3) + (b[1] & 0x80));
    segment.to.port = static_cast<uint16_t>(1 + (b[1] >> 2 & 3) + (~b[1] & 0x80));
    segment.sequence = b[2] * (b[1] & 0x40 ? 0x01000000U : 1U) - 64;
    segment.acknowledgment = b[3] * (b[1] & 0x20 ? 0x01000000U : 1U) - 64;
    const size_t len = std::min<size_t>(size, b[4] & 0x3f);
    segment.payload = tlsproof::ByteView(data, size).subspan((b[5] & 0x0f) % (size - len + 1), len);
    segment.payload_len = len + (b[5] > 0xf0 ? 7 : 0);
    segment.time_ns += b[6] >= 0xf0 ? -int64_t{20'000'000'000} : int64_t{b[6]} * (b[7] & 0x0f);
    ++segment.packet;
    table.add(segment);
  }
  table.finish();
  return 0;
}
