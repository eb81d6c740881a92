// Whether two benchmarks differ, and by how much.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {

// One figure of a run, one value a repeat; 0 where that repeat did not measure it.
struct Series {
  std::string name;  // stable: "rate", "client_us", "server_us", "p50_ms", "p99_ms", "connect_p50_ms", …
  std::string unit;  // "handshakes/s", "µs", "ms"
  bool higher_is_better = false;
  std::vector<double> values;
};
// Those that at least one repeat measured. p99.9_ms only where each repeat has ten samples beyond it.
[[nodiscard]] std::vector<Series> series_of(const BenchRun& run);

struct Comparison {
  std::string name, unit;
  bool higher_is_better = false;
  double a = 0, b = 0;  // medians
  // b / a: of the geometric means (paired: the geometric mean of the pairs' ratios), which the interval is around;
  // where there is no interval, of the medians; 0 where a is 0.
  double ratio = 0;
  double low = 0, high = 0;  // 95 % confidence interval of the ratio; 0 where too few repeats give none
  enum class Verdict : uint8_t { better, worse, noise, unknown } verdict = Verdict::unknown;  // of b, seen from a
};
// `paired`: value i of both was measured in the same turn (run_interleaved), which takes out what changed over time.
// The interval is Student's t over the logarithms of the values (not paired: Welch's). Fewer than 3 values on a side,
// or one that was not measured: unknown. The verdict is `noise` where the interval holds 1. Series that only one side
// has are left out.
[[nodiscard]] std::vector<Comparison> compare(std::span<const Series> a, std::span<const Series> b, bool paired);

// Why two runs must not be compared: "verification differs: cached and none". Empty: they may. What each connection
// asks for may differ: what a resumption saves is a fair question.
[[nodiscard]] std::string incomparable(const Plan& a, const Plan& b);

}  // namespace tlsproof::load
