// One frame on its way from layer to layer. Each function takes what is left of the frame, and returns whether a
// segment was found; where there is none, it has counted why.
#pragma once

#include <bit>
#include <optional>

#include "fragments.h"
#include "tlsproof/capture/dissect.h"

namespace tlsproof::capture {

// What stands in a frame from some header on. The capture may have cut it off: `captured` bytes are there of `len`.
struct Slice {
  const uint8_t* data = nullptr;
  size_t captured = 0;
  size_t len = 0;  // at least `captured`

  // `n` bytes were captured of it.
  [[nodiscard]] bool has(size_t n) const { return captured >= n; }
  void skip(size_t n) {  // has(n)
    data += n;
    captured -= n;
    len -= n;
  }
  // What stands after `n` bytes does not belong to it; a sender's length beyond the frame's is believed.
  void set_len(size_t n) {
    len = n;
    if (captured > n) captured = n;
  }
  [[nodiscard]] uint8_t u8(size_t at) const { return data[at]; }
  [[nodiscard]] uint16_t u16(size_t at) const { return static_cast<uint16_t>(data[at] << 8 | data[at + 1]); }
  [[nodiscard]] uint32_t u32(size_t at) const {
    uint32_t value;
    __builtin_memcpy(&value, data + at, sizeof(value));
    if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
    return value;
  }
};

struct Walk {
  const Packet& packet;
  Segment& out;
  DissectCounts& counts;
  FragmentTable& fragments;
  uint32_t network = 0;  // see Segment
  unsigned depth = 0;    // tunnels entered

  // Another tunnel is entered. False: too many.
  [[nodiscard]] bool enter() { return ++depth < kMaxDepth; }
  // An identifier that tells networks apart.
  enum class Id : uint32_t { vlan = 1, vxlan, geneve, gre, erspan, pppoe };
  void mix(Id kind, uint32_t id) {
    // Murmur3's finalizer over what came before.
    uint32_t h = (network * 31 + static_cast<uint32_t>(kind)) * 0x9e3779b1 ^ id;
    h = (h ^ h >> 16) * 0x85ebca6b;
    h = (h ^ h >> 13) * 0xc2b2ae35;
    network = (h ^ h >> 16) | 1;  // 0 says that there is none
  }

  bool malformed() {
    ++counts.malformed;
    return false;
  }
  bool other_network() {
    ++counts.other_network;
    return false;
  }
  bool other_protocol() {
    ++counts.other_protocol;
    return false;
  }
};

namespace ethertype {
inline constexpr uint16_t kIpv4 = 0x0800, kVlan = 0x8100, kServiceVlan = 0x88a8, kOldServiceVlan = 0x9100,
                          kBridging = 0x6558, kIpv6 = 0x86dd, kMpls = 0x8847, kMplsMulticast = 0x8848, kPppoe = 0x8864,
                          kPpp = 0x880b, kErspan = 0x88be, kErspan3 = 0x22eb;
}

namespace ip_protocol {
inline constexpr uint8_t kHopByHop = 0, kIpv4 = 4, kTcp = 6, kUdp = 17, kIpv6 = 41, kRouting = 43, kFragment = 44,
                         kGre = 47, kAuthentication = 51, kDestinationOptions = 60, kEtherIp = 97, kMobility = 135,
                         kMplsInIp = 137, kHostIdentity = 139, kShim6 = 140;
}

// link.cpp
[[nodiscard]] bool dissect_link(Walk& walk, uint16_t link_type, Slice slice);
[[nodiscard]] bool dissect_ethernet(Walk& walk, Slice slice);
[[nodiscard]] bool dissect_ethertype(Walk& walk, uint16_t type, Slice slice);
[[nodiscard]] bool dissect_ppp(Walk& walk, Slice slice);
// ip.cpp: by the version that the first four bits say.
[[nodiscard]] bool dissect_ip(Walk& walk, Slice slice);
[[nodiscard]] bool dissect_ipv4(Walk& walk, Slice slice);
[[nodiscard]] bool dissect_ipv6(Walk& walk, Slice slice);
// dissect.cpp: `slice` is what an IP datagram carries; walk.out has the addresses.
[[nodiscard]] bool dissect_protocol(Walk& walk, uint8_t protocol, Slice slice);
// tunnel.cpp
[[nodiscard]] bool dissect_gre(Walk& walk, Slice slice);
[[nodiscard]] bool dissect_mpls(Walk& walk, Slice slice);
// A datagram to a port that tunnels have. nullopt: it is none; nothing was counted.
[[nodiscard]] std::optional<bool> dissect_udp_tunnel(Walk& walk, uint16_t port, Slice slice);

}  // namespace tlsproof::capture
