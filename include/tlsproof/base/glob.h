// Patterns over ids and labels.
#pragma once

#include <string_view>

namespace tlsproof {

// Whether the whole text matches: `*` stands for any run of characters ('/' included), `?` for one byte; all others for
// themselves. Time is bounded by the product of the lengths.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);
[[nodiscard]] inline bool is_glob(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

}  // namespace tlsproof
