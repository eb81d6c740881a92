// Readiness of many descriptors at the least cost: edge triggered, one system call to add one and none to forget it.
// For whoever has thousands of sockets on a thread and reads each until it is empty; everybody else uses the Loop.
#pragma once

#include <array>
#include <span>

#include "tlsproof/base/error.h"
#include "tlsproof/net/socket.h"
#include "tlsproof/net/stream.h"

namespace tlsproof::net {

class Poller {
 public:
  struct Event {
    uint64_t token = 0;
    Readiness ready = 0;  // after errors and hang-ups: both bits
    bool ended = false;   // the peer has closed its direction, or there was an error: read until that is told
  };

  [[nodiscard]] static Result<Poller> make();

  // Tells of `fd` when it becomes ready for `interest`, and at once when it is: each change once. Closing the
  // descriptor ends it; an event fetched before is still told, so that `token` should tell an old connection from a new
  // one.
  [[nodiscard]] Status add(int fd, Readiness interest, uint64_t token);
  // Changes what is waited for; readiness that there is now is told again.
  [[nodiscard]] Status change(int fd, Readiness interest, uint64_t token);
  // Waits at most `max_wait_ns` (0: not at all), to the microsecond where the kernel can (epoll_pwait2), else to the
  // next millisecond. Borrows until the next call. A signal ends the wait.
  [[nodiscard]] Result<std::span<const Event>> wait(int64_t max_wait_ns);

 private:
  static constexpr size_t kMaxEvents = 128;  // fetched at a time
  explicit Poller(FileDescriptor epoll) : epoll_(std::move(epoll)) {}

  FileDescriptor epoll_;
  std::array<Event, kMaxEvents> events_{};
  bool has_pwait2_ = true;
};

}  // namespace tlsproof::net
