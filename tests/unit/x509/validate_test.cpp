#include "tlsproof/x509/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <functional>
#include <set>

#include "make_certificate.h"

namespace tlsproof::x509::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A root, an intermediate and a leaf that are as they should be; another CA that nobody trusts.
struct World {
  Identity root = make(ca_spec("Root"));
  Identity middle = make(ca_spec("Middle", &root));
  Identity leaf = make(leaf_spec(&middle));
  Identity other_root = make(ca_spec("Other Root"));
};
const World& world() {
  static const World* made = new World;
  return *made;
}

struct Play {
  std::vector<Certificate> sent;
  std::vector<Certificate> trusted = {world().root.certificate};
  ValidateOptions options;
  Play() { options.time = kNow; }
  explicit Play(std::vector<Certificate> chain) : sent(std::move(chain)) { options.time = kNow; }
  [[nodiscard]] Validation run() const {
    return validate(sent, TrustAnchors::from_certificates(trusted, "the test's root"), options);
  }
};

Play play(const Identity& leaf) {
  return Play({leaf.certificate, world().middle.certificate});
}
Play play(const Identity& leaf, const Identity& middle) {
  return Play({leaf.certificate, middle.certificate});
}
Play good() {
  return play(world().leaf);
}

std::set<std::string> names_of(const Validation& validation) {
  std::set<std::string> out;
  for (const Problem& problem : validation.problems)
    out.insert(std::string(problem_name(problem.code)) + (problem.presumed ? "?" : ""));
  return out;
}

struct Case {
  std::string name;
  std::function<Play()> make;
  std::set<std::string> expected;
};

Play changed(const std::string& extension, const std::string& value) {
  return play(make(with(leaf_spec(&world().middle), extension, value)));
}
Play changed_middle(const std::string& extension, const std::string& value) {
  const Identity middle = make(with(ca_spec("Middle", &world().root), extension, value));
  return play(make(leaf_spec(&middle)), middle);
}
Play with_crls(std::vector<Bytes> crls) {
  Play out = good();
  out.options.crls = std::move(crls);
  return out;
}
Play tampered() {
  // The organisation is signed; its letters are not looked at by anything else.
  Spec spec = leaf_spec(&world().middle);
  spec.subject.emplace_back("O", "Unaltered");
  Identity leaf = make(spec);
  leaf.certificate = Certificate::parse(replaced(leaf.der(), "Unaltered", "ALTERED!!"));
  return play(leaf);
}
Play under_leaf(const std::string& usage) {
  Spec spec = with(leaf_spec(&world().middle), "keyUsage", usage);
  spec.subject = {{"CN", "No CA"}};
  spec.key = "P-256/no-ca";
  const Identity no_ca = make(spec);
  const Identity leaf = make(leaf_spec(&no_ca));
  return Play({leaf.certificate, no_ca.certificate, world().middle.certificate});
}
Play long_path(int intermediates) {
  Play out;
  Identity issuer = world().root;
  std::vector<Certificate> chain;
  for (int i = 0; i < intermediates; ++i) {
    issuer = make(ca_spec("Step " + std::to_string(i), &issuer));
    chain.insert(chain.begin(), issuer.certificate);
  }
  chain.insert(chain.begin(), make(leaf_spec(&issuer)).certificate);
  out.sent = chain;
  return out;
}
Play timed(int64_t not_before, int64_t not_after) {
  Spec spec = leaf_spec(&world().middle);
  spec.not_before = not_before;
  spec.not_after = not_after;
  return play(make(spec));
}
Play keyed(const std::string& key, const std::string& digest) {
  Spec middle_spec = ca_spec("Middle", &world().root);
  const Identity middle = make(middle_spec);
  Spec spec = leaf_spec(&middle);
  spec.key = key;
  spec.digest = digest;
  return play(make(spec), middle);
}
template <class Edit>
Play edited(Edit edit) {
  Play out;
  edit(out);
  return out;
}
Play unknown_critical() {
  Spec spec = leaf_spec(&world().middle);
  spec.extensions.emplace_back("1.2.3.4.5", "critical,DER:0500");
  return play(make(spec));
}
Play twice_extended() {
  Spec spec = leaf_spec(&world().middle);
  spec.extensions.emplace_back("basicConstraints", "CA:FALSE");
  return play(make(spec));
}

