// The extensions whose body is one byte string, with or without a length of its own.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

struct Cookie {  // RFC 8446 §4.2.2: HelloRetryRequest, ClientHello. <1..2^16-1>
  static constexpr uint16_t kType = registry::extension::cookie;
  static constexpr std::string_view kName = "cookie";
  Bytes cookie;
  bool operator==(const Cookie&) const = default;
};
struct RenegotiationInfo {  // RFC 5746 §3.2: ClientHello, ServerHello. <0..255>
  static constexpr uint16_t kType = registry::extension::renegotiation_info;
  static constexpr std::string_view kName = "renegotiation_info";
  Bytes renegotiated_connection;
  bool operator==(const RenegotiationInfo&) const = default;
};
struct Padding {  // RFC 7685 §3: ClientHello. The whole body; zeros, which is for rules
  static constexpr uint16_t kType = registry::extension::padding;
  static constexpr std::string_view kName = "padding";
  Bytes bytes;
  bool operator==(const Padding&) const = default;
};
struct SessionTicket {  // RFC 5077 §3.2: ClientHello. The whole body is the ticket, without a length; empty asks for
                        // one
  static constexpr uint16_t kType = registry::extension::session_ticket;
  static constexpr std::string_view kName = "session_ticket";
  Bytes ticket;
  bool operator==(const SessionTicket&) const = default;
};

[[nodiscard]] bool decode(Reader& r, Cookie& out);
[[nodiscard]] bool decode(Reader& r, RenegotiationInfo& out);
[[nodiscard]] bool decode(Reader& r, Padding& out);
[[nodiscard]] bool decode(Reader& r, SessionTicket& out);
void encode(const Cookie& in, Writer& w);
void encode(const RenegotiationInfo& in, Writer& w);
void encode(const Padding& in, Writer& w);
void encode(const SessionTicket& in, Writer& w);

}  // namespace tlsproof::wire::ext
