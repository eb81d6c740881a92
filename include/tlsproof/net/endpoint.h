// Where to connect: HOST:PORT as people write it, and addresses as the kernel wants them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tlsproof/base/error.h"

namespace tlsproof::net {

inline constexpr uint16_t kDefaultPort = 443;

// A host, by name or numeric address, and a port. Not resolved.
struct Endpoint {
  std::string host;  // "example.com", "192.0.2.1", "2001:db8::1" (without brackets), "fe80::1%eth0"
  uint16_t port = kDefaultPort;

  // "example.com:443", "[2001:db8::1]:443": parse_endpoint reads it back.
  [[nodiscard]] std::string text() const;
  // Whether the host is an IPv4 or IPv6 address, so that nothing has to be resolved (and SNI has nothing to say, RFC
  // 6066 §3).
  [[nodiscard]] bool is_numeric() const;
  bool operator==(const Endpoint&) const = default;
};

// Reads HOST, HOST:PORT, [V6] or [V6]:PORT. A name is made of letters, digits, '-', '_' and '.', in labels of at most
// 63 and 253 in all; internationalised names must be given in their A-label form (xn--…). Fails (usage) saying what
// would be right.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port = kDefaultPort);

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
