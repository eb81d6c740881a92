// Networks within networks: GRE, ERSPAN, VXLAN, Geneve, MPLS.
#include "dissect_walk.h"

namespace tlsproof::capture {
namespace {

// ERSPAN (draft-foschiano-erspan): a mirrored Ethernet frame. Type I has no header of its own, nor a GRE sequence
// number.
bool dissect_erspan(Walk& walk, bool has_sequence, Slice slice) {
  if (has_sequence) {
    if (!slice.has(8)) return walk.malformed();
    walk.mix(Walk::Id::erspan, slice.u16(2) & 0x3ff);  // the mirror's session
    slice.skip(8);
  }
  return dissect_ethernet(walk, slice);
}

bool dissect_erspan3(Walk& walk, Slice slice) {
  if (!slice.has(12)) return walk.malformed();
  walk.mix(Walk::Id::erspan, slice.u16(2) & 0x3ff);
  const uint16_t flags = slice.u16(10);
  const size_t len = (flags & 1) != 0 ? 20 : 12;  // O: a platform specific subheader follows
  if (!slice.has(len)) return walk.malformed();
  slice.skip(len);
  // P and FT: whether the payload is an Ethernet frame (0) or an IP datagram (2).
  const unsigned frame_type = flags >> 10 & 0x1f;
  return frame_type == 2 ? dissect_ip(walk, slice) : dissect_ethernet(walk, slice);
}

bool dissect_gre_payload(Walk& walk, uint16_t type, bool has_sequence, Slice slice) {
  switch (type) {
    case ethertype::kBridging:
      return dissect_ethernet(walk, slice);
    case ethertype::kErspan:
      return dissect_erspan(walk, has_sequence, slice);
    case ethertype::kErspan3:
      return dissect_erspan3(walk, slice);
    case ethertype::kPpp:
      return dissect_ppp(walk, slice);
    default:
      return dissect_ethertype(walk, type, slice);
  }
}

}  // namespace

// RFC 2784 §2, RFC 2890 §2; RFC 2637 §4.1 for version 1 (PPTP).
bool dissect_gre(Walk& walk, Slice slice) {
  if (!walk.enter()) return walk.other_protocol();
  if (!slice.has(4)) return walk.malformed();
  const uint16_t flags = slice.u16(0), type = slice.u16(2);
  const unsigned version = flags & 7;
  const bool has_checksum = (flags & 0x8000) != 0, has_routing = (flags & 0x4000) != 0, has_key = (flags & 0x2000) != 0,
             has_sequence = (flags & 0x1000) != 0, has_acknowledgment = version == 1 && (flags & 0x80) != 0;
  if (version > 1 || has_routing) return walk.other_protocol();  // source routes are of RFC 1701 and gone
  const size_t key_at = has_checksum ? 8 : 4;
  const size_t len = key_at + (has_key ? 4 : 0) + (has_sequence ? 4 : 0) + (has_acknowledgment ? 4 : 0);
  if (!slice.has(len)) return walk.malformed();
  // Version 1 has the length and the receiver's number of the call there: another one in each direction.
  if (has_key && version == 0) {
    uint32_t key = slice.u32(key_at);
    // RFC 7637 §3.2: a subnet of NVGRE (4096 and more), and a hash of the flow, which differs in each direction.
    if (type == ethertype::kBridging && key >= 4096 << 8) key &= 0xffffff00;
    walk.mix(Walk::Id::gre, key);
  }
  slice.skip(len);
  return dissect_gre_payload(walk, type, has_sequence, slice);
}

// RFC 3032 §2.1. Labels are another in each direction, so they tell no networks apart.
bool dissect_mpls(Walk& walk, Slice slice) {
  for (bool bottom = false; !bottom;) {
    if (!slice.has(4)) return walk.malformed();
    bottom = (slice.u8(2) & 1) != 0;
    slice.skip(4);
  }
  if (!walk.enter()) return walk.other_network();
  if (!slice.has(4)) return walk.malformed();
  // Nothing says what follows; RFC 4928 §2 has everybody guess by the first four bits.
  switch (slice.u8(0) >> 4) {
    case 4:
    case 6:
      return dissect_ip(walk, slice);
    case 0:  // RFC 4448 §4.6: the control word of a pseudowire
      slice.skip(4);
      return dissect_ethernet(walk, slice);
    default:
      return walk.other_network();
  }
}

std::optional<bool> dissect_udp_tunnel(Walk& walk, uint16_t port, Slice slice) {
  constexpr uint16_t kVxlan = 4789, kOldVxlan = 8472, kVxlanGpe = 4790, kGeneve = 6081;
  if (!slice.has(8)) return std::nullopt;
  switch (port) {
    case kVxlan:
    case kOldVxlan: {
      // RFC 7348 §5; the G bit and 16 bits of group are those of draft-smith-vxlan-group-policy. A QUIC or DTLS packet
      // to a client with this port never begins like that.
      if ((slice.u8(0) & 0x7f) != 0x08 || slice.u8(7) != 0 || !walk.enter()) return std::nullopt;
      walk.mix(Walk::Id::vxlan, slice.u32(4) >> 8);
      slice.skip(8);
      return dissect_ethernet(walk, slice);
    }
    case kVxlanGpe: {
      // draft-ietf-nvo3-vxlan-gpe §3.1
      const uint8_t next = slice.u8(3);
      if ((slice.u8(0) & 0xf8) != 0x08 || next == 0 || next > 3 || !walk.enter()) return std::nullopt;
      walk.mix(Walk::Id::vxlan, slice.u32(4) >> 8);
      slice.skip(8);
      return next == 3 ? dissect_ethernet(walk, slice) : dissect_ip(walk, slice);
    }
    case kGeneve: {
      // RFC 8926 §3.4: version 0, then the length of the options in words.
      const size_t len = 8 + size_t{slice.u8(0) & 0x3fU} * 4;
      const uint16_t type = slice.u16(2);
      const bool known = type == ethertype::kBridging || type == ethertype::kIpv4 || type == ethertype::kIpv6;
      if (slice.u8(0) >> 6 != 0 || !known || slice.u8(7) != 0 || !slice.has(len) || !walk.enter()) return std::nullopt;
      walk.mix(Walk::Id::geneve, slice.u32(4) >> 8);
      slice.skip(len);
      return type == ethertype::kBridging ? dissect_ethernet(walk, slice) : dissect_ethertype(walk, type, slice);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace tlsproof::capture
