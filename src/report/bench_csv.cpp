#include <fmt/format.h>

#include "bench_figures.h"
#include "safe.h"
#include "tlsproof/report/bench.h"

namespace tlsproof::report {
namespace {

// RFC 4180 §2: quotes around, and those inside doubled. A spreadsheet takes what begins with one of "=+-@" for a
// formula: a label cannot be one.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  const std::string safe = make_safe(text, 300);
  if (!safe.empty() && std::string_view("=+-@").contains(safe.front())) out += '\'';
  for (const char c : safe) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string write_bench_csv(const BenchReport& report, const Style&) {
  std::string out = "side,repeat,second,started,completed,failed,open,queued,p50_ms,p90_ms,p99_ms,p99_9_ms,max_ms\r\n";
  for (const BenchSide& side : report.sides)
    for (size_t repeat = 0; repeat < side.run.repeats.size(); ++repeat) {
      const auto& seconds = side.run.repeats[repeat].seconds;
      for (size_t i = 0; i < seconds.size(); ++i) {
        const load::Second& second = seconds[i];
        out += fmt::format("{},{},{},{},{},{},{},{}", quoted(side_name(side.run.plan)), repeat + 1, i + 1,
                           second.started, second.completed, second.failed, second.open, second.queued);
        for (const double percent : {50.0, 90.0, 99.0, 99.9, 100.0}) {
          // Empty, not 0, where nothing completed.
          out += ',';
          if (!second.finished.empty())
            out += fmt::format(
                "{:.4f}",
                static_cast<double>(percent < 100 ? second.finished.percentile(percent) : second.finished.max()) / 1e6);
        }
        out += "\r\n";
      }
    }
  return out;
}

}  // namespace tlsproof::report