const std::vector<Case>& cases() {
  static const auto* all = new std::vector<Case>{
      {"good", [] { return good(); }, {}},
      {"good_with_everything_asked_for",
       [] {
         Play out = with_crls({make_crl(world().root), make_crl(world().middle)});
         out.options.name = "server.test";
         out.options.max_intermediates = 1;
         return out;
       },
       {}},
      {"root_sent_too",
       [] { return Play({world().leaf.certificate, world().middle.certificate, world().root.certificate}); },
       {}},
      {"wrong_order",
       [] { return Play({world().leaf.certificate, world().root.certificate, world().middle.certificate}); },
       {}},
      {"leaf_sent_twice",
       [] { return Play({world().leaf.certificate, world().leaf.certificate, world().middle.certificate}); },
       {}},
      {"intermediate_is_the_anchor",
       [] {
         Play out = Play({world().leaf.certificate});
         out.trusted = {world().middle.certificate};
         return out;
       },
       {}},
      {"intermediate_is_no_anchor_without_partial_chain",
       [] {
         Play out = Play({world().leaf.certificate});
         out.trusted = {world().middle.certificate};
         out.options.partial_chain = false;
         return out;
       },
       {"unknown_ca"}},
      {"leaf_is_the_anchor",
       [] {
         Play out = Play({world().leaf.certificate});
         out.trusted = out.sent;
         return out;
       },
       {}},
      {"self_signed_anchor",
       [] {
         Play out = Play({make(leaf_spec(nullptr)).certificate});
         out.trusted = out.sent;
         return out;
       },
       {}},
      {"expired", [] { return timed(kNow - 30 * kDay, kNow - kDay); }, {"expired"}},
      {"expires_this_second", [] { return timed(kNow - 30 * kDay, kNow); }, {}},
      {"not_yet_valid", [] { return timed(kNow + kDay, kNow + 30 * kDay); }, {"not_yet_valid"}},
      {"begins_this_second", [] { return timed(kNow, kNow + 30 * kDay); }, {}},
      {"expired_intermediate",
       [] {
         Spec spec = ca_spec("Middle", &world().root);
         spec.not_after = kNow - kDay;
         return play(world().leaf, make(spec));
       },
       {"expired"}},
      {"self_signed_leaf", [] { return Play({make(leaf_spec(nullptr)).certificate}); }, {"self_signed_leaf"}},
      {"unknown_root_sent",
       [] { return Play({make(leaf_spec(&world().other_root)).certificate, world().other_root.certificate}); },
       {"unknown_ca"}},
      {"unknown_root_not_sent",
       [] { return Play({make(leaf_spec(&world().other_root)).certificate}); },
       {"unknown_ca", "missing_intermediate?"}},
      {"unknown_root_above_intermediate",
       [] {
         Play out = good();
         out.trusted = {world().other_root.certificate};
         return out;
       },
       {"unknown_ca"}},
      {"no_anchor_at_all",
       [] {
         Play out = good();
         out.trusted.clear();
         return out;
       },
       {"unknown_ca"}},
      {"root_of_the_same_name",
       [] {
         Spec spec = ca_spec("Root");
         spec.key = "P-256/impostor";
         const Identity impostor = make(spec);
         return Play({make(leaf_spec(&impostor)).certificate});
       },
       {"unknown_ca"}},
      {"missing_intermediate",
       [] { return Play({world().leaf.certificate}); },
       {"unknown_ca", "missing_intermediate?"}},
      {"missing_intermediate_known",
       [] {
         Play out({world().leaf.certificate});
         out.options.known_intermediates = {world().middle.certificate};
         return out;
       },
       {"missing_intermediate"}},
      {"useless_known_intermediate",
       [] {
         Play out({make(leaf_spec(&world().other_root)).certificate});
         out.options.known_intermediates = {world().middle.certificate};
         return out;
       },
       {"unknown_ca", "missing_intermediate?"}},
      {"bad_signature", [] { return tampered(); }, {"bad_signature"}},
      {"client_certificate_on_a_server", [] { return changed("extendedKeyUsage", "clientAuth"); }, {"wrong_purpose"}},
      {"server_certificate_on_a_client",
       [] {
         Play out = good();
         out.options.purpose = Purpose::client;
         return out;
       },
       {"wrong_purpose"}},
      {"any_purpose",
       [] {
         Play out = good();
         out.options.purpose = Purpose::any;
         return out;
       },
       {}},
      {"no_extended_key_usage", [] { return changed("extendedKeyUsage", ""); }, {}},
      {"ca_for_clients_only", [] { return changed_middle("extendedKeyUsage", "clientAuth"); }, {"wrong_purpose"}},
      {"issuer_is_no_ca", [] { return changed_middle("basicConstraints", "critical,CA:FALSE"); }, {"not_a_ca"}},
      {"issuer_may_not_sign", [] { return under_leaf("critical,digitalSignature"); }, {"not_a_ca"}},
      {"issuer_may_sign_but_is_no_ca",
       [] { return under_leaf("critical,digitalSignature,keyCertSign"); },
       {"not_a_ca"}},
      {"path_length_exceeded",
       [] {
         const Identity middle =
             make(with(ca_spec("Middle", &world().root), "basicConstraints", "critical,CA:TRUE,pathlen:0"));
         const Identity lower = make(ca_spec("Lower", &middle));
         return Play({make(leaf_spec(&lower)).certificate, lower.certificate, middle.certificate});
       },
       {"path_length_exceeded"}},
      {"path_length_kept", [] { return changed_middle("basicConstraints", "critical,CA:TRUE,pathlen:0"); }, {}},
      {"name_not_permitted",
       [] { return changed_middle("nameConstraints", "critical,permitted;DNS:example.org"); },
       {"name_constraint_violated"}},
      {"name_excluded",
       [] { return changed_middle("nameConstraints", "critical,excluded;DNS:test"); },
       {"name_constraint_violated"}},
      {"name_permitted",
       [] { return changed_middle("nameConstraints", "critical,permitted;DNS:test,permitted;IP:127.0.0.0/255.0.0.0"); },
       {}},
      {"revoked",
       [] {
         return with_crls({make_crl(world().root), make_crl(world().middle, {.revoked = {world().leaf.spec.serial}})});
       },
       {"revoked"}},
      {"intermediate_revoked",
       [] {
         return with_crls(
             {make_crl(world().root, {.revoked = {world().middle.spec.serial}}), make_crl(world().middle)});
       },
       {"revoked"}},
      {"another_revoked",
       [] { return with_crls({make_crl(world().root), make_crl(world().middle, {.revoked = {"77"}})}); },
       {}},
      {"crl_missing", [] { return with_crls({make_crl(world().root)}); }, {"crl_missing"}},
      {"crl_asked_for_and_none",
       [] {
         Play out = good();
         out.options.revocation = ValidateOptions::Revocation::leaf;
         return out;
       },
       {"crl_missing"}},
      {"crls_not_used",
       [] {
         Play out = with_crls({make_crl(world().middle, {.revoked = {world().leaf.spec.serial}})});
         out.options.revocation = ValidateOptions::Revocation::off;
         return out;
       },
       {}},
      {"crl_expired",
       [] {
         return with_crls(
             {make_crl(world().root), make_crl(world().middle, {.revoked = {}, .next_update = kNow - 60})});
       },
       {"crl_expired"}},
      {"crl_not_yet_valid",
       [] {
         return with_crls(
             {make_crl(world().root), make_crl(world().middle, {.revoked = {}, .this_update = kNow + 60})});
       },
       {"crl_not_yet_valid"}},
      {"revoked_by_an_expired_crl",
       [] {
         return with_crls({make_crl(world().root), make_crl(world().middle, {.revoked = {world().leaf.spec.serial},
                                                                             .next_update = kNow - 60})});
       },
       {"crl_expired", "revoked"}},
      {"crl_by_another_key",
       [] {
         Identity impostor = world().middle;
         impostor.spec.key = "P-256/impostor";
         return with_crls({make_crl(world().root), make_crl(impostor)});
       },
       {"crl_invalid"}},
      {"crl_unreadable",
       [] { return with_crls({make_crl(world().root), make_crl(world().middle), Bytes{0x30, 0x03, 0x02}}); },
       {"crl_invalid"}},
      {"weak_key", [] { return keyed("RSA-1024/leaf", "SHA256"); }, {"weak_key"}},
      {"weak_key_at_level_0",
       [] {
         Play out = keyed("RSA-1024/leaf", "SHA1");
         out.options.security_level = 0;
         return out;
       },
       {}},
      {"strong_rsa_key", [] { return keyed("RSA-2048/leaf", "SHA384"); }, {}},
      {"weak_signature", [] { return keyed("P-256/leaf", "SHA1"); }, {"weak_signature"}},
      {"weak_signature_unknown_ca",
       [] {
         Play out = keyed("P-256/leaf", "SHA1");
         out.sent.pop_back();
         return out;
       },
       {"unknown_ca", "missing_intermediate?", "weak_signature"}},
      {"name_mismatch",
       [] {
         Play out = good();
         out.options.name = "other.test";
         return out;
       },
       {"name_mismatch"}},
      {"address",
       [] {
         Play out = good();
         out.options.name = "127.0.0.1";
         return out;
       },
       {}},
      {"address_mismatch",
       [] {
         Play out = good();
         out.options.name = "127.0.0.2";
         return out;
       },
       {"name_mismatch"}},
      {"unknown_critical_extension", [] { return unknown_critical(); }, {"unknown_critical_extension"}},
      {"invalid_extension", [] { return twice_extended(); }, {"invalid_extension"}},
      {"chain_too_long",
       [] {
         Play out = long_path(3);
         out.options.max_intermediates = 2;
         return out;
       },
       {"chain_too_long"}},
      {"chain_just_long_enough",
       [] {
         Play out = long_path(3);
         out.options.max_intermediates = 3;
         return out;
       },
       {}},
      {"undecodable", [] { return Play({Certificate::parse(Bytes{0x30, 0x82, 0x01})}); }, {"undecodable"}},
      {"undecodable_beside",
       [] {
         Play out = good();
         out.sent.push_back(Certificate::parse(Bytes{1, 2, 3}));
         return out;
       },
       {"undecodable"}},
      {"no_certificate", [] { return Play(); }, {"no_certificate"}},
      {"three_faults",
       [] {
         Spec spec = leaf_spec(&world().other_root);
         spec.not_after = kNow - kDay;
         Play out({make(spec).certificate, world().other_root.certificate});
         out.options.name = "other.test";
         return out;
       },
       {"expired", "unknown_ca", "name_mismatch"}},
      {"seven_faults",
       [] {
         Spec spec = with(leaf_spec(&world().middle), "extendedKeyUsage", "clientAuth");
         spec.not_before = kNow + kDay;
         spec.key = "RSA-1024/leaf";
         spec.digest = "SHA1";
         spec.extensions.emplace_back("1.2.3.4.5", "critical,DER:0500");
         Play out = play(make(spec));
         out.trusted.clear();
         out.options.name = "other.test";
         return out;
       },
       {"not_yet_valid", "wrong_purpose", "weak_key", "weak_signature", "unknown_critical_extension", "unknown_ca",
        "name_mismatch"}},
      {"no_ca_and_nothing_above",
       [] {
         Play out = under_leaf("critical,digitalSignature");
         out.sent.pop_back();
         return out;
       },
       {"not_a_ca", "unknown_ca"}},
  };
  return *all;
}

