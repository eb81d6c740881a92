#include "tlsproof/wire/msg/hello_verify_request.h"

namespace tlsproof::wire {

// struct { ProtocolVersion server_version; opaque cookie<0..2^8-1>; } HelloVerifyRequest; (RFC 6347 §4.2.1)
bool decode(Reader& r, HelloVerifyRequest& out) {
  return r.u16(out.server_version, "HelloVerifyRequest.server_version") &&
         decode_opaque8(r, out.cookie, "HelloVerifyRequest.cookie");
}

void encode(const HelloVerifyRequest& in, Writer& w) {
  w.u16(in.server_version);
  w.opaque8(in.cookie);
}

}  // namespace tlsproof::wire
