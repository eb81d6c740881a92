#include "tlsproof/engine/client_auth.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "tlsproof/pki/fault.h"
#include "tlsproof/scenario/library.h"

namespace tlsproof::engine {
namespace {

using target::ClientAuth;
using verdict::Outcome;
using verdict::Verdict;

struct TableCase {
  ClientAuth declared;
  Knock knock;
  Verdict accepted, refused;
};

// The design's table "declared × seen", written down a second time.
TEST(ClientAuthTable, EveryCell) {
  const auto pass = Verdict::pass, fail = Verdict::fail, info = Verdict::info;
  const TableCase cases[] = {
      {ClientAuth::none, Knock::none, pass, fail},          {ClientAuth::optional, Knock::none, pass, fail},
      {ClientAuth::required, Knock::none, fail, pass},      {ClientAuth::unverified, Knock::none, pass, info},
      {ClientAuth::optional, Knock::good, pass, fail},      {ClientAuth::required, Knock::good, pass, fail},
      {ClientAuth::unverified, Knock::good, pass, fail},    {ClientAuth::optional, Knock::untrusted, fail, pass},
      {ClientAuth::required, Knock::untrusted, fail, pass}, {ClientAuth::unverified, Knock::untrusted, info, info},
      {ClientAuth::optional, Knock::faulty, fail, pass},    {ClientAuth::required, Knock::faulty, fail, pass},
      {ClientAuth::unverified, Knock::faulty, fail, pass},  {ClientAuth::unknown, Knock::none, info, info},
      {ClientAuth::unknown, Knock::good, info, info},       {ClientAuth::unknown, Knock::untrusted, info, info},
      {ClientAuth::unknown, Knock::faulty, info, info},     {ClientAuth::none, Knock::odd, info, info},
      {ClientAuth::optional, Knock::odd, pass, fail},       {ClientAuth::required, Knock::odd, pass, fail},
      {ClientAuth::unverified, Knock::odd, pass, fail},     {ClientAuth::unknown, Knock::odd, info, info},
  };
  for (const TableCase& one : cases) {
    SCOPED_TRACE(std::string(target::to_text(one.declared)) + ", knock " + std::to_string(static_cast<int>(one.knock)));
    EXPECT_EQ(rule(one.declared, one.knock, true).verdict, one.accepted);
    EXPECT_EQ(rule(one.declared, one.knock, false).verdict, one.refused);
  }
  for (ClientAuth declared :
       {ClientAuth::none, ClientAuth::optional, ClientAuth::required, ClientAuth::unverified, ClientAuth::unknown}) {
    EXPECT_EQ(rule(declared, Knock::no_key, true).verdict, fail) << "CertificateVerify is no matter of policy";
    EXPECT_EQ(rule(declared, Knock::no_key, false).verdict, pass);
  }
}

// What a scenario only recommends, or only looks at, never fails; what it wants passes all the same.
TEST(ClientAuthTable, RequirementOfTheScenario) {
  using verdict::Requirement;
  for (const Knock knock : {Knock::faulty, Knock::untrusted, Knock::odd}) {
    const bool wrong = knock != Knock::odd;  // accepted, where refusing was right
    EXPECT_EQ(rule(ClientAuth::required, knock, wrong, Requirement::must).verdict, Verdict::fail);
    EXPECT_EQ(rule(ClientAuth::required, knock, wrong, Requirement::should).verdict, Verdict::warn);
    EXPECT_EQ(rule(ClientAuth::required, knock, wrong, Requirement::may).verdict, Verdict::info);
    EXPECT_EQ(rule(ClientAuth::required, knock, wrong, Requirement::info).verdict, Verdict::info);
    EXPECT_EQ(rule(ClientAuth::required, knock, !wrong, Requirement::should).verdict, Verdict::pass);
  }
  EXPECT_EQ(rule(ClientAuth::required, Knock::no_key, true, Requirement::info).verdict, Verdict::fail);
}

TEST(ClientAuthTable, Requested) {
  EXPECT_EQ(rule_requested(ClientAuth::none, true).verdict, Verdict::fail);
  EXPECT_EQ(rule_requested(ClientAuth::none, false).verdict, Verdict::pass);
  for (ClientAuth declared : {ClientAuth::optional, ClientAuth::required, ClientAuth::unverified}) {
    EXPECT_EQ(rule_requested(declared, true).verdict, Verdict::pass);
    EXPECT_EQ(rule_requested(declared, false).verdict, Verdict::fail);
  }
  EXPECT_EQ(rule_requested(ClientAuth::unknown, true).verdict, Verdict::info);
}

session::AttemptResult result(Outcome::Kind kind, int status = 0, std::string_view body = {}) {
  session::AttemptResult out;
  out.outcome.kind = kind;
  out.outcome.handshake_complete = kind == Outcome::Kind::completed;
  out.outcome.http_status = status;
  out.response_body = to_bytes(body);
  return out;
}

TEST(Classify, HttpIsComparedWithTheGoodClient) {
  using Kind = Acceptance::Kind;
  const auto good = result(Outcome::Kind::completed, 200);
  const auto good404 = result(Outcome::Kind::completed, 404);
  const auto missing = result(Outcome::Kind::completed, 400, "<center>No required SSL certificate was sent</center>");
  EXPECT_EQ(classify(result(Outcome::Kind::completed, 200), &good).kind, Kind::accepted);
  EXPECT_EQ(classify(result(Outcome::Kind::completed, 403), &good).kind, Kind::refused);
  EXPECT_EQ(classify(result(Outcome::Kind::completed, 404), &good404).kind, Kind::accepted)
      << "the good client gets 404 too";
  EXPECT_EQ(classify(missing, nullptr).kind, Kind::refused) << "nginx says why";
  EXPECT_EQ(classify(missing, nullptr).where, Acceptance::Where::http);
  EXPECT_EQ(classify(result(Outcome::Kind::completed, 200), nullptr).kind, Kind::accepted);
  EXPECT_EQ(classify(result(Outcome::Kind::completed, 403), nullptr).kind, Kind::unclear) << "the page or the client?";
}

TEST(Classify, WhatSpeaksOfTheServerOrOfThePageIsNoVerdictOnTheClient) {
  using Kind = Acceptance::Kind;
  const auto good = result(Outcome::Kind::completed, 200);
  const auto forbidden = result(Outcome::Kind::completed, 403);
  for (int status : {408, 421, 425, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(classify(result(Outcome::Kind::completed, status), &good).kind, Kind::unclear) << status;
    EXPECT_EQ(classify(result(Outcome::Kind::completed, status), nullptr).kind, Kind::unclear) << status;
  }
  EXPECT_EQ(classify(result(Outcome::Kind::completed, 496), &good).kind, Kind::refused) << "nginx's own";
  EXPECT_EQ(classify(result(Outcome::Kind::completed, 403), &forbidden).kind, Kind::unclear)
      << "the good client gets 403 too: that is no acceptance";
}

TEST(Classify, WithoutHttp) {
  using Kind = Acceptance::Kind;
  EXPECT_EQ(classify(result(Outcome::Kind::completed), nullptr).kind, Kind::accepted);
  EXPECT_EQ(classify(result(Outcome::Kind::no_objection), nullptr).kind, Kind::unclear)
      << "acceptance needs a positive sign";
  EXPECT_EQ(classify(result(Outcome::Kind::hang), nullptr).kind, Kind::unclear);
  EXPECT_EQ(classify(result(Outcome::Kind::waited), nullptr).kind, Kind::unclear);
  for (auto kind : {Outcome::Kind::alert, Outcome::Kind::eof, Outcome::Kind::reset, Outcome::Kind::close_notify})
    EXPECT_EQ(classify(result(kind), nullptr).kind, Kind::refused);
  for (auto kind : {Outcome::Kind::unreachable, Outcome::Kind::local_failure, Outcome::Kind::peer_violation,
                    Outcome::Kind::plain_text})
    EXPECT_EQ(classify(result(kind), nullptr).kind, Kind::failed);
}

TEST(Classify, WhereItIsEnforced) {
  auto during = result(Outcome::Kind::alert);
  EXPECT_EQ(classify(during, nullptr).where, Acceptance::Where::handshake);
  during.outcome.handshake_complete = true;  // TLS 1.3: the server judges after the client has finished
  EXPECT_EQ(classify(during, nullptr).where, Acceptance::Where::after_handshake);
}

// The mtls scenarios want of each certificate what the forge says that it is: what is invalid MUST be refused, what is
// a matter of policy SHOULD (or is only looked at), what is valid is wanted accepted, and that is never a MUST.
TEST(Faults, ScenariosAgreeWithTheForge) {
  using scenario::ClientAuthExpected;
  using verdict::Requirement;
  const auto library = scenario::load_embedded();
  ASSERT_TRUE(library) << library.error().message();
  std::set<std::string_view> played;
  for (const scenario::Scenario& one : library->scenarios()) {
    if (!one.id.starts_with("mtls/") || one.plays.front().connections.size() != 1) continue;
    const scenario::Identity& identity = one.plays.front().connections.front().identity;
    const scenario::Expect& expect = one.plays.front().expect;
    if (identity.kind != scenario::Identity::Kind::fault || expect.client_auth == ClientAuthExpected::depth) continue;
    SCOPED_TRACE(one.id);
    const pki::Fault* fault = pki::find_fault(identity.fault);
    ASSERT_NE(fault, nullptr);
    if (one.id != "mtls/" + identity.fault) continue;
    played.insert(fault->name);
    const bool refused = expect.client_auth == ClientAuthExpected::refused;
    switch (fault->of_client) {
      case pki::Standing::invalid:
        EXPECT_TRUE(refused && one.requirement == Requirement::must);
        break;
      case pki::Standing::policy:
        EXPECT_TRUE(one.requirement == Requirement::info || (refused && one.requirement == Requirement::should));
        break;
      case pki::Standing::legal:
        EXPECT_TRUE(!refused && one.requirement != Requirement::must);
        break;
    }
  }
  // Of names that only clients look at, and of the number of intermediates (mtls/depth), there is none.
  const std::set<std::string_view> without = {"good",         "wrong_host",       "ip_as_dns",
                                              "wildcard",     "wildcard_partial", "wildcard_too_deep",
                                              "wildcard_tld", "too_deep"};
  for (const pki::Fault& fault : pki::faults())
    EXPECT_NE(played.contains(fault.name), without.contains(fault.name)) << fault.name;
}

// Scenarios may name exactly the faults that can be forged.
TEST(Faults, TheLanguageAndTheForgeAgree) {
  std::set<std::string_view> language(scenario::known_faults().begin(), scenario::known_faults().end());
  std::set<std::string_view> forge;
  for (const pki::Fault& fault : pki::faults())
    if (fault.name != "good") forge.insert(fault.name);
  EXPECT_EQ(language, forge);
}

// What a service answers inside, and what the good client was told there.
TEST(Classify, AnswersOfServices) {
  using Kind = Acceptance::Kind;
  using Where = Acceptance::Where;
  using app::Sign;
  struct Row {
    const char* name;
    Sign sign;
    std::optional<Sign> good;  // of the good client; none: there is no good client
    bool asked;                // for a certificate
    Kind kind;
    Where where;
  };
  const Row rows[] = {
      {"let in", Sign::accepted, std::nullopt, true, Kind::accepted, Where::nowhere},
      {"let in as the good one is not", Sign::accepted, Sign::refused, true, Kind::accepted, Where::nowhere},
      {"told of the certificate", Sign::certificate, std::nullopt, true, Kind::refused, Where::application},
      {"refused, the good one is not", Sign::refused, Sign::accepted, true, Kind::refused, Where::application},
      {"refused as everybody is", Sign::refused, Sign::refused, true, Kind::unclear, Where::application},
      {"refused, nothing to compare with", Sign::refused, std::nullopt, true, Kind::unclear, Where::application},
      {"refused, but never asked for a certificate", Sign::refused, std::nullopt, false, Kind::accepted,
       Where::nowhere},
      {"too many connections", Sign::busy, Sign::accepted, true, Kind::unclear, Where::application},
      {"no answer as this service gives it", Sign::none, Sign::accepted, true, Kind::unclear, Where::nowhere},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto make = [&](Sign sign) {
      session::AttemptResult out = result(sign == Sign::none ? Outcome::Kind::no_objection : Outcome::Kind::completed);
      out.outcome.app = "SMTP";
      out.outcome.reply = {sign, 0, "SMTP reply"};
      out.server_flight_complete = true;
      out.certificate_request.count = row.asked ? 1 : 0;
      return out;
    };
    const session::AttemptResult good = make(row.good.value_or(Sign::none));
    const Acceptance seen = classify(make(row.sign), row.good ? &good : nullptr);
    EXPECT_EQ(seen.kind, row.kind) << seen.why;
    EXPECT_EQ(seen.where, row.where);
  }
}

TEST(Classify, WithoutTlsThereIsNothingToSay) {
  EXPECT_EQ(classify(result(Outcome::Kind::no_tls), nullptr).kind, Acceptance::Kind::failed);
}

}  // namespace
}  // namespace tlsproof::engine
