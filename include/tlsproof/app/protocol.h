// The protocols around TLS that can be spoken, by the names that users give.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tlsproof/base/bytes.h"

namespace tlsproof::app {

// With STARTTLS, or the protocol's own request for TLS, where there is one; a name that ends in "s" begins with TLS.
enum class Protocol : uint8_t {
  none,
  http,
  smtp,
  smtps,
  imap,
  imaps,
  pop3,
  pop3s,
  ldap,
  ldaps,
  ftp,
  ftps,
  xmpp,
  xmpps,
  postgres,
  mysql,
  redis,
};

struct ProtocolInfo {
  Protocol protocol;
  std::string_view name;    // "smtp": what users write
  std::string_view title;   // "SMTP": what people read
  std::string_view begins;  // how TLS begins: "STARTTLS (RFC 3207)"; empty: with the connection
};

[[nodiscard]] std::span<const ProtocolInfo> protocols();  // in the order of Protocol
[[nodiscard]] const ProtocolInfo& protocol_info(Protocol protocol);
[[nodiscard]] std::optional<Protocol> parse_protocol(std::string_view name);
[[nodiscard]] std::span<const std::string_view> protocol_names();
// "there is no protocol 'smpt'; did you mean 'smtp'? There are: none, http, …"
[[nodiscard]] std::string unknown_protocol(std::string_view name);

// The names of the services that greet in the clear with such first bytes: "smtp or ftp"; empty when none does.
[[nodiscard]] std::string_view services_that_greet_so(ByteView first_bytes);

}  // namespace tlsproof::app
