#include "tlsproof/net/loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace tlsproof::net {
namespace {

constexpr int kMaxEvents = 64;  // fetched at a time; the rest comes with the next round
constexpr int64_t kNsPerMs = 1'000'000;
// Waits are cut into pieces of a minute, so that no sum of milliseconds overflows an int.
constexpr int64_t kMaxWaitMs = 60'000;

uint32_t epoll_events(Readiness interest) {
  uint32_t events = 0;
  if ((interest & kReadable) != 0) events |= EPOLLIN | EPOLLRDHUP;
  if ((interest & kWritable) != 0) events |= EPOLLOUT;
  // Errors and hang-ups are always told; when nobody listens once is enough, or the loop would spin.
  return events != 0 ? events : uint32_t{EPOLLET};
}

Readiness readiness_of(uint32_t events, Readiness interest) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return interest;
  Readiness ready = 0;
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) ready |= kReadable;
  if ((events & EPOLLOUT) != 0) ready |= kWritable;
  return ready & interest;
}

TimerId id_of(uint32_t index, uint32_t generation) {
  return uint64_t{generation} << 32 | index;
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::make(const Clock& clock) {
  FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_errno("cannot make an epoll descriptor");
  return std::unique_ptr<Loop>(new Loop(clock, std::move(epoll)));
}

Loop::Loop(const Clock& clock, FileDescriptor epoll) : clock_(&clock), epoll_(std::move(epoll)) {}
Loop::~Loop() = default;

// ---- descriptors and streams

Status Loop::watch(int fd, Readiness interest, IoHandler& handler) {
  TLSPROOF_CHECK(fd >= 0);
  const auto at = static_cast<size_t>(fd);
  if (at >= watches_.size()) watches_.resize(std::max(at + 1, watches_.size() * 2));
  Watch& watch = watches_[at];
  if (watch.handler != nullptr && watch.interest == interest) {
    watch.handler = &handler;
    return {};
  }
  const bool is_new = watch.handler == nullptr;
  if (is_new) ++watch.generation;
  epoll_event event{};
  event.events = epoll_events(interest);
  event.data.u64 = uint64_t{watch.generation} << 32 | static_cast<uint32_t>(fd);
  if (epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
    return fail_errno("cannot watch a descriptor");
  watch.interest = interest;
  watch.handler = &handler;
  if (is_new) ++num_fds_;
  return {};
}

void Loop::unwatch(int fd) {
  const auto at = static_cast<size_t>(fd);
  if (fd < 0 || at >= watches_.size() || watches_[at].handler == nullptr) return;
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  watches_[at].handler = nullptr;
  watches_[at].interest = 0;
  --num_fds_;
}

Status Loop::watch(Stream& stream, Readiness interest, IoHandler& handler) {
  if (const int fd = stream.fd(); fd >= 0) return watch(fd, interest, handler);
  for (Polled& polled : polled_) {
    if (polled.stream != &stream) continue;
    polled.interest = interest;
    polled.handler = &handler;
    return {};
  }
  polled_.push_back({&stream, &handler, interest});
  return {};
}

void Loop::unwatch(Stream& stream) {
  if (const int fd = stream.fd(); fd >= 0) {
    unwatch(fd);
    return;
  }
  for (Polled& polled : polled_) {
    if (polled.stream != &stream) continue;
    polled.stream = nullptr;
    ++num_polled_gone_;
    return;
  }
}

bool Loop::any_polled_ready() const {
  return std::ranges::any_of(polled_, [](const Polled& polled) {
    return polled.stream != nullptr && (polled.stream->ready() & polled.interest) != 0;
  });
}

size_t Loop::call_polled() {
  size_t num_calls = 0;
  const size_t num = polled_.size();  // those that handlers add come with the next round
  for (size_t i = 0; i < num; ++i) {
    const Polled polled = polled_[i];
    if (polled.stream == nullptr) continue;
    const Readiness ready = polled.stream->ready() & polled.interest;
    if (ready == 0) continue;
    ++num_calls;
    polled.handler->on_ready(ready);
  }
  if (num_polled_gone_ != 0) {
    std::erase_if(polled_, [](const Polled& polled) { return polled.stream == nullptr; });
    num_polled_gone_ = 0;
  }
  return num_calls;
}

// ---- timers: a binary heap whose members know their place

bool Loop::earlier(uint32_t a, uint32_t b) const {
  const Timer& x = timers_[a];
  const Timer& y = timers_[b];
  return x.deadline_ns != y.deadline_ns ? x.deadline_ns < y.deadline_ns : x.sequence < y.sequence;
}

void Loop::sift_up(size_t at) {
  const uint32_t timer = heap_[at];
  while (at > 0) {
    const size_t parent = (at - 1) / 2;
    if (!earlier(timer, heap_[parent])) break;
    heap_[at] = heap_[parent];
    timers_[heap_[at]].heap_at = static_cast<uint32_t>(at);
    at = parent;
  }
  heap_[at] = timer;
  timers_[timer].heap_at = static_cast<uint32_t>(at);
}

void Loop::sift_down(size_t at) {
  const uint32_t timer = heap_[at];
  while (true) {
    size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && earlier(heap_[child + 1], heap_[child])) ++child;
    if (!earlier(heap_[child], timer)) break;
    heap_[at] = heap_[child];
    timers_[heap_[at]].heap_at = static_cast<uint32_t>(at);
    at = child;
  }
  heap_[at] = timer;
  timers_[timer].heap_at = static_cast<uint32_t>(at);
}

void Loop::remove_from_heap(size_t at) {
  const uint32_t gone = heap_[at];
  const uint32_t last = heap_.back();
  heap_.pop_back();
  if (gone != last) {
    heap_[at] = last;
    timers_[last].heap_at = static_cast<uint32_t>(at);
    sift_up(at);
    sift_down(timers_[last].heap_at);
  }
  timers_[gone].handler = nullptr;
  ++timers_[gone].generation;  // its id is spent
  free_timers_.push_back(gone);
}

TimerId Loop::add_timer(int64_t deadline_ns, TimerHandler& handler) {
  if (deadline_ns == kForever) return 0;
  uint32_t index = 0;
  if (free_timers_.empty()) {
    index = static_cast<uint32_t>(timers_.size());
    timers_.emplace_back();
  } else {
    index = free_timers_.back();
    free_timers_.pop_back();
  }
  Timer& timer = timers_[index];
  timer.handler = &handler;
  // Not before the timers that are due already, or one that is always added anew in the past would starve them.
  timer.deadline_ns = std::max(deadline_ns, last_fired_ns_);
  timer.sequence = next_sequence_++;
  heap_.push_back(index);
  sift_up(heap_.size() - 1);
  return id_of(index, timers_[index].generation);
}

TimerId Loop::add_timer_in(int64_t delay_ns, TimerHandler& handler) {
  const int64_t now = now_ns();
  return add_timer(delay_ns > kForever - now ? kForever : now + delay_ns, handler);
}

void Loop::cancel_timer(TimerId id) {
  const auto index = static_cast<uint32_t>(id);
  if (id == 0 || index >= timers_.size()) return;
  const Timer& timer = timers_[index];
  if (timer.handler == nullptr || id_of(index, timer.generation) != id) return;
  remove_from_heap(timer.heap_at);
}

size_t Loop::call_timers(uint64_t before_sequence) {
  size_t num_calls = 0;
  const int64_t now = now_ns();
  last_fired_ns_ = now;
  while (!heap_.empty()) {
    const uint32_t index = heap_.front();
    const Timer timer = timers_[index];
    // A timer added meanwhile and due already comes with the next round, or this one might never end.
    if (timer.deadline_ns > now || timer.sequence >= before_sequence) break;
    remove_from_heap(0);
    ++num_calls;
    timer.handler->on_timer(id_of(index, timer.generation));
  }
  return num_calls;
}

// ---- rounds --------------------------------------------------------------------------------------------------------

int Loop::wait_ms(int64_t max_wait_ns) const {
  int64_t wait_ns = std::max<int64_t>(0, max_wait_ns);
  if (wait_ns != 0 && any_polled_ready()) wait_ns = 0;
  if (wait_ns != 0 && !heap_.empty()) {
    const int64_t now = now_ns();
    const int64_t deadline = timers_[heap_.front()].deadline_ns;
    wait_ns = deadline <= now ? 0 : std::min(wait_ns, deadline - now);
  }
  // Rounded up: waking early would spin until the time has come.
  const int64_t ms = wait_ns / kNsPerMs + (wait_ns % kNsPerMs != 0 ? 1 : 0);
  return static_cast<int>(std::min(ms, kMaxWaitMs));
}

Result<size_t> Loop::run_once(int64_t max_wait_ns) {
  epoll_event events[kMaxEvents];
  const uint64_t before_sequence = next_sequence_;
  int num = epoll_wait(epoll_.get(), events, kMaxEvents, wait_ms(max_wait_ns));
  if (num < 0) {
    if (errno != EINTR) return fail_errno("cannot wait for events");
    num = 0;
  }
  size_t num_calls = 0;
  for (int i = 0; i < num; ++i) {
    const auto fd = static_cast<size_t>(events[i].data.u64 & 0xffffffff);
    const auto generation = static_cast<uint32_t>(events[i].data.u64 >> 32);
    const Watch watch = watches_[fd];
    if (watch.handler == nullptr || watch.generation != generation) continue;  // unwatched since it was fetched
    const Readiness ready = readiness_of(events[i].events, watch.interest);
    if (ready == 0) continue;
    ++num_calls;
    watch.handler->on_ready(ready);
  }
  num_calls += call_polled();
  num_calls += call_timers(before_sequence);
  return num_calls;
}

Result<LoopEnd> Loop::run_until(int64_t deadline_ns) {
  stopped_ = false;
  while (true) {
    if (num_watched() == 0 && heap_.empty()) return LoopEnd::idle;
    const int64_t now = now_ns();
    if (now >= deadline_ns) return LoopEnd::deadline;
    auto calls = run_once(deadline_ns == kForever ? kForever : deadline_ns - now);
    if (!calls) return std::unexpected(std::move(calls).error());
    if (stopped_) return LoopEnd::stopped;
  }
}

}  // namespace tlsproof::net
