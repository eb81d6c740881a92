// Time as a seam: whoever needs it is given a Clock, so that tests own it.
#pragma once

#include <cstdint>
#include <string>

namespace tlsproof {

// Times are nanoseconds in int64: monotonic ones from an arbitrary start, wall ones since 1970-01-01 UTC.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual int64_t monotonic_ns() const = 0;
  [[nodiscard]] virtual int64_t wall_ns() const = 0;
  [[nodiscard]] int64_t wall_seconds() const { return wall_ns() / 1'000'000'000; }
};

// The machine's clocks. Never destroyed.
[[nodiscard]] const Clock& system_clock();

// Stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t wall_ns = 0) : wall_ns_(wall_ns) {}
  [[nodiscard]] int64_t monotonic_ns() const override { return monotonic_ns_; }
  [[nodiscard]] int64_t wall_ns() const override { return wall_ns_; }
  void advance_ns(int64_t ns) {
    monotonic_ns_ += ns;
    wall_ns_ += ns;
  }

 private:
  int64_t monotonic_ns_ = 0;
  int64_t wall_ns_ = 0;
};

// "2026-11-23T12:00:00Z" for seconds since 1970 (RFC 3339), for any year an X.509 date can hold.
[[nodiscard]] std::string format_utc(int64_t wall_seconds);

}  // namespace tlsproof
