// What several findings of an endpoint say together, and what is left of each then.
#include <fmt/format.h>

#include <algorithm>

#include "depth.h"
#include "endpoint_check.h"
#include "tlsproof/base/text.h"
#include "tlsproof/engine/client_auth.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::engine {

using scenario::Expect;
using verdict::Finding;
using verdict::Outcome;
using verdict::Verdict;

namespace {

bool is_certificate_check(const scenario::Case& one) {
  return one.play->expect.kind == Expect::Kind::certificate;
}

}  // namespace

void EndpointCheck::conclude(target::WaiverBook& waivers) {
  distrust_certificates();
  distrust_refusals();
  compare_baselines();
  conclude_client_auth();
  conclude_verify_depth();
  conclude_rules();
  for (const CrlTrouble& trouble : crl_troubles_) run_.notes.push_back(trouble.text);
  apply_waivers(waivers);
}

// A verifier that does not see the fault it was given is not to be believed about the others.
void EndpointCheck::distrust_certificates() {
  bool failed = false;
  for (const Finding& finding : run_.findings)
    failed |= finding.scenario.starts_with("oneway/control/") && finding.verdict == Verdict::inconclusive;
  if (!failed) return;
  for (size_t i = 0; i < cases_.size(); ++i) {
    Finding& finding = run_.findings[i];
    if (!is_certificate_check(cases_[i].one) || !decides(finding.verdict)) continue;
    finding.verdict = Verdict::inconclusive;
    finding.reason = "a control of our own verifier failed";
  }
}

// Who refuses everybody, or falls silent on everybody, proves nothing by refusing some: without one server flight that
// came to its end nothing passes.
void EndpointCheck::distrust_refusals() {
  for (const Played& played : played_)
    for (const auto& result : played.results)
      if (result.server_flight_complete) return;
  for (Finding& finding : run_.findings) {
    if (finding.verdict != Verdict::pass) continue;
    finding.verdict = Verdict::inconclusive;
    finding.reason =
        "no TLS handshake with an ordinary client got as far as the end of the server's messages, so that this proves "
        "nothing";
  }
}

// Controls run first and last (design §5): an endpoint that changed in between was not judged as one.
void EndpointCheck::compare_baselines() {
  if (!baseline_again_ || played_[*baseline_].results.empty()) return;
  const Outcome& before = played_[*baseline_].results.front().outcome;
  const Outcome& after = baseline_again_->result.outcome;
  if (before.kind == after.kind && before.http_status == after.http_status && before.reply.sign == after.reply.sign &&
      before.version == after.version)
    return;
  Finding finding;
  finding.scenario = "engine/baseline";
  finding.title = "The endpoint answers an ordinary client at the end as at the beginning";
  finding.requirement = verdict::Requirement::robustness;
  finding.verdict = Verdict::inconclusive;
  finding.wanted = verdict::describe(before);
  finding.seen = verdict::describe(after);
  finding.reason = "the endpoint changed during the run: what was judged in between may not hold";
  finding.why =
      "A server that stops answering, or answers otherwise, was restarted, reloaded, overloaded or brought down in the "
      "meantime.";
  finding.evidence.push_back({baseline_again_->attempt, ending_events(baseline_again_->result)});
  run_.findings.push_back(std::move(finding));
}

// The sentence that people ask for: what does this endpoint do with clients?
void EndpointCheck::conclude_client_auth() {
  std::map<std::string, std::vector<std::string>> by_text;
  for (size_t i = 0; i < cases_.size(); ++i) {
    const PlannedCase& planned = cases_[i];
    const Expect& expect = planned.one.play->expect;
    if (!decides(run_.findings[i].verdict)) continue;
    if (planned.skip || planned.chain || expect.kind != Expect::Kind::client_auth ||
        played_[planned.played].results.empty())
      continue;
    const Played& played = played_[planned.played];
    if (expect.client_auth != scenario::ClientAuthExpected::refused || knock_of(played.recipe.identity) != Knock::none)
      continue;
    const Acceptance acceptance = classify(played.results.front(), reference(planned.one.play->version));
    std::string text;
    if (acceptance.kind == Acceptance::Kind::accepted)
      text = "a client certificate is asked for, and clients without one are let in";
    if (acceptance.kind == Acceptance::Kind::refused)
      text = fmt::format("a client certificate is required, enforced {}", to_text(acceptance.where));
    if (!text.empty()) by_text[text].push_back(registry::version_name(planned.one.play->version));
  }
  for (const auto& [text, versions] : by_text) run_.notes.push_back(fmt::format("{} ({})", text, join(versions, ", ")));
}

void EndpointCheck::conclude_verify_depth() {
  std::vector<DepthSeen> seen;
  for (size_t i = 0; i < cases_.size(); ++i) {
    const PlannedCase& planned = cases_[i];
    const Expect& expect = planned.one.play->expect;
    if (planned.skip || planned.chain || !decides(run_.findings[i].verdict) ||
        expect.kind != Expect::Kind::client_auth || expect.client_auth != scenario::ClientAuthExpected::depth)
      continue;
    const Played& played = played_[planned.played];
    const uint16_t version = planned.one.play->version;
    const Acceptance acceptance = classify(played.results.front(), reference(version));
    seen.push_back(
        {version, plans_.num_intermediates(played.recipe.identity), acceptance.kind == Acceptance::Kind::accepted});
  }
  // Without a request some servers let everybody in at first, and so nothing was seen.
  if (endpoint_->app.protocol == app::Protocol::none && std::ranges::all_of(seen, &DepthSeen::accepted)) return;
  std::ranges::move(conclude_depth(seen), std::back_inserter(run_.notes));
}

void EndpointCheck::apply_waivers(target::WaiverBook& waivers) {
  for (Finding& finding : run_.findings) {
    if (finding.verdict != Verdict::fail && finding.verdict != Verdict::warn) continue;
    const target::Waiver* waiver = waivers.match(finding.id(), endpoint_->label, now_);
    if (waiver == nullptr) continue;
    finding.waived = true;
    finding.reason =
        fmt::format("waived: {}{}", escape_terminal(waiver->reason),
                    waiver->until_text.empty() ? "" : fmt::format(" (until {})", escape_terminal(waiver->until_text)));
  }
}

}  // namespace tlsproof::engine
