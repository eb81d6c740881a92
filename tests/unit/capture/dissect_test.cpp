// Frames against the segment in them.
#include "tlsproof/capture/dissect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frames.h"

namespace tlsproof::capture {
namespace {

using namespace frames;
using ::testing::ElementsAre;

Bytes from_hex_or_die(std::string_view hex) {
  const auto bytes = from_hex(hex);
  EXPECT_TRUE(bytes) << hex;
  return bytes.value_or(Bytes{});
}

struct Seen {
  bool found = false;
  Bytes payload;  // what segment.payload borrows
  Segment segment;
  DissectCounts counts;
};
Seen dissect_one(uint16_t link_type, ByteView frame, uint32_t original_len = 0) {
  Dissector dissector;
  Seen seen;
  Packet packet;
  packet.number = 7;
  packet.time_ns = 9;
  packet.link_type = link_type;
  packet.original_len = original_len != 0 ? original_len : static_cast<uint32_t>(frame.size());
  packet.bytes = frame;
  // What an earlier packet left there must not show.
  std::memset(static_cast<void*>(&seen.segment.from), 0xee, 2 * sizeof(Endpoint));
  seen.segment.flags = 0xee;
  seen.segment.sequence = seen.segment.acknowledgment = seen.segment.network = 0xeeeeeeee;
  seen.found = dissector.dissect(packet, seen.segment);
  if (seen.found) {
    seen.payload = to_bytes(seen.segment.payload);
    seen.segment.payload = seen.payload;
  }
  seen.counts = dissector.counts();
  return seen;
}

struct Way {
  const char* name;
  uint16_t link_type;
  Bytes frame;
};
// Every way to the same segment: 10.0.0.1:40000 -> 10.0.0.2:443 with "hello".
std::vector<Way> ways_to_ipv4() {
  const Bytes ip = ipv4(tcp());
  const Bytes ppp = big16(0x0021) + ip;
  const Bytes sll = from_hex_or_die("0000 0001 0006 020000000001 0000");
  const auto gre = [](uint16_t flags, uint16_t type, const Bytes& rest) {
    return ethernet(0x0800, ipv4(big16(flags) + big16(type) + rest, {.protocol = 47}));
  };
  return {
      {"Ethernet", 1, plain_frame()},
      {"padded to the least length", 1, ethernet(0x0800, ip) + Bytes(20, 0xee)},
      {"IPv4 options", 1, ethernet(0x0800, ipv4(tcp(), {.num_option_words = 10}))},
      {"TCP options", 1, ethernet(0x0800, ipv4(tcp(kHello, 10)))},
      {"total length 0: cut in segments by the card", 1, ethernet(0x0800, ipv4(tcp(), {.len = 0}))},
      {"don't fragment", 1, ethernet(0x0800, ipv4(tcp(), {.fragment = 0x4000}))},
      {"SNAP", 1, ethernet(static_cast<uint16_t>(8 + ip.size()), from_hex_or_die("aaaa03 000000 0800") + ip)},
      {"priority tag", 1, ethernet(0x8100, vlan(0xe000, 0x0800, ip))},
      {"null, little-endian", 0, from_hex_or_die("02000000") + ip},
      {"null, big-endian", 0, from_hex_or_die("00000002") + ip},
      {"loop", 108, from_hex_or_die("00000002") + ip},
      {"raw", 101, ip},
      {"raw of BSD", 12, ip},
      {"raw of OpenBSD", 14, ip},
      {"IPv4", 228, ip},
      {"SLL", 113, sll + big16(0x0800) + ip},
      {"SLL2", 276, big16(0x0800) + Bytes(18) + ip},
      {"PPP", 9, ppp},
      {"PPP with address and control", 9, from_hex_or_die("ff03") + ppp},
      {"PPP with a short protocol", 9, Bytes{0x21} + ip},
      {"PPP in HDLC", 50, from_hex_or_die("ff03") + ppp},
      {"Cisco HDLC", 50, from_hex_or_die("0f00 0800") + ip},
      {"MPLS", 1, ethernet(0x8847, from_hex_or_die("000100ff 000201ff") + ip)},
      {"MPLS pseudowire", 1, ethernet(0x8848, from_hex_or_die("000101ff 00000000") + plain_frame())},
      {"authentication header", 1,
       ethernet(0x0800, ipv4(from_hex_or_die("06 04 0000") + Bytes(20) + tcp(), {.protocol = 51}))},
      {"IPv4 in IPv4", 1, ethernet(0x0800, ipv4(ip, {.protocol = 4}))},
      {"IPv4 in IPv6", 1, ethernet(0x86dd, ipv6(ip, 4))},
      {"MPLS in IP", 1, ethernet(0x0800, ipv4(from_hex_or_die("000101ff") + ip, {.protocol = 137}))},
      {"EtherIP", 1, ethernet(0x0800, ipv4(from_hex_or_die("3000") + plain_frame(), {.protocol = 97}))},
      {"GRE", 1, gre(0, 0x0800, ip)},
      {"GRE with a check sum and a sequence number", 1, gre(0x9000, 0x0800, Bytes(8) + ip)},
      {"GRE with Ethernet", 1, gre(0, 0x6558, plain_frame())},
      {"PPTP", 1, gre(0x3081, 0x880b, Bytes(12) + from_hex_or_die("ff03") + ppp)},
      {"ERSPAN I", 1, gre(0, 0x88be, plain_frame())},
      // VNI and keys of 0 are identifiers all the same: see OtherNetworks.
  };
}

TEST(Dissect, EveryWayToTheSameSegment) {
  for (const auto& [name, link_type, frame] : ways_to_ipv4()) {
    SCOPED_TRACE(name);
    const Seen seen = dissect_one(link_type, frame);
    ASSERT_TRUE(seen.found);
    const Segment& s = seen.segment;
    EXPECT_EQ(to_text(s.from), "10.0.0.1:40000");
    EXPECT_EQ(to_text(s.to), "10.0.0.2:443");
    EXPECT_EQ(s.from.ip.bytes, (std::array<uint8_t, 16>{10, 0, 0, 1}));
    EXPECT_EQ(s.protocol, Protocol::tcp);
    EXPECT_EQ(s.sequence, 0x01020304U);
    EXPECT_EQ(s.acknowledgment, 0x05060708U);
    EXPECT_EQ(s.flags, tcp_flag::kPsh | tcp_flag::kAck);
    EXPECT_EQ(as_text(s.payload), "hello");
    EXPECT_EQ(s.payload_len, 5U);
    EXPECT_EQ(s.network, 0U);
    EXPECT_EQ(s.packet, 7U);
    EXPECT_EQ(s.time_ns, 9);
  }
}

// Cut off anywhere it either gives what was captured of the payload, or is counted as malformed: never anything else.
TEST(Dissect, EveryPrefixOfEveryWay) {
  for (const auto& [name, link_type, frame] : ways_to_ipv4()) {
    SCOPED_TRACE(name);
    for (size_t len = 0; len < frame.size(); ++len) {
      const Bytes cut = to_bytes(ByteView(frame).first(len));  // so that a read beyond it is seen
      const Seen seen = dissect_one(link_type, cut, static_cast<uint32_t>(frame.size()));
      if (seen.found && seen.segment.from.port == 40000) {
        EXPECT_EQ(seen.segment.payload_len, 5U);
        EXPECT_TRUE(std::string_view("hello").starts_with(as_text(seen.segment.payload)));
      }
      EXPECT_EQ(seen.found ? 0U : 1U,
                seen.counts.malformed + seen.counts.other_network + seen.counts.other_protocol + seen.counts.fragments);
    }
  }
}

TEST(Dissect, Ipv6AndItsExtensionHeaders) {
  const Bytes options = from_hex_or_die("06 00 0104 00000000");  // next: TCP; PadN
  const struct {
    const char* name;
    Bytes frame;
  } cases[] = {
      {"plain", ipv6(tcp())},
      {"length 0", ipv6(tcp(), 6, 0)},
      {"hop by hop", ipv6(options + tcp(), 0)},
      {"destination options", ipv6(options + tcp(), 60)},
      {"routing", ipv6(from_hex_or_die("06 02 0400 00000000") + Bytes(16) + tcp(), 43)},
      {"mobility, host identity, shim6",
       ipv6(from_hex_or_die("8b00 0000 00000000 8c00 0000 00000000 0600 0000 00000000") + tcp(), 135)},
      {"authentication", ipv6(from_hex_or_die("06 04 0000") + Bytes(20) + tcp(), 51)},
      {"several", ipv6(from_hex_or_die("3c00 0104 00000000") + options + tcp(), 0)},
      {"atomic fragment", ipv6(from_hex_or_die("0600 0000 00000001") + tcp(), 44)},
      {"jumbogram", ipv6(from_hex_or_die("0600 c204 00000021") + tcp(), 0, 0)},
  };
  for (const auto& [name, frame] : cases) {
    for (const Bytes& padded : {frame, frame + Bytes(6, 0xee)}) {
      if (std::string_view(name) == "length 0" && padded.size() != frame.size()) continue;  // it takes all there is
      const Seen seen = dissect_one(1, ethernet(0x86dd, padded));
      ASSERT_TRUE(seen.found) << name;
      EXPECT_EQ(to_text(seen.segment.from), "[2001:db8::1]:40000") << name;
      EXPECT_EQ(to_text(seen.segment.to), "[2001:db8::2]:443") << name;
      EXPECT_EQ(as_text(seen.segment.payload), "hello") << name;
    }
  }
  for (const uint8_t family : {uint8_t{10}, uint8_t{23}, uint8_t{24}, uint8_t{28}, uint8_t{30}}) {
    EXPECT_TRUE(dissect_one(0, Bytes{family, 0, 0, 0} + ipv6(tcp())).found);
    EXPECT_TRUE(dissect_one(108, Bytes{0, 0, 0, family} + ipv6(tcp())).found);
  }
  EXPECT_TRUE(dissect_one(9, big16(0x0057) + ipv6(tcp())).found);
  EXPECT_TRUE(dissect_one(229, ipv6(tcp())).found);
  EXPECT_TRUE(dissect_one(1, ethernet(0x0800, ipv4(ipv6(tcp()), {.protocol = 41}))).found);
}

TEST(Dissect, Datagrams) {
  Seen seen = dissect_one(1, ethernet(0x0800, ipv4(udp(), {.protocol = 17})) + Bytes(9));
  ASSERT_TRUE(seen.found);
  EXPECT_EQ(seen.segment.protocol, Protocol::udp);
  EXPECT_EQ(to_text(seen.segment.from), "10.0.0.1:40000");
  EXPECT_EQ(to_text(seen.segment.to), "10.0.0.2:443");
  EXPECT_EQ(as_text(seen.segment.payload), "hello");
  EXPECT_EQ(seen.segment.flags, 0);
  EXPECT_EQ(seen.segment.sequence, 0U);

  Bytes bytes = udp();
  bytes[5] = 14;  // a byte more than the datagram has
  EXPECT_EQ(dissect_one(1, ethernet(0x0800, ipv4(bytes, {.protocol = 17}))).counts.malformed, 1U);
  bytes[5] = 7;
  EXPECT_EQ(dissect_one(1, ethernet(0x0800, ipv4(bytes, {.protocol = 17}))).counts.malformed, 1U);
  bytes[5] = 0;
  seen = dissect_one(1, ethernet(0x0800, ipv4(bytes, {.protocol = 17})));
  ASSERT_TRUE(seen.found);
  EXPECT_EQ(as_text(seen.segment.payload), "hello");

  // Cut off: what was captured, and what was sent.
  const Bytes frame = ethernet(0x0800, ipv4(udp(), {.protocol = 17}));
  seen = dissect_one(1, ByteView(frame).first(frame.size() - 3), static_cast<uint32_t>(frame.size()));
  ASSERT_TRUE(seen.found);
  EXPECT_EQ(as_text(seen.segment.payload), "he");
  EXPECT_EQ(seen.segment.payload_len, 5U);
}

TEST(Dissect, SaysWhyThereIsNoSegment) {
  Bytes short_header = tcp();
  short_header[12] = 0x40;
  Bytes long_header = tcp();
  long_header[12] = 0xf0;
  Bytes version = ipv4(tcp());
  version[0] = 0x55;
  using Count = uint64_t DissectCounts::*;
  const struct {
    const char* name;
    uint16_t link_type;
    Bytes frame;
    Count count;
  } cases[] = {
      {"802.11", 105, plain_frame(), &DissectCounts::other_link},
      {"ARP", 1, ethernet(0x0806, Bytes(28)), &DissectCounts::other_network},
      {"spanning tree", 1, ethernet(38, from_hex_or_die("424203") + Bytes(35)), &DissectCounts::other_network},
      {"PPPoE discovery", 1, ethernet(0x8864, from_hex_or_die("1109 0000 0000")), &DissectCounts::other_network},
      {"PPP LCP", 9, from_hex_or_die("ff03 c021 01"), &DissectCounts::other_network},
      {"AppleTalk", 0, from_hex_or_die("10000000 00"), &DissectCounts::other_network},
      {"ICMP", 1, ethernet(0x0800, ipv4(Bytes(8), {.protocol = 1})), &DissectCounts::other_protocol},
      {"ESP", 1, ethernet(0x86dd, ipv6(Bytes(40), 50)), &DissectCounts::other_protocol},
      {"no next header", 1, ethernet(0x86dd, ipv6(Bytes(40), 59)), &DissectCounts::other_protocol},
      {"GRE with a source route", 1, ethernet(0x0800, ipv4(big32(0x40000800) + Bytes(40), {.protocol = 47})),
       &DissectCounts::other_protocol},
      {"TCP header too short", 1, ethernet(0x0800, ipv4(short_header)), &DissectCounts::malformed},
      {"TCP header beyond the end", 1, ethernet(0x0800, ipv4(long_header)), &DissectCounts::malformed},
      {"IP version", 1, ethernet(0x0800, version), &DissectCounts::malformed},
      {"IP length", 1, ethernet(0x0800, ipv4(tcp(), {.len = 19})), &DissectCounts::malformed},
      {"version of raw", 101, Bytes(60, 0x70), &DissectCounts::malformed},
      {"nothing at all", 101, {}, &DissectCounts::malformed},
      {"PPPoE longer than the frame", 1, ethernet(0x8864, from_hex_or_die("1100 0001 00ff 0021") + ipv4(tcp())),
       &DissectCounts::malformed},
      {"jumbogram shorter than its options", 1,
       ethernet(0x86dd, ipv6(from_hex_or_die("0600 c204 00000007") + tcp(), 0, 0)), &DissectCounts::malformed},
  };
  for (const auto& [name, link_type, frame, count] : cases) {
    const Seen seen = dissect_one(link_type, frame);
    EXPECT_FALSE(seen.found) << name;
    const DissectCounts& c = seen.counts;
    EXPECT_EQ(c.*count, 1U) << name;
    EXPECT_EQ(c.other_link + c.other_network + c.other_protocol + c.malformed + c.fragments + c.fragments_lost, 1U)
        << name;
  }
}

// The same addresses in different networks are told apart; the two directions of a flow are in the same.
TEST(Dissect, Networks) {
  const Bytes ip = ipv4(tcp());
  const auto gre = [&](uint32_t key, uint16_t type, const Bytes& rest) {
    return ethernet(0x0800, ipv4(big16(0x2000) + big16(type) + big32(key) + rest, {.protocol = 47}));
  };
  const auto vxlan = [&](uint32_t vni, uint16_t port, uint8_t sender = 1) {
    return ethernet(
        0x0800, ipv4(udp(Bytes{8, 0, 0, 0} + big32(vni << 8) + plain_frame(), port), {.protocol = 17, .host = sender}));
  };
  const auto geneve = [&](uint32_t vni) {
    return ethernet(0x0800, ipv4(udp(from_hex_or_die("01006558") + big32(vni << 8) + Bytes(4) + plain_frame(), 6081),
                                 {.protocol = 17}));
  };
  const auto erspan2 = [&](uint16_t session) {
    return ethernet(0x0800, ipv4(from_hex_or_die("1000 88be 00000001 1001") + big16(session) + Bytes(4) + plain_frame(),
                                 {.protocol = 47}));
  };
  const auto erspan3 = [&](uint16_t session, bool subheader) {
    return ethernet(0x0800, ipv4(from_hex_or_die("1000 22eb 00000001 2001") + big16(session) + Bytes(6) +
                                     big16(subheader ? 1 : 0) + Bytes(subheader ? 8 : 0) + plain_frame(),
                                 {.protocol = 47}));
  };
  const Bytes pppoe = ethernet(0x8864, from_hex_or_die("1100 0007 002f 0021") + ip + Bytes(5));
  const std::vector<Bytes> all = {
      ethernet(0x0800, ip),
      ethernet(0x8100, vlan(5, 0x0800, ip)),
      ethernet(0x8100, vlan(6, 0x0800, ip)),
      ethernet(0x88a8, vlan(5, 0x8100, vlan(6, 0x0800, ip))),
      ethernet(0x9100, vlan(6, 0x8100, vlan(5, 0x0800, ip))),
      ethernet(0x8100, vlan(5, 0x8100, vlan(5, 0x8100, vlan(5, 0x0800, ip)))),
      gre(5, 0x0800, ip),
      gre(0, 0x0800, ip),
      gre(6, 0x6558, plain_frame()),
      vxlan(5, 4789),
      vxlan(0, 8472),
      geneve(5),
      geneve(0x123456),
      erspan2(5),
      erspan2(6),
      pppoe,
      ethernet(0x0800, ipv4(udp(from_hex_or_die("0c000003 00000700") + plain_frame(), 4790), {.protocol = 17})),
  };
  std::vector<uint32_t> networks;
  for (const Bytes& frame : all) {
    const Seen seen = dissect_one(1, frame);
    ASSERT_TRUE(seen.found) << to_hex(frame);
    EXPECT_EQ(to_text(seen.segment.from), "10.0.0.1:40000");
    EXPECT_EQ(as_text(seen.segment.payload), "hello") << to_hex(frame);
    EXPECT_THAT(networks, ::testing::Not(::testing::Contains(seen.segment.network)));
    networks.push_back(seen.segment.network);
  }
  const auto network = [](const Bytes& frame) { return dissect_one(1, frame).segment.network; };
  EXPECT_EQ(network(vxlan(5, 4789, 1)), network(vxlan(5, 4789, 9)));  // outer addresses are the way, not the network
  EXPECT_EQ(network(vxlan(5, 4789)), network(vxlan(5, 8472)));
  // Priority bits are not part of a VLAN id.
  EXPECT_EQ(network(ethernet(0x8100, vlan(5, 0x0800, ip))), network(ethernet(0x8100, vlan(0xe005, 0x0800, ip))));
  // NVGRE: the lowest byte is a hash of the flow, another in each direction.
  EXPECT_EQ(network(gre(0x12345601, 0x6558, plain_frame())), network(gre(0x12345602, 0x6558, plain_frame())));
  EXPECT_NE(network(gre(0x12345601, 0x0800, ip)), network(gre(0x12345602, 0x0800, ip)));
  EXPECT_EQ(network(erspan3(5, false)), network(erspan3(5, true)));
}

// A datagram that only happens to have the port of a tunnel stays one.
TEST(Dissect, DatagramsToPortsOfTunnels) {
  const struct {
    uint16_t port;
    const char* begins;
  } cases[] = {{4789, "c0000000010801020304050607080000"},
               {4789, "16fefd0000000000000000"},
               {4789, "08000000 000005"},
               {8472, "4000000000000000000000"},
               {6081, "c000655800000500"},
               {6081, "0000888800000500"},
               {6081, "3f00655800000500"},
               {4790, "0c000009 00000500"},
               {4789, ""}};
  for (const auto& [port, begins] : cases) {
    const Bytes payload = from_hex_or_die(begins);
    const Seen seen = dissect_one(1, ethernet(0x0800, ipv4(udp(payload, port), {.protocol = 17})));
    ASSERT_TRUE(seen.found) << begins;
    EXPECT_EQ(to_bytes(seen.segment.payload), payload);
    EXPECT_EQ(seen.segment.to.port, port);
    EXPECT_EQ(seen.segment.network, 0U);
  }
}

TEST(Dissect, TunnelsInTunnelsAreBounded) {
  Bytes ip = ipv4(tcp());
  for (int depth = 1; depth <= 300; ++depth) {
    ip = ipv4(ip, {.protocol = 4});
    const Seen seen = dissect_one(101, ip);
    EXPECT_EQ(seen.found, depth < 8) << depth;
    EXPECT_EQ(seen.counts.other_protocol, depth < 8 ? 0U : 1U);
  }
  Bytes labels = plain_frame();
  for (int depth = 0; depth < 300; ++depth) labels = ethernet(0x8847, from_hex_or_die("000101ff 00000000") + labels);
  EXPECT_FALSE(dissect_one(1, labels).found);
  Bytes tags = ipv4(tcp());
  uint16_t type = 0x0800;
  for (int depth = 0; depth < 300; ++depth) {
    tags = vlan(5, type, tags);
    type = 0x8100;
  }
  EXPECT_TRUE(dissect_one(1, ethernet(0x8100, tags)).found);
}

}  // namespace
}  // namespace tlsproof::capture
