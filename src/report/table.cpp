#include "table.h"

#include <algorithm>
#include <map>

#include "conclusion.h"
#include "group.h"
#include "safe.h"
#include "story.h"
#include "tlsproof/base/text.h"

namespace tlsproof::report {
namespace {

using verdict::Finding;
using verdict::Verdict;

constexpr size_t kMinTitle = 24;  // columns below which a title says nothing
constexpr size_t kMaxLines = 4;   // of names of one verdict in one folder
constexpr size_t kMaxVersions = 15;
constexpr size_t kIndent = Canvas::kIndent + 2;

std::string_view folder_of(const Finding& finding) {
  const size_t slash = finding.scenario.rfind('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(finding.scenario).substr(0, slash);
}
std::string_view name_of(const Finding& finding) {
  return std::string_view(finding.scenario).substr(finding.scenario.rfind('/') + 1);
}

bool is_folded(const Finding& finding) {
  return excuse_of(finding).empty() && (finding.verdict == Verdict::pass || finding.verdict == Verdict::info);
}
bool is_skip(const Finding& finding) {
  return excuse_of(finding).empty() && finding.verdict == Verdict::skip;
}

struct Folder {
  std::string_view name;
  verdict::EndpointRun part;  // its findings alone, for the counts
  std::vector<Group> rows;
};

std::vector<Folder> folders_of(const verdict::EndpointRun& run) {
  std::vector<Folder> folders;
  std::map<std::string_view, size_t> places;
  for (Group& row : group_rows(run)) {
    const std::string_view name = folder_of(row.first());
    const auto [place, is_new] = places.try_emplace(name, folders.size());
    if (is_new) folders.push_back({name, {}, {}});
    Folder& folder = folders[place->second];
    for (const Finding* finding : row.findings) {
      Finding& counted = folder.part.findings.emplace_back();
      counted.verdict = finding->verdict;
      counted.applies = finding->applies;
      counted.waived = finding->waived;
      counted.known = finding->known;
    }
    folder.rows.push_back(std::move(row));
  }
  for (Folder& folder : folders)
    std::ranges::stable_sort(folder.rows, {}, [](const Group& row) { return verdict_rank(row.first()); });
  return folders;
}

// Columns are as wide as what stands in them, within reason, and the same for the whole endpoint.
struct Widths {
  size_t label = 4, name = 0, versions = 0;
};

void write_row(Canvas& canvas, const Group& row, const Widths& widths) {
  const Finding& finding = row.first();
  const size_t used = kIndent + widths.label + 2 + widths.name + 2 + widths.versions + 2;
  const size_t left = canvas.width() - std::min(canvas.width(), used);
  std::string line(kIndent, ' ');
  line += canvas.paint(canvas.pad(verdict_label(finding), widths.label), verdict_paint(finding)) + "  ";
  line += canvas.pad(name_of(finding), widths.name) + "  " + canvas.pad(versions_of(row), widths.versions);
  if (left >= kMinTitle) line += "  " + canvas.paint(canvas.fit(finding.title, left), Paint::dim);
  canvas.line(line);
}

// "PASS  chain_complete, chain_valid 1.3, …": the versions where others of the scenario stand elsewhere.
void write_names(Canvas& canvas, const Folder& folder, Verdict verdict, const Widths& widths) {
  std::vector<std::string> names;
  const Finding* shown = nullptr;
  for (const Group& row : folder.rows) {
    const Finding& finding = row.first();
    if (!is_folded(finding) || finding.verdict != verdict) continue;
    shown = &finding;
    std::string name(name_of(finding));
    const auto num_rows = std::ranges::count_if(folder.rows, [&](const Group& other) {
      return other.first().scenario == finding.scenario && !is_skip(other.first());
    });
    if (num_rows > 1) name += " " + versions_of(row);
    names.push_back(std::move(name));
  }
  if (shown == nullptr) return;
  std::string left(kIndent, ' ');
  left += canvas.paint(canvas.pad(verdict_label(*shown), widths.label), verdict_paint(*shown)) + "  ";
  for (const std::string& line :
       canvas.fold(join(names, ", "), canvas.width() - kIndent - widths.label - 2, kMaxLines)) {
    canvas.line(left + canvas.paint(line, Paint::dim));
    left.assign(kIndent + widths.label + 2, ' ');
  }
}

}  // namespace

void write_table(Canvas& canvas, const verdict::EndpointRun& run) {
  const std::vector<Folder> folders = folders_of(run);
  const bool is_verbose = canvas.style().verbose;
  auto has_row = [&](const Group& row) { return is_verbose || !(is_folded(row.first()) || is_skip(row.first())); };
  Widths widths;
  for (const Folder& folder : folders) {
    for (const Group& row : folder.rows) {
      if (!is_verbose && is_skip(row.first())) continue;
      widths.label = std::max(widths.label, verdict_label(row.first()).size());
      if (!has_row(row)) continue;
      widths.name = std::max(widths.name, display_width(make_safe(name_of(row.first()), 200)));
      widths.versions = std::max(widths.versions, display_width(make_safe(versions_of(row), 60)));
    }
  }
  widths.versions = std::min(widths.versions, kMaxVersions);
  const size_t fixed = kIndent + widths.label + 2 + 2 + widths.versions;
  widths.name = std::min(widths.name, canvas.width() - std::min(canvas.width(), fixed));
  for (const Folder& folder : folders) {
    if (!is_verbose && std::ranges::all_of(folder.rows, [](const Group& row) { return is_skip(row.first()); }))
      continue;
    canvas.blank();
    const std::string name = canvas.fit(folder.name.empty() ? "-" : folder.name, canvas.width() / 2);
    std::string left = std::string(Canvas::kIndent, ' ') + canvas.paint(name, Paint::bold) + "  ";
    const size_t margin = Canvas::kIndent + display_width(name) + 2;
    for (const std::string& line : canvas.fold(counts_text(verdict::count(folder.part)), canvas.width() - margin, 4)) {
      canvas.line(left + line);
      left.assign(margin, ' ');
    }
    for (const Group& row : folder.rows)
      if (has_row(row)) write_row(canvas, row, widths);
    if (is_verbose) continue;
    write_names(canvas, folder, Verdict::pass, widths);
    write_names(canvas, folder, Verdict::info, widths);
  }
}

}  // namespace tlsproof::report
