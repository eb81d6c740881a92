// CertificateStatus: the OCSP response, as a message of TLS 1.2 and as an extension of TLS 1.3's certificate entries
// (RFC 6066 §8, RFC 8446 §4.4.2.1).
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

struct CertificateStatus {
  static constexpr uint8_t kType = registry::handshake_type::certificate_status;
  static constexpr std::string_view kName = "CertificateStatus";

  uint8_t status_type = registry::certificate_status_type::ocsp;
  // ocsp: the DER OCSPResponse <1..2^24-1>. Other types: all that follows the type, as it came.
  Bytes response;
  bool operator==(const CertificateStatus&) const = default;
};
[[nodiscard]] bool decode(Reader& r, CertificateStatus& out);
void encode(const CertificateStatus& in, Writer& w);

}  // namespace tlsproof::wire
