#include "field_values.h"

#include <fmt/format.h>

#include "tlsproof/base/text.h"

namespace tlsproof::wire {

using registry::Kind;
using ValueKind = FieldValue::Kind;

namespace fields {

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", escape_terminal_limited(text, 80));
}

std::string describe(const FieldValue& value) {
  switch (value.kind) {
    case ValueKind::none:
      return "nothing";
    case ValueKind::integer:
      return fmt::format("{}", value.integer);
    case ValueKind::bytes:
      return fmt::format("{} bytes", value.bytes.size());
    case ValueKind::text:
      return quoted(value.text);
    case ValueKind::list:
      return fmt::format("a list of {}", value.list.size());
  }
  return "";
}

std::optional<uint64_t> number_of_text(std::string_view text, uint64_t max, Kind names) {
  uint32_t named = 0;
  if (names != kPlain && registry::parse(names, text, named)) return named;
  uint64_t number = 0;
  if (text.starts_with("0x") && text.size() > 2 && text.size() <= 10) {
    for (const char c : text.substr(2)) {
      const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
      if (digit == std::string_view::npos) return std::nullopt;
      number = number << 4 | digit;
    }
    return number;
  }
  if (const auto decimal = parse_integer(text, 0, static_cast<long long>(max))) return static_cast<uint64_t>(*decimal);
  return std::nullopt;
}

Result<uint64_t> to_number(const FieldValue& value, uint64_t max, Kind names) {
  std::optional<uint64_t> number;
  if (value.kind == ValueKind::integer && value.integer >= 0) number = static_cast<uint64_t>(value.integer);
  if (value.kind == ValueKind::text) number = number_of_text(value.text, max, names);
  if (number && *number <= max) return *number;
  if (names == kPlain) return fail_usage(fmt::format("needs a number of at most {}, not {}", max, describe(value)));
  std::string hint;
  if (value.kind == ValueKind::text) {
    std::vector<std::string_view> candidates;
    for (const auto& row : registry::table(names)) candidates.push_back(row.name);
    if (const auto near = did_you_mean(value.text, candidates)) hint = fmt::format(" (did you mean {}?)", *near);
  }
  return fail_usage(fmt::format("needs a {} by name, or a number of at most {:#x}, not {}{}",
                                registry::kind_name(names), max, describe(value), hint));
}

Result<Bytes> to_bytes_value(const FieldValue& value) {
  if (value.kind == ValueKind::none) return Bytes{};
  if (value.kind == ValueKind::bytes) return value.bytes;
  if (value.kind == ValueKind::text) {
    std::string_view digits = value.text;
    if (digits.starts_with("hex:")) digits.remove_prefix(4);
    if (auto bytes = from_hex(digits)) return std::move(*bytes);
  }
  if (value.kind == ValueKind::list) {
    Bytes out;
    for (const FieldValue& item : value.list) {
      TLSPROOF_TRY(const uint64_t byte, to_number(item, 0xff, kPlain));
      out.push_back(static_cast<uint8_t>(byte));
    }
    return out;
  }
  return fail_usage(fmt::format("needs bytes: hex digits or a list of numbers from 0 to 255, not {}", describe(value)));
}

std::span<const FieldValue> items_of(const FieldValue& value) {
  if (value.kind == ValueKind::list) return value.list;
  if (value.kind == ValueKind::none) return {};
  return {&value, 1};
}

Result<std::vector<uint64_t>> to_numbers(const FieldValue& value, uint64_t max, Kind names) {
  std::vector<uint64_t> out;
  for (const FieldValue& item : items_of(value)) {
    TLSPROOF_TRY(const uint64_t number, to_number(item, max, names));
    out.push_back(number);
  }
  return out;
}

Result<ByteList> to_byte_strings(const FieldValue& value) {
  ByteList out;
  for (const FieldValue& item : items_of(value)) {
    TLSPROOF_TRY(const Bytes bytes, to_bytes_value(item));
    out.push_back(bytes);
  }
  return out;
}

Result<ByteList> to_texts(const FieldValue& value) {
  ByteList out;
  for (const FieldValue& item : items_of(value)) {
    if (item.kind == ValueKind::text)
      out.push_back(as_bytes(item.text));
    else if (item.kind == ValueKind::bytes)
      out.push_back(item.bytes);
    else
      return fail_usage(fmt::format("needs a text or a list of texts, not {}", describe(item)));
  }
  return out;
}

}  // namespace fields

FieldValue FieldValue::of_integer(int64_t value) {
  FieldValue out;
  out.kind = ValueKind::integer;
  out.integer = value;
  return out;
}

FieldValue FieldValue::of_bytes(ByteView value) {
  FieldValue out;
  out.kind = ValueKind::bytes;
  out.bytes = to_bytes(value);
  return out;
}

FieldValue FieldValue::of_text(std::string_view value) {
  FieldValue out;
  out.kind = ValueKind::text;
  out.text = value;
  return out;
}

FieldValue FieldValue::of_list(std::vector<FieldValue> value) {
  FieldValue out;
  out.kind = ValueKind::list;
  out.list = std::move(value);
  return out;
}

}  // namespace tlsproof::wire
