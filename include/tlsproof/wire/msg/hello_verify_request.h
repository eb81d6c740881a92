// HelloVerifyRequest of DTLS 1.0 and 1.2 (RFC 6347 §4.2.1): the server wants to hear its cookie before it remembers
// anything.
#pragma once

#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

struct HelloVerifyRequest {
  static constexpr uint8_t kType = 3;  // reserved in the registry of TLS
  static constexpr std::string_view kName = "HelloVerifyRequest";

  uint16_t server_version = 0xfeff;
  Bytes cookie;  // <0..2^8-1>; DTLS 1.0 had <0..32>

  bool operator==(const HelloVerifyRequest&) const = default;
};
[[nodiscard]] bool decode(Reader& r, HelloVerifyRequest& out);
void encode(const HelloVerifyRequest& in, Writer& w);

}  // namespace tlsproof::wire
