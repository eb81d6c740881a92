#include "tlsproof/report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "canvas.h"
#include "conclusion.h"
#include "group.h"
#include "safe.h"
#include "story.h"
#include "table.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"

namespace tlsproof::report {
namespace {

using verdict::CheckRun;
using verdict::EndpointRun;
using verdict::Finding;
using verdict::Verdict;

constexpr size_t kMaxNotes = 20;

std::string seconds(int64_t ns) {
  const double s = static_cast<double>(std::max<int64_t>(ns, 0)) / 1e9;
  return s < 10 ? fmt::format("{:.2f} s", s) : fmt::format("{:.0f} s", s);
}

Paint conclusion_paint(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::passed:
      return Paint::good;
    case Conclusion::failed:
      return Paint::bad;
    default:
      return Paint::caution;
  }
}

const verdict::FeatureSeen* find_feature(const EndpointRun& run, std::string_view name) {
  const auto found = std::ranges::find(run.features, name, &verdict::FeatureSeen::name);
  return found == run.features.end() ? nullptr : &*found;
}

std::string feature_state(const EndpointRun& run, std::string_view name) {
  const verdict::FeatureSeen* feature = find_feature(run, name);
  return feature == nullptr ? "unknown" : feature->state;
}

// "TLS 1.2 1.3" of the features that say yes.
std::string versions_spoken(const EndpointRun& run) {
  struct Row {
    std::string_view feature, name;
  };
  constexpr Row kVersions[] = {{"version.ssl3", "SSL 3.0"},
                               {"version.tls1_0", "TLS 1.0"},
                               {"version.tls1_1", "TLS 1.1"},
                               {"version.tls1_2", "TLS 1.2"},
                               {"version.tls1_3", "TLS 1.3"}};
  std::string out;
  for (const Row& row : kVersions) {
    if (feature_state(run, row.feature) == "yes") out += (out.empty() ? "" : ", ") + std::string(row.name);
  }
  return out;
}

std::string client_auth_text(const EndpointRun& run) {
  const std::string requested = feature_state(run, "client_auth.requested");
  std::string out = requested == "yes" ? "asked for" : requested == "no" ? "not asked for" : "not known";
  return out + (run.declared_client_auth.empty() ? "; nothing declared" : "; declared: " + run.declared_client_auth);
}

// "FAILED  4 passed, 2 failed": the same word and numbers at the head of an endpoint and at the end of the run.
void write_conclusion(Canvas& canvas, Conclusion conclusion, const std::string& counts) {
  const std::string word(conclusion_word(conclusion));
  const std::string margin(Canvas::kIndent, ' ');
  std::string left = margin + canvas.paint(word, conclusion_paint(conclusion)) + "  ";
  for (const std::string& line : canvas.fold(counts, canvas.width() - Canvas::kIndent - word.size() - 2, 4)) {
    canvas.line(left + line);
    left = margin + std::string(word.size() + 2, ' ');
  }
}

void write_what_it_is(Canvas& canvas, const EndpointRun& run) {
  const std::string title = run.label.empty() || run.label == run.address
                                ? make_safe(run.address, 300)
                                : make_safe(run.label, 100) + "  " + make_safe(run.address, 300);
  canvas.heading(title, Paint::bold, true);
  write_conclusion(canvas, conclude(run, canvas.style().fail_on),
                   run.unreachable ? "unreachable" : counts_text(verdict::count(run)));
  canvas.blank();
  std::string peer = run.peer_address.empty() ? "none" : run.peer_address;
  if (!run.server_name.empty()) peer += ", as " + run.server_name;
  canvas.field("peer", peer, 2);
  canvas.field("speaks", versions_spoken(run), 2);
  canvas.field("client", run.attempts.empty() ? "" : "certificate " + client_auth_text(run), 2);
  if (run.unreachable || !run.error.empty()) {
    canvas.blank();
    const std::string what = run.unreachable ? "UNREACHABLE" : "NOT TESTED";
    canvas.line(std::string(Canvas::kIndent, ' ') + canvas.paint(what, Paint::caution));
    canvas.field("because", run.error);
  }
}

bool is_skip(const Finding& finding) {
  return excuse_of(finding).empty() && finding.verdict == Verdict::skip;
}

bool is_told(const Finding& finding) {
  return excuse_of(finding).empty() && (finding.verdict == Verdict::fail || finding.verdict == Verdict::warn ||
                                        finding.verdict == Verdict::inconclusive || finding.verdict == Verdict::error);
}
bool is_told_with_info(const Finding& finding) {
  return is_told(finding) || (excuse_of(finding).empty() && finding.verdict == Verdict::info);
}
bool is_told_verbose(const Finding& finding) {
  return !excuse_of(finding).empty() || finding.verdict != Verdict::skip;
}
bool is_info(const Finding& finding) {
  return excuse_of(finding).empty() && finding.verdict == Verdict::info;
}
bool is_waived(const Finding& finding) {
  return finding.waived;
}
bool is_known(const Finding& finding) {
  return excuse_of(finding) == "known";
}

void write_stories(Canvas& canvas, const EndpointRun& run) {
  const auto is_wanted = canvas.style().verbose                            ? &is_told_verbose
                         : canvas.style().fail_on == verdict::FailOn::info ? &is_told_with_info
                                                                           : &is_told;
  for (const Story& story : stories_of(run, is_wanted)) write_story(canvas, run, story);
}

// "mtls/expired  1.2 1.3" and under it what was seen or why it was waived.
void write_briefly(Canvas& canvas, const EndpointRun& run, std::string_view title, bool (*is_wanted)(const Finding&)) {
  const std::vector<Group> groups = group_stories(run, is_wanted);
  if (groups.empty()) return;
  canvas.blank();
  canvas.heading(title, Paint::bold, false);
  for (const Group& group : groups) {
    const Finding& finding = group.first();
    const std::string margin(Canvas::kIndent, ' ');
    std::string name = finding.scenario;
    if (const std::string versions = versions_of(group); !versions.empty()) name += "  " + versions;
    canvas.line(margin + canvas.paint(canvas.fit(name, canvas.width() - Canvas::kIndent), Paint::quiet));
    const std::string& seen = finding.seen.empty() ? finding.title : finding.seen;
    const std::string what = excuse_of(finding).empty() ? seen
                                                        : fmt::format("{}: {}", verdict::to_text(finding.verdict),
                                                                      finding.waived ? finding.reason : seen);
    for (const std::string& line : canvas.fold(what, canvas.width() - Canvas::kIndent - 2, 4)) {
      canvas.line(margin + "  " + line);
    }
  }
}

// Skips, folded by what would be needed.
void write_skips(Canvas& canvas, const EndpointRun& run, bool applies, std::string_view heading) {
  struct Skip {
    std::vector<std::string> scenarios;
    size_t num = 0;
  };
  std::vector<std::string_view> order;
  std::map<std::string_view, Skip> by_reason;
  size_t total = 0;
  for (const Finding& finding : run.findings) {
    if (!is_skip(finding) || finding.applies != applies) continue;
    const auto [place, is_new] = by_reason.try_emplace(finding.reason);
    if (is_new) order.push_back(finding.reason);
    ++place->second.num;
    ++total;
    std::vector<std::string>& names = place->second.scenarios;
    if (std::ranges::find(names, finding.scenario) == names.end()) names.push_back(finding.scenario);
  }
  if (order.empty()) return;
  canvas.blank();
  canvas.heading(fmt::format("{}: {}", heading, total), applies ? Paint::caution : Paint::dim, false);
  const std::string margin(Canvas::kIndent, ' ');
  for (std::string_view reason : order) {
    const Skip& skip = by_reason[reason];
    const std::string why = reason.empty() ? "no reason was given" : std::string(reason);
    for (const std::string& line : canvas.fold(why, canvas.width() - Canvas::kIndent, 4)) canvas.line(margin + line);
    const std::string names = fmt::format("{}: {}", skip.num, join(skip.scenarios, ", "));
    for (const std::string& line : canvas.fold(names, canvas.width() - Canvas::kIndent - 2, 8)) {
      canvas.line(margin + "  " + canvas.paint(line, Paint::dim));
    }
  }
}

void write_remarks(Canvas& canvas, const EndpointRun& run) {
  canvas.field("fixed", run.fixed.empty() ? "" : "since the baseline: " + join(run.fixed, ", "), 4);
  for (size_t i = 0; i < run.notes.size() && i < kMaxNotes; ++i) canvas.field("note", run.notes[i], 4);
  if (run.notes.size() > kMaxNotes) canvas.field("", fmt::format("… {} more", run.notes.size() - kMaxNotes));
}

void write_endpoint(Canvas& canvas, const EndpointRun& run) {
  canvas.blank();
  write_what_it_is(canvas, run);
  write_remarks(canvas, run);
  write_table(canvas, run);
  write_stories(canvas, run);
  if (!canvas.style().verbose) {
    if (canvas.style().fail_on != verdict::FailOn::info) write_briefly(canvas, run, "for information", &is_info);
    write_briefly(canvas, run, "waived", &is_waived);
    write_briefly(canvas, run, "known from the baseline", &is_known);
  }
  write_skips(canvas, run, true, "could not be tested");
  write_skips(canvas, run, false, "does not apply here");
}

// Several endpoints: one line each, before the last line.
void write_overview(Canvas& canvas, const CheckRun& run) {
  if (run.endpoints.size() < 2) return;
  size_t width = 0;
  size_t name_width = 0;
  for (const EndpointRun& endpoint : run.endpoints) {
    width = std::max(width, conclusion_word(conclude(endpoint, canvas.style().fail_on)).size());
    const std::string& name = name_of(endpoint);
    name_width = std::max(name_width, display_width(make_safe(name, 60)));
  }
  name_width = std::min<size_t>(name_width, 24);
  const size_t left = canvas.width() - Canvas::kIndent - width - 2 - name_width - 2;
  for (const EndpointRun& endpoint : run.endpoints) {
    const Conclusion conclusion = conclude(endpoint, canvas.style().fail_on);
    const std::string& name = name_of(endpoint);
    const std::string counts = endpoint.unreachable ? "unreachable" : counts_text(verdict::count(endpoint));
    std::string line(Canvas::kIndent, ' ');
    line += canvas.paint(canvas.pad(conclusion_word(conclusion), width), conclusion_paint(conclusion)) + "  ";
    line += canvas.pad(name, name_width) + "  ";
    for (const std::string& part : canvas.fold(counts, left, 3)) {
      canvas.line(line + part);
      line.assign(canvas.width() - left, ' ');
    }
  }
  canvas.blank();
}

}  // namespace

