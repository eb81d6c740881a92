// The extensions that settle what a Certificate message holds: its kind (RFC 7250, RFC 6091) and its compression
// (RFC 8879).
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

struct ClientCertificateTypes {  // RFC 7250 §3: ClientHello. CertificateType<1..2^8-1>, in order of preference
  static constexpr uint16_t kType = registry::extension::client_certificate_type;
  static constexpr std::string_view kName = "client_certificate_type";
  Bytes types;  // registry::certificate_type
  bool operator==(const ClientCertificateTypes&) const = default;
};
struct ClientCertificateType {  // RFC 7250 §3: ServerHello, EncryptedExtensions
  static constexpr uint16_t kType = registry::extension::client_certificate_type;
  static constexpr std::string_view kName = "client_certificate_type";
  uint8_t type = 0;
  bool operator==(const ClientCertificateType&) const = default;
};
struct ServerCertificateTypes {  // the same for what the server sends
  static constexpr uint16_t kType = registry::extension::server_certificate_type;
  static constexpr std::string_view kName = "server_certificate_type";
  Bytes types;
  bool operator==(const ServerCertificateTypes&) const = default;
};
struct ServerCertificateType {
  static constexpr uint16_t kType = registry::extension::server_certificate_type;
  static constexpr std::string_view kName = "server_certificate_type";
  uint8_t type = 0;
  bool operator==(const ServerCertificateType&) const = default;
};
struct CertTypes {  // RFC 6091 §3.1: ClientHello; the older one, for both sides
  static constexpr uint16_t kType = registry::extension::cert_type;
  static constexpr std::string_view kName = "cert_type";
  Bytes types;
  bool operator==(const CertTypes&) const = default;
};
struct CertType {  // RFC 6091 §3.1: ServerHello
  static constexpr uint16_t kType = registry::extension::cert_type;
  static constexpr std::string_view kName = "cert_type";
  uint8_t type = 0;
  bool operator==(const CertType&) const = default;
};
struct CompressCertificate {  // RFC 8879 §3: ClientHello, CertificateRequest. <2..2^8-2>
  static constexpr uint16_t kType = registry::extension::compress_certificate;
  static constexpr std::string_view kName = "compress_certificate";
  std::vector<uint16_t> algorithms;  // registry::certificate_compression
  bool operator==(const CompressCertificate&) const = default;
};

[[nodiscard]] bool decode(Reader& r, ClientCertificateTypes& out);
[[nodiscard]] bool decode(Reader& r, ClientCertificateType& out);
[[nodiscard]] bool decode(Reader& r, ServerCertificateTypes& out);
[[nodiscard]] bool decode(Reader& r, ServerCertificateType& out);
[[nodiscard]] bool decode(Reader& r, CertTypes& out);
[[nodiscard]] bool decode(Reader& r, CertType& out);
[[nodiscard]] bool decode(Reader& r, CompressCertificate& out);
void encode(const ClientCertificateTypes& in, Writer& w);
void encode(const ClientCertificateType& in, Writer& w);
void encode(const ServerCertificateTypes& in, Writer& w);
void encode(const ServerCertificateType& in, Writer& w);
void encode(const CertTypes& in, Writer& w);
void encode(const CertType& in, Writer& w);
void encode(const CompressCertificate& in, Writer& w);

}  // namespace tlsproof::wire::ext
