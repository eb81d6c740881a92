// Fitting text into columns, and doing without Unicode.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlsproof::view {

// At most `columns` columns of the text, one a code point, ending in "…" when something was cut off. Without `unicode`
// the text goes through to_ascii first, and the end is "...".
[[nodiscard]] std::string cut_to_columns(std::string_view text, size_t columns, bool unicode = true);

// Words put together into lines of at most `columns` (8 or more) columns; a word that no line can hold is broken. Line
// breaks in the text begin a new line. At most `max_lines`, the last then ending in "…". Never empty.
[[nodiscard]] std::vector<std::string> fold_to_columns(std::string_view text, size_t columns, size_t max_lines = 1000,
                                                       bool unicode = true);

// ASCII alone: arrows, dashes, "…", "§" and "×" become what stands for them, any other code point becomes \u{HEX} and a
// byte that is not UTF-8 \xHH.
[[nodiscard]] std::string to_ascii(std::string_view text);

}  // namespace tlsproof::view
