// A connection in memory: two streams, each of which reads what the other writes. For running client and server of one
// program against each other without sockets. One thread.
#pragma once

#include <memory>

#include "tlsproof/net/stream.h"

namespace tlsproof::net {

inline constexpr size_t kDefaultPipeCapacity = size_t{64} << 10;

// Behaves as a TCP connection does: bytes written before a half close arrive before EOF; a reset loses what was under
// way; closing with bytes unread resets, closing without them is a half close after which writes of the peer get
// `reset`.
class PipeEnd final : public Stream {
 public:
  ~PipeEnd() override;
  PipeEnd(const PipeEnd&) = delete;
  PipeEnd& operator=(const PipeEnd&) = delete;

  IoResult read(std::span<uint8_t> into) override;
  IoResult write(ByteView from) override;
  void shutdown_write() override;
  void reset() override;
  void close() override;
  [[nodiscard]] Readiness ready() const override;

  // Bytes that wait to be read here.
  [[nodiscard]] size_t readable_len() const;

 private:
  friend struct PipePair make_pipe(size_t capacity);
  struct Shared;
  PipeEnd(std::shared_ptr<Shared> shared, int side) : shared_(std::move(shared)), side_(side) {}
  std::shared_ptr<Shared> shared_;
  int side_;
};

struct PipePair {
  std::unique_ptr<PipeEnd> a;
  std::unique_ptr<PipeEnd> b;
};
// `capacity` bytes (at least 1) are buffered in each direction; a write beyond is taken in part.
[[nodiscard]] PipePair make_pipe(size_t capacity = kDefaultPipeCapacity);

}  // namespace tlsproof::net
