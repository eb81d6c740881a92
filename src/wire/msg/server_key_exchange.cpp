#include "tlsproof/wire/msg/server_key_exchange.h"

namespace tlsproof::wire {
namespace {

// struct { SignatureAndHashAlgorithm algorithm; opaque signature<0..2^16-1>; } DigitallySigned;  (RFC 5246 §4.7)
// RFC 5246 §7.4.3: anonymous key exchange sends the parameters alone, so nothing follows them.
// RFC 4346 §7.4.3: before TLS 1.2 the signature came without its algorithm.
bool decode_signed(Reader& r, SignedPart& out, bool has_algorithm) {
  out.present = !r.empty();
  out.has_algorithm = has_algorithm;
  out.algorithm = 0;
  out.signature.clear();
  if (!out.present) return true;
  if (has_algorithm && !r.u16(out.algorithm, "ServerKeyExchange.algorithm")) return false;
  return decode_opaque16(r, out.signature, "ServerKeyExchange.signature");
}

void encode(const SignedPart& in, Writer& w) {
  if (!in.present) return;
  if (in.has_algorithm) w.u16(in.algorithm);
  w.opaque16(in.signature);
}

// struct { ECCurveType curve_type; NamedCurve namedcurve; } ECParameters;
// struct { ECParameters curve_params; ECPoint public; } ServerECDHParams;
// struct { opaque point<1..2^8-1>; } ECPoint;   (RFC 8422 §5.4)
bool decode_params(Reader& r, ServerKeyExchangeEcdhe& out) {
  const size_t start = r.offset();
  if (!r.u8(out.curve_type, "ServerKeyExchange.curve_type")) return false;
  // RFC 8422 §5.4: explicit_prime and explicit_char2 are deprecated, and no other curve type has a form.
  if (out.curve_type != registry::ec_curve_type::named_curve) return r.bad_value(start, "ServerKeyExchange.curve_type");
  if (!r.u16(out.named_curve, "ServerKeyExchange.named_curve") ||
      !decode_opaque8(r, out.public_key, "ServerKeyExchange.public", 1))
    return false;
  out.signed_params = {0, r.offset() - start};
  return true;
}

// struct {
//   opaque dh_p<1..2^16-1>;
//   opaque dh_g<1..2^16-1>;
//   opaque dh_Ys<1..2^16-1>;
// } ServerDHParams;                             (RFC 5246 §7.4.3)
bool decode_params(Reader& r, ServerKeyExchangeDhe& out) {
  const size_t start = r.offset();
  if (!decode_opaque16(r, out.dh_p, "ServerKeyExchange.dh_p", 1) ||
      !decode_opaque16(r, out.dh_g, "ServerKeyExchange.dh_g", 1) ||
      !decode_opaque16(r, out.dh_Ys, "ServerKeyExchange.dh_Ys", 1))
    return false;
  out.signed_params = {0, r.offset() - start};
  return true;
}

}  // namespace

bool decode(Reader& r, ServerKeyExchangeEcdhe& out) {
  return decode_params(r, out) && decode_signed(r, out.signed_part, true);
}
bool decode_tls11(Reader& r, ServerKeyExchangeEcdhe& out) {
  return decode_params(r, out) && decode_signed(r, out.signed_part, false);
}
bool decode(Reader& r, ServerKeyExchangeDhe& out) {
  return decode_params(r, out) && decode_signed(r, out.signed_part, true);
}
bool decode_tls11(Reader& r, ServerKeyExchangeDhe& out) {
  return decode_params(r, out) && decode_signed(r, out.signed_part, false);
}

void encode_params(const ServerKeyExchangeEcdhe& in, Writer& w) {
  w.u8(in.curve_type);
  w.u16(in.named_curve);
  w.opaque8(in.public_key);
}

void encode(const ServerKeyExchangeEcdhe& in, Writer& w) {
  encode_params(in, w);
  encode(in.signed_part, w);
}

void encode_params(const ServerKeyExchangeDhe& in, Writer& w) {
  w.opaque16(in.dh_p);
  w.opaque16(in.dh_g);
  w.opaque16(in.dh_Ys);
}

void encode(const ServerKeyExchangeDhe& in, Writer& w) {
  encode_params(in, w);
  encode(in.signed_part, w);
}

}  // namespace tlsproof::wire
