#include "tlsproof/wire/ext/number_list.h"

namespace tlsproof::wire::ext {

// NamedGroup named_group_list<2..2^16-1>;
bool decode(Reader& r, SupportedGroups& out) {
  return decode_u16_list16(r, out.groups, "supported_groups.named_group_list", 2, 0xffff);
}
// SignatureScheme supported_signature_algorithms<2..2^16-2>;
bool decode(Reader& r, SignatureAlgorithms& out) {
  return decode_u16_list16(r, out.schemes, "signature_algorithms.supported_signature_algorithms", 2, 0xfffe);
}
bool decode(Reader& r, SignatureAlgorithmsCert& out) {
  return decode_u16_list16(r, out.schemes, "signature_algorithms_cert.supported_signature_algorithms", 2, 0xfffe);
}
// case client_hello: ProtocolVersion versions<2..254>;
bool decode(Reader& r, SupportedVersionsClient& out) {
  return decode_u16_list8(r, out.versions, "supported_versions.versions", 2, 254);
}
// ECPointFormat ec_point_format_list<1..2^8-1>;
bool decode(Reader& r, EcPointFormats& out) {
  return decode_opaque8(r, out.formats, "ec_point_formats.ec_point_format_list", 1);
}
// PskKeyExchangeMode ke_modes<1..255>;
bool decode(Reader& r, PskKeyExchangeModes& out) {
  return decode_opaque8(r, out.modes, "psk_key_exchange_modes.ke_modes", 1);
}

void encode(const SupportedGroups& in, Writer& w) {
  encode_u16_list16(in.groups, w);
}
void encode(const SignatureAlgorithms& in, Writer& w) {
  encode_u16_list16(in.schemes, w);
}
void encode(const SignatureAlgorithmsCert& in, Writer& w) {
  encode_u16_list16(in.schemes, w);
}
void encode(const SupportedVersionsClient& in, Writer& w) {
  encode_u16_list8(in.versions, w);
}
void encode(const EcPointFormats& in, Writer& w) {
  w.opaque8(in.formats);
}
void encode(const PskKeyExchangeModes& in, Writer& w) {
  w.opaque8(in.modes);
}

}  // namespace tlsproof::wire::ext
