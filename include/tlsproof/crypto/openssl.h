// The bridge for modules that speak libcrypto themselves: errors and native keys (see also native() and adopt() in
// keys.h).
#pragma once

#include "tlsproof/base/error.h"

struct evp_pkey_st;

namespace tlsproof::crypto {

// Takes everything from this thread's OpenSSL error queue, so that nothing is left to confuse the next caller, and
// makes an Error of it: "WHAT: reason; reason". Texts from OpenSSL are escaped.
[[nodiscard]] Error openssl_error(std::string_view what, Error::Kind kind = Error::Kind::environment);
// Empties the queue where a failure was expected.
void clear_openssl_errors();

}  // namespace tlsproof::crypto
