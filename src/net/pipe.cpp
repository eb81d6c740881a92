#include "tlsproof/net/pipe.h"

#include <algorithm>
#include <cerrno>

#include "tlsproof/base/error.h"

namespace tlsproof::net {
namespace {

// Bytes under way in one direction: a ring that is as large as it will ever be.
struct Direction {
  explicit Direction(size_t capacity) : ring(capacity) {}

  size_t put(ByteView from) {
    const size_t len = std::min(from.size(), ring.size() - num);
    const size_t at = (begin + num) % ring.size();
    const size_t first = std::min(len, ring.size() - at);
    std::copy_n(from.begin(), first, ring.begin() + static_cast<std::ptrdiff_t>(at));
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(first), len - first, ring.begin());
    num += len;
    return len;
  }
  size_t take(std::span<uint8_t> into) {
    const size_t len = std::min(into.size(), num);
    const size_t first = std::min(len, ring.size() - begin);
    std::copy_n(ring.begin() + static_cast<std::ptrdiff_t>(begin), first, into.begin());
    std::copy_n(ring.begin(), len - first, into.begin() + static_cast<std::ptrdiff_t>(first));
    begin = (begin + len) % ring.size();
    num -= len;
    return len;
  }

  Bytes ring;
  size_t begin = 0;
  size_t num = 0;
  bool ended = false;  // the writer has half closed
};

}  // namespace

struct PipeEnd::Shared {
  explicit Shared(size_t capacity) : direction{Direction(capacity), Direction(capacity)} {}
  Direction direction[2];       // [side]: what that side writes
  bool closed[2] = {};          // that side has closed
  bool was_reset[2] = {};       // that side has received a reset
  bool reset_was_told[2] = {};  // and has seen it: TCP says ECONNRESET once, then EPIPE to writes and EOF to reads

  // `side` ends the connection by force: its peer is told, and what was under way is lost.
  void reset_by(int side) {
    closed[side] = true;
    if (!closed[1 - side]) was_reset[1 - side] = true;
    direction[0].num = direction[1].num = 0;
  }
};

PipePair make_pipe(size_t capacity) {
  TLSPROOF_CHECK(capacity > 0);
  auto shared = std::make_shared<PipeEnd::Shared>(capacity);
  return {std::unique_ptr<PipeEnd>(new PipeEnd(shared, 0)), std::unique_ptr<PipeEnd>(new PipeEnd(shared, 1))};
}

PipeEnd::~PipeEnd() {
  close();
}

IoResult PipeEnd::read(std::span<uint8_t> into) {
  Shared& pipe = *shared_;
  if (pipe.closed[side_]) return {IoStatus::closed, 0, EBADF};
  if (pipe.was_reset[side_]) {
    if (pipe.reset_was_told[side_]) return {IoStatus::eof, 0, 0};
    pipe.reset_was_told[side_] = true;
    return {IoStatus::reset, 0, ECONNRESET};
  }
  Direction& in = pipe.direction[1 - side_];
  if (const size_t len = in.take(into); len != 0) return {IoStatus::ok, len, 0};
  return {in.ended ? IoStatus::eof : IoStatus::would_block, 0, 0};
}

IoResult PipeEnd::write(ByteView from) {
  Shared& pipe = *shared_;
  if (pipe.closed[side_]) return {IoStatus::closed, 0, EBADF};
  if (pipe.was_reset[side_] && !pipe.reset_was_told[side_]) {
    pipe.reset_was_told[side_] = true;
    return {IoStatus::reset, 0, ECONNRESET};
  }
  Direction& out = pipe.direction[side_];
  if (pipe.was_reset[side_] || out.ended) return {IoStatus::closed, 0, EPIPE};
  if (pipe.closed[1 - side_]) {
    // As with TCP the bytes leave, and the answer to them is the reset.
    pipe.was_reset[side_] = true;
    pipe.direction[1 - side_].num = 0;
    return {IoStatus::ok, from.size(), 0};
  }
  if (const size_t len = out.put(from); len != 0) return {IoStatus::ok, len, 0};
  return {IoStatus::would_block, 0, 0};
}

void PipeEnd::shutdown_write() {
  if (!shared_->closed[side_]) shared_->direction[side_].ended = true;
}

void PipeEnd::reset() {
  if (!shared_->closed[side_]) shared_->reset_by(side_);
}

void PipeEnd::close() {
  Shared& pipe = *shared_;
  if (pipe.closed[side_]) return;
  if (pipe.direction[1 - side_].num != 0) {  // RFC 1122 §4.2.2.13: data that nobody will read is answered with a reset
    pipe.reset_by(side_);
    return;
  }
  pipe.direction[side_].ended = true;
  pipe.closed[side_] = true;
}

Readiness PipeEnd::ready() const {
  const Shared& pipe = *shared_;
  if (pipe.closed[side_] || pipe.was_reset[side_]) return kReadable | kWritable;
  Readiness ready = 0;
  const Direction& in = pipe.direction[1 - side_];
  const Direction& out = pipe.direction[side_];
  if (in.num != 0 || in.ended) ready |= kReadable;
  if (out.num < out.ring.size() || out.ended || pipe.closed[1 - side_]) ready |= kWritable;
  return ready;
}

size_t PipeEnd::readable_len() const {
  return shared_->direction[1 - side_].num;
}

}  // namespace tlsproof::net
