#include "tlsproof/base/json_text.h"

#include <charconv>
#include <cstring>

#include "tlsproof/base/text.h"

namespace tlsproof {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

bool is_plain(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// A byte in each place of eight; and for each byte of eight that is ASCII, its highest bit where it is zero.
constexpr uint64_t all_eight(uint8_t byte) {
  return uint64_t{0x0101010101010101} * byte;
}
constexpr uint64_t zero_of_ascii(uint64_t eight) {
  return ~(eight + all_eight(0x7f)) & all_eight(0x80);
}

// is_plain() of eight at a time: most texts are, to their end.
bool all_plain(std::string_view text) {
  uint64_t odd = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, text.data() + i, sizeof eight);
    const uint64_t ascii = eight & all_eight(0x7f);
    odd |= eight & all_eight(0x80);
    odd |= ~(ascii + all_eight(0x60)) & all_eight(0x80);  // below 0x20
    odd |= zero_of_ascii(ascii ^ all_eight('"')) | zero_of_ascii(ascii ^ all_eight('\\'));
  }
  return odd == 0 && std::ranges::all_of(text.substr(i), is_plain);
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
  if (all_plain(value)) {
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

template <class Number>
void JsonText::number(Number value) {
  constexpr size_t kMaxDigits = 20;  // with a sign
  extend(kMaxDigits + 1, [&](char* at) {
    if (comma_) *at++ = ',';
    return std::to_chars(at, at + kMaxDigits, value).ptr;
  });
  comma_ = true;
}

void JsonText::integer(int64_t value) {
  number(value);
}

void JsonText::unsigned_integer(uint64_t value) {
  number(value);
}

}  // namespace tlsproof
