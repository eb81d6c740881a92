// The words that every user of wire shares, and the limits of the record layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tlsproof::wire {

enum class Direction : uint8_t { client_to_server, server_to_client };
[[nodiscard]] constexpr Direction opposite(Direction d) {
  return d == Direction::client_to_server ? Direction::server_to_client : Direction::client_to_server;
}
// "client->server", "server->client".
[[nodiscard]] std::string_view to_string(Direction direction);

// Encryption level: which keys protect the bytes. TLS 1.2 knows initial and application (its Finished included).
enum class Level : uint8_t { initial, early, handshake, application };
// "initial", "early", "handshake", "application".
[[nodiscard]] std::string_view to_string(Level level);

enum class Role : uint8_t { client, server };
[[nodiscard]] constexpr Role peer_of(Role r) {
  return r == Role::client ? Role::server : Role::client;
}
// The direction in which `role` sends.
[[nodiscard]] constexpr Direction direction_of(Role r) {
  return r == Role::client ? Direction::client_to_server : Direction::server_to_client;
}
// "client", "server".
[[nodiscard]] std::string_view to_string(Role role);

inline constexpr size_t kRecordHeaderLen = 5;
inline constexpr size_t kMaxPlaintext = size_t{1} << 14;  // RFC 8446 §5.1, RFC 5246 §6.2.1: TLSPlaintext.fragment
inline constexpr size_t kMaxCiphertext13 = kMaxPlaintext + 256;   // RFC 8446 §5.2: TLSCiphertext.encrypted_record
inline constexpr size_t kMaxCiphertext12 = kMaxPlaintext + 2048;  // RFC 5246 §6.2.3: TLSCiphertext.fragment
inline constexpr size_t kHandshakeHeaderLen = 4;
inline constexpr size_t kMaxHandshakeBody = (size_t{1} << 24) - 1;  // what the uint24 can say
inline constexpr size_t kMaxHandshakeLen = kHandshakeHeaderLen + kMaxHandshakeBody;
inline constexpr size_t kRandomLen = 32;

}  // namespace tlsproof::wire
