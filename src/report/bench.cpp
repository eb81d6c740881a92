#include "tlsproof/report/bench.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench_figures.h"

namespace tlsproof::report {
namespace {

constexpr BenchFormat kFormats[] = {
    {"text", "for people, at a terminal", &write_bench_text},
    {"json", "for programs: every figure, every histogram with its buckets", &write_bench_json},
    {"csv", "a line a second", &write_bench_csv},
    {"junit", "for the test pages of GitLab and Jenkins: a test case a gate", &write_bench_junit},
    {"svg", "a picture: latency percentiles, throughput over time", &write_bench_svg},
};

std::vector<std::string> failures(const BenchReport& report) {
  std::vector<std::string> out;
  for (const BenchSide& side : report.sides)
    for (const load::GateResult& gate : side.gates)
      if (gate.holds == load::GateResult::Holds::yes)
        out.push_back(report.sides.size() > 1 ? fmt::format("{}: {}", side_name(side.run.plan), gate.text) : gate.text);
  // A generator that could not keep up says nothing about the server, nor does one that nobody answered.
  if (report.find_max && report.find_max->rate <= 0 && !report.find_max->generator_limited &&
      !report.find_max->interrupted && any_completed(*report.find_max))
    out.emplace_back("no rate held");
  return out;
}

std::vector<std::string> gaps(const BenchReport& report) {
  std::vector<std::string> out;
  if (report.sides.empty()) out.emplace_back("nothing was measured");
  for (const BenchSide& side : report.sides) {
    const std::string of = report.sides.size() > 1 ? side_name(side.run.plan) + ": " : "";
    const bool completed =
        std::ranges::any_of(side.run.repeats, [](const load::Measurement& one) { return one.completed > 0; });
    // Of a search without a rate that held its own sentence tells more.
    if (!completed && !(report.find_max && side.run.repeats.empty()))
      out.push_back(of + "no handshake completed: nothing was measured");
    for (const load::GateResult& gate : side.gates)
      if (gate.holds == load::GateResult::Holds::unknown) out.push_back(of + gate.text);
  }
  if (report.find_max && report.find_max->rate <= 0 && report.find_max->generator_limited)
    out.emplace_back("no rate held, and the generator was the limit: nothing is known of the server");
  else if (report.find_max && !report.find_max->interrupted && !any_completed(*report.find_max))
    out.emplace_back("no handshake completed at any rate: nothing was measured");
  if (!report.incomparable.empty())
    out.push_back("not compared: " + report.incomparable);
  else if (report.sides.size() == 2 && std::ranges::all_of(report.comparison, [](const load::Comparison& row) {
             return row.verdict == load::Comparison::Verdict::unknown;
           }))
    out.emplace_back("nothing could be compared: too few repeats");
  return out;
}

}  // namespace

BenchConclusion conclude(const BenchReport& report) {
  if (report.interrupted) return BenchConclusion::interrupted;
  if (!failures(report).empty()) return BenchConclusion::failed;
  if (!gaps(report).empty()) return BenchConclusion::incomplete;
  return BenchConclusion::measured;
}

std::string_view to_text(BenchConclusion conclusion) {
  constexpr std::string_view kNames[] = {"measured", "failed", "incomplete", "interrupted"};
  return kNames[static_cast<size_t>(conclusion)];
}

int bench_exit_status(const BenchReport& report) {
  constexpr int kStatus[] = {0, 1, 3, 130};
  return kStatus[static_cast<size_t>(conclude(report))];
}

std::vector<std::string> reasons(const BenchReport& report) {
  std::vector<std::string> out = failures(report);
  std::ranges::move(gaps(report), std::back_inserter(out));
  if (report.interrupted) out.emplace_back("interrupted: what was measured until then is told");
  return out;
}

std::span<const BenchFormat> bench_formats() {
  return kFormats;
}

const BenchFormat* find_bench_format(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name, &BenchFormat::name);
  return found == std::end(kFormats) ? nullptr : found;
}

}  // namespace tlsproof::report
