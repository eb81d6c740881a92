// What it costs to judge one connection by every rule.
// uses: tests/unit/rules/script.cpp tests/unit/rules/honest.cpp
#include <benchmark/benchmark.h>

#include "tests/unit/rules/script.h"
#include "tlsproof/base/random.h"
#include "tlsproof/rules/repeats.h"

namespace tlsproof::rules_test {
namespace {

void judge(benchmark::State& state, std::string_view name) {
  const Judged judged(honest(name));
  std::vector<rules::Violation> violations;
  std::vector<rules::FreshValue> fresh;
  for (auto _ : state) {
    violations.clear();
    fresh.clear();
    rules::judge(judged.facts(), violations, &fresh);
    benchmark::DoNotOptimize(violations);
  }
}
BENCHMARK_CAPTURE(judge, tls13, "tls13");
BENCHMARK_CAPTURE(judge, tls13_no_keys, "tls13_no_keys");
BENCHMARK_CAPTURE(judge, tls13_client_auth, "tls13_client_auth");
BENCHMARK_CAPTURE(judge, tls12, "tls12");
BENCHMARK_CAPTURE(judge, tls12_no_keys, "tls12_no_keys");
BENCHMARK_CAPTURE(judge, tls12_renegotiated, "tls12_renegotiated");
BENCHMARK_CAPTURE(judge, quic, "quic");

// What is fresh of one connection among those before it.
void repeats(benchmark::State& state) {
  const Judged judged(honest("tls13"));
  std::vector<rules::Violation> violations;
  std::vector<rules::FreshValue> fresh;
  rules::judge(judged.facts(), violations, &fresh);
  rules::Repeats repeats;
  SeededRandom random(1);
  uint64_t number = 0;
  for (auto _ : state) {
    for (rules::FreshValue& value : fresh) random.fill(value.digest);
    repeats.judge(fresh, ++number, violations);
  }
  if (!violations.empty()) state.SkipWithError("a random value came again");
}
BENCHMARK(repeats);

}  // namespace
}  // namespace tlsproof::rules_test
