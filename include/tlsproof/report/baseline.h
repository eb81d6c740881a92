// An earlier JSON report, so that only what is new fails.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "tlsproof/base/error.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

inline constexpr size_t kMaxBaselineLen = size_t{256} << 20;

struct Baseline {
  struct Entry {
    verdict::Verdict verdict = verdict::Verdict::fail;  // fail, warn or info
    std::string wanted;
    std::string seen;
  };
  std::string path;
  // By label, then by id, both as reports write them. What was waived is not here: a waiver ends on its day.
  std::map<std::string, std::map<std::string, Entry, std::less<>>, std::less<>> endpoints;
};

// Reads a report of `check --format json`. Usage errors name the file: unreadable, longer than kMaxBaselineLen, no
// JSON, no report of ours, another version of its schema.
[[nodiscard]] Result<Baseline> load_baseline(const std::string& path);
[[nodiscard]] Result<Baseline> parse_baseline(std::string_view json, const std::string& path);

// A usage error when it has none of these endpoints: it would excuse nothing, and is likely to be another one's.
[[nodiscard]] Status check_baseline(const Baseline& baseline, std::span<const std::string> labels);

// Marks as `known` each fail and warn (with fail_on info each info too) that the baseline has for the same endpoint and
// id, if it was held to the same expectation, and has the same verdict and the same seen (but for days that have passed
// since) or is a warn that was a fail: a second fault of the same check is new. Notes what the baseline has where that
// is something else. Lists in `fixed` what passes now. A waived finding stays waived; an error or inconclusive is never
// made good.
void apply_baseline(const Baseline& baseline, verdict::FailOn fail_on, verdict::CheckRun& run);

}  // namespace tlsproof::report
