// Reading the JSON reports of `tlsproof bench` again: to compare two runs, and to put the shards of one together.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/report/bench.h"

namespace tlsproof::report {

inline constexpr size_t kMaxBenchReportLen = size_t{256} << 20;

// The loads of a report: the plan as far as a report tells it (no keys, no anchors but their description, no client
// configuration but versions, suites, groups, schemes, names and ALPN), and every measurement with its histograms,
// which is all that series_of, judge and the reports look at. Replays are not in it. Usage errors name the file:
// unreadable, longer than kMaxBenchReportLen, no JSON, no report of ours, another version of its schema, figures that
// cannot be.
[[nodiscard]] Result<std::vector<BenchSide>> load_bench_report(const std::string& path);
[[nodiscard]] Result<std::vector<BenchSide>> parse_bench_report(std::string_view json, const std::string& path);

// The shards of one load as one: counts and histograms of the same repeat and the same second added. Usage errors: not
// every shard is there once, they are of different plans, do not have as many repeats, or did not run at the same time
// (nine tenths of it). `paths` are for messages.
[[nodiscard]] Result<BenchSide> merge_shards(std::span<const BenchSide> shards, std::span<const std::string> paths);

}  // namespace tlsproof::report
