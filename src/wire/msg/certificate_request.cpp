#include "tlsproof/wire/msg/certificate_request.h"

namespace tlsproof::wire {
namespace {

// DistinguishedName certificate_authorities<0..2^16-1>; opaque DistinguishedName<1..2^16-1>;
bool decode_names(Reader& r, ByteList& out) {
  out.clear();
  Reader names = r;
  if (!r.sub16(names, "CertificateRequest.certificate_authorities")) return false;
  while (!names.empty()) {
    ByteView name;
    if (!names.opaque16(name, "CertificateRequest.certificate_authorities.name", 1)) return false;
    out.push_back(name);
  }
  return true;
}

}  // namespace

// struct {
//   ClientCertificateType certificate_types<1..2^8-1>;
//   SignatureAndHashAlgorithm supported_signature_algorithms<2^16-1>;
//   DistinguishedName certificate_authorities<0..2^16-1>;
// } CertificateRequest;                         (RFC 5246 §7.4.4; the second vector's limits are those of §7.4.1.4.1)
bool decode(Reader& r, CertificateRequest12& out) {
  out.has_signature_algorithms = true;
  return decode_opaque8(r, out.certificate_types, "CertificateRequest.certificate_types", 1) &&
         decode_u16_list16(r, out.supported_signature_algorithms, "CertificateRequest.supported_signature_algorithms",
                           2, 0xfffe) &&
         decode_names(r, out.certificate_authorities);
}

// The same without supported_signature_algorithms.  (RFC 4346 §7.4.4)
bool decode_tls11(Reader& r, CertificateRequest12& out) {
  out.has_signature_algorithms = false;
  out.supported_signature_algorithms.clear();
  return decode_opaque8(r, out.certificate_types, "CertificateRequest.certificate_types", 1) &&
         decode_names(r, out.certificate_authorities);
}

void encode(const CertificateRequest12& in, Writer& w) {
  w.opaque8(in.certificate_types);
  if (in.has_signature_algorithms) encode_u16_list16(in.supported_signature_algorithms, w);
  w.prefixed16([&] {
    for (size_t i = 0; i < in.certificate_authorities.size(); ++i) w.opaque16(in.certificate_authorities[i]);
  });
}

// struct {
//   opaque certificate_request_context<0..2^8-1>;
//   Extension extensions<2..2^16-1>;
// } CertificateRequest;                         (RFC 8446 §4.3.2)
bool decode(Reader& r, CertificateRequest13& out) {
  return decode_opaque8(r, out.certificate_request_context, "CertificateRequest.certificate_request_context") &&
         decode_extensions(r, out.extensions, "CertificateRequest.extensions", 2);
}

void encode(const CertificateRequest13& in, Writer& w) {
  w.opaque8(in.certificate_request_context);
  encode_extensions(in.extensions, w);
}

}  // namespace tlsproof::wire
