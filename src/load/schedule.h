// When the connections of an open loop begin, and what each of any loop asks for: repeatable by the plan's seed.
#pragma once

#include <cstdint>
#include <vector>

#include "tlsproof/load/plan.h"

namespace tlsproof::load {

// Repeatable on any machine and with any library, which std's distributions are not. Not for keys. (SplitMix64: Steele,
// Lea and Flood, "Fast splittable pseudorandom number generators", 2014.)
class SeededRandom {
 public:
  // Streams of different `part` and `use` are independent of each other.
  SeededRandom(uint64_t seed, uint64_t part, uint64_t use);
  [[nodiscard]] uint64_t next();
  [[nodiscard]] double next_unit();                 // in (0, 1]
  [[nodiscard]] uint64_t next_below(uint64_t end);  // 0 … end - 1, each as likely; `end` > 0

 private:
  uint64_t state_;
};

// The arrivals of one thread of an open loop.
//
// Constant: arrival i (0, 1, …) of shard s (1 … n) is at (i + (s - 1) / n) / rate, so that n shards begun together are
// one steady stream of n times the rate; thread t (0 … m - 1) plays those with i % m == t. Poisson: the threads'
// streams are independent, each of rate / m, and together a Poisson stream of the rate.
class Schedule {
 public:
  // `arrivals` must be of an open loop, its rate positive; 1 <= shard <= num_shards, thread < num_threads.
  Schedule(const Arrivals& arrivals, uint64_t seed, unsigned shard, unsigned num_shards, unsigned thread,
           unsigned num_threads);
  // Nanoseconds since the start, ascending.
  [[nodiscard]] int64_t next_ns();

 private:
  bool poisson_;
  double rate_;     // constant: of the shard; poisson: of this thread
  uint64_t index_;  // constant: of the next arrival, in n-ths of a gap
  uint64_t step_;   // constant: from one arrival of this thread to its next, in n-ths of a gap
  unsigned num_shards_;
  double time_ns_ = 0;  // poisson: of the last arrival
  SeededRandom random_;
};

// What each connection of one thread asks for: the shares of the mix are exact over each cycle, in an order that the
// seed shuffles anew each time. A cycle is the sum of the weights, without their common divisor.
class KindPicker {
 public:
  KindPicker(const std::vector<MixPart>& mix, uint64_t seed, unsigned thread);  // `mix` must hold a weight
  [[nodiscard]] Kind next();

 private:
  std::vector<Kind> cycle_;
  size_t next_ = 0;
  SeededRandom random_;
};

}  // namespace tlsproof::load
