// What every message and extension type of this module offers, and the helpers over it.
//
// A type T is a plain struct with `static constexpr std::string_view kName` and, in its own namespace,
//   bool decode(Reader& r, T& out);          // reads T's fields, reusing the memory of `out`; false: r's ParseError is
//   set
//                                            // and `out` holds what was read so far
//   void encode(const T& in, Writer& w);     // appends T's fields, whatever they hold: bending is allowed
// Messages have `static constexpr uint8_t kType` (HandshakeType), extensions `static constexpr uint16_t kType`.
// decode() rejects what the RFC's presentation syntax rejects (vector limits, odd lengths, bytes missing); values are
// left to rules. encode(decode(x)) == x for every x that decodes.
#pragma once

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"
#include "tlsproof/base/reader.h"
#include "tlsproof/base/writer.h"

namespace tlsproof::wire {

// Decodes `bytes` as exactly one T. `base` is added to the offsets of errors (and to recorded offsets).
template <class T>
[[nodiscard]] Parsed<void> decode_all_into(ByteView bytes, T& out, size_t base = 0) {
  ParseError error;
  Reader r(bytes, error, base);
  if (!decode(r, out) || !r.finish(T::kName)) return std::unexpected(error);
  return {};
}
template <class T>
[[nodiscard]] Parsed<T> decode_all(ByteView bytes, size_t base = 0) {
  T out;
  if (auto status = decode_all_into(bytes, out, base); !status) return std::unexpected(status.error());
  return out;
}

// The bytes of a T. A vector too long for its length field is written with the length modulo its width.
template <class T>
[[nodiscard]] Bytes encode_all(const T& in) {
  Bytes out;
  Writer w(out);
  encode(in, w);
  return out;
}

// ---- shapes that many structs share ---------------------------------------------------------------------------------

// uint16 items<min..max> with a 1- or 2-byte length in bytes; the length must be even. `out` is refilled.
[[nodiscard]] bool decode_u16_list8(Reader& r, std::vector<uint16_t>& out, std::string_view field, size_t min,
                                    size_t max);
[[nodiscard]] bool decode_u16_list16(Reader& r, std::vector<uint16_t>& out, std::string_view field, size_t min,
                                     size_t max);
void encode_u16_list8(const std::vector<uint16_t>& in, Writer& w);
void encode_u16_list16(const std::vector<uint16_t>& in, Writer& w);

// An opaque vector into owned bytes, reusing their memory.
[[nodiscard]] bool decode_opaque8(Reader& r, Bytes& out, std::string_view field, size_t min = 0, size_t max = 0xff);
[[nodiscard]] bool decode_opaque16(Reader& r, Bytes& out, std::string_view field, size_t min = 0, size_t max = 0xffff);
[[nodiscard]] bool decode_opaque24(Reader& r, Bytes& out, std::string_view field, size_t min = 0,
                                   size_t max = 0xffffff);
// Exactly as many bytes as `out` has.
[[nodiscard]] bool decode_fixed(Reader& r, std::span<uint8_t> out, std::string_view field);
// All that is left.
void decode_rest(Reader& r, Bytes& out);

}  // namespace tlsproof::wire
