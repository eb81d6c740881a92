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
    ++(finding.waived ? counts.waived : slot(counts, finding.verdict));
    if (!finding.waived && finding.verdict == Verdict::skip && !finding.applies) ++counts.not_applicable;
  }
}

bool has_findings_at(const Counts& counts, FailOn fail_on) {
  switch (fail_on) {
    case FailOn::none:
      return false;
    case FailOn::fail:
      return counts.fail > 0;
    case FailOn::warn:
      return counts.fail + counts.warn > 0;
    case FailOn::info:
      return counts.fail + counts.warn + counts.info > 0;
  }
  return true;
}

// A verdict that says something about the endpoint. A waiver accepts what was judged; it judges nothing by itself.
bool is_judged(const Finding& finding) {
  return finding.verdict == Verdict::pass || finding.verdict == Verdict::fail || finding.verdict == Verdict::warn;
}

bool is_incomplete(const EndpointRun& run) {
  if (run.unreachable || !run.error.empty()) return true;
  const Counts counts = count(run);
  // Each endpoint by itself: one that was judged says nothing about one that was not.
  return counts.error + counts.inconclusive > 0 || std::ranges::none_of(run.findings, is_judged);
}

}  // namespace

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
  if (has_findings_at(count(run), fail_on)) return 1;
  if (run.endpoints.empty() || std::ranges::any_of(run.endpoints, is_incomplete)) return 3;
  return 0;
}

}  // namespace tlsproof::verdict
