#include "schedule.h"

#include <cmath>
#include <numeric>
#include <utility>

namespace tlsproof::load {
namespace {

enum Use : uint64_t { arrival_times, order_of_kinds };

uint64_t scrambled(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}
constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

}  // namespace

SeededRandom::SeededRandom(uint64_t seed, uint64_t part, uint64_t use)
    : state_(scrambled(scrambled(scrambled(seed + kGolden) + part + kGolden) + use + kGolden)) {}

uint64_t SeededRandom::next() {
  return scrambled(state_ += kGolden);
}

double SeededRandom::next_unit() {
  return static_cast<double>((next() >> 11) + 1) * 0x1p-53;
}

uint64_t SeededRandom::next_below(uint64_t end) {
  TLSPROOF_CHECK(end > 0);
  const uint64_t uneven = -end % end;  // 2^64 mod end: so many values would come once too often
  uint64_t value = next();
  while (value < uneven) value = next();
  return value % end;
}

Schedule::Schedule(const Arrivals& arrivals, uint64_t seed, unsigned shard, unsigned num_shards, unsigned thread,
                   unsigned num_threads)
    : poisson_(arrivals.loop == Arrivals::Loop::poisson),
      rate_(poisson_ ? arrivals.rate / num_threads : arrivals.rate),
      index_(uint64_t{thread} * num_shards + shard - 1),
      step_(uint64_t{num_threads} * num_shards),
      num_shards_(num_shards),
      random_(seed, uint64_t{shard} << 32 | thread, arrival_times) {
  TLSPROOF_CHECK(arrivals.loop != Arrivals::Loop::closed && arrivals.rate > 0);
  TLSPROOF_CHECK(shard >= 1 && shard <= num_shards && thread < num_threads);
}

int64_t Schedule::next_ns() {
  if (poisson_) {
    time_ns_ += -std::log(random_.next_unit()) / rate_ * 1e9;
    return std::llround(time_ns_);
  }
  // From the index each time: steps added up would drift. Of 64 bits, since 53 do not hold an hour's arrivals exactly.
  const long double gaps = static_cast<long double>(index_) / num_shards_;
  index_ += step_;
  return std::llround(gaps * 1e9L / static_cast<long double>(rate_));
}

KindPicker::KindPicker(const std::vector<MixPart>& mix, uint64_t seed, unsigned thread)
    : random_(seed, thread, order_of_kinds) {
  unsigned divisor = 0;
  for (const MixPart& part : mix) divisor = std::gcd(divisor, part.weight);
  TLSPROOF_CHECK(divisor != 0);
  for (const MixPart& part : mix) cycle_.insert(cycle_.end(), part.weight / divisor, part.kind);
  next_ = cycle_.size();
}

Kind KindPicker::next() {
  if (next_ == cycle_.size()) {
    for (size_t i = cycle_.size(); i > 1; --i) std::swap(cycle_[i - 1], cycle_[random_.next_below(i)]);
    next_ = 0;
  }
  return cycle_[next_++];
}

}  // namespace tlsproof::load
