// One harness for every message and extension: known vector, round trip, every proper prefix, every length ±1,
// capacity.
//
// A vector is written as hex with its length fields marked: "[2:field 0004 aabbccdd]" is a field with a 2-byte length.
// The length stands there as it is on the wire, and the harness checks that it covers what stands in the brackets.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::test {

// How often operator new ran in this program so far.
size_t num_allocations();

struct LengthField {
  std::string name;
  size_t offset = 0;  // of the length itself
  size_t width = 0;
  size_t end = 0;        // behind the content
  size_t frame_end = 0;  // where the innermost frame around it ends
};
struct Vector {
  Bytes bytes;
  std::vector<LengthField> lengths;
};
Vector read_vector(std::string_view text);
inline Bytes hex(std::string_view text) {
  return read_vector(text).bytes;
}

struct Case {
  std::string name;
  std::string vector;
  // Decodes a copy of `in` that is exactly as long, and encodes again.
  Parsed<Bytes> (*recode)(ByteView in, size_t base) = nullptr;
  // Decodes twice into one object; allocations of the second time.
  size_t (*second_time)(ByteView in) = nullptr;
  std::function<void(ByteView)> check_values;
};

template <class T>
Case make_case(std::string name, std::string vector, std::function<void(const T&)> check) {
  Case out;
  out.name = std::move(name);
  out.vector = std::move(vector);
  out.recode = [](ByteView in, size_t base) -> Parsed<Bytes> {
    const Bytes copy = to_bytes(in);  // so that AddressSanitizer sees a read behind the end
    const auto value = decode_all<T>(copy, base);
    if (!value) return std::unexpected(value.error());
    return encode_all(*value);
  };
  out.second_time = [](ByteView in) {
    T value;
    (void)decode_all_into(in, value);
    const size_t before = num_allocations();
    (void)decode_all_into(in, value);
    return num_allocations() - before;
  };
  out.check_values = [check = std::move(check)](ByteView in) {
    const auto value = decode_all<T>(in);
    ASSERT_TRUE(value) << value.error().message();
    check(*value);
  };
  return out;
}

// A change that the format cannot notice.
struct LegitimateException {
  enum class Kind { prefix, prefix_from, plus, minus };
  std::string_view name;  // of the case
  Kind kind;
  size_t prefix_len;       // prefix, prefix_from: this one, or it and all longer ones, decode
  std::string_view field;  // plus, minus: the length field
  std::string_view why;
};

void check_known_vectors(const std::vector<Case>& cases);
void check_round_trips(const std::vector<Case>& cases);
void check_prefixes(const std::vector<Case>& cases);
void check_lengths(const std::vector<Case>& cases);
void check_trailing_byte(const std::vector<Case>& cases);
void check_capacity(const std::vector<Case>& cases);

}  // namespace tlsproof::wire::test
