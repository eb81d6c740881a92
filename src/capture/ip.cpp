// IPv4 (RFC 791) and IPv6 (RFC 8200).
#include <algorithm>
#include <cstring>

#include "dissect_walk.h"

namespace tlsproof::capture {
namespace {

void set_address(IpAddress& address, const uint8_t* at, bool is_v6) {
  // Four bytes are zeroed and copied whatever comes; the compiler makes two stores of it.
  if (is_v6) {
    std::memcpy(address.bytes.data(), at, 16);
  } else {
    std::memset(address.bytes.data(), 0, 16);
    std::memcpy(address.bytes.data(), at, 4);
  }
  address.is_v6 = is_v6;
}

FragmentTable::Key fragment_key(const Walk& walk) {
  return {.from = walk.out.from.ip.bytes, .to = walk.out.to.ip.bytes, .network = walk.network};
}

bool next_fragment(Walk& walk, const FragmentTable::Key& key, const FragmentTable::Piece& piece) {
  const auto whole = walk.fragments.add(key, piece, walk.packet.time_ns, walk.depth, walk.counts);
  if (!whole) return false;
  return dissect_protocol(walk, whole->next_header, {whole->bytes.data(), whole->bytes.size(), whole->bytes.size()});
}

// RFC 2675 §2: the length of a jumbogram, in the hop-by-hop options, 0 where there is none.
uint32_t jumbo_len(const Slice& options) {
  for (size_t at = 2; at + 2 <= options.captured;) {
    const uint8_t type = options.u8(at);
    if (type == 0) {  // Pad1
      ++at;
      continue;
    }
    const size_t len = options.u8(at + 1);
    if (type == 0xc2 && len == 4 && at + 6 <= options.captured) return options.u32(at + 2);
    at += 2 + len;
  }
  return 0;
}

// RFC 8200 §4: from header to header until one that is no extension. `first` is the type of the one at `slice`.
bool dissect_extensions(Walk& walk, uint8_t type, Slice slice, bool len_is_zero) {
  for (;;) {
    size_t len = 0;
    switch (type) {
      case ip_protocol::kHopByHop:
      case ip_protocol::kRouting:
      case ip_protocol::kDestinationOptions:
      case ip_protocol::kMobility:
      case ip_protocol::kHostIdentity:
      case ip_protocol::kShim6:
        if (!slice.has(8)) return walk.malformed();
        len = (size_t{slice.u8(1)} + 1) * 8;
        break;
      case ip_protocol::kAuthentication:
        if (!slice.has(8)) return walk.malformed();
        len = (size_t{slice.u8(1)} + 2) * 4;  // RFC 4302 §2.2
        break;
      case ip_protocol::kFragment: {
        if (!slice.has(8)) return walk.malformed();
        const uint16_t field = slice.u16(2);
        const bool more = (field & 1) != 0;
        const size_t offset = field & 0xfff8;
        if (offset == 0 && !more) {  // RFC 6946: an atomic fragment is none
          len = 8;
          break;
        }
        FragmentTable::Key key = fragment_key(walk);
        key.id = slice.u32(4);
        key.protocol = FragmentTable::kIpv6;
        const uint8_t next = slice.u8(0);
        slice.skip(8);
        return next_fragment(walk, key,
                             {.offset = offset,
                              .bytes = {slice.data, slice.captured},
                              .last = !more,
                              .cut_off = slice.captured < slice.len,
                              .next_header = next});
      }
      default:
        return dissect_protocol(walk, type, slice);
    }
    if (!slice.has(len)) return walk.malformed();
    if (len_is_zero && type == ip_protocol::kHopByHop) {
      const uint32_t jumbo = jumbo_len({slice.data, len, len});
      if (jumbo != 0 && jumbo < len) return walk.malformed();
      if (jumbo != 0) slice.set_len(jumbo);
    }
    type = slice.u8(0);
    slice.skip(len);
  }
}

}  // namespace

bool dissect_ip(Walk& walk, Slice slice) {
  if (!slice.has(1)) return walk.malformed();
  const unsigned version = slice.u8(0) >> 4;
  if (version == 4) return dissect_ipv4(walk, slice);
  if (version == 6) return dissect_ipv6(walk, slice);
  return walk.malformed();
}

bool dissect_ipv4(Walk& walk, Slice slice) {
  if (!slice.has(20) || slice.u8(0) >> 4 != 4) return walk.malformed();
  const size_t header_len = size_t{slice.u8(0) & 0xfU} * 4;
  size_t len = slice.u16(2);
  if (len == 0) len = slice.len;  // left to the network card, which cuts it in segments: the rest of the frame
  if (header_len < 20 || !slice.has(header_len) || len < header_len) return walk.malformed();
  slice.set_len(len);
  set_address(walk.out.from.ip, slice.data + 12, false);
  set_address(walk.out.to.ip, slice.data + 16, false);
  const uint8_t protocol = slice.u8(9);
  const uint16_t fragment = slice.u16(6);
  const uint16_t id = slice.u16(4);
  slice.skip(header_len);
  if ((fragment & 0x3fff) == 0) [[likely]]
    return dissect_protocol(walk, protocol, slice);
  FragmentTable::Key key = fragment_key(walk);
  key.id = id;
  key.protocol = protocol;
  return next_fragment(walk, key,
                       {.offset = size_t{fragment & 0x1fffU} * 8,
                        .bytes = {slice.data, slice.captured},
                        .last = (fragment & 0x2000) == 0,
                        .cut_off = slice.captured < slice.len,
                        .next_header = protocol});
}

bool dissect_ipv6(Walk& walk, Slice slice) {
  if (!slice.has(40) || slice.u8(0) >> 4 != 6) return walk.malformed();
  const size_t len = slice.u16(4);
  const uint8_t next = slice.u8(6);
  set_address(walk.out.from.ip, slice.data + 8, true);
  set_address(walk.out.to.ip, slice.data + 24, true);
  slice.skip(40);
  // 0: a jumbogram (RFC 2675 §3), or left to the network card as with IPv4.
  if (len != 0) slice.set_len(len);
  if (next == ip_protocol::kTcp || next == ip_protocol::kUdp) [[likely]]
    return dissect_protocol(walk, next, slice);
  return dissect_extensions(walk, next, slice, len == 0);
}

}  // namespace tlsproof::capture
