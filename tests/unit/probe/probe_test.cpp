// What a probe concludes from connections that ended in this way and that.
#include "tlsproof/probe/probe.h"

#include <gtest/gtest.h>

#include "tlsproof/pki/authority.h"

namespace tlsproof::probe {
namespace {

using scenario::KeyType;
using target::Answer;
using verdict::Outcome;

constexpr uint16_t kTls12 = 0x0303;
constexpr uint16_t kTls13 = 0x0304;

class ProbeTest : public testing::Test {
 protected:
  static session::AttemptResult ended(Outcome::Kind kind, uint8_t alert = 0) {
    session::AttemptResult out;
    out.outcome.kind = kind;
    out.outcome.alert = alert;
    return out;
  }
  // A handshake that came to its end, with a P-256 certificate.
  session::AttemptResult spoke(uint16_t version, bool asks_for_certificate = false) {
    session::AttemptResult out;
    out.outcome.kind = Outcome::Kind::completed;
    out.outcome.version = version;
    out.server_flight_complete = true;
    out.certificate_request.count = asks_for_certificate ? 1 : 0;
    auto key = crypto::PrivateKey::generate(crypto::KeyKind::p256).value();
    auto root = pki::Authority::make_root(pki::authority_spec({{"CN", "a"}}, {0, 1'000'000}), key, random_).value();
    out.peer_chain = {to_bytes(root.certificate().der())};
    return out;
  }
  // The four connections in the order of wanted_connections(): 1.3 RSA, 1.3 ECDSA, 1.2 RSA, 1.2 ECDSA.
  target::Features conclude_from(std::vector<session::AttemptResult> results) {
    results_ = std::move(results);
    const auto wanted = wanted_connections({});
    std::vector<Seen> seen;
    for (size_t i = 0; i < results_.size(); ++i) seen.push_back({wanted[i], &results_[i]});
    target::Features features;
    conclude(seen, features);
    return features;
  }
  SeededRandom random_{1};
  std::vector<session::AttemptResult> results_;
};

TEST_F(ProbeTest, AnEcdsaHostOfBothVersions) {
  const auto refusal = ended(Outcome::Kind::alert, 40);
  const auto features = conclude_from({refusal, spoke(kTls13, true), refusal, spoke(kTls12)});
  EXPECT_EQ(features.get("version.tls1_3").answer, Answer::yes);
  EXPECT_EQ(features.get("version.tls1_2").answer, Answer::yes);
  EXPECT_EQ(features.get("key_type.ecdsa").answer, Answer::yes);
  EXPECT_EQ(features.get("key_type.rsa").answer, Answer::no);
  EXPECT_EQ(features.get("client_auth.requested.tls1_3").answer, Answer::yes);
  EXPECT_EQ(features.get("client_auth.requested.tls1_2").answer, Answer::no);
}

TEST_F(ProbeTest, OneResetHidesNothing) {
  const auto refusal = ended(Outcome::Kind::alert, 40);
  const auto features = conclude_from({refusal, ended(Outcome::Kind::reset), refusal, spoke(kTls12)});
  EXPECT_EQ(features.get("version.tls1_3").answer, Answer::unknown) << "it may be spoken";
  EXPECT_EQ(features.get("version.tls1_2").answer, Answer::yes);
}

TEST_F(ProbeTest, AVersionRefusedByAlertIsNotSpoken) {
  const auto version = ended(Outcome::Kind::alert, 70);
  const auto features = conclude_from({version, version, ended(Outcome::Kind::alert, 40), spoke(kTls12)});
  EXPECT_EQ(features.get("version.tls1_3").answer, Answer::no);
  EXPECT_EQ(features.get("key_type.rsa").answer, Answer::no);
}

TEST_F(ProbeTest, AnEndWithoutAnAlertCountsWhenItIsTheRule) {
  const auto end = ended(Outcome::Kind::eof);
  auto features = conclude_from({end, spoke(kTls13), end, spoke(kTls12)});
  EXPECT_EQ(features.get("key_type.rsa").answer, Answer::no) << "twice the same, and ECDSA works";
  features = conclude_from({end, end, end, end});
  EXPECT_EQ(features.get("key_type.rsa").answer, Answer::unknown) << "nothing works";
  EXPECT_EQ(features.get("version.tls1_3").answer, Answer::no);
}

TEST_F(ProbeTest, SilenceTellsNothing) {
  const auto hang = ended(Outcome::Kind::hang);
  const auto features = conclude_from({hang, hang, spoke(kTls12), spoke(kTls12)});
  EXPECT_EQ(features.get("version.tls1_3").answer, Answer::unknown);
}

TEST_F(ProbeTest, UnreachableOnlyWhenNothingConnected) {
  results_ = {ended(Outcome::Kind::unreachable), ended(Outcome::Kind::eof)};
  results_[0].outcome.detail = "refused";
  std::string why;
  const Seen both[] = {{{kTls13, KeyType::rsa}, results_.data()}, {{kTls13, KeyType::ecdsa}, &results_[1]}};
  EXPECT_FALSE(unreachable(both, why));
  why.clear();
  EXPECT_TRUE(unreachable(std::span(both).first(1), why));
  EXPECT_EQ(why, "refused");
}

}  // namespace
}  // namespace tlsproof::probe
