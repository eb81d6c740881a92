#include "tlsproof/pki/fault.h"

#include <gmock/gmock.h>

#include "support.h"
#include "tlsproof/x509/name_check.h"

namespace tlsproof::pki {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHost = "www.deep.example.com";

struct Expected {
  const char* fault;
  std::set<int> of_server, of_client;     // libcrypto's errors, and no others
  std::string name = std::string(kHost);  // that the certificate is made for, and that a client looks for
};
Expected both(const char* fault, std::set<int> errors) {
  return {.fault = fault, .of_server = errors, .of_client = std::move(errors)};
}
const std::set<int> kNone,
    kUntrusted = {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE};
const Expected kExpected[] = {
    both("good", kNone),
    both("expired", {X509_V_ERR_CERT_HAS_EXPIRED}),
    both("not_yet_valid", {X509_V_ERR_CERT_NOT_YET_VALID}),
    both("wrong_key", kNone),
    both("wrong_purpose", {X509_V_ERR_INVALID_PURPOSE}),
    both("no_eku", kNone),
    both("v1", kNone),
    both("weak_rsa_1024", {X509_V_ERR_EE_KEY_TOO_SMALL}),
    both("sha1_signature", {X509_V_ERR_CA_MD_TOO_WEAK}),
    both("unknown_critical_extension", {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION}),
    both("revoked", {X509_V_ERR_CERT_REVOKED}),
    both("huge", kNone),
    {"wrong_host", {X509_V_ERR_HOSTNAME_MISMATCH}, kNone},
    both("no_san", kNone),  // libcrypto takes the common name
    {"ip_as_dns", {X509_V_ERR_IP_ADDRESS_MISMATCH}, kNone, "192.0.2.7"},
    both("wildcard", kNone),
    both("wildcard_partial", kNone),  // which libcrypto takes
    {"wildcard_too_deep", {X509_V_ERR_HOSTNAME_MISMATCH}, kNone},
    {"wildcard_tld", {X509_V_ERR_HOSTNAME_MISMATCH}, kNone, "example.com"},
    both("empty_subject", kNone),
    both("non_ascii", kNone),
    both("hostile_subject", kNone),
    both("wrong_ca", kUntrusted),
    both("self_signed", {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT}),
    both("missing_intermediate", kUntrusted),
    both("expired_intermediate", {X509_V_ERR_CERT_HAS_EXPIRED}),
    both("future_ca", {X509_V_ERR_CERT_NOT_YET_VALID}),
    both("not_a_ca", {X509_V_ERR_INVALID_CA, X509_V_ERR_INVALID_PURPOSE}),  // said twice: of no use as a CA
    both("path_length", {X509_V_ERR_PATH_LENGTH_EXCEEDED}),
    both("name_constraints", {X509_V_ERR_PERMITTED_VIOLATION}),
    both("too_deep", kNone),
};

bool key_fits(const Identity& identity) {
  const CertificatePtr leaf = decode(identity.chain.front());
  return leaf && X509_check_private_key(leaf.get(), identity.key.native()) == 1;
}

std::vector<AlternativeName> names_of(const std::string& name) {
  return {MUST(parse_alternative_name(name))};
}

ForgeContext client_of(const Authority& authority) {
  return {
      .authority = authority, .role = Role::client, .subject = {}, .names = {}, .now = kNow, .random = system_random()};
}

void expect_only_its_fault(const Expected& expected, const Authority& root, const Authority& authority, Role role) {
  SCOPED_TRACE(std::string(expected.fault) + " " + std::string(role_name(role)));
  const std::string_view fault = expected.fault;
  const std::vector<Bytes> crls = {signed_crl(authority, {"0815", "4711"})};
  ForgeContext context = client_of(authority);
  context.role = role;
  context.names = names_of(expected.name);
  context.crls = {x509::Crl::parse(ByteView(crls.front()))};
  const Identity identity = MUST(forge(fault, context));
  const bool is_ip = context.names.front().kind == AlternativeName::Kind::ip;
  Look look{.host = is_ip ? "" : expected.name, .ip = is_ip ? expected.name : ""};
  if (role == Role::client) look = {};  // servers look for no name
  if (fault == "revoked") look.crls = crls;
  EXPECT_EQ(verify_errors(identity.chain, root.certificate().der(), role, look),
            role == Role::server ? expected.of_server : expected.of_client);
  EXPECT_EQ(key_fits(identity), fault != "wrong_key");
  const x509::CertificateView leaf = x509::CertificateView::parse(identity.chain.front());
  EXPECT_EQ(leaf.version, fault == "v1" ? 1 : 3);
  EXPECT_EQ(leaf.public_key.describe(), fault == "weak_rsa_1024" ? "RSA 1024" : "EC P-256");
  EXPECT_TRUE(leaf.problems.empty()) << leaf.problems.front().message();
  // Our own eyes, where libcrypto's are too kind.
  const bool matches = x509::check_name(leaf, expected.name).matches();
  const bool misnamed = fault == "no_san" || fault == "v1" || fault == "wrong_host" || fault == "ip_as_dns" ||
                        (fault.starts_with("wildcard") && fault != "wildcard");
  EXPECT_EQ(matches, !misnamed);
  // A good identity is complete: leaf and the intermediate, never the root.
  if (fault == "good") {
    EXPECT_EQ(identity.chain.size(), 1 + authority.intermediates().size());
  }
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
        for (const Expected& expected : kExpected) expect_only_its_fault(expected, root, authority, role);
    }
}

