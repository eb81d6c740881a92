#include "tlsproof/pki/certificate.h"

#include <gmock/gmock.h>
#include <openssl/asn1.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support.h"
#include "tlsproof/base/file.h"
#include "tlsproof/pki/request.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::pki {
namespace {

using testing::HasSubstr;
using Kind = AlternativeName::Kind;

std::string text_of(const Subject& subject) {
  std::string out;
  for (const NameAttribute& attribute : subject) out += attribute.type + "=" + attribute.value + ";";
  return out;
}

TEST(Subject, Parses) {
  const std::pair<const char*, const char*> cases[] = {
      {"C=CN,O=example,CN=Root CA", "C=CN;O=example;CN=Root CA;"},
      {"/C=CN/ST=shanghai/L=shanghai/O=example/OU=eng/CN=Root CA",
       "C=CN;ST=shanghai;L=shanghai;O=example;OU=eng;CN=Root CA;"},
      {" cn = a b  , o=x ", "CN=a b;O=x;"},
      {"CN=a\\,b\\+c\\ ", "CN=a,b+c ;"},
      {"/CN=a,b+c\\/d", "CN=a,b+c/d;"},
      {"CN=a=b", "CN=a=b;"},
      {"CN=\xc3\xa9", "CN=\xc3\xa9;"},
      {"emailaddress=a@b", "emailAddress=a@b;"},
      {"", ""},
  };
  for (const auto& [text, expected] : cases) {
    const auto subject = parse_subject(text);
    ASSERT_TRUE(subject) << text << ": " << subject.error().message();
    EXPECT_EQ(text_of(*subject), expected) << text;
  }
}

TEST(Subject, Refuses) {
  const std::string long_name = "CN=" + std::string(65, 'a');
  const std::pair<std::string, const char*> cases[] = {
      {"CM=x", "did you mean"},
      {"CN", "where TYPE=VALUE"},
      {"CN=x,", "where TYPE=VALUE"},
      {"C=CHN", "exactly 2"},
      {"C=1!", "two letters"},
      {"CN=", "has 0 characters"},
      {long_name, "has 65 characters; 1 to 64"},
      {"CN=a+O=b", "'+'"},
      {"CN=a\\", "lone backslash"},
      {"CN=\xff", "not valid UTF-8"},
      {std::string("CN=a\0b", 6), "NUL"},
      {"\x1b[31m=x", "\\x1b"},
  };
  for (const auto& [text, message] : cases) {
    const auto subject = parse_subject(text);
    ASSERT_FALSE(subject) << text;
    EXPECT_THAT(subject.error().message(), HasSubstr(message));
    EXPECT_EQ(subject.error().message().find('\x1b'), std::string::npos);
  }
}

TEST(AlternativeName, Recognises) {
  const std::tuple<const char*, Kind, const char*> cases[] = {
      {"server.example.com", Kind::dns, "server.example.com"},
      {"localhost", Kind::dns, "localhost"},
      {"*.example.com", Kind::dns, "*.example.com"},
      {"_svc.a-b.test", Kind::dns, "_svc.a-b.test"},
      {"192.0.2.1", Kind::ip, "192.0.2.1"},
      {"2001:DB8:0::1", Kind::ip, "2001:db8::1"},
      {"[::1]", Kind::ip, "::1"},
      {"ip:127.0.0.1", Kind::ip, "127.0.0.1"},
      {"DNS:a.test", Kind::dns, "a.test"},
      {"a@b.test", Kind::email, "a@b.test"},
      {"spiffe://a/b", Kind::uri, "spiffe://a/b"},
      {"uri:urn:a", Kind::uri, "urn:a"},
  };
  for (const auto& [text, kind, value] : cases) {
    const auto name = parse_alternative_name(text);
    ASSERT_TRUE(name) << text << ": " << name.error().message();
    EXPECT_EQ(*name, (AlternativeName{kind, value})) << text;
  }
}

TEST(AlternativeName, Refuses) {
  const std::string long_label = std::string(64, 'a') + ".test";
  for (const std::string& text :
       {std::string(), std::string("a..b"), std::string("a.test."), std::string("a b"), std::string("256.1.1.1"),
        std::string("*"), std::string("a*.test"), std::string("a.*.test"), std::string("-a.test"), long_label,
        std::string(250, 'a') + ".b.c", std::string("\xc3\xa9.test"), std::string("a\0b.test", 8), std::string("@b"),
        std::string("a@b@c"), std::string("://x"), std::string("ip:a.test"), std::string("http://a b"),
        std::string("\x1b[2J")}) {
    const auto name = parse_alternative_name(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().kind, Error::Kind::usage);
    EXPECT_EQ(name.error().message().find('\x1b'), std::string::npos);
  }
}

TEST(Certificate, HonestOnesPassStrictVerification) {
  using crypto::KeyKind;
  for (const KeyKind kind : {KeyKind::rsa, KeyKind::p256, KeyKind::p384, KeyKind::p521, KeyKind::ed25519}) {
    SCOPED_TRACE(crypto::to_string(kind));
    const Authority root = new_root(kind);
    const Authority middle = MUST(root.make_intermediate(
        authority_spec(common_name("Issuing CA"), {kNow, kNow + kDay}, 0), new_key(kind), system_random()));
    const Identity server = MUST(middle.issue_server({}, {{Kind::dns, "a.test"}, {Kind::ip, "::1"}},
                                                     {kNow, kNow + kDay}, new_key(kind), system_random()));
    const Identity client =
        MUST(root.issue_client(common_name("me"), {}, {kNow, kNow + kDay}, new_key(kind), system_random()));
    EXPECT_EQ(verify_errors(server.chain, root.certificate().der(), Role::server, {.host = "a.test", .ip = {}}),
              std::set<int>{});
    EXPECT_EQ(verify_errors(client.chain, root.certificate().der(), Role::client), std::set<int>{});
    EXPECT_EQ(server.chain.size(), 2U);
    EXPECT_EQ(client.chain.size(), 1U);
  }
}

TEST(Certificate, SaysWhatALeafNeeds) {
  const Authority root = new_root();
  CertificateSpec spec =
      leaf_spec(Role::server, {}, {{Kind::dns, "a.test"}, {Kind::ip, "192.0.2.1"}}, {kNow, kNow + kDay});
  spec.crl_urls = {"http://a.test/crl"};
  spec.ca_issuers_urls = {"http://a.test/ca"};
  spec.ocsp_urls = {"http://a.test/ocsp"};
  const Bytes der = MUST(root.issue(spec, new_key().public_key(), system_random()));
  const x509::CertificateView view = x509::CertificateView::parse(der);
  EXPECT_TRUE(view.problems.empty());
  EXPECT_EQ(view.version, 3);
  EXPECT_EQ(view.subject.text(), "CN=a.test");
  EXPECT_EQ(view.not_before, kNow);
  EXPECT_EQ(view.not_after, kNow + kDay);
  ASSERT_TRUE(view.subject_alt_names && view.key_usage && view.extended_key_usage && view.basic_constraints);
  EXPECT_EQ(view.subject_alt_names->at(1).escaped_text(), "IP:192.0.2.1");
  EXPECT_EQ(view.key_usage->bits, kDigitalSignature);
  EXPECT_THAT(*view.extended_key_usage, testing::ElementsAre(x509::kServerAuth));
  EXPECT_FALSE(view.is_ca());
  ASSERT_TRUE(view.subject_key_id && view.authority_key_id && root.certificate()->subject_key_id);
  EXPECT_TRUE(equal(view.authority_key_id->key_id, *root.certificate()->subject_key_id));
  EXPECT_EQ(as_text(view.crl_urls.at(0)), "http://a.test/crl");
  EXPECT_EQ(as_text(view.ca_issuer_urls.at(0)), "http://a.test/ca");
  EXPECT_EQ(as_text(view.ocsp_urls.at(0)), "http://a.test/ocsp");
  // RFC 5280 §4.2: which of them are critical.
  for (const x509::ExtensionView& extension : view.extensions)
    EXPECT_EQ(extension.critical, extension.name == "keyUsage" || extension.name == "basicConstraints")
        << extension.name;
}

// RFC 5280 §4.2.1.6: without a subject the names are critical. A first name longer than a common name may be is left
// out there.
TEST(Certificate, WithoutASubject) {
  const Authority root = new_root();
  const std::string long_name = std::string(60, 'a') + ".long.test";
  const Identity identity =
      MUST(root.issue_server({}, dns(long_name), {kNow, kNow + kDay}, new_key(), system_random()));
  const x509::CertificateView view = x509::CertificateView::parse(identity.chain[0]);
  EXPECT_TRUE(view.subject.empty());
  ASSERT_NE(view.find_extension("2.5.29.17"), nullptr);
  EXPECT_TRUE(view.find_extension("2.5.29.17")->critical);
  EXPECT_EQ(verify_errors(identity.chain, root.certificate().der(), Role::server, {.host = long_name, .ip = {}}),
            std::set<int>{});
}

TEST(Certificate, SerialsNeverRepeat) {
  const Authority root = new_root();
  const crypto::PrivateKey key = new_key();
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const Bytes der = MUST(root.issue(leaf_spec(Role::client, common_name("x"), {}, {kNow, kNow + kDay}),
                                      key.public_key(), system_random()));
    const x509::CertificateView view = x509::CertificateView::parse(der);
    ASSERT_EQ(view.serial.size(), 16U);
    ASSERT_EQ(view.serial[0] & 0x80, 0) << "negative";
    seen.insert(to_hex(view.serial));
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Certificate, CanBeOdd) {
  const Authority root = new_root();
  const crypto::PrivateKey key = new_key();
  CertificateSpec spec = leaf_spec(Role::server, {}, dns("a.test"), {-5 * kDay, 253402300799});  // 1969 … 9999-12-31
  spec.version = 1;
  spec.serial = {0x00};
  spec.hash = SignatureHash::sha1;
  spec.subject = {{.type = "CN", .value = std::string("\x1b[2J\0\xff", 6), .verbatim = true},
                  {.type = "2.5.4.65", .value = "by its OID"}};
  spec.extra_extensions = {{.oid = "1.2.3.4", .critical = true, .value = {0xde, 0xad}}};
  const Bytes der = MUST(root.issue(spec, key.public_key(), system_random()));
  const x509::CertificateView view = x509::CertificateView::parse(der);
  EXPECT_EQ(view.version, 1);
  EXPECT_EQ(to_hex(view.serial), "00");
  EXPECT_EQ(view.signature_algorithm.hash, "SHA1");
  ASSERT_EQ(view.subject.attributes.size(), 2U);
  EXPECT_EQ(to_hex(view.subject.attributes[0].value), "1b5b324a00ff");
  EXPECT_EQ(view.not_before, -5 * kDay);
  EXPECT_EQ(view.not_after, 253402300799);
  EXPECT_EQ(as_text(ByteView(der).subspan(view.ranges.not_after.offset, view.ranges.not_after.len)).substr(2),
            "99991231235959Z");
  ASSERT_NE(view.find_extension("1.2.3.4"), nullptr);
  EXPECT_EQ(to_hex(view.find_extension("1.2.3.4")->value), "dead");
}

// libcrypto reads no name that is not UTF-8, so the signature is checked by hand.
TEST(Certificate, CarriesAHostileNameAndIsSigned) {
  for (const size_t len : {size_t{1}, size_t{30}, size_t{5000}, size_t{70000}}) {
    const crypto::PrivateKey key = new_key();
    CertificateSpec spec = authority_spec({}, {kNow, kNow + kDay});
    spec.subject = {{.type = "C", .value = "CN"}, {.type = "UID", .value = std::string(len, '\xff'), .verbatim = true}};
    const Bytes der =
        MUST(forge_certificate(spec, key.public_key(), {.certificate = {}, .key = &key}, system_random()));
    const x509::CertificateView view = x509::CertificateView::parse(der);
    EXPECT_TRUE(view.readable);
    ASSERT_EQ(view.subject.attributes.size(), 2U);
    EXPECT_EQ(as_text(view.subject.attributes[0].value), "CN");
    EXPECT_EQ(as_text(view.subject.attributes[1].value), spec.subject[1].value);
    EXPECT_TRUE(view.self_issued());
    // The outer length is written as short as DER demands.
    const uint8_t* at = der.data();
    long inner_len = 0;
    int tag = 0, tag_class = 0;
    ASN1_get_object(&at, &inner_len, &tag, &tag_class, static_cast<long>(der.size()));
    EXPECT_EQ(ASN1_object_size(1, static_cast<int>(inner_len), tag), static_cast<int>(der.size()));
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()), 1);
    EXPECT_EQ(
        EVP_DigestVerify(context.get(), view.signature.data(), view.signature.size(), view.tbs.data(), view.tbs.size()),
        1);
  }
}

// RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050.
TEST(Certificate, DatesChangeTheirFormIn2050) {
  const crypto::PrivateKey key = new_key();
  for (const auto& [seconds, tag] : {std::pair<int64_t, int>{2524607999, 0x17}, {2524608000, 0x18}}) {
    CertificateSpec spec = authority_spec(common_name("x"), {kNow, seconds});
    const Bytes der =
        MUST(forge_certificate(spec, key.public_key(), {.certificate = {}, .key = &key}, system_random()));
    const x509::CertificateView view = x509::CertificateView::parse(der);
    EXPECT_EQ(der[view.ranges.not_after.offset], tag);
    EXPECT_EQ(view.not_after, seconds);
  }
}

TEST(Certificate, WhatCannotBeEncoded) {
  const crypto::PrivateKey key = new_key(), eddsa = new_key(crypto::KeyKind::ed25519);
  auto refused = [&](auto change, const crypto::PrivateKey& signer) {
    CertificateSpec spec = authority_spec(common_name("x"), {kNow, kNow + kDay});
    change(spec);
    const auto made =
        forge_certificate(spec, signer.public_key(), {.certificate = {}, .key = &signer}, system_random());
    return made ? "made" : made.error().message();
  };
  EXPECT_THAT(refused([](auto& spec) { spec.validity.not_after = 253402300800; }, key), HasSubstr("outside the years"));
  EXPECT_THAT(refused([](auto& spec) { spec.validity.not_after = INT64_MAX; }, key), HasSubstr("outside the years"));
  EXPECT_THAT(refused([](auto& spec) { spec.validity.not_before = INT64_MIN; }, key), HasSubstr("outside the years"));
  EXPECT_THAT(refused([](auto& spec) { spec.subject = {{"no such type", "x"}}; }, key), HasSubstr("cannot be encoded"));
  EXPECT_THAT(refused([](auto& spec) { spec.subject = {{"CN", std::string(65, 'a')}}; }, key),
              HasSubstr("cannot be encoded"));
  EXPECT_THAT(refused([](auto& spec) { spec.subject_der = {0x30}; }, key), HasSubstr("not a distinguished name"));
  EXPECT_THAT(refused([](auto& spec) { spec.names = {{Kind::ip, "x"}}; }, key), HasSubstr("not an IP address"));
  EXPECT_THAT(refused([](auto& spec) { spec.extended_key_usage = {"serverAuth?"}; }, key), HasSubstr("not an OID"));
  EXPECT_THAT(refused([](auto& spec) { spec.extra_extensions = {{"x", false, {}}}; }, key), HasSubstr("not an OID"));
  EXPECT_THAT(refused([](auto& spec) { spec.hash = SignatureHash::sha256; }, eddsa), HasSubstr("own hash"));
  EXPECT_EQ(refused([](auto&) {}, eddsa), "made");
}

