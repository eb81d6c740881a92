// What a service's answer after the handshake says about the client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tlsproof::app {

enum class Sign : uint8_t {
  none,         // no answer that counts has come
  accepted,     // the service serves us
  refused,      // a negative answer; whether the client or only the request is meant shows by comparing
  certificate,  // a negative answer that speaks of the client's certificate
  busy,         // a negative answer that speaks of the server's state: too many connections, starting up
};
[[nodiscard]] std::string_view to_text(Sign sign);  // "accepted"

struct Reply {
  Sign sign = Sign::none;
  int status = 0;    // as the protocol numbers its answers (SMTP 250, LDAP 0); 0 where it does not
  std::string text;  // one line, escaped: "SMTP 454 4.7.0 TLS not available"
};

}  // namespace tlsproof::app
