#include "tlsproof/wire/ext/delegated_credential.h"

namespace tlsproof::wire::ext {

// SignatureScheme supported_signature_algorithms<2..2^16-2>;
bool decode(Reader& r, DelegatedCredentialRequest& out) {
  return decode_u16_list16(r, out.schemes, "delegated_credential.supported_signature_algorithms", 2, 0xfffe);
}

// struct {
//   uint32 valid_time;
//   SignatureScheme dc_cert_verify_algorithm;
//   opaque ASN1_subjectPublicKeyInfo<1..2^24-1>;
// } Credential;
// struct { Credential cred; SignatureScheme algorithm; opaque signature<1..2^16-1>; } DelegatedCredential;
bool decode(Reader& r, DelegatedCredential& out) {
  return r.u32(out.valid_time, "delegated_credential.valid_time") &&
         r.u16(out.dc_cert_verify_algorithm, "delegated_credential.dc_cert_verify_algorithm") &&
         decode_opaque24(r, out.subject_public_key_info, "delegated_credential.ASN1_subjectPublicKeyInfo", 1) &&
         r.u16(out.algorithm, "delegated_credential.algorithm") &&
         decode_opaque16(r, out.signature, "delegated_credential.signature", 1);
}

void encode(const DelegatedCredentialRequest& in, Writer& w) {
  encode_u16_list16(in.schemes, w);
}
void encode(const DelegatedCredential& in, Writer& w) {
  w.u32(in.valid_time);
  w.u16(in.dc_cert_verify_algorithm);
  w.opaque24(in.subject_public_key_info);
  w.u16(in.algorithm);
  w.opaque16(in.signature);
}

}  // namespace tlsproof::wire::ext
