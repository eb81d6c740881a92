// The streams of real captures against tshark's, byte for byte.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <utility>

#include "tlsproof/capture/source.h"
#include "unit/capture/captures.h"
#include "unit/capture/flow_script.h"

namespace tlsproof::capture {
namespace {

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[65536];
  for (size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) != 0;) text.append(buffer, n);
  pclose(pipe);
  return text;
}

// Nothing ends but by its packets, as in tshark.
std::vector<Flow> tcp_flows_of(const std::string& path) {
  constexpr int64_t kNever = int64_t{1} << 62;
  std::vector<Flow> flows;
  auto source = open_file(path);
  EXPECT_TRUE(source) << path;
  if (!source) return flows;
  FlowTable table(
      {.max_flow_bytes = size_t{64} << 20,
       .max_total_bytes = size_t{256} << 20,
       .max_waiting_bytes = size_t{64} << 20,
       .idle_ns = kNever,
       .linger_ns = kNever},
      [&](Flow& flow) {
        if (flow.protocol == Protocol::tcp) flows.push_back(flow);
      },
      &testing::wants_all);
  Dissector dissector;
  Packet packet;
  Segment segment;
  for (;;) {
    const auto next = (*source)->next(packet);
    EXPECT_TRUE(next);
    if (!next || *next == Source::Next::end) break;
    if (*next == Source::Next::packet && dissector.dissect(packet, segment)) table.add(segment);
  }
  table.finish();
  return flows;
}

// As tshark has it: a gap is a text, with its NUL, and none is told at the end.
std::string stream_of(const Flow& flow, Side side) {
  std::string text, gap;
  for (const FlowEvent& event : flow.events) {
    if (event.side != side) continue;
    if (event.kind == FlowEvent::Kind::data) text += std::exchange(gap, {}) + std::string(as_text(flow.view(event)));
    if (event.kind == FlowEvent::Kind::gap)
      gap += fmt::format("[{} bytes missing in capture file]", event.missing) + '\0';
  }
  return text;
}

struct Followed {
  std::string node0;
  std::array<std::string, 2> streams;
};
// By the number of the stream, as text.
std::map<std::string, Followed> parse_follow(const std::string& output) {
  std::map<std::string, Followed> all;
  Followed* current = nullptr;
  std::istringstream lines(output);
  bool in_data = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Filter: tcp.stream eq ")) {
      current = &all[line.substr(22)];
    } else if (line.starts_with("Node 0: ") && current != nullptr) {
      current->node0 = line.substr(8);
    } else if (line.starts_with("Node 1: ")) {
      in_data = true;
    } else if (line.starts_with("====")) {
      in_data = false;
    } else if (in_data) {
      const bool is_second = line.starts_with("\t");
      const auto bytes = from_hex(line);
      EXPECT_TRUE(bytes) << line;
      if (bytes && current != nullptr) current->streams[is_second ? 1 : 0] += as_text(*bytes);
    }
  }
  return all;
}

TEST(FlowCaptures, StreamsAreThoseOfTshark) {
  TLSPROOF_NEEDS_CAPTURES(captures)
  if (output_of("tshark --version").empty()) GTEST_SKIP() << "no tshark";
  size_t num_streams = 0;
  for (const RealCapture& capture : captures) {
    SCOPED_TRACE(capture.name);
    const std::vector<Flow> flows = tcp_flows_of(capture.path);
    const std::string tshark = "tshark -n -o tcp.reassemble_out_of_order:TRUE -r " + capture.path;
    std::map<uint64_t, std::string> stream_of_packet;
    std::istringstream lines(output_of(tshark + " -T fields -e frame.number -e tcp.stream"));
    uint64_t number = 0;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string stream;
      fields >> number >> stream;
      stream_of_packet[number] = stream.substr(0, stream.find(','));
    }
    std::string command = tshark + " -q";
    std::vector<const Flow*> asked;
    for (const Flow& flow : flows) {
      const std::string& stream = stream_of_packet[flow.first_packet];
      // tshark puts connections of different networks together when their addresses are the same.
      if (stream.empty() || flow.network != 0 || asked.size() == 60) continue;
      command += " -z follow,tcp,raw," + stream;
      asked.push_back(&flow);
    }
    if (asked.empty()) continue;
    const auto followed = parse_follow(output_of(command));
    EXPECT_EQ(followed.size(), asked.size());
    for (const Flow* asked_flow : asked) {
      const Flow& flow = *asked_flow;
      const auto found = followed.find(stream_of_packet[flow.first_packet]);
      if (found == followed.end()) continue;  // counted above
      const Followed& theirs_of_both = found->second;
      const bool a_is_node0 =
          theirs_of_both.node0 == to_text(flow.a) || theirs_of_both.node0.ends_with(fmt::format(":{}", flow.a.port));
      for (const Side side : {Side::a, Side::b}) {
        const std::string mine = stream_of(flow, side);
        const std::string& theirs = theirs_of_both.streams[(side == Side::a) == a_is_node0 ? 0 : 1];
        const auto differ = std::mismatch(mine.begin(), mine.end(), theirs.begin(), theirs.end());
        EXPECT_TRUE(mine == theirs) << fmt::format(
            "stream {} {}>{} side {}: {} bytes, tshark has {}; first difference at {}",
            stream_of_packet[flow.first_packet], to_text(flow.a), to_text(flow.b), side == Side::a ? "a" : "b",
            mine.size(), theirs.size(), differ.first - mine.begin());
        ++num_streams;
      }
    }
  }
  RecordProperty("streams", static_cast<int>(num_streams));
  std::printf("%zu streams compared\n", num_streams);
}

}  // namespace
}  // namespace tlsproof::capture
