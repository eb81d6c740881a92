#include "quiet.h"

#include <algorithm>

namespace tlsproof::load {
namespace {

constexpr int64_t kMaxSlots = 100LL * 60 * 60 * 24 * 7;  // a week: 7.5 MB; later completions are not looked at

size_t slots_of(int64_t ns) {
  return static_cast<size_t>(std::clamp<int64_t>(ns / QuietTimes::kSlotNs, 0, kMaxSlots));
}

}  // namespace

void QuietTimes::reserve(int64_t duration_ns) {
  constexpr int64_t kMost = int64_t{3'600} * 1'000'000'000;  // a run by count may take a week, or a second
  duration_ns = std::min(duration_ns, kMost);
  if (busy_.size() < slots_of(duration_ns) + 1) busy_.resize(slots_of(duration_ns) + 1);
}

void QuietTimes::completed(int64_t ns) {
  if (ns < 0) return;
  const size_t slot = slots_of(ns);
  if (slot >= busy_.size()) busy_.resize(std::max(slot + 1, 2 * busy_.size()));
  busy_[slot] = true;
}

void QuietTimes::merge(const QuietTimes& other) {
  if (busy_.size() < other.busy_.size()) busy_.resize(other.busy_.size());
  for (size_t i = 0; i < other.busy_.size(); ++i)
    if (other.busy_[i]) busy_[i] = true;
}

int64_t QuietTimes::longest_ns(int64_t duration_ns) const {
  const size_t end = slots_of(duration_ns);
  const auto first = std::ranges::find(busy_, true);
  if (first == busy_.end()) return 0;
  size_t run = 0, longest = 0;
  for (auto i = static_cast<size_t>(first - busy_.begin()); i < end; ++i) {
    run = i < busy_.size() && busy_[i] ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  return longest < 2 ? 0 : static_cast<int64_t>(longest) * kSlotNs;
}

}  // namespace tlsproof::load
