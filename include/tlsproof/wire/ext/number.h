// The extensions whose body is one number.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

struct MaxFragmentLength {  // RFC 6066 §4: ClientHello, ServerHello, EncryptedExtensions
  static constexpr uint16_t kType = registry::extension::max_fragment_length;
  static constexpr std::string_view kName = "max_fragment_length";
  uint8_t code = 0;  // registry::max_fragment_length: 1…4 are 2^9…2^12 bytes
  bool operator==(const MaxFragmentLength&) const = default;
};
struct RecordSizeLimit {  // RFC 8449 §4: ClientHello, ServerHello, EncryptedExtensions
  static constexpr uint16_t kType = registry::extension::record_size_limit;
  static constexpr std::string_view kName = "record_size_limit";
  uint16_t limit = 0;  // bytes; at least 64, which is for rules
  bool operator==(const RecordSizeLimit&) const = default;
};
struct Heartbeat {  // RFC 6520 §2: ClientHello, ServerHello
  static constexpr uint16_t kType = registry::extension::heartbeat;
  static constexpr std::string_view kName = "heartbeat";
  uint8_t mode = 0;  // registry::heartbeat_mode
  bool operator==(const Heartbeat&) const = default;
};
struct EarlyDataTicket {  // RFC 8446 §4.2.10: NewSessionTicket
  static constexpr uint16_t kType = registry::extension::early_data;
  static constexpr std::string_view kName = "early_data";
  uint32_t max_early_data_size = 0;  // bytes
  bool operator==(const EarlyDataTicket&) const = default;
};
struct PreSharedKeyServer {  // RFC 8446 §4.2.11: ServerHello
  static constexpr uint16_t kType = registry::extension::pre_shared_key;
  static constexpr std::string_view kName = "pre_shared_key";
  uint16_t selected_identity = 0;
  bool operator==(const PreSharedKeyServer&) const = default;
};
struct SupportedVersionsServer {  // RFC 8446 §4.2.1: ServerHello, HelloRetryRequest
  static constexpr uint16_t kType = registry::extension::supported_versions;
  static constexpr std::string_view kName = "supported_versions";
  uint16_t selected_version = 0;
  bool operator==(const SupportedVersionsServer&) const = default;
};
struct KeyShareRetry {  // RFC 8446 §4.2.8: HelloRetryRequest
  static constexpr uint16_t kType = registry::extension::key_share;
  static constexpr std::string_view kName = "key_share";
  uint16_t selected_group = 0;
  bool operator==(const KeyShareRetry&) const = default;
};

[[nodiscard]] bool decode(Reader& r, MaxFragmentLength& out);
[[nodiscard]] bool decode(Reader& r, RecordSizeLimit& out);
[[nodiscard]] bool decode(Reader& r, Heartbeat& out);
[[nodiscard]] bool decode(Reader& r, EarlyDataTicket& out);
[[nodiscard]] bool decode(Reader& r, PreSharedKeyServer& out);
[[nodiscard]] bool decode(Reader& r, SupportedVersionsServer& out);
[[nodiscard]] bool decode(Reader& r, KeyShareRetry& out);
void encode(const MaxFragmentLength& in, Writer& w);
void encode(const RecordSizeLimit& in, Writer& w);
void encode(const Heartbeat& in, Writer& w);
void encode(const EarlyDataTicket& in, Writer& w);
void encode(const PreSharedKeyServer& in, Writer& w);
void encode(const SupportedVersionsServer& in, Writer& w);
void encode(const KeyShareRetry& in, Writer& w);

}  // namespace tlsproof::wire::ext
