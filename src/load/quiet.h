// Where a load saw nothing complete: how a stall of the server shows in a closed loop too.
#pragma once

#include <cstdint>
#include <vector>

namespace tlsproof::load {

// Which slots of ten milliseconds saw a completion. One a thread, merged afterwards: a second of it takes 13 bytes.
class QuietTimes {
 public:
  static constexpr int64_t kSlotNs = 10'000'000;

  // For so long a measurement: completions within it then allocate nothing.
  void reserve(int64_t duration_ns);
  void completed(int64_t ns);  // since the measurement began; what is before it or beyond its end is not asked about
  void merge(const QuietTimes& other);
  // The longest run of slots within [0, duration_ns) in which nothing completed, from the first completion on: at least
  // so long was the gap. What comes after the last completion counts. 0 when shorter than two slots, or when nothing
  // completed at all.
  [[nodiscard]] int64_t longest_ns(int64_t duration_ns) const;

 private:
  std::vector<bool> busy_;
};

}  // namespace tlsproof::load