std::string summary_line(const CheckRun& run) {
  std::string out = counts_text(verdict::count(run));
  const auto unreachable = std::ranges::count_if(run.endpoints, [](const EndpointRun& e) { return e.unreachable; });
  if (unreachable > 0) out += fmt::format(", {} endpoint{} unreachable", unreachable, unreachable == 1 ? "" : "s");
  if (run.interrupted) out += ", interrupted";
  return out;
}

std::string write_text(const CheckRun& run, const Style& style) {
  Canvas canvas(style);
  for (const EndpointRun& endpoint : run.endpoints) write_endpoint(canvas, endpoint);
  canvas.blank();
  canvas.heading(fmt::format("tlsproof {}", run.tool_version), Paint::dim, true);
  write_overview(canvas, run);
  size_t num_attempts = 0;
  for (const EndpointRun& endpoint : run.endpoints) num_attempts += endpoint.attempts.size();
  write_conclusion(canvas, conclude(run, canvas.style().fail_on), summary_line(run));
  const std::string margin(Canvas::kIndent, ' ');
  canvas.line(margin + canvas.paint(canvas.fit(fmt::format("{} connection{} in {}, {}", num_attempts,
                                                           num_attempts == 1 ? "" : "s", seconds(run.duration_ns),
                                                           format_utc(run.start_wall_ns / 1'000'000'000)),
                                               canvas.width() - Canvas::kIndent),
                                    Paint::dim));
  return canvas.take();
}

}  // namespace tlsproof::report
