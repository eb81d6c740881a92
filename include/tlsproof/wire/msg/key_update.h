// KeyUpdate (RFC 8446 §4.6.3).
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

struct KeyUpdate {
  static constexpr uint8_t kType = registry::handshake_type::key_update;
  static constexpr std::string_view kName = "KeyUpdate";
  uint8_t request_update = 0;  // registry::key_update_request; other values survive, rules refuse them
  bool operator==(const KeyUpdate&) const = default;
};
[[nodiscard]] bool decode(Reader& r, KeyUpdate& out);
void encode(const KeyUpdate& in, Writer& w);

}  // namespace tlsproof::wire
