#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tlsproof::load {

std::string number_text(double value) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{:g}", value);
  // Of the value after rounding: 999.6 has four digits before the point.
  const auto before = static_cast<int>(std::floor(std::log10(std::abs(value) * (1 + 0.0005)))) + 1;
  const int decimals = std::clamp(3 - before, 0, 12);
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

std::string count_text(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string time_text(double seconds) {
  constexpr double kRoundsUp = 0.9995;  // 999.6 µs is 1 ms
  const double size = std::abs(seconds);
  if (size >= kRoundsUp) return number_text(seconds) + " s";
  if (size >= kRoundsUp * 1e-3) return number_text(seconds * 1e3) + " ms";
  if (size >= kRoundsUp * 1e-6) return number_text(seconds * 1e6) + " µs";
  return number_text(seconds * 1e9) + " ns";
}

std::string share_text(double share) {
  return number_text(share * 100) + " %";
}

}  // namespace tlsproof::load
