#include "tlsproof/base/decompress.h"

#include <gtest/gtest.h>

namespace tlsproof {
namespace {

// "abc" 22 times, and a million times "a", by zlib, Node's brotli and the zstd program.
struct Case {
  Compression method;
  const char* text;
  const char* bomb;  // its first bytes, which promise more than they should
};
const Case kCases[] = {
    {Compression::zlib, "78da4b4c4a4ea40c01004ea91945",
     "78daedc18100000000c320d6f94b1ce4550100000000000000000000000000000000000000000000"},
    {Compression::brotli, "1b4100f825c3c4c6e29b202035", "5b3f428f5f222c1e0b04f2731e00"},
    {Compression::zstd, "28b52ffd24424d000018616263010054724380f8857c",
     "28b52ffd04684c000008610100fcff39100202001061020010610200106102001061020010610200106103120a6140dc4f9b"},
};

std::string text() {
  std::string out;
  for (int i = 0; i < 22; ++i) out += "abc";
  return out;
}

TEST(Decompress, GivesWhatWasCompressed) {
  for (const Case& c : kCases) {
    const Bytes in = *from_hex(c.text);
    Bytes out;
    for (size_t max_len : {size_t{66}, size_t{67}, size_t{100'000}}) {
      const auto outcome = decompress(c.method, in, max_len, out);
      ASSERT_TRUE(outcome) << outcome.error();
      EXPECT_EQ(as_text(out), text());
    }
  }
}

TEST(Decompress, MakesNoMoreThanWasAllowed) {
  for (const Case& c : kCases) {
    Bytes out;
    for (size_t max_len : {size_t{0}, size_t{1}, size_t{65}}) {
      const auto outcome = decompress(c.method, *from_hex(c.text), max_len, out);
      ASSERT_FALSE(outcome) << max_len;
      EXPECT_EQ(outcome.error(), "more comes out than was announced") << static_cast<int>(c.method) << ' ' << max_len;
      EXPECT_TRUE(out.empty());
    }
    Bytes small;
    EXPECT_FALSE(decompress(c.method, *from_hex(c.bomb), 1000, small));
    EXPECT_LE(small.capacity(), 2000U);
  }
}

TEST(Decompress, EveryProperPrefixFailsAndATrailingByte) {
  for (const Case& c : kCases) {
    Bytes in = *from_hex(c.text);
    Bytes out;
    for (size_t len = 0; len < in.size(); ++len) {
      const Bytes prefix(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(len));
      EXPECT_FALSE(decompress(c.method, prefix, 100, out)) << static_cast<int>(c.method) << ' ' << len;
    }
    in.push_back(0);
    EXPECT_FALSE(decompress(c.method, in, 100, out)) << static_cast<int>(c.method);
  }
}

}  // namespace
}  // namespace tlsproof
