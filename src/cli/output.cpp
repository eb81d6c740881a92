#include "output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace tlsproof::cli {
namespace {

constexpr size_t kBufferLen = size_t{64} << 10;

}  // namespace

Output::Output(CommandContext& context, bool at_once) : context_(context), at_once_(at_once) {
  std::fflush(context_.out);
  buffer_.reserve(2 * kBufferLen);
}

bool Output::write(std::string_view text) {
  if (!open_) return false;
  buffer_ += text;
  return at_once_ || buffer_.size() >= kBufferLen ? flush() : true;
}

bool Output::flush() {
  const int fd = ::fileno(context_.out);
  size_t done = 0;
  while (open_ && done < buffer_.size()) {
    const ssize_t written = ::write(fd, buffer_.data() + done, buffer_.size() - done);
    if (written >= 0) {
      done += static_cast<size_t>(written);
    } else if (errno == EAGAIN) {  // somebody made the pipe non-blocking
      pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      open_ = false;
      if (errno != EPIPE && context_.write_error == 0) context_.write_error = errno;
    }
  }
  buffer_.clear();
  return open_;
}

}  // namespace tlsproof::cli
