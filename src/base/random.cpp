#include "tlsproof/base/random.h"

#include <sys/random.h>

#include <cerrno>

#include "tlsproof/base/error.h"

namespace tlsproof {
namespace {

class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<uint8_t> out) override {
    while (!out.empty()) {
      ssize_t got = getrandom(out.data(), out.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      TLSPROOF_CHECK(got > 0);
      out = out.subspan(static_cast<size_t>(got));
    }
  }
};

}  // namespace

RandomSource& system_random() {
  static SystemRandom source;
  return source;
}

// SplitMix64 (Steele, Lea, Flood 2014): equidistributed and seedable with any value.
void SeededRandom::fill(std::span<uint8_t> out) {
  uint64_t word = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) {
      state_ += 0x9e3779b97f4a7c15U;
      word = state_;
      word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
      word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
      word ^= word >> 31;
    }
    out[i] = static_cast<uint8_t>(word >> (8 * (i % 8)));
  }
}

}  // namespace tlsproof
