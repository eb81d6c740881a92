#include "tlsproof/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace tlsproof {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t len = 0;  // 0: not valid UTF-8 at this place
};

// RFC 3629 §4: shortest form only, no surrogates, nothing above U+10FFFF.
CodePoint decode_utf8(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < len) return {};
  uint32_t value = first & (0x7fU >> len);
  for (size_t i = 1; i < len; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3fU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {};
  return {value, len};
}

// Characters that change how the text around them is shown, without being seen themselves.
bool is_invisible(uint32_t c) {
  return (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe0fff);
}

void escape_one(std::string& out, std::string_view text, CodePoint c) {
  if (c.len == 0) {
    out += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[0]));
  } else if (c.value == '\n') {
    out += "\\n";
  } else if (c.value == '\t') {
    out += "\\t";
  } else if (c.value == '\r') {
    out += "\\r";
  } else if (c.value == '\\') {
    out += "\\\\";
  } else if (c.value < 0x20 || c.value == 0x7f) {
    out += fmt::format("\\x{:02x}", c.value);
  } else if (is_invisible(c.value)) {
    out += fmt::format("\\u{{{:x}}}", c.value);
  } else {
    out += text.substr(0, c.len);
  }
}

// Letters wrong, missing or too many, and neighbours in the wrong order: each counts one.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last, last, row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    before_last = std::exchange(last, row);
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1)});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
        row[j + 1] = std::min(row[j + 1], before_last[j - 1] + 1);
    }
  }
  return row[b.size()];
}

template <class T>
const T* closest(std::string_view word, std::span<const T> candidates) {
  const T* best = nullptr;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  if (word.size() > 200) return nullptr;  // no typing error, and the distance costs its product
  for (const T& candidate : candidates) {
    if (candidate.size() > 200) continue;
    size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = &candidate;
    }
  }
  return best;
}

}  // namespace

std::string escape_terminal(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    CodePoint c = decode_utf8(text);
    escape_one(out, text, c);
    text.remove_prefix(std::max<size_t>(1, c.len));
  }
  return out;
}

std::string escape_terminal_limited(std::string_view text, size_t max_len) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= max_len) return out + fmt::format("… ({} more bytes)", text.size());
    CodePoint c = decode_utf8(text);
    escape_one(out, text, c);
    text.remove_prefix(std::max<size_t>(1, c.len));
  }
  return out;
}

std::string escape_invalid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    CodePoint c = decode_utf8(text);
    if (c.len == 0) {
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[0]));
    } else {
      out += text.substr(0, c.len);
    }
    text.remove_prefix(std::max<size_t>(1, c.len));
  }
  return out;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    CodePoint c = decode_utf8(text);
    if (c.len == 0) return false;
    text.remove_prefix(c.len);
  }
  return true;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string wrap(std::string_view text, size_t width, std::string_view indent) {
  std::string out;
  size_t column = 0;
  bool line_start = true;
  while (!text.empty()) {
    if (text.front() == '\n') {
      out += '\n';
      out += indent;
      column = display_width(indent);
      line_start = true;
      text.remove_prefix(1);
      continue;
    }
    size_t end = std::min(text.find_first_of(" \n"), text.size());
    std::string_view word = text.substr(0, end);
    size_t word_width = display_width(word);
    if (!line_start && column + 1 + word_width > width) {
      out += '\n';
      out += indent;
      column = display_width(indent);
    } else if (!line_start) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word_width;
    line_start = false;
    text.remove_prefix(end);
    if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  return out;
}

std::optional<std::string_view> did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view* best = closest(word, candidates);
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string* best = closest(word, candidates);
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (&part != parts.data()) out += separator;
    out += part;
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (size_t at = 0;;) {
    size_t end = text.find(separator, at);
    out.emplace_back(text.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) return out;
    at = end + 1;
  }
}

std::string to_lower(std::string_view ascii) {
  std::string out(ascii);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::optional<long long> parse_integer(std::string_view text, long long min, long long max) {
  long long value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max) return std::nullopt;
  return value;
}

}  // namespace tlsproof
