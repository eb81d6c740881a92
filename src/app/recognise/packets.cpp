// Services that speak in packets: PostgreSQL's SSLRequest, MySQL's, LDAP's StartTLS (RFC 4511 §4.14), the negotiation
// of RDP (MS-RDPBCGR §2.2.1.1), and the header of the PROXY protocol.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "recogniser.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app::recognising {
namespace {

void tell(Prelude& out, size_t side, ByteRange bytes, std::string text, int status = 0) {
  out.said.push_back({side, bytes, status, std::move(text)});
}

bool begins_so(ByteView side, ByteView start) {
  return std::ranges::equal(side.first(std::min(side.size(), start.size())),
                            start.first(std::min(side.size(), start.size())));
}

// ---- LDAP

constexpr std::string_view kStartTls = "1.3.6.1.4.1.1466.20037";
constexpr uint8_t kExtendedRequest = 0x77, kExtendedResponse = 0x78;

struct Element {
  uint8_t tag = 0;
  ByteView body;
  size_t len = 0;  // of all of it; 0: not BER as LDAP has it (RFC 4511 §5.1)
};
// nullopt: not whole yet.
std::optional<Element> read_element(ByteView b) {
  if (b.size() < 2) return std::nullopt;
  size_t len = b[1];
  size_t header = 2;
  if (len >= 0x80) {
    const size_t num = len & 0x7f;
    if (num == 0 || num > 4) return Element{};
    if (b.size() < 2 + num) return std::nullopt;
    len = 0;
    for (size_t i = 0; i < num; ++i) len = len << 8 | b[2 + i];
    header += num;
  }
  if (len > kMaxPrelude) return Element{};
  if (b.size() - header < len) return std::nullopt;
  return Element{b[0], b.subspan(header, len), header + len};
}

std::string_view operation_name(uint8_t tag) {
  switch (tag) {
    case 0x60:
      return "BindRequest";
    case 0x61:
      return "BindResponse";
    case 0x63:
      return "SearchRequest";
    case 0x64:
      return "SearchResultEntry";
    case 0x65:
      return "SearchResultDone";
    case 0x73:
      return "SearchResultReference";
    case 0x50:
      return "AbandonRequest";
    case kExtendedRequest:
      return "ExtendedRequest";
    case kExtendedResponse:
      return "ExtendedResponse";
    default:
      return "";
  }
}

struct LdapSide {
  Fit fit = Fit::maybe;  // tls: StartTLS was asked for, or granted
  uint8_t operation = 0;
  ByteView id;  // of that message
  size_t end = 0;
};

// RFC 4511 §4.1.1: SEQUENCE { messageID INTEGER, protocolOp, … }. `wanted`: the operation that matters; `id`: of the
// request, to which the answer belongs; empty: not known.
LdapSide read_ldap(ByteView side, size_t which, uint8_t wanted, ByteView id, Prelude& out) {
  LdapSide found;
  size_t at = 0;
  while (at < side.size()) {
    if (side[at] != 0x30) break;
    const auto message = read_element(side.subspan(at));
    if (!message) return found;
    const auto number = message->len == 0 ? std::nullopt : read_element(message->body);
    const auto operation =
        number && number->tag == 2 && number->len > 0 ? read_element(message->body.subspan(number->len)) : std::nullopt;
    const std::string_view name = operation && operation->len > 0 ? operation_name(operation->tag) : "";
    if (name.empty()) {
      found.fit = Fit::no;
      return found;
    }
    const bool is_wanted = operation->tag == wanted;
    std::string text(name);
    int status = 0;
    if (wanted == kExtendedRequest && is_wanted && as_text(operation->body).contains(kStartTls)) {
      text += " StartTLS";
      found = {Fit::tls, wanted, number->body, at + message->len};
    }
    if (wanted == kExtendedResponse && is_wanted) {
      const auto code = read_element(operation->body);
      status = code && code->tag == 0x0a && code->body.size() == 1 ? code->body[0] : -1;
      text += fmt::format(": LDAP {}{}", status, status == 0 ? " success" : "");
      const bool ours = id.empty() || equal(id, number->body);
      if (ours && status == 0) found = {Fit::tls, wanted, number->body, at + message->len};
    }
    tell(out, which, {at, message->len}, std::move(text), std::max(status, 0));
    at += message->len;
  }
  // Something else than a message of LDAP's stands here: TLS, also behind what was slipped in before it, or nothing.
  if (at == side.size() || found.end == at) return found;
  if (match_tls(side.subspan(at)) == Match::no) found.fit = Fit::no;
  if (found.fit == Fit::tls) found.end = at;
  return found;
}

// ---- PostgreSQL

constexpr uint32_t kSslRequest = 80877103, kGssRequest = 80877104;

struct Requests {
  Fit fit = Fit::maybe;
  size_t index = 0;  // of the SSLRequest
  size_t end = 0;
};
Requests read_postgres(ByteView side, Prelude& out) {
  constexpr auto kStart = std::to_array<uint8_t>({0, 0, 0, 8, 0x04, 0xd2, 0x16});
  Requests found;
  for (size_t at = 0;; at += 8) {
    if (!begins_so(side.subspan(at), kStart)) {
      found.fit = Fit::no;
      return found;
    }
    if (side.size() - at < 8) return found;
    const uint32_t code = be32(side, at + 4);
    tell(out, kClient, {at, 8}, code == kSslRequest ? "SSLRequest" : "GSSENCRequest");
    found.end = at + 8;
    if (code == kSslRequest) {
      found.fit = Fit::tls;
      return found;
    }
    if (code != kGssRequest) {
      found.fit = Fit::no;
      return found;
    }
    ++found.index;
  }
}

}  // namespace

