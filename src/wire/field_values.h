// What a FieldValue is taken for: numbers, bytes and texts, or an error that says what would be right.
#pragma once

#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/fields.h"

namespace tlsproof::wire::fields {

// Numbers without names of their own.
inline constexpr auto kPlain = static_cast<registry::Kind>(0xff);

// "'text'", for messages.
[[nodiscard]] std::string quoted(std::string_view text);
// "4 bytes", "a list of 3", for messages.
[[nodiscard]] std::string describe(const FieldValue& value);

// By name, in hexadecimal with 0x, or in decimal; it may be above `max`.
[[nodiscard]] std::optional<uint64_t> number_of_text(std::string_view text, uint64_t max, registry::Kind names);
[[nodiscard]] Result<uint64_t> to_number(const FieldValue& value, uint64_t max, registry::Kind names);
[[nodiscard]] Result<Bytes> to_bytes_value(const FieldValue& value);

// A list, or a single value as a list of one.
[[nodiscard]] std::span<const FieldValue> items_of(const FieldValue& value);
[[nodiscard]] Result<std::vector<uint64_t>> to_numbers(const FieldValue& value, uint64_t max, registry::Kind names);
[[nodiscard]] Result<ByteList> to_byte_strings(const FieldValue& value);
[[nodiscard]] Result<ByteList> to_texts(const FieldValue& value);

}  // namespace tlsproof::wire::fields
