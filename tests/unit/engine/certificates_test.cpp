// Each certificate check: a chain that holds, and one that trips it, from certificates made here.
#include "tlsproof/engine/certificates.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tlsproof/pki/authority.h"
#include "tlsproof/pki/fault.h"

namespace tlsproof::engine {
namespace {

using scenario::CertificateCheck;
using scenario::Control;
using verdict::Verdict;

constexpr int64_t kNow = 1'800'000'000;
constexpr int64_t kDay = 86'400;

crypto::PrivateKey p256() {
  return crypto::PrivateKey::generate(crypto::KeyKind::p256).value();
}

class CertificateChecks : public testing::Test {
 protected:
  CertificateChecks()
      : root_(pki::Authority::make_root(pki::authority_spec({{"CN", "root"}}, {kNow - kDay, kNow + 3650 * kDay}),
                                        p256(), random_)
                  .value()),
        intermediate_(
            root_
                .make_intermediate(pki::authority_spec({{"CN", "intermediate"}}, {kNow - kDay, kNow + 1000 * kDay}),
                                   p256(), random_)
                .value()) {
    const std::vector<x509::Certificate> anchors = {root_.certificate()};
    terms_.anchors = x509::TrustAnchors::from_certificates(anchors, "the root");
    terms_.name = "server.test";
    terms_.now = kNow;
  }
  [[nodiscard]] pki::CertificateSpec spec() const {
    return pki::leaf_spec(pki::Role::server, {}, {{pki::AlternativeName::Kind::dns, "server.test"}},
                          {kNow - kDay, kNow + 90 * kDay});
  }
  std::vector<Bytes> issue(const pki::CertificateSpec& spec, const crypto::PrivateKey& key) {
    std::vector<Bytes> chain = {intermediate_.issue(spec, key.public_key(), random_).value()};
    chain.push_back(to_bytes(intermediate_.certificate().der()));
    return chain;
  }
  std::vector<Bytes> issue(const pki::CertificateSpec& spec) { return issue(spec, p256()); }
  Verdict judge(CertificateCheck check, std::span<const Bytes> chain) {
    ChainBook book(terms_);
    last_ = judge_certificate(check, book.facts(chain), book.terms(), Verdict::fail);
    return last_.verdict;
  }
  Judgement control(Control which, std::span<const Bytes> chain) {
    ChainBook book(terms_);
    auto stranger = pki::Authority::make_root(pki::authority_spec({{"CN", "stranger"}}, {kNow - kDay, kNow + kDay}),
                                              p256(), random_)
                        .value();
    const std::vector<x509::Certificate> strangers = {stranger.certificate()};
    return judge_control(which, book.facts(chain), book.terms(),
                         x509::TrustAnchors::from_certificates(strangers, "strange"));
  }

