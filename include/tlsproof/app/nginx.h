// nginx's own answers to what it did not like about a connection or its certificate: it completes the handshake even
// when it refuses the client's certificate, and says so in HTTP.
#pragma once

#include <cstdint>
#include <string_view>

#include "tlsproof/base/bytes.h"

namespace tlsproof::app {

enum class NginxAnswer : uint8_t {
  other,              // nothing of the below: an ordinary answer, or somebody else's
  no_certificate,     // 496: ssl_verify_client on, and none was sent
  certificate_error,  // 495: one was sent, and did not verify
  plain_http,         // 497: HTTP without TLS on a TLS port
  misdirected,        // 421: the Host header is not the server name of the handshake, and that server verifies clients
};

// From a response's status and as much of its body as is there. nginx sends 495 to 497 as 400 with the reason in the
// page, unless error_page lets the codes themselves out; both are recognised. A 400 without nginx's own words is
// `other`. Source: nginx, src/http/ngx_http_special_response.c and ngx_http_request.c (ngx_http_process_request,
// ngx_http_set_virtual_server).
[[nodiscard]] NginxAnswer recognise_nginx_answer(int status, ByteView body);
// nginx's own words: "No required SSL certificate was sent"; empty for `other`. A literal.
[[nodiscard]] std::string_view nginx_answer_text(NginxAnswer answer);

}  // namespace tlsproof::app
