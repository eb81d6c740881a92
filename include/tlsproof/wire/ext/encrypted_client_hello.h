// encrypted_client_hello (RFC 9849).
#pragma once

#include <array>

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

// ECHClientHello.type.
inline constexpr uint8_t kEchOuter = 0, kEchInner = 1;
// ECHConfig.version of RFC 9849.
inline constexpr uint16_t kEchConfigVersion = 0xfe0d;

struct EncryptedClientHello {  // RFC 9849 §5: ClientHello
  static constexpr uint16_t kType = registry::extension::encrypted_client_hello;
  static constexpr std::string_view kName = "encrypted_client_hello";
  uint8_t type = kEchOuter;
  uint16_t kdf = 0, aead = 0;  // HPKE code points (RFC 9180 §7)
  uint8_t config_id = 0;
  Bytes enc;      // the HPKE encapsulated key, <0..2^16-1>; empty in the second ClientHello
  Bytes payload;  // the encrypted inner ClientHello, <1..2^16-1>
  // outer has all of these, inner none; of other types `payload` is all that follows, as it came.
  bool operator==(const EncryptedClientHello&) const = default;
};
struct EncryptedClientHelloRetry {  // RFC 9849 §5: HelloRetryRequest
  static constexpr uint16_t kType = registry::extension::encrypted_client_hello;
  static constexpr std::string_view kName = "encrypted_client_hello";
  std::array<uint8_t, 8> confirmation{};
  bool operator==(const EncryptedClientHelloRetry&) const = default;
};
struct EncryptedClientHelloConfigs {  // RFC 9849 §5: EncryptedExtensions. ECHConfigList<4..2^16-1>
  static constexpr uint16_t kType = registry::extension::encrypted_client_hello;
  static constexpr std::string_view kName = "encrypted_client_hello";
  // Config i is versions[i] with contents[i]: an EchConfigContents where the version is kEchConfigVersion.
  std::vector<uint16_t> versions;
  ByteList contents;
  bool operator==(const EncryptedClientHelloConfigs&) const = default;
};
struct EchConfigContents {  // RFC 9849 §4
  static constexpr std::string_view kName = "ECHConfigContents";
  uint8_t config_id = 0;
  uint16_t kem = 0;            // HPKE
  Bytes public_key;            // <1..2^16-1>
  std::vector<uint16_t> kdfs;  // cipher suite i is kdfs[i] with aeads[i]; <4..2^16-4>
  std::vector<uint16_t> aeads;
  uint8_t maximum_name_length = 0;
  Bytes public_name;  // <1..255>
  Bytes extensions;   // <0..2^16-1>, as they came
  bool operator==(const EchConfigContents&) const = default;
};

[[nodiscard]] bool decode(Reader& r, EncryptedClientHello& out);
[[nodiscard]] bool decode(Reader& r, EncryptedClientHelloRetry& out);
[[nodiscard]] bool decode(Reader& r, EncryptedClientHelloConfigs& out);
[[nodiscard]] bool decode(Reader& r, EchConfigContents& out);
void encode(const EncryptedClientHello& in, Writer& w);
void encode(const EncryptedClientHelloRetry& in, Writer& w);
void encode(const EncryptedClientHelloConfigs& in, Writer& w);
void encode(const EchConfigContents& in, Writer& w);

}  // namespace tlsproof::wire::ext
