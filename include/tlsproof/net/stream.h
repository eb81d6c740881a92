// A byte stream that never blocks: a TCP socket (socket.h) or one end of an in-memory pipe (pipe.h).
#pragma once

#include "tlsproof/base/bytes.h"

namespace tlsproof::net {

enum class IoStatus : uint8_t {
  ok,           // `len` bytes moved, at least one
  would_block,  // nothing now: wait for readiness
  eof,          // read: the peer has closed its direction, all its bytes have been read
  reset,        // the peer has reset the connection (RST, ECONNRESET)
  closed,       // write: the connection no longer takes bytes (EPIPE): after a reset, or we have closed our direction
  error,        // something else: `error_number`
};

struct IoResult {
  IoStatus status = IoStatus::would_block;
  size_t len = 0;
  int error_number = 0;  // errno for reset, closed and error
};

// What a stream can do now, or what is waited for: a set of these bits.
using Readiness = unsigned;
inline constexpr Readiness kReadable = 1;  // a read would not give would_block: bytes, EOF, reset or error
inline constexpr Readiness kWritable = 2;  // likewise for a write

class Stream {
 public:
  virtual ~Stream() = default;
  // Moves up to `into.size()` (at least 1) bytes.
  virtual IoResult read(std::span<uint8_t> into) = 0;
  // Takes some or all of `from` (not empty). Never raises SIGPIPE.
  virtual IoResult write(ByteView from) = 0;
  // Half close: the peer sees EOF after what was written; reading goes on. Doing it again does nothing.
  virtual void shutdown_write() = 0;
  // Closes with a reset: the peer's next read and write fail (TCP: RST by SO_LINGER 0).
  virtual void reset() = 0;
  // Closes. The destructor does it as well.
  virtual void close() = 0;
  // The descriptor to wait on, or -1 when there is none: then ready() tells.
  [[nodiscard]] virtual int fd() const { return -1; }
  // What can be done now; only for streams without a descriptor.
  [[nodiscard]] virtual Readiness ready() const { return 0; }
};

}  // namespace tlsproof::net
