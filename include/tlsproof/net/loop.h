// The event loop: readiness of descriptors and streams, and timers, on one thread.
//
// Handlers are told through interfaces; watching, timers and telling allocate nothing once the tables have grown. A
// handler may watch, unwatch, add and cancel whatever it likes, and destroy itself after unwatching: what was unwatched
// or cancelled is not called any more, not even for an event that had already been fetched.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tlsproof/base/clock.h"
#include "tlsproof/base/error.h"
#include "tlsproof/net/socket.h"
#include "tlsproof/net/stream.h"

namespace tlsproof::net {

class IoHandler {
 public:
  // `ready` has at least one bit of what was asked for. Errors and hang-ups set every bit asked for: the read or write
  // that follows says what happened.
  virtual void on_ready(Readiness ready) = 0;

 protected:
  ~IoHandler() = default;
};

// Names a timer; 0 names none. Ids of fired and cancelled timers are never given again.
using TimerId = uint64_t;

class TimerHandler {
 public:
  virtual void on_timer(TimerId id) = 0;

 protected:
  ~TimerHandler() = default;
};

inline constexpr int64_t kForever = INT64_MAX;  // as a deadline: never

enum class LoopEnd : uint8_t {
  stopped,   // stop() was called
  deadline,  // the deadline came
  idle,      // nothing is watched and no timer is set
};

class Loop {
 public:
  // Borrows the clock. Deadlines are its monotonic_ns(); waiting is done in real time, so with a ManualClock use
  // run_once(0).
  [[nodiscard]] static Result<std::unique_ptr<Loop>> make(const Clock& clock = system_clock());
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] const Clock& clock() const { return *clock_; }
  [[nodiscard]] int64_t now_ns() const { return clock_->monotonic_ns(); }

  // Calls `handler` while `fd` is ready for `interest` (level triggered). Watching again replaces interest and handler;
  // an empty interest keeps the handler but waits for nothing. Borrows the handler until unwatch, which must precede
  // close(fd).
  [[nodiscard]] Status watch(int fd, Readiness interest, IoHandler& handler);
  void unwatch(int fd);
  // The same for a stream, with a descriptor or without.
  [[nodiscard]] Status watch(Stream& stream, Readiness interest, IoHandler& handler);
  void unwatch(Stream& stream);
  [[nodiscard]] size_t num_watched() const { return num_fds_ + polled_.size() - num_polled_gone_; }

  // Calls `handler` once when the clock reaches `deadline_ns`; timers of the same deadline in the order in which they
  // were added. kForever sets none and returns 0. Borrows the handler until it is called or the timer cancelled.
  TimerId add_timer(int64_t deadline_ns, TimerHandler& handler);
  TimerId add_timer_in(int64_t delay_ns, TimerHandler& handler);
  void cancel_timer(TimerId id);  // 0, fired and cancelled ones: nothing happens
  [[nodiscard]] size_t num_timers() const { return heap_.size(); }

  // Waits at most `max_wait_ns` (0: not at all) for the first event or timer, calls what is due, and returns how many
  // calls it made. An interruption by a signal ends the wait. A timer added by a handler is called in a later round.
  Result<size_t> run_once(int64_t max_wait_ns);
  // Rounds until one of the ends.
  Result<LoopEnd> run_until(int64_t deadline_ns = kForever);
  // Ends run_until after the handler that calls this.
  void stop() { stopped_ = true; }

 private:
  struct Watch {
    IoHandler* handler = nullptr;
    Readiness interest = 0;
    uint32_t generation = 0;  // an event of an earlier watch of the same descriptor is stale
  };
  struct Polled {
    Stream* stream = nullptr;  // nullptr: unwatched, swept after the round
    IoHandler* handler = nullptr;
    Readiness interest = 0;
  };
  struct Timer {
    TimerHandler* handler = nullptr;
    int64_t deadline_ns = 0;
    uint64_t sequence = 0;
    uint32_t generation = 1;
    uint32_t heap_at = 0;
  };

  Loop(const Clock& clock, FileDescriptor epoll);
  [[nodiscard]] bool earlier(uint32_t a, uint32_t b) const;
  void sift_up(size_t at);
  void sift_down(size_t at);
  void remove_from_heap(size_t at);
  [[nodiscard]] bool any_polled_ready() const;
  [[nodiscard]] int wait_ms(int64_t max_wait_ns) const;
  size_t call_timers(uint64_t before_sequence);
  size_t call_polled();

  const Clock* clock_;
  FileDescriptor epoll_;
  std::vector<Watch> watches_;  // by descriptor
  size_t num_fds_ = 0;
  std::vector<Polled> polled_;
  size_t num_polled_gone_ = 0;
  std::vector<Timer> timers_;
  std::vector<uint32_t> free_timers_;
  std::vector<uint32_t> heap_;  // indices into timers_, the earliest first
  uint64_t next_sequence_ = 0;
  int64_t last_fired_ns_ = INT64_MIN;
  bool stopped_ = false;
};

}  // namespace tlsproof::net
