// ClientKeyExchange of TLS 1.2: ECDHE (RFC 8422 §5.7), DHE and RSA (RFC 5246 §7.4.7).
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

struct ClientKeyExchangeEcdhe {
  static constexpr uint8_t kType = registry::handshake_type::client_key_exchange;
  static constexpr std::string_view kName = "ClientKeyExchange";
  Bytes public_key;  // ecdh_Yc: ECPoint <1..2^8-1>
  bool operator==(const ClientKeyExchangeEcdhe&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ClientKeyExchangeEcdhe& out);
void encode(const ClientKeyExchangeEcdhe& in, Writer& w);

struct ClientKeyExchangeDhe {
  static constexpr uint8_t kType = registry::handshake_type::client_key_exchange;
  static constexpr std::string_view kName = "ClientKeyExchange";
  Bytes dh_Yc;  // <1..2^16-1>, big-endian
  bool operator==(const ClientKeyExchangeDhe&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ClientKeyExchangeDhe& out);
void encode(const ClientKeyExchangeDhe& in, Writer& w);

struct ClientKeyExchangeRsa {
  static constexpr uint8_t kType = registry::handshake_type::client_key_exchange;
  static constexpr std::string_view kName = "ClientKeyExchange";
  Bytes encrypted_pre_master_secret;  // public-key-encrypted: <0..2^16-1>
  bool operator==(const ClientKeyExchangeRsa&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ClientKeyExchangeRsa& out);
void encode(const ClientKeyExchangeRsa& in, Writer& w);

}  // namespace tlsproof::wire
