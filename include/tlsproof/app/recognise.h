// Finding where TLS begins in what two sides said to each other, without having taken part: after STARTTLS and its
// like, a proxy's CONNECT, SOCKS, or at once.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "tlsproof/base/bytes.h"

namespace tlsproof::app {

// One utterance of the dialogue that leads to TLS, as a place in the bytes of a side.
struct Said {
  size_t side = 0;  // 0 or 1
  ByteRange bytes;  // of what that side said: a line without its line break, or a packet
  int status = 0;   // of an answer that has one
};

struct Recognised {
  enum class State : uint8_t {
    undecided,  // more bytes may tell
    tls,        // TLS (or SSL 2.0) begins at `begins` in each side's bytes
    nothing,    // neither TLS nor a dialogue known to lead to it
  };
  State state = State::undecided;
  std::array<size_t, 2> begins{};  // state tls
  std::string_view prelude;        // "SMTP STARTTLS", "HTTP CONNECT", "SOCKS5"; empty: TLS at once. A literal
  int client = -1;                 // the side that asked in the prelude (0, 1); -1: nothing tells
  std::vector<Said> said;          // the prelude
};

// From the first bytes of both sides, in the order in which each was sent; the order between the sides is not known
// here. Never fails; work and memory O(bytes looked at), which are at most 64 KiB a side.
[[nodiscard]] Recognised recognise(ByteView side0, ByteView side1);

}  // namespace tlsproof::app
