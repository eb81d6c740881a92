#include "tlsproof/wire/ext/server_name.h"

namespace tlsproof::wire::ext {

// struct {
//   NameType name_type;
//   select (name_type) { case host_name: HostName; } name;
// } ServerName;
// opaque HostName<1..2^16-1>;
// struct { ServerName server_name_list<1..2^16-1> } ServerNameList;
// RFC 6066 §3: all future name types begin with a 16-bit length too, so that unknown ones frame.
bool decode(Reader& r, ServerName& out) {
  out.clear();
  Reader list = r;
  if (!r.sub16(list, "server_name.server_name_list", 1)) return false;
  while (!list.empty()) {
    uint8_t type = 0;
    ByteView name;
    if (!list.u8(type, "server_name.name_type") || !list.opaque16(name, "server_name.host_name", 1)) return false;
    out.add(type, name);
  }
  return true;
}

void encode(const ServerName& in, Writer& w) {
  w.prefixed16([&] {
    for (size_t i = 0; i < in.names.size(); ++i) {
      w.u8(in.types[i]);
      w.opaque16(in.names[i]);
    }
  });
}

std::optional<std::string_view> ServerName::host() const {
  for (size_t i = 0; i < names.size(); ++i)
    if (types[i] == registry::server_name_type::host_name) return as_text(names[i]);
  return std::nullopt;
}

void ServerName::clear() {
  types.clear();
  names.clear();
}

}  // namespace tlsproof::wire::ext
