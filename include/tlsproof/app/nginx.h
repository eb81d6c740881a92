// What nginx says in HTTP about TLS: it completes the handshake whatever the client certificate is, and answers 400 after.
#pragma once

#include <cstdint>
#include <string_view>

namespace tlsproof::app {

enum class NginxPage : uint8_t {
  none,                 // nothing that we know
  certificate_missing,  // 400 "No required SSL certificate was sent" (496 within nginx)
  certificate_error,    // 400 "The SSL certificate error" (495 within nginx)
  plain_http,           // 400 "The plain HTTP request was sent to HTTPS port" (497 within nginx)
  misdirected,          // 421: the Host is of another virtual host than the SNI, which may not share its verdict
};

// Recognises nginx's own error pages by status and body.
[[nodiscard]] NginxPage recognise_nginx_page(int status, std::string_view body);
// "No required SSL certificate was sent"; empty for none.
[[nodiscard]] std::string_view to_text(NginxPage page);

}  // namespace tlsproof::app
