// Conditions on a measurement: what fails a build, and what a rate must hold to count as held.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {

// "p99>20ms", "rate<1000", "errors>0", "errors>0.1%", "connect.p50>=1ms", "server_us>700", "resumed<99%".
//
// Times (ns, us, ms, s): any percentile, min, mean and max of the handshake, or of a phase: "lag.p99". Numbers: rate
// (completed a second), client_us and server_us (CPU a handshake). Numbers or percentages: completed, errors (of all
// that ended), resumed (of those that asked for it). Percentages: client_busy (the busiest thread).
struct Condition {
  std::string text;    // as it was written
  std::string figure;  // "p99", "connect.p50", "rate", "errors", "client_us", "server_us", "resumed", "lag.p99"
  enum class Relation : uint8_t { less, less_or_equal, greater, greater_or_equal } relation = Relation::greater;
  double bound = 0;       // seconds for times, µs for client_us and server_us, a fraction for percentages
  bool is_share = false;  // the bound was a percentage
};
// Usage errors say what is wrong with it and what figures there are.
[[nodiscard]] Result<Condition> parse_condition(std::string_view text);

struct GateResult {
  Condition condition;
  enum class Holds : uint8_t { yes, no, unknown } holds = Holds::unknown;
  double measured = 0;  // in the unit of the bound
  std::string text;     // "p99 is 31.2 ms, over 20 ms"
};
// Of all repeats together. `unknown` is no "no": a build that needs the figure has not got it. That is so of what was
// not measured, and of a time among so many failures that it would have come out otherwise with them as the slowest
// (more than a percentile leaves above it; of a mean, one in a hundred), unless a condition is about errors.
[[nodiscard]] std::vector<GateResult> judge(std::span<const Condition> conditions, const BenchRun& run);

}  // namespace tlsproof::load
