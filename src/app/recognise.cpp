#include "tlsproof/app/recognise.h"

#include <algorithm>

#include "recognise/recogniser.h"

namespace tlsproof::app {
namespace recognising {
namespace {

constexpr uint8_t kChangeCipherSpec = 20, kAlert = 21, kHandshake = 22, kHeartbeat = 24;
constexpr size_t kRecordHeaderLen = 5;
constexpr size_t kMaxFragment = (size_t{1} << 14) + 2048;  // RFC 5246 §6.2.3

// SSL 2.0: a two-byte length with the high bit set, and a hello whose inner lengths add up to it. CLIENT-HELLO, also
// that of TLS clients who speak to old servers (RFC 5246 appendix E.2), and SERVER-HELLO.
Match match_ssl2(ByteView b) {
  const size_t n = b.size();
  if ((b[0] & 0x80) == 0) return Match::no;
  if (n > 2 && b[2] != 1 && b[2] != 4) return Match::no;
  if (n < 11) return Match::maybe;
  const size_t len = be16(b, 0) & 0x7fff;
  if (b[2] == 1) {
    const bool version = be16(b, 3) == 0x0002 || b[3] == 3;
    const size_t specs = be16(b, 5), session_id = be16(b, 7), challenge = be16(b, 9);
    return version && specs % 3 == 0 && len == 9 + specs + session_id + challenge ? Match::yes : Match::no;
  }
  if (n < 13) return Match::maybe;
  const size_t certificate = be16(b, 7), specs = be16(b, 9), connection_id = be16(b, 11);
  return be16(b, 5) == 0x0002 && specs % 3 == 0 && len == 11 + certificate + specs + connection_id ? Match::yes
                                                                                                   : Match::no;
}

// A ClientHello that fills its record, whatever version the record claims.
Match match_client_hello(ByteView b) {
  const size_t n = b.size();
  if (n > 5 && b[5] != 1) return Match::no;
  if (n > 6 && b[6] != 0) return Match::no;
  if (n < 11) return Match::maybe;
  return b[9] == 3 && be16(b, 7) + 4 == be16(b, 3) ? Match::yes : Match::no;
}

// RFC 8446 §5.1: what can stand in the length field of each type. Encrypted ones have at least a tag or a MAC.
bool length_fits(uint8_t type, size_t len) {
  if (len == 0 || len > kMaxFragment) return false;
  if (type == kChangeCipherSpec) return len == 1;
  if (type == kAlert) return len == 2 || len > 8;
  return true;
}

// A handshake message in the clear: what a hello's first fields must be. Other types are left to whoever decodes them:
// in mid-connection the byte is a cipher's.
Match match_handshake(ByteView b, size_t len) {
  const size_t n = b.size();
  if (n < 6) return Match::maybe;
  if ((b[5] != 1 && b[5] != 2) || len < 6) return Match::yes;
  if (n < 11) return Match::maybe;
  // No hello has 128 KiB, and every version since SSL 3.0 has major 3 — or 127 in drafts; but a test may send any.
  return b[6] <= 1 ? Match::yes : Match::no;
}

}  // namespace

Match match_tls(ByteView b) {
  if (b.empty()) return Match::maybe;
  const size_t n = b.size();
  if (b[0] < kChangeCipherSpec || b[0] > kHeartbeat) return match_ssl2(b);
  if ((n > 1 && b[1] != 3) || (n > 2 && b[2] > 4)) return b[0] == kHandshake ? match_client_hello(b) : Match::no;
  if (n < kRecordHeaderLen) return Match::maybe;
  const size_t len = be16(b, 3);
  if (!length_fits(b[0], len)) return Match::no;
  return b[0] == kHandshake ? match_handshake(b, len) : Match::yes;
}

Fit agreed(const Sides& sides, const Prelude& prelude) {
  bool open = false;
  for (const size_t side : {kClient, kServer}) {
    const Match match = match_tls(sides[side].subspan(std::min(prelude.begins[side], sides[side].size())));
    if (match == Match::yes) return Fit::tls;
    open = open || match == Match::maybe;
  }
  return open ? Fit::maybe : Fit::no;
}

Next next_line(ByteView side, size_t at, Line& out) {
  constexpr size_t kMaxLineLen = 8192;  // RFC 5321 §4.5.3.1.5 has 512, RFC 7162 recommends 8192 for IMAP
  const ByteView rest = side.subspan(at);
  const std::string_view text = as_text(rest.first(std::min(rest.size(), kMaxLineLen)));
  const size_t end = text.find('\n');
  size_t len = end == std::string_view::npos ? text.size() : end;
  if (len > 0 && text[len - 1] == '\r') --len;
  for (const char c : text.substr(0, len))
    if (static_cast<uint8_t>(c) < 0x20 && c != '\t') return Next::bad;
  out.bytes = {at, len};
  out.next = at + (end == std::string_view::npos ? text.size() : end + 1);
  if (end != std::string_view::npos) return Next::whole;
  return text.size() < kMaxLineLen ? Next::partial : Next::bad;
}

}  // namespace recognising

namespace {

using recognising::Fit;
using recognising::Match;
using recognising::Prelude;

constexpr auto kRecognisers = std::to_array<recognising::Recogniser>(
    {recognising::lines, recognising::http, recognising::socks4, recognising::socks5, recognising::postgres,
     recognising::mysql, recognising::ldap, recognising::xmpp, recognising::rdp});
constexpr int kMaxTunnels = 3;
// Who has said so much that is nothing of ours, to nobody's answer, is not going to be answered with TLS.
constexpr size_t kEnoughUnanswered = 2048;

using Sides = std::array<ByteView, 2>;

Recognised look(const Sides& sides, int depth);

// Puts what stands behind a prelude together with it.
Recognised after(const Prelude& prelude, size_t client, const Sides& sides, int depth) {
  Sides rest = sides;
  std::array<size_t, 2> begins{};
  for (const size_t role : {recognising::kClient, recognising::kServer}) {
    const size_t side = role == recognising::kClient ? client : 1 - client;
    begins[side] = std::min(prelude.begins[role], sides[side].size());
    rest[side] = sides[side].subspan(begins[side]);
  }
  Recognised inner = look(rest, depth + 1);
  if (inner.state != Recognised::State::tls) return inner;
  inner.client = inner.client < 0 ? static_cast<int>(client) : inner.client;
  inner.prelude = inner.prelude.empty() ? std::string(prelude.name) : std::string(prelude.name) + ", " + inner.prelude;
  for (Said& one : inner.said) one.bytes.offset += begins[one.side];
  for (const size_t side : {size_t{0}, size_t{1}}) inner.begins[side] += begins[side];
  std::vector<Said> said = prelude.said;
  for (Said& one : said) one.side = one.side == recognising::kClient ? client : 1 - client;
  std::ranges::move(inner.said, std::back_inserter(said));
  inner.said = std::move(said);
  return inner;
}

Recognised look(const Sides& sides, int depth) {
  using State = Recognised::State;
  Recognised out;
  if (sides[0].empty() && sides[1].empty()) return out;
  bool open = false;
  // What only the client's side says in front of its ClientHello; the server begins with TLS.
  for (const size_t client : {size_t{0}, size_t{1}}) {
    Prelude prelude;
    const Fit fit = recognising::proxy_protocol({sides[client], sides[1 - client]}, prelude);
    if (fit == Fit::tunnel && depth < kMaxTunnels) return after(prelude, client, sides, depth);
    open = open || fit == Fit::maybe;
  }
  for (const ByteView side : sides) {
    const Match match = recognising::match_tls(side);
    if (match == Match::yes) {
      out.state = State::tls;
      return out;
    }
    open = open || (match == Match::maybe && !side.empty());
  }
  for (const size_t client : {size_t{0}, size_t{1}}) {
    for (const recognising::Recogniser recognise_one : kRecognisers) {
      Prelude prelude;
      const Fit fit = recognise_one({sides[client], sides[1 - client]}, prelude);
      open = open || fit == Fit::maybe;
      if (fit == Fit::no || fit == Fit::maybe || depth >= kMaxTunnels) continue;
      Recognised behind = after(prelude, client, sides, depth);
      if (behind.state == State::tls) return behind;
      open = open || behind.state == State::undecided;
    }
  }
  for (const size_t side : {size_t{0}, size_t{1}})
    open = open || (sides[side].empty() && sides[1 - side].size() < kEnoughUnanswered);
  out.state = open ? State::undecided : State::nothing;
  return out;
}

}  // namespace

Recognised recognise(ByteView side0, ByteView side1) {
  Recognised out =
      look({side0.first(std::min(side0.size(), kMaxPrelude)), side1.first(std::min(side1.size(), kMaxPrelude))}, 0);
  // What has gone on for so long in the clear goes on so.
  if (out.state == Recognised::State::undecided && std::max(side0.size(), side1.size()) >= kMaxPrelude)
    out.state = Recognised::State::nothing;
  return out;
}

}  // namespace tlsproof::app
