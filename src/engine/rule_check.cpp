// The rules of any handshake (module `rules`) on every connection of the run.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "endpoint_check.h"
#include "tlsproof/base/text.h"
#include "tlsproof/rules/repeats.h"
#include "tlsproof/rules/rules.h"

namespace tlsproof::engine {

using scenario::Expect;
using trace::Direction;
using verdict::Finding;
using verdict::Requirement;
using verdict::Verdict;

namespace {

constexpr size_t kMaxEvidence = 4;  // connections that prove one rule
constexpr size_t kMaxChain = 16;

std::vector<x509::Certificate> parse_chain(const ByteList& list) {
  std::vector<x509::Certificate> out;
  for (size_t i = 0; i < list.size() && i < kMaxChain; ++i) out.push_back(x509::Certificate::parse(list[i]));
  return out;
}

// What scenarios of their own judge already, with what the target declares in mind: told once is enough.
constexpr std::string_view kJudgedElsewhere[] = {
    "certificate/order_tls12",      // oneway/chain_in_order
    "certificate/order_tls13",      // oneway/chain_in_order
    "certificate/x509v3",           // oneway/version_3
    "deprecated/version",           // oneway/versions/…
    "deprecated/certificate_hash",  // oneway/signature_strength
    "deprecated/rsa_length",        // oneway/key_strength
};
bool is_ours(const rules::Rule& rule) {
  return std::ranges::find(kJudgedElsewhere, rule.id) == std::end(kJudgedElsewhere);
}

// Judges the connections of a run, one after the other.
class ServerJudge {
 public:
  // What the server broke on this one. Nothing where we broke a MUST ourselves, as a bent handshake does: what the
  // other side then does is judged by the scenario that bent it. `number` counts connections, for the texts.
  std::vector<rules::Violation> judge(const trace::Trace& trace, size_t number) {
    const trace::Reading reading(trace);
    const auto server_chain = parse_chain(reading.certificates(Direction::server_to_client));
    const auto client_chain = parse_chain(reading.certificates(Direction::client_to_server));
    const rules::Facts facts{&reading, server_chain, client_chain};
    std::vector<rules::Violation> violations;
    std::vector<rules::FreshValue> fresh;
    rules::judge(facts, violations, &fresh);
    const bool bent = std::ranges::any_of(violations, [](const rules::Violation& one) {
      return one.breach.by == Direction::client_to_server && one.rule->requirement == Requirement::must;
    });
    if (bent) return {};
    repeats_.judge(fresh, number, violations);
    std::erase_if(violations, [](const rules::Violation& one) {
      return one.breach.by == Direction::client_to_server || !is_ours(*one.rule);
    });
    return violations;
  }

 private:
  rules::Repeats repeats_{size_t{1} << 14};
};

struct Broken {
  size_t num_connections = 0;
  std::string seen;  // the first time
  std::vector<verdict::Evidence> evidence;
};

Finding finding_of(const Finding& whole, const rules::Rule& rule, const Broken& broken, size_t num_connections) {
  Finding out = whole;
  // "[tls=1.3]" -> "[tls=1.3,rule=records/length]"
  out.case_id = whole.case_id.empty()
                    ? fmt::format("[rule={}]", rule.id)
                    : fmt::format("{},rule={}]", whole.case_id.substr(0, whole.case_id.size() - 1), rule.id);
  out.title = rule.title;
  out.requirement = rule.requirement;
  out.cites.clear();
  for (const rules::Cite& cite : rule.cites) out.cites.push_back({cite.rfc, std::string(cite.section)});
  out.verdict = engine::broken(rule.requirement);
  out.wanted = rule.title;
  out.seen = fmt::format("{} ({} of {} connections)", broken.seen, broken.num_connections, num_connections);
  out.why = rule.why;
  out.reason.clear();
  out.notes.clear();
  out.evidence = broken.evidence;
  return out;
}

}  // namespace

void EndpointCheck::conclude_rules() {
  std::vector<Finding> more;
  for (size_t i = 0; i < cases_.size(); ++i) {
    const PlannedCase& planned = cases_[i];
    if (planned.skip || planned.one.play->expect.kind != Expect::Kind::rules_hold) continue;
    Finding& whole = run_.findings[i];
    if (whole.verdict == Verdict::error || whole.verdict == Verdict::fail) continue;  // not played; brought it down
    std::map<const rules::Rule*, Broken> all;
    size_t num_connections = 0;
    std::vector<verdict::Evidence> looked_at;  // some of them: by their ServerHello
    ServerJudge judge;
    for (size_t n = 0; n < run_.attempts.size(); ++n) {
      const auto& trace = run_.attempts[n].trace;
      if (trace == nullptr || trace->version() != planned.one.play->version || trace->num_events_dropped() > 0)
        continue;
      ++num_connections;
      const trace::Event* hello =
          trace->find_message(Direction::server_to_client, registry::handshake_type::server_hello);
      if (hello != nullptr && looked_at.size() < kMaxEvidence)
        looked_at.push_back({n, {static_cast<size_t>(hello - trace->events().data())}});
      std::map<const rules::Rule*, verdict::Evidence> here;
      for (const rules::Violation& violation : judge.judge(*trace, num_connections)) {
        auto [place, is_new] = here.emplace(violation.rule, verdict::Evidence{n, violation.breach.events});
        if (!is_new) continue;
        Broken& broken = all[violation.rule];
        if (broken.num_connections++ == 0) broken.seen = violation.breach.seen;
        if (broken.evidence.size() < kMaxEvidence) broken.evidence.push_back(place->second);
      }
    }
    if (num_connections == 0) continue;
    const auto num_rules = static_cast<size_t>(std::ranges::count_if(rules::all_rules(), is_ours));
    whole.verdict = Verdict::pass;
    whole.reason.clear();
    whole.seen =
        all.empty() ? fmt::format("{} rules on {} connections: none broken", num_rules, num_connections)
                    : fmt::format("the other {} rules hold on {} connections", num_rules - all.size(), num_connections);
    for (const rules::Rule& rule : rules::all_rules()) {
      const auto found = all.find(&rule);
      if (found != all.end()) more.push_back(finding_of(whole, rule, found->second, num_connections));
    }
    whole.fix.clear();
    whole.evidence = std::move(looked_at);
  }
  std::ranges::move(more, std::back_inserter(run_.findings));
}

}  // namespace tlsproof::engine
