#include <gtest/gtest.h>

#include <ctime>

#include "tlsproof/base/file.h"
#include "tlsproof/config/node.h"

namespace tlsproof::config {
namespace {

std::string repeat(std::string_view text, size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

// The one message; empty when the text was taken.
std::string message(std::string_view text) {
  auto node = parse_yaml(text, "f.yaml");
  if (node) return "";
  EXPECT_EQ(node.error().kind, Error::Kind::usage);
  return node.error().what;
}

TEST(ConfigTree, KeepsOrderQuotingAndPlaces) {
  auto node = parse_yaml("title: \"a\\tb\"\nlist: [1, '2', x]\nnested:\n  - {k: v}\n  - ~\nempty:\n", "dir/f.yaml");
  ASSERT_TRUE(node) << node.error().what;
  ASSERT_TRUE(node->is_map());
  std::vector<std::string> keys;
  for (const Entry& entry : node->entries()) keys.push_back(entry.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"title", "list", "nested", "empty"}));
  const Node* title = node->find("title");
  EXPECT_EQ(title->scalar(), "a\tb");
  EXPECT_TRUE(title->quoted());
  EXPECT_EQ(title->where().text(), "dir/f.yaml:1:8");
  const Node* list = node->find("list");
  ASSERT_EQ(list->items().size(), 3U);
  EXPECT_FALSE(list->items()[0].quoted());
  EXPECT_TRUE(list->items()[1].quoted());
  EXPECT_EQ(list->items()[2].where().text(), "dir/f.yaml:2:16");
  EXPECT_EQ(node->entries()[2].where.text(), "dir/f.yaml:3:1");
  const Node* nested = node->find("nested");
  EXPECT_EQ(nested->items()[0].find("k")->where().text(), "dir/f.yaml:4:9");
  EXPECT_TRUE(nested->items()[1].is_null());
  EXPECT_TRUE(node->find("empty")->is_null());
  EXPECT_EQ(node->find("absent"), nullptr);
}

TEST(ConfigTree, EmptyInputIsNull) {
  for (std::string_view text : {"", "\n", "# a comment\n", "---\n"}) {
    auto node = parse_yaml(text, "f.yaml");
    ASSERT_TRUE(node) << text;
    EXPECT_TRUE(node->is_null());
  }
}

TEST(ConfigTree, AliasesAreCopies) {
  auto node = parse_yaml("a: &x {k: [1, 2]}\nb: *x\nc: [*x, *x]\n", "f.yaml");
  ASSERT_TRUE(node) << node.error().what;
  EXPECT_EQ(node->find("b")->find("k")->items()[1].scalar(), "2");
  EXPECT_EQ(node->find("c")->items()[1].find("k")->items()[0].where().text(), "f.yaml:1:12");
}

TEST(ConfigTree, BadInputSaysWhereAndWhat) {
  const std::pair<std::string, std::string_view> rows[] = {
      {"a: 1\na: 2\n", "f.yaml:2:1: the key 'a' is there twice"},
      {"{a: 1, \"a\": 2}", "f.yaml:1:8: the key 'a' is there twice"},
      {"a: &x [*x]\n", "f.yaml:1:8: an alias that stands inside what it names would never end"},
      {"&x {k: {l: *x}}\n", "f.yaml:1:12: an alias that stands inside what it names would never end"},
      {"a: *nowhere\n", "f.yaml:1:4: YAML: the referenced anchor is not defined"},
      {"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document begins here; a file is one document"},
      {"a: !!python/object:os.system x\n", "f.yaml:1:4: tags ('!…') are not understood here"},
      {"!!str a: 1\n", "f.yaml:1:1: tags ('!…') are not understood here"},
      {"a: !x [1]\n", "f.yaml:1:4: tags ('!…') are not understood here"},
      {"? [1]\n: 2\n", "f.yaml:1:3: a key must be text, not a list or a map (is a bracket left open?)"},
      {"a: &x b\n*x : 2\n", "f.yaml:2:1: a key must be text, not an alias"},
      {"&x a: 2\n", "f.yaml:1:1: a key takes no anchor"},
      {": 2\n", "f.yaml:1:1: a key is missing"},
      {"~: 2\n", "f.yaml:1:1: a key is missing"},
      {std::string("a: \0", 4), "f.yaml:1:4: control character 0x00"},
      {"a: 1\nb: \x1b[31m", "f.yaml:2:4: control character 0x1b"},
      {"a: \xff", "f.yaml:1:4: not UTF-8: byte 0xff"},
      {"\xff\xfe"
       "a",
       "f.yaml:1:1: not UTF-8: byte 0xff"},
      {"a: b\n  c: d\n", "f.yaml:2:4: YAML: illegal map value"},
      {"a: [1, 2\n", "f.yaml:2:1: YAML: end of sequence flow not found"},
      {"a: \"x", "f.yaml:1:6: YAML: illegal EOF in scalar"},
      {"\"a\\x1b[0m\": 1\n\"a\\x1b[0m\": 2\n", "f.yaml:2:1: the key 'a\\x1b[0m' is there twice"},
      {"a: Control: x\n", "f.yaml:1:11: YAML: illegal map value"},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(message(text), expected) << text;
}

// Each of these would cost memory, time or stack without end; all must fail at once.
TEST(ConfigLimits, HostileInputFailsFast) {
  std::string laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'z'; ++c)
    laughs +=
        std::string(1, c) + ": &" + c + " [" + repeat(std::string("*") + static_cast<char>(c - 1) + ",", 10) + "]\n";
  std::string text_laughs = "a: &a \"" + std::string(900'000, 'x') + "\"\nb: [" + repeat("*a,", 1000) + "]\n";
  std::string many_values = "[" + repeat("1,", 100'001) + "]";
  std::string deep_aliases = "a0: &a0 [x]\n";
  for (int i = 1; i < 80; ++i)
    deep_aliases += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  std::string indented;
  for (size_t i = 0; i < 300; ++i) indented += std::string(i, ' ') + "a:\n";
  const std::pair<std::string, std::string_view> rows[] = {
      {std::string(10'000'000, 'x'), "f.yaml: larger than 1048576 bytes"},
      {repeat("- a\n", 2'500'000), "f.yaml: larger than 1048576 bytes"},
      {std::string(200'000, '['), "f.yaml:1:1001: more than 1000 brackets are open here"},
      {std::string(200'000, '{'), "f.yaml:1:1001: more than 1000 brackets are open here"},
      {repeat("{a: ", 200'000), "f.yaml:1:4001: more than 1000 brackets are open here"},
      {std::string(65, '[') + std::string(65, ']'), "f.yaml:1:65: nested deeper than 64 levels"},
      {repeat("[\"]\",", 200'000), "f.yaml:1:1: a key must be text, not a list or a map (is a bracket left open?)"},
      {repeat("[\"]\",", 100'000) + repeat("\"[\"]", 100'000), "f.yaml:1:321: nested deeper than 64 levels"},
      {repeat("- ", 200'000), "f.yaml:1:129: nested deeper than 64 levels"},
      {repeat("? ", 200'000), "f.yaml:1:3: a key must be text, not a list or a map (is a bracket left open?)"},
      {indented, "f.yaml:65:65: nested deeper than 64 levels"},
      {deep_aliases, "f.yaml:64:12: nested deeper than 64 levels"},
      {laughs, "f.yaml:5:26: more than 100000 values, what aliases repeat included"},
      {text_laughs, "f.yaml:2:11: more than 4194304 bytes of text, what aliases repeat included"},
      {many_values, "f.yaml:1:200000: more than 100000 values, what aliases repeat included"},
      {"a: \"" + repeat("\\u263a", 100'000) + "\"\nb: [", "f.yaml:2:1: YAML: end of sequence flow not found"},
      {"a: " + repeat("b ", 400'000) + "\nc: [", "f.yaml:2:1: YAML: end of sequence flow not found"},
      {"a: |\n" + repeat("  line\n", 100'000) + "c: [", "f.yaml:100002:1: YAML: end of sequence flow not found"},
      {repeat("&a ", 300'000), "f.yaml:1:4: YAML: cannot assign multiple anchors to the same node"},
      {repeat("! ", 400'000), "f.yaml:1:3: YAML: cannot assign multiple tags to the same node"},
      {repeat("a: ", 300'000), "f.yaml:1:5: YAML: illegal map value"},
      {repeat("*a ", 300'000), "f.yaml:1:1: YAML: the referenced anchor is not defined"},
      {repeat("\n", 1'000'000) + "[1",
       "f.yaml:1000001:1: a key must be text, not a list or a map (is a bracket left open?)"},
      {repeat("# c\n", 250'000) + "- [1",
       "f.yaml:250001:3: a key must be text, not a list or a map (is a bracket left open?)"},
      {repeat("'' ", 300'000), "f.yaml:1:4: a second document begins here; a file is one document"},
      {"{" + repeat("a,", 400'000) + "}", "f.yaml:1:4: the key 'a' is there twice"},
      {"[" + repeat("a: b,", 200'000) + "]", "f.yaml:1:250000: more than 100000 values, what aliases repeat included"},
      {repeat("%A b\n", 200'000), ""},
      {repeat("%TAG !a! b\n", 90'000), "f.yaml:2:1: YAML: repeated TAG directive"},
      {repeat("---\n", 250'000), "f.yaml:2:1: a second document begins here; a file is one document"},
      {repeat("...\n", 250'000), ""},
  };
  for (const auto& [text, expected] : rows) {
    const std::clock_t start = std::clock();  // CPU time: the machine may be busy
    std::string got = message(text);
    const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_EQ(got, expected) << text.substr(0, 60);
    EXPECT_LT(took, 10.0) << text.substr(0, 60);  // sanitized; a tenth of it otherwise
  }
}

TEST(ConfigLimits, LimitsThemselvesAreAllowed) {
  EXPECT_EQ(message(repeat("[", kMaxDepth) + repeat("]", kMaxDepth)), "");
  EXPECT_EQ(message("[" + repeat("1,", kMaxNodes - 1) + "]"), "");
  EXPECT_EQ(message("a: " + std::string(kMaxFileLen - 4, 'x') + "\n"), "");
}

TEST(ConfigFile, NamesTheFile) {
  auto node = load_yaml("/nowhere/\x1b.yaml");
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().message(), "cannot read the YAML file '/nowhere/\\x1b.yaml': No such file or directory");
  auto folder = load_yaml("/");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message(), "cannot read the YAML file '/': Is a directory");
}

// ---- getters

const Node& only(const Result<Node>& list) {
  return list->items()[0];
}

template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : result.error().what;
}

TEST(ConfigGetters, Table) {
  struct Row {
    std::string_view yaml;
    std::string (*read)(const Node&);
    std::string_view expected;
  };
  auto integer = [](const Node& n) { return outcome(n.integer(-5, 300)); };
  auto boolean = [](const Node& n) { return outcome(n.boolean()); };
  auto bytes = [](const Node& n) { return outcome(n.bytes()); };
  auto duration = [](const Node& n) { return outcome(n.duration_ns()); };
  auto date = [](const Node& n) { return outcome(n.date()); };
  auto text = [](const Node& n) { return outcome(n.text()); };
  auto word = [](const Node& n) { return outcome(n.word()); };
  const Row rows[] = {
      {"[300]", integer, "ok"},
      {"[-5]", integer, "ok"},
      {"[0x12c]", integer, "ok"},
      {"[301]", integer, "f:1:2: expected a whole number from -5 to 300, found '301'"},
      {"[0x12d]", integer, "f:1:2: expected a whole number from -5 to 300, found '0x12d'"},
      {"[0xffffffffffffffff]", integer, "f:1:2: expected a whole number from -5 to 300, found '0xffffffffffffffff'"},
      {"['5']", integer, "f:1:2: expected a whole number from -5 to 300, found '5' in quotes"},
      {"[1.5]", integer, "f:1:2: expected a whole number from -5 to 300, found '1.5'"},
      {"[five]", integer, "f:1:2: expected a whole number from -5 to 300, found 'five'"},
      {"[[5]]", integer, "f:1:2: expected a whole number from -5 to 300, found a list"},
      {"[true]", boolean, "ok"},
      {"[false]", boolean, "ok"},
      {"[yes]", boolean, "f:1:2: expected true or false, found 'yes'"},
      {"['true']", boolean, "f:1:2: expected true or false, found 'true'"},
      {"['00 fF']", bytes, "ok"},
      {"[0g]", bytes, "f:1:2: expected bytes as hex digits (\"00ff\"), found '0g'"},
      {"[000]", bytes, "f:1:2: expected bytes as hex digits (\"00ff\"), found '000'"},
      {"[{a: 1}]", bytes, "f:1:2: expected bytes as hex digits (\"00ff\"), found a map"},
      {"[250ms]", duration, "ok"},
      {"[24h]", duration, "ok"},
      {"[25h]", duration, "f:1:2: expected a duration such as 250ms, 5s or 2m, at most 24h, found '25h'"},
      {"[5]", duration, "f:1:2: expected a duration such as 250ms, 5s or 2m, at most 24h, found '5'"},
      {"[-5s]", duration, "f:1:2: expected a duration such as 250ms, 5s or 2m, at most 24h, found '-5s'"},
      {"[9223372036854775807s]", duration,
       "f:1:2: expected a duration such as 250ms, 5s or 2m, at most 24h, found '9223372036854775807s'"},
      {"[2028-02-29]", date, "ok"},
      {"[2027-02-29]", date, "f:1:2: expected a date such as 2026-12-31, found '2027-02-29'"},
      {"[31.12.2026]", date, "f:1:2: expected a date such as 2026-12-31, found '31.12.2026'"},
      {"[\"\\0\"]", text, "ok"},
      {"[5]", text, "ok"},
      {"[~]", text, "f:1:2: expected text, found nothing"},
      {"[[]]", text, "f:1:2: expected text, found a list"},
      {"['']", word, "f:1:2: expected text, found ''"},
      {"[\"a\\e[31m\"]", word, "f:1:2: 'a\\x1b[31m' has a control character"},
      {"[\"\\\\\"]", boolean, "f:1:2: expected true or false, found '\\\\'"},
  };
  for (const Row& row : rows) {
    auto node = parse_yaml(row.yaml, "f");
    ASSERT_TRUE(node) << row.yaml << node.error().what;
    EXPECT_EQ(row.read(only(node)), row.expected) << row.yaml;
  }
}

TEST(ConfigGetters, Values) {
  auto node = parse_yaml("[0x1301, -5, 00ff, 2m, 1970-01-02, 2026-12-31]", "f");
  ASSERT_TRUE(node);
  EXPECT_EQ(*node->items()[0].integer(0, 65535), 0x1301);
  EXPECT_EQ(*node->items()[1].integer(-10, 0), -5);
  EXPECT_EQ(*node->items()[2].bytes(), (Bytes{0, 0xff}));
  EXPECT_EQ(*node->items()[3].duration_ns(), 120'000'000'000);
  EXPECT_EQ(*node->items()[4].date(), 86'400);
  EXPECT_EQ(*node->items()[5].date(), 1'798'675'200);
}

TEST(ConfigGetters, OneOf) {
  constexpr std::string_view kWords[] = {"expired", "wrong_ca"};
  auto node = parse_yaml("[wrong_ca, expierd, zzzzzzzz, [x]]", "f");
  ASSERT_TRUE(node);
  EXPECT_EQ(*node->items()[0].one_of(kWords, "fault"), 1U);
  EXPECT_EQ(outcome(node->items()[1].one_of(kWords, "fault")),
            "f:1:12: unknown fault 'expierd', did you mean 'expired'?");
  EXPECT_EQ(outcome(node->items()[2].one_of(kWords, "fault")),
            "f:1:21: unknown fault 'zzzzzzzz' (one of expired, wrong_ca)");
  EXPECT_EQ(outcome(node->items()[3].one_of(kWords, "fault")), "f:1:31: expected expired, wrong_ca, found a list");
}

TEST(ConfigFields, Table) {
  constexpr std::string_view kChoice[] = {"include", "exclude"};
  auto read = [&](std::string_view yaml) -> std::string {
    auto node = parse_yaml(yaml, "f");
    if (!node) return node.error().what;
    auto fields = Fields::open(*node, "a suite", {"title", "include", "exclude"});
    if (!fields) return fields.error().what;
    auto title = fields->require("title");
    if (!title) return title.error().what;
    auto choice = fields->exactly_one(kChoice);
    return choice ? "ok " + (*choice)->key : choice.error().what;
  };
  EXPECT_EQ(read("title: x\ninclude: y\n"), "ok include");
  EXPECT_EQ(read("tile: x\ninclude: y\n"), "f:1:1: a suite has no key 'tile', did you mean 'title'?");
  EXPECT_EQ(read("title: x\nzzzzzzzz: y\n"), "f:2:1: a suite has no key 'zzzzzzzz' (one of title, include, exclude)");
  EXPECT_EQ(read("include: y\n"), "f:1:1: a suite needs 'title'");
  EXPECT_EQ(read("title:\n"), "f:1:1: 'title' has no value");
  EXPECT_EQ(read("title: x\n"), "f:1:1: a suite needs one of include, exclude");
  EXPECT_EQ(read("title: x\ninclude: y\nexclude: z\n"), "f:3:1: 'include' and 'exclude' exclude each other");
  EXPECT_EQ(read("[title]"), "f:1:1: expected a suite (a map), found a list");
  EXPECT_EQ(read(""), "f:1:1: expected a suite (a map), found nothing");
}

}  // namespace
}  // namespace tlsproof::config
