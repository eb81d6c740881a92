#include "tlsproof/wire/ext/certificate_types.h"

namespace tlsproof::wire::ext {

// case client: CertificateType client_certificate_types<1..2^8-1>;
// case server: CertificateType client_certificate_type;   (RFC 7250 §3)
bool decode(Reader& r, ClientCertificateTypes& out) {
  return decode_opaque8(r, out.types, "client_certificate_type.client_certificate_types", 1);
}
bool decode(Reader& r, ClientCertificateType& out) {
  return r.u8(out.type, "client_certificate_type.client_certificate_type");
}
bool decode(Reader& r, ServerCertificateTypes& out) {
  return decode_opaque8(r, out.types, "server_certificate_type.server_certificate_types", 1);
}
bool decode(Reader& r, ServerCertificateType& out) {
  return r.u8(out.type, "server_certificate_type.server_certificate_type");
}
// case client: CertificateType certificate_types<1..2^8-1>;
// case server: CertificateType certificate_type;          (RFC 6091 §3.1)
bool decode(Reader& r, CertTypes& out) {
  return decode_opaque8(r, out.types, "cert_type.certificate_types", 1);
}
bool decode(Reader& r, CertType& out) {
  return r.u8(out.type, "cert_type.certificate_type");
}
// CertificateCompressionAlgorithm algorithms<2..2^8-2>;   (RFC 8879 §3)
bool decode(Reader& r, CompressCertificate& out) {
  return decode_u16_list8(r, out.algorithms, "compress_certificate.algorithms", 2, 254);
}

void encode(const ClientCertificateTypes& in, Writer& w) {
  w.opaque8(in.types);
}
void encode(const ClientCertificateType& in, Writer& w) {
  w.u8(in.type);
}
void encode(const ServerCertificateTypes& in, Writer& w) {
  w.opaque8(in.types);
}
void encode(const ServerCertificateType& in, Writer& w) {
  w.u8(in.type);
}
void encode(const CertTypes& in, Writer& w) {
  w.opaque8(in.types);
}
void encode(const CertType& in, Writer& w) {
  w.u8(in.type);
}
void encode(const CompressCertificate& in, Writer& w) {
  encode_u16_list8(in.algorithms, w);
}

}  // namespace tlsproof::wire::ext
