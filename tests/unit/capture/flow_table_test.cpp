#include "tlsproof/capture/flow_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/capture/flow_script.h"

namespace tlsproof::capture {
namespace {

using testing::FlowMaker;
using testing::make_endpoint;
using testing::run_table;
using testing::SegmentScript;
using testing::wants_all;

TEST(FlowTable, GivesAPlainConnectionWhenItLingeredLongEnough) {
  SegmentScript script;
  script.handshake().a("hello").b("there").fin(Side::a).fin(Side::b, "!").ack(Side::a);
  FlowCounts counts;
  std::vector<Flow> flows;
  FlowTable table({}, [&](Flow& flow) { flows.push_back(flow); }, &wants_all);
  for (const Segment& segment : script.segments()) table.add(segment);
  const int64_t last_ns = script.segments()[6].time_ns;  // b's FIN
  table.advance(last_ns + 999'999'999);
  EXPECT_TRUE(flows.empty());
  table.advance(last_ns + 1'000'000'000);
  ASSERT_EQ(flows.size(), 1u);
  const Flow& flow = flows[0];
  EXPECT_EQ(flow.end, FlowEnd::closed);
  EXPECT_EQ(flow.a, testing::kEndpointA);
  EXPECT_EQ(flow.b, testing::kEndpointB);
  EXPECT_TRUE(flow.from_start);
  EXPECT_EQ(as_text(flow.bytes[0]), "hello");
  EXPECT_EQ(as_text(flow.bytes[1]), "there!");
  std::string kinds;
  for (const FlowEvent& event : flow.events) kinds += fmt::format("{}{} ", static_cast<int>(event.kind), event.packet);
  EXPECT_EQ(kinds, "01 12 24 25 56 27 57 ");
  EXPECT_EQ(flow.num_packets, (std::array<uint64_t, 2>{5, 3}));
  EXPECT_EQ(flow.first_packet, 1u);
  EXPECT_EQ(flow.last_packet, 8u);
  EXPECT_EQ(flow.last_time_ns, script.segments()[7].time_ns);
}

TEST(FlowTable, KeepsConnectionsApartByEndpointsProtocolAndNetwork) {
  SegmentScript one, two(1, 2, make_endpoint(1, 40001)), three(1, 2), udp;
  one.handshake().a("one");
  two.handshake().a("two");
  three.syn(Side::a).network(7).data(Side::a, 0, "three").network(7);
  udp.datagram(Side::b, "udp");
  std::vector<Segment> all;
  for (size_t i = 0; i < 4; ++i)
    for (const SegmentScript* script : {&one, &two, &three, &udp})
      if (i < script->segments().size()) all.push_back(script->segments()[i]);
  const auto flows = run_table(all);
  ASSERT_EQ(flows.size(), 4u);
  const char* expected[] = {"one", "two", "three", "udp"};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(flows[i].id, i);
    EXPECT_EQ(as_text(flows[i].bytes[0]), expected[i]);
    EXPECT_EQ(flows[i].end, FlowEnd::end_of_capture);
  }
  EXPECT_EQ(flows[2].network, 7u);
  EXPECT_EQ(flows[3].a, testing::kEndpointB);
}

TEST(FlowTable, ResetEndsAFlow) {
  SegmentScript script;
  script.handshake().a("hello").rst(Side::b, "go away");
  const auto flows = run_table(script.segments());
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].end, FlowEnd::reset);
  EXPECT_EQ(flows[0].events.back().kind, FlowEvent::Kind::reset);
  EXPECT_TRUE(flows[0].bytes[1].empty());
}

TEST(FlowTable, EachDatagramIsOneEvent) {
  SegmentScript script;
  script.datagram(Side::a, "one").datagram(Side::b, "two").datagram(Side::a, "").datagram(Side::a, "three").cut_to(2);
  const auto flows = run_table(script.segments());
  ASSERT_EQ(flows.size(), 1u);
  const Flow& flow = flows[0];
  EXPECT_TRUE(flow.from_start);
  EXPECT_EQ(flow.protocol, Protocol::udp);
  ASSERT_EQ(flow.events.size(), 4u);
  EXPECT_EQ(as_text(flow.view(flow.events[1])), "two");
  EXPECT_EQ(as_text(flow.view(flow.events[2])), "th");
  EXPECT_EQ(flow.events[3].kind, FlowEvent::Kind::gap);
  EXPECT_EQ(flow.events[3].missing, 3u);
}

}  // namespace
}  // namespace tlsproof::capture