// ---- requests

struct RequestOptions {
  std::vector<std::string> names = {};
  bool break_signature = false;
};
Bytes make_request(const crypto::PrivateKey& key, const RequestOptions& options) {
  std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(X509_REQ_new(), X509_REQ_free);
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const uint8_t*>("from the request"), -1, -1,
                             0);
  X509_REQ_set_pubkey(request.get(), key.native());
  if (!options.names.empty()) {
    GENERAL_NAMES* names = GENERAL_NAMES_new();
    for (const std::string& value : options.names) {
      GENERAL_NAME* entry = GENERAL_NAME_new();
      const bool ip = value.size() == 4;
      ASN1_STRING* text = ASN1_STRING_type_new(ip ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
      ASN1_STRING_set(text, value.data(), static_cast<int>(value.size()));
      GENERAL_NAME_set0_value(entry, ip ? GEN_IPADD : GEN_DNS, text);
      sk_GENERAL_NAME_push(names, entry);
    }
    STACK_OF(X509_EXTENSION)* extensions = nullptr;
    X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0, 0);
    X509_REQ_add_extensions(request.get(), extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    GENERAL_NAMES_free(names);
  }
  X509_REQ_sign(request.get(), key.native(), EVP_sha256());
  uint8_t* out = nullptr;
  const int len = i2d_X509_REQ(request.get(), &out);
  Bytes der(out, out + len);
  OPENSSL_free(out);
  if (options.break_signature) der.back() ^= 1;
  return der;
}

