// Text for people: escaping what a peer or a file controls, wrapping, suggestions, joining.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsproof {

// Safe on any terminal, on one line: control characters (C0, DEL, C1), bytes that are not valid UTF-8, and the
// bidirectional and zero-width formatting characters become \n, \t, \xHH or \u{HHHH}; a backslash becomes \\.
[[nodiscard]] std::string escape_terminal(std::string_view text);
// The same, cut to about `max_len` bytes with "…" and the number of bytes left out.
[[nodiscard]] std::string escape_terminal_limited(std::string_view text, size_t max_len);

// Valid UTF-8 for JSON and XML: invalid bytes become \xHH as visible text. Control characters are left to the format.
[[nodiscard]] std::string escape_invalid_utf8(std::string_view text);

[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Terminal columns that the text takes, one a code point.
[[nodiscard]] size_t display_width(std::string_view text);
// Breaks at blanks so that no line is wider than `width` columns, where a word allows it; each line but the first
// begins with `indent`. Line breaks in the text are kept.
[[nodiscard]] std::string wrap(std::string_view text, size_t width, std::string_view indent = "");

// The candidate most like `word` when it is close enough to be a typing error, for "did you mean".
[[nodiscard]] std::optional<std::string_view> did_you_mean(std::string_view word,
                                                           std::span<const std::string_view> candidates);
[[nodiscard]] std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates);

[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string to_lower(std::string_view ascii);

// A number of any integral type that is the whole text, within [min, max]; nullopt otherwise.
[[nodiscard]] std::optional<long long> parse_integer(std::string_view text, long long min, long long max);

}  // namespace tlsproof
