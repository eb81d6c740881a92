// IP datagrams in pieces: RFC 791 §3.2, RFC 8200 §4.5.
#pragma once

#include <array>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "tlsproof/capture/dissect.h"

namespace tlsproof::capture {

// Tunnels within tunnels that are followed; also how many datagrams may be put together within each other.
inline constexpr unsigned kMaxDepth = 8;

class FragmentTable {
 public:
  struct Key {
    std::array<uint8_t, 16> from{}, to{};
    uint32_t network = 0;
    uint32_t id = 0;
    uint16_t protocol = 0;  // IPv4; IPv6 has kIpv6 here
    bool operator==(const Key&) const = default;
  };
  static constexpr uint16_t kIpv6 = 0x100;
  struct Piece {
    size_t offset = 0;
    ByteView bytes{};
    bool last = false;
    bool cut_off = false;  // the capture has not all of it
    uint8_t next_header = 0;
  };
  struct Whole {
    ByteView bytes;  // until the next datagram of this depth is whole
    uint8_t next_header = 0;
  };

  // The datagram, when this piece was the last that it needed.
  [[nodiscard]] std::optional<Whole> add(const Key& key, const Piece& piece, int64_t time_ns, unsigned depth,
                                         DissectCounts& counts);

 private:
  struct Datagram {
    Key key;
    int64_t first_ns = 0;
    Bytes bytes{};                    // as far as the pieces reach
    std::vector<ByteRange> pieces{};  // by offset, without overlap
    size_t got = 0;                   // bytes in them
    std::optional<size_t> len{};      // once the last piece is there
    uint8_t next_header = 0;
    bool given_up = false;  // counted as lost; stays to swallow what else comes of it
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  using Datagrams = std::list<Datagram>;

  void give_up(Datagram& datagram, DissectCounts& counts);
  void remove(Datagrams::iterator at, DissectCounts& counts);
  [[nodiscard]] bool place(Datagram& datagram, const Piece& piece);

  Datagrams open_;  // in the order of their first pieces
  std::unordered_map<Key, Datagrams::iterator, KeyHash> index_;
  size_t held_ = 0;  // bytes in all of them
  std::array<Bytes, kMaxDepth> whole_;
};

}  // namespace tlsproof::capture
