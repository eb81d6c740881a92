// Writing something that holds secrets into memory that is wiped, without a copy left behind by a growing buffer.
#pragma once

#include <algorithm>
#include <string_view>

#include "tlsproof/base/secret.h"

namespace tlsproof::trace {

// A cursor that counts on its first pass and writes on its second; `write` must do the same both times.
class SecretOut {
 public:
  template <class Write>
  [[nodiscard]] static SecretBytes build(Write&& write) {
    SecretOut counted;
    write(counted);
    SecretBytes out(counted.len_);
    SecretOut written;
    written.to_ = out.span();
    write(written);
    return out;
  }

  void u8(uint8_t value) {
    if (!to_.empty()) to_[len_] = value;
    ++len_;
  }
  void big(uint64_t value, size_t len) {
    while (len-- > 0) u8(static_cast<uint8_t>(value >> (8 * len)));
  }
  void little(uint64_t value, size_t len) {
    for (size_t i = 0; i < len; ++i) u8(static_cast<uint8_t>(value >> (8 * i)));
  }
  void bytes(ByteView value) {
    if (!to_.empty()) std::ranges::copy(value, to_.begin() + static_cast<std::ptrdiff_t>(len_));
    len_ += value.size();
  }
  void text(std::string_view value) { bytes(as_bytes(value)); }
  void hex(ByteView value) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (uint8_t byte : value) {
      u8(static_cast<uint8_t>(kDigits[byte >> 4]));
      u8(static_cast<uint8_t>(kDigits[byte & 15]));
    }
  }
  [[nodiscard]] size_t len() const { return len_; }
  // What was written from `offset` on; empty on the counting pass.
  [[nodiscard]] std::span<uint8_t> written_from(size_t offset) const {
    return to_.empty() ? to_ : to_.subspan(offset, len_ - offset);
  }

 private:
  std::span<uint8_t> to_;  // empty: counting
  size_t len_ = 0;
};

}  // namespace tlsproof::trace
