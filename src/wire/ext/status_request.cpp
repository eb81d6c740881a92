#include "tlsproof/wire/ext/status_request.h"

namespace tlsproof::wire::ext {

// struct {
//   CertificateStatusType status_type;
//   select (status_type) { case ocsp: OCSPStatusRequest; } request;
// } CertificateStatusRequest;
// struct {
//   ResponderID responder_id_list<0..2^16-1>;
//   Extensions request_extensions;
// } OCSPStatusRequest;
// opaque ResponderID<1..2^16-1>; opaque Extensions<0..2^16-1>;  (RFC 6066 §8)
bool decode(Reader& r, StatusRequest& out) {
  out.responder_ids.clear();
  out.request_extensions.clear();
  out.other_request.clear();
  if (!r.u8(out.status_type, "status_request.status_type")) return false;
  if (out.status_type != registry::certificate_status_type::ocsp) {
    decode_rest(r, out.other_request);
    return true;
  }
  Reader list = r;
  if (!r.sub16(list, "status_request.responder_id_list")) return false;
  while (!list.empty()) {
    ByteView id;
    if (!list.opaque16(id, "status_request.responder_id", 1)) return false;
    out.responder_ids.push_back(id);
  }
  return decode_opaque16(r, out.request_extensions, "status_request.request_extensions");
}

void encode(const StatusRequest& in, Writer& w) {
  w.u8(in.status_type);
  if (in.status_type != registry::certificate_status_type::ocsp) {
    w.bytes(in.other_request);
    return;
  }
  w.prefixed16([&] {
    for (size_t i = 0; i < in.responder_ids.size(); ++i) w.opaque16(in.responder_ids[i]);
  });
  w.opaque16(in.request_extensions);
}

bool decode(Reader& r, StatusResponse& out) {
  return decode(r, out.status);
}
void encode(const StatusResponse& in, Writer& w) {
  encode(in.status, w);
}

}  // namespace tlsproof::wire::ext
