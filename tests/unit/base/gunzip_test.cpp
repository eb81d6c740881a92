#include "tlsproof/base/gunzip.h"

#include <gtest/gtest.h>

namespace tlsproof {
namespace {

// printf 'hello hello hello hello\n' | gzip -9n
const Bytes kPacked = *from_hex("1f8b0800000000000203 cb48cdc9c957c84027b900 0088590b 18000000");
constexpr std::string_view kText = "hello hello hello hello\n";

struct Unpacked {
  std::string text;
  Gunzip::State state = Gunzip::State::more;
  size_t consumed = 0;
  bool between_members = false;
  std::string problem;
};

// In steps of at most so many bytes.
Unpacked unpack(ByteView in, size_t in_len, size_t out_len) {
  Gunzip gunzip;
  Unpacked result;
  Bytes room(out_len);
  for (size_t idle = 0; idle < 2 && result.state == Gunzip::State::more;) {
    const ByteView part = in.subspan(result.consumed).first(std::min(in_len, in.size() - result.consumed));
    const Gunzip::Step step = gunzip.step(part, room);
    EXPECT_LE(step.consumed, part.size());
    EXPECT_LE(step.produced, room.size());
    result.consumed += step.consumed;
    result.text += as_text(ByteView(room).first(step.produced));
    result.state = step.state;
    idle = step.consumed == 0 && step.produced == 0 ? idle + 1 : 0;
  }
  result.between_members = gunzip.between_members();
  result.problem = gunzip.problem();
  return result;
}

TEST(Gunzip, UnpacksInStepsOfAnySize) {
  for (const size_t in_len : {size_t{1}, size_t{7}, size_t{1000}}) {
    for (const size_t out_len : {size_t{1}, size_t{5}, size_t{1000}}) {
      const Unpacked result = unpack(kPacked, in_len, out_len);
      EXPECT_EQ(result.text, kText);
      EXPECT_TRUE(result.between_members);
      EXPECT_EQ(result.state, Gunzip::State::more);  // another member might follow
    }
  }
}

TEST(Gunzip, FollowsMembersAndStopsAtWhatIsNone) {
  Bytes packed = kPacked;
  append(packed, kPacked);
  EXPECT_EQ(unpack(packed, 1000, 1000).text, std::string(kText) + std::string(kText));
  append(packed, Bytes(512));
  const Unpacked result = unpack(packed, 1000, 1000);
  EXPECT_EQ(result.text, std::string(kText) + std::string(kText));
  EXPECT_EQ(result.state, Gunzip::State::end);
  EXPECT_EQ(result.consumed, 2 * kPacked.size());
}

TEST(Gunzip, APrefixIsOpen) {
  for (size_t len = 1; len < kPacked.size(); ++len) {
    const Unpacked result = unpack(ByteView(kPacked).first(len), 1000, 1000);
    EXPECT_FALSE(result.between_members) << len;
    EXPECT_EQ(result.state, Gunzip::State::more);
    EXPECT_TRUE(kText.starts_with(result.text));
  }
}

TEST(Gunzip, EveryChangedByteOfDataOrCheckSumIsSeen) {
  for (size_t at = 10; at < kPacked.size(); ++at) {
    Bytes packed = kPacked;
    packed[at] ^= 0x11;
    const Unpacked result = unpack(packed, 1000, 1000);
    EXPECT_TRUE(result.state == Gunzip::State::corrupt || !result.between_members) << at;
    EXPECT_EQ(result.state == Gunzip::State::corrupt, !result.problem.empty());
  }
  EXPECT_TRUE(is_gzip(kPacked));
  EXPECT_FALSE(is_gzip(ByteView(kPacked).first(1)));
}

}  // namespace
}  // namespace tlsproof
