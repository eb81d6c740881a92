// MD5 (RFC 1321), apart from the hashes of TLS: broken as a hash since 2004, it remains the name of a JA3 fingerprint.
#pragma once

#include <array>

#include "tlsproof/base/bytes.h"

namespace tlsproof::crypto {

// For fingerprints by which others know the same thing; never for anything that must hold against an attacker.
[[nodiscard]] std::array<uint8_t, 16> md5(ByteView data);

}  // namespace tlsproof::crypto
