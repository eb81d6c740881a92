#include "tlsproof/wire/ext/opaque.h"

namespace tlsproof::wire::ext {

// struct { opaque cookie<1..2^16-1>; } Cookie;
bool decode(Reader& r, Cookie& out) {
  return decode_opaque16(r, out.cookie, "cookie.cookie", 1);
}
// struct { opaque renegotiated_connection<0..255>; } RenegotiationInfo;
bool decode(Reader& r, RenegotiationInfo& out) {
  return decode_opaque8(r, out.renegotiated_connection, "renegotiation_info.renegotiated_connection");
}
bool decode(Reader& r, Padding& out) {
  decode_rest(r, out.bytes);
  return true;
}
// RFC 5077 appendix A: what deployed software sends is the ticket without the length that RFC 4507 gave it.
bool decode(Reader& r, SessionTicket& out) {
  decode_rest(r, out.ticket);
  return true;
}

void encode(const Cookie& in, Writer& w) {
  w.opaque16(in.cookie);
}
void encode(const RenegotiationInfo& in, Writer& w) {
  w.opaque8(in.renegotiated_connection);
}
void encode(const Padding& in, Writer& w) {
  w.bytes(in.bytes);
}
void encode(const SessionTicket& in, Writer& w) {
  w.bytes(in.ticket);
}

}  // namespace tlsproof::wire::ext
