// One recogniser for each dialogue that leads to TLS: told which side would be the client, it says whether the bytes
// fit, and where TLS begins.
#pragma once

#include <span>
#include <string_view>

#include "tlsproof/app/recognise.h"

namespace tlsproof::app::recognising {

enum class Fit : uint8_t {
  no,      // these bytes cannot become this dialogue, or it has ended without TLS
  maybe,   // so far they fit
  tls,     // TLS begins at Prelude::begins
  tunnel,  // what stands behind Prelude::begins is a connection of its own, to be looked at afresh
};

constexpr size_t kClient = 0;
constexpr size_t kServer = 1;

// The first bytes of both sides; one may be empty.
using Sides = std::array<ByteView, 2>;

struct Prelude {
  std::array<size_t, 2> begins{};
  std::string_view name;   // a literal
  std::vector<Said> said;  // Said::side is kClient or kServer
};

using Recogniser = Fit (*)(const Sides& sides, Prelude& out);

Fit lines(const Sides& sides, Prelude& out);  // SMTP, FTP, NNTP, IMAP, POP3, ManageSieve, IRC
Fit xmpp(const Sides& sides, Prelude& out);
Fit http(const Sides& sides, Prelude& out);  // CONNECT, and Upgrade: TLS
Fit socks4(const Sides& sides, Prelude& out);
Fit socks5(const Sides& sides, Prelude& out);
Fit ldap(const Sides& sides, Prelude& out);
Fit postgres(const Sides& sides, Prelude& out);
Fit mysql(const Sides& sides, Prelude& out);
Fit rdp(const Sides& sides, Prelude& out);
Fit proxy_protocol(const Sides& sides, Prelude& out);

// ---- for their use

enum class Match : uint8_t { no, maybe, yes };
// Whether TLS or SSL 2.0 begins here: `maybe` while the bytes are too few to tell (none at all, too). A record header
// of TLS, the shape of a ClientHello behind another version, or an SSL 2.0 hello.
Match match_tls(ByteView bytes);

// The server has said that TLS may begin, after `begins`: now it depends on what follows.
Fit agreed(const Sides& sides, const Prelude& prelude);

// One line, without its end (CRLF; a bare LF is taken too).
struct Line {
  ByteRange bytes;
  size_t next = 0;  // where the one after it begins
};
enum class Next : uint8_t { whole, partial, bad };
// The line that begins at `at`; `partial`: `out` holds what there is of it. `bad`: no text, or too long.
Next next_line(ByteView side, size_t at, Line& out);

inline std::string_view text_of(ByteView side, ByteRange range) {
  return as_text(side.subspan(range.offset, range.len));
}
// Whether one of the two begins with the other.
inline bool may_become(std::string_view so_far, std::string_view whole) {
  return so_far.size() < whole.size() ? whole.starts_with(so_far) : so_far.starts_with(whole);
}
inline uint32_t be16(ByteView b, size_t at) {
  return uint32_t{b[at]} << 8 | b[at + 1];
}
inline uint32_t be32(ByteView b, size_t at) {
  return be16(b, at) << 16 | be16(b, at + 2);
}

}  // namespace tlsproof::app::recognising
