#include "tree_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/text.h"

namespace tlsproof::view::tree {
namespace {

constexpr size_t kOffsetWidth = 8;
constexpr size_t kLengthWidth = 6;

}  // namespace

void Lines::number(size_t value, size_t width) {
  char digits[20];
  size_t len = 0;
  do {
    digits[sizeof digits - ++len] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  if (len < width) out_.append(width - len, ' ');
  out_.append(digits + sizeof digits - len, len);
}

void Lines::hex(ByteView bytes) {
  const size_t shown = options_.max_hex_len == 0 ? bytes.size() : std::min(bytes.size(), options_.max_hex_len);
  constexpr char kDigits[] = "0123456789abcdef";
  for (uint8_t octet : bytes.first(shown)) {
    out_ += kDigits[octet >> 4];
    out_ += kDigits[octet & 15];
  }
  if (shown < bytes.size()) out_ += options_.ascii ? "..." : "…";
}

void Lines::begin_leaf(size_t at, int depth, std::string_view name, ByteView bytes) {
  // The last segment that begins at `at` or before.
  const auto after = std::ranges::upper_bound(segments_, at, {}, &Segment::at);
  number(after == segments_.begin() ? at : std::prev(after)->offset + (at - std::prev(after)->at), kOffsetWidth);
  number(bytes.size(), kLengthWidth);
  out_.append(2 + 2 * static_cast<size_t>(depth), ' ');
  out_ += name;
  if (!bytes.empty()) {
    out_ += "  ";
    hex(bytes);
  }
}

void Lines::leaf(size_t at, int depth, std::string_view name, ByteView bytes, std::string_view value) {
  begin_leaf(at, depth, name, bytes);
  if (!value.empty()) {
    out_ += "  ";
    out_ += value;
  }
  end_line();
}

void Lines::info(int depth, std::string_view name, std::string_view text) {
  out_.append(kOffsetWidth + kLengthWidth + 4 + 2 * static_cast<size_t>(depth), ' ');
  out_ += name;
  if (!name.empty() && !text.empty()) out_ += "  ";
  out_ += text;
  end_line();
}

std::string Lines::escaped(ByteView text) const {
  return escape_terminal_limited(as_text(text), options_.max_text_len);
}

uint64_t Cursor::value_of(ByteView bytes) {
  uint64_t value = 0;
  for (uint8_t octet : bytes) value = value << 8 | octet;
  return value;
}

std::optional<ByteView> Cursor::take(size_t len, std::string_view name) {
  if (rest_.size() < len) {
    fail(name);
    return std::nullopt;
  }
  const ByteView out = rest_.first(len);
  rest_ = rest_.subspan(len);
  at_ += len;
  return out;
}

void Cursor::fail(std::string_view name) {
  const std::string what = fmt::format("cut off: too few bytes for {}", name);
  if (rest_.empty()) return lines_->info(depth_, "", what);
  remaining("(undecoded)", what);
}

std::optional<uint64_t> Cursor::number(size_t width, std::string_view name, std::optional<registry::Kind> kind) {
  const auto bytes = take(width, name);
  if (!bytes) return std::nullopt;
  const uint64_t value = value_of(*bytes);
  lines_->begin_leaf(at_ - width, depth_, name, *bytes);
  std::string& out = lines_->out();
  out += "  ";
  const registry::CodePoint* known = kind ? registry::find(*kind, static_cast<uint32_t>(value)) : nullptr;
  if (known != nullptr)
    out += known->name;
  else if (kind && registry::is_grease(*kind, static_cast<uint32_t>(value)))
    out += "GREASE";
  else if (kind)
    out += "unknown";
  else
    fmt::format_to(std::back_inserter(out), "{}", value);
  lines_->end_line();
  return value;
}

ByteView Cursor::bytes(size_t len, std::string_view name, std::string_view value) {
  const auto bytes = take(len, name);
  if (!bytes) return {};
  lines_->leaf(at_ - len, depth_, name, *bytes, value);
  return *bytes;
}

ByteView Cursor::text(size_t len, std::string_view name) {
  const auto bytes = take(len, name);
  if (!bytes) return {};
  lines_->leaf(at_ - len, depth_, name, *bytes, "\"" + lines_->escaped(*bytes) + "\"");
  return *bytes;
}

void Cursor::remaining(std::string_view name, std::string_view value) {
  if (rest_.empty()) return;
  lines_->leaf(at_, depth_, name, rest_, value);
  at_ += rest_.size();
  rest_ = {};
}

std::optional<size_t> Cursor::length(size_t width, std::string_view name) {
  const auto bytes = take(width, name);
  if (!bytes) return std::nullopt;
  const uint64_t len = value_of(*bytes);
  lines_->begin_leaf(at_ - width, depth_, name, *bytes);
  fmt::format_to(std::back_inserter(lines_->out()), "  {} byte{}", len, len == 1 ? "" : "s");
  lines_->end_line();
  if (len <= rest_.size()) return static_cast<size_t>(len);
  fail(name);
  return std::nullopt;
}

ByteView Cursor::opaque(size_t width, std::string_view name) {
  ByteView out;
  frame(width, name, [&](Cursor& inside) {
    out = inside.rest();
    inside.remaining(name);
  });
  return out;
}

void Cursor::text_vector(size_t width, std::string_view name) {
  frame(width, name, [&](Cursor& inside) {
    if (inside.more()) inside.text(inside.rest().size(), name);
  });
}

void Cursor::numbers(size_t width, size_t item_width, std::string_view name, std::string_view item,
                     std::optional<registry::Kind> kind) {
  frame(width, name, [&](Cursor& inside) {
    while (inside.more()) inside.number(item_width, item, kind);
  });
}

}  // namespace tlsproof::view::tree
