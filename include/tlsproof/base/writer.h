// Appends big-endian fields to a byte buffer. The mirror of Reader.
#pragma once

#include "tlsproof/base/bytes.h"

namespace tlsproof {

class Writer {
 public:
  explicit Writer(Bytes& out) : out_(&out) {}  // borrows; appends after what is there

  void u8(uint8_t value) { out_->push_back(value); }
  void u16(uint16_t value) { integer(value, 2); }
  void u24(uint32_t value) { integer(value, 3); }
  void u32(uint32_t value) { integer(value, 4); }
  void u64(uint64_t value) { integer(value, 8); }
  void bytes(ByteView value) { out_->insert(out_->end(), value.begin(), value.end()); }

  void opaque8(ByteView value) {
    prefixed(1, [&] { bytes(value); });
  }
  void opaque16(ByteView value) {
    prefixed(2, [&] { bytes(value); });
  }
  void opaque24(ByteView value) {
    prefixed(3, [&] { bytes(value); });
  }

  // Writes a length field, runs `body` (which writes through this Writer), then fills the length in.
  template <class Body>
  void prefixed8(Body&& body) {
    prefixed(1, body);
  }
  template <class Body>
  void prefixed16(Body&& body) {
    prefixed(2, body);
  }
  template <class Body>
  void prefixed24(Body&& body) {
    prefixed(3, body);
  }

  // False once a prefixed body was longer than its length field can say; the length is then written modulo its width.
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] size_t size() const { return out_->size(); }

 private:
  void integer(uint64_t value, size_t len) {
    for (size_t i = len; i-- > 0;) out_->push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
  template <class Body>
  void prefixed(size_t len_len, Body&& body) {
    size_t at = out_->size();
    integer(0, len_len);
    body();
    uint64_t len = out_->size() - at - len_len;
    if (len >> (8 * len_len) != 0) ok_ = false;
    for (size_t i = 0; i < len_len; ++i) (*out_)[at + i] = static_cast<uint8_t>(len >> (8 * (len_len - 1 - i)));
  }

  Bytes* out_;
  bool ok_ = true;
};

}  // namespace tlsproof
