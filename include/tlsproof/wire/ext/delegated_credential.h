// delegated_credential (RFC 9345).
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

struct DelegatedCredentialRequest {  // RFC 9345 §4.1.1: ClientHello, CertificateRequest. <2..2^16-2>
  static constexpr uint16_t kType = registry::extension::delegated_credential;
  static constexpr std::string_view kName = "delegated_credential";
  std::vector<uint16_t> schemes;  // registry::signature_scheme
  bool operator==(const DelegatedCredentialRequest&) const = default;
};
struct DelegatedCredential {  // RFC 9345 §4: CertificateEntry
  static constexpr uint16_t kType = registry::extension::delegated_credential;
  static constexpr std::string_view kName = "delegated_credential";
  uint32_t valid_time = 0;                // seconds after the certificate's notBefore
  uint16_t dc_cert_verify_algorithm = 0;  // registry::signature_scheme, of CertificateVerify
  Bytes subject_public_key_info;          // DER, <1..2^24-1>
  uint16_t algorithm = 0;                 // of the signature by the certificate's key
  Bytes signature;                        // <1..2^16-1>
  bool operator==(const DelegatedCredential&) const = default;
};

[[nodiscard]] bool decode(Reader& r, DelegatedCredentialRequest& out);
[[nodiscard]] bool decode(Reader& r, DelegatedCredential& out);
void encode(const DelegatedCredentialRequest& in, Writer& w);
void encode(const DelegatedCredential& in, Writer& w);

}  // namespace tlsproof::wire::ext
