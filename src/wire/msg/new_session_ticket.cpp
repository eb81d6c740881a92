#include "tlsproof/wire/msg/new_session_ticket.h"

namespace tlsproof::wire {

// struct { uint32 ticket_lifetime_hint; opaque ticket<0..2^16-1>; } NewSessionTicket;  (RFC 5077 §3.3)
bool decode(Reader& r, NewSessionTicket12& out) {
  return r.u32(out.ticket_lifetime_hint, "NewSessionTicket.ticket_lifetime_hint") &&
         decode_opaque16(r, out.ticket, "NewSessionTicket.ticket");
}

void encode(const NewSessionTicket12& in, Writer& w) {
  w.u32(in.ticket_lifetime_hint);
  w.opaque16(in.ticket);
}

// struct {
//   uint32 ticket_lifetime;
//   uint32 ticket_age_add;
//   opaque ticket_nonce<0..255>;
//   opaque ticket<1..2^16-1>;
//   Extension extensions<0..2^16-2>;
// } NewSessionTicket;                           (RFC 8446 §4.6.1)
bool decode(Reader& r, NewSessionTicket13& out) {
  return r.u32(out.ticket_lifetime, "NewSessionTicket.ticket_lifetime") &&
         r.u32(out.ticket_age_add, "NewSessionTicket.ticket_age_add") &&
         decode_opaque8(r, out.ticket_nonce, "NewSessionTicket.ticket_nonce") &&
         decode_opaque16(r, out.ticket, "NewSessionTicket.ticket", 1) &&
         decode_extensions(r, out.extensions, "NewSessionTicket.extensions", 0, 0xfffe);
}

void encode(const NewSessionTicket13& in, Writer& w) {
  w.u32(in.ticket_lifetime);
  w.u32(in.ticket_age_add);
  w.opaque8(in.ticket_nonce);
  w.opaque16(in.ticket);
  encode_extensions(in.extensions, w);
}

}  // namespace tlsproof::wire
