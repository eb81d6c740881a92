// Link layers: from the frame to the network protocol in it.
#include "dissect_walk.h"
#include "file_format.h"

namespace tlsproof::capture {
namespace {

// What stands before Ethernet's type in an IEEE 802.3 frame whose payload has one: SNAP with no organisation.
constexpr uint8_t kSnap[] = {0xaa, 0xaa, 0x03, 0, 0, 0};

bool is_snap(const Slice& slice) {
  return slice.has(8) && __builtin_memcmp(slice.data, kSnap, sizeof(kSnap)) == 0;
}

// LINKTYPE_NULL: the address family of the machine that captured, in its byte order. The number of IPv6 differs from
// system to system; the datagram itself says which it is.
bool dissect_family(Walk& walk, Slice slice) {
  if (!slice.has(4)) return walk.malformed();
  uint32_t family = slice.u32(0);
  if (family > 0xffff) family = __builtin_bswap32(family);
  slice.skip(4);
  switch (family) {
    case 2:
      return dissect_ipv4(walk, slice);
    case 10:  // Linux
    case 23:  // Windows
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:  // macOS
      return dissect_ipv6(walk, slice);
    default:
      return walk.other_network();
  }
}

bool dissect_ppp_hdlc(Walk& walk, Slice slice) {
  if (!slice.has(4)) return walk.malformed();
  // RFC 1547 §4.3.1: Cisco's framing has an Ethernet type.
  if (slice.u8(0) == 0x0f || slice.u8(0) == 0x8f) {
    const uint16_t type = slice.u16(2);
    slice.skip(4);
    return dissect_ethertype(walk, type, slice);
  }
  return dissect_ppp(walk, slice);
}

bool dissect_pppoe(Walk& walk, Slice slice) {
  // RFC 2516 §4: version and type 1, code 0, session, length.
  if (!slice.has(6) || slice.u8(0) != 0x11) return walk.malformed();
  if (slice.u8(1) != 0) return walk.other_network();
  walk.mix(Walk::Id::pppoe, slice.u16(2));
  const size_t len = slice.u16(4);
  slice.skip(6);
  if (len > slice.len) return walk.malformed();
  slice.set_len(len);
  if (!walk.enter()) return walk.malformed();
  return dissect_ppp(walk, slice);
}

}  // namespace

bool can_dissect(uint16_t type) {
  switch (type) {
    case link_type::kNull:
    case link_type::kEthernet:
    case link_type::kPpp:
    case link_type::kRawBsd:
    case link_type::kRawOpenBsd:
    case link_type::kPppHdlc:
    case link_type::kRaw:
    case link_type::kLoop:
    case link_type::kLinuxSll:
    case link_type::kIpv4:
    case link_type::kIpv6:
    case link_type::kLinuxSll2:
      return true;
    default:
      return false;
  }
}

bool dissect_link(Walk& walk, uint16_t type, Slice slice) {
  if (type == link_type::kEthernet) [[likely]]
    return dissect_ethernet(walk, slice);
  switch (type) {
    case link_type::kLinuxSll: {
      if (!slice.has(16)) return walk.malformed();
      const uint16_t protocol = slice.u16(14);
      slice.skip(16);
      return dissect_ethertype(walk, protocol, slice);
    }
    case link_type::kLinuxSll2: {
      if (!slice.has(20)) return walk.malformed();
      const uint16_t protocol = slice.u16(0);
      slice.skip(20);
      return dissect_ethertype(walk, protocol, slice);
    }
    case link_type::kRaw:
    case link_type::kRawBsd:
    case link_type::kRawOpenBsd:
    case link_type::kIpv4:
    case link_type::kIpv6:
      return dissect_ip(walk, slice);
    case link_type::kNull:
    case link_type::kLoop:
      return dissect_family(walk, slice);
    case link_type::kPpp:
      return dissect_ppp(walk, slice);
    case link_type::kPppHdlc:
      return dissect_ppp_hdlc(walk, slice);
    default:
      ++walk.counts.other_link;
      return false;
  }
}

bool dissect_ethernet(Walk& walk, Slice slice) {
  if (!slice.has(14)) return walk.malformed();
  const uint16_t type = slice.u16(12);
  slice.skip(14);
  return dissect_ethertype(walk, type, slice);
}

bool dissect_ethertype(Walk& walk, uint16_t type, Slice slice) {
  for (;;) {
    switch (type) {
      case ethertype::kIpv4:
        return dissect_ipv4(walk, slice);
      case ethertype::kIpv6:
        return dissect_ipv6(walk, slice);
      case ethertype::kVlan:
      case ethertype::kServiceVlan:
      case ethertype::kOldServiceVlan: {
        if (!slice.has(4)) return walk.malformed();
        // IEEE 802.1Q §9.6: 0 is no VLAN, the tag has a priority only.
        if (const uint16_t id = slice.u16(0) & 0xfff; id != 0) walk.mix(Walk::Id::vlan, id);
        type = slice.u16(2);
        slice.skip(4);
        break;
      }
      case ethertype::kMpls:
      case ethertype::kMplsMulticast:
        return dissect_mpls(walk, slice);
      case ethertype::kPppoe:
        return dissect_pppoe(walk, slice);
      default:
        // A length: IEEE 802.3 with LLC, or the kernel's number for that in a cooked capture.
        if (type > 1500 || !is_snap(slice)) return walk.other_network();
        type = slice.u16(6);
        slice.skip(8);
        if (type <= 1500) return walk.other_network();
        break;
    }
  }
}

// RFC 1661 §2 and §6.5, RFC 1662 §3.1: address and control may be left out, and the first byte of the protocol.
bool dissect_ppp(Walk& walk, Slice slice) {
  if (slice.has(2) && slice.u8(0) == 0xff && slice.u8(1) == 0x03) slice.skip(2);
  if (!slice.has(2)) return walk.malformed();
  uint16_t protocol = slice.u8(0);
  if ((protocol & 1) != 0) {
    slice.skip(1);
  } else {
    protocol = slice.u16(0);
    slice.skip(2);
  }
  switch (protocol) {
    case 0x0021:
      return dissect_ipv4(walk, slice);
    case 0x0057:
      return dissect_ipv6(walk, slice);
    case 0x0281:
    case 0x0283:
      return dissect_mpls(walk, slice);
    default:
      return walk.other_network();
  }
}

}  // namespace tlsproof::capture
