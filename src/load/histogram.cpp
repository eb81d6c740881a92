#include "tlsproof/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tlsproof::load {
namespace {

constexpr int kSubBits = 10;                // a doubling is cut into 2^10 buckets
constexpr int64_t kLinear = 2 << kSubBits;  // below, a bucket a nanosecond
constexpr int64_t kEnd = int64_t{1} << 42;  // first value that has no bucket of its own size
constexpr size_t kPerDoubling = 1 << kSubBits;
constexpr size_t kNumBuckets = kLinear + (42 - kSubBits - 1) * kPerDoubling;

size_t index_of(int64_t ns) {
  if (ns < kLinear) return static_cast<size_t>(ns);
  if (ns >= kEnd) return kNumBuckets - 1;
  const auto value = static_cast<uint64_t>(ns);
  const auto shift = static_cast<size_t>(std::bit_width(value)) - (kSubBits + 1);
  // value >> shift is in [1024, 2048).
  return static_cast<size_t>(kLinear) + (shift - 1) * kPerDoubling + (value >> shift) - kPerDoubling;
}

int64_t low_of(size_t index) {
  if (index < static_cast<size_t>(kLinear)) return static_cast<int64_t>(index);
  const size_t above = index - static_cast<size_t>(kLinear);
  return static_cast<int64_t>(kPerDoubling + above % kPerDoubling) << (above / kPerDoubling + 1);
}

// The last bucket also holds what is beyond its size.
int64_t high_of(size_t index, int64_t max) {
  const int64_t high = low_of(index + 1) - 1;
  return index == kNumBuckets - 1 ? std::max(high, max) : high;
}

}  // namespace

void Histogram::hold(size_t first, size_t last) {
  if (counts_.empty()) {
    first_ = 0;
    counts_.resize(kNumBuckets);
    return;
  }
  if (first >= first_ && last < first_ + counts_.size()) return;
  // Only after compact(): as if it had not been.
  std::vector<uint64_t> all(kNumBuckets);
  std::ranges::copy(counts_, all.begin() + static_cast<std::ptrdiff_t>(first_));
  counts_ = std::move(all);
  first_ = 0;
}

void Histogram::record(int64_t ns, uint64_t times) {
  if (times == 0) return;
  ns = std::max<int64_t>(ns, 0);
  const size_t index = index_of(ns);
  if (index - first_ >= counts_.size()) hold(index, index);  // below first_ wraps around: far beyond any size
  counts_[index - first_] += times;
  min_ = count_ == 0 ? ns : std::min(min_, ns);
  max_ = std::max(max_, ns);
  count_ += times;
  sum_ += static_cast<double>(ns) * static_cast<double>(times);
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  hold(other.first_, other.first_ + other.counts_.size() - 1);
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[other.first_ + i - first_] += other.counts_[i];
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
}

void Histogram::clear() {
  std::ranges::fill(counts_, 0);
  count_ = 0;
  min_ = max_ = 0;
  sum_ = 0;
}

void Histogram::compact() {
  if (count_ == 0) {
    counts_ = {};
    first_ = 0;
    return;
  }
  const auto used = [](uint64_t count) { return count != 0; };
  const auto from = std::ranges::find_if(counts_, used);
  const auto to = std::find_if(counts_.rbegin(), counts_.rend(), used).base();
  const auto skipped = static_cast<size_t>(from - counts_.begin());
  counts_ = std::vector<uint64_t>(from, to);  // of exactly that size, which shrinking in place need not give
  first_ += skipped;
}

double Histogram::mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

int64_t Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const double exact = percent / 100 * static_cast<double>(count_);
  // 99.9 % of 1000 samples is the 999th, whatever the last bit of the product says.
  const double rank = std::ceil(exact - exact * 1e-12);
  const uint64_t wanted = rank < 1 ? 1 : std::min(count_, static_cast<uint64_t>(rank));
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(high_of(first_ + i, max_), max_);
  }
  return max_;
}

uint64_t Histogram::count_up_to(int64_t ns) const {
  if (ns >= max_) return count_;
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size() && high_of(first_ + i, max_) <= ns; ++i) seen += counts_[i];
  return seen;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> buckets;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const size_t index = first_ + i;
    buckets.push_back({static_cast<uint32_t>(index), low_of(index), high_of(index, max_), counts_[i]});
  }
  return buckets;
}

bool Histogram::add_bucket(uint32_t index, uint64_t count) {
  if (index >= kNumBuckets || count > std::numeric_limits<uint64_t>::max() - count_) return false;
  if (count == 0) return true;
  hold(index, index);
  counts_[index - first_] += count;
  const int64_t low = low_of(index), high = high_of(index, 0);
  min_ = count_ == 0 ? low : std::min(min_, low);
  max_ = std::max(max_, high);
  count_ += count;
  sum_ += (static_cast<double>(low) + static_cast<double>(high)) / 2 * static_cast<double>(count);
  return true;
}

void Histogram::set_exact(int64_t min, int64_t max, double sum) {
  min_ = min;
  max_ = max;
  sum_ = sum;
}

}  // namespace tlsproof::load
