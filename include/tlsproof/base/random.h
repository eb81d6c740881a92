// Random numbers as a seam.
#pragma once

#include "tlsproof/base/bytes.h"

namespace tlsproof {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(std::span<uint8_t> out) = 0;
};

// The kernel's generator (getrandom); aborts if the kernel has none. Thread safe, never destroyed.
[[nodiscard]] RandomSource& system_random();

// A repeatable stream for tests: never for keys that protect anything.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void fill(std::span<uint8_t> out) override;

 private:
  uint64_t state_;
};

}  // namespace tlsproof
