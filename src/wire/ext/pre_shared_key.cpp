#include "tlsproof/wire/ext/pre_shared_key.h"

namespace tlsproof::wire::ext {

// struct { opaque identity<1..2^16-1>; uint32 obfuscated_ticket_age; } PskIdentity;
// opaque PskBinderEntry<32..255>;
// struct {
//   PskIdentity identities<7..2^16-1>;
//   PskBinderEntry binders<33..2^16-1>;
// } OfferedPsks;                                (RFC 8446 §4.2.11)
bool decode(Reader& r, PreSharedKeyClient& out) {
  out.clear();
  Reader list = r;
  if (!r.sub16(list, "pre_shared_key.identities", 7)) return false;
  while (!list.empty()) {
    ByteView identity;
    uint32_t age = 0;
    if (!list.opaque16(identity, "pre_shared_key.identity", 1) ||
        !list.u32(age, "pre_shared_key.obfuscated_ticket_age"))
      return false;
    out.add(identity, age);
  }
  out.binders_offset = r.offset();
  if (!r.sub16(list, "pre_shared_key.binders", 33)) return false;
  while (!list.empty()) {
    ByteView binder;
    if (!list.opaque8(binder, "pre_shared_key.binder", 32)) return false;
    out.binders.push_back(binder);
  }
  return true;
}

void encode(const PreSharedKeyClient& in, Writer& w) {
  w.prefixed16([&] {
    for (size_t i = 0; i < in.identities.size(); ++i) {
      w.opaque16(in.identities[i]);
      w.u32(in.obfuscated_ticket_ages[i]);
    }
  });
  w.prefixed16([&] {
    for (size_t i = 0; i < in.binders.size(); ++i) w.opaque8(in.binders[i]);
  });
}

size_t PreSharedKeyClient::binders_len() const {
  size_t len = 2;
  for (size_t i = 0; i < binders.size(); ++i) len += 1 + binders[i].size();
  return len;
}

void PreSharedKeyClient::clear() {
  identities.clear();
  obfuscated_ticket_ages.clear();
  binders.clear();
  binders_offset = 0;
}

}  // namespace tlsproof::wire::ext
