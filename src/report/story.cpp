#include "story.h"

#include <fmt/format.h>

#include <algorithm>

#include "safe.h"
#include "tlsproof/base/text.h"
#include "tlsproof/view/ladder.h"

namespace tlsproof::report {
namespace {

using verdict::Evidence;
using verdict::Finding;
using verdict::Verdict;

constexpr size_t kMaxProofs = 3;  // ladders of one finding
constexpr size_t kMaxLadderRows = 24;
constexpr size_t kMaxListed = 12;  // citations, notes, repeats
constexpr size_t kMaxCaseLines = 8;
constexpr size_t kMaxReplay = 2000;  // bytes
constexpr size_t kMaxPath = 4096;

std::string rule_text(const Finding& finding) {
  std::string out(verdict::to_text(finding.requirement));
  for (size_t i = 0; i < finding.cites.size() && i < kMaxListed; ++i) {
    out += (i == 0 ? ": " : "; ") + verdict::to_text(finding.cites[i]);
  }
  if (finding.cites.size() > kMaxListed) out += fmt::format(" … {} more", finding.cites.size() - kMaxListed);
  return out;
}

void write_list(Canvas& canvas, std::string_view label, const std::vector<std::string>& items) {
  for (size_t i = 0; i < items.size() && i < kMaxListed; ++i) canvas.field(i == 0 ? label : "", items[i], 4);
  if (items.size() > kMaxListed) canvas.field("", fmt::format("… {} more", items.size() - kMaxListed));
}

void write_proofs(Canvas& canvas, const verdict::EndpointRun& run, const Finding& finding) {
  for (size_t i = 0; i < finding.evidence.size() && i < kMaxProofs; ++i) {
    const Evidence& evidence = finding.evidence[i];
    if (evidence.attempt >= run.attempts.size()) continue;
    const verdict::Attempt& attempt = run.attempts[evidence.attempt];
    canvas.blank();
    canvas.field("proof", attempt.label.empty() ? "one connection" : attempt.label, 2);
    // A path to be copied is not cut.
    if (!attempt.evidence.empty())
      canvas.line(std::string(Canvas::kIndent + Canvas::kLabel + 2, ' ') + make_safe(attempt.evidence, kMaxPath));
    if (attempt.trace == nullptr) {
      canvas.field("", "no trace of it was kept; it ended so: " + verdict::describe(attempt.outcome));
    } else {
      write_ladder(canvas, *attempt.trace, evidence.events);
    }
  }
  if (finding.evidence.size() > kMaxProofs) {
    canvas.blank();
    canvas.field("", fmt::format("… {} more connections prove it", finding.evidence.size() - kMaxProofs));
  }
  if (!finding.evidence.empty()) canvas.blank();
}

// The words of a command line; quotes keep blanks together.
std::vector<std::string> shell_words(std::string_view command) {
  std::vector<std::string> words(1);
  char quote = 0;
  for (char c : command) {
    if (quote == 0 && c == ' ') {
      if (!words.back().empty()) words.emplace_back();
      continue;
    }
    if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else if (c == quote)
      quote = 0;
    words.back() += c;
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::string story_title(const Group& group) {
  const Finding& finding = group.first();
  std::string title = verdict_label(finding) + "  " + make_safe(finding.scenario, 120);
  const std::string versions = versions_of(group);
  if (!versions.empty()) title += "  TLS " + make_safe(versions, 40);
  const std::string others = other_cases_of(group);
  if (!others.empty()) title += "  " + make_safe(others, 60);
  return title;
}

}  // namespace

void write_ladder(Canvas& canvas, const trace::Trace& trace, std::span<const size_t> marked) {
  view::LadderOptions options;
  options.width = canvas.width();
  options.indent = Canvas::kIndent - 2;
  options.unicode = canvas.style().unicode;
  options.max_rows = kMaxLadderRows;
  for (const view::LadderRow& row : view::make_ladder(trace, marked, options)) {
    const Paint paint = row.marked ? Paint::bold : row.num_left_out > 0 ? Paint::dim : Paint::none;
    const size_t margin = options.indent;
    for (const std::string& line : view::render_row(row, options)) {
      const std::string_view text = std::string_view(line).substr(std::min(margin, line.size()));
      canvas.line(std::string(margin, ' ') + canvas.paint(text, paint));
    }
  }
}

void write_command(Canvas& canvas, std::string_view label, const std::string& command) {
  if (command.empty()) return;
  const size_t room = canvas.width() - Canvas::kIndent - Canvas::kLabel - 2;
  const std::string margin(Canvas::kIndent, ' ');
  std::string left = margin + canvas.paint(canvas.pad(label, Canvas::kLabel), Paint::dim);
  std::string line;
  for (const std::string& word : shell_words(make_safe(command, kMaxReplay))) {
    if (!line.empty() && display_width(line) + 1 + display_width(word) > room) {
      canvas.line(left + line + " \\");
      left = margin + std::string(Canvas::kLabel + 2, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  canvas.line(left + line);
}

std::string verdict_label(const Finding& finding) {
  const std::string_view excuse = excuse_of(finding);
  std::string out(excuse.empty() ? verdict::to_text(finding.verdict) : excuse);
  for (char& c : out) c = static_cast<char>(c - 'a' + 'A');  // plain lower-case words
  return out;
}

Paint verdict_paint(const Finding& finding) {
  if (!excuse_of(finding).empty()) return Paint::dim;
  switch (finding.verdict) {
    case Verdict::pass:
      return Paint::good;
    case Verdict::fail:
      return Paint::bad;
    case Verdict::warn:
    case Verdict::inconclusive:
    case Verdict::error:
      return Paint::caution;
    case Verdict::info:
      return Paint::quiet;
    case Verdict::skip:
      return Paint::dim;
  }
  return Paint::none;
}

void write_story(Canvas& canvas, const verdict::EndpointRun& run, const Group& group) {
  const Finding& finding = group.first();
  canvas.blank();
  canvas.heading(story_title(group), verdict_paint(finding), false);
  const std::string margin(Canvas::kIndent, ' ');
  for (const std::string& line : canvas.fold(finding.title, canvas.width() - Canvas::kIndent, 3)) {
    canvas.line(margin + canvas.paint(line, Paint::bold));
  }
  canvas.blank();
  canvas.field("wanted", finding.wanted);
  canvas.field("seen", finding.seen);
  write_list(canvas, "repeats", finding.repeats);
  canvas.field(finding.waived ? "waived" : "because", finding.reason);
  write_list(canvas, "note", finding.notes);
  canvas.field("rule", rule_text(finding));
  write_proofs(canvas, run, group.shown());
  canvas.field("why", finding.why);
  canvas.field("fix", finding.fix);
  write_command(canvas, "replay", group.shown().replay);
}

void write_story(Canvas& canvas, const verdict::EndpointRun& run, const Story& story) {
  if (!story.is_folded()) return write_story(canvas, run, story.groups.front());
  const Finding& finding = story.first();
  canvas.blank();
  canvas.heading(verdict_label(finding) + "  " + cases_of(story), verdict_paint(finding), false);
  canvas.field("because", finding.reason);
  std::string names;
  for (const Group& group : story.groups) {
    names += (names.empty() ? "" : ", ") + group.first().scenario;
    if (const std::string versions = versions_of(group); !versions.empty()) names += " " + versions;
  }
  canvas.field("cases", names, kMaxCaseLines);
  const auto proved =
      std::ranges::find_if(story.groups, [](const Group& group) { return !group.shown().evidence.empty(); });
  const Finding& shown = (proved == story.groups.end() ? story.groups.front() : *proved).shown();
  write_proofs(canvas, run, shown);
  write_command(canvas, "replay", shown.replay);
}

}  // namespace tlsproof::report
