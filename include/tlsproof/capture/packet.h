// One captured frame, whoever gave it: a file, standard input, a live interface.
#pragma once

#include <cstdint>

#include "tlsproof/base/bytes.h"

namespace tlsproof::capture {

// Values of the LINKTYPE_ registry (draft-ietf-opsawg-pcaplinktype) whose frames can be taken apart.
namespace link_type {
inline constexpr uint16_t kNull = 0, kEthernet = 1, kPpp = 9, kPppHdlc = 50, kRaw = 101, kLoop = 108, kLinuxSll = 113,
                          kIpv4 = 228, kIpv6 = 229, kLinuxSll2 = 276;
// What DLT_RAW is on some systems; files from there carry it.
inline constexpr uint16_t kRawBsd = 12, kRawOpenBsd = 14;
}  // namespace link_type

struct Packet {
  uint64_t number = 0;        // in the file, the first is 1, as Wireshark counts
  int64_t time_ns = 0;        // since 1970 UTC, within [0, 2^62], so that no difference of two overflows
  uint32_t interface = 0;     // pcapng: over all sections, from 0
  uint16_t link_type = 0;     // of that interface
  uint32_t original_len = 0;  // on the wire; larger than bytes.size() where the capture cut it off
  ByteView bytes;             // borrows from the source until its next call
};

}  // namespace tlsproof::capture
