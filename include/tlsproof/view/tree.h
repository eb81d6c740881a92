// Every field of every record and message of a Trace, a line each: where it stands, how long it is, its bytes, and what
// they mean. Every byte of a message stands in exactly one such line.
//
//     ─► ClientHello  318 bytes at 5; offsets in the stream
//          9     2    legacy_version  0303  TLS 1.2
//
// Lines without offset and length explain the one above: what a certificate says, what stands in an OCSP response.
#pragma once

#include <string>

#include "tlsproof/trace/reading.h"

namespace tlsproof::x509 {
class CertificateCache;
}

namespace tlsproof::view {

struct TreeOptions {
  size_t max_hex_len = 24;                         // bytes of one value that are shown; 0: all of them
  size_t max_text_len = 200;                       // bytes of one text that the peer chose
  bool ascii = false;                              // "->" and "<-" instead of arrows
  x509::CertificateCache* certificates = nullptr;  // borrowed; where certificates may have been read before
};

// Appends the tree to `out`; nothing else is kept. Escaped: safe on a terminal whatever the peers sent.
void append_tree(const trace::Reading& reading, const TreeOptions& options, std::string& out);

}  // namespace tlsproof::view
