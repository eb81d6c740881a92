// Ctrl-C: the first signal ends a run in good order, a second one at once.
#pragma once

#include <atomic>
#include <csignal>

namespace tlsproof::cli {

// While it lives SIGINT and SIGTERM only set the flag. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  [[nodiscard]] static const std::atomic<bool>& flag();

 private:
  struct sigaction old_int_{};
  struct sigaction old_term_{};
};

}  // namespace tlsproof::cli
