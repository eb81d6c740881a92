#include "src/capture/quic_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tlsproof::capture {
namespace {

Bytes numbered(size_t len) {
  Bytes bytes(len);
  for (size_t i = 0; i < len; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 256);
  return bytes;
}

TEST(QuicStream, PutsPiecesTogetherInWhateverOrder) {
  const Bytes whole = numbered(3000);
  QuicStream stream;
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    stream.reset();
    std::vector<ByteRange> pieces;
    for (size_t at = 0; at < whole.size();) {
      const size_t len = std::min<size_t>(1 + random() % 200, whole.size() - at);
      pieces.push_back({at, len});
      // Sent again, cut otherwise.
      if (round % 2 == 1) pieces.push_back({at / 2, std::min<size_t>(1 + random() % 300, whole.size() - at / 2)});
      at += len;
    }
    std::ranges::shuffle(pieces, random);
    Bytes read;
    for (const ByteRange piece : pieces) {
      ASSERT_EQ(stream.add(piece.offset, ByteView(whole).subspan(piece.offset, piece.len)), QuicStream::Added::yes);
      append(read, stream.unread());
      stream.take_unread();
    }
    EXPECT_EQ(read, whole);
    EXPECT_EQ(stream.first_hole().len, 0U);
  }
}

TEST(QuicStream, KeepsTheFirstCopy) {
  QuicStream stream;
  EXPECT_EQ(stream.add(4, Bytes{4, 5, 6, 7}), QuicStream::Added::yes);
  EXPECT_EQ(stream.first_hole(), (ByteRange{0, 4}));
  EXPECT_TRUE(stream.unread().empty());
  EXPECT_EQ(stream.add(0, Bytes{0, 1, 2, 3, 4, 99, 6, 7, 8}), QuicStream::Added::conflict);
  EXPECT_EQ(to_bytes(stream.unread()), (Bytes{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  stream.take_unread();
  EXPECT_EQ(stream.add(20, Bytes{1}), QuicStream::Added::yes);
  EXPECT_EQ(stream.first_hole(), (ByteRange{9, 11}));
}

TEST(QuicStream, HasItsBounds) {
  QuicStream stream;
  EXPECT_EQ(stream.add(QuicStream::kMaxLen - 1, Bytes{1}), QuicStream::Added::yes);
  EXPECT_EQ(stream.add(QuicStream::kMaxLen, Bytes{1}), QuicStream::Added::too_much);
  EXPECT_EQ(stream.add(QuicStream::kMaxLen - 1, Bytes{1, 2}), QuicStream::Added::too_much);
  EXPECT_EQ(stream.add((uint64_t{1} << 62) - 1, Bytes{1, 2}), QuicStream::Added::too_much);
  stream.reset();
  for (size_t i = 0; i < QuicStream::kMaxPieces; ++i) ASSERT_EQ(stream.add(3 * i, Bytes{1}), QuicStream::Added::yes);
  EXPECT_EQ(stream.add(5000, Bytes{1}), QuicStream::Added::too_much);
  EXPECT_EQ(stream.add(1, Bytes{1, 1}), QuicStream::Added::yes);  // joins two
}

}  // namespace
}  // namespace tlsproof::capture
