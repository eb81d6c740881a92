#include "tlsproof/scenario/library.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "tlsproof/base/file.h"
#include "tlsproof/scenario/embedded.h"
#include "tlsproof/target/features.h"
#include "tlsproof/target/target.h"

namespace tlsproof::scenario {
namespace {

constexpr std::string_view kTail = "requirement: MUST\nwhy: because\nexpect: {completes: true}\n";

SourceFile file(std::string path, std::string content = "") {
  if (content.empty()) content = "title: x\ntags: [one, t_" + path.substr(0, 1) + "]\n" + std::string(kTail);
  return {"dir/" + path, std::move(path), std::move(content)};
}

Library small() {
  std::vector<SourceFile> good = {
      file("a/one.yaml"),
      file("a/deep/three.yaml"),
      file("b/two.yaml",
           "title: x\ntls: [1.3]\nmatrix: {g: [x25519, secp256r1]}\nneeds: [\"group.${g}\"]\n" + std::string(kTail)),
      file("suites/all.yaml", "title: All\ninclude: [\"*\"]\n"),
      file("suites/b.yaml", "title: The b ones\ninclude: [b/two]\n"),
      file("targets/x.yaml", "not: a scenario"),
      file("ci/x.yaml", "not: a scenario"),
      file("README.md", "not YAML"),
  };
  auto library = Library::make(good);
  EXPECT_TRUE(library) << library.error().what;
  return library ? std::move(*library) : Library{};
}

// "a/one a/two[tls=1.3]": ids, with the cases that are wanted when not all are.
std::string chosen(const Library& library, std::vector<std::string> words) {
  auto selected = library.select(words);
  if (!selected) return selected.error().what;
  std::string out;
  for (const Selected& one : *selected) {
    out += (out.empty() ? "" : " ") + one.scenario->id;
    if (one.filters.empty()) continue;
    for (const Case& played : expand(*one.scenario))
      if (one.wants(played)) out += played.play->suffix;
  }
  return out;
}

TEST(Library, SortedWithoutTargets) {
  Library library = small();
  ASSERT_EQ(library.scenarios().size(), 3U);
  EXPECT_EQ(library.scenarios()[0].id, "a/deep/three");
  EXPECT_EQ(library.scenarios()[2].id, "b/two");
  EXPECT_EQ(library.find("a/one"), &library.scenarios()[1]);
  EXPECT_EQ(library.find("a/on"), nullptr);
  EXPECT_EQ(library.find_suite("b")->title, "The b ones");
  EXPECT_EQ(library.find_suite("c"), nullptr);
}

TEST(Library, Selects) {
  Library library = small();
  const std::pair<std::vector<std::string>, std::string_view> rows[] = {
      {{}, ""},
      {{"all"}, "a/deep/three a/one b/two"},
      {{"b"}, "b/two"},  // the suite goes before the folder
      {{"a"}, "a/deep/three a/one"},
      {{"a/"}, "a/deep/three a/one"},
      {{"a/one"}, "a/one"},
      {{"*/one", "a/one"}, "a/one"},
      {{"tag:t_a"}, "a/deep/three a/one"},
      {{"b/two[g=x25519]"}, "b/two[tls=1.3,g=x25519]"},
      {{"b/two[tls=1.3,g=secp256r1]"}, "b/two[tls=1.3,g=secp256r1]"},
      {{"b/two[g=x25519]", "b/two[g=secp256r1]"}, "b/two[tls=1.3,g=x25519][tls=1.3,g=secp256r1]"},
      {{"b/two[g=x25519]", "b/two"}, "b/two"},
      {{"all[tls=1.2]"}, "a/deep/three[tls=1.2] a/one[tls=1.2]"},
      {{"b/two[tls=1.2]"}, "'b/two[tls=1.2]' has no such case"},
      {{"b/two[tls]"}, "'b/two[tls]': cases are chosen as in mtls/expired[tls=1.3]"},
      {{"b/two[g=x25519"}, "'b/two[g=x25519': cases are chosen as in mtls/expired[tls=1.3]"},
      {{"a/xyz"}, "there is no suite, scenario, folder or tag 'a/xyz' (one of all, b, a/deep/three, a/one, b/two)"},
      {{"b/twoo"}, "there is no suite, scenario, folder or tag 'b/twoo', did you mean 'b/two'?"},
      {{"tag:ona"}, "there is no suite, scenario, folder or tag 'tag:ona', did you mean 'tag:one'?"},
      {{"c*"}, "'c*' matches no scenario"},
      {{""}, "there is no suite, scenario, folder or tag '', did you mean 'b'?"},
      {{"\x1b[0m"}, "'\\x1b[0m': cases are chosen as in mtls/expired[tls=1.3]"},
  };
  for (const auto& [words, expected] : rows) EXPECT_EQ(chosen(library, words), expected);
}

TEST(Library, RefusesWhatIsWrong) {
  auto message = [](std::vector<SourceFile> files) {
    auto library = Library::make(files);
    return library ? std::string() : library.error().what;
  };
  EXPECT_EQ(message({}), "");
  SourceFile again = file("a/one.yaml");
  again.name = "other/a/one.yaml";
  EXPECT_EQ(message({file("a/one.yaml"), again}), "dir/a/one.yaml and other/a/one.yaml both are 'a/one'");
  EXPECT_EQ(message({file("a/o ne.yaml")}),
            "dir/a/o ne.yaml: the path of a scenario has letters, digits and _ / . - only");
  EXPECT_EQ(message({file("a/one.yaml", "title: x\n")}), "dir/a/one.yaml:1:1: a scenario needs 'requirement'");
  EXPECT_EQ(message({file("suites/s.yaml", "title: S\ninclude: [mtls/one]\n"), file("mtls/ones.yaml")}),
            "dir/suites/s.yaml:1:1: there is no suite, scenario, folder or tag 'mtls/one', did you mean 'mtls/ones'?");
  EXPECT_EQ(message({file("suites/s.yaml", "title: S\ninclude: [\"x/*\"]\n")}),
            "dir/suites/s.yaml:1:1: 'x/*' matches no scenario");
  EXPECT_EQ(message({file("suites/s.yaml", "title: S\ninclude: []\n")}),
            "dir/suites/s.yaml:2:10: 'include' names no scenario");
  EXPECT_EQ(message({file("suites/s.yaml", "tittle: S\n")}),
            "dir/suites/s.yaml:1:1: a suite has no key 'tittle', did you mean 'title'?");
}

TEST(Library, EmbeddedIsGoodAndWhole) {
  auto library = load_embedded();
  ASSERT_TRUE(library) << library.error().what;
  const std::filesystem::path root = std::filesystem::path(TLSPROOF_SOURCE_DIR) / "scenarios";
  for (const EmbeddedFile& one : embedded_files()) {
    std::string content;
    for (std::string_view part : one.parts) content += part;
    auto there = load_file((root / one.path).string(), "scenario");
    ASSERT_TRUE(there) << there.error().what;
    EXPECT_EQ(content, as_text(*there)) << one.path;
  }
  size_t num_files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    auto relative = entry.path().lexically_relative(root).string();
    if (relative.ends_with(".yaml") && !relative.starts_with("targets/") && !relative.starts_with("ci/")) ++num_files;
  }
  EXPECT_EQ(num_files, embedded_files().size());
  EXPECT_EQ(library->scenarios().size() + library->suites().size(), num_files);
}

class Folder {
 public:
  Folder() { EXPECT_NE(mkdtemp(path_), nullptr); }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  void add(const std::string& name, std::string_view content) {
    EXPECT_TRUE(save_file(path() + "/" + name, as_bytes(content), {.make_folders = true}));
  }
  std::string path() const { return path_; }

