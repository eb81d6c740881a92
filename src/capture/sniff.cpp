// Whether a flow is worth keeping: asked on its first bytes, again and again as they grow, so that what is dismissed
// here is gone. TCP is `app`'s question; of UDP it is the header of each datagram that tells.
#include <algorithm>

#include "tlsproof/app/recognise.h"
#include "tlsproof/capture/follow.h"
#include "tlsproof/wire/dtls.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::capture {
namespace {

// So many datagrams without a sign of DTLS or QUIC, in both directions, and the flow is something else. Each has one in
// its first datagram, unless the capture began later, or STUN opened the way (RFC 7983: it is not counted).
constexpr size_t kMaxOther = 8;
constexpr size_t kMaxLookedAt = 256;  // datagrams; who has only spoken STUN until then is no peer of TLS's

uint32_t be32(ByteView b, size_t at) {
  return uint32_t{b[at]} << 24 | uint32_t{b[at + 1]} << 16 | uint32_t{b[at + 2]} << 8 | b[at + 3];
}

// RFC 8999 §5.1, with the versions of RFC 9000 and 9369, their drafts, and Version Negotiation (§17.2.1 of RFC 9000).
bool is_quic_long_header(ByteView b) {
  if (b.size() < 7 || (b[0] & 0x80) == 0) return false;
  const uint32_t version = be32(b, 1);
  const bool known = version == 0x00000001 || version == 0x6b3343cf || version >> 8 == 0xff0000 || version == 0 ||
                     (version & 0x0f0f0f0f) == 0x0a0a0a0a;
  if (!known || b[5] > 20) return false;
  const size_t source_at = size_t{6} + b[5];
  return source_at < b.size() && b[source_at] <= 20;
}

// RFC 8489 §5: the two highest bits are zero, the cookie stands fifth.
bool is_stun(ByteView b) {
  return b.size() >= 20 && b[0] < 4 && be32(b, 4) == 0x2112a442;
}

bool is_text(uint8_t c) {
  return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\r' || c == '\n';
}

Sniff sniff_udp(const Flow& flow) {
  size_t num_other = 0;
  size_t num = 0;
  for (const FlowEvent& event : flow.events) {
    if (event.kind != FlowEvent::Kind::data) continue;
    const ByteView datagram = flow.view(event);
    if (wire::looks_like_dtls(datagram) || is_quic_long_header(datagram)) return Sniff::tls;
    if (!is_stun(datagram)) ++num_other;
    if (++num == kMaxLookedAt) return Sniff::nothing;
  }
  return num_other < kMaxOther ? Sniff::undecided : Sniff::nothing;
}

// A connection that began before the capture shows a part of a record first. Two headers, one where the other's length
// says, are its sign; behind the longest record one must have come.
Sniff sniff_middle(const Flow& flow) {
  constexpr size_t kHeaderLen = 5, kEnough = 2 * (kHeaderLen + wire::kMaxCiphertext12);
  const auto is_header = [](ByteView b) {
    return wire::looks_like_tls_record(b.first(kHeaderLen)) == wire::Match::yes;
  };
  bool open = false;
  for (const Bytes& bytes : flow.bytes) {
    // What begins as text goes on as text.
    if (std::ranges::all_of(ByteView(bytes).first(std::min<size_t>(bytes.size(), 16)), is_text)) continue;
    const ByteView looked_at = ByteView(bytes).first(std::min(bytes.size(), kEnough));
    for (size_t at = 0; at + kHeaderLen <= looked_at.size(); ++at) {
      const ByteView rest = looked_at.subspan(at);
      if (!is_header(rest)) continue;
      const size_t next = kHeaderLen + (size_t{rest[3]} << 8 | rest[4]);
      if (next + kHeaderLen <= rest.size() && is_header(rest.subspan(next))) return Sniff::tls;
    }
    open = open || bytes.size() < kEnough;
  }
  return open ? Sniff::undecided : Sniff::nothing;
}

}  // namespace

Sniff sniff(const Flow& flow) {
  if (flow.protocol == Protocol::udp) return sniff_udp(flow);
  const app::Recognised::State state = app::recognise(flow.bytes[0], flow.bytes[1]).state;
  if (state == app::Recognised::State::tls) return Sniff::tls;
  const Sniff middle = flow.from_start ? Sniff::nothing : sniff_middle(flow);
  return state == app::Recognised::State::undecided && middle == Sniff::nothing ? Sniff::undecided : middle;
}

}  // namespace tlsproof::capture
