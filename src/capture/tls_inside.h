// What is said inside TLS, as far as its first words tell: HTTP/1 request and status lines, and the frames of HTTP/2 by
// name.
#pragma once

#include <array>
#include <string>

#include "tlsproof/trace/trace.h"

namespace tlsproof::capture {

class TlsInside {
 public:
  // Borrows.
  void reset(trace::Trace& trace);
  void set_alpn(ByteView name);
  // Decrypted application data of a record that stands at `stream`.
  void take(wire::Direction direction, ByteView data, ByteRange stream);
  // Tells what is still open.
  void finish();

 private:
  trace::Trace* trace_ = nullptr;
};

}  // namespace tlsproof::capture