TEST(SigningRequest, IsReadWithItsNames) {
  const crypto::PrivateKey key = new_key();
  const Bytes der = make_request(
      key, {.names = {"a.test", std::string("\x7f\x00\x00\x01", 4), std::string("good.test\0.evil.test", 20)}});
  for (const bool pem : {false, true}) {
    const std::string text = "# a comment\n" + x509::to_pem(der, "CERTIFICATE REQUEST");
    const SigningRequest request = MUST(parse_signing_request(pem ? as_bytes(text) : ByteView(der), "request"));
    EXPECT_TRUE(request.key == key.public_key());
    EXPECT_FALSE(request.subject_empty);
    EXPECT_EQ(request.names, (std::vector<AlternativeName>{{Kind::dns, "a.test"}, {Kind::ip, "127.0.0.1"}}));
    EXPECT_EQ(request.num_other_names, 1U);
    CertificateSpec spec = leaf_spec(Role::server, {}, request.names, {kNow, kNow + kDay});
    spec.subject_der = request.subject_der;
    const Authority root = new_root();
    const Bytes certificate = MUST(root.issue(spec, request.key, system_random()));
    EXPECT_EQ(x509::CertificateView::parse(certificate).subject.text(), "CN=from the request");
    EXPECT_EQ(verify_errors({certificate}, root.certificate().der(), Role::server, {.host = "a.test", .ip = {}}),
              std::set<int>{});
  }
}