 private:
  char path_[40] = "/tmp/tlsproof-scenario-XXXXXX";
};

TEST(Library, LoadsAFolder) {
  Folder folder;
  folder.add("mine/one.yaml", "title: x\n" + std::string(kTail));
  folder.add("suites/mine.yaml", "title: Mine\ninclude: [mine/one]\n");
  folder.add("notes.txt", "no scenario");
  std::filesystem::create_directory_symlink("..", folder.path() + "/mine/loop");
  auto library = load_folder(folder.path());
  ASSERT_TRUE(library) << library.error().what;
  ASSERT_EQ(library->scenarios().size(), 1U);
  EXPECT_EQ(library->scenarios()[0].id, "mine/one");
  EXPECT_EQ(chosen(*library, {"mine"}), "mine/one");
  auto both = load_folder(folder.path() + "/", true);
  ASSERT_TRUE(both) << both.error().what;
  EXPECT_EQ(both->scenarios().size() + both->suites().size(), embedded_files().size() + 2);

  folder.add("mine/two.yaml", "title: x\nexpect: {}\n");
  EXPECT_EQ(load_folder(folder.path()).error().what,
            folder.path() + "/mine/two.yaml:1:1: a scenario needs 'requirement'");
  EXPECT_EQ(load_folder("/no/where").error().message(),
            "cannot read the folder of scenarios '/no/where': No such file or directory");
}

// The page that explains the language names every word of it, and its first example is good.
TEST(Readme, IsWhole) {
  auto content = load_file(std::string(TLSPROOF_SOURCE_DIR) + "/scenarios/README.md", "language");
  ASSERT_TRUE(content) << content.error().what;
  const std::string text(as_text(*content));
  std::vector<std::string> words;
  auto add = [&](std::span<const std::string_view> some) { words.insert(words.end(), some.begin(), some.end()); };
  add(verbs());
  add(known_faults());
  add(target::feature_names());
  add(target::client_auth_words());
  add(target::version_words());
  for (int i = 0; i <= static_cast<int>(Message::alert); ++i) words.emplace_back(to_text(static_cast<Message>(i)));
  for (int i = 0; i <= static_cast<int>(CertificateCheck::lifetime); ++i)
    words.emplace_back(to_text(static_cast<CertificateCheck>(i)));
  for (int i = 1; i <= static_cast<int>(Control::shifted_clock); ++i)
    words.emplace_back(to_text(static_cast<Control>(i)));
  for (int i = 0; i < static_cast<int>(Expect::Kind::control); ++i)
    words.emplace_back(std::string(to_text(static_cast<Expect::Kind>(i))) + ":");
  for (const std::string& word : words) EXPECT_NE(text.find(word), std::string::npos) << word;

  size_t begin = text.find("```yaml\n") + 8;
  auto example = parse_scenario(text.substr(begin, text.find("```\n", begin) - begin), "README.md", "example");
  ASSERT_TRUE(example) << example.error().what;
  EXPECT_EQ(example->plays.size(), 3U);
}

}  // namespace
}  // namespace tlsproof::scenario
