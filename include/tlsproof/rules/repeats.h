// What must be fresh in every connection, and so must not come twice in a capture: randoms and ephemeral keys.
#pragma once

#include <array>
#include <cstdint>

#include "tlsproof/rules/rules.h"

namespace tlsproof::rules {

// One value of one connection, as judge() gives it.
struct FreshValue {
  const Rule* rule = nullptr;
  std::array<uint8_t, 16> digest{};  // of rule and value
  // Of what else is fresh in this connection: where it is the same as well, the same connection was captured twice.
  uint64_t connection = 0;
  trace::Direction by = trace::Direction::client_to_server;
  size_t event = 0;
};

// Remembers the values of many connections, as many as `capacity` (rounded up to a power of two; 32 bytes each): of
// a longer capture the latest. A value that was forgotten is fresh again: what is told is true, what is not told may
// be. One thread.
class Repeats {
 public:
  explicit Repeats(size_t capacity = size_t{1} << 18);
  // `number` is what this connection is called in the texts, "as in connection 17".
  void judge(std::span<const FreshValue> values, uint64_t number, std::vector<Violation>& out);

 private:
  static constexpr size_t kWays = 8;
  struct Entry {
    std::array<uint8_t, 16> digest{};
    uint64_t connection = 0;
    uint64_t number = 0;  // 0: empty
  };
  [[nodiscard]] std::span<Entry> set_of(const FreshValue& value);

  std::vector<Entry> entries_;
  std::vector<uint8_t> next_;  // of each set: the entry to be forgotten next
};

}  // namespace tlsproof::rules