// What OpenSSL does about a fault is what the table says of it, except where OpenSSL is known to be too kind.
TEST(Fault, StandingAgreesWithLibcrypto) {
  const std::set<std::string_view> too_kind = {"wrong_key", "wildcard_partial"};
  for (const Expected& expected : kExpected) {
    const Fault& fault = *find_fault(expected.fault);
    for (const Role role : {Role::server, Role::client}) {
      const bool refused = !(role == Role::server ? expected.of_server : expected.of_client).empty();
      SCOPED_TRACE(std::string(fault.name) + " " + std::string(role_name(role)));
      if (fault.standing(role) == Standing::invalid) {
        EXPECT_TRUE(refused || too_kind.contains(fault.name));
      }
      if (fault.standing(role) == Standing::legal) {
        EXPECT_FALSE(refused);
      }
    }
  }
}

// What each oddity looks like, where no verifier says it.
TEST(Fault, Oddities) {
  const Authority root = new_root();
  ForgeContext context = client_of(root);
  context.names = names_of(std::string(kHost));
  const auto leaf_of = [&](std::string_view fault) {
    return x509::Certificate::parse(MUST(forge(fault, context)).chain.front());
  };
  EXPECT_FALSE(leaf_of("no_eku")->extended_key_usage);
  EXPECT_FALSE(leaf_of("no_san")->subject_alt_names);
  EXPECT_EQ(leaf_of("no_san")->subject.text(), "CN=www.deep.example.com");
  EXPECT_TRUE(leaf_of("v1")->extensions.empty());
  EXPECT_GT(leaf_of("huge").der().size(), size_t{64} << 10);
  EXPECT_EQ(leaf_of("huge")->subject_alt_names->size(), 100U);
  const x509::Certificate empty = leaf_of("empty_subject");
  EXPECT_TRUE(empty->subject.empty());
  EXPECT_TRUE(empty->find_extension("2.5.29.17")->critical) << "RFC 5280 §4.2.1.6";
  EXPECT_THAT(leaf_of("non_ascii")->subject.text(), HasSubstr("客户端"));
  const x509::Certificate hostile = leaf_of("hostile_subject");
  EXPECT_THAT(hostile->subject.text(), HasSubstr("\x1b[2J"));
  EXPECT_THAT(hostile->subject.text(), HasSubstr("\u202e"));
  EXPECT_NE(hostile->subject.text().find('\0'), std::string::npos);
  EXPECT_EQ(hostile->subject.values("CN").front().size(), 4096U);
  const auto name = [&](std::string_view fault) {
    return std::string(as_text(leaf_of(fault)->subject_alt_names->front().value));
  };
  EXPECT_EQ(name("wildcard"), "*.deep.example.com");
  EXPECT_EQ(name("wildcard_partial"), "w*.deep.example.com");
  EXPECT_EQ(name("wildcard_too_deep"), "*.example.com");
  context.names = names_of("example.com");
  EXPECT_EQ(name("wildcard_tld"), "*.com");
  const x509::Certificate constrained = x509::Certificate::parse(MUST(forge("name_constraints", context)).chain[1]);
  ASSERT_TRUE(constrained->name_constraints);
  EXPECT_EQ(constrained->name_constraints->permitted.size(), 4U);
}

// Each name is refused for its own sake: not only DNS names are constrained.
TEST(Fault, NameConstraintsCoverEveryKindOfName) {
  const Authority root = new_root();
  for (const char* name : {"other.test", "192.0.2.1", "a@b.test", "https://c.test/"}) {
    ForgeContext context = client_of(root);
    context.names = names_of(name);
    const Identity identity = MUST(forge("name_constraints", context));
    EXPECT_EQ(verify_errors(identity.chain, root.certificate().der(), Role::client),
              std::set<int>{X509_V_ERR_PERMITTED_VIOLATION})
        << name;
  }
}

