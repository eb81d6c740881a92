#include "tlsproof/report/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "conclusion.h"
#include "safe.h"
#include "story.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "tlsproof/report/text.h"

namespace tlsproof::report {
namespace {

using verdict::EndpointRun;
using verdict::Finding;
using verdict::Verdict;

constexpr size_t kMaxText = 600;
constexpr size_t kMaxLabel = 120;
constexpr size_t kMaxDocument = 500'000;  // bytes, after which stories are only counted
constexpr size_t kMaxNamed = 50;          // ids in one list
constexpr size_t kMaxLines = 100;         // of one list

// Prose of ours or of the target file, on one line: every character that could begin markup is a reference.
std::string prose(std::string_view text, size_t max_len = kMaxText) {
  std::string out;
  for (char c : make_safe(text, max_len)) {
    // At the beginning of a line '-' and "1)" are lists, and blanks are code.
    const bool is_plain = static_cast<uint8_t>(c) >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || std::string_view(",;/('%").contains(c) ||
                          ((c == '-' || c == ' ') && !out.empty()) || (c == ')' && out.contains('('));
    // A dot is markup only in a link that begins with www.
    if (is_plain || (c == '.' && !to_lower(out).ends_with("www")))
      out += c;
    else
      out += fmt::format("&#{};", static_cast<int>(c));
  }
  return out;
}

// What a peer may have written: a code span (CommonMark §6.1), in which nothing is markup, closed by a run of backticks
// that the text does not have.
std::string code(std::string_view text) {
  const std::string safe = make_safe(text, kMaxText);
  if (safe.empty()) return "";
  size_t longest = 0;
  for (size_t i = 0, run = 0; i < safe.size(); ++i) {
    run = safe[i] == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return longest == 0 ? fence + safe + fence : fence + " " + safe + " " + fence;
}

std::string html(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string title_of(const Group& group) {
  std::string out = code(group.first().scenario);
  if (const std::string versions = versions_of(group); !versions.empty()) out += " TLS " + prose(versions, 60);
  if (const std::string others = other_cases_of(group); !others.empty()) out += " " + code(others);
  return out;
}

class MarkdownWriter {
 public:
  explicit MarkdownWriter(const Style& style) : fail_on_(style.fail_on) {}

  std::string write(const verdict::CheckRun& run) {
    line(fmt::format("## tlsproof: {}", conclusion_word(conclude(run, fail_on_))));
    line("");
    line(prose(summary_line(run)));
    line("");
    table(run);
    for (const EndpointRun& endpoint : run.endpoints) stories(endpoint);
    if (num_left_out_ > 0) {
      line(fmt::format("**{} more findings are left out here; the other reports have them.**", num_left_out_));
      line("");
    }
    for (const EndpointRun& endpoint : run.endpoints) remarks(endpoint);
    line(prose(fmt::format("tlsproof {}, {}, exit status {}", run.tool_version,
                           format_utc(run.start_wall_ns / 1'000'000'000), verdict::exit_status(run, fail_on_))));
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }

  void table(const verdict::CheckRun& run) {
    if (run.endpoints.empty()) return;
    line("| endpoint | result | passed | failed | warnings | errors | inconclusive | not tested | waived | known |");
    line("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (const EndpointRun& endpoint : run.endpoints) {
      const verdict::Counts c = verdict::count(endpoint);
      line(fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |", prose(name_of(endpoint), kMaxLabel),
                       endpoint.unreachable ? "UNREACHABLE" : conclusion_word(conclude(endpoint, fail_on_)), c.pass,
                       c.fail, c.warn, c.error, c.inconclusive, c.skip - c.not_applicable, c.waived, c.known));
    }
    line("");
  }

  static bool is_told_with_info(const Finding& f) {
    return excuse_of(f).empty() && f.verdict != Verdict::pass && f.verdict != Verdict::skip;
  }
  static bool is_told(const Finding& f) { return is_told_with_info(f) && f.verdict != Verdict::info; }

  void stories(const EndpointRun& run) {
    if (run.unreachable || !run.error.empty()) {
      line(fmt::format("### {}: {}", run.unreachable ? "UNREACHABLE" : "NOT TESTED", prose(name_of(run), kMaxLabel)));
      line("");
      line("- because: " + code(run.error));
      line("");
    }
    for (const Story& one : stories_of(run, fail_on_ == verdict::FailOn::info ? &is_told_with_info : &is_told)) {
      if (out_.size() <= kMaxDocument)
        story(run, one);
      else
        for (const Group& group : one.groups) num_left_out_ += group.findings.size();
    }
  }

  void story(const EndpointRun& run, const Story& one) {
    const Finding& f = one.first();
    line(fmt::format("### {}: {} at {}", verdict_label(f),
                     one.is_folded() ? cases_of(one) : title_of(one.groups.front()), prose(name_of(run), kMaxLabel)));
    line("");
    auto item = [this](std::string_view label, std::string_view text) {
      if (!text.empty()) line(fmt::format("- {}: {}", label, text));
    };
    if (!one.is_folded()) {
      line(prose(f.title));
      line("");
      item("wanted", code(f.wanted));
      item("seen", code(f.seen));
    }
    item("because", code(f.reason));
    if (!one.is_folded()) item("fix", prose(f.fix));
    line("");
    Canvas canvas(Style{});
    write_story(canvas, run, one);
    // A <pre> of its own block: it ends at its end tag, whatever lines are in it (CommonMark §4.6).
    line("<details><summary>proof, why it matters, how to play it again</summary>");
    line("");
    line("<pre>");
    line(html(canvas.take()) + "</pre>");
    line("");
    line("</details>");
    line("");
  }

  // "N TITLE" and an item for each line, as many as there is room for.
  void list(const EndpointRun& run, std::string_view title, size_t num, const std::vector<std::string>& items) {
    if (items.empty()) return;
    line(fmt::format("**{}: {} {}**", prose(name_of(run), kMaxLabel), num, title));
    line("");
    for (size_t i = 0; i < items.size() && i < kMaxLines; ++i) line("- " + items[i]);
    if (items.size() > kMaxLines) line(fmt::format("- {} more", items.size() - kMaxLines));
    line("");
  }

  void skips(const EndpointRun& run, bool applies, std::string_view title) {
    std::vector<std::string_view> order;
    std::map<std::string_view, std::vector<std::string>> by_reason;
    size_t num = 0;
    for (const Finding& f : run.findings) {
      if (f.verdict != Verdict::skip || !excuse_of(f).empty() || f.applies != applies) continue;
      const auto [place, is_new] = by_reason.try_emplace(f.reason);
      if (is_new) order.push_back(f.reason);
      place->second.push_back(f.scenario);
      ++num;
    }
    std::vector<std::string> items;
    for (std::string_view reason : order) {
      std::vector<std::string>& names = by_reason[reason];
      names.erase(std::ranges::unique(names).begin(), names.end());
      std::string ids;
      for (size_t i = 0; i < names.size() && i < kMaxNamed; ++i) ids += (i == 0 ? "" : ", ") + code(names[i]);
      if (names.size() > kMaxNamed) ids += fmt::format(", {} more", names.size() - kMaxNamed);
      items.push_back((reason.empty() ? "no reason was given" : code(reason)) + ": " + ids);
    }
    list(run, title, num, items);
  }

  void excused(const EndpointRun& run, bool (*is_wanted)(const Finding&), std::string_view title) {
    std::vector<std::string> items;
    size_t num = 0;
    for (const Group& group : group_stories(run, is_wanted)) {
      const Finding& f = group.first();
      num += group.findings.size();
      items.push_back(
          fmt::format("{} ({}): {}", title_of(group), verdict::to_text(f.verdict), code(f.waived ? f.reason : f.seen)));
    }
    list(run, title, num, items);
  }

  void remarks(const EndpointRun& run) {
    if (out_.size() > kMaxDocument) return;
    skips(run, true, "could not be tested");
    skips(run, false, "not applicable here");
    excused(run, [](const Finding& f) { return f.waived; }, "waived");
    excused(run, [](const Finding& f) { return excuse_of(f) == "known"; }, "known from the baseline");
    std::vector<std::string> items;
    for (const std::string& id : run.fixed) items.push_back(code(id));
    list(run, "fixed since the baseline", run.fixed.size(), items);
    items.clear();
    for (const std::string& note : run.notes) items.push_back(code(note));
    list(run, items.size() == 1 ? "note" : "notes", items.size(), items);
  }

  std::string out_;
  size_t num_left_out_ = 0;
  verdict::FailOn fail_on_;
};

}  // namespace

std::string write_markdown(const verdict::CheckRun& run, const Style& style) {
  return MarkdownWriter(style).write(run);
}

}  // namespace tlsproof::report
