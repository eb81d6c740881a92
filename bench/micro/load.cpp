// uses: tests/unit/x509/make_certificate.cpp
// What the load generator adds to a handshake, one step at a time. The steps of the handshake itself are in tls.cpp and
// crypto.cpp.
#include <benchmark/benchmark.h>

#include "src/load/chain_cache.h"
#include "src/load/quiet.h"
#include "src/load/schedule.h"
#include "tlsproof/load/histogram.h"
#include "unit/x509/make_certificate.h"

namespace tlsproof::load {
namespace {

// Latencies from 0.1 to 100 ms, each in another bucket than the one before.
std::vector<int64_t> latencies() {
  SeededRandom random(1, 2, 3);
  std::vector<int64_t> all(4096);
  for (int64_t& one : all) one = static_cast<int64_t>(100'000 * (1 + random.next_unit() * 999));
  return all;
}

void histogram_record(benchmark::State& state) {
  const auto values = latencies();
  Histogram histogram;
  size_t at = 0;
  for (auto _ : state) histogram.record(values[at++ % values.size()]);
  benchmark::DoNotOptimize(histogram);
}
BENCHMARK(histogram_record);

void histogram_percentile(benchmark::State& state) {
  Histogram histogram;
  for (const int64_t value : latencies()) histogram.record(value);
  for (auto _ : state) benchmark::DoNotOptimize(histogram.percentile(99));
}
BENCHMARK(histogram_percentile);

void histogram_merge(benchmark::State& state) {
  Histogram histogram, sum;
  for (const int64_t value : latencies()) histogram.record(value);
  for (auto _ : state) sum.merge(histogram);
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(histogram_merge);

void schedule_next(benchmark::State& state) {
  const auto loop = state.range(0) == 0 ? Arrivals::Loop::constant : Arrivals::Loop::poisson;
  Schedule schedule({.loop = loop, .rate = 10'000}, 1, 1, 1, 0, 2);
  for (auto _ : state) benchmark::DoNotOptimize(schedule.next_ns());
}
BENCHMARK(schedule_next)->ArgName("poisson")->Arg(0)->Arg(1);

void kind_next(benchmark::State& state) {
  KindPicker picker({{Kind::full, 70}, {Kind::psk, 25}, {Kind::early_data, 5}}, 1, 0);
  for (auto _ : state) benchmark::DoNotOptimize(picker.next());
}
BENCHMARK(kind_next);

void quiet_completed(benchmark::State& state) {
  QuietTimes quiet;
  quiet.reserve(60'000'000'000);
  int64_t ns = 0;
  for (auto _ : state) quiet.completed((ns += 50'000) % 60'000'000'000);
  benchmark::DoNotOptimize(quiet);
}
BENCHMARK(quiet_completed);

// A leaf and its intermediate, some 1,100 bytes, under an anchor.
struct Chain {
  x509::test::Identity root = x509::test::make(x509::test::ca_spec("Root"));
  x509::test::Identity middle = x509::test::make(x509::test::ca_spec("Middle", &root));
  x509::TrustAnchors anchors = x509::TrustAnchors::from_certificates(std::array{root.certificate}, "a benchmark's");
  [[nodiscard]] ByteList sent(int number) const {
    x509::test::Spec spec = x509::test::leaf_spec(&middle);
    spec.serial = std::to_string(1'000'000 + number);
    ByteList chain;
    chain.push_back(x509::test::make(spec).der());
    chain.push_back(middle.der());
    return chain;
  }
};

// How many other chains are remembered: those of a server with so many names.
void chain_cache_hit(benchmark::State& state) {
  const Chain chain;
  ChainCache cache;
  for (int i = 0; i < state.range(0); ++i) (void)cache.check(chain.sent(i), "", chain.anchors, x509::test::kNow);
  const ByteList sent = chain.sent(static_cast<int>(state.range(0)));
  (void)cache.check(sent, "", chain.anchors, x509::test::kNow);
  const size_t before = cache.num_validated();
  for (auto _ : state) benchmark::DoNotOptimize(cache.check(sent, "", chain.anchors, x509::test::kNow));
  if (cache.num_validated() != before) state.SkipWithError("it was validated again");
}
BENCHMARK(chain_cache_hit)->Arg(0)->Arg(100);

// What a hit saves, and what Verification::full costs each time.
void chain_validated(benchmark::State& state) {
  const Chain chain;
  const ByteList sent = chain.sent(0);
  for (auto _ : state) {
    const ChainVerdict verdict = validate_chain(sent, "", chain.anchors, x509::test::kNow);
    if (!verdict.holds) state.SkipWithError(verdict.text.c_str());
  }
}
BENCHMARK(chain_validated);

}  // namespace
}  // namespace tlsproof::load