TEST(Fault, IntermediatesAreCounted) {
  const Authority root = new_root();
  const Authority issuing = MUST(root.make_intermediate(
      authority_spec(common_name("Issuing CA"), {kNow - kDay, kNow + 300 * kDay}), new_key(), system_random()));
  for (const Authority* authority : {&root, &issuing})
    for (size_t wanted = authority->intermediates().size(); wanted < 5; ++wanted) {
      SCOPED_TRACE(wanted);
      ForgeContext context = client_of(*authority);
      context.num_intermediates = wanted;
      const Identity identity = MUST(forge("too_deep", context));
      EXPECT_EQ(identity.chain.size(), wanted + 1);
      for (int depth = 0; depth < 6; ++depth) {
        const auto errors = verify_errors(identity.chain, root.certificate().der(), Role::client,
                                          {.host = {}, .ip = {}, .now = kNow, .depth = depth});
        EXPECT_EQ(errors.empty(), static_cast<int>(wanted) <= depth) << "depth " << depth;
      }
    }
  EXPECT_EQ(MUST(forge("too_deep", client_of(root))).chain.size(), 11U);
}

TEST(Fault, PathLengthNeedsOnlyOneWhereTheAuthorityAllowsNone) {
  const Authority root = MUST(Authority::make_root(
      authority_spec(common_name("Root"), {kNow - kDay, kNow + 300 * kDay}, 0), new_key(), system_random()));
  const Identity identity = MUST(forge("path_length", client_of(root)));
  EXPECT_EQ(identity.chain.size(), 2U);
  EXPECT_EQ(verify_errors(identity.chain, root.certificate().der(), Role::client),
            std::set<int>{X509_V_ERR_PATH_LENGTH_EXCEEDED});
}

TEST(Fault, RevokedTakesASerialThatTheListRevokes) {
  const Authority root = new_root(), other = new_root();
  const auto revoked = [&](std::vector<Bytes> crls) {
    ForgeContext context = client_of(root);
    for (const Bytes& crl : crls) context.crls.push_back(x509::Crl::parse(ByteView(crl)));
    return forge("revoked", context);
  };
  const auto serial = [&](std::vector<Bytes> crls) {
    return x509::Certificate::parse(MUST(revoked(std::move(crls))).chain.front())->serial_hex();
  };
  EXPECT_EQ(serial({signed_crl(root, {"0815"})}), "0815");
  EXPECT_EQ(serial({signed_crl(other, {"01"}), signed_crl(root, {"02"})}), "02") << "of another CA";
  EXPECT_EQ(serial({signed_crl(root, {"-05", "00", "80ff"})}), "80ff") << "no serial that RFC 5280 allows";
  EXPECT_EQ(serial({signed_crl(root, {"0a", "0b"}, [](X509_CRL* crl) { set_reason(crl, 0, 8); })}), "0b")
      << "removeFromCRL";
  struct {
    std::vector<Bytes> crls;
    const char* message;
  } const cases[] = {
      {{}, "needs the CRL of the CA CN=Root CA,O=example,C=CN, whose serials it takes (--crl FILE)"},
      {{signed_crl(other, {"01"})}, "none of the CRLs given is a complete one signed by the CA"},
      {{signed_crl(root, {})}, "revokes nothing: it must list at least one serial"},
      {{signed_crl(root, {"0a"}, [](X509_CRL* crl) { set_reason(crl, 0, 8); })}, "revokes nothing"},
      {{signed_crl(root, {"0a"}, set_delta)}, "none of the CRLs given is a complete one"},
  };
  for (const auto& [crls, message] : cases) {
    const auto result = revoked(crls);
    ASSERT_FALSE(result) << message;
    EXPECT_THAT(result.error().message(), HasSubstr(message));
    EXPECT_EQ(result.error().kind, Error::Kind::usage);
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
    EXPECT_TRUE(fault.basis.starts_with("RFC ")) << fault.name;
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
  ForgeContext too_shallow = below, endless = client, misnamed = client;
  too_shallow.num_intermediates = 0;
  endless.num_intermediates = 101;
  misnamed.names = dns("two.labels");
  const Authority ed25519 = new_root(crypto::KeyKind::ed25519);
  const ForgeContext eddsa = client_of(ed25519);
  struct {
    const char* fault;
    const ForgeContext& context;
    const char* message;
  } const cases[] = {
      {"expird", client, "did you mean expired?"},
      {"good", server, "needs a name"},
      {"good", too_late, "has expired: it was valid until 2037-01-12T08:00:00Z"},
      {"missing_intermediate", below, "allows no CA below it"},
      {"expired_intermediate", below, "allows no CA below it"},
      {"not_a_ca", below, "allows no CA below it"},
      {"too_deep", below, "allows 0 below it (pathlen)"},
      {"too_deep", too_shallow, "a chain with 0 intermediates cannot be made: the CA CN=Last CA is the 1. of its own"},
      {"too_deep", endless, "at most 100"},
      {"ip_as_dns", misnamed, "needs an IP address among the names"},
      {"wildcard", misnamed, "'two.labels' does not do: this fault needs a name of three labels or more"},
      {"wildcard_too_deep", misnamed, "needs a name of four labels or more"},
      {"sha1_signature", eddsa, "signs with its own hash"},
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
