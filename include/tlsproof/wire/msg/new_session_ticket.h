// NewSessionTicket, in its TLS 1.2 form (RFC 5077 §3.3) and its TLS 1.3 form (RFC 8446 §4.6.1).
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/extension_list.h"

namespace tlsproof::wire {

struct NewSessionTicket12 {
  static constexpr uint8_t kType = registry::handshake_type::new_session_ticket;
  static constexpr std::string_view kName = "NewSessionTicket";
  uint32_t ticket_lifetime_hint = 0;  // seconds
  Bytes ticket;                       // <0..2^16-1>
  bool operator==(const NewSessionTicket12&) const = default;
};
[[nodiscard]] bool decode(Reader& r, NewSessionTicket12& out);
void encode(const NewSessionTicket12& in, Writer& w);

struct NewSessionTicket13 {
  static constexpr uint8_t kType = registry::handshake_type::new_session_ticket;
  static constexpr std::string_view kName = "NewSessionTicket";
  uint32_t ticket_lifetime = 0;  // seconds
  uint32_t ticket_age_add = 0;
  Bytes ticket_nonce;        // <0..255>
  Bytes ticket;              // <1..2^16-1>
  ExtensionList extensions;  // <0..2^16-2>
  bool operator==(const NewSessionTicket13&) const = default;
};
[[nodiscard]] bool decode(Reader& r, NewSessionTicket13& out);
void encode(const NewSessionTicket13& in, Writer& w);

}  // namespace tlsproof::wire
