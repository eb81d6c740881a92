#include "tlsproof/base/clock.h"

#include <fmt/format.h>

#include <ctime>

namespace tlsproof {
namespace {

int64_t read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class SystemClock final : public Clock {
 public:
  [[nodiscard]] int64_t monotonic_ns() const override { return read_clock(CLOCK_MONOTONIC); }
  [[nodiscard]] int64_t wall_ns() const override { return read_clock(CLOCK_REALTIME); }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string format_utc(int64_t wall_seconds) {
  std::time_t time = wall_seconds;
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return fmt::format("{}s since 1970", wall_seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace tlsproof
