#include "tlsproof/report/github.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "conclusion.h"
#include "safe.h"
#include "story.h"
#include "tlsproof/base/text.h"
#include "tlsproof/report/text.h"

namespace tlsproof::report {
namespace {

using verdict::EndpointRun;
using verdict::Finding;
using verdict::Verdict;

constexpr size_t kMaxText = 1000;
constexpr size_t kMaxName = 120;
constexpr size_t kMaxShown = 10;  // annotations of a kind that GitHub shows of a step
constexpr size_t kMaxLeftOut = 2000;

enum class Level : uint8_t { error, warning, notice };
constexpr std::array<std::string_view, 3> kLevels = {"error", "warning", "notice"};

// What the runner undoes (actions/toolkit, command.ts): a line break would end the command, a colon or comma a
// property.
std::string escape(std::string_view text, bool is_property) {
  std::string out;
  for (char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
    if (special)
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out;
}

struct Annotation {
  std::string title;
  std::string message;  // lines
  std::string where;    // ",file=…,line=…", escaped, or nothing
};

class GithubWriter {
 public:
  explicit GithubWriter(const Style& style) : fail_on_(style.fail_on) {}

  std::string write(const verdict::CheckRun& run) {
    if (run.interrupted)
      add(Level::error, {"INTERRUPTED", "The run was interrupted before all was played.", place(run, 0)});
    if (run.endpoints.empty()) add(Level::error, {"NOT TESTED", "No endpoint was checked.", place(run, 0)});
    for (const EndpointRun& endpoint : run.endpoints) collect(endpoint, place(run, endpoint.line));
    std::string out;
    for (size_t i = 0; i < kLevels.size(); ++i) out += commands(kLevels[i], annotations_[i]);
    // Every line begins with a word of ours: the runner takes a line that begins with :: or ##[ for a command.
    for (size_t i = 0; i < kLevels.size(); ++i)
      for (const Annotation& one : annotations_[i])
        out += fmt::format("tlsproof: {}: {}\n", kLevels[i], make_safe(one.title, 3 * kMaxName));
    for (const EndpointRun& endpoint : run.endpoints) {
      out += fmt::format("tlsproof: {}: {}  {}\n", safe_name(endpoint), conclusion_word(conclude(endpoint, fail_on_)),
                         counts_text(verdict::count(endpoint)));
      for (const std::string& id : endpoint.fixed)
        out +=
            fmt::format("tlsproof: {}: fixed since the baseline: {}\n", safe_name(endpoint), make_safe(id, kMaxName));
    }
    out += fmt::format("tlsproof: {}  {}\n", conclusion_word(conclude(run, fail_on_)), summary_line(run));
    return out;
  }

 private:
  void add(Level level, Annotation annotation) {
    annotations_[static_cast<size_t>(level)].push_back(std::move(annotation));
  }

  static std::string safe_name(const EndpointRun& run) { return make_safe(name_of(run), kMaxName); }

  static std::string place(const verdict::CheckRun& run, uint32_t line) {
    if (run.target_file.empty()) return "";
    std::string_view file = run.target_file;
    if (file.starts_with("./")) file.remove_prefix(2);
    std::string out = ",file=" + escape(make_safe(file, kMaxText), true);
    if (line > 0) out += fmt::format(",line={}", line);
    return out;
  }

  [[nodiscard]] Level level_of(const Finding& f) const {
    if (!excuse_of(f).empty()) return Level::notice;
    if (f.verdict == Verdict::error || f.verdict == Verdict::inconclusive || verdict::is_held_against(f, fail_on_))
      return Level::error;
    return f.verdict == Verdict::fail || f.verdict == Verdict::warn ? Level::warning : Level::notice;
  }

  void collect(const EndpointRun& run, const std::string& where) {
    const std::string name = safe_name(run);
    if (run.unreachable || !run.error.empty()) {
      add(Level::error, {fmt::format("{} {}", run.unreachable ? "UNREACHABLE" : "NOT TESTED", name),
                         make_safe(run.error, kMaxText), where});
    } else if (std::ranges::none_of(run.findings, verdict::is_judged)) {
      add(Level::error, {"NOT TESTED " + name, "Nothing was judged.", where});
    }
    const bool tells_info = fail_on_ == verdict::FailOn::info;
    const auto is_told =
        tells_info ? +[](const Finding& f) { return f.verdict != Verdict::pass && f.verdict != Verdict::skip; }
                   : +[](const Finding& f) {
                       return f.verdict != Verdict::pass && f.verdict != Verdict::skip && f.verdict != Verdict::info;
                     };
    for (const Story& story : stories_of(run, is_told))
      add(level_of(story.first()),
          story.is_folded() ? folded(story, name, where) : annotation(story.groups.front(), name, where));
    skips(run, name, where);
  }

  static Annotation annotation(const Group& group, const std::string& name, const std::string& where) {
    const Finding& f = group.first();
    std::string title = verdict_label(f) + " " + make_safe(f.scenario, kMaxName);
    if (const std::string versions = versions_of(group); !versions.empty()) title += " TLS " + make_safe(versions, 60);
    if (const std::string others = other_cases_of(group); !others.empty()) title += " " + make_safe(others, 60);
    std::string message = make_safe(f.title, kMaxText);
    auto line = [&](std::string_view label, const std::string& text) {
      if (!text.empty()) message += fmt::format("\n{}: {}", label, make_safe(text, kMaxText));
    };
    line("seen", f.seen);
    line("wanted", f.wanted);
    line(f.waived ? "waived" : "because", f.reason);
    line("fix", f.fix);
    line("replay", group.shown().replay);
    return {title + " at " + name, message, where};
  }

  static Annotation folded(const Story& story, const std::string& name, const std::string& where) {
    std::string message = "because: " + make_safe(story.first().reason, kMaxText);
    for (const Group& group : story.groups) {
      if (message.size() > kMaxLeftOut) break;
      message += fmt::format("\n{} {}", make_safe(group.first().scenario, kMaxName), make_safe(versions_of(group), 60));
    }
    return {fmt::format("{} {} at {}", verdict_label(story.first()), cases_of(story), name), message, where};
  }

  // Folded by the reason: one thing to do each.
  void skips(const EndpointRun& run, const std::string& name, const std::string& where) {
    std::vector<std::string_view> order;
    std::map<std::string_view, size_t> num_by_reason;
    for (const Finding& f : run.findings) {
      if (f.verdict != Verdict::skip || !f.applies || !excuse_of(f).empty()) continue;
      if (num_by_reason[f.reason]++ == 0) order.push_back(f.reason);
    }
    for (std::string_view reason : order)
      add(Level::notice, {fmt::format("{} could not be tested at {}", num_by_reason[reason], name),
                          reason.empty() ? "No reason was given." : make_safe(reason, kMaxText), where});
  }

  static std::string commands(std::string_view level, const std::vector<Annotation>& annotations) {
    std::string out;
    const size_t num_shown = annotations.size() <= kMaxShown ? annotations.size() : kMaxShown - 1;
    for (size_t i = 0; i < num_shown; ++i) out += command(level, annotations[i]);
    if (num_shown == annotations.size()) return out;
    std::string titles;
    for (size_t i = num_shown; i < annotations.size() && titles.size() < kMaxLeftOut; ++i)
      titles += annotations[i].title + "\n";
    const size_t num_left_out = annotations.size() - num_shown;
    return out + command(level, {fmt::format("{} more, of which GitHub shows no annotation", num_left_out),
                                 titles + "The log of this step and the other reports have them all.", ""});
  }
  static std::string command(std::string_view level, const Annotation& one) {
    return fmt::format("::{} title={}{}::{}\n", level, escape(one.title, true), one.where, escape(one.message, false));
  }

  verdict::FailOn fail_on_;
  std::array<std::vector<Annotation>, kLevels.size()> annotations_;
};

}  // namespace

std::string write_github(const verdict::CheckRun& run, const Style& style) {
  return GithubWriter(style).write(run);
}

}  // namespace tlsproof::report