Fit ldap(const Sides& sides, Prelude& out) {
  for (const ByteView side : sides)
    if (!side.empty() && side[0] != 0x30) return Fit::no;
  const LdapSide asked = read_ldap(sides[kClient], kClient, kExtendedRequest, {}, out);
  const LdapSide granted = read_ldap(sides[kServer], kServer, kExtendedResponse, asked.id, out);
  if (asked.fit == Fit::no || granted.fit == Fit::no) return Fit::no;
  const bool client_agrees = asked.fit == Fit::tls || sides[kClient].empty();
  const bool server_agrees = granted.fit == Fit::tls || sides[kServer].empty();
  if (!client_agrees || !server_agrees) return Fit::maybe;
  out.begins = {asked.end, granted.end};
  out.name = "LDAP StartTLS";
  return agreed(sides, out);
}

Fit postgres(const Sides& sides, Prelude& out) {
  out.name = "PostgreSQL SSLRequest";
  const ByteView server = sides[kServer];
  if (!server.empty() && !std::string_view("SNG").contains(static_cast<char>(server[0]))) return Fit::no;
  Requests asked;
  if (!sides[kClient].empty()) {
    asked = read_postgres(sides[kClient], out);
    if (asked.fit != Fit::tls) return asked.fit;
  } else if (!server.empty() && server[0] == 'N') {
    asked.index = 1;  // what went before it can only have been GSSENCRequest
  }
  out.begins[kClient] = asked.end;
  for (size_t i = 0; i <= asked.index && i < server.size(); ++i) {
    const char answer = static_cast<char>(server[i]);
    if (answer != (i == asked.index ? 'S' : 'N')) return Fit::no;
    tell(out, kServer, {i, 1}, std::string(1, answer));
    out.begins[kServer] = i + 1;
  }
  if (!server.empty() && server.size() <= asked.index) return Fit::maybe;
  return agreed(sides, out);
}