TEST(SigningRequest, RefusesWhatIsNone) {
  const crypto::PrivateKey key = new_key();
  const Bytes der = make_request(key, {.names = {"a.test"}});
  auto message = [](ByteView content) {
    const auto request = parse_signing_request(content, "request 'x'");
    return request ? std::string("read") : request.error().message();
  };
  for (size_t len = 0; len < der.size(); ++len) EXPECT_NE(message(ByteView(der).first(len)), "read") << len;
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_THAT(message(longer), HasSubstr("is not a certification request"));
  EXPECT_THAT(message(make_request(key, {.break_signature = true})), HasSubstr("is not signed by the key"));
  const SecretBytes private_key = MUST(key.to_pem());
  EXPECT_THAT(message(private_key.view()), HasSubstr("it has a PRIVATE KEY"));
  EXPECT_THAT(message(as_bytes("-----BEGIN CERTIFICATE REQUEST-----\n!!!\n")), HasSubstr("damaged PEM"));
  EXPECT_THAT(message(Bytes(2 << 20)), HasSubstr("longer than"));
}

// ---- authorities and their files

class AuthorityFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tlsproof-pki-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string put(const std::string& name, ByteView content) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(save_file(path, content));
    return path;
  }
  std::string put_certificates(const std::string& name, std::span<const ByteView> certificates) {
    std::string pem;
    for (ByteView der : certificates) pem += x509::to_pem(der);
    return put(name, as_bytes(pem));
  }
  static std::string message(const std::string& certificate, const std::string& key,
                             const crypto::PassphraseSource& passphrase = {}) {
    const auto authority = Authority::load(certificate, key, passphrase);
    return authority ? "loaded" : authority.error().message();
  }
  std::string folder_;
};

