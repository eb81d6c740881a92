#include "tlsproof/wire/ext/key_share.h"

namespace tlsproof::wire::ext {

// struct { NamedGroup group; opaque key_exchange<1..2^16-1>; } KeyShareEntry;
static bool decode_entry(Reader& r, uint16_t& group, ByteView& key) {
  return r.u16(group, "key_share.group") && r.opaque16(key, "key_share.key_exchange", 1);
}

// struct { KeyShareEntry client_shares<0..2^16-1>; } KeyShareClientHello;
bool decode(Reader& r, KeyShareClient& out) {
  out.clear();
  Reader list = r;
  if (!r.sub16(list, "key_share.client_shares")) return false;
  while (!list.empty()) {
    uint16_t group = 0;
    ByteView key;
    if (!decode_entry(list, group, key)) return false;
    out.add(group, key);
  }
  return true;
}

void encode(const KeyShareClient& in, Writer& w) {
  w.prefixed16([&] {
    for (size_t i = 0; i < in.size(); ++i) {
      w.u16(in.groups[i]);
      w.opaque16(in.keys[i]);
    }
  });
}

std::optional<ByteView> KeyShareClient::find(uint16_t group) const {
  for (size_t i = 0; i < groups.size(); ++i)
    if (groups[i] == group) return keys[i];
  return std::nullopt;
}

void KeyShareClient::clear() {
  groups.clear();
  keys.clear();
}

// struct { KeyShareEntry server_share; } KeyShareServerHello;
bool decode(Reader& r, KeyShareServer& out) {
  ByteView key;
  if (!decode_entry(r, out.group, key)) return false;
  out.key.assign(key.begin(), key.end());
  return true;
}

void encode(const KeyShareServer& in, Writer& w) {
  w.u16(in.group);
  w.opaque16(in.key);
}

}  // namespace tlsproof::wire::ext
