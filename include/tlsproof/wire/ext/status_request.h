// status_request (RFC 6066 §8, RFC 8446 §4.4.2.1). The empty answers are StatusRequestAck (ext/empty.h).
#pragma once

#include "tlsproof/base/byte_list.h"
#include "tlsproof/wire/msg/certificate_status.h"

namespace tlsproof::wire::ext {

// ClientHello: CertificateStatusRequest.
struct StatusRequest {
  static constexpr uint16_t kType = registry::extension::status_request;
  static constexpr std::string_view kName = "status_request";
  uint8_t status_type = registry::certificate_status_type::ocsp;
  ByteList responder_ids;    // ocsp: each <1..2^16-1>, list <0..2^16-1>
  Bytes request_extensions;  // ocsp: DER, <0..2^16-1>
  Bytes other_request;       // other types: all that follows the type, as it came
  bool operator==(const StatusRequest&) const = default;
};
[[nodiscard]] bool decode(Reader& r, StatusRequest& out);
void encode(const StatusRequest& in, Writer& w);

// CertificateEntry of TLS 1.3.
struct StatusResponse {
  static constexpr uint16_t kType = registry::extension::status_request;
  static constexpr std::string_view kName = "status_request";
  CertificateStatus status;
  bool operator==(const StatusResponse&) const = default;
};
[[nodiscard]] bool decode(Reader& r, StatusResponse& out);
void encode(const StatusResponse& in, Writer& w);

}  // namespace tlsproof::wire::ext
