#include "tlsproof/base/reader.h"

namespace tlsproof {

bool Reader::integer(uint64_t& out, size_t len, std::string_view field) {
  if (rest_.size() < len) {
    *error_ = {ParseError::Kind::truncated, offset_, field, len, rest_.size()};
    return false;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < len; ++i) value = value << 8 | rest_[i];
  out = value;
  advance(len);
  return true;
}

bool Reader::u8(uint8_t& out, std::string_view field) {
  uint64_t value = 0;
  if (!integer(value, 1, field)) return false;
  out = static_cast<uint8_t>(value);
  return true;
}

bool Reader::u16(uint16_t& out, std::string_view field) {
  uint64_t value = 0;
  if (!integer(value, 2, field)) return false;
  out = static_cast<uint16_t>(value);
  return true;
}

bool Reader::u24(uint32_t& out, std::string_view field) {
  uint64_t value = 0;
  if (!integer(value, 3, field)) return false;
  out = static_cast<uint32_t>(value);
  return true;
}

bool Reader::u32(uint32_t& out, std::string_view field) {
  uint64_t value = 0;
  if (!integer(value, 4, field)) return false;
  out = static_cast<uint32_t>(value);
  return true;
}

bool Reader::u64(uint64_t& out, std::string_view field) {
  return integer(out, 8, field);
}

bool Reader::bytes(ByteView& out, size_t len, std::string_view field) {
  if (rest_.size() < len) {
    *error_ = {ParseError::Kind::truncated, offset_, field, len, rest_.size()};
    return false;
  }
  out = rest_.first(len);
  advance(len);
  return true;
}

ByteView Reader::rest() {
  ByteView out = rest_;
  advance(out.size());
  return out;
}

bool Reader::opaque(ByteView& out, size_t len_len, std::string_view field, size_t min, size_t max) {
  const Reader start = *this;
  uint64_t len = 0;
  if (!integer(len, len_len, field)) return false;
  if (len < min || len > max) {
    *this = start;
    return bad_length(start.offset_, field, len < min ? min : max, static_cast<size_t>(len));
  }
  if (!bytes(out, static_cast<size_t>(len), field)) {
    *this = start;
    return false;
  }
  return true;
}

bool Reader::opaque8(ByteView& out, std::string_view field, size_t min, size_t max) {
  return opaque(out, 1, field, min, max);
}
bool Reader::opaque16(ByteView& out, std::string_view field, size_t min, size_t max) {
  return opaque(out, 2, field, min, max);
}
bool Reader::opaque24(ByteView& out, std::string_view field, size_t min, size_t max) {
  return opaque(out, 3, field, min, max);
}

bool Reader::sub(Reader& out, size_t len_len, std::string_view field, size_t min, size_t max) {
  ByteView frame;
  if (!opaque(frame, len_len, field, min, max)) return false;
  out = Reader(frame, *error_, offset_ - frame.size());
  return true;
}

bool Reader::sub8(Reader& out, std::string_view field, size_t min, size_t max) {
  return sub(out, 1, field, min, max);
}
bool Reader::sub16(Reader& out, std::string_view field, size_t min, size_t max) {
  return sub(out, 2, field, min, max);
}
bool Reader::sub24(Reader& out, std::string_view field, size_t min, size_t max) {
  return sub(out, 3, field, min, max);
}

bool Reader::finish(std::string_view field) {
  if (rest_.empty()) return true;
  *error_ = {ParseError::Kind::trailing, offset_, field, 0, rest_.size()};
  return false;
}

bool Reader::bad_value(size_t offset, std::string_view field) {
  *error_ = {ParseError::Kind::bad_value, offset, field, 0, 0};
  return false;
}

bool Reader::bad_length(size_t offset, std::string_view field, size_t limit, size_t had) {
  *error_ = {ParseError::Kind::bad_length, offset, field, limit, had};
  return false;
}

}  // namespace tlsproof
