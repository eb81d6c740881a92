// The extensions whose body is one list of numbers, in order of preference.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

struct SupportedGroups {  // RFC 8446 §4.2.7: ClientHello, EncryptedExtensions. <2..2^16-1>
  static constexpr uint16_t kType = registry::extension::supported_groups;
  static constexpr std::string_view kName = "supported_groups";
  std::vector<uint16_t> groups;  // registry::group
  bool operator==(const SupportedGroups&) const = default;
};
struct SignatureAlgorithms {  // RFC 8446 §4.2.3: ClientHello, CertificateRequest. <2..2^16-2>
  static constexpr uint16_t kType = registry::extension::signature_algorithms;
  static constexpr std::string_view kName = "signature_algorithms";
  std::vector<uint16_t> schemes;  // registry::signature_scheme
  bool operator==(const SignatureAlgorithms&) const = default;
};
struct SignatureAlgorithmsCert {  // RFC 8446 §4.2.3: the same for signatures in certificates
  static constexpr uint16_t kType = registry::extension::signature_algorithms_cert;
  static constexpr std::string_view kName = "signature_algorithms_cert";
  std::vector<uint16_t> schemes;
  bool operator==(const SignatureAlgorithmsCert&) const = default;
};
struct SupportedVersionsClient {  // RFC 8446 §4.2.1: ClientHello. <2..254>
  static constexpr uint16_t kType = registry::extension::supported_versions;
  static constexpr std::string_view kName = "supported_versions";
  std::vector<uint16_t> versions;  // registry::version
  bool operator==(const SupportedVersionsClient&) const = default;
};
struct EcPointFormats {  // RFC 8422 §5.1.2: ClientHello, ServerHello. <1..2^8-1>
  static constexpr uint16_t kType = registry::extension::ec_point_formats;
  static constexpr std::string_view kName = "ec_point_formats";
  Bytes formats;  // registry::ec_point_format
  bool operator==(const EcPointFormats&) const = default;
};
struct PskKeyExchangeModes {  // RFC 8446 §4.2.9: ClientHello. <1..255>
  static constexpr uint16_t kType = registry::extension::psk_key_exchange_modes;
  static constexpr std::string_view kName = "psk_key_exchange_modes";
  Bytes modes;  // registry::psk_key_exchange_mode
  bool operator==(const PskKeyExchangeModes&) const = default;
};

[[nodiscard]] bool decode(Reader& r, SupportedGroups& out);
[[nodiscard]] bool decode(Reader& r, SignatureAlgorithms& out);
[[nodiscard]] bool decode(Reader& r, SignatureAlgorithmsCert& out);
[[nodiscard]] bool decode(Reader& r, SupportedVersionsClient& out);
[[nodiscard]] bool decode(Reader& r, EcPointFormats& out);
[[nodiscard]] bool decode(Reader& r, PskKeyExchangeModes& out);
void encode(const SupportedGroups& in, Writer& w);
void encode(const SignatureAlgorithms& in, Writer& w);
void encode(const SignatureAlgorithmsCert& in, Writer& w);
void encode(const SupportedVersionsClient& in, Writer& w);
void encode(const EcPointFormats& in, Writer& w);
void encode(const PskKeyExchangeModes& in, Writer& w);

}  // namespace tlsproof::wire::ext
