#include "tlsproof/load/plan.h"

#include <gtest/gtest.h>

namespace tlsproof::load {
namespace {

TEST(Mix, is_read_and_told) {
  const auto mix = parse_mix("full=70,psk=25,0rtt=5");
  ASSERT_TRUE(mix.has_value());
  ASSERT_EQ(mix->size(), 3u);
  EXPECT_EQ((*mix)[1].kind, Kind::psk);
  EXPECT_EQ((*mix)[1].weight, 25u);
  EXPECT_EQ(mix_text(*mix), "full 70 %, psk 25 %, 0rtt 5 %");
  EXPECT_EQ(mix_text(parse_mix("full=2,ticket=1").value()), "full 66.7 %, ticket 33.3 %");
  EXPECT_EQ(mix_text(parse_mix("id").value()), "id");
  EXPECT_EQ(mix_text(parse_mix("psk_ke=3").value()), "psk_ke");
}

TEST(Mix, says_what_is_wrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "no kind \"\""},
      {"full=70,", "no kind \"\""},
      {"ful=70", "did you mean full?"},
      {"x\x1b[2J=1", "x\\x1b[2J"},
      {"full=", "weight of full"},
      {"full=0", "weight of full"},
      {"full=-1", "weight of full"},
      {"full=10001", "weight of full"},
      {"full=1.5", "weight of full"},
      {"full=1,full=2", "names full twice"},
      {"full,psk", "full needs a weight"},
      {"full=1,psk", "psk needs a weight"},
  };
  for (const auto& [text, wanted] : cases) {
    const auto mix = parse_mix(text);
    ASSERT_FALSE(mix.has_value()) << text;
    EXPECT_EQ(mix.error().kind, Error::Kind::usage);
    EXPECT_NE(mix.error().what.find(wanted), std::string::npos) << text << ": " << mix.error().what;
  }
}

TEST(Plan, words_are_read_back) {
  for (size_t i = 0; i < kNumKinds; ++i) EXPECT_EQ(parse_kind(to_text(static_cast<Kind>(i))), static_cast<Kind>(i));
  for (int i = 0; i < 4; ++i) {
    const auto verification = static_cast<Verification>(i);
    EXPECT_EQ(parse_verification(to_text(verification)), verification);
    EXPECT_FALSE(explain(verification).empty());
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(parse_close_by(to_text(static_cast<CloseBy>(i))), static_cast<CloseBy>(i));
  EXPECT_FALSE(parse_kind("FULL").has_value());
  EXPECT_FALSE(parse_close_by("").has_value());
}

}  // namespace
}  // namespace tlsproof::load
