#include "tlsproof/wire/msg/certificate_verify.h"

namespace tlsproof::wire {

// struct { SignatureScheme algorithm; opaque signature<0..2^16-1>; } CertificateVerify;
// (RFC 8446 §4.4.3; RFC 5246 §7.4.8 with SignatureAndHashAlgorithm)
bool decode(Reader& r, CertificateVerify& out) {
  out.has_algorithm = true;
  return r.u16(out.algorithm, "CertificateVerify.algorithm") &&
         decode_opaque16(r, out.signature, "CertificateVerify.signature");
}

// struct { Signature signature; } CertificateVerify;  (RFC 4346 §7.4.8)
bool decode_tls11(Reader& r, CertificateVerify& out) {
  out.has_algorithm = false;
  out.algorithm = 0;
  return decode_opaque16(r, out.signature, "CertificateVerify.signature");
}

void encode(const CertificateVerify& in, Writer& w) {
  if (in.has_algorithm) w.u16(in.algorithm);
  w.opaque16(in.signature);
}

}  // namespace tlsproof::wire
