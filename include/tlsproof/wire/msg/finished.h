// Finished (RFC 8446 §4.4.4, RFC 5246 §7.4.9) and the synthetic message_hash (RFC 8446 §4.4.1): bodies without a
// length.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

struct Finished {
  static constexpr uint8_t kType = registry::handshake_type::finished;
  static constexpr std::string_view kName = "Finished";
  Bytes
      verify_data;  // the whole body: 12 bytes in TLS 1.2, the hash's length in TLS 1.3; the right length is for rules
  bool operator==(const Finished&) const = default;
};
[[nodiscard]] bool decode(Reader& r, Finished& out);
void encode(const Finished& in, Writer& w);

struct MessageHash {
  static constexpr uint8_t kType = registry::handshake_type::message_hash;
  static constexpr std::string_view kName = "MessageHash";
  Bytes hash;  // the whole body
  bool operator==(const MessageHash&) const = default;
};
[[nodiscard]] bool decode(Reader& r, MessageHash& out);
void encode(const MessageHash& in, Writer& w);

}  // namespace tlsproof::wire
