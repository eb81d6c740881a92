// All scenarios and suites, and finding the ones a user names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/scenario/scenario.h"

namespace tlsproof::scenario {

// A named list: suites/<name>.yaml.
struct Suite {
  std::string name;
  std::string title;
  std::vector<std::string> include;  // ids or patterns; each matched something when the library was made
  config::Where where;
};

// A scenario that was asked for, and which of its cases.
struct Selected {
  const Scenario* scenario = nullptr;  // borrows the library
  // Any one of these must hold, and each holds when all its name=value pairs are in the case: {{"tls", "1.3"}}. Empty:
  // every case.
  std::vector<std::vector<std::pair<std::string, std::string>>> filters;
  [[nodiscard]] bool wants(const Case& one) const;
};

struct SourceFile {
  std::string name;  // what messages call it: "scenarios/mtls/expired.yaml"
  std::string path;  // below the root, with ".yaml": "mtls/expired.yaml"
  std::string content;
};

class Library {
 public:
  // suites/*.yaml are suites, targets/ is left out, everything else is a scenario. Fails when a file is wrong, two have
  // one id, or a suite includes what is not there.
  [[nodiscard]] static Result<Library> make(std::span<const SourceFile> files);

  [[nodiscard]] const std::vector<Scenario>& scenarios() const { return scenarios_; }  // by id
  [[nodiscard]] const std::vector<Suite>& suites() const { return suites_; }           // by name
  [[nodiscard]] const Scenario* find(std::string_view id) const;                       // nullptr when there is none
  [[nodiscard]] const Suite* find_suite(std::string_view name) const;

  // What the words name, each scenario once, in the library's order. A word is, in this order: "tag:TAG"; a suite's
  // name; an id; a pattern with * or ?; a folder ("conformance/rfc8446"). An id or pattern may end with cases:
  // "mtls/expired[tls=1.3]". Fails (usage) with "did you mean" at the first word that names nothing.
  [[nodiscard]] Result<std::vector<Selected>> select(std::span<const std::string> words) const;

 private:
  [[nodiscard]] std::vector<size_t> match(std::string_view word) const;
  [[nodiscard]] std::string unknown(std::string_view word) const;

  std::vector<Scenario> scenarios_;
  std::vector<Suite> suites_;
};

// The scenarios inside this program.
[[nodiscard]] Result<Library> load_embedded();
// Those of a folder (every *.yaml below it; symbolic links to folders are not followed), with the embedded ones beside
// them when asked for: then no id may be in both.
[[nodiscard]] Result<Library> load_folder(const std::string& path, bool with_embedded = false);

}  // namespace tlsproof::scenario
