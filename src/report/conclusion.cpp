#include "conclusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace tlsproof::report {
namespace {

using verdict::Counts;
using verdict::EndpointRun;

struct Words {
  std::string_view name;
  std::string_view word;
};
constexpr std::array<Words, 8> kWords = {{{"passed", "PASSED"},
                                          {"warned", "PASSED WITH WARNINGS"},
                                          {"failed", "FAILED"},
                                          {"partly_tested", "PARTLY TESTED"},
                                          {"incomplete", "INCOMPLETE"},
                                          {"not_tested", "NOT TESTED"},
                                          {"interrupted", "INTERRUPTED"},
                                          {"excused", "FAULTS EXCUSED"}}};

// A failure that does not count, for whatever reason; of the rest what would count if it were not waived or known.
bool is_excused(const verdict::Finding& finding, verdict::FailOn fail_on) {
  if (verdict::is_held_against(finding, fail_on)) return false;
  if (finding.verdict == verdict::Verdict::fail) return true;
  verdict::Finding bare;
  bare.verdict = finding.verdict;
  return verdict::is_held_against(bare, fail_on);
}

}  // namespace

std::string_view conclusion_name(Conclusion conclusion) {
  return kWords.at(static_cast<size_t>(conclusion)).name;
}
std::string_view conclusion_word(Conclusion conclusion) {
  return kWords.at(static_cast<size_t>(conclusion)).word;
}

Conclusion conclude(const EndpointRun& run, verdict::FailOn fail_on) {
  const auto& findings = run.findings;
  if (std::ranges::any_of(findings, [&](const auto& f) { return verdict::is_held_against(f, fail_on); }))
    return Conclusion::failed;
  const Counts counts = verdict::count(run);
  if (verdict::is_incomplete(run)) {
    const bool is_broken = run.unreachable || !run.error.empty() || counts.error + counts.inconclusive > 0;
    return is_broken ? Conclusion::incomplete : Conclusion::not_tested;
  }
  if (std::ranges::any_of(findings, [&](const auto& f) { return is_excused(f, fail_on); })) return Conclusion::excused;
  if (counts.skip > counts.not_applicable) return Conclusion::partly_tested;
  return counts.warn > 0 ? Conclusion::warned : Conclusion::passed;
}

Conclusion conclude(const verdict::CheckRun& run, verdict::FailOn fail_on) {
  if (run.interrupted) return Conclusion::interrupted;
  if (run.endpoints.empty()) return Conclusion::not_tested;
  // The worst of the endpoints; what was not tested at one is not made good by another.
  constexpr Conclusion kWorstFirst[] = {Conclusion::failed,  Conclusion::incomplete,    Conclusion::not_tested,
                                        Conclusion::excused, Conclusion::partly_tested, Conclusion::warned,
                                        Conclusion::passed};
  const auto* worst = std::end(kWorstFirst) - 1;
  for (const EndpointRun& endpoint : run.endpoints) {
    worst = std::min(worst, std::ranges::find(kWorstFirst, conclude(endpoint, fail_on)));
  }
  return *worst;
}

const std::string& name_of(const EndpointRun& run) {
  return run.label.empty() ? run.address : run.label;
}

std::string counts_text(const Counts& counts) {
  std::string out;
  auto add = [&](size_t num, std::string_view one, std::string_view many) {
    if (num == 0) return;
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {}", num, num == 1 ? one : many);
  };
  add(counts.pass, "passed", "passed");
  add(counts.fail, "failed", "failed");
  add(counts.warn, "warning", "warnings");
  add(counts.error, "error", "errors");
  add(counts.inconclusive, "inconclusive", "inconclusive");
  add(counts.skip - counts.not_applicable, "could not be tested", "could not be tested");
  add(counts.waived, "waived", "waived");
  add(counts.known, "known", "known");
  add(counts.info, "for information", "for information");
  add(counts.not_applicable, "does not apply", "do not apply");
  return out.empty() ? "nothing" : out;
}

}  // namespace tlsproof::report
