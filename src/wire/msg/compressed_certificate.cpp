#include "tlsproof/wire/msg/compressed_certificate.h"

namespace tlsproof::wire {

// struct {
//   CertificateCompressionAlgorithm algorithm;
//   uint24 uncompressed_length;
//   opaque compressed_certificate_message<1..2^24-1>;
// } CompressedCertificate;                      (RFC 8879 §4)
bool decode(Reader& r, CompressedCertificate& out) {
  return r.u16(out.algorithm, "CompressedCertificate.algorithm") &&
         r.u24(out.uncompressed_length, "CompressedCertificate.uncompressed_length") &&
         decode_opaque24(r, out.compressed, "CompressedCertificate.compressed_certificate_message", 1);
}

void encode(const CompressedCertificate& in, Writer& w) {
  w.u16(in.algorithm);
  w.u24(in.uncompressed_length);
  w.opaque24(in.compressed);
}

}  // namespace tlsproof::wire
