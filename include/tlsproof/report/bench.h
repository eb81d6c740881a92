// What `tlsproof bench` reports, and the formats in which it is written: a table, one row each.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/load/bench_run.h"
#include "tlsproof/load/compare.h"
#include "tlsproof/load/find_max.h"
#include "tlsproof/load/gate.h"
#include "tlsproof/report/style.h"

namespace tlsproof::report {

inline constexpr std::string_view kBenchSchema = "tlsproof-bench/1";

// One load: of --versus there are two.
struct BenchSide {
  load::BenchRun run;
  std::string command;  // plays just this side again; empty: not known
  std::string sample;   // a few connections of it, for one who looks for the cause of an error; empty: not known
  std::vector<load::GateResult> gates;
  // The pcapng file of each replay of `run`, as a path for the user.
  std::map<const session::AttemptResult*, std::string> evidence;
};

struct BenchReport {
  std::string tool_version;
  int64_t start_wall_ns = 0;
  std::string command;           // as it was given, for a shell; empty: not known
  std::vector<BenchSide> sides;  // one or two
  // Of two sides, B seen from A. Empty with `incomparable` where they must not be compared.
  std::vector<load::Comparison> comparison;
  std::string incomparable;
  bool paired = false;  // both were measured in turn
  // --find-max; the side is then the best rate's trials, without any repeat when no rate held.
  std::optional<load::FindMax> find_max;
  std::vector<load::Condition> objectives;
  bool interrupted = false;
};

// What the whole comes to; the same in every format, and never at odds with bench_exit_status().
enum class BenchConclusion {
  measured,    // 0
  failed,      // 1: a gate's condition is true, or no rate held
  incomplete,  // 3: nothing completed on a side, a gate's figure was not measured, nothing can be compared
  interrupted,
};
[[nodiscard]] BenchConclusion conclude(const BenchReport& report);
[[nodiscard]] std::string_view to_text(BenchConclusion conclusion);  // "measured"
// 130 interrupted; 1 failed; 3 incomplete; 0. 1 beats 3.
[[nodiscard]] int bench_exit_status(const BenchReport& report);
// Why it is failed or incomplete: one sentence each.
[[nodiscard]] std::vector<std::string> reasons(const BenchReport& report);

struct BenchFormat {
  std::string_view name;     // what --format and --report take: "text"
  std::string_view purpose;  // "for people, at a terminal"
  std::string (*write)(const BenchReport& report, const Style& style);
};
[[nodiscard]] std::span<const BenchFormat> bench_formats();
// nullptr when there is none of this name.
[[nodiscard]] const BenchFormat* find_bench_format(std::string_view name);

// For a person, at `style.width` columns. Whatever a peer controls is escaped and cut; the ladder of the first failure
// of each class is drawn.
[[nodiscard]] std::string write_bench_text(const BenchReport& report, const Style& style = {});

// reports/schema/bench.schema.json describes it. Every histogram has its bucket counts. Times are nanoseconds.
[[nodiscard]] std::string write_bench_json(const BenchReport& report, const Style& style = {});

// A line for each second of each repeat of each side, under a line of names (RFC 4180).
[[nodiscard]] std::string write_bench_csv(const BenchReport& report, const Style& style = {});

// A test suite a side, a test case a gate; one more that says whether it was measured at all.
[[nodiscard]] std::string write_bench_junit(const BenchReport& report, const Style& style = {});

// One picture, self-contained: latencies by percentile, throughput and errors over time. No script, no font, no link.
[[nodiscard]] std::string write_bench_svg(const BenchReport& report, const Style& style = {});

}  // namespace tlsproof::report
