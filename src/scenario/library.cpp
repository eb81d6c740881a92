#include "tlsproof/scenario/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "tlsproof/base/file.h"
#include "tlsproof/base/glob.h"
#include "tlsproof/base/text.h"
#include "tlsproof/scenario/embedded.h"
#include "tlsproof/target/target.h"

namespace tlsproof::scenario {
namespace {

constexpr size_t kMaxFiles = 20'000;

using Filter = std::vector<std::pair<std::string, std::string>>;

struct Word {
  std::string name;  // without the brackets
  std::optional<Filter> filter;
};

// "id[tls=1.3,method=64]".
Result<Word> split_word(std::string_view word) {
  size_t open = word.find('[');
  if (open == std::string_view::npos) return Word{std::string(word), std::nullopt};
  auto bad = [&] {
    return fail_usage(
        fmt::format("'{}': cases are chosen as in mtls/expired[tls=1.3]", escape_terminal_limited(word, 120)));
  };
  if (!word.ends_with(']')) return bad();
  Word out{std::string(word.substr(0, open)), Filter{}};
  for (const std::string& pair : split(word.substr(open + 1, word.size() - open - 2), ',')) {
    size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) return bad();
    out.filter->emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return out;
}

bool holds(const Filter& filter, const Case& one) {
  return std::ranges::all_of(filter, [&](const auto& pair) {
    if (pair.first == "tls") return target::version_text(one.play->version) == pair.second;
    return std::ranges::find(one.play->variables, pair) != one.play->variables.end();
  });
}

Result<Suite> parse_suite(const SourceFile& file, std::string name) {
  TLSPROOF_TRY(config::Node root, config::parse_yaml(file.content, file.name));
  TLSPROOF_TRY(config::Fields fields, config::Fields::open(root, "a suite", {"title", "include"}));
  Suite out;
  out.name = std::move(name);
  out.where = root.where();
  TLSPROOF_TRY(const config::Node* title, fields.require("title"));
  TLSPROOF_TRY(out.title, title->word());
  TLSPROOF_TRY(const config::Node* include, fields.require("include"));
  TLSPROOF_TRY(auto list, include->list());
  if (list.empty()) return include->error("'include' names no scenario");
  for (const config::Node& item : list) {
    TLSPROOF_TRY(std::string word, item.word());
    out.include.push_back(std::move(word));
  }
  return out;
}

std::vector<SourceFile> embedded_sources() {
  std::vector<SourceFile> out;
  for (const EmbeddedFile& file : embedded_files()) {
    SourceFile one{"scenarios/" + std::string(file.path), std::string(file.path), {}};
    for (std::string_view part : file.parts) one.content += part;
    out.push_back(std::move(one));
  }
  return out;
}

// The path of a scenario or suite is its id: what one can type.
bool is_path(std::string_view path) {
  return path.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.-") ==
         std::string_view::npos;
}

}  // namespace

bool Selected::wants(const Case& one) const {
  return filters.empty() || std::ranges::any_of(filters, [&](const Filter& filter) { return holds(filter, one); });
}

Result<Library> Library::make(std::span<const SourceFile> files) {
  Library out;
  constexpr std::string_view kYaml = ".yaml";
  std::vector<std::pair<std::string, const SourceFile*>> seen;
  for (const SourceFile& file : files) {
    if (!file.path.ends_with(kYaml) || file.path.starts_with("targets/") || file.path.starts_with("ci/"))
      continue;  // examples for users
    if (!is_path(file.path))
      return fail_usage(
          fmt::format("{}: the path of a scenario has letters, digits and _ / . - only", escape_terminal(file.name)));
    std::string id = file.path.substr(0, file.path.size() - kYaml.size());
    seen.emplace_back(id, &file);
    if (id.starts_with("suites/")) {
      TLSPROOF_TRY(Suite suite, parse_suite(file, id.substr(7)));
      out.suites_.push_back(std::move(suite));
    } else {
      TLSPROOF_TRY(Scenario scenario, parse_scenario(file.content, file.name, std::move(id)));
      out.scenarios_.push_back(std::move(scenario));
    }
  }
  std::ranges::stable_sort(seen, {}, &std::pair<std::string, const SourceFile*>::first);
  for (size_t i = 1; i < seen.size(); ++i)
    if (seen[i].first == seen[i - 1].first)
      return fail_usage(fmt::format("{} and {} both are '{}'", escape_terminal(seen[i - 1].second->name),
                                    escape_terminal(seen[i].second->name), seen[i].first));
  std::ranges::sort(out.scenarios_, {}, &Scenario::id);
  std::ranges::sort(out.suites_, {}, &Suite::name);
  for (const Suite& suite : out.suites_) {
    for (const std::string& word : suite.include)
      if (out.match(word).empty()) return suite.where.error(out.unknown(word));
  }
  return out;
}

const Scenario* Library::find(std::string_view id) const {
  auto found = std::ranges::lower_bound(scenarios_, id, {}, &Scenario::id);
  return found != scenarios_.end() && found->id == id ? &*found : nullptr;
}

const Suite* Library::find_suite(std::string_view name) const {
  auto found = std::ranges::lower_bound(suites_, name, {}, &Suite::name);
  return found != suites_.end() && found->name == name ? &*found : nullptr;
}

// Indexes of the scenarios that an id, a pattern, a folder or a tag names.
std::vector<size_t> Library::match(std::string_view word) const {
  std::vector<size_t> out;
  bool pattern = is_glob(word);
  std::string folder = std::string(word) + (word.ends_with('/') ? "" : "/");
  std::string_view tag = word.starts_with("tag:") ? word.substr(4) : std::string_view();
  for (size_t i = 0; i < scenarios_.size(); ++i) {
    const Scenario& one = scenarios_[i];
    bool named = !tag.empty() ? std::ranges::find(one.tags, tag) != one.tags.end()
                 : pattern    ? glob_match(word, one.id)
                              : one.id == word || one.id.starts_with(folder);
    if (named) out.push_back(i);
  }
  return out;
}

std::string Library::unknown(std::string_view word) const {
  std::vector<std::string_view> names;
  std::set<std::string, std::less<>> tags;
  if (word.starts_with("tag:")) {
    for (const Scenario& one : scenarios_)
      for (const std::string& tag : one.tags) tags.insert("tag:" + tag);
    names.assign(tags.begin(), tags.end());
  } else {
    for (const Suite& suite : suites_) names.push_back(suite.name);
    for (const Scenario& one : scenarios_) names.push_back(one.id);
  }
  if (is_glob(word)) return fmt::format("'{}' matches no scenario", escape_terminal_limited(word, 120));
  return fmt::format("there is no suite, scenario, folder or tag {}", config::suggest(word, names));
}

Result<std::vector<Selected>> Library::select(std::span<const std::string> words) const {
  struct Choice {
    bool chosen = false;
    bool whole = false;
    std::vector<Filter> filters;
  };
  std::vector<Choice> choices(scenarios_.size());
  for (const std::string& text : words) {
    TLSPROOF_TRY(Word word, split_word(text));
    std::vector<size_t> found;
    if (const Suite* suite = find_suite(word.name)) {
      for (const std::string& include : suite->include) {
        auto some = match(include);
        found.insert(found.end(), some.begin(), some.end());
      }
    } else {
      found = match(word.name);
    }
    if (found.empty()) return fail_usage(unknown(word.name));
    bool any_case = false;
    for (size_t i : found) {
      Choice& choice = choices[i];
      if (!word.filter) {
        choice.chosen = choice.whole = any_case = true;
        continue;
      }
      auto cases = expand(scenarios_[i]);
      if (!std::ranges::any_of(cases, [&](const Case& one) { return holds(*word.filter, one); })) continue;
      choice.chosen = any_case = true;
      choice.filters.push_back(*word.filter);
    }
    if (!any_case) return fail_usage(fmt::format("'{}' has no such case", escape_terminal_limited(text, 120)));
  }
  std::vector<Selected> out;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (!choices[i].chosen) continue;
    if (choices[i].whole) choices[i].filters.clear();
    out.push_back({&scenarios_[i], std::move(choices[i].filters)});
  }
  return out;
}

