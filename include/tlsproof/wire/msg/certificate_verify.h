// CertificateVerify (RFC 8446 §4.4.3, RFC 5246 §7.4.8: the same bytes).
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

struct CertificateVerify {
  static constexpr uint8_t kType = registry::handshake_type::certificate_verify;
  static constexpr std::string_view kName = "CertificateVerify";
  uint16_t algorithm = 0;     // registry::signature_scheme
  Bytes signature;            // <0..2^16-1>
  bool has_algorithm = true;  // false before TLS 1.2 (RFC 4346 §7.4.8)
  bool operator==(const CertificateVerify&) const = default;
};
[[nodiscard]] bool decode(Reader& r, CertificateVerify& out);
[[nodiscard]] bool decode_tls11(Reader& r, CertificateVerify& out);  // the form before TLS 1.2
void encode(const CertificateVerify& in, Writer& w);

}  // namespace tlsproof::wire
