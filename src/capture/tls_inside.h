// What is said inside TLS, as far as its first words tell: HTTP/1 request and status lines, and the frames of HTTP/2 by
// name.
#pragma once

#include <array>
#include <string>

#include "tlsproof/trace/trace.h"

namespace tlsproof::capture {

class TlsInside {
 public:
  // Borrows; keeps the memory.
  void reset(trace::Trace& trace);
  // What ALPN chose; empty changes nothing.
  void set_alpn(ByteView name);
  // Decrypted application data of a record that stands at `stream`.
  void take(wire::Direction direction, ByteView data, ByteRange stream);

 private:
  struct Half {
    // HTTP/1: the first line since the other side spoke last.
    enum class Line : uint8_t { awaited, begun, over };
    Line line = Line::awaited;
    std::string text;
    // HTTP/2
    size_t preface_left = 0;
    Bytes frame;              // its header and the first bytes of its payload, as they come
    size_t payload_left = 0;  // of the frame that was told
    uint64_t last_run = 0;    // type and stream; frames that go on with them are not told again
    size_t num_told = 0;
  };
  Half& half(wire::Direction direction) { return halves_[static_cast<size_t>(direction)]; }
  [[nodiscard]] bool may_tell(wire::Direction direction);
  void begin_http2();
  void take_http1(wire::Direction direction, ByteView data, ByteRange stream);
  void tell_line(wire::Direction direction, ByteRange stream);
  void take_http2(wire::Direction direction, ByteView data, ByteRange stream);
  void tell_frame(wire::Direction direction, ByteRange stream);

  trace::Trace* trace_ = nullptr;
  std::array<Half, 2> halves_;
  bool any_ = false;
  wire::Direction last_ = wire::Direction::client_to_server;
  bool http2_ = false;
};

}  // namespace tlsproof::capture
