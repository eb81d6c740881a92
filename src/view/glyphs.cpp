#include "tlsproof/view/glyphs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "tlsproof/base/text.h"

namespace tlsproof::view {
namespace {

struct Glyph {
  std::string_view unicode;
  std::string_view ascii;
};
constexpr Glyph kGlyphs[] = {
    {"─►", "->"}, {"◄─", "<-"},      {"─", "-"}, {"►", ">"}, {"◄", "<"},  {"…", "..."}, {"–", "-"},
    {"—", "-"},   {"§", "section "}, {"×", "x"}, {"·", "-"}, {"“", "\""}, {"”", "\""},  {"’", "'"},
};

// Bytes of the code point at the start of the text, told by its first byte; never more than there are.
size_t code_point_len(std::string_view text) {
  const auto first = static_cast<uint8_t>(text.front());
  const size_t len = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return std::min(len, text.size());
}

// Bytes of the first `columns` code points.
size_t prefix_len(std::string_view text, size_t columns) {
  size_t len = 0;
  while (columns-- > 0 && len < text.size()) len += code_point_len(text.substr(len));
  return len;
}

void append_ascii(std::string& out, std::string_view code_point) {
  if (code_point.size() == 1 || !is_valid_utf8(code_point)) {
    for (char c : code_point) {
      if (static_cast<uint8_t>(c) < 0x80)
        out += c;
      else
        out += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
    }
    return;
  }
  uint32_t value = static_cast<uint8_t>(code_point.front()) & (0x7fU >> code_point.size());
  for (char c : code_point.substr(1)) value = value << 6 | (static_cast<uint8_t>(c) & 0x3fU);
  out += fmt::format("\\u{{{:x}}}", value);
}

// The text and "…" behind it, within the columns: something follows that is not shown.
std::string with_ellipsis(std::string_view text, size_t columns, bool unicode) {
  const size_t len = unicode ? 1 : 3;
  if (columns < len) return std::string(columns, '.');
  return std::string(text.substr(0, prefix_len(text, columns - len))) + (unicode ? "…" : "...");
}

}  // namespace

std::string cut_to_columns(std::string_view text, size_t columns, bool unicode) {
  if (!unicode) {
    // A code point has at least a byte, and becomes at least one of ASCII: what is further on is cut off anyway.
    const std::string ascii = to_ascii(text.substr(0, prefix_len(text, columns + 1)));
    return ascii.size() <= columns ? ascii : with_ellipsis(ascii, columns, false);
  }
  const size_t len = prefix_len(text, columns);
  return len >= text.size() ? std::string(text) : with_ellipsis(text, columns, true);
}

std::vector<std::string> fold_to_columns(std::string_view text, size_t columns, size_t max_lines, bool unicode) {
  columns = std::max<size_t>(columns, 8);
  max_lines = std::max<size_t>(max_lines, 1);
  // Breaking what no line will show is not worth its time.
  const size_t room = prefix_len(text, columns * (max_lines + 1));
  const bool has_more = room < text.size();
  const std::string ascii = unicode ? std::string() : to_ascii(text.substr(0, room));
  std::vector<std::string> lines;
  for (const std::string& line : split(wrap(unicode ? text.substr(0, room) : ascii, columns), '\n')) {
    std::string_view rest = line;
    do {
      const size_t len = prefix_len(rest, columns);
      lines.emplace_back(rest.substr(0, len));
      rest.remove_prefix(len);
    } while (!rest.empty() && lines.size() <= max_lines);
    if (lines.size() > max_lines) break;
  }
  if (lines.size() > max_lines || has_more) {
    lines.resize(std::min(lines.size(), max_lines));
    const bool fits = display_width(lines.back()) + (unicode ? 1 : 3) <= columns;
    lines.back() =
        with_ellipsis(lines.back(), fits ? display_width(lines.back()) + (unicode ? 1 : 3) : columns, unicode);
  }
  return lines;
}

std::string to_ascii(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto glyph = std::ranges::find_if(kGlyphs, [&](const Glyph& g) { return text.starts_with(g.unicode); });
    if (glyph != std::end(kGlyphs)) {
      out += glyph->ascii;
      text.remove_prefix(glyph->unicode.size());
      continue;
    }
    const size_t len = code_point_len(text);
    append_ascii(out, text.substr(0, len));
    text.remove_prefix(len);
  }
  return out;
}

}  // namespace tlsproof::view
