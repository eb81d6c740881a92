// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace tlsproof::load {

[[nodiscard]] std::string number_text(double value);   // three significant digits, never an exponent: "0.0123", "12300"
[[nodiscard]] std::string count_text(uint64_t count);  // "12,345"
[[nodiscard]] std::string time_text(double seconds);   // "812 ns", "31.2 ms", "1.5 s"
[[nodiscard]] std::string share_text(double share);    // "12.5 %"

}  // namespace tlsproof::load
