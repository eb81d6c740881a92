// The lines of a key log, for the file of its own and for the Decryption Secrets Block of a pcapng.
#pragma once

#include "secret_out.h"
#include "tlsproof/trace/keylog.h"

namespace tlsproof::trace {

void write_key_log_lines(const Trace& trace, SecretOut& out);

}  // namespace tlsproof::trace
