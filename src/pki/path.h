// Certificates and keys that belong together.
#pragma once

#include <vector>

#include "tlsproof/crypto/keys.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::pki {

[[nodiscard]] bool is_of_key(const x509::CertificateView& certificate, const crypto::PrivateKey& key);
// From `certificates[0]` upwards, as far as each one's issuer is among them; the others are dropped. Not empty.
[[nodiscard]] std::vector<x509::Certificate> order_path(std::vector<x509::Certificate> certificates);

}  // namespace tlsproof::pki
