#include "group.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "tlsproof/base/text.h"

namespace tlsproof::report {
namespace {

using verdict::Finding;

template <class MakeKey>
std::vector<Group> group_by(const std::vector<Finding>& findings, MakeKey&& make_key,
                            bool (*is_wanted)(const Finding&)) {
  std::vector<Group> groups;
  std::map<std::vector<std::string_view>, size_t> places;
  for (const Finding& finding : findings) {
    if (is_wanted != nullptr && !is_wanted(finding)) continue;
    const auto [place, is_new] = places.try_emplace(make_key(finding), groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].findings.push_back(&finding);
  }
  return groups;
}

// The parts of "[tls=1.3,method=64]".
struct CaseParts {
  std::string version;
  std::string others;
};
CaseParts split_case(std::string_view case_id) {
  CaseParts parts;
  if (case_id.starts_with('[')) case_id.remove_prefix(1);
  if (case_id.ends_with(']')) case_id.remove_suffix(1);
  if (case_id.empty()) return parts;
  for (const std::string& part : split(case_id, ',')) {
    if (part.starts_with("tls=") && parts.version.empty()) {
      parts.version = part.substr(4);
    } else {
      parts.others += (parts.others.empty() ? "" : " ") + part;
    }
  }
  return parts;
}

std::vector<std::string> distinct(std::vector<std::string> words) {
  std::ranges::sort(words);
  words.erase(std::ranges::unique(words).begin(), words.end());
  return words;
}

}  // namespace

std::string_view excuse_of(const Finding& finding) {
  return finding.waived ? "waived" : finding.known ? "known" : "";
}

std::vector<Group> group_rows(const verdict::EndpointRun& run) {
  return group_by(
      run.findings,
      [](const Finding& f) {
        return std::vector<std::string_view>{f.scenario, verdict::to_text(f.verdict), excuse_of(f)};
      },
      nullptr);
}

std::vector<Group> group_stories(const verdict::EndpointRun& run, bool (*is_wanted)(const Finding& finding)) {
  return group_by(
      run.findings,
      [](const Finding& f) {
        return std::vector<std::string_view>{
            f.scenario, verdict::to_text(f.verdict), excuse_of(f), f.title, f.wanted, f.seen, f.why, f.fix, f.reason};
      },
      is_wanted);
}

size_t verdict_rank(const Finding& finding) {
  constexpr verdict::Verdict kOrder[] = {
      verdict::Verdict::fail, verdict::Verdict::error, verdict::Verdict::inconclusive, verdict::Verdict::warn,
      verdict::Verdict::info, verdict::Verdict::pass,  verdict::Verdict::skip};
  const auto place = std::ranges::find(kOrder, finding.verdict) - std::begin(kOrder);
  return static_cast<size_t>(place) + (excuse_of(finding).empty() ? 0 : std::size(kOrder));
}

std::vector<Story> stories_of(const verdict::EndpointRun& run, bool (*is_wanted)(const verdict::Finding& finding)) {
  std::vector<Story> stories;
  std::map<std::vector<std::string_view>, size_t> places;
  for (Group& group : group_stories(run, is_wanted)) {
    const Finding& finding = group.first();
    const bool may_fold =
        (finding.verdict == verdict::Verdict::error || finding.verdict == verdict::Verdict::inconclusive) &&
        excuse_of(finding).empty() && !finding.reason.empty() && finding.repeats.empty();
    if (may_fold) {
      const auto [place, is_new] =
          places.try_emplace({verdict::to_text(finding.verdict), finding.reason}, stories.size());
      if (!is_new) {
        stories[place->second].groups.push_back(std::move(group));
        continue;
      }
    }
    stories.emplace_back().groups.push_back(std::move(group));
  }
  std::ranges::stable_sort(stories, {}, [](const Story& story) { return verdict_rank(story.first()); });
  return stories;
}

std::string cases_of(const Story& story) {
  size_t num_cases = 0;
  std::vector<std::string> scenarios;
  for (const Group& group : story.groups) {
    num_cases += group.findings.size();
    scenarios.push_back(group.first().scenario);
  }
  const size_t num_scenarios = distinct(std::move(scenarios)).size();
  return fmt::format("{} cases of {} scenario{}", num_cases, num_scenarios, num_scenarios == 1 ? "" : "s");
}

std::string versions_of(const Group& group) {
  std::vector<std::string> versions;
  for (const Finding* finding : group.findings) {
    std::string version = split_case(finding->case_id).version;
    if (!version.empty()) versions.push_back(std::move(version));
  }
  versions = distinct(std::move(versions));
  // SSL 3.0 is older than any TLS.
  std::ranges::stable_partition(versions, [](const std::string& version) { return version.starts_with("ssl"); });
  return join(versions, " ");
}

std::string other_cases_of(const Group& group) {
  std::vector<std::string> others;
  others.reserve(group.findings.size());
  for (const Finding* finding : group.findings) others.push_back(split_case(finding->case_id).others);
  others = distinct(std::move(others));
  return others.size() == 1 ? others.front() : fmt::format("{} cases", others.size());
}

}  // namespace tlsproof::report