Result<Library> load_embedded() {
  return Library::make(embedded_sources());
}

Result<Library> load_folder(const std::string& path, bool with_embedded) {
  std::vector<SourceFile> files;
  if (with_embedded) files = embedded_sources();
  namespace fs = std::filesystem;
  std::error_code error;
  fs::recursive_directory_iterator walk(path, error);
  if (error) {
    auto failure =
        fail_errno(fmt::format("cannot read the folder of scenarios '{}'", escape_terminal(path)), error.value());
    failure.error().kind = Error::Kind::usage;
    return failure;
  }
  std::vector<std::string> found;
  for (; walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (error) break;
    if (walk->path().extension() == ".yaml" && walk->is_regular_file(error)) found.push_back(walk->path().string());
    if (found.size() > kMaxFiles)
      return fail_usage(fmt::format("'{}' has more than {} scenarios", escape_terminal(path), kMaxFiles));
  }
  if (error)
    return fail_errno(fmt::format("cannot read the folder of scenarios '{}'", escape_terminal(path)), error.value());
  std::ranges::sort(found);
  for (const std::string& name : found) {
    TLSPROOF_TRY(Bytes content, load_file(name, "scenario", config::kMaxFileLen));
    files.push_back({name, fs::path(name).lexically_relative(path).string(), std::string(as_text(content))});
  }
  return Library::make(files);
}

}  // namespace tlsproof::scenario
