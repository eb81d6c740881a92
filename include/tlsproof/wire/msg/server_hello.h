// ServerHello and, in the same struct, HelloRetryRequest (RFC 8446 §4.1.3 and §4.1.4, RFC 5246 §7.4.1.3).
#pragma once

#include <array>

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/extension_list.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::wire {

// RFC 8446 §4.1.3: SHA-256("HelloRetryRequest").
inline constexpr std::array<uint8_t, kRandomLen> kHelloRetryRequestRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
// RFC 8446 §4.1.3: the last eight bytes of ServerHello.random of a server that could do more than it negotiated.
inline constexpr std::array<uint8_t, 8> kDowngradeTls12 = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01};
inline constexpr std::array<uint8_t, 8> kDowngradeTls11 = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x00};
enum class Downgrade : uint8_t {
  none,
  to_tls12,           // "DOWNGRD" 01
  to_tls11_or_below,  // "DOWNGRD" 00
};

struct ServerHello {
  static constexpr uint8_t kType = registry::handshake_type::server_hello;
  static constexpr std::string_view kName = "ServerHello";

  uint16_t legacy_version = 0x0303;  // the version itself, before TLS 1.3 and in its drafts to 21
  std::array<uint8_t, kRandomLen> random{};
  Bytes legacy_session_id_echo;  // <0..32>; before TLS 1.3 the session_id
  uint16_t cipher_suite = 0;
  uint8_t legacy_compression_method = 0;
  bool has_extensions = true;  // false: the block is absent altogether (allowed before TLS 1.3)
  ExtensionList extensions;
  // The form of TLS 1.3's drafts to 21, told by their version numbers (0x7fXX): without session id and compression.
  bool draft_form = false;

  [[nodiscard]] bool is_hello_retry_request() const { return random == kHelloRetryRequestRandom; }
  [[nodiscard]] Downgrade downgrade() const;
  // The version that this answer selects: supported_versions when it is there and decodes, else legacy_version.
  [[nodiscard]] uint16_t selected_version() const;

  bool operator==(const ServerHello&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ServerHello& out);
void encode(const ServerHello& in, Writer& w);

}  // namespace tlsproof::wire
