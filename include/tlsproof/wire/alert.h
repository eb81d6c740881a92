// The two small record contents: alerts and ChangeCipherSpec.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

// RFC 8446 §6, RFC 5246 §7.2.
struct Alert {
  static constexpr std::string_view kName = "Alert";
  uint8_t level = 0;        // registry::alert_level
  uint8_t description = 0;  // registry::alert
  bool operator==(const Alert&) const = default;
};
[[nodiscard]] bool decode(Reader& r, Alert& out);
void encode(const Alert& in, Writer& w);
// RFC 8446 §6: close_notify and user_canceled warn, all others are fatal, whatever the level says.
[[nodiscard]] constexpr Alert make_alert(uint8_t description) {
  const bool warns = description == registry::alert::close_notify || description == registry::alert::user_canceled;
  return {warns ? registry::alert_level::warning : registry::alert_level::fatal, description};
}

// RFC 5246 §7.1, RFC 8446 §5: a single byte 0x01; other values survive.
struct ChangeCipherSpec {
  static constexpr std::string_view kName = "ChangeCipherSpec";
  uint8_t type = 1;
  bool operator==(const ChangeCipherSpec&) const = default;
};
[[nodiscard]] bool decode(Reader& r, ChangeCipherSpec& out);
void encode(const ChangeCipherSpec& in, Writer& w);

}  // namespace tlsproof::wire