  SeededRandom random_{7};
  pki::Authority root_, intermediate_;
  ChainTerms terms_;
  Judgement last_;
};

constexpr CertificateCheck kAll[] = {CertificateCheck::chain_complete,     CertificateCheck::chain_in_order,
                                     CertificateCheck::chain_valid,        CertificateCheck::name_matches,
                                     CertificateCheck::not_expired,        CertificateCheck::days_left,
                                     CertificateCheck::version_3,          CertificateCheck::has_san,
                                     CertificateCheck::key_strength,       CertificateCheck::signature_strength,
                                     CertificateCheck::extended_key_usage, CertificateCheck::lifetime};

// A faulty chain breaks the checks that are named, and no others.
#define EXPECT_BREAKS(chain_expression, ...)                                             \
  do {                                                                                   \
    const auto judged_chain = chain_expression;                                          \
    const std::vector<CertificateCheck> broken_ones = {__VA_ARGS__};                     \
    for (CertificateCheck check : kAll) {                                                \
      const bool is_broken = std::ranges::find(broken_ones, check) != broken_ones.end(); \
      EXPECT_EQ(judge(check, judged_chain) != Verdict::pass, is_broken)                  \
          << scenario::to_text(check) << ": " << last_.seen << " " << last_.reason;      \
    }                                                                                    \
  } while (false)

TEST_F(CertificateChecks, AGoodChainHolds) {
  EXPECT_BREAKS(issue(spec()));
}

TEST_F(CertificateChecks, EachFaultBreaksItsOwnChecks) {
  auto bent = [&](auto change) {
    auto one = spec();
    change(one);
    return issue(one);
  };
  EXPECT_BREAKS(bent([](auto& s) { s.validity = {kNow - 100 * kDay, kNow - kDay}; }), CertificateCheck::not_expired,
                CertificateCheck::days_left);
  EXPECT_BREAKS(bent([](auto& s) { s.validity.not_before = kNow + kDay; }), CertificateCheck::not_expired);
  EXPECT_BREAKS(bent([](auto& s) { s.validity.not_after = kNow + 5 * kDay; }), CertificateCheck::days_left);
  EXPECT_BREAKS(bent([](auto& s) { s.names = {{pki::AlternativeName::Kind::dns, "other.test"}}; }),
                CertificateCheck::name_matches);
  EXPECT_BREAKS(bent([](auto& s) {
                  s.names.clear();
                  s.subject = {{"CN", "server.test"}};
                }),
                CertificateCheck::has_san, CertificateCheck::name_matches);
  EXPECT_BREAKS(bent([](auto& s) { s.extended_key_usage.clear(); }), CertificateCheck::extended_key_usage);
  EXPECT_BREAKS(bent([](auto& s) { s.extended_key_usage = {std::string(x509::kClientAuth)}; }),
                CertificateCheck::extended_key_usage, CertificateCheck::chain_valid);
  EXPECT_BREAKS(bent([](auto& s) { s.validity.not_after = kNow + 999 * kDay; }), CertificateCheck::lifetime);
  EXPECT_BREAKS(bent([](auto& s) { s.hash = pki::SignatureHash::sha1; }), CertificateCheck::signature_strength);
  EXPECT_BREAKS(issue(spec(), crypto::PrivateKey::generate(crypto::KeyKind::rsa, 1024).value()),
                CertificateCheck::key_strength);
}

TEST_F(CertificateChecks, ChainsOutOfOrderOrWithStrangers) {
  auto chain = issue(spec());
  std::swap(chain[0], chain[1]);
  EXPECT_EQ(judge(CertificateCheck::chain_in_order, chain), Verdict::fail);
  chain = issue(spec());
  chain.push_back(to_bytes(intermediate_.certificate().der()));
  EXPECT_BREAKS(chain, CertificateCheck::chain_in_order);  // twice the same
  chain = issue(spec());
  auto stranger = pki::Authority::make_root(pki::authority_spec({{"CN", "stranger"}}, {kNow - kDay, kNow + 100 * kDay}),
                                            p256(), random_)
                      .value();
  chain.push_back(to_bytes(stranger.certificate().der()));
  EXPECT_BREAKS(chain, CertificateCheck::chain_in_order);
  chain = issue(spec());
  chain.push_back(to_bytes(root_.certificate().der()));
  EXPECT_BREAKS(chain);  // the root is harmless
  EXPECT_FALSE((judge(CertificateCheck::chain_in_order, chain), last_.notes).empty()) << "but told";
}

TEST_F(CertificateChecks, AMissingIntermediateIsCalledSoOnlyWhenItIsKnown) {
  auto chain = issue(spec());
  chain.pop_back();
  EXPECT_EQ(judge(CertificateCheck::chain_valid, chain), Verdict::fail);
  EXPECT_EQ(judge(CertificateCheck::chain_complete, chain), Verdict::inconclusive) << "the root may be the unknown one";
  terms_.known = {intermediate_.certificate()};
  EXPECT_EQ(judge(CertificateCheck::chain_complete, chain), Verdict::fail);
  EXPECT_EQ(judge(CertificateCheck::chain_valid, chain), Verdict::fail);
}

TEST_F(CertificateChecks, AStrangeRootIsNotCalledIncomplete) {
  auto stranger = pki::Authority::make_root(pki::authority_spec({{"CN", "stranger"}}, {kNow - kDay, kNow + 100 * kDay}),
                                            p256(), random_)
                      .value();
  auto leaf_spec = spec();
  const std::vector<Bytes> chain = {stranger.issue(leaf_spec, p256().public_key(), random_).value()};
  terms_.known = {intermediate_.certificate()};
  EXPECT_EQ(judge(CertificateCheck::chain_valid, chain), Verdict::fail);
  EXPECT_NE(judge(CertificateCheck::chain_complete, chain), Verdict::fail) << last_.seen;
}

TEST_F(CertificateChecks, AnExpiredRootThatIsNotSentFailsTheChain) {
  const pki::Validity past{kNow - 400 * kDay, kNow - kDay};
  auto old_root = pki::Authority::make_root(pki::authority_spec({{"CN", "old root"}}, past), p256(), random_).value();
  const std::vector<x509::Certificate> anchors = {old_root.certificate()};
  terms_.anchors = x509::TrustAnchors::from_certificates(anchors, "the old root");
  const std::vector<Bytes> chain = {old_root.issue(spec(), p256().public_key(), random_).value()};
  EXPECT_EQ(judge(CertificateCheck::chain_valid, chain), Verdict::fail) << last_.seen;
  EXPECT_EQ(judge(CertificateCheck::not_expired, chain), Verdict::pass) << "of what is sent nothing has ended";
  EXPECT_EQ(control(Control::wrong_ca, chain).verdict, Verdict::info) << "the verifier is not to blame";
}

TEST_F(CertificateChecks, AnOldCertificateBesideThePathBreaksNothing) {
  auto chain = issue(spec());
  auto old =
      pki::Authority::make_root(pki::authority_spec({{"CN", "old"}}, {kNow - 400 * kDay, kNow - kDay}), p256(), random_)
          .value();
  chain.push_back(to_bytes(old.certificate().der()));
  EXPECT_EQ(judge(CertificateCheck::not_expired, chain), Verdict::pass) << last_.seen;
  EXPECT_FALSE(last_.notes.empty());
  EXPECT_EQ(judge(CertificateCheck::chain_in_order, chain), Verdict::fail);
}

TEST_F(CertificateChecks, ControlsSeeTheFaultTheyAreGiven) {
  const auto chain = issue(spec());
  for (Control which : {Control::wrong_ca, Control::wrong_name, Control::shifted_clock}) {
    const Judgement judgement = control(which, chain);
    EXPECT_EQ(judgement.verdict, Verdict::info)
        << scenario::to_text(which) << ": " << judgement.seen << " " << judgement.reason;
  }
}

TEST_F(CertificateChecks, GarbageIsJudgedNotBelieved) {
  const std::vector<Bytes> chain = {Bytes(100, 0x30)};
  for (CertificateCheck check : kAll) {
    EXPECT_EQ(judge(check, chain), Verdict::fail) << scenario::to_text(check);
  }
}

}  // namespace
}  // namespace tlsproof::engine
