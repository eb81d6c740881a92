#include "tlsproof/capture/flow.h"

#include <gtest/gtest.h>

#include "unit/capture/flow_script.h"

namespace tlsproof::capture {
namespace {

TEST(Flow, ClearEmptiesItAndKeepsTheMemory) {
  Flow flow = testing::FlowMaker().a("hello").b("there").gap(Side::a, 3).fin(Side::a).flow();
  flow.id = 7;
  flow.num_retransmitted = {1, 2};
  const auto* bytes = flow.bytes[0].data();
  const auto* events = flow.events.data();
  flow.clear();
  EXPECT_EQ(flow.id, 0u);
  EXPECT_TRUE(flow.bytes[0].empty() && flow.bytes[1].empty() && flow.events.empty());
  EXPECT_EQ(flow.num_retransmitted[1] + flow.num_missing[0] + flow.last_packet, 0u);
  EXPECT_FALSE(flow.from_start);
  flow.bytes[0].push_back(1);
  flow.events.push_back({});
  EXPECT_EQ(flow.bytes[0].data(), bytes);
  EXPECT_EQ(flow.events.data(), events);
}

TEST(Flow, EveryEndHasItsText) {
  for (const auto& [end, text] : {std::pair{FlowEnd::closed, "closed"},
                                  {FlowEnd::reset, "reset"},
                                  {FlowEnd::replaced, "replaced"},
                                  {FlowEnd::idle, "idle"},
                                  {FlowEnd::evicted, "evicted"},
                                  {FlowEnd::end_of_capture, "end of capture"}})
    EXPECT_EQ(to_text(end), text);
}

TEST(FlowMaker, TellsEventsInOrderWithTheirBytes) {
  const Flow flow = testing::FlowMaker().a("hello").b("there").a("again").fin(Side::b).flow();
  ASSERT_EQ(flow.events.size(), 6u);
  EXPECT_EQ(as_text(flow.view(flow.events[4])), "again");
  EXPECT_EQ(flow.events[4].packet, 5u);
  EXPECT_EQ(flow.last_packet, 6u);
  EXPECT_TRUE(flow.from_start);
}

}  // namespace
}  // namespace tlsproof::capture
