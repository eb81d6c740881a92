// The NSS key log format (draft-ietf-tls-keylogfile §2): "LABEL client_random_hex secret_hex", a line a secret.
#pragma once

#include "tlsproof/trace/trace.h"

namespace tlsproof::trace {

// "CLIENT_HANDSHAKE_TRAFFIC_SECRET".
[[nodiscard]] std::string_view secret_label_name(SecretLabel label);

// The lines of all secrets of the trace; wiped by whoever gets them.
[[nodiscard]] SecretBytes encode_key_log(const Trace& trace);

}  // namespace tlsproof::trace
