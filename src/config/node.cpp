#include "tlsproof/config/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "tlsproof/base/text.h"

namespace tlsproof::config {
namespace {

constexpr size_t kMaxListed = 12;  // candidates that a message lists

std::vector<std::string> to_strings(std::span<const std::string_view> words) {
  return {words.begin(), words.end()};
}

}  // namespace

std::string Where::text() const {
  std::string name = escape_terminal(file ? *file : std::string());
  return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
}

std::unexpected<Error> Where::error(std::string_view message) const {
  return fail_usage(fmt::format("{}: {}", text(), message));
}

Node Node::make_scalar(std::string text, bool quoted, Where where) {
  Node node;
  node.kind_ = Kind::scalar;
  node.quoted_ = quoted;
  node.where_ = std::move(where);
  node.text_ = std::move(text);
  return node;
}

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries_)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

std::string Node::describe() const {
  switch (kind_) {
    case Kind::null:
      return "nothing";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
    case Kind::scalar:
      break;
  }
  return fmt::format("'{}'", escape_terminal_limited(text_, 60));
}

Result<std::string> Node::text() const {
  if (!is_scalar()) return error(fmt::format("expected text, found {}", describe()));
  return text_;
}

Result<std::string> Node::word() const {
  if (!is_scalar() || text_.empty()) return error(fmt::format("expected text, found {}", describe()));
  for (char c : text_)
    if ((c >= 0 && c < 0x20) || c == 0x7f) return error(fmt::format("{} has a control character", describe()));
  return text_;
}

Result<long long> Node::integer(long long min, long long max) const {
  if (is_scalar() && !quoted_) {
    std::string_view digits = text_;
    if (digits.starts_with("0x") && digits.size() > 2 && digits.size() <= 17 &&
        digits.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos) {
      auto value = static_cast<long long>(std::stoull(std::string(digits.substr(2)), nullptr, 16));
      if (value >= min && value <= max) return value;
    } else if (auto value = parse_integer(digits, min, max)) {
      return *value;
    }
  }
  return error(fmt::format("expected a whole number from {} to {}, found {}{}", min, max, describe(),
                           is_scalar() && quoted_ ? " in quotes" : ""));
}

Result<bool> Node::boolean() const {
  if (is_scalar() && !quoted_ && text_ == "true") return true;
  if (is_scalar() && !quoted_ && text_ == "false") return false;
  return error(fmt::format("expected true or false, found {}", describe()));
}

Result<Bytes> Node::bytes() const {
  if (is_scalar())
    if (auto value = from_hex(text_)) return std::move(*value);
  return error(fmt::format("expected bytes as hex digits (\"00ff\"), found {}", describe()));
}

Result<int64_t> Node::duration_ns() const {
  struct Unit {
    std::string_view name;
    int64_t ns;
  };
  constexpr Unit kUnits[] = {{"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
  constexpr int64_t kDay = 24 * 3'600'000'000'000;
  for (const Unit& unit : kUnits) {
    if (!is_scalar() || !text_.ends_with(unit.name)) continue;
    if (auto value =
            parse_integer(std::string_view(text_).substr(0, text_.size() - unit.name.size()), 0, kDay / unit.ns))
      return *value * unit.ns;
  }
  return error(fmt::format("expected a duration such as 250ms, 5s or 2m, at most 24h, found {}", describe()));
}

Result<int64_t> Node::date() const {
  std::string_view text = text_;
  if (is_scalar() && text.size() == 10 && text[4] == '-' && text[7] == '-') {
    auto year = parse_integer(text.substr(0, 4), 1970, 9999);
    auto month = parse_integer(text.substr(5, 2), 1, 12);
    auto day = parse_integer(text.substr(8, 2), 1, 31);
    if (year && month && day) {
      std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                       std::chrono::month(static_cast<unsigned>(*month)),
                                       std::chrono::day(static_cast<unsigned>(*day))};
      if (date.ok()) return int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86'400;
    }
  }
  return error(fmt::format("expected a date such as 2026-12-31, found {}", describe()));
}

Result<std::span<const Node>> Node::list() const {
  if (!is_list()) return error(fmt::format("expected a list, found {}", describe()));
  return items();
}

Result<std::span<const Entry>> Node::map() const {
  if (!is_map()) return error(fmt::format("expected a map, found {}", describe()));
  return entries();
}

Result<size_t> Node::one_of(std::span<const std::string_view> words, std::string_view what) const {
  if (!is_scalar()) return error(fmt::format("expected {}, found {}", join(to_strings(words), ", "), describe()));
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i] == text_) return i;
  return error(fmt::format("unknown {} {}", what, suggest(text_, words)));
}

std::string suggest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string shown = fmt::format("'{}'", escape_terminal_limited(word, 60));
  if (auto near = did_you_mean(word, candidates)) return fmt::format("{}, did you mean '{}'?", shown, *near);
  if (candidates.size() > kMaxListed) return shown;
  return fmt::format("{} (one of {})", shown, join(to_strings(candidates), ", "));
}

Result<Fields> Fields::open(const Node& node, std::string_view what, std::initializer_list<std::string_view> known) {
  return open(node, what, std::span(known.begin(), known.size()));
}

Result<Fields> Fields::open(const Node& node, std::string_view what, std::span<const std::string_view> known) {
  if (!node.is_map()) return node.error(fmt::format("expected {} (a map), found {}", what, node.describe()));
  for (const Entry& entry : node.entries()) {
    if (std::ranges::find(known, std::string_view(entry.key)) == known.end())
      return entry.where.error(fmt::format("{} has no key {}", what, suggest(entry.key, known)));
    if (entry.value.is_null()) return entry.where.error(fmt::format("'{}' has no value", entry.key));
  }
  return Fields(node, what, known);
}

const Node* Fields::find(std::string_view key) const {
  TLSPROOF_CHECK(std::ranges::find(known_, key) != known_.end());
  return node_->find(key);
}

Result<const Node*> Fields::require(std::string_view key) const {
  if (const Node* node = find(key)) return node;
  return node_->error(fmt::format("{} needs '{}'", what_, key));
}

Result<const Entry*> Fields::exactly_one(std::span<const std::string_view> keys) const {
  const Entry* found = nullptr;
  for (const Entry& entry : node_->entries()) {
    if (std::ranges::find(keys, std::string_view(entry.key)) == keys.end()) continue;
    if (found) return entry.where.error(fmt::format("'{}' and '{}' exclude each other", found->key, entry.key));
    found = &entry;
  }
  if (!found) return node_->error(fmt::format("{} needs one of {}", what_, join(to_strings(keys), ", ")));
  return found;
}

}  // namespace tlsproof::config
