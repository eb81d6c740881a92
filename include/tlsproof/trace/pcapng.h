// Writing a Trace as a pcapng file that Wireshark and tshark open and decrypt with no further input.
#pragma once

#include "tlsproof/trace/trace.h"

// What the format (draft-ietf-opsawg-pcapng) fixes, for whoever writes or reads it.
namespace tlsproof::trace::pcapng {

enum BlockType : uint32_t {  // §11.1
  kSectionHeader = 0x0a0d0d0a,
  kInterfaceDescription = 1,
  kObsoletePacket = 2,
  kSimplePacket = 3,
  kEnhancedPacket = 6,
  kDecryptionSecrets = 10,
};
inline constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;  // §4.1
inline constexpr uint32_t kTlsKeyLog = 0x544c534b;       // §4.7: "TLSK"
// Options: of any block, of a section (§4.1), of an interface (§4.2).
inline constexpr uint16_t kEndOfOptions = 0, kShbUserApplication = 4, kIfTsresol = 9, kIfTsoffset = 14;

}  // namespace tlsproof::trace::pcapng

namespace tlsproof::trace {

// A section with one Ethernet-less (LINKTYPE_RAW) interface, nanosecond time stamps, a Decryption Secrets Block before
// the packets (pcapng §4.7) when the trace holds secrets, and for each `bytes` event TCP segments with right sequence
// numbers and checksums between the trace's two addresses (IPv4 or IPv6); connection set-up, FIN and RST are made from
// the transport events. Holds secrets: the caller writes it with mode 0600.
[[nodiscard]] SecretBytes encode_pcapng(const Trace& trace);

}  // namespace tlsproof::trace
