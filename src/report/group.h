// Findings that say the same of several cases of a scenario (mostly: of several TLS versions), put together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

// "waived" or "known" for a finding that does not count; else empty. A waiver goes first.
[[nodiscard]] std::string_view excuse_of(const verdict::Finding& finding);

// Borrows from the run.
struct Group {
  std::vector<const verdict::Finding*> findings;  // never empty
  [[nodiscard]] const verdict::Finding& first() const { return *findings.front(); }
  // The one whose proof and replay are shown: of several TLS versions the newest.
  [[nodiscard]] const verdict::Finding& shown() const { return *findings.back(); }
};

// By scenario, verdict and excuse: a row of the table each. In the order of the plan.
[[nodiscard]] std::vector<Group> group_rows(const verdict::EndpointRun& run);
// The findings for which `wanted` is true, by all that a story tells.
[[nodiscard]] std::vector<Group> group_stories(const verdict::EndpointRun& run,
                                               bool (*is_wanted)(const verdict::Finding& finding));

// What is told at once: one group; or several that could not be judged for one and the same reason.
struct Story {
  std::vector<Group> groups;  // never empty
  [[nodiscard]] const verdict::Finding& first() const { return groups.front().first(); }
  [[nodiscard]] bool is_folded() const { return groups.size() > 1; }
};
// group_stories, the worst first, each kind in the order of the plan; errors and inconclusives folded by their reason.
[[nodiscard]] std::vector<Story> stories_of(const verdict::EndpointRun& run,
                                            bool (*is_wanted)(const verdict::Finding& finding));
// "24 cases of 12 scenarios".
[[nodiscard]] std::string cases_of(const Story& story);

// The worst first: fail, error, inconclusive, warn, info, pass, skip; after them all what is waived or known.
[[nodiscard]] size_t verdict_rank(const verdict::Finding& finding);

// "1.2 1.3": the values of `tls` in the case ids, each once; empty when there are none.
[[nodiscard]] std::string versions_of(const Group& group);
// What else tells its cases apart: "method=64" for one, "12 cases" for many; empty when the versions say it all.
[[nodiscard]] std::string other_cases_of(const Group& group);

}  // namespace tlsproof::report
