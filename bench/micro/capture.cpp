// What the stages of inspection cost, from the file to the flow.
#include <benchmark/benchmark.h>

#include "tests/unit/capture/frames.h"
#include "tlsproof/capture/dissect.h"
#include "tlsproof/capture/source.h"

namespace tlsproof::capture {
namespace {

using frames::FileBytes;

// Packets as handshakes have them: most small, some full.
constexpr size_t kNumPackets = 16'000;
const size_t kPayloadLens[] = {0, 0, 0, 517, 0, 1400, 1400, 300, 0, 80, 51, 0, 200, 24, 0, 0};

Bytes frame_of(size_t i, bool v6) {
  const Bytes payload(kPayloadLens[i % std::size(kPayloadLens)], 0x16);
  const Bytes segment = frames::tcp(payload, 3, static_cast<uint16_t>(20'000 + i / 16));
  return v6 ? frames::ethernet(0x86dd, frames::ipv6(segment)) : frames::ethernet(0x0800, frames::ipv4(segment));
}

enum Kind { kPcap, kPcapng, kIpv6, kVxlan };
const frames::TemporaryFile& capture_of(Kind kind) {
  static const auto make = [](Kind which) {
    FileBytes file;
    if (which == kPcapng)
      file.section().interface();
    else
      file.pcap_header();
    for (size_t i = 0; i < kNumPackets; ++i) {
      Bytes frame = frame_of(i, which == kIpv6);
      if (which == kVxlan)
        frame = frames::ethernet(
            0x0800,
            frames::ipv4(frames::udp(frames::operator+(Bytes{8, 0, 0, 0, 0, 0, 5, 0}, frame), 4789), {.protocol = 17}));
      const auto time = static_cast<uint32_t>(i);
      if (which == kPcapng)
        file.enhanced(frame, time);
      else
        file.pcap_packet(frame, time);
    }
    return file.bytes;
  };
  static const frames::TemporaryFile files[] = {
      frames::TemporaryFile(make(kPcap)), frames::TemporaryFile(make(kPcapng)), frames::TemporaryFile(make(kIpv6)),
      frames::TemporaryFile(make(kVxlan))};
  return files[kind];
}

// From the page cache to packets; the time is that of one packet.
void read_packets(benchmark::State& state, Kind kind, bool dissect) {
  const std::string& path = capture_of(kind).path();
  uint64_t packets = 0, bytes = 0;
  for (auto _ : state) {
    auto source = open_file(path);
    Dissector dissector;
    Packet packet;
    Segment segment;
    while ((*source)->next(packet).value() == Source::Next::packet) {
      ++packets;
      bytes += packet.bytes.size();
      if (dissect && !dissector.dissect(packet, segment)) std::abort();
      benchmark::DoNotOptimize(segment);
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(packets));
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.counters["packet"] =
      benchmark::Counter(static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(read_packets, pcap, kPcap, false);
BENCHMARK_CAPTURE(read_packets, pcapng, kPcapng, false);
BENCHMARK_CAPTURE(read_packets, pcap_dissected, kPcap, true);
BENCHMARK_CAPTURE(read_packets, pcapng_dissected, kPcapng, true);
BENCHMARK_CAPTURE(read_packets, ipv6_dissected, kIpv6, true);
BENCHMARK_CAPTURE(read_packets, vxlan_dissected, kVxlan, true);

}  // namespace
}  // namespace tlsproof::capture
