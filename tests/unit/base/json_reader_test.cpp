#include "tlsproof/base/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tlsproof/base/json.h"

namespace tlsproof {
namespace {

using testing::ElementsAre;

class Told : public JsonEvents {
 public:
  std::vector<std::string> lines;
  Status on_begin(std::string_view) override { return {}; }
  Status on_end(std::string_view) override { return {}; }
  Status on_text(std::string_view path, std::string_view value) override { return add(path, value); }
  Status on_boolean(std::string_view path, bool value) override { return add(path, value ? "true" : "false"); }
  Status on_number(std::string_view path, std::string_view digits) override { return add(path, digits); }

 private:
  Status add(std::string_view path, std::string_view value) {
    lines.push_back(std::string(path) + "=" + std::string(value));
    return {};
  }
};

TEST(JsonReader, TellsNumbersAsTheyAreWritten) {
  Told told;
  ASSERT_TRUE(read_json(R"({"a": 17, "b": [-0.5e3, 18446744073709551616], "c": {"d": 0}, "e": null, "f": "7"})", told));
  EXPECT_THAT(told.lines, ElementsAre("a=17", "b[]=-0.5e3", "b[]=18446744073709551616", "c.d=0", "f=7"));
}

TEST(JsonReader, ANumberThatIsNoneEndsTheReading) {
  for (const char* bad : {"[01]", "[+1]", "[1.]", "[.5]", "[1e]", "[NaN]", "[0x1]", "[1 2]"}) {
    Told told;
    EXPECT_FALSE(read_json(bad, told)) << bad;
  }
}

TEST(JsonWriter, ARawValueStandsOnOneLine) {
  JsonWriter json;
  json.begin_object();
  json.key("a");
  json.raw("[[1,2],[3,4]]");
  json.field("b", 1);
  json.end_object();
  EXPECT_EQ(json.text(), "{\n  \"a\": [[1,2],[3,4]],\n  \"b\": 1\n}");
}

}  // namespace
}  // namespace tlsproof
