#include "tlsproof/base/json_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "tlsproof/base/json.h"
#include "tlsproof/base/json_reader.h"

namespace tlsproof {
namespace {

TEST(JsonText, CommasAndValues) {
  std::string out = "before ";
  JsonText json(out);
  json.begin_object();
  json.field("a", "x");
  json.field("b", true);
  json.field("c", std::numeric_limits<int64_t>::min());
  json.field("d", std::numeric_limits<uint64_t>::max());
  json.key("e");
  json.begin_array();
  json.end_array();
  json.key("f");
  json.begin_array();
  json.null();
  json.begin_object();
  json.end_object();
  json.raw("[1]");
  json.end_array();
  const uint8_t bytes[] = {0x0a, 0xff};
  json.field_hex("g", bytes);
  json.field_raw("h", "{}");
  json.end_object();
  EXPECT_EQ(out,
            R"(before {"a":"x","b":true,"c":-9223372036854775808,"d":18446744073709551615,"e":[],"f":[null,{},[1]],)"
            R"("g":"0aff","h":{}})");
}

// The one text of the document.
class OneText final : public JsonEvents {
 public:
  Status on_begin(std::string_view) override { return {}; }
  Status on_end(std::string_view) override { return {}; }
  Status on_text(std::string_view, std::string_view value) override {
    text = value;
    return {};
  }
  Status on_boolean(std::string_view, bool) override { return {}; }
  std::string text;
};
std::string read_back(std::string_view json) {
  OneText reader;
  const Status status = read_json(json, reader);
  return status ? reader.text : status.error().message();
}

// Whatever a peer sends as a name, both writers say the same.
TEST(JsonText, EscapesAsJsonWriterDoes) {
  for (const std::string_view text :
       {std::string_view("plain"), std::string_view(""), std::string_view("a\"b\\c"),
        std::string_view("\0\x01\x1f\x7f", 4), std::string_view("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
        std::string_view("ok \xff\xc0\xaf bad"), std::string_view("\xed\xa0\x80 surrogate"),
        std::string_view("cut \xe2\x82")}) {
    std::string out;
    JsonText(out).string(text);
    JsonWriter writer(0);
    writer.string(text);
    EXPECT_EQ(read_back(out), read_back(writer.text())) << out;
  }
  std::string out;
  JsonText(out).string("\x01\"\xff");
  EXPECT_EQ(out, R"("\u0001\"\\xff")");
}

// Texts are looked at eight bytes at a time.
TEST(JsonText, FindsWhatIsToBeEscapedWhereverItStands) {
  for (size_t len = 1; len <= 17; ++len)
    for (size_t at = 0; at < len; ++at)
      for (int byte = 0; byte < 0x80; ++byte) {
        std::string text(len, 'a');
        text[at] = static_cast<char>(byte);
        std::string out;
        JsonText(out).string(text);
        const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
        ASSERT_EQ(out == '"' + text + '"', plain) << byte << " at " << at << " of " << len;
        ASSERT_EQ(read_back(out), text);
      }
}

}  // namespace
}  // namespace tlsproof
