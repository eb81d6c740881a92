// server_name (RFC 6066 §3).
#pragma once

#include <optional>

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

// ClientHello: the ServerNameList <1..2^16-1>. The server's answer is ServerNameAck (ext/empty.h).
struct ServerName {
  static constexpr uint16_t kType = registry::extension::server_name;
  static constexpr std::string_view kName = "server_name";

  // Entry i has types[i] (registry::server_name_type) and names[i] <1..2^16-1>; both have the same size.
  Bytes types;
  ByteList names;

  void add(uint8_t name_type, ByteView name) {
    types.push_back(name_type);
    names.push_back(name);
  }
  void add_host(std::string_view host) { add(registry::server_name_type::host_name, as_bytes(host)); }
  // The first host_name, unescaped. Borrows.
  [[nodiscard]] std::optional<std::string_view> host() const;
  void clear();
  bool operator==(const ServerName&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ServerName& out);
void encode(const ServerName& in, Writer& w);

}  // namespace tlsproof::wire::ext
