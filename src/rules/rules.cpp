#include "tlsproof/rules/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"

namespace tlsproof::rules {
namespace {

using Table = std::span<const Rule> (*)();
constexpr Table kTables[] = {
    order_rules,           //
    order_presence_rules,  //
    hello_rules,           //
    retry_rules,           //
    negotiation_rules,     //
    key_exchange_rules,    //
    extension_rules,       //
    certificate_rules,     //
    value_rules,           //
    deprecated_rules,      //
    repeated_rules,        //
    resumption_rules,      //
    record_rules,          //
    alert_rules,           //
    quic_rules,            //
};

std::vector<Rule> collect() {
  std::vector<Rule> all;
  for (const Table table : kTables)
    for (const Rule& rule : table()) all.push_back(rule);
  return all;
}

}  // namespace

void Breaches::add(trace::Direction by, std::vector<size_t> events, std::string seen) {
  if (breaches_.size() >= kMaxPerRule) {
    ++num_left_out_;
    return;
  }
  breaches_.push_back({by, std::move(events), std::move(seen)});
}

void Breaches::clear() {
  breaches_.clear();
  num_left_out_ = 0;
}

std::string Scope::text() const {
  std::string out;
  const auto add = [&](bool wanted, std::string_view text) {
    if (!wanted) return;
    if (!out.empty()) out += ", ";
    out += text;
  };
  if ((versions & (before_tls13 | tls13)) != (before_tls13 | tls13)) {
    add((versions & before_tls13) != 0, "up to TLS 1.2");
    add((versions & tls13) != 0, "TLS 1.3");
  }
  if (out.empty()) out = "any version";
  if (carriers == any_carrier) return out;
  out += " over ";
  const size_t begin = out.size();
  for (const auto& [bit, name] : {std::pair{tls, "TCP"}, std::pair{dtls, "DTLS"}, std::pair{quic, "QUIC"}}) {
    if ((carriers & bit) == 0) continue;
    if (out.size() > begin) out += ", ";
    out += name;
  }
  return out;
}

std::span<const Rule> all_rules() {
  static const std::vector<Rule>& rules = *new std::vector<Rule>(collect());  // never destroyed: Violations point to it
  return rules;
}

const Rule* find_rule(std::string_view id) {
  const auto rules = all_rules();
  const auto found = std::ranges::find(rules, id, &Rule::id);
  return found == rules.end() ? nullptr : &*found;
}

void judge(const Facts& facts, std::vector<Violation>& out, std::vector<FreshValue>* fresh) {
  thread_local Seen seen;
  thread_local Breaches breaches;
  seen.look(facts);
  if (fresh != nullptr) collect_fresh(seen, *fresh);
  for (const Rule& rule : all_rules()) {
    if (!seen.applies(rule.scope)) continue;
    breaches.clear();
    rule.check(seen, breaches);
    for (const Breach& breach : breaches.all()) out.push_back({&rule, breach});
    if (breaches.num_left_out() > 0)
      out.back().breach.seen += fmt::format(" (and {} times more)", breaches.num_left_out());
  }
}

}  // namespace tlsproof::rules
