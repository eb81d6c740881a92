// What certificates and lists are encoded with; this module's own.
#pragma once

#include <openssl/asn1.h>
#include <openssl/evp.h>

#include "tlsproof/base/error.h"
#include "tlsproof/pki/certificate.h"

namespace tlsproof::pki {

// UTCTime or GeneralizedTime, whichever the year needs; a usage error outside the years 0 to 9999.
[[nodiscard]] Status set_time(ASN1_TIME* field, int64_t seconds);
// nullptr for keys that sign with their own hash.
[[nodiscard]] Result<const EVP_MD*> signature_hash(const EVP_PKEY* key, SignatureHash wanted);

}  // namespace tlsproof::pki
