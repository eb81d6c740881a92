#include "tlsproof/wire/ext/application_settings.h"

namespace tlsproof::wire::ext {

// ProtocolName supported_protocols<2..2^16-1>;   (draft-vvv-tls-alps §4)
bool decode(Reader& r, ApplicationSettings& out) {
  out.protocols.clear();
  Reader list = r;
  if (!r.sub16(list, "application_settings.supported_protocols", 2)) return false;
  while (!list.empty()) {
    ByteView name;
    if (!list.opaque8(name, "application_settings.protocol_name", 1)) return false;
    out.protocols.push_back(name);
  }
  return true;
}
bool decode(Reader& r, ApplicationSettingsValue& out) {
  decode_rest(r, out.settings);
  return true;
}

void encode(const ApplicationSettings& in, Writer& w) {
  w.prefixed16([&] {
    for (size_t i = 0; i < in.protocols.size(); ++i) w.opaque8(in.protocols[i]);
  });
}
void encode(const ApplicationSettingsValue& in, Writer& w) {
  w.bytes(in.settings);
}

}  // namespace tlsproof::wire::ext