TEST_F(AuthorityFiles, AreLoadedWhateverTheirOrder) {
  const Authority root = new_root();
  const Authority middle = MUST(root.make_intermediate(
      authority_spec(common_name("Issuing CA"), {kNow - kDay, kNow + kDay}), new_key(), system_random()));
  const SecretBytes passphrase(as_bytes("correct horse"));
  const std::string key = put("ca.key", MUST(middle.key().to_encrypted_pem(passphrase, 1000)).view());
  const Authority stranger = new_root();
  const std::string chain = put_certificates(
      "ca.crt",
      std::vector<ByteView>{stranger.certificate().der(), root.certificate().der(), middle.certificate().der()});
  const Authority loaded = MUST(Authority::load(chain, key, crypto::fixed_passphrase(passphrase)));
  ASSERT_EQ(loaded.certificates().size(), 2U);
  EXPECT_EQ(loaded.certificate()->subject.text(), "CN=Issuing CA");
  EXPECT_EQ(loaded.intermediates().size(), 1U);
  EXPECT_EQ(loaded.validity(), (Validity{kNow - kDay, kNow + kDay}));
  const Identity client = MUST(loaded.issue_client({}, dns("c.test"), {kNow, kNow + 1}, new_key(), system_random()));
  EXPECT_EQ(verify_errors(client.chain, root.certificate().der(), Role::client), std::set<int>{});

  EXPECT_THAT(message(chain, key), HasSubstr("passphrase"));
  const std::string wrong = message(chain, key, crypto::fixed_passphrase(SecretBytes(as_bytes("incorrect horse"))));
  EXPECT_THAT(wrong, HasSubstr("passphrase"));
  EXPECT_THAT(wrong, testing::Not(HasSubstr("incorrect horse")));
}

TEST_F(AuthorityFiles, AreRefusedWhenTheyDoNotFit) {
  const Authority root = new_root(), other = new_root();
  const crypto::PrivateKey leaf_key = new_key();
  const Identity leaf = MUST(root.issue_client({}, dns("c.test"), {kNow, kNow + 1}, leaf_key, system_random()));
  CertificateSpec mute = authority_spec(common_name("mute"), {kNow, kNow + kDay});
  mute.key_usage = kCrlSign;
  const crypto::PrivateKey mute_key = new_key();
  const Bytes mute_der = MUST(root.issue(mute, mute_key.public_key(), system_random()));
  const std::string root_crt = put_certificates("root.crt", std::vector<ByteView>{root.certificate().der()});
  const std::string root_key = put("root.key", MUST(root.key().to_pem()).view());
  const std::string other_key = put("other.key", MUST(other.key().to_pem()).view());
  EXPECT_EQ(message(root_crt, root_key), "loaded");
  EXPECT_THAT(message(root_crt, other_key), HasSubstr("does not belong to the CA certificate"));
  EXPECT_THAT(message(put_certificates("leaf.crt", std::vector<ByteView>{leaf.chain[0]}), root_key),
              HasSubstr("is not a CA's"));
  EXPECT_THAT(message(put_certificates("mute.crt", std::vector<ByteView>{mute_der}), root_key),
              HasSubstr("lacks keyCertSign"));
  EXPECT_THAT(message(root_key, root_key), HasSubstr("root.key"));
  EXPECT_THAT(message(root_crt, root_crt), HasSubstr("root.crt"));
  EXPECT_THAT(message(folder_ + "/none.crt", root_key), HasSubstr("none.crt"));
  const Bytes garbage(100, 0x30);
  EXPECT_NE(message(put("garbage", garbage), root_key), "loaded");
}

TEST(Authority, KnowsItsLimits) {
  const Authority root = new_root();
  EXPECT_TRUE(root.check_valid_at(kNow));
  EXPECT_TRUE(root.check_valid_at(root.validity().not_after));
  EXPECT_THAT(root.check_valid_at(root.validity().not_after + 1).error().message(),
              HasSubstr("expired: it was valid until 2037-01-12T08:00:00Z"));
  EXPECT_THAT(root.check_valid_at(0).error().message(), HasSubstr("will be from 2026-10-07T08:00:00Z"));
  EXPECT_TRUE(root.check_may_issue_authority());
  const Authority last =
      MUST(root.make_intermediate(authority_spec(common_name("x"), {kNow, kNow + 1}, 0), new_key(), system_random()));
  EXPECT_FALSE(last.check_may_issue_authority());
}

}  // namespace
}  // namespace tlsproof::pki
