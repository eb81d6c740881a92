// ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2; RFC 9147 §5.3, RFC 6347 §4.2.1 for DTLS).
#pragma once

#include <array>

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/extension_list.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::wire {

struct ClientHello {
  static constexpr uint8_t kType = registry::handshake_type::client_hello;
  static constexpr std::string_view kName = "ClientHello";

  uint16_t legacy_version = 0x0303;
  std::array<uint8_t, kRandomLen> random{};
  Bytes legacy_session_id;         // <0..32>
  bool has_legacy_cookie = false;  // DTLS. Set it before decode(), which cannot see it in the bytes
  Bytes legacy_cookie;             // <0..2^8-1>, where there is one
  std::vector<uint16_t> cipher_suites;
  Bytes legacy_compression_methods;  // <1..2^8-1>
  bool has_extensions = true;        // false: the block is absent altogether (allowed before TLS 1.3)
  ExtensionList extensions;

  bool operator==(const ClientHello&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ClientHello& out);
void encode(const ClientHello& in, Writer& w);

}  // namespace tlsproof::wire
