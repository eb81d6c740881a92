#include "tlsproof/base/json_text.h"

#include <charconv>

#include "tlsproof/base/text.h"

namespace tlsproof {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

bool is_plain(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// RFC 8259 §7. What is not ASCII is known to be UTF-8 here.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
}

}  // namespace

void JsonText::string(std::string_view value) {
  if (std::ranges::all_of(value, is_plain)) {
    extend(value.size() + 3, [&](char* at) {
      if (comma_) *at++ = ',';
      *at++ = '"';
      at = std::ranges::copy(value, at).out;
      *at++ = '"';
      return at;
    });
    comma_ = true;
    return;
  }
  comma();
  comma_ = true;
  out_ += '"';
  if (is_valid_utf8(value))
    append_escaped(out_, value);
  else
    append_escaped(out_, escape_invalid_utf8(value));
  out_ += '"';
}

void JsonText::hex(ByteView value) {
  extend(2 * value.size() + 3, [&](char* at) {
    if (comma_) *at++ = ',';
    *at++ = '"';
    for (const uint8_t byte : value) {
      *at++ = kDigits[byte >> 4];
      *at++ = kDigits[byte & 15];
    }
    *at++ = '"';
    return at;
  });
  comma_ = true;
}

void JsonText::integer(int64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  raw({digits, end});
}

void JsonText::unsigned_integer(uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  raw({digits, end});
}

}  // namespace tlsproof
