// Random streams, cut, shuffled, repeated, overlapping and lost at random: what comes out is what went in, and where
// something was lost exactly that is missing.
#include <gtest/gtest.h>

#include <random>

#include "unit/capture/flow_script.h"

namespace tlsproof::capture {
namespace {

using testing::run_table;
using testing::SegmentScript;

struct Sent {
  size_t offset = 0, len = 0;
  bool captured = true;
};

// One direction: its stream and the segments in the order in which they pass.
struct Direction {
  std::string stream;
  std::vector<Sent> sent;
  std::vector<bool> is_captured;  // of each byte
  std::vector<bool> is_received;  // by the other side so far
  size_t received = 0;            // in order
  size_t at = 0;                  // the next segment
};

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}
  size_t below(size_t n) { return static_cast<size_t>(random_() % n); }
  bool one_in(size_t n) { return below(n) == 0; }

  Direction direction(bool loses) {
    Direction made;
    const size_t len = below(5000);
    for (size_t i = 0; i < len; ++i) made.stream += static_cast<char>(random_());
    const size_t largest = 1 + below(400);
    for (size_t at = 0; at < len;) {
      const size_t n = std::min(len - at, 1 + below(largest));
      made.sent.push_back({at, n});
      at += n;
      if (one_in(4)) {  // an overlapping or repeated one
        const size_t from = at - std::min(at, below(2 * largest));
        made.sent.push_back({from, std::min(len - from, 1 + below(2 * largest))});
      }
    }
    for (size_t i = 0; i < made.sent.size(); ++i)  // within a window
      if (one_in(3)) std::swap(made.sent[i], made.sent[std::min(made.sent.size() - 1, i + below(8))]);
    made.is_captured.resize(len);
    made.is_received.resize(len);
    for (Sent& sent : made.sent) {
      sent.captured = !loses || !one_in(12);
      if (!sent.captured) continue;
      for (size_t i = 0; i < sent.len; ++i) made.is_captured[sent.offset + i] = true;
    }
    return made;
  }

 private:
  std::mt19937 random_;
};

// What the table should tell of this direction: the bytes, and what is missing where.
struct Expected {
  std::string bytes;
  std::vector<std::pair<size_t, uint64_t>> gaps;  // offset in bytes, missing
};
Expected expect(const Direction& direction) {
  Expected expected;
  uint64_t missing = 0;
  for (size_t i = 0; i <= direction.stream.size(); ++i) {
    if (i < direction.stream.size() && !direction.is_captured[i]) {
      ++missing;
      continue;
    }
    if (missing != 0) expected.gaps.emplace_back(expected.bytes.size(), missing);
    missing = 0;
    if (i < direction.stream.size()) expected.bytes += direction.stream[i];
  }
  return expected;
}

void pass_one(SegmentScript& script, Side side, std::array<Direction, 2>& both) {
  Direction& from = both[static_cast<size_t>(side)];
  const Sent& sent = from.sent[from.at++];
  // What is captured of a later copy alone must not be acknowledged before: it would be a loss.
  for (size_t i = sent.offset; i < sent.offset + sent.len; ++i)
    if (sent.captured || !from.is_captured[i]) from.is_received[i] = true;
  if (!sent.captured) return;
  Direction& back = both[static_cast<size_t>(other(side))];
  while (back.received < back.stream.size() && back.is_received[back.received]) ++back.received;
  script.data(side, sent.offset, std::string_view(from.stream).substr(sent.offset, sent.len)).ack_to(back.received);
}

void run_one(unsigned seed, bool loses) {
  Generator generator(seed);
  SegmentScript script(generator.one_in(2) ? 0xffffffff - static_cast<uint32_t>(generator.below(5000)) : 7,
                       static_cast<uint32_t>(generator.below(1u << 31)) * 2);
  script.handshake();
  std::array<Direction, 2> both = {generator.direction(loses), generator.direction(loses)};
  for (;;) {
    const bool a_left = both[0].at < both[0].sent.size(), b_left = both[1].at < both[1].sent.size();
    if (!a_left && !b_left) break;
    pass_one(script, !b_left || (a_left && generator.one_in(2)) ? Side::a : Side::b, both);
  }
  for (const Side side : {Side::a, Side::b})
    script.data(side, both[static_cast<size_t>(side)].stream.size(), "", tcp_flag::kFin)
        .ack_to(both[static_cast<size_t>(other(side))].stream.size());
  const auto flows = run_table(script.segments());
  const std::array<Expected, 2> expected = {expect(both[0]), expect(both[1])};
  if (expected[0].bytes.empty() && expected[1].bytes.empty()) return;
  ASSERT_EQ(flows.size(), 1u);
  std::array<Expected, 2> seen;
  uint64_t packet = 0;
  for (const FlowEvent& event : flows[0].events) {
    ASSERT_GE(event.packet, packet);
    packet = event.packet;
    ASSERT_NE(event.kind, FlowEvent::Kind::conflict);
    Expected& side = seen[static_cast<size_t>(event.side)];
    if (event.kind == FlowEvent::Kind::gap) side.gaps.emplace_back(event.bytes.offset, event.missing);
    if (event.kind == FlowEvent::Kind::data) side.bytes += as_text(flows[0].view(event));
  }
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(seen[i].bytes == expected[i].bytes);
    EXPECT_EQ(seen[i].gaps, expected[i].gaps);
    EXPECT_TRUE(as_text(flows[0].bytes[i]) == expected[i].bytes);
  }
  EXPECT_EQ(flows[0].end, FlowEnd::closed);
}

TEST(TcpProperty, WhateverWasCapturedComesOutExactly) {
  for (unsigned seed = 0; seed < 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    run_one(seed, false);
  }
}

TEST(TcpProperty, LossesAreMarkedExactly) {
  for (unsigned seed = 1000; seed < 1400 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    run_one(seed, true);
  }
}

}  // namespace
}  // namespace tlsproof::capture