// The greeting: length (3 bytes, low first), sequence number 0, protocol version 10, the server's version as text. The
// client's first packet is of 32 bytes, has the number 1, and the flag CLIENT_SSL.
Fit mysql(const Sides& sides, Prelude& out) {
  constexpr size_t kHeaderLen = 4, kRequestLen = 36;
  constexpr uint8_t kSslHigh = 0x08;  // CLIENT_SSL 0x800 in the second byte of the flags
  out.name = "MySQL SSLRequest";
  const ByteView client = sides[kClient], server = sides[kServer];
  constexpr auto kStart = std::to_array<uint8_t>({kRequestLen - kHeaderLen, 0, 0, 1});
  if (!begins_so(client, kStart)) return Fit::no;
  if (client.size() > 5 && (client[5] & kSslHigh) == 0) return Fit::no;
  if ((server.size() > 2 && server[2] != 0) || (server.size() > 3 && server[3] != 0) ||
      (server.size() > 4 && server[4] != 10))
    return Fit::no;
  // MySQL's greeting is never that short, so that a lone byte of another protocol is none.
  if (server.size() > 2 && (size_t{server[0]} | size_t{server[1]} << 8) < 24) return Fit::no;
  if (!client.empty()) {
    if (client.size() < kRequestLen) return Fit::maybe;
    out.begins[kClient] = kRequestLen;
    tell(out, kClient, {0, kRequestLen}, "SSLRequest");
  }
  if (!server.empty()) {
    if (server.size() < kHeaderLen) return Fit::maybe;
    const size_t len = size_t{server[0]} | size_t{server[1]} << 8;
    const std::string_view text = as_text(server.subspan(std::min(server.size(), kHeaderLen + 1)));
    const std::string_view version = text.substr(0, text.find('\0'));
    if (version.size() > 128 || std::ranges::any_of(version, [](char c) { return c < 0x20 || c > 0x7e; }))
      return Fit::no;
    if (server.size() < kHeaderLen + len) return Fit::maybe;
    out.begins[kServer] = kHeaderLen + len;
    tell(out, kServer, {0, kHeaderLen + len}, fmt::format("greeting of {}", version));
  }
  return agreed(sides, out);
}

// TPKT (RFC 1006 §6), in it a Connection Request and Confirm of X.224 (§13.3, 13.4), at whose end stand the protocols
// asked for and the one chosen.
Fit rdp(const Sides& sides, Prelude& out) {
  constexpr size_t kFixed = 11, kNegotiation = 8;
  out.name = "RDP negotiation";
  std::array<size_t, 2> lens{};
  for (const size_t side : {kClient, kServer}) {
    const ByteView b = sides[side];
    const size_t n = b.size();
    if ((n > 0 && b[0] != 3) || (n > 1 && b[1] != 0) || (n > 2 && b[2] > 1)) return Fit::no;
    if (n > 5 && (b[5] & 0xf0) != (side == kClient ? 0xe0 : 0xd0)) return Fit::no;
    if (n == 0) continue;
    if (n < kFixed) return Fit::maybe;
    lens[side] = be16(b, 2);
    if (lens[side] < kFixed || b[4] + size_t{5} != lens[side]) return Fit::no;
    if (n < lens[side]) return Fit::maybe;
    const size_t at = lens[side] - std::min(lens[side], kNegotiation);
    const bool negotiates = lens[side] >= kFixed + kNegotiation && b[at] == (side == kClient ? 1 : 2);
    // MS-RDPBCGR §2.2.1.2.1: 0 is RDP's own protection; 1 TLS; 2, 8 TLS with CredSSP inside.
    if (!negotiates || (b[at + 4] & 0x0b) == 0) return Fit::no;
    out.begins[side] = lens[side];
    tell(out, side, {0, lens[side]}, side == kClient ? "X.224 Connection Request" : "X.224 Connection Confirm: TLS");
  }
  return agreed(sides, out);
}

// The PROXY protocol (HAProxy's specification), versions 1 and 2: said by the client's side alone.
Fit proxy_protocol(const Sides& sides, Prelude& out) {
  constexpr std::string_view kV2 = {"\r\n\r\n\0\r\nQUIT\n", 12};
  const ByteView client = sides[kClient];
  if (client.empty()) return Fit::no;
  out.name = "PROXY protocol";
  if (begins_so(client, as_bytes(kV2))) {
    if (client.size() < 16) return Fit::maybe;
    const size_t len = 16 + be16(client, 14);
    if (client[12] >> 4 != 2) return Fit::no;
    if (client.size() < len) return Fit::maybe;
    out.begins[kClient] = len;
    tell(out, kClient, {0, len}, "PROXY header, version 2");
    return client.size() == len && sides[kServer].empty() ? Fit::maybe : Fit::tunnel;
  }
  if (!begins_so(client, as_bytes("PROXY "))) return Fit::no;
  Line line;
  const Next next = next_line(client, 0, line);
  if (next != Next::whole || line.bytes.len > 107) return next == Next::partial ? Fit::maybe : Fit::no;
  out.begins[kClient] = line.next;
  tell(out, kClient, line.bytes, std::string(text_of(client, line.bytes)));
  return client.size() == line.next && sides[kServer].empty() ? Fit::maybe : Fit::tunnel;
}

}  // namespace tlsproof::app::recognising
