// libcrypto's X509_V_ERR_… numbers in our own terms; this module's own.
#pragma once

#include "tlsproof/x509/validate.h"

namespace tlsproof::x509 {

// One of the reasons for which a path does not end at an anchor; which of them libcrypto gives depends on where it gave
// up.
[[nodiscard]] bool is_trust_error(int openssl_code);
[[nodiscard]] ProblemCode problem_code_of(int openssl_code);

}  // namespace tlsproof::x509
