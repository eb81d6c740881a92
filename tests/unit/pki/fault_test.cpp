#include "tlsproof/pki/fault.h"

#include <gmock/gmock.h>

#include "support.h"

namespace tlsproof::pki {
namespace {

using testing::HasSubstr;

struct Expected {
  const char* fault;
  std::set<int> errors;  // and no others
};
const Expected kExpected[] = {
    {"good", {}},
    {"expired", {X509_V_ERR_CERT_HAS_EXPIRED}},
    {"not_yet_valid", {X509_V_ERR_CERT_NOT_YET_VALID}},
    {"wrong_ca", {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE}},
    {"self_signed", {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT}},
    {"wrong_host", {X509_V_ERR_HOSTNAME_MISMATCH}},
    {"wrong_key", {}},
    {"missing_intermediate",
     {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE}},
};

bool key_fits(const Identity& identity) {
  const CertificatePtr leaf = decode(identity.chain.front());
  return leaf && X509_check_private_key(leaf.get(), identity.key.native()) == 1;
}

TEST(Fault, EachHasItsFaultAndNoOther) {
  ASSERT_EQ(faults().size(), std::size(kExpected));
  for (const crypto::KeyKind kind : {crypto::KeyKind::p256, crypto::KeyKind::rsa})
    for (const bool under_intermediate : {false, true}) {
      const Authority root = new_root(kind);
      const Authority authority =
          under_intermediate
              ? MUST(root.make_intermediate(authority_spec(common_name("Issuing CA"), {kNow - kDay, kNow + 300 * kDay}),
                                            new_key(), system_random()))
              : root;
      for (const Role role : {Role::server, Role::client})
        for (const auto& [name, errors] : kExpected) {
          SCOPED_TRACE(std::string(name) + " " + std::string(role_name(role)));
          const Identity identity = MUST(forge(name, {.authority = authority,
                                                      .role = role,
                                                      .subject = {},
                                                      .names = dns("name.test"),
                                                      .now = kNow,
                                                      .random = system_random()}));
          EXPECT_EQ(verify_errors(identity.chain, root.certificate().der(), role, "name.test"), errors);
          EXPECT_EQ(key_fits(identity), std::string_view(name) != "wrong_key");
          const x509::CertificateView leaf = x509::CertificateView::parse(identity.chain.front());
          EXPECT_EQ(leaf.version, 3);
          EXPECT_EQ(leaf.public_key.describe(), "EC P-256");
          EXPECT_TRUE(leaf.problems.empty());
          // A good identity is complete: leaf and the intermediate, never the root.
          if (std::string_view(name) == "good") {
            EXPECT_EQ(identity.chain.size(), under_intermediate ? 2U : 1U);
          }
        }
    }
}

// The other role's purpose is refused: a server's certificate does not serve as a client's.
TEST(Fault, RolesAreNotMixed) {
  const Authority root = new_root();
  const Identity server = MUST(forge("good", {.authority = root,
                                              .role = Role::server,
                                              .subject = {},
                                              .names = dns("name.test"),
                                              .now = kNow,
                                              .random = system_random()}));
  EXPECT_EQ(verify_errors(server.chain, root.certificate().der(), Role::client),
            std::set<int>{X509_V_ERR_INVALID_PURPOSE});
}

// A CA without subjectKeyIdentifier cannot be told from its impostor by key: the serial does, and the verdict stays the
// same.
TEST(Fault, WrongCaWithoutKeyIdentifiers) {
  CertificateSpec spec = authority_spec(common_name("Old CA"), {kNow - kDay, kNow + kDay});
  spec.subject_key_id = false;
  spec.authority_key_id = CertificateSpec::AuthorityKeyId::none;
  const Authority root = MUST(Authority::make_root(spec, new_key(), system_random()));
  const Identity identity = MUST(forge(
      "wrong_ca",
      {.authority = root, .role = Role::client, .subject = {}, .names = {}, .now = kNow, .random = system_random()}));
  const std::set<int> errors = verify_errors(identity.chain, root.certificate().der(), Role::client);
  EXPECT_TRUE(errors.contains(X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE));
  EXPECT_FALSE(errors.contains(X509_V_ERR_CERT_SIGNATURE_FAILURE));
}

TEST(Fault, WrongCaForgesTheIssuersName) {
  const Authority root = new_root();
  const Identity identity = MUST(forge(
      "wrong_ca",
      {.authority = root, .role = Role::client, .subject = {}, .names = {}, .now = kNow, .random = system_random()}));
  const x509::CertificateView leaf = x509::CertificateView::parse(identity.chain.front());
  EXPECT_TRUE(equal(leaf.issuer.der, root.certificate()->subject.der));
}

TEST(Fault, TableIsWhole) {
  std::set<std::string_view> names;
  for (const Fault& fault : faults()) {
    EXPECT_TRUE(names.insert(fault.name).second) << fault.name;
    EXPECT_FALSE(fault.title.empty());
    EXPECT_FALSE(fault.explanation.empty());
    EXPECT_EQ(find_fault(fault.name), &fault);
  }
  EXPECT_EQ(faults().front().name, "good");
  EXPECT_EQ(find_fault("expire"), nullptr);
}

TEST(Fault, WhatCannotBeForged) {
  const Authority root = new_root();
  const Authority leaf_only = MUST(root.make_intermediate(
      authority_spec(common_name("Last CA"), {kNow - kDay, kNow + kDay}, 0), new_key(), system_random()));
  const ForgeContext client{
      .authority = root, .role = Role::client, .subject = {}, .names = {}, .now = kNow, .random = system_random()};
  ForgeContext server = client, too_late = client;
  server.role = Role::server;
  too_late.now = kNow + 4000 * kDay;
  const ForgeContext below{
      .authority = leaf_only, .role = Role::client, .subject = {}, .names = {}, .now = kNow, .random = system_random()};
  struct {
    const char* fault;
    const ForgeContext& context;
    const char* message;
  } const cases[] = {
      {"expird", client, "did you mean expired?"},
      {"good", server, "needs a name"},
      {"good", too_late, "has expired: it was valid until 2037-01-12T08:00:00Z"},
      {"missing_intermediate", below, "allows no CA below it"},
  };
  for (const auto& [fault, context, message] : cases) {
    const auto result = forge(fault, context);
    ASSERT_FALSE(result) << fault;
    EXPECT_THAT(result.error().message(), HasSubstr(message));
    EXPECT_EQ(result.error().kind, Error::Kind::usage);
  }
}

}  // namespace
}  // namespace tlsproof::pki
