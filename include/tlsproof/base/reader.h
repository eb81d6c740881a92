// A cursor over received bytes that only shrinks. Every getter names its field, so that a failure can say which one.
//
//   ParseError error;
//   Reader r(body, error);
//   ServerHello hello;
//   if (!decode(r, hello) || !r.finish("ServerHello")) return std::unexpected(error);
#pragma once

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"

namespace tlsproof {

class Reader {
 public:
  // Borrows both. `base` is added to every offset reported, for a view that stands inside a larger stream.
  Reader(ByteView data, ParseError& error, size_t base = 0) : rest_(data), error_(&error), offset_(base) {}

  // Big-endian integers. On failure: false, the ParseError is set and the cursor stays.
  [[nodiscard]] bool u8(uint8_t& out, std::string_view field);
  [[nodiscard]] bool u16(uint16_t& out, std::string_view field);
  [[nodiscard]] bool u24(uint32_t& out, std::string_view field);
  [[nodiscard]] bool u32(uint32_t& out, std::string_view field);
  [[nodiscard]] bool u64(uint64_t& out, std::string_view field);
  // Exactly `len` bytes; `out` borrows from the input.
  [[nodiscard]] bool bytes(ByteView& out, size_t len, std::string_view field);
  // Everything that is left.
  [[nodiscard]] ByteView rest();

  // opaque field<min..max> with a 1-, 2- or 3-byte length. A length outside [min, max] is bad_length.
  [[nodiscard]] bool opaque8(ByteView& out, std::string_view field, size_t min = 0, size_t max = 0xff);
  [[nodiscard]] bool opaque16(ByteView& out, std::string_view field, size_t min = 0, size_t max = 0xffff);
  [[nodiscard]] bool opaque24(ByteView& out, std::string_view field, size_t min = 0, size_t max = 0xffffff);

  // The same as a child that cannot leave its frame and shares the ParseError. `out` may be declared `Reader child =
  // r;`.
  [[nodiscard]] bool sub8(Reader& out, std::string_view field, size_t min = 0, size_t max = 0xff);
  [[nodiscard]] bool sub16(Reader& out, std::string_view field, size_t min = 0, size_t max = 0xffff);
  [[nodiscard]] bool sub24(Reader& out, std::string_view field, size_t min = 0, size_t max = 0xffffff);

  // Succeeds when nothing is left; otherwise `trailing`.
  [[nodiscard]] bool finish(std::string_view field);
  // Reports a field whose value the format does not allow; always false. `offset` is where the field began.
  bool bad_value(size_t offset, std::string_view field);
  bool bad_length(size_t offset, std::string_view field, size_t limit, size_t had);

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] size_t remaining() const { return rest_.size(); }
  [[nodiscard]] size_t offset() const { return offset_; }
  [[nodiscard]] ByteView peek() const { return rest_; }

 private:
  bool integer(uint64_t& out, size_t len, std::string_view field);
  bool opaque(ByteView& out, size_t len_len, std::string_view field, size_t min, size_t max);
  bool sub(Reader& out, size_t len_len, std::string_view field, size_t min, size_t max);
  void advance(size_t len) {
    rest_ = rest_.subspan(len);
    offset_ += len;
  }

  ByteView rest_;
  ParseError* error_;
  size_t offset_;
};

}  // namespace tlsproof
