#include "tlsproof/base/text.h"

#include <gtest/gtest.h>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/json.h"

namespace tlsproof {
namespace {

TEST(EscapeTerminal, NothingThatMovesACursorSurvives) {
  using namespace std::string_view_literals;
  EXPECT_EQ(escape_terminal("\x1b[31mred\x07"sv), "\\x1b[31mred\\x07");
  EXPECT_EQ(escape_terminal("a\0b"sv), "a\\x00b");
  EXPECT_EQ(escape_terminal("line\nnext\\"sv), "line\\nnext\\\\");
  EXPECT_EQ(escape_terminal("\xff\xc0\x80"sv), "\\xff\\xc0\\x80");  // never valid, and overlong
  EXPECT_EQ(escape_terminal("\xc2\x9b"
                            "31m"sv),
            "\\u{9b}31m");  // C1 CSI
  EXPECT_EQ(escape_terminal("\xe2\x80\xae"
                            "abc"sv),
            "\\u{202e}abc");  // right-to-left override
  EXPECT_EQ(escape_terminal("Zürich ✓"sv), "Zürich ✓");
  EXPECT_EQ(escape_terminal_limited("aaaaaaaaaa", 4), "aaaa… (6 more bytes)");
}

TEST(Json, AnyBytesGiveOneValidDocument) {
  JsonWriter json(0);
  json.begin_object();
  json.field("subject", std::string_view("\x1b[0m\0\xff", 6));
  json.field("n", 3);
  json.end_object();
  EXPECT_EQ(json.text(), R"({"subject":"\u001B[0m\u0000\\xff","n":3})");
}

TEST(DidYouMean, FindsTypingErrorsOnly) {
  const std::vector<std::string> names = {"--timeout", "--trust", "--tls"};
  EXPECT_EQ(did_you_mean("--timout", names), "--timeout");
  EXPECT_EQ(did_you_mean("--quantum", names), std::nullopt);
  const std::vector<std::string> commands = {"check", "mtls"};
  EXPECT_EQ(did_you_mean("chekc", commands), "check");  // neighbours in the wrong order count once
  EXPECT_EQ(did_you_mean("mtsl", commands), "mtls");
  EXPECT_EQ(did_you_mean("cheese", commands), std::nullopt);
}

TEST(Wrap, BreaksAtBlanksWithinTheWidth) {
  EXPECT_EQ(wrap("one two three four", 9, "  "), "one two\n  three\n  four");
}

TEST(ParseInteger, TheWholeTextOrNothing) {
  EXPECT_EQ(parse_integer("42", 0, 100), 42);
  EXPECT_EQ(parse_integer("42x", 0, 100), std::nullopt);
  EXPECT_EQ(parse_integer("", 0, 100), std::nullopt);
  EXPECT_EQ(parse_integer("101", 0, 100), std::nullopt);
  EXPECT_EQ(parse_integer("99999999999999999999", 0, 100), std::nullopt);
}

TEST(Hex, RoundTripAndRefusal) {
  EXPECT_EQ(to_hex(*from_hex("0A fF")), "0aff");
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("a b"));
  EXPECT_FALSE(from_hex("zz"));
  EXPECT_EQ(to_base64(to_bytes("abcd")), "YWJjZA==");
}

TEST(FormatUtc, AlsoBeyond2038) {
  EXPECT_EQ(format_utc(253402300799), "9999-12-31T23:59:59Z");
}

}  // namespace
}  // namespace tlsproof
