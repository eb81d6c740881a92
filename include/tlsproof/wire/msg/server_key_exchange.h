// ServerKeyExchange: ECDHE (RFC 8422 §5.4) and DHE (RFC 5246 §7.4.3), signed or anonymous.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

// DigitallySigned (RFC 5246 §4.7), absent in anonymous key exchange.
struct SignedPart {
  bool present = true;
  uint16_t algorithm = 0;     // SignatureAndHashAlgorithm, registry::signature_scheme
  Bytes signature;            // <0..2^16-1>
  bool has_algorithm = true;  // false before TLS 1.2 (RFC 4346 §7.4.3): MD5 and SHA-1 by RSA, else SHA-1
  bool operator==(const SignedPart&) const = default;
};

struct ServerKeyExchangeEcdhe {
  static constexpr uint8_t kType = registry::handshake_type::server_key_exchange;
  static constexpr std::string_view kName = "ServerKeyExchange";

  uint8_t curve_type = registry::ec_curve_type::named_curve;  // decode() knows no other form
  uint16_t named_curve = 0;                                   // registry::group
  Bytes public_key;                                           // ECPoint <1..2^8-1>
  SignedPart signed_part;
  // The ServerECDHParams within the decoded body: what client_random and server_random are signed with. Always at its
  // start; an edited struct has no range, use encode_params.
  ByteRange signed_params;

  bool operator==(const ServerKeyExchangeEcdhe&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ServerKeyExchangeEcdhe& out);
[[nodiscard]] bool decode_tls11(Reader& r, ServerKeyExchangeEcdhe& out);  // the form before TLS 1.2
void encode(const ServerKeyExchangeEcdhe& in, Writer& w);
// Only what is signed.
void encode_params(const ServerKeyExchangeEcdhe& in, Writer& w);

struct ServerKeyExchangeDhe {
  static constexpr uint8_t kType = registry::handshake_type::server_key_exchange;
  static constexpr std::string_view kName = "ServerKeyExchange";

  Bytes dh_p, dh_g, dh_Ys;  // each <1..2^16-1>, big-endian
  SignedPart signed_part;
  ByteRange signed_params;  // as above

  bool operator==(const ServerKeyExchangeDhe&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ServerKeyExchangeDhe& out);
[[nodiscard]] bool decode_tls11(Reader& r, ServerKeyExchangeDhe& out);
void encode(const ServerKeyExchangeDhe& in, Writer& w);
void encode_params(const ServerKeyExchangeDhe& in, Writer& w);

}  // namespace tlsproof::wire
