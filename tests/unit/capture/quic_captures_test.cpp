// QUIC in real captures: counts as tshark has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "captures.h"
#include "tlsproof/capture/follow.h"
#include "tlsproof/capture/source.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::capture {
namespace {

// The UDP flows of a file, as they stand in it, whatever else may be there.
struct UdpFlows {
  std::map<std::pair<std::string, std::string>, Flow> flows;
  trace::KeyLogIndex keys;

  void add(const Segment& segment) {
    const std::string from = to_text(segment.from), to = to_text(segment.to);
    Flow& flow = flows[std::minmax(from, to)];
    if (flow.events.empty()) {
      flow.protocol = Protocol::udp;
      flow.a = segment.from;
      flow.b = segment.to;
      flow.from_start = true;
      flow.first_time_ns = segment.time_ns;
    }
    const Side side = segment.from == flow.a ? Side::a : Side::b;
    Bytes& bytes = flow.bytes[static_cast<size_t>(side)];
    flow.events.push_back({.side = side,
                           .time_ns = segment.time_ns,
                           .packet = segment.packet,
                           .bytes = {bytes.size(), segment.payload.size()}});
    append(bytes, segment.payload);
  }
  void read(const std::string& path) {
    auto source = open_file(path);
    ASSERT_TRUE(source) << source.error().message();
    Dissector dissector;
    Packet packet;
    Segment segment;
    for (;;) {
      const auto next = (*source)->next(packet);
      ASSERT_TRUE(next) << next.error().message();
      if (*next == Source::Next::end) return;
      if (*next == Source::Next::secrets) keys.add((*source)->secrets());
      if (*next == Source::Next::packet && dissector.dissect(packet, segment) && segment.protocol == Protocol::udp)
        add(segment);
    }
  }
};

// Handshake types told over QUIC, with how often.
struct Told {
  std::map<uint16_t, size_t> messages;
  std::vector<std::string> problems;  // and messages that do not decode
};
Told tell(const std::string& path) {
  UdpFlows all;
  all.read(path);
  Told told;
  Follower follower({.keys = &all.keys});
  for (const auto& [ends, flow] : all.flows) {
    if (!follower.follow(flow) || follower.trace().transport() != trace::Transport::quic) continue;
    for (const trace::Event& event : follower.trace().events()) {
      if (event.kind == trace::EventKind::problem || event.kind == trace::EventKind::gap)
        told.problems.emplace_back(follower.trace().text(event));
      if (event.kind != trace::EventKind::message) continue;
      ++told.messages[event.code];
      if (const auto message = follower.trace().message(event); !message)
        told.problems.push_back(message.error().message());
    }
  }
  return told;
}

TEST(QuicCaptures, HaveTheHellosThatTsharkCounts) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  for (const RealCapture& capture : captures) {
    SCOPED_TRACE(capture.name);
    Told told = tell(capture.path);
    EXPECT_EQ(told.messages[registry::handshake_type::client_hello], capture.quic_client_hellos);
    EXPECT_THAT(told.problems, testing::IsEmpty());
  }
}

// Counts of tshark with the secrets that stand in the files themselves; of its messages without 1-RTT packets.
TEST(QuicCaptures, OpenWithTheirSecrets) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  using Counts = std::map<uint16_t, size_t>;
  const std::map<std::string, Counts> expected = {
      {"ja4/chrome-cloudflare-quic-with-secrets.pcapng", {{1, 1}, {2, 1}, {8, 1}, {15, 1}, {20, 2}, {25, 1}}},
      {"wireshark/quic_follow_multistream.pcapng", {{1, 1}, {2, 1}, {8, 1}, {11, 1}, {15, 1}, {20, 2}}},
      {"wireshark/quic-fragmented-handshakes.pcapng.gz", {{1, 18}, {2, 2}, {8, 1}, {11, 1}, {15, 1}, {20, 2}}},
  };
  size_t found = 0;
  for (const RealCapture& capture : captures) {
    const auto counts = expected.find(capture.name);
    if (counts == expected.end()) continue;
    ++found;
    EXPECT_EQ(tell(capture.path).messages, counts->second) << capture.name;
  }
  EXPECT_EQ(found, expected.size());
}

}  // namespace
}  // namespace tlsproof::capture
