// Every rule: silent on every honest connection, and broken by at least one case from bytes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

using CasesOfFile = std::vector<Case> (*)();
constexpr CasesOfFile kCases[] = {
    order_cases,           //
    order_presence_cases,  //
    hello_cases,           //
    retry_cases,           //
    negotiation_cases,     //
    key_exchange_cases,    //
    extension_cases,       //
    certificate_cases,     //
    value_cases,           //
    deprecated_cases,      //
    resumption_cases,      //
    record_cases,          //
    alert_cases,           //
    quic_cases,            //
};

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const CasesOfFile cases : kCases)
    for (Case& one : cases()) all.push_back(std::move(one));
  return all;
}

// Honest, and yet not as it should be: deprecated_cases() has it as it stands.
bool is_known(std::string_view name, const rules::Violation& violation) {
  return name == "tls12_rsa" && violation.rule->id == "deprecated/no_forward_secrecy";
}
std::string unknown_violations(std::string_view name, const Script& script) {
  const Judged judged(script);
  const bool known = std::ranges::all_of(judged.violations(), [&](const auto& one) { return is_known(name, one); });
  return known ? std::string() : judged.text();
}

// What comes with a bend: another scheme fits neither the key nor the signature's form; records keep the version that
// was chosen at first, an anonymous server its certificate; compression is deprecated too.
bool comes_with(std::string_view rule, std::string_view other) {
  if (rule.starts_with("signature/")) return other == "signature/fits_key" || other == "signature/form";
  if (rule == "deprecated/version") return other == "records/version_in_tls12";
  if (rule == "certificate_request/allowed") return other == "certificate/not_with_psk";
  if (rule == "deprecated/anonymous") return other == "certificate/by_suite";
  return rule.ends_with("compression") && other == "deprecated/compression";
}

TEST(Rules, AreSilentOnHonestConnections) {
  for (const std::string_view name : kHonest) {
    EXPECT_EQ(unknown_violations(name, honest(name)), "") << name;
  }
}

// What looks odd and is allowed.
struct Allowed {
  std::string_view why;
  std::string_view honest;
  void (*bend)(Script&);
};
const Allowed kAllowed[] = {
    {"RFC 8773 §3: certificates beside an external PSK", "tls13_client_auth",
     [](Script& s) {
       auto& offered = s.get<wire::ClientHello>().extensions;
       offered.add(registry::extension::tls_cert_with_extern_psk, {});
       wire::ext::PreSharedKeyClient psk;
       psk.identities.push_back(Bytes{1});
       psk.obfuscated_ticket_ages.push_back(0);
       psk.binders.push_back(Bytes(32, 1));
       offered.add_typed(psk);
       auto& answered = s.get<wire::ServerHello>().extensions;
       answered.add(registry::extension::tls_cert_with_extern_psk, {});
       answered.add_typed(wire::ext::PreSharedKeyServer{});
     }},
    {"RFC 5246 §7.4.1.1: a client that is negotiating ignores HelloRequest", "tls12",
     [](Script& s) {
       s.insert(s.at(kServer, registry::handshake_type::server_hello_done), message(kServer, wire::HelloRequest{}));
       s.insert(s.at(kServer, registry::handshake_type::server_hello), message(kServer, wire::HelloRequest{}));
     }},
    {"RFC 6520 §2: a heartbeat that was agreed on", "tls12",
     [](Script& s) {
       s.get<wire::ClientHello>().extensions.add_typed(wire::ext::Heartbeat{.mode = 1});
       s.get<wire::ServerHello>().extensions.add_typed(wire::ext::Heartbeat{.mode = 1});
       s.insert(s.at(kClient, registry::handshake_type::finished) + 1,
                record(kClient, registry::content_type::heartbeat, Bytes(19, 0), Level::application));
     }},
    {"RFC 8446 §5: ChangeCipherSpec from the first ClientHello on", "tls13",
     [](Script& s) {
       s.insert(s.at(kClient, registry::handshake_type::client_hello) + 1, change_cipher_spec(kServer));
     }},
};

TEST(Rules, AreSilentOnWhatIsAllowed) {
  for (const Allowed& one : kAllowed) {
    Script script = honest(one.honest);
    one.bend(script);
    EXPECT_EQ(unknown_violations(one.honest, script), "") << one.why;
  }
}

