#include "tlsproof/wire/msg/certificate_status.h"

namespace tlsproof::wire {

// struct {
//   CertificateStatusType status_type;
//   select (status_type) { case ocsp: OCSPResponse; } response;
// } CertificateStatus;
// opaque OCSPResponse<1..2^24-1>;               (RFC 6066 §8)
bool decode(Reader& r, CertificateStatus& out) {
  if (!r.u8(out.status_type, "CertificateStatus.status_type")) return false;
  if (out.status_type == registry::certificate_status_type::ocsp)
    return decode_opaque24(r, out.response, "CertificateStatus.response", 1);
  decode_rest(r, out.response);
  return true;
}

void encode(const CertificateStatus& in, Writer& w) {
  w.u8(in.status_type);
  if (in.status_type == registry::certificate_status_type::ocsp)
    w.opaque24(in.response);
  else
    w.bytes(in.response);
}

}  // namespace tlsproof::wire
