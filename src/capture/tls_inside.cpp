#include "tls_inside.h"

namespace tlsproof::capture {

void TlsInside::reset(trace::Trace& trace) {
  trace_ = &trace;
}
void TlsInside::set_alpn(ByteView) {}
void TlsInside::take(wire::Direction, ByteView, ByteRange) {}
void TlsInside::finish() {}

}  // namespace tlsproof::capture
