#include "tlsproof/base/reader.h"

#include <gtest/gtest.h>

#include "tlsproof/base/writer.h"

namespace tlsproof {
namespace {

TEST(Reader, IntegersAreBigEndianAndLeaveTheCursorOnFailure) {
  const Bytes data = {1, 2, 3, 4, 5, 6, 7};
  ParseError error;
  Reader r(data, error, 100);
  uint8_t a = 0;
  uint16_t b = 0;
  uint32_t c = 0;
  ASSERT_TRUE(r.u8(a, "a") && r.u16(b, "b") && r.u24(c, "c"));
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 0x0203);
  EXPECT_EQ(c, 0x040506U);
  EXPECT_FALSE(r.u16(b, "Message.tail"));
  EXPECT_EQ(error.kind, ParseError::Kind::truncated);
  EXPECT_EQ(error.offset, 106U);
  EXPECT_EQ(error.message(), "Message.tail at offset 106: needs 2 bytes, 1 left");
  EXPECT_EQ(r.remaining(), 1U);
}

TEST(Reader, AChildCannotLeaveItsFrame) {
  const Bytes data = {0, 2, 0xaa, 0xbb, 0xcc};
  ParseError error;
  Reader r(data, error);
  Reader child = r;
  ASSERT_TRUE(r.sub16(child, "list"));
  uint32_t three = 0;
  EXPECT_FALSE(child.u24(three, "list.item"));
  EXPECT_EQ(error.offset, 2U);
  EXPECT_EQ(error.had, 2U);
  EXPECT_FALSE(r.finish("list"));
  EXPECT_EQ(error.kind, ParseError::Kind::trailing);
  EXPECT_EQ(error.offset, 4U);
}

TEST(Reader, ALengthOutsideItsLimitsNamesTheField) {
  const Bytes data = {33};
  ParseError error;
  Reader r(data, error);
  ByteView id;
  EXPECT_FALSE(r.opaque8(id, "session_id", 0, 32));
  EXPECT_EQ(error.kind, ParseError::Kind::bad_length);
  EXPECT_EQ(error.had, 33U);
  EXPECT_EQ(error.needed, 32U);
  EXPECT_EQ(r.offset(), 0U);
}

TEST(Writer, PrefixesAreFilledInAndOverflowIsTold) {
  Bytes out;
  Writer w(out);
  w.prefixed16([&] { w.prefixed8([&] { w.u24(0x010203); }); });
  EXPECT_EQ(to_hex(out), "000403010203");
  EXPECT_TRUE(w.ok());
  const Bytes large(256);
  w.opaque8(large);
  EXPECT_FALSE(w.ok());
}

}  // namespace
}  // namespace tlsproof
