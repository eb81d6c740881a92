// needs: base report
#include "tlsproof/report/baseline.h"
#include "tlsproof/base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto baseline = tlsproof::report::parse_baseline(tlsproof::as_text({data, size}), "fuzz.json");
  if (!baseline) return 0;
  tlsproof::verdict::CheckRun run;
  for (const auto& [label, entries] : baseline->endpoints) {
    auto& endpoint = run.endpoints.emplace_back();
    endpoint.label = label;
    for (const auto& [id, entry] : entries) {
      auto& finding = endpoint.findings.emplace_back();
      finding.scenario = id;
      finding.verdict = tlsproof::verdict::Verdict::warn;
    }
  }
  tlsproof::report::apply_baseline(*baseline, tlsproof::verdict::FailOn::info, run);
  return 0;
}
