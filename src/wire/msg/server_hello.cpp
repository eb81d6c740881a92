#include "tlsproof/wire/msg/server_hello.h"

#include "tlsproof/wire/ext/number.h"

namespace tlsproof::wire {
namespace {

// struct {
//   ProtocolVersion server_version;             already read
//   Random random;
//   CipherSuite cipher_suite;
//   Extension extensions<0..2^16-1>;
// } ServerHello;                                (draft-ietf-tls-tls13-21 §4.1.3)
bool decode_draft(Reader& r, ServerHello& out) {
  out.legacy_session_id_echo.clear();
  out.legacy_compression_method = 0;
  return decode_fixed(r, out.random, "ServerHello.random") && r.u16(out.cipher_suite, "ServerHello.cipher_suite") &&
         decode_optional_extensions(r, out.has_extensions, out.extensions, "ServerHello.extensions");
}

}  // namespace

// struct {
//   ProtocolVersion legacy_version;
//   Random random;
//   opaque legacy_session_id_echo<0..32>;
//   CipherSuite cipher_suite;
//   uint8 legacy_compression_method;
//   Extension extensions<6..2^16-1>;            TLS 1.2: <0..2^16-1>, or nothing
// } ServerHello;                                (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3)
bool decode(Reader& r, ServerHello& out) {
  if (!r.u16(out.legacy_version, "ServerHello.legacy_version")) return false;
  out.draft_form = out.legacy_version >> 8 == 0x7f;
  if (out.draft_form) return decode_draft(r, out);
  return decode_fixed(r, out.random, "ServerHello.random") &&
         decode_opaque8(r, out.legacy_session_id_echo, "ServerHello.legacy_session_id_echo", 0, 32) &&
         r.u16(out.cipher_suite, "ServerHello.cipher_suite") &&
         r.u8(out.legacy_compression_method, "ServerHello.legacy_compression_method") &&
         decode_optional_extensions(r, out.has_extensions, out.extensions, "ServerHello.extensions");
}

void encode(const ServerHello& in, Writer& w) {
  w.u16(in.legacy_version);
  w.bytes(in.random);
  if (!in.draft_form) w.opaque8(in.legacy_session_id_echo);
  w.u16(in.cipher_suite);
  if (!in.draft_form) w.u8(in.legacy_compression_method);
  if (in.has_extensions) encode_extensions(in.extensions, w);
}

Downgrade ServerHello::downgrade() const {
  const ByteView last = ByteView(random).last(kDowngradeTls12.size());
  if (equal(last, kDowngradeTls12)) return Downgrade::to_tls12;
  if (equal(last, kDowngradeTls11)) return Downgrade::to_tls11_or_below;
  return Downgrade::none;
}

uint16_t ServerHello::selected_version() const {
  const auto selected = extensions.get<ext::SupportedVersionsServer>();
  return selected ? selected->selected_version : legacy_version;
}

}  // namespace tlsproof::wire
