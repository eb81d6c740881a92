// From a frame to the TCP segment or UDP datagram in it: link layer, VLAN tags, IPv4 and IPv6 with extension headers
// and fragments, tunnels.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "tlsproof/capture/packet.h"

namespace tlsproof::capture {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // an IPv4 address stands in the first four
  bool is_v6 = false;
  bool operator==(const IpAddress&) const = default;
};
struct Endpoint {
  IpAddress ip;
  uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};
// "192.0.2.1:443", "[2001:db8::1]:443".
[[nodiscard]] std::string to_text(const Endpoint& endpoint);

namespace tcp_flag {
inline constexpr uint8_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;
}

enum class Protocol : uint8_t { tcp, udp };

struct Segment {
  Protocol protocol = Protocol::tcp;
  Endpoint from, to;
  uint32_t network =
      0;  // which of several networks with the same addresses: of VLAN ids and tunnel identifiers; 0: none
  uint32_t sequence = 0;        // TCP
  uint32_t acknowledgment = 0;  // TCP
  uint8_t flags = 0;            // TCP, see tcp_flag
  ByteView payload;             // what was captured of it; borrows as Packet::bytes does, or from the Dissector
  size_t payload_len = 0;       // what was sent; larger where the capture cut the frame off
  uint64_t packet = 0;          // number of the (last) frame
  int64_t time_ns = 0;
};

// Counters of what did not become a segment.
struct DissectCounts {
  uint64_t other_link = 0;      // a link type that cannot be taken apart
  uint64_t other_network = 0;   // not IP (ARP, LLDP …)
  uint64_t other_protocol = 0;  // IP, but neither TCP nor UDP nor a tunnel
  uint64_t malformed = 0;       // lengths that contradict each other, headers cut off
  uint64_t fragments = 0;       // IP fragments seen
  uint64_t fragments_lost = 0;  // datagrams that were given up: a piece never came, or too many were open
};

class Dissector {
 public:
  Dissector();
  ~Dissector();
  Dissector(const Dissector&) = delete;
  Dissector& operator=(const Dissector&) = delete;

  // False when there is no segment in it (yet). Bounded: at most a fixed amount of fragments is held, and of tunnels
  // within tunnels followed; the fragments of one datagram for at most 30 s of capture time (RFC 8200 §4.5 has 60).
  [[nodiscard]] bool dissect(const Packet& packet, Segment& out);
  [[nodiscard]] const DissectCounts& counts() const { return counts_; }

 private:
  struct Fragments;
  DissectCounts counts_;
  std::unique_ptr<Fragments> fragments_;
};

}  // namespace tlsproof::capture
