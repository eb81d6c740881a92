// What a client keeps of a connection in order to resume it.
#pragma once

#include <string>

#include "tlsproof/base/secret.h"

namespace tlsproof::tls {

// Owns everything. The secret is wiped with it. Assigning to a used one reuses its memory.
struct Session {
  uint16_t version = 0;
  uint16_t cipher_suite = 0;
  SecretBytes secret;     // TLS 1.3: the PSK of this ticket (RFC 8446 §4.6.1); TLS 1.2: the master secret
  Bytes ticket;           // TLS 1.3: the identity; TLS 1.2: RFC 5077's ticket, empty when resumed by session id alone
  Bytes session_id;       // TLS 1.2: what the server called it, may be empty beside a ticket
  bool external = false;  // TLS 1.3: a PSK agreed on elsewhere (RFC 8446 §4.2.11): no age, binder label "ext binder"
  bool extended_master_secret = false;  // TLS 1.2: RFC 7627 §5.3 ties resumption to it
  uint32_t lifetime_s = 0;
  uint32_t age_add = 0;         // TLS 1.3
  uint32_t max_early_data = 0;  // TLS 1.3: 0 when the ticket does not allow early data
  int64_t received_ns = 0;      // Clock::monotonic_ns() when it came
  Bytes alpn;
  std::string server_name;
};

}  // namespace tlsproof::tls
