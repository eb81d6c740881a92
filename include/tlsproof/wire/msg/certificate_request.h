// CertificateRequest, in its TLS 1.2 form, the one before, (RFC 5246 §7.4.4) and its TLS 1.3 form (RFC 8446 §4.3.2).
#pragma once

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/extension_list.h"

namespace tlsproof::wire {

struct CertificateRequest12 {
  static constexpr uint8_t kType = registry::handshake_type::certificate_request;
  static constexpr std::string_view kName = "CertificateRequest";

  Bytes certificate_types;                               // <1..2^8-1>, registry::client_certificate_type
  std::vector<uint16_t> supported_signature_algorithms;  // <2..2^16-2>
  ByteList certificate_authorities;                      // DER distinguished names, each <1..2^16-1>
  bool has_signature_algorithms = true;                  // false before TLS 1.2 (RFC 4346 §7.4.4)
  bool operator==(const CertificateRequest12&) const = default;
};
[[nodiscard]] bool decode(Reader& r, CertificateRequest12& out);
[[nodiscard]] bool decode_tls11(Reader& r, CertificateRequest12& out);  // the form before TLS 1.2
void encode(const CertificateRequest12& in, Writer& w);

struct CertificateRequest13 {
  static constexpr uint8_t kType = registry::handshake_type::certificate_request;
  static constexpr std::string_view kName = "CertificateRequest";

  Bytes certificate_request_context;  // <0..2^8-1>
  ExtensionList extensions;           // <2..2^16-1>
  bool operator==(const CertificateRequest13&) const = default;
};
[[nodiscard]] bool decode(Reader& r, CertificateRequest13& out);
void encode(const CertificateRequest13& in, Writer& w);

}  // namespace tlsproof::wire
