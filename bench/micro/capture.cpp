// What the stages of inspection cost, from the file to the flow.
#include <benchmark/benchmark.h>

#include "tests/unit/capture/frames.h"
#include "tests/unit/capture/ssl_pair.h"
#include "tlsproof/base/random.h"
#include "tlsproof/capture/dissect.h"
#include "tlsproof/capture/follow.h"
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

// Segments into flows: connections of sixteen packets, `open` of them at a time; the time is that of one packet.
void flow_table(benchmark::State& state) {
  const auto num_open = static_cast<size_t>(state.range(0));
  const std::string hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + std::string(506, 'x');
  const std::string answer = "\x16\x03\x03\x10\x00\x02\x00\x00\x56\x03\x03" + std::string(1389, 'x');
  std::vector<std::unique_ptr<testing::SegmentScript>> connections;
  for (size_t i = 0; i < num_open; ++i) {
    auto& one = *connections.emplace_back(std::make_unique<testing::SegmentScript>(
        static_cast<uint32_t>(i), 77, testing::make_endpoint(static_cast<uint8_t>(i >> 15), static_cast<uint16_t>(i))));
    one.handshake().a(hello).ack(Side::b).b(answer).b(answer.substr(0, 900)).ack(Side::a).a(hello.substr(0, 80));
    one.b(answer.substr(0, 51)).a(hello.substr(0, 120)).b(answer.substr(0, 400)).ack(Side::a);
    one.fin(Side::a).fin(Side::b).ack(Side::a);
  }
  uint64_t packets = 0, flows = 0;
  for (auto _ : state) {
    FlowTable table({}, [&](Flow&) { ++flows; });
    for (size_t at = 0; at < connections[0]->segments().size(); ++at)
      for (const auto& one : connections) table.add(one->segments()[at]);
    table.finish();
    packets += num_open * connections[0]->segments().size();
  }
  if (flows != num_open * static_cast<size_t>(state.iterations())) return state.SkipWithError("flows were lost");
  state.SetItemsProcessed(static_cast<int64_t>(packets));
  state.counters["packet"] =
      benchmark::Counter(static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(flow_table)->Arg(1)->Arg(64)->Arg(4096);

// A finished flow (handshake, request, answer, goodbye) told to the Trace.
void follow_flow(benchmark::State& state, int version, bool with_keys) {
  testing::SslPair pair({.min_version = version, .max_version = version});
  if (!pair.handshake() || !pair.say(Side::a, "GET / HTTP/1.1\r\n\r\n") ||
      !pair.say(Side::b, "HTTP/1.1 200 OK\r\n\r\n"))
    return state.SkipWithError("libssl");
  pair.close();
  trace::KeyLogIndex keys;
  keys.add(as_bytes(pair.key_log));
  Follower follower({.keys = with_keys ? &keys : nullptr});
  for (auto _ : state)
    if (!follower.follow(pair.maker.flow())) return state.SkipWithError("not followed");
}
BENCHMARK_CAPTURE(follow_flow, tls13, TLS1_3_VERSION, false);
BENCHMARK_CAPTURE(follow_flow, tls12, TLS1_2_VERSION, false);
BENCHMARK_CAPTURE(follow_flow, tls13_keys, TLS1_3_VERSION, true);
BENCHMARK_CAPTURE(follow_flow, tls12_keys, TLS1_2_VERSION, true);

// Lines of a key log into the index; the time is that of one secret.
void read_key_log(benchmark::State& state) {
  constexpr int64_t kNum = 50'000;
  std::string text;
  SeededRandom random(1);
  std::array<uint8_t, 64> bytes{};
  for (int64_t i = 0; i < kNum; ++i) {
    random.fill(bytes);
    text +=
        "CLIENT_TRAFFIC_SECRET_0 " + to_hex(ByteView(bytes).first(32)) + " " + to_hex(ByteView(bytes).last(32)) + "\n";
  }
  for (auto _ : state) {
    trace::KeyLogIndex keys;
    keys.add(as_bytes(text));
    benchmark::DoNotOptimize(keys.size());
  }
  state.SetItemsProcessed(state.iterations() * kNum);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(read_key_log);

}  // namespace
}  // namespace tlsproof::capture
