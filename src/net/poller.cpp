#include "tlsproof/net/poller.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace tlsproof::net {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kMaxWaitNs = 60 * kNsPerSecond;

Status control(int epoll, int operation, int fd, Readiness interest, uint64_t token) {
  epoll_event event{};
  event.events = EPOLLET;
  if ((interest & kReadable) != 0) event.events |= EPOLLIN | EPOLLRDHUP;
  if ((interest & kWritable) != 0) event.events |= EPOLLOUT;
  event.data.u64 = token;
  if (epoll_ctl(epoll, operation, fd, &event) != 0) return fail_errno("cannot watch a descriptor");
  return {};
}

Poller::Event event_of(const epoll_event& from) {
  Poller::Event event{.token = from.data.u64};
  event.ended = (from.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if ((from.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) event.ready |= kReadable;
  if ((from.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) event.ready |= kWritable;
  return event;
}

}  // namespace

Result<Poller> Poller::make() {
  FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_errno("cannot make an epoll descriptor");
  return Poller(std::move(epoll));
}

Status Poller::add(int fd, Readiness interest, uint64_t token) {
  return control(epoll_.get(), EPOLL_CTL_ADD, fd, interest, token);
}

Status Poller::change(int fd, Readiness interest, uint64_t token) {
  return control(epoll_.get(), EPOLL_CTL_MOD, fd, interest, token);
}

Result<std::span<const Poller::Event>> Poller::wait(int64_t max_wait_ns) {
  const int64_t wait_ns = std::clamp<int64_t>(max_wait_ns, 0, kMaxWaitNs);
  std::array<epoll_event, kMaxEvents> raw;
  int num = -1;
  if (has_pwait2_) {
    const timespec time{wait_ns / kNsPerSecond, wait_ns % kNsPerSecond};
    num = epoll_pwait2(epoll_.get(), raw.data(), kMaxEvents, &time, nullptr);
    if (num < 0 && (errno == ENOSYS || errno == EPERM)) has_pwait2_ = false;  // an old kernel, or a sandbox
  }
  if (!has_pwait2_)  // rounded up: waking early would spin until the time has come
    num = epoll_wait(epoll_.get(), raw.data(), kMaxEvents, static_cast<int>((wait_ns + kNsPerMs - 1) / kNsPerMs));
  if (num < 0) {
    if (errno != EINTR) return fail_errno("cannot wait for events");
    num = 0;
  }
  for (size_t i = 0; i < static_cast<size_t>(num); ++i) events_[i] = event_of(raw[i]);
  return std::span<const Event>(events_).first(static_cast<size_t>(num));
}

}  // namespace tlsproof::net
