#include "tlsproof/capture/dissect.h"

#include <arpa/inet.h>

#include <charconv>

#include <algorithm>

#include "dissect_walk.h"

namespace tlsproof::capture {
namespace {

// RFC 9293 §3.1
bool dissect_tcp(Walk& walk, const Slice& slice) {
  if (!slice.has(20)) return walk.malformed();
  const size_t header_len = size_t{slice.u8(12)} / 16 * 4;
  if (header_len < 20 || !slice.has(header_len)) return walk.malformed();
  Segment& out = walk.out;
  out.protocol = Protocol::tcp;
  out.from.port = slice.u16(0);
  out.to.port = slice.u16(2);
  out.sequence = slice.u32(4);
  out.acknowledgment = slice.u32(8);
  out.flags = slice.u8(13);
  out.payload = {slice.data + header_len, slice.captured - header_len};
  out.payload_len = slice.len - header_len;
  return true;
}

// RFC 768
bool dissect_udp(Walk& walk, Slice slice) {
  if (!slice.has(8)) return walk.malformed();
  const uint16_t from = slice.u16(0), to = slice.u16(2);
  const size_t len = slice.u16(4);
  // 0: longer than the field can say (RFC 2675 §4), or left to the network card.
  if (len != 0) {
    if (len < 8 || len > slice.len) return walk.malformed();
    slice.set_len(len);
  }
  slice.skip(8);
  if (const std::optional<bool> tunnelled = dissect_udp_tunnel(walk, to, slice)) return *tunnelled;
  Segment& out = walk.out;
  out.protocol = Protocol::udp;
  out.from.port = from;
  out.to.port = to;
  out.sequence = out.acknowledgment = 0;
  out.flags = 0;
  out.payload = {slice.data, slice.captured};
  out.payload_len = slice.len;
  return true;
}

}  // namespace

struct Dissector::Fragments {
  FragmentTable table;
};

Dissector::Dissector() : fragments_(std::make_unique<Fragments>()) {}
Dissector::~Dissector() = default;

bool Dissector::dissect(const Packet& packet, Segment& out) {
  Walk walk{packet, out, counts_, fragments_->table};
  if (!dissect_link(
          walk, packet.link_type,
          {packet.bytes.data(), packet.bytes.size(), std::max<size_t>(packet.original_len, packet.bytes.size())}))
    return false;
  out.network = walk.network;
  out.packet = packet.number;
  out.time_ns = packet.time_ns;
  return true;
}

bool dissect_protocol(Walk& walk, uint8_t protocol, Slice slice) {
  if (protocol == ip_protocol::kTcp) [[likely]]
    return dissect_tcp(walk, slice);
  switch (protocol) {
    case ip_protocol::kUdp:
      return dissect_udp(walk, slice);
    case ip_protocol::kGre:
      return dissect_gre(walk, slice);
    case ip_protocol::kIpv4:
      return walk.enter() ? dissect_ipv4(walk, slice) : walk.other_protocol();
    case ip_protocol::kIpv6:
      return walk.enter() ? dissect_ipv6(walk, slice) : walk.other_protocol();
    case ip_protocol::kMplsInIp:  // RFC 4023 §3
      return dissect_mpls(walk, slice);
    case ip_protocol::kEtherIp:  // RFC 3378 §2
      if (!slice.has(2) || slice.u8(0) >> 4 != 3) return walk.malformed();
      if (!walk.enter()) return walk.other_protocol();
      slice.skip(2);
      return dissect_ethernet(walk, slice);
    case ip_protocol::kAuthentication: {
      // RFC 4302 §2; IPv6 has it among the extension headers.
      if (!slice.has(12)) return walk.malformed();
      const uint8_t next = slice.u8(0);
      const size_t len = (size_t{slice.u8(1)} + 2) * 4;
      if (!slice.has(len) || next == ip_protocol::kAuthentication) return walk.malformed();
      slice.skip(len);
      return dissect_protocol(walk, next, slice);
    }
    default:
      return walk.other_protocol();
  }
}

std::string to_text(const Endpoint& endpoint) {
  std::string text;
  const auto number = [&](unsigned value) {
    std::array<char, 10> digits{};
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  };
  if (endpoint.ip.is_v6) {
    char address[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET6, endpoint.ip.bytes.data(), address, sizeof(address));
    text = std::string("[") + address + ']';
  } else {  // twice a flow: inet_ntop would cost more than all of dissecting a packet
    for (size_t i = 0; i < 4; ++i) {
      if (i > 0) text += '.';
      number(endpoint.ip.bytes[i]);
    }
  }
  text += ':';
  number(endpoint.port);
  return text;
}

}  // namespace tlsproof::capture
