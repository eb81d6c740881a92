#include "tlsproof/wire/msg/client_hello.h"

namespace tlsproof::wire {

// struct {
//   ProtocolVersion legacy_version;
//   Random random;
//   opaque legacy_session_id<0..32>;
//   opaque legacy_cookie<0..2^8-1>;             DTLS alone
//   CipherSuite cipher_suites<2..2^16-2>;
//   opaque legacy_compression_methods<1..2^8-1>;
//   Extension extensions<8..2^16-1>;            TLS 1.2: <0..2^16-1>, or nothing
// } ClientHello;                                (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 9147 §5.3)
bool decode(Reader& r, ClientHello& out) {
  if (!out.has_legacy_cookie) out.legacy_cookie.clear();
  return r.u16(out.legacy_version, "ClientHello.legacy_version") && decode_fixed(r, out.random, "ClientHello.random") &&
         decode_opaque8(r, out.legacy_session_id, "ClientHello.legacy_session_id", 0, 32) &&
         (!out.has_legacy_cookie || decode_opaque8(r, out.legacy_cookie, "ClientHello.legacy_cookie")) &&
         decode_u16_list16(r, out.cipher_suites, "ClientHello.cipher_suites", 2, 0xfffe) &&
         decode_opaque8(r, out.legacy_compression_methods, "ClientHello.legacy_compression_methods", 1) &&
         decode_optional_extensions(r, out.has_extensions, out.extensions, "ClientHello.extensions");
}

void encode(const ClientHello& in, Writer& w) {
  w.u16(in.legacy_version);
  w.bytes(in.random);
  w.opaque8(in.legacy_session_id);
  if (in.has_legacy_cookie) w.opaque8(in.legacy_cookie);
  encode_u16_list16(in.cipher_suites, w);
  w.opaque8(in.legacy_compression_methods);
  if (in.has_extensions) encode_extensions(in.extensions, w);
}

}  // namespace tlsproof::wire
