#include "tlsproof/net/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

namespace tlsproof::net {

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
