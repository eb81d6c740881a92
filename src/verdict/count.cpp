// Counting findings, and the exit status that follows from them.
#include <algorithm>

#include "tlsproof/verdict/verdict.h"

namespace tlsproof::verdict {
namespace {

size_t& slot(Counts& counts, Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return counts.pass;
    case Verdict::fail:
      return counts.fail;
    case Verdict::warn:
      return counts.warn;
    case Verdict::info:
      return counts.info;
    case Verdict::skip:
      return counts.skip;
    case Verdict::inconclusive:
      return counts.inconclusive;
    case Verdict::error:
      return counts.error;
  }
  return counts.error;
}

void add(Counts& counts, const EndpointRun& run) {
  for (const Finding& finding : run.findings) {
    // What could not be tested is not made good by having been so before.
    const bool is_known =
        finding.known && finding.verdict != Verdict::error && finding.verdict != Verdict::inconclusive;
    size_t& place = finding.waived ? counts.waived : is_known ? counts.known : slot(counts, finding.verdict);
    ++place;
    if (&place == &counts.skip && !finding.applies) ++counts.not_applicable;
  }
}

}  // namespace

bool is_judged(const Finding& finding) {
  return finding.verdict == Verdict::pass || finding.verdict == Verdict::fail || finding.verdict == Verdict::warn;
}

bool is_held_against(const Finding& finding, FailOn fail_on) {
  if (finding.waived || finding.known) return false;
  switch (finding.verdict) {
    case Verdict::fail:
      return fail_on != FailOn::none;
    case Verdict::warn:
      return fail_on == FailOn::warn || fail_on == FailOn::info;
    case Verdict::info:
      return fail_on == FailOn::info;
    case Verdict::pass:
    case Verdict::skip:
    case Verdict::inconclusive:
    case Verdict::error:
      return false;
  }
  return true;
}

bool is_incomplete(const EndpointRun& run) {
  if (run.unreachable || !run.error.empty()) return true;
  const Counts counts = count(run);
  // Each endpoint by itself: one that was judged says nothing about one that was not.
  return counts.error + counts.inconclusive > 0 || std::ranges::none_of(run.findings, is_judged);
}

Counts count(const EndpointRun& run) {
  Counts counts;
  add(counts, run);
  return counts;
}

Counts count(const CheckRun& run) {
  Counts counts;
  for (const EndpointRun& endpoint : run.endpoints) add(counts, endpoint);
  return counts;
}

int exit_status(const CheckRun& run, FailOn fail_on) {
  if (run.interrupted) return 130;
  for (const EndpointRun& endpoint : run.endpoints)
    for (const Finding& finding : endpoint.findings)
      if (is_held_against(finding, fail_on)) return 1;
  if (run.endpoints.empty() || std::ranges::any_of(run.endpoints, is_incomplete)) return 3;
  return 0;
}

}  // namespace tlsproof::verdict
