// Byte containers and views, and the text forms of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsproof {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;  // borrows; the owner must outlive it

// A range of some byte buffer that its holder knows: [offset, offset + len).
struct ByteRange {
  size_t offset = 0;
  size_t len = 0;
  [[nodiscard]] size_t end() const { return offset + len; }
  bool operator==(const ByteRange&) const = default;
};

// The bytes of a text, without a terminator. Borrows `text`.
[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
// The text made of these very bytes, whatever they are: escape it before showing it (escape.h). Borrows `bytes`.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}
[[nodiscard]] inline Bytes to_bytes(std::string_view text) {
  return to_bytes(as_bytes(text));
}

[[nodiscard]] bool equal(ByteView a, ByteView b);
inline void append(Bytes& to, ByteView what) {
  to.insert(to.end(), what.begin(), what.end());
}

// Lower-case hex without separators: {0x0a, 0xff} -> "0aff".
[[nodiscard]] std::string to_hex(ByteView bytes);
// Reads hex digits of either case; white space between pairs is skipped. nullopt for anything else.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);
// "0x1301": the two-byte code points of the IANA tables when they have no name.
[[nodiscard]] std::string hex16(uint16_t value);
[[nodiscard]] std::string hex8(uint8_t value);

// Base64 (RFC 4648 §4) with padding.
[[nodiscard]] std::string to_base64(ByteView bytes);

}  // namespace tlsproof
