#include "tlsproof/base/host_port.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/text.h"

namespace tlsproof {
namespace {

// What a host may be made of: names (with the underscore of some internal ones), addresses, and an IPv6 zone.
bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._:%").find(c) != std::string_view::npos;
}

std::unexpected<Error> bad(std::string_view text, std::string_view reason) {
  return fail_usage(fmt::format("'{}' is not HOST:PORT: {}", escape_terminal_limited(text, 80), reason));
}

}  // namespace

bool is_ip_address(std::string_view host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1) return true;
  size_t zone = host.find('%');
  if (zone != std::string_view::npos && zone + 1 == host.size()) return false;
  return inet_pton(AF_INET6, std::string(host.substr(0, zone)).c_str(), &v6) == 1;
}

std::string HostPort::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<HostPort> parse_host_port(std::string_view text, uint16_t default_port) {
  if (text.find("://") != std::string_view::npos)
    return bad(text, "write the host and the port without a scheme or a path, as in example.com:443");
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    size_t close = text.find(']');
    if (close == std::string_view::npos) return bad(text, "the ']' is missing");
    host = text.substr(1, close - 1);
    std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return bad(text, "after ']' comes ':' and the port");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
    if (host.find(':') == std::string_view::npos || !is_ip_address(host))
      return bad(text, "in the brackets there is no IPv6 address");
  } else if (size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos)
      return bad(text, "an IPv6 address stands in brackets, as in [::1]:443");
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) return bad(text, "the host is missing");
  if (host.size() > 253) return bad(text, "the host is longer than 253 characters");
  if (!std::ranges::all_of(host, is_host_character)) return bad(text, "the host has a character that no host has");
  if (!has_port && default_port == 0) return bad(text, "the port is missing");
  auto number = has_port ? parse_integer(port, 1, 65535) : std::optional<long long>(default_port);
  if (!number) return bad(text, "the port is no number from 1 to 65535");
  return HostPort{std::string(host), static_cast<uint16_t>(*number)};
}

}  // namespace tlsproof
