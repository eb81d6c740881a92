// What it costs to show one connection that was read and judged.
// uses: tests/unit/rules/script.cpp tests/unit/rules/honest.cpp
#include <benchmark/benchmark.h>

#include "tests/unit/rules/script.h"
#include "tlsproof/view/block.h"
#include "tlsproof/view/json.h"
#include "tlsproof/view/summary.h"
#include "tlsproof/view/tree.h"

namespace tlsproof::view {
namespace {

using rules_test::honest;
using rules_test::Judged;

struct Shown {
  explicit Shown(std::string_view name) : judged(honest(name)) {
    passage.layer = "TCP";
    passage.first_packet = 1'234'567;
    passage.last_packet = 1'234'599;
    passage.first_time_ns = 1'795'000'000'123'456'789;
    passage.last_time_ns = passage.first_time_ns + 50'000'000;
    passage.end = "closed";
    collect_again();
  }
  void collect_again() {
    collect(*judged.facts().reading, passage, handshake);
    fingerprinter.compute(*judged.facts().reading, handshake.fingerprints);
    handshake.server_chain = judged.facts().server_chain;
    handshake.client_chain = judged.facts().client_chain;
    handshake.violations = judged.violations();
  }

  Judged judged;
  Passage passage;
  Handshake handshake;
  Fingerprinter fingerprinter;
};

void collect_facts(benchmark::State& state, std::string_view name) {
  Shown shown(name);
  for (auto _ : state) collect(*shown.judged.facts().reading, shown.passage, shown.handshake);
}
BENCHMARK_CAPTURE(collect_facts, tls13, "tls13");
BENCHMARK_CAPTURE(collect_facts, tls12, "tls12");

void fingerprints(benchmark::State& state) {
  Shown shown("tls13");
  for (auto _ : state) shown.fingerprinter.compute(*shown.judged.facts().reading, shown.handshake.fingerprints);
}
BENCHMARK(fingerprints);

// Renders it again and again by `render(shown, out)`.
template <class Render>
void rendered(benchmark::State& state, std::string_view name, Render render) {
  const Shown shown(name);
  std::string out;
  size_t len = 0;
  for (auto _ : state) {
    out.clear();
    render(shown, out);
    len += out.size();
  }
  state.SetBytesProcessed(static_cast<int64_t>(len));
}

void json_line(benchmark::State& state, std::string_view name) {
  JsonLines lines;
  rendered(state, name, [&](const Shown& shown, std::string& out) {
    append_json_line_begin(17, "capture.pcap", out);
    benchmark::DoNotOptimize(lines.append(shown.handshake, out));
  });
}
BENCHMARK_CAPTURE(json_line, tls13, "tls13");
BENCHMARK_CAPTURE(json_line, tls12, "tls12");

void block(benchmark::State& state) {
  rendered(state, "tls13", [](const Shown& shown, std::string& out) { append_block(shown.handshake, {}, out); });
}
BENCHMARK(block);

void tree(benchmark::State& state) {
  rendered(state, "tls13",
           [](const Shown& shown, std::string& out) { append_tree(*shown.judged.facts().reading, {}, out); });
}
BENCHMARK(tree);

void summary(benchmark::State& state) {
  const Shown shown("tls13");
  Summary table;
  SummaryRow row;
  for (auto _ : state) {
    summarise(shown.handshake, row);
    table.add(row);
  }
}
BENCHMARK(summary);

}  // namespace
}  // namespace tlsproof::view
