// What the OCSP response that a server staples says of its certificate.
#pragma once

#include <optional>
#include <string>

#include "tlsproof/view/handshake.h"

namespace tlsproof {
class JsonText;
}

namespace tlsproof::view {

// The response in the extensions of a TLS 1.3 certificate entry (RFC 8446 §4.4.2.1): a part of `extension_block`. Empty
// when there is none.
[[nodiscard]] ByteView stapled_response(ByteView extension_block);

// "stapled OCSP: good, until 2026-12-01"; empty when none was stapled. Its signature is not looked at.
[[nodiscard]] std::string stapled_text(const Handshake& handshake);

// The value of "ocsp": an object, or null.
void append_stapled(const Handshake& handshake, JsonText& json);

}  // namespace tlsproof::view