TEST(Validate, NamesEveryFailureAndNoOther) {
  for (const Case& c : cases()) {
    const Validation validation = c.make().run();
    EXPECT_EQ(names_of(validation), c.expected) << c.name;
    EXPECT_EQ(validation.problems.size(), c.expected.size()) << c.name;
    EXPECT_EQ(validation.ok(), c.expected.empty()) << c.name;
    if (const Problem* unknown = validation.find(ProblemCode::unknown_ca)) {
      EXPECT_NE(unknown->openssl_code, 0) << c.name;
    }
    for (const Problem& problem : validation.problems) {
      EXPECT_FALSE(problem.detail.empty()) << c.name;
      EXPECT_EQ(problem.openssl_text.empty(), problem.openssl_code == 0) << c.name;
    }
  }
}

TEST(Validate, EveryCodeIsTrippedByACase) {
  std::set<std::string> seen;
  for (const Case& c : cases())
    for (std::string name : c.expected) seen.insert(name.ends_with('?') ? name.substr(0, name.size() - 1) : name);
  for (const ProblemInfo& info : problem_table()) {
    EXPECT_EQ(seen.contains(std::string(info.name)), info.code != ProblemCode::other) << info.name;
    EXPECT_EQ(problem_from_name(info.name), info.code);
    EXPECT_FALSE(info.title.empty() || info.why.empty() || info.cite.empty()) << info.name;
  }
  EXPECT_EQ(problem_from_name("nonsense"), std::nullopt);
}

