// The code points of TLS as tables: value, IANA's name, whether the IETF recommends it, and where it is defined.
//
// Wire values are plain integers everywhere in tlsproof, since unknown ones must survive; these tables give them names.
// The constants (`cipher_suite::TLS_AES_128_GCM_SHA256`) are in constants.h and come from the very same rows.
//
// Source: IANA "TLS Parameters" and "TLS ExtensionType Values". Values that IANA merely reserves but that are met in
// the wild (SSL 2.0, drafts, vendors' experiments, TLS 1.2's hash and signature pairs) have a row whose reference says
// so.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tlsproof::registry {

// IANA's "Recommended" column (RFC 9847 §3).
enum class Recommended : uint8_t {
  unspecified,  // the registry has no such column, or leaves it empty, or the value is not IANA's
  yes,          // Y: IETF consensus
  no,           // N: not evaluated, or of limited use
  discouraged,  // D: SHOULD NOT or MUST NOT be used
};
// "Y", "N", "D" or "-".
[[nodiscard]] std::string_view recommended_letter(Recommended recommended);

struct CodePoint {
  uint32_t value = 0;
  std::string_view name;  // IANA's spelling; for versions the usual one ("TLS 1.3")
  Recommended recommended = Recommended::unspecified;
  std::string_view reference;  // "RFC 8446", a draft's name, or "vendor: …"
};

enum class Kind : uint8_t {
  version,                  // ProtocolVersion, 2 bytes
  content_type,             // 1 byte
  handshake_type,           // 1 byte
  alert_level,              // 1 byte
  alert,                    // AlertDescription, 1 byte
  cipher_suite,             // 2 bytes
  compression_method,       // 1 byte
  extension,                // ExtensionType, 2 bytes
  group,                    // NamedGroup, 2 bytes
  ec_point_format,          // 1 byte
  ec_curve_type,            // 1 byte
  signature_scheme,         // 2 bytes, TLS 1.2's hash and signature pairs included
  hash_algorithm,           // 1 byte, TLS 1.2
  signature_algorithm,      // 1 byte, TLS 1.2
  client_certificate_type,  // 1 byte, CertificateRequest of TLS 1.2
  certificate_type,         // 1 byte, RFC 7250
  certificate_status_type,  // 1 byte, status_request
  certificate_compression,  // 2 bytes, RFC 8879
  psk_key_exchange_mode,    // 1 byte
  key_update_request,       // 1 byte
  max_fragment_length,      // 1 byte, RFC 6066
  server_name_type,         // 1 byte, RFC 6066
  heartbeat_mode,           // 1 byte, RFC 6520
  heartbeat_message_type,   // 1 byte, RFC 6520
};
inline constexpr size_t kNumKinds = 24;

// Every row of a kind, ascending by value, without duplicates. GREASE values have no row: see is_grease.
[[nodiscard]] std::span<const CodePoint> table(Kind kind);
// "cipher_suite".
[[nodiscard]] std::string_view kind_name(Kind kind);
// Bytes that a value of the kind takes on the wire: 1 or 2.
[[nodiscard]] size_t value_len(Kind kind);

// The row, or nullptr when the value has none. Never destroyed; O(log n), no allocation.
[[nodiscard]] const CodePoint* find(Kind kind, uint32_t value);
// By name, letter case ignored; versions also as "1.2", "TLS1.2", "TLSv1.2", "tls 1.2", "tls1_2" (and so for SSL and
// DTLS). Not for hot paths: a scan. Hexadecimal numbers are not names: see parse.
[[nodiscard]] const CodePoint* find(Kind kind, std::string_view name);
// What a person may write for a value: a name as above, or "0x1301". False when it is neither or too large for the
// kind.
[[nodiscard]] bool parse(Kind kind, std::string_view text, uint32_t& value);

// For a person: the name; "GREASE(0x0a0a)" for RFC 8701's values of the kinds that have them; else hex: "0x1399",
// "0x7f".
[[nodiscard]] std::string name(Kind kind, uint32_t value);
[[nodiscard]] inline std::string version_name(uint16_t value) {
  return name(Kind::version, value);
}
[[nodiscard]] inline std::string content_type_name(uint8_t value) {
  return name(Kind::content_type, value);
}
[[nodiscard]] inline std::string handshake_type_name(uint8_t value) {
  return name(Kind::handshake_type, value);
}
[[nodiscard]] inline std::string alert_level_name(uint8_t value) {
  return name(Kind::alert_level, value);
}
[[nodiscard]] inline std::string alert_name(uint8_t value) {
  return name(Kind::alert, value);
}
[[nodiscard]] inline std::string cipher_suite_name(uint16_t value) {
  return name(Kind::cipher_suite, value);
}
[[nodiscard]] inline std::string extension_name(uint16_t value) {
  return name(Kind::extension, value);
}
[[nodiscard]] inline std::string group_name(uint16_t value) {
  return name(Kind::group, value);
}
[[nodiscard]] inline std::string signature_scheme_name(uint16_t value) {
  return name(Kind::signature_scheme, value);
}

// RFC 8701 §2: 0x0a0a, 0x1a1a … 0xfafa, for versions, cipher suites, extensions, groups and signature schemes.
[[nodiscard]] constexpr bool is_grease(uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff);
}
// RFC 8701 §2: 0x0b, 0x2a, 0x49 … 0xe4 for PskKeyExchangeModes.
[[nodiscard]] constexpr bool is_grease_psk_mode(uint8_t value) {
  return value % 0x1f == 0x0b;
}

// Whether a value of this kind is one of RFC 8701's.
[[nodiscard]] bool is_grease(Kind kind, uint32_t value);

}  // namespace tlsproof::registry
