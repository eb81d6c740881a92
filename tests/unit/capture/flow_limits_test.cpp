// What the FlowTable does when there is too much, too long, or nothing of interest.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "unit/capture/flow_script.h"

namespace tlsproof::capture {
namespace {

using testing::kStartNs;
using testing::kStepNs;
using testing::make_endpoint;
using testing::run_table;
using testing::SegmentScript;
using testing::wants_all;

constexpr int64_t kSecond = 1'000'000'000;

// "PORT:END ..." in the order in which they were given out.
std::string ends(const std::vector<Flow>& flows) {
  std::string text;
  for (const Flow& flow : flows) text += fmt::format("{}:{} ", flow.a.port, to_text(flow.end));
  return text;
}

// A table that is told segments one by one, at times of the test's choosing.
class Told {
 public:
  explicit Told(const FlowLimits& limits, FlowTable::Sniffer sniffer = &wants_all)
      : table_(limits, [this](Flow& flow) { flows.push_back(flow); }, sniffer) {}
  // The connection of this port says something, at this second.
  Told& at(double seconds, uint16_t port, std::string_view text, uint8_t flags = 0, uint32_t sequence = 0) {
    Segment segment;
    segment.from = make_endpoint(1, port);
    segment.to = make_endpoint(2, 443);
    const auto [known, is_new] = sent_.try_emplace(port, 1);
    segment.sequence = sequence != 0 ? sequence : known->second;
    known->second = segment.sequence + static_cast<uint32_t>(text.size());
    segment.flags = flags;
    segment.payload = as_bytes(text);
    segment.payload_len = text.size();
    segment.packet = ++packet_;
    segment.time_ns = kStartNs + static_cast<int64_t>(seconds * 1e9);
    table_.add(segment);
    return *this;
  }
  std::string finish() {
    table_.finish();
    return ends(flows);
  }
  std::vector<Flow> flows;
  [[nodiscard]] FlowTable& table() { return table_; }

