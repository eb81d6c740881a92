// Where to connect: a host and a port, and addresses as the kernel wants them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tlsproof/base/host_port.h"

namespace tlsproof::net {

// A host, by name or numeric address, and a port; not resolved. Read by parse_host_port.
using Endpoint = HostPort;

// An IPv4 or IPv6 address with a port.
class Address {
 public:
  Address() = default;                              // of no family: not usable
  Address(const sockaddr* address, socklen_t len);  // copies; families other than IPv4 and IPv6 give one of no family
  // From a numeric host, "%scope" allowed; nullopt when it is not numeric.
  [[nodiscard]] static std::optional<Address> from_ip(std::string_view ip, uint16_t port);

  [[nodiscard]] bool valid() const { return len_ != 0; }
  [[nodiscard]] int family() const { return storage_.ss_family; }  // AF_INET, AF_INET6; AF_UNSPEC when not valid
  [[nodiscard]] std::string ip() const;                            // "192.0.2.1", "2001:db8::1"
  [[nodiscard]] uint16_t port() const;
  [[nodiscard]] std::string text() const;  // "192.0.2.1:443", "[2001:db8::1]:443"
  [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t len() const { return len_; }
  bool operator==(const Address& other) const;

 private:
  sockaddr_storage storage_{};
  socklen_t len_ = 0;
};

}  // namespace tlsproof::net