TEST(Rules, CatchWhatBreaksThem) {
  for (const Case& one : all_cases()) {
    SCOPED_TRACE(fmt::format("{} from {}", one.rule, one.honest));
    ASSERT_NE(rules::find_rule(one.rule), nullptr);
    Script script = honest(one.honest);
    one.bend(script);
    const Judged judged(script);
    bool caught = false;
    for (const auto& violation : judged.violations()) {
      const bool expected = violation.rule->id == one.rule;
      if (expected) {
        EXPECT_EQ(violation.breach.by, one.by) << judged.text();
        EXPECT_TRUE(one.seen.empty() || violation.breach.seen == one.seen) << judged.text();
      }
      caught |= expected;
      EXPECT_TRUE(expected || is_known(one.honest, violation) || comes_with(one.rule, violation.rule->id) ||
                  std::ranges::find(one.also, violation.rule->id) != one.also.end())
          << judged.text();
      // Shown after "by the server: ".
      EXPECT_FALSE(violation.breach.seen.starts_with("the server") || violation.breach.seen.starts_with("the client"))
          << judged.text();
      EXPECT_FALSE(violation.breach.events.empty() || violation.breach.seen.empty()) << judged.text();
      for (const size_t event : violation.breach.events) EXPECT_LT(event, judged.trace().events().size());
    }
    EXPECT_TRUE(caught) << judged.text();
  }
}

TEST(Rules, EachHasACase) {
  std::set<std::string_view> tested;
  for (const Case& one : all_cases()) tested.insert(one.rule);
  for (const rules::Rule& rule : rules::all_rules())
    EXPECT_TRUE(tested.contains(rule.id) || rule.id.starts_with("repeated/")) << rule.id;
}

TEST(Rules, AreWellDescribed) {
  std::set<std::string_view> ids;
  for (const rules::Rule& rule : rules::all_rules()) {
    SCOPED_TRACE(rule.id);
    EXPECT_TRUE(ids.insert(rule.id).second);
    EXPECT_EQ(rules::find_rule(rule.id), &rule);
    EXPECT_EQ(std::ranges::count(rule.id, '/'), 1);
    EXPECT_FALSE(rule.title.empty() || rule.title.ends_with('.'));
    EXPECT_TRUE(rule.why.ends_with('.'));
    EXPECT_NE(rule.check, nullptr);
    EXPECT_FALSE(rule.scope.text().empty());
    for (const rules::Cite& cite : rule.cites) EXPECT_TRUE(cite.rfc > 0 && !cite.section.empty());
  }
  EXPECT_EQ(rules::find_rule("no/such"), nullptr);
}

TEST(Rules, ScopesReadWell) {
  using rules::Scope;
  EXPECT_EQ(Scope{}.text(), "any version");
  EXPECT_EQ((Scope{Scope::tls13, Scope::any_carrier}.text()), "TLS 1.3");
  EXPECT_EQ((Scope{Scope::tls13, Scope::tls | Scope::quic}.text()), "TLS 1.3 over TCP, QUIC");
  EXPECT_EQ((Scope{Scope::before_tls13, Scope::tls}.text()), "up to TLS 1.2 over TCP");
}

// A hostile peer can break one rule without end.
TEST(Rules, ReportIsBounded) {
  rules::Breaches breaches;
  for (int i = 0; i < 100; ++i) breaches.add(kServer, {0}, "x");
  EXPECT_EQ(breaches.all().size(), rules::Breaches::kMaxPerRule);
  EXPECT_EQ(breaches.num_left_out(), 100 - rules::Breaches::kMaxPerRule);
}

// No prefix of an honest connection breaks a rule, nor one of which only a side or the rest was seen.
TEST(Rules, ConcludeNothingFromWhatWasNotSeen) {
  for (const std::string_view name : kHonest) {
    const Script whole = honest(name);
    for (size_t n = 0; n <= whole.steps.size(); ++n) {
      Script script = whole;
      script.steps.resize(n);
      script.coverage.ended = false;
      EXPECT_EQ(unknown_violations(name, script), "") << name << " to " << n;
      script = whole;
      script.steps.erase(script.steps.begin(), script.steps.begin() + static_cast<std::ptrdiff_t>(n));
      script.coverage.from_start = false;
      EXPECT_EQ(unknown_violations(name, script), "") << name << " from " << n;
      if (n == whole.steps.size()) continue;
      script = whole;
      script.steps[n] = {.kind = Step::Kind::gap, .direction = script.steps[n].direction, .message = {}};
      script.coverage.complete_streams = false;
      EXPECT_EQ(unknown_violations(name, script), "") << name << " without " << n;
    }
    for (const Direction lost : {kClient, kServer}) {
      Script script = whole;
      std::erase_if(script.steps, [&](const Step& step) { return step.direction == lost; });
      (lost == kClient ? script.coverage.client_seen : script.coverage.server_seen) = false;
      EXPECT_EQ(unknown_violations(name, script), "") << name;
    }
  }
}

}  // namespace
}  // namespace tlsproof::rules_test
