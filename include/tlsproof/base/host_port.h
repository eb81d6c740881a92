// HOST:PORT as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tlsproof/base/error.h"

namespace tlsproof {

struct HostPort {
  std::string host;  // a DNS name, an IPv4 address, or an IPv6 address without its brackets (a zone "%eth0" may follow)
  uint16_t port = 0;
  // "example.com:443", "[::1]:443". Not escaped, and needs no escaping when it came from parse_host_port.
  [[nodiscard]] std::string text() const;
  bool operator==(const HostPort&) const = default;
};

// Reads "example.com:443", "192.0.2.1:443", "[::1]:443". Fails (usage) when there is no port and `default_port` is 0,
// for a port outside 1..65535, an IPv6 address without brackets, a URL, an empty or overlong (over 253) host, or any
// character that no host has. A host is not resolved.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text, uint16_t default_port = 0);

// Whether the text is an IPv4 address in four decimal parts or an IPv6 address (without brackets; a zone may follow).
[[nodiscard]] bool is_ip_address(std::string_view host);

}  // namespace tlsproof
