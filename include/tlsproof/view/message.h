// A decoded handshake message as one line for a person.
#pragma once

#include <string>

#include "tlsproof/wire/messages.h"

namespace tlsproof::view {

struct DescribeOptions {
  size_t max_text_len = 60;  // bytes of any one text that the peer chose (a server name, a subject), before it is cut
};

// The name in the RFC's spelling, then what is worth knowing of it: "ClientHello  TLS 1.3 1.2, sni www.example.com,
// alpn h2", "ServerHello  TLS 1.3, TLS_AES_128_GCM_SHA256, x25519", "Certificate  CN=www.example.com (2 certificates)".
// Escaped: safe on a terminal whatever the peer sent; bounded: a few hundred bytes.
[[nodiscard]] std::string describe_message(const wire::AnyMessage& message, const DescribeOptions& options = {});

}  // namespace tlsproof::view
