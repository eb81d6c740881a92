#include "tlsproof/net/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "tlsproof/base/text.h"

namespace tlsproof::net {
namespace {

constexpr size_t kMaxNameLen = 253;  // RFC 1035 §2.3.4, as text without the root's dot
constexpr size_t kMaxLabelLen = 63;
constexpr size_t kMaxTextLen = 400;  // no endpoint is longer; what is longer is not worth looking at

std::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail_usage(fmt::format("\"{}\": {}", escape_terminal_limited(text, 80), why));
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

// Empty when the name is one that DNS can hold; else what is wrong.
std::string_view name_fault(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return "the host is missing: HOST:PORT is expected";
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return "the host is not ASCII: give an internationalised name in its xn-- form";
  if (!std::ranges::all_of(name, is_name_char)) return "the host has a character that no host name has";
  if (name.size() > kMaxNameLen) return "the host name is longer than 253 characters";
  size_t label_len = 0;
  for (size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && name[i] != '.') {
      ++label_len;
      continue;
    }
    if (label_len == 0) return "the host name has an empty label";
    if (label_len > kMaxLabelLen) return "the host name has a label longer than 63 characters";
    label_len = 0;
  }
  // "1.2.3.400" is a mistyped address, not a name to look up (RFC 1123 §2.1).
  if (std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || c == '.'; }))
    return "the host looks like an IPv4 address but is none";
  return {};
}

}  // namespace

std::string Endpoint::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

bool Endpoint::is_numeric() const {
  return Address::from_ip(host, port).has_value();
}

Result<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port) {
  if (text.size() > kMaxTextLen) return bad(text, "too long for HOST:PORT");
  if (text.find("://") != std::string_view::npos) return bad(text, "HOST:PORT is expected, not a URL");
  std::string_view host = text;
  std::optional<std::string_view> port_text;
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return bad(text, "the ] after the IPv6 address is missing");
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return bad(text, "only :PORT may follow the ]");
    if (!rest.empty()) port_text = rest.substr(1);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos)
      return bad(text, "an IPv6 address is written in brackets: [ADDRESS]:PORT");
    host = text.substr(0, colon);
    port_text = text.substr(colon + 1);
  }
  Endpoint endpoint{std::string(host), default_port};
  if (port_text) {
    const auto port = parse_integer(*port_text, 1, 65535);
    if (!port) return bad(text, "the port is a number from 1 to 65535");
    endpoint.port = static_cast<uint16_t>(*port);
  }
  const auto address = Address::from_ip(host, endpoint.port);
  if (bracketed) {
    if (!address || address->family() != AF_INET6) return bad(text, "there is no IPv6 address between the brackets");
  } else if (!address) {
    if (const auto fault = name_fault(host); !fault.empty()) return bad(text, fault);
  }
  return endpoint;
}

Address::Address(const sockaddr* address, socklen_t len) {
  if (address == nullptr || len > sizeof storage_) return;
  const bool v4 = address->sa_family == AF_INET && len >= sizeof(sockaddr_in);
  const bool v6 = address->sa_family == AF_INET6 && len >= sizeof(sockaddr_in6);
  if (!v4 && !v6) return;
  len_ = v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(&storage_, address, len_);
}

std::optional<Address> Address::from_ip(std::string_view ip, uint16_t port) {
  // getaddrinfo would also take "127.1" and "0x7f.1" for IPv4, which name something else to other readers.
  const std::string host(ip.substr(0, 128));
  if (host.empty() || host.find('\0') != std::string::npos) return std::nullopt;
  if (sockaddr_in v4{}; inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return Address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  if (host.find(':') == std::string::npos) return std::nullopt;
  addrinfo hints{};
  hints.ai_family = AF_INET6;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;  // reads "%scope" too, and never asks anyone
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return std::nullopt;
  Address address(list->ai_addr, list->ai_addrlen);
  freeaddrinfo(list);
  if (!address.valid()) return std::nullopt;
  reinterpret_cast<sockaddr_in6*>(&address.storage_)->sin6_port = htons(port);
  return address;
}

std::string Address::ip() const {
  if (!valid()) return "(no address)";
  char host[NI_MAXHOST] = {};
  if (getnameinfo(data(), len_, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0) return "(no address)";
  return host;
}

uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

std::string Address::text() const {
  return Endpoint{ip(), port()}.text();
}

bool Address::operator==(const Address& other) const {
  return len_ == other.len_ && std::memcmp(&storage_, &other.storage_, len_) == 0;
}

}  // namespace tlsproof::net
