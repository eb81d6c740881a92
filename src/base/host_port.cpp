#include "tlsproof/base/host_port.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/text.h"

namespace tlsproof {
namespace {

constexpr size_t kMaxNameLen = 253;  // RFC 1035 §2.3.4, as text without the root's dot
constexpr size_t kMaxLabelLen = 63;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
// Letters, digits, hyphens, and the underscore of some internal names.
bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

// What is wrong with a host that is no address; empty when DNS can hold it.
std::string_view name_fault(std::string_view name) {
  if (name.empty()) return "the host is missing";
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return "write an internationalised name in its ASCII form (xn--…)";
  if (!std::ranges::all_of(name, [](char c) { return is_name_character(c) || c == '.'; }))
    return "the host has a character that no host has";
  if (name.ends_with('.') && name.size() > 1) name.remove_suffix(1);  // the root
  if (name.size() > kMaxNameLen) return "the host is longer than 253 characters";
  for (size_t at = 0, end = 0; end != std::string_view::npos; at = end + 1) {
    end = name.find('.', at);
    const std::string_view label = name.substr(at, end == std::string_view::npos ? end : end - at);
    if (label.empty()) return "the host has an empty label";
    if (label.size() > kMaxLabelLen) return "the host has a label longer than 63 characters";
  }
  // "192.0.2.300" is a mistyped address, not a name to look up (RFC 1123 §2.1).
  if (std::ranges::all_of(name, [](char c) { return is_digit(c) || c == '.'; })) return "the host is no IPv4 address";
  return {};
}

std::unexpected<Error> bad(std::string_view text, std::string_view reason) {
  return fail_usage(fmt::format("'{}' is not HOST:PORT: {}", escape_terminal_limited(text, 80), reason));
}

}  // namespace

bool is_ip_address(std::string_view host) {
  if (host.find('\0') != std::string_view::npos) return false;  // it would end the C string early
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
  if (!is_ip_address(host)) {
    if (const std::string_view fault = name_fault(host); !fault.empty()) return bad(text, fault);
  }
  if (!has_port && default_port == 0) return bad(text, "the port is missing");
  auto number = has_port ? parse_integer(port, 1, 65535) : std::optional<long long>(default_port);
  if (!number) return bad(text, "the port is no number from 1 to 65535");
  return HostPort{std::string(host), static_cast<uint16_t>(*number)};
}

}  // namespace tlsproof
