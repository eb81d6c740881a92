#include "tlsproof/wire/msg/key_update.h"

namespace tlsproof::wire {

// enum { update_not_requested(0), update_requested(1), (255) } KeyUpdateRequest;
// struct { KeyUpdateRequest request_update; } KeyUpdate;  (RFC 8446 §4.6.3)
bool decode(Reader& r, KeyUpdate& out) {
  return r.u8(out.request_update, "KeyUpdate.request_update");
}

void encode(const KeyUpdate& in, Writer& w) {
  w.u8(in.request_update);
}

}  // namespace tlsproof::wire
