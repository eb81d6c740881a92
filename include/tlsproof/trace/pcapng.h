// Writing a Trace as a pcapng file that Wireshark and tshark open and decrypt with no further input.
#pragma once

#include "tlsproof/trace/trace.h"

namespace tlsproof::trace {

// A section with one Ethernet-less (LINKTYPE_RAW) interface, nanosecond time stamps, a Decryption Secrets Block before
// the packets (pcapng §4.7) when the trace holds secrets, and for each `bytes` event TCP segments with right sequence
// numbers and checksums between the trace's two addresses (IPv4 or IPv6); connection set-up, FIN and RST are made from
// the transport events. Holds secrets: the caller writes it with mode 0600.
[[nodiscard]] SecretBytes encode_pcapng(const Trace& trace);

}  // namespace tlsproof::trace
