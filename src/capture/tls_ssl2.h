// SSL 2.0 (draft-hickman-netscape-ssl-00), as far as naming it takes, and the hello in its form with which old clients
// begin TLS (RFC 5246 Appendix E.2).
#pragma once

#include <array>
#include <string>

#include "tlsproof/base/bytes.h"

namespace tlsproof::capture {

// Message types.
inline constexpr uint8_t kSsl2ClientHello = 1, kSsl2ServerHello = 4;

// The type of the hello that these first bytes of a side are, as far as they are there: kSsl2ClientHello,
// kSsl2ServerHello, or 0.
[[nodiscard]] uint8_t ssl2_hello_type(ByteView bytes);

struct Ssl2Message {
  size_t len = 0;           // with its record header
  uint16_t version = 0;     // of a CLIENT-HELLO: 0x0002, or the highest of TLS
  bool has_random = false;  // a CLIENT-HELLO whose challenge can be the random of TLS
  std::array<uint8_t, 32> random{};
  std::string text;  // "SSL 2.0 CLIENT-HELLO, version SSL 2.0, 2 cipher kinds: …"
};
// The first message of a side. False: it is not all there, or none.
[[nodiscard]] bool read_ssl2_message(ByteView bytes, Ssl2Message& out);

}  // namespace tlsproof::capture
