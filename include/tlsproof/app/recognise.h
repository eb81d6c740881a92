// Finding where TLS begins in what two sides said to each other, without having taken part: after STARTTLS and its
// like, a proxy's CONNECT, SOCKS, or at once.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tlsproof/base/bytes.h"

namespace tlsproof::app {

// One utterance of the dialogue that leads to TLS, as a place in the bytes of a side.
struct Said {
  size_t side = 0;  // 0 or 1
  ByteRange bytes;  // of what that side said: a line or the lines of one reply without the last line break, or a packet
  int status = 0;   // of an answer that has one
  // What to tell of it, in the words of Dialogue::Utterance. Never a password nor what else proves who somebody is: of
  // lines that may hold one only the command. May hold the peer's bytes: escape it.
  std::string text;
};

struct Recognised {
  enum class State : uint8_t {
    undecided,  // more bytes may tell
    tls,        // TLS (or SSL 2.0) begins at `begins` in each side's bytes
    nothing,    // neither TLS nor a dialogue known to lead to it
  };
  State state = State::undecided;
  std::array<size_t, 2> begins{};  // state tls
  std::string prelude;             // "SMTP STARTTLS", "HTTP CONNECT", "SOCKS5, SMTP STARTTLS"; empty: TLS at once
  int client = -1;                 // the side that asked in the prelude (0, 1); -1: nothing tells
  std::vector<Said> said;          // state tls: the prelude, of each side in order, the client's first
};

// From the first bytes of both sides, in the order in which each was sent; the order between the sides is not known
// here. Either may be empty, where a direction was not captured. Never fails; work and memory O(bytes looked at), which
// are at most kMaxPrelude a side.
//
// Records of a connection whose beginning was not captured are TLS at once, too. Where the server refuses to begin TLS,
// or nothing that looks like TLS ever follows its consent, the answer is never `tls`.
inline constexpr size_t kMaxPrelude = size_t{64} << 10;
[[nodiscard]] Recognised recognise(ByteView side0, ByteView side1);

}  // namespace tlsproof::app
