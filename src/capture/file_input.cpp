#include "file_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tlsproof/base/text.h"

namespace tlsproof::capture {
namespace {

// Small enough to stay in a core's cache while it is filled and read again.
constexpr size_t kBufferLen = size_t{256} << 10;
constexpr size_t kPackedLen = size_t{64} << 10;
constexpr int kIdleMs = 100;

}  // namespace

Result<std::unique_ptr<Input>> Input::open(const std::string& path) {
  std::unique_ptr<Input> input(new Input);
  if (path == "-") {
    input->name_ = "standard input";
    if (::isatty(STDIN_FILENO) == 1)
      return fail_usage("standard input is a terminal: give a capture through a pipe, or name a file");
    input->fd_ = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  } else {
    input->name_ = fmt::format("'{}'", escape_terminal(path));
    input->fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  }
  struct stat info{};
  if (input->fd_ < 0 || ::fstat(input->fd_, &info) != 0) {
    auto error = fail_errno(fmt::format("cannot read the capture {}", input->name_));
    error.error().kind = Error::Kind::usage;
    return error;
  }
  if (S_ISDIR(info.st_mode))
    return fail_usage(fmt::format("cannot read the capture {}: it is a directory", input->name_));
  input->waits_ = !S_ISREG(info.st_mode);
  if (!input->waits_) ::posix_fadvise(input->fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  input->make_room(kBufferLen);
  return input;
}

Input::~Input() {
  if (fd_ >= 0) ::close(fd_);
}

void Input::make_room(size_t len) {
  const size_t left = end_ - begin_;
  if (len > capacity_) {
    // Not initialised: it is written before it is read.
    std::unique_ptr<uint8_t[]> larger(new uint8_t[len]);
    if (left != 0) std::memcpy(larger.get(), buffer_.get() + begin_, left);
    buffer_ = std::move(larger);
    capacity_ = len;
  } else if (begin_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, left);
  }
  base_ += begin_;
  begin_ = 0;
  end_ = left;
}

Result<Input::Fill> Input::fill(size_t len) {
  make_room(len);
  while (end_ < len) {
    if (at_end_) return Fill::end;
    size_t got = 0;
    uint8_t* to = buffer_.get() + end_;
    TLSPROOF_TRY(const Fill fill,
                 gunzip_ ? unpack_some(to, capacity_ - end_, got) : read_some(to, capacity_ - end_, got));
    end_ += got;
    if (fill == Fill::idle) return fill;
    if (fill == Fill::end) at_end_ = true;
  }
  return Fill::ready;
}

Result<Input::Fill> Input::read_some(uint8_t* to, size_t room, size_t& got) {
  if (waits_) {
    pollfd wait{fd_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, kIdleMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return Fill::idle;
  }
  const ssize_t len = ::read(fd_, to, room);
  if (len < 0 && (errno == EINTR || errno == EAGAIN)) return Fill::idle;
  if (len < 0) return fail_errno(fmt::format("cannot read the capture {}", name_));
  got = static_cast<size_t>(len);
  return len == 0 ? Fill::end : Fill::ready;
}

void Input::unpack() {
  gunzip_ = std::make_unique<Gunzip>();
  packed_.assign(buffer_.get() + begin_, buffer_.get() + end_);
  packed_begin_ = 0;
  packed_end_ = packed_.size();
  if (packed_.size() < kPackedLen) packed_.resize(kPackedLen);
  begin_ = end_ = 0;
  base_ = 0;
  at_end_ = false;
}

Result<Input::Fill> Input::unpack_some(uint8_t* to, size_t room, size_t& got) {
  for (;;) {
    const ByteView in = ByteView(packed_).subspan(packed_begin_, packed_end_ - packed_begin_);
    const Gunzip::Step step = gunzip_->step(in, {to, room});
    packed_begin_ += step.consumed;
    packed_offset_ += step.consumed;
    got = step.produced;
    if (step.state == Gunzip::State::corrupt && got == 0)
      return fail(
          fmt::format("the gzip data of {} is broken at byte {}: {}", name_, packed_offset_, gunzip_->problem()));
    if (got != 0) return Fill::ready;
    if (step.state == Gunzip::State::end) return Fill::end;
    if (packed_begin_ != packed_end_ && step.consumed != 0) continue;  // a member ended, the next begins
    packed_begin_ = packed_end_ = 0;
    size_t len = 0;
    TLSPROOF_TRY(const Fill fill, read_some(packed_.data(), packed_.size(), len));
    packed_end_ = len;
    if (fill == Fill::idle) return fill;
    if (fill == Fill::end) {
      if (!gunzip_->between_members())
        notes_.push_back(fmt::format("the gzip data ends early, at byte {}", packed_offset_));
      return fill;
    }
  }
}

std::string Input::where(uint64_t offset) const {
  return packed() ? fmt::format("byte {} of what is packed in it", offset) : fmt::format("byte {}", offset);
}

}  // namespace tlsproof::capture