TEST(Validate, SaysWhereAndWhat) {
  Spec spec = ca_spec("Middle", &world().root);
  spec.not_after = kNow - 3 * kDay;
  const Validation validation = play(world().leaf, make(spec)).run();
  ASSERT_EQ(validation.problems.size(), 1U);
  const Problem& problem = validation.problems[0];
  EXPECT_EQ(problem.depth, 1);
  EXPECT_EQ(problem.certificate, 1U);
  EXPECT_EQ(problem.openssl_code, X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(problem.openssl_text, "certificate has expired");
  EXPECT_THAT(problem.detail, HasSubstr("CN=Middle,O=Example,C=CN (issued by CN=Root,O=Example,C=CN) expired at "
                                        "2027-01-12T08:00:00Z, 3 days before"));
}

TEST(Validate, GivesThePathItFound) {
  const Validation validation = good().run();
  ASSERT_EQ(validation.path.size(), 3U);
  EXPECT_TRUE(validation.path[0] == world().leaf.certificate);
  EXPECT_TRUE(validation.path[2] == world().root.certificate);
  EXPECT_TRUE(validation.anchored);

  Play without = good();
  without.trusted.clear();
  const Validation unanchored = without.run();
  EXPECT_EQ(unanchored.path.size(), 2U);
  EXPECT_FALSE(unanchored.anchored);
}

TEST(Validate, CommonNameAloneIsTold) {
  Play out = changed("subjectAltName", "");
  out.options.name = "server.test";
  const Validation validation = out.run();
  EXPECT_TRUE(validation.ok());
  ASSERT_TRUE(validation.name);
  EXPECT_EQ(validation.name->match, NameMatch::matches_common_name_only);
}

TEST(Validate, TellsAPublicLeafsMissingIntermediate) {
  Play out = changed("authorityInfoAccess", "caIssuers;URI:http://ca.test/middle.der");
  out.sent.pop_back();
  const Problem* problem = nullptr;
  const Validation validation = out.run();
  problem = validation.find(ProblemCode::missing_intermediate);
  ASSERT_NE(problem, nullptr);
  EXPECT_THAT(problem->detail, HasSubstr("http://ca.test/middle.der"));
}

TEST(Validate, SurvivesAKeyThatCannotBeRead) {
  // An EC point that is not on its curve: libcrypto reads the certificate, but gives up on the key.
  const ByteView point = world().leaf.certificate->public_key.key;
  std::string other(as_text(point));
  other[5] = static_cast<char>(other[5] ^ 1);
  Play out({Certificate::parse(replaced(world().leaf.der(), as_text(point), other)), world().middle.certificate});
  out.options.name = "other.test";
  const Validation validation = out.run();
  EXPECT_EQ(names_of(validation), (std::set<std::string>{"name_mismatch", "bad_signature", "undecodable"}));
}

TEST(Validate, IsBoundedForHundredsOfCertificates) {
  // All of one name, each able to be the issuer of all others: the worst for whoever builds paths.
  std::vector<Certificate> many = {make(leaf_spec(&world().other_root)).certificate};
  for (int i = 0; i < 280; ++i) {
    Spec spec = ca_spec("Other Root", &world().other_root);
    std::erase_if(spec.extensions, [](const auto& pair) { return pair.first.ends_with("KeyIdentifier"); });
    spec.key = "P-256/Other Root";
    spec.serial = std::to_string(1000 + i);
    many.push_back(make(spec).certificate);
  }
  Play out(many);
  const Validation validation = out.run();
  EXPECT_TRUE(validation.has(ProblemCode::chain_too_long));
  EXPECT_TRUE(validation.has(ProblemCode::unknown_ca));
  const ChainAnalysis analysis = analyse_chain(many, TrustAnchors::none());
  EXPECT_EQ(analysis.num_sent, 281U);
  EXPECT_FALSE(analysis.complete);
}

TEST(Validate, NeverShowsHostileTextRaw) {
  Spec spec = leaf_spec(&world().other_root);
  spec.subject = {{"CN", "evil\x1b[2J\x07TAIL5"}, {"O", std::string("a\0b", 3)}};
  spec.not_after = kNow - kDay;
  Spec issuer = ca_spec("\x1b]0;owned\x07");
  const Identity bad_ca = make(issuer);
  spec.issuer = &bad_ca;
  Identity leaf = make(with(std::move(spec), "extendedKeyUsage", "clientAuth"));
  leaf.certificate = Certificate::parse(replaced(leaf.der(), "TAIL5", "\xff\xfe\xc0.\x9b"));
  Play out({leaf.certificate});
  out.options.name = "x\x1b.test";
  const Validation validation = out.run();
  EXPECT_GE(validation.problems.size(), 4U);
  for (const Problem& problem : validation.problems) {
    for (char c : problem.detail) EXPECT_GE(static_cast<uint8_t>(c), 0x20) << problem.detail;
    EXPECT_EQ(problem.detail.find("\xff"), std::string::npos);
    EXPECT_EQ(problem.detail.find('\x7f'), std::string::npos);
  }
  EXPECT_THAT(analyse_chain(out.sent, TrustAnchors::none()).missing_issuer, HasSubstr("\\x1b]0\\;owned\\x07"));
}

// ---- the list as it was sent ----

struct ChainCase {
  std::string name;
  std::vector<Certificate> sent;
  std::vector<Certificate> trusted;
  std::string expected;
};

std::string text_of(const std::vector<size_t>& indexes) {
  std::string out;
  for (size_t i : indexes) out += std::to_string(i);
  return out;
}
std::string describe(const ChainAnalysis& a) {
  constexpr const char* kEnds[] = {"anchor_sent", "anchor_issued", "self_signed", "issuer_unknown", "cycle", "none"};
  std::string out = kEnds[static_cast<size_t>(a.end)];
  out += a.complete ? " complete" : "";
  out += " path=" + text_of(a.path);
  if (!a.leaf_first) out += " leaf=" + std::to_string(a.leaf);
  if (!a.in_order) out += " disorder=" + std::to_string(a.first_out_of_order.value_or(99));
  if (!a.duplicates.empty()) out += " duplicates=" + text_of(a.duplicates);
  if (!a.superfluous.empty()) out += " superfluous=" + text_of(a.superfluous);
  if (!a.unrelated.empty()) out += " unrelated=" + text_of(a.unrelated);
  if (!a.undecodable.empty()) out += " undecodable=" + text_of(a.undecodable);
  if (a.root) out += " root=" + std::to_string(*a.root);
  if (!a.missing_issuer.empty()) out += " missing=" + a.missing_issuer;
  return out;
}

TEST(AnalyseChain, SaysWhatTheListLooksLike) {
  const Certificate root = world().root.certificate;
  const Certificate middle = world().middle.certificate;
  const Certificate leaf = world().leaf.certificate;
  const Certificate stray = world().other_root.certificate;
  Spec cross_spec = ca_spec("Middle", &world().other_root);
  const Certificate cross = make(cross_spec).certificate;
  const Certificate lone = make(leaf_spec(nullptr)).certificate;
  // Two CAs that certify each other.
  const Identity first = make(ca_spec("First"));
  const Identity second = make(ca_spec("Second", &first));
  const Identity first_again = make(ca_spec("First", &second));
  const Certificate under_cycle = make(leaf_spec(&second)).certificate;
  // A CA of the same name with another key, known by its identifier or only by its signatures; and one named by serial
  // number.
  Spec namesake_spec = ca_spec("Middle", &world().root);
  namesake_spec.key = "P-256/namesake";
  const Certificate namesake = make(namesake_spec).certificate;
  std::erase_if(namesake_spec.extensions, [](const auto& pair) { return pair.first == "subjectKeyIdentifier"; });
  const Certificate quiet_namesake = make(namesake_spec).certificate;
  const Certificate by_serial =
      make(with(leaf_spec(&world().middle), "authorityKeyIdentifier", "issuer:always")).certificate;
  Spec renewed_spec = ca_spec("Middle", &world().root);
  renewed_spec.serial = "99";
  const Certificate renewed = make(renewed_spec).certificate;
  const Certificate broken = Certificate::parse(Bytes{0x30, 0x03, 0x01, 0x01, 0xff});

  const ChainCase kCases[] = {
      {"usual", {leaf, middle}, {root}, "anchor_issued complete path=01"},
      {"with root", {leaf, middle, root}, {root}, "anchor_sent complete path=012 root=2"},
      {"unknown root", {leaf, middle, root}, {}, "self_signed path=012 root=2"},
      {"no anchors", {leaf, middle}, {}, "issuer_unknown path=01 missing=CN=Root,O=Example,C=CN"},
      {"missing intermediate", {leaf}, {root}, "issuer_unknown path=0 missing=CN=Middle,O=Example,C=CN"},
      {"missing in between",
       {leaf, root},
       {root},
       "issuer_unknown path=0 disorder=1 unrelated=1 root=1 missing=CN=Middle,O=Example,C=CN"},
      {"wrong order", {leaf, root, middle}, {root}, "anchor_sent complete path=021 disorder=1 root=1"},
      {"leaf last", {middle, leaf}, {root}, "anchor_issued complete path=10 leaf=1 disorder=1"},
      {"root first", {root, middle, leaf}, {root}, "anchor_sent complete path=210 leaf=2 disorder=1 root=0"},
      {"foreign root first",
       {stray, leaf, middle},
       {root},
       "anchor_issued complete path=12 leaf=1 disorder=1 unrelated=0 root=0"},
      {"duplicate leaf", {leaf, leaf, middle}, {root}, "anchor_issued complete path=02 disorder=1 duplicates=1"},
      {"duplicate intermediate",
       {leaf, middle, middle},
       {root},
       "anchor_issued complete path=01 disorder=2 duplicates=2"},
      {"stray", {leaf, middle, stray}, {root}, "anchor_issued complete path=01 disorder=2 unrelated=2 root=2"},
      {"cross certificate", {leaf, middle, cross}, {root}, "anchor_issued complete path=01 disorder=2 superfluous=2"},
      {"cross certificate and its root",
       {leaf, middle, cross, stray},
       {root},
       "anchor_issued complete path=01 disorder=2 superfluous=23 root=3"},
      {"intermediate trusted", {leaf, middle}, {middle}, "anchor_sent complete path=01"},
      {"leaf trusted", {leaf}, {leaf}, "anchor_sent complete path=0"},
      {"self-signed leaf", {lone}, {root}, "self_signed path=0"},
      {"self-signed leaf trusted", {lone}, {lone}, "anchor_sent complete path=0"},
      {"namesake",
       {leaf, namesake},
       {root},
       "issuer_unknown path=0 disorder=1 superfluous=1 missing=CN=Middle,O=Example,C=CN"},
      {"namesake by signature alone",
       {leaf, quiet_namesake, middle},
       {root},
       "anchor_issued complete path=02 disorder=2 superfluous=1"},
      {"by serial number", {by_serial, middle}, {root}, "anchor_issued complete path=01"},
      {"by another serial number",
       {by_serial, renewed},
       {root},
       "issuer_unknown path=0 disorder=1 superfluous=1 missing=CN=Middle,O=Example,C=CN"},
      {"cycle", {under_cycle, second.certificate, first_again.certificate}, {root}, "cycle path=012"},
      {"undecodable beside",
       {leaf, middle, broken},
       {root},
       "anchor_issued complete path=01 disorder=2 unrelated=2 undecodable=2"},
      {"undecodable leaf", {broken, middle}, {root}, "none path= disorder=1 unrelated=1 undecodable=0"},
      {"nothing", {}, {root}, "none path="},
  };
  for (const ChainCase& c : kCases)
    EXPECT_EQ(describe(analyse_chain(c.sent, TrustAnchors::from_certificates(c.trusted, "test"))), c.expected)
        << c.name;
}

TEST(Certifies, NeedsNameKeyAndSignature) {
  EXPECT_TRUE(certifies(*world().middle.certificate, *world().leaf.certificate));
  EXPECT_TRUE(certifies(*world().root.certificate, *world().root.certificate));
  EXPECT_FALSE(certifies(*world().root.certificate, *world().leaf.certificate));
  EXPECT_FALSE(certifies(*world().leaf.certificate, *world().middle.certificate));
  Spec spec = ca_spec("Middle", &world().root);
  spec.key = "P-256/impostor";
  EXPECT_FALSE(certifies(*make(spec).certificate, *world().leaf.certificate));
  std::erase_if(spec.extensions, [](const auto& pair) { return pair.first == "subjectKeyIdentifier"; });
  EXPECT_FALSE(certifies(*make(spec).certificate, *world().leaf.certificate));  // by the signature alone
}

}  // namespace
}  // namespace tlsproof::x509::test
