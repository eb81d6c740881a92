// Latencies counted in a log-linear histogram: three significant digits at every size, no sample dropped, and two of
// them merge by adding their counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tlsproof/base/error.h"

namespace tlsproof::load {

// Values are nanoseconds. Up to 2047 ns each value has a bucket of its own; above, each doubling is cut into 1024 equal
// buckets, so that a bucket's ends differ by less than a thousandth. What is beyond 2^42 ns (73 minutes) is counted in
// the last bucket; min(), max() and sum() are exact whatever the buckets say. Not thread safe: one a thread, then
// merge().
class Histogram {
 public:
  // A negative value counts as 0 (a clock that two threads read may seem to run backwards by a little). Allocates at
  // the first value only.
  void record(int64_t ns, uint64_t times = 1);
  void merge(const Histogram& other);
  void clear();  // keeps the memory
  // Keeps the buckets between the lowest and the highest used one (of 33,792, which take 270 kB): for those that are
  // kept and no longer added to. Recording outside them takes the full memory again.
  void compact();

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] int64_t min() const { return count_ == 0 ? 0 : min_; }
  [[nodiscard]] int64_t max() const { return max_; }
  [[nodiscard]] double sum() const { return sum_; }
  [[nodiscard]] double mean() const;
  // The smallest value that at least `percent` of the samples do not exceed (nearest rank): the upper end of its
  // bucket, never beyond max(). 0 when empty. `percent` in (0, 100].
  [[nodiscard]] int64_t percentile(double percent) const;
  // How many samples are at most `ns`, as exactly as the buckets tell: a bucket counts when its upper end does, so that
  // percentile(p) <= ns exactly when p percent of the samples are counted.
  [[nodiscard]] uint64_t count_up_to(int64_t ns) const;

  // The buckets that hold something, ascending. `index` is stable: it is what reports carry, and what add_bucket takes.
  struct Bucket {
    uint32_t index = 0;
    int64_t low = 0, high = 0;  // both included; the last bucket's high is max() when that is beyond it
    uint64_t count = 0;
  };
  [[nodiscard]] std::vector<Bucket> buckets() const;
  // From a report; then set_exact: until then min, max and sum are what the buckets tell. False for an index that there
  // is not, and for a count that overflows.
  [[nodiscard]] bool add_bucket(uint32_t index, uint64_t count);
  void set_exact(int64_t min, int64_t max, double sum);

 private:
  void hold(size_t first, size_t last);  // makes room for the buckets `first` to `last`

  size_t first_ = 0;              // the bucket that counts_[0] is
  std::vector<uint64_t> counts_;  // empty, all buckets, or what compact() kept
  uint64_t count_ = 0;
  int64_t min_ = 0, max_ = 0;
  double sum_ = 0;
};

}  // namespace tlsproof::load
