// The bytes of CRYPTO frames of one direction and one level, put in order (RFC 9000 §7.5).
#pragma once

#include <vector>

#include "tlsproof/base/bytes.h"

namespace tlsproof::capture {

// Bounded; what it holds is used again after reset().
class QuicStream {
 public:
  // More than any handshake has; RFC 9000 §7.5 asks for 4096 at least.
  static constexpr size_t kMaxLen = size_t{256} << 10;
  static constexpr size_t kMaxPieces = 256;  // apart from each other

  enum class Added : uint8_t {
    yes,       // or nothing new
    conflict,  // it says something else than what came before, which is kept
    too_much,  // beyond the limits: not kept
  };
  [[nodiscard]] Added add(uint64_t offset, ByteView data);

  // What has come in one piece and was not taken yet. Borrows until the next add() or reset().
  [[nodiscard]] ByteView unread() const;
  void take_unread() { taken_ = in_order(); }
  // The first bytes that are missing before others that are there; empty: none.
  [[nodiscard]] ByteRange first_hole() const;
  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  void reset();

 private:
  [[nodiscard]] size_t in_order() const;

  Bytes data_;
  std::vector<ByteRange> pieces_;  // what of it has come: in order, never touching
  size_t taken_ = 0;
};

}  // namespace tlsproof::capture
