// IP datagrams in pieces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "frames.h"
#include "tlsproof/capture/dissect.h"

namespace tlsproof::capture {
namespace {

using namespace frames;

const Bytes kText = to_bytes("a text that is long enough to be sent in several pieces of eight bytes each");

// One Dissector and what it was given; frames live as long as it does.
struct Stream {
  Dissector dissector;
  Segment segment;
  uint64_t number = 0;
  std::string seen;  // the payloads that came out, each followed by '|'

  void frame(ByteView bytes, int64_t time_ns = 0, uint32_t original_len = 0) {
    Packet packet;
    packet.number = ++number;
    packet.time_ns = time_ns;
    packet.link_type = 1;
    packet.original_len = original_len != 0 ? original_len : static_cast<uint32_t>(bytes.size());
    packet.bytes = bytes;
    if (!dissector.dissect(packet, segment)) return;
    EXPECT_EQ(segment.packet, number);
    seen += std::string(as_text(segment.payload)) + "|";
  }
};

struct Cut {
  size_t begin, end;
  bool last = false;
};

Bytes piece4(ByteView datagram, Cut cut, Ipv4 f = {.protocol = 17}) {
  f.fragment = static_cast<uint16_t>((cut.last ? 0 : 0x2000) | cut.begin / 8);
  return ethernet(0x0800, ipv4(datagram.subspan(cut.begin, cut.end - cut.begin), f));
}
Bytes piece6(ByteView datagram, Cut cut, uint32_t id = 1) {
  const auto field = static_cast<uint16_t>(cut.begin | (cut.last ? 0 : 1));
  return ethernet(0x86dd,
                  ipv6(Bytes{17, 0} + big16(field) + big32(id) + datagram.subspan(cut.begin, cut.end - cut.begin), 44));
}

TEST(Fragments, ArePutTogetherInAnyOrder) {
  const Bytes datagram = udp(kText);
  const size_t end = datagram.size();
  std::vector<Cut> cuts = {{0, 16}, {16, 24}, {24, 64}, {64, end, true}};
  std::ranges::sort(cuts, {}, &Cut::begin);
  do {
    Stream run;
    for (const Cut& cut : cuts) run.frame(piece4(datagram, cut));
    for (const Cut& cut : cuts) run.frame(piece6(datagram, cut));
    const std::string text(as_text(kText));
    EXPECT_EQ(run.seen, text + "|" + text + "|");
    EXPECT_EQ(to_text(run.segment.from), "[2001:db8::1]:40000");
    EXPECT_EQ(run.segment.payload_len, kText.size());
    EXPECT_EQ(run.dissector.counts().fragments, 8U);
    EXPECT_EQ(run.dissector.counts().fragments_lost, 0U);
  } while (std::ranges::next_permutation(cuts, {}, &Cut::begin).found);
}

TEST(Fragments, OfDifferentDatagramsDoNotMix) {
  const Bytes datagram = udp(kText);
  const Cut first = {0, 40}, second = {40, datagram.size(), true};
  const Bytes other_vlan = [&] {
    Bytes frame = piece4(datagram, second);
    const Bytes ip = to_bytes(ByteView(frame).subspan(14));
    return ethernet(0x8100, vlan(5, 0x0800, ip));
  }();
  const Bytes others[] = {piece4(datagram, second, {.protocol = 17, .id = 2}),
                          piece4(datagram, second, {.protocol = 6}),
                          piece4(datagram, second, {.protocol = 17, .host = 3}), piece6(datagram, second), other_vlan};
  for (const Bytes& other : others) {
    Stream run;
    run.frame(piece4(datagram, first));
    run.frame(other);
    EXPECT_EQ(run.seen, "");
    run.frame(piece4(datagram, second));
    EXPECT_EQ(run.seen, std::string(as_text(kText)) + "|");
  }
}

// RFC 5722 §4: a datagram with overlapping pieces is dropped whole, and what else comes of it.
TEST(Fragments, ThatContradictEachOtherAreDropped) {
  const Bytes datagram = udp(kText);
  const size_t end = datagram.size();
  Bytes other = datagram;
  other[20] ^= 1;
  const std::vector<std::vector<Bytes>> cases = {
      {piece4(datagram, {0, 40}), piece4(datagram, {32, end, true})},                             // overlap
      {piece4(datagram, {32, end, true}), piece4(datagram, {0, 40})},                             // the other way round
      {piece4(datagram, {0, 40}), piece4(datagram, {8, 16}), piece4(datagram, {40, end, true})},  // within
      {piece4(datagram, {0, 40}), piece4(other, {0, 40}), piece4(datagram, {40, end, true})},     // other bytes
      {piece4(datagram, {40, 64, true}), piece4(datagram, {64, end, true}), piece4(datagram, {0, 40})},  // two ends
      {piece4(datagram, {40, 64, true}), piece4(datagram, {64, 72}), piece4(datagram, {0, 40})},   // beyond the end
      {piece4(datagram, {0, 39}), piece4(datagram, {40, end, true})},                              // no multiple of 8
      {piece4(datagram, {0, 40}), piece4(datagram, {40, 40}), piece4(datagram, {40, end, true})},  // empty
      {piece6(datagram, {0, 40}), piece6(datagram, {32, end, true}), piece6(datagram, {40, end, true})},
  };
  for (const auto& frames : cases) {
    Stream run;
    for (const Bytes& frame : frames) run.frame(frame);
    EXPECT_EQ(run.seen, "") << &frames - cases.data();
    EXPECT_EQ(run.dissector.counts().fragments_lost, 1U) << &frames - cases.data();
  }
}

TEST(Fragments, TheSamePieceTwiceIsNoContradiction) {
  const Bytes datagram = udp(kText);
  Stream run;
  run.frame(piece4(datagram, {0, 40}));
  run.frame(piece4(datagram, {0, 40}));
  run.frame(piece4(datagram, {40, datagram.size(), true}));
  EXPECT_EQ(run.seen, std::string(as_text(kText)) + "|");
}

TEST(Fragments, ThatTheCaptureCutOffAreLost) {
  const Bytes datagram = udp(kText);
  const Bytes frame = piece4(datagram, {0, 40});
  Stream run;
  run.frame(ByteView(frame).first(frame.size() - 1), 0, static_cast<uint32_t>(frame.size()));
  run.frame(piece4(datagram, {40, datagram.size(), true}));
  EXPECT_EQ(run.seen, "");
  EXPECT_EQ(run.dissector.counts().fragments_lost, 1U);
}

TEST(Fragments, AreKeptForHalfAMinute) {
  const Bytes datagram = udp(kText);
  const Cut first = {0, 40}, second = {40, datagram.size(), true};
  constexpr int64_t kSecond = 1'000'000'000;
  Stream run;
  run.frame(piece4(datagram, first), 0);
  run.frame(piece4(datagram, second), 30 * kSecond);
  EXPECT_EQ(run.seen, std::string(as_text(kText)) + "|");
  run.frame(piece4(datagram, first), 100 * kSecond);
  run.frame(piece4(datagram, second), 131 * kSecond);
  EXPECT_EQ(run.seen, std::string(as_text(kText)) + "|");
  EXPECT_EQ(run.dissector.counts().fragments_lost, 1U);
}

TEST(Fragments, AreBoundedInNumber) {
  const Bytes datagram = udp(kText);
  Stream run;
  for (uint16_t id = 0; id < 5000; ++id) run.frame(piece4(datagram, {0, 40}, {.protocol = 17, .id = id}));
  EXPECT_EQ(run.dissector.counts().fragments_lost, 5000U - 1024);
  // The newest are there.
  run.frame(piece4(datagram, {40, datagram.size(), true}, {.protocol = 17, .id = 4999}));
  EXPECT_EQ(run.seen, std::string(as_text(kText)) + "|");
}

TEST(Fragments, AreBoundedInMemory) {
  const Bytes datagram(65'000, 7);
  Stream run;
  for (uint16_t id = 0; id < 200; ++id) run.frame(piece4(datagram, {64'000, 64'008}, {.protocol = 17, .id = id}));
  // Each takes 64,008 bytes as far as it reaches; 4 MiB of them are held.
  EXPECT_EQ(run.dissector.counts().fragments_lost, 200U - (4U << 20) / 64'008);
}

TEST(Fragments, TunnelsInPiecesWithPiecesInside) {
  const Bytes inner = udp(kText);
  const Cut cuts[] = {{0, 40}, {40, inner.size(), true}};
  Stream run;
  for (const Cut& cut : cuts) {
    const Bytes gre = big32(0x00006558) + piece4(inner, cut, {.protocol = 17, .host = 9});
    const auto id = static_cast<uint16_t>(100 + cut.begin);
    run.frame(piece4(gre, {0, 24}, {.protocol = 47, .id = id}));
    run.frame(piece4(gre, {24, gre.size(), true}, {.protocol = 47, .id = id}));
  }
  EXPECT_EQ(run.seen, std::string(as_text(kText)) + "|");
  EXPECT_EQ(to_text(run.segment.from), "10.0.0.9:40000");
}

}  // namespace
}  // namespace tlsproof::capture
