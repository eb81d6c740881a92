// SOCKS 4 and 4a, and SOCKS 5 (RFC 1928, username and password RFC 1929). What stands behind it is a connection of its
// own.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "recogniser.h"

namespace tlsproof::app::recognising {
namespace {

constexpr uint8_t kConnect = 1;

// A place in one side's bytes that moves over packets. `more`: the next one is not whole.
struct Cursor {
  ByteView bytes;
  size_t at = 0;
  [[nodiscard]] size_t left() const { return bytes.size() - at; }
  [[nodiscard]] uint8_t operator[](size_t i) const { return bytes[at + i]; }
};

void tell(Prelude& out, size_t side, Cursor& cursor, size_t len, std::string text, int status = 0) {
  out.said.push_back({side, {cursor.at, len}, status, std::move(text)});
  cursor.at += len;
  out.begins[side] = cursor.at;
}

// ---- SOCKS 4: the client's request; an answer of eight bytes.

Fit socks4_request(Cursor& c, Prelude& out) {
  if (c.left() == 0) return Fit::maybe;
  if (c[0] != 4 || (c.left() > 1 && c[1] != kConnect)) return Fit::no;
  if (c.left() < 9) return Fit::maybe;
  size_t end = 8;
  // The user's name; in 4a (an address 0.0.0.x) the name of the host behind it. A zero ends each.
  const bool has_name = c[4] == 0 && c[5] == 0 && c[6] == 0 && c[7] != 0;
  for (int i = 0; i < (has_name ? 2 : 1); ++i) {
    const size_t from = end;
    while (end < c.left() && c[end] != 0) ++end;
    if (end - from > 255) return Fit::no;
    if (end == c.left()) return Fit::maybe;
    ++end;
  }
  out.name = has_name ? "SOCKS4a" : "SOCKS4";
  tell(out, kClient, c, end, fmt::format("{} CONNECT", out.name));
  return Fit::tls;
}

Fit socks4_answer(Cursor& c, Prelude& out) {
  if (c.left() == 0) return Fit::maybe;
  if (c[0] != 0 || (c.left() > 1 && c[1] != 0x5a)) return Fit::no;  // 0x5b…0x5d: rejected
  if (c.left() < 8) return Fit::maybe;
  tell(out, kServer, c, 8, "request granted", 0x5a);
  return Fit::tls;
}

// ---- SOCKS 5

// The address of a request or an answer behind its first three bytes; the length of all, or nullopt: more is needed.
std::optional<size_t> socks5_len(const Cursor& c) {
  if (c.left() < 5) return std::nullopt;
  switch (c[3]) {
    case 1:
      return 10;
    case 3:
      return size_t{7} + c[4];
    case 4:
      return 22;
    default:
      return 0;
  }
}

std::string_view method_name(uint8_t method) {
  switch (method) {
    case 0:
      return "no authentication";
    case 2:
      return "username and password";
    default:
      return "";
  }
}

Fit socks5_client(Cursor& c, Prelude& out) {
  if (c.left() == 0) return Fit::maybe;
  if (c[0] != 5 || (c.left() > 1 && c[1] == 0)) return Fit::no;
  if (c.left() < 2 || c.left() < size_t{2} + c[1]) return Fit::maybe;
  tell(out, kClient, c, size_t{2} + c[1], fmt::format("SOCKS5 greeting: {} authentication methods", c[1]));
  if (c.left() == 0) return Fit::maybe;
  if (c[0] == 1) {  // RFC 1929 §2; what it holds is nobody's business
    if (c.left() < 2 || c.left() < size_t{3} + c[1]) return Fit::maybe;
    const size_t len = size_t{3} + c[1] + c[size_t{2} + c[1]];
    if (c.left() < len) return Fit::maybe;
    tell(out, kClient, c, len, "username and password");
    if (c.left() == 0) return Fit::maybe;
  }
  if (c[0] != 5 || (c.left() > 1 && c[1] != kConnect) || (c.left() > 2 && c[2] != 0)) return Fit::no;
  const auto len = socks5_len(c);
  if (!len) return Fit::maybe;
  if (*len == 0) return Fit::no;
  if (c.left() < *len) return Fit::maybe;
  tell(out, kClient, c, *len, "SOCKS5 CONNECT");
  return Fit::tls;
}

Fit socks5_server(Cursor& c, Prelude& out) {
  if (c.left() == 0) return Fit::maybe;
  if (c[0] != 5 || (c.left() > 1 && method_name(c[1]).empty())) return Fit::no;
  if (c.left() < 2) return Fit::maybe;
  const uint8_t method = c[1];
  tell(out, kServer, c, 2, fmt::format("method chosen: {}", method_name(method)));
  if (method == 2) {
    if (c.left() > 0 && c[0] != 1) return Fit::no;
    if (c.left() > 1 && c[1] != 0) return Fit::no;
    if (c.left() < 2) return Fit::maybe;
    tell(out, kServer, c, 2, "authentication succeeded");
  }
  if (c.left() == 0) return Fit::maybe;
  if (c[0] != 5 || (c.left() > 1 && c[1] != 0) || (c.left() > 2 && c[2] != 0)) return Fit::no;
  const auto len = socks5_len(c);
  if (!len) return Fit::maybe;
  if (*len == 0) return Fit::no;
  if (c.left() < *len) return Fit::maybe;
  tell(out, kServer, c, *len, "request granted");
  return Fit::tls;
}

using Half = Fit (*)(Cursor&, Prelude&);
Fit both(const Sides& sides, Prelude& out, Half client_half, Half server_half) {
  Cursor client{sides[kClient]};
  Cursor server{sides[kServer]};
  const Fit asked = client_half(client, out);
  const Fit granted = asked == Fit::no ? Fit::no : server_half(server, out);
  if (granted == Fit::no) return Fit::no;
  if (asked == Fit::tls && granted == Fit::tls) return Fit::tunnel;
  // A direction that was not captured says nothing; then only TLS itself is proof.
  const bool client_alone = asked == Fit::tls && sides[kServer].empty();
  const bool server_alone = granted == Fit::tls && sides[kClient].empty();
  if ((client_alone && client.left() > 0) || (server_alone && server.left() > 0)) return agreed(sides, out);
  return Fit::maybe;
}

}  // namespace

Fit socks4(const Sides& sides, Prelude& out) {
  out.name = "SOCKS4";
  return both(sides, out, socks4_request, socks4_answer);
}

Fit socks5(const Sides& sides, Prelude& out) {
  out.name = "SOCKS5";
  return both(sides, out, socks5_client, socks5_server);
}

}  // namespace tlsproof::app::recognising
