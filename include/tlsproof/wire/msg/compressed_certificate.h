// CompressedCertificate (RFC 8879 §4): a Certificate of TLS 1.3 in smaller form.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

struct CompressedCertificate {
  static constexpr uint8_t kType = registry::handshake_type::compressed_certificate;
  static constexpr std::string_view kName = "CompressedCertificate";
  uint16_t algorithm = 0;            // registry::certificate_compression
  uint32_t uncompressed_length = 0;  // of the Certificate's body, 24 bits; what really comes out is for who unpacks it
  Bytes compressed;                  // compressed_certificate_message<1..2^24-1>
  bool operator==(const CompressedCertificate&) const = default;
};
[[nodiscard]] bool decode(Reader& r, CompressedCertificate& out);
void encode(const CompressedCertificate& in, Writer& w);

}  // namespace tlsproof::wire
