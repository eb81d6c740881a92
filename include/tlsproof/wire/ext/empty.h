// The extensions whose body is empty, where they stand.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

struct ServerNameAck {  // RFC 6066 §3: ServerHello, EncryptedExtensions
  static constexpr uint16_t kType = registry::extension::server_name;
  static constexpr std::string_view kName = "server_name";
  bool operator==(const ServerNameAck&) const = default;
};
struct StatusRequestAck {  // RFC 6066 §8: ServerHello; RFC 8446 §4.4.2.1: CertificateRequest
  static constexpr uint16_t kType = registry::extension::status_request;
  static constexpr std::string_view kName = "status_request";
  bool operator==(const StatusRequestAck&) const = default;
};
struct SctRequest {  // RFC 6962 §3.3.1: ClientHello, CertificateRequest
  static constexpr uint16_t kType = registry::extension::signed_certificate_timestamp;
  static constexpr std::string_view kName = "signed_certificate_timestamp";
  bool operator==(const SctRequest&) const = default;
};
struct EncryptThenMac {  // RFC 7366 §2
  static constexpr uint16_t kType = registry::extension::encrypt_then_mac;
  static constexpr std::string_view kName = "encrypt_then_mac";
  bool operator==(const EncryptThenMac&) const = default;
};
struct ExtendedMasterSecret {  // RFC 7627 §5.1
  static constexpr uint16_t kType = registry::extension::extended_master_secret;
  static constexpr std::string_view kName = "extended_master_secret";
  bool operator==(const ExtendedMasterSecret&) const = default;
};
struct SessionTicketAck {  // RFC 5077 §3.2: ServerHello
  static constexpr uint16_t kType = registry::extension::session_ticket;
  static constexpr std::string_view kName = "session_ticket";
  bool operator==(const SessionTicketAck&) const = default;
};
struct EarlyData {  // RFC 8446 §4.2.10: ClientHello, EncryptedExtensions
  static constexpr uint16_t kType = registry::extension::early_data;
  static constexpr std::string_view kName = "early_data";
  bool operator==(const EarlyData&) const = default;
};
struct PostHandshakeAuth {  // RFC 8446 §4.2.6
  static constexpr uint16_t kType = registry::extension::post_handshake_auth;
  static constexpr std::string_view kName = "post_handshake_auth";
  bool operator==(const PostHandshakeAuth&) const = default;
};

[[nodiscard]] inline bool decode(Reader&, ServerNameAck&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, StatusRequestAck&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, SctRequest&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, EncryptThenMac&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, ExtendedMasterSecret&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, SessionTicketAck&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, EarlyData&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, PostHandshakeAuth&) {
  return true;
}
inline void encode(const ServerNameAck&, Writer&) {}
inline void encode(const StatusRequestAck&, Writer&) {}
inline void encode(const SctRequest&, Writer&) {}
inline void encode(const EncryptThenMac&, Writer&) {}
inline void encode(const ExtendedMasterSecret&, Writer&) {}
inline void encode(const SessionTicketAck&, Writer&) {}
inline void encode(const EarlyData&, Writer&) {}
inline void encode(const PostHandshakeAuth&, Writer&) {}

}  // namespace tlsproof::wire::ext
