// Conditions on a measurement: what fails a build, and what a rate must hold to count as held.
#pragma once

#include <string>
#include <vector>

#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {

// "p99>20ms", "rate<1000", "errors>0", "errors>0.1%", "connect.p50>=1ms", "server_us>700", "resumed<99%".
struct Condition {
  std::string text;    // as it was written
  std::string figure;  // "p99", "connect.p50", "rate", "errors", "client_us", "server_us", "resumed", "lag.p99"
  enum class Relation : uint8_t { less, less_or_equal, greater, greater_or_equal } relation = Relation::greater;
  double bound = 0;       // seconds for times, a fraction for percentages
  bool is_share = false;  // the bound was a percentage
};
// Usage errors say what is wrong with it and what figures there are.
[[nodiscard]] Result<Condition> parse_condition(std::string_view text);

struct GateResult {
  Condition condition;
  enum class Holds : uint8_t { yes, no, unknown } holds = Holds::unknown;  // unknown: the figure was not measured
  double measured = 0;
  std::string text;  // "p99 is 31.2 ms, over 20 ms"
};
// Of all repeats together.
[[nodiscard]] std::vector<GateResult> judge(std::span<const Condition> conditions, const BenchRun& run);

}  // namespace tlsproof::load