 private:
  FlowTable table_;
  std::map<uint16_t, uint32_t> sent_;
  uint64_t packet_ = 0;
};

TEST(FlowLimits, SilentOnesGoAfterAWhile) {
  Told told({.idle_ns = 10 * kSecond});
  told.at(0, 1, "x").at(1, 2, "x").at(9, 1, "x").at(10.5, 3, "x");
  EXPECT_EQ(ends(told.flows), "");
  told.at(11, 3, "x");
  EXPECT_EQ(ends(told.flows), "2:idle ");
  told.table().advance(kStartNs + 19 * kSecond);
  EXPECT_EQ(ends(told.flows), "2:idle 1:idle ");
  EXPECT_EQ(told.finish(), "2:idle 1:idle 3:end of capture ");
}

TEST(FlowLimits, TheLongestSilentIsEvictedForANewOne) {
  Told told({.max_flows = 3});
  told.at(0, 1, "x").at(1, 2, "x").at(2, 3, "x").at(3, 1, "x").at(4, 4, "x");
  EXPECT_EQ(ends(told.flows), "2:evicted ");
  EXPECT_EQ(told.table().counts().evicted, 1u);
  EXPECT_EQ(told.finish(), "2:evicted 1:end of capture 3:end of capture 4:end of capture ");
}

TEST(FlowLimits, OnesThatHaveEndedGoBeforeOpenOnes) {
  Told told({.max_flows = 2});
  told.at(0, 1, "x").at(0.1, 2, "x").at(0.2, 2, "", tcp_flag::kRst).at(0.3, 3, "x");
  EXPECT_EQ(ends(told.flows), "2:reset ");
  EXPECT_EQ(told.table().counts().evicted, 0u);
}

TEST(FlowLimits, TooManyBytesEvict) {
  Told told({.max_total_bytes = 19'000});
  const std::string text(4000, 'x');
  told.at(0, 1, text, tcp_flag::kSyn).at(1, 2, text, tcp_flag::kSyn).at(2, 3, text, tcp_flag::kSyn);
  EXPECT_EQ(ends(told.flows), "");
  told.at(3, 4, text, tcp_flag::kSyn);
  EXPECT_EQ(ends(told.flows), "1:evicted ");
  // Waiting segments count.
  told.at(4, 5, "x", tcp_flag::kSyn).at(5, 5, text, 0, 100);
  EXPECT_EQ(ends(told.flows), "1:evicted 2:evicted ");
}

TEST(FlowLimits, OpenOnesAreGivenOutAfterTheirTime) {
  Told told({.idle_ns = 5 * kSecond, .open_ns = 3 * kSecond});
  told.at(0, 1, "x", tcp_flag::kSyn).at(2.9, 1, "y", 0, 3).at(3, 1, "z").at(4, 1, "z");
  EXPECT_EQ(ends(told.flows), "1:idle ");
  EXPECT_EQ(as_text(told.flows[0].bytes[0]), "xy");
  EXPECT_EQ(told.table().counts().packets_after_end, 2u);
  told.at(5, 1, "", tcp_flag::kSyn, 999).at(5.1, 1, "new", 0, 1000);  // another connection
  EXPECT_EQ(told.finish(), "1:idle 1:end of capture ");
  EXPECT_EQ(as_text(told.flows[1].bytes[0]), "new");
  EXPECT_EQ(told.table().counts().flows, 2u);
}

Sniff wants_tls(const Flow& flow) {
  const Bytes& bytes = flow.bytes[0];
  if (bytes.size() < 2) return Sniff::undecided;
  return bytes[0] == 22 ? Sniff::tls : Sniff::nothing;
}

TEST(FlowLimits, WhatIsNoTlsIsOnlyCounted) {
  Told told({.max_total_bytes = 20'000, .idle_ns = 10 * kSecond}, &wants_tls);
  told.at(0, 1, "G", tcp_flag::kSyn);
  for (int i = 0; i < 100; ++i) told.at(0.01 * i, 1, "G" + std::string(1000, 'x'), 0, i == 0 ? 3 : 0);
  told.at(2, 2, "\x16\x03", tcp_flag::kSyn);
  EXPECT_EQ(ends(told.flows), "");
  EXPECT_EQ(told.table().counts().evicted, 0u);
  told.at(3, 1, "", tcp_flag::kSyn, 5'000'000).at(3.1, 1, "\x16\x03!", 0, 5'000'001);
  EXPECT_EQ(told.table().counts().dismissed, 1u);
  EXPECT_EQ(told.finish(), "2:end of capture 1:end of capture ");
  EXPECT_EQ(told.flows[1].bytes[0].size(), 3u);
  EXPECT_EQ(told.table().counts().dismissed, 1u);
}

TEST(FlowLimits, OneWithoutABytesIsDismissed) {
  FlowCounts counts;
  SegmentScript script;
  script.handshake().rst(Side::b);
  EXPECT_TRUE(run_table(script.segments(), {}, &counts).empty());
  EXPECT_EQ(counts.dismissed, 1u);
  EXPECT_EQ(counts.flows, 0u);
}

TEST(FlowLimits, TheRestOfADirectionIsCounted) {
  SegmentScript script;
  script.handshake();
  for (int i = 0; i < 10; ++i) script.a(std::string(100, 'x'));
  script.b("yes").fin(Side::a).fin(Side::b);
  const auto flows = run_table(script.segments(), {.max_flow_bytes = 250});
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].bytes[0].size(), 250u);
  EXPECT_EQ(flows[0].num_bytes[0], 1000u);
  EXPECT_EQ(flows[0].num_not_kept[0], 750u);
  EXPECT_EQ(as_text(flows[0].bytes[1]), "yes");
  EXPECT_EQ(flows[0].end, FlowEnd::closed);
}

TEST(FlowLimits, AForgedResetDoesNotEndIt) {
  Told told({});
  told.at(0, 1, "", tcp_flag::kSyn, 100).at(0.1, 1, "one", 0, 101).at(0.2, 1, "", tcp_flag::kRst, 104);
  for (int i = 0; i < 5; ++i) told.at(1 + 0.5 * i, 1, "more", 0, static_cast<uint32_t>(104 + 4 * i));
  EXPECT_EQ(ends(told.flows), "");
  told.at(9, 2, "x");
  EXPECT_EQ(ends(told.flows), "1:reset ");
  EXPECT_EQ(told.flows[0].bytes[0].size(), 23u);
}

TEST(FlowLimits, AClockThatIsSetBackBreaksNothing) {
  Told told({.idle_ns = 10 * kSecond});
  told.at(5000, 1, "x").at(1000, 2, "x").at(1001, 1, "x").at(1009, 3, "x");
  EXPECT_EQ(ends(told.flows), "");
  told.at(1012, 3, "x");  // time goes on from there
  EXPECT_EQ(ends(told.flows), "2:idle 1:idle ");
  told.at(1011, 4, "x").at(-1.7e9, 4, "x").at(7e9, 4, "x");  // a little late; before 1970; after all
  EXPECT_EQ(told.finish(), "2:idle 1:idle 3:idle 4:idle 4:end of capture ");
}

TEST(FlowLimits, TheEmitterMayKeepTheFlow) {
  std::vector<Flow> kept;
  FlowTable table({}, [&](Flow& flow) { std::swap(kept.emplace_back(), flow); }, &wants_all);
  for (uint32_t round = 0; round < 3; ++round) {
    SegmentScript script(round * 100'000, round * 50'000);
    script.handshake().a(std::string(3000, 'x')).b("yes");
    for (const Segment& segment : script.segments()) table.add(segment);
  }
  table.finish();
  ASSERT_EQ(kept.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(kept[i].id, i);
    EXPECT_EQ(kept[i].bytes[0].size(), 3000u);
    EXPECT_EQ(as_text(kept[i].bytes[1]), "yes");
  }
}

}  // namespace
}  // namespace tlsproof::capture
