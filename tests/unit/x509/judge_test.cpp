// Names, weaknesses, files and anchors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

#include "make_certificate.h"
#include "tlsproof/base/file.h"
#include "tlsproof/x509/anchors.h"
#include "tlsproof/x509/der.h"
#include "tlsproof/x509/load.h"
#include "tlsproof/x509/name_check.h"
#include "tlsproof/x509/validate.h"
#include "tlsproof/x509/weaknesses.h"

namespace tlsproof::x509::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// ---- names ----

Identity named(const std::string& alt_names, const std::string& common_name = "") {
  Spec spec = with(leaf_spec(nullptr), "subjectAltName", alt_names);
  spec.subject = {{"O", "Example"}};
  if (!common_name.empty()) spec.subject.emplace_back("CN", common_name);
  return make(spec);
}

bool libcrypto_agrees_to(const Identity& identity, const std::string& reference, bool is_ip) {
  const uint8_t* at = identity.der().data();
  std::unique_ptr<X509, decltype(&X509_free)> x(d2i_X509(nullptr, &at, static_cast<long>(identity.der().size())),
                                                X509_free);
  if (is_ip) return X509_check_ip_asc(x.get(), reference.c_str(), 0) == 1;
  return X509_check_host(x.get(), reference.data(), reference.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) ==
         1;
}

TEST(NameCheck, AgreesWithLibcryptoAndTheRfc) {
  using enum NameMatch;
  struct Case {
    const char* alt_names;  // empty: no extension
    const char* common_name;
    const char* reference;
    NameMatch expected;
    bool libcrypto_differs = false;
  };
  const Case kCases[] = {
      {"DNS:server.test", "", "server.test", matches_san},
      {"DNS:server.test", "", "SERVER.Test", matches_san},
      {"DNS:Server.TEST", "", "server.test", matches_san},
      {"DNS:server.test", "", "server.test.", matches_san, true},  // libcrypto wants the dot taken off
      {"DNS:a.test,DNS:b.test", "", "b.test", matches_san},
      {"DNS:server.test", "", "www.server.test", mismatch},
      {"DNS:server.test", "", "erver.test", mismatch},
      {"DNS:*.server.test", "", "www.server.test", matches_san},
      {"DNS:*.server.test", "", "a.b.server.test", mismatch},
      {"DNS:*.server.test", "", "server.test", mismatch},
      {"DNS:*.test", "", "server.test", mismatch},
      {"DNS:ser*.test.example", "", "server.test.example", mismatch},
      {"DNS:*er.test.example", "", "server.test.example", mismatch},
      {"DNS:www.*.example", "", "www.test.example", mismatch},
      {"DNS:*.*.example", "", "a.b.example", mismatch},
      {"DNS:*", "", "server", mismatch},
      {"DNS:xn--bcher-kva.test", "", "xn--bcher-kva.test", matches_san},
      {"DNS:_dmarc.server.test", "", "_dmarc.server.test", matches_san},
      {"IP:127.0.0.1", "", "127.0.0.1", matches_san},
      {"IP:127.0.0.1", "", "127.0.0.2", mismatch},
      {"IP:::1", "", "::1", matches_san},
      {"IP:::1", "", "[::1]", matches_san, true},
      {"IP:::1", "", "0:0:0:0:0:0:0:1", matches_san},
      {"IP:::ffff:127.0.0.1", "", "127.0.0.1", mismatch},
      {"DNS:127.0.0.1", "", "127.0.0.1", mismatch},
      {"", "127.0.0.1", "127.0.0.1", mismatch},
      {"", "server.test", "server.test", matches_common_name_only},
      {"", "*.server.test", "www.server.test", matches_common_name_only},
      {"IP:127.0.0.1", "server.test", "server.test", matches_common_name_only},
      {"DNS:other.test", "server.test", "server.test", mismatch},
      {"URI:https://server.test/", "", "server.test", no_name},
      {"", "", "server.test", no_name},
      {"", "Some Person", "server.test", mismatch},
      {"DNS:server.test", "",
       "b\xc3\xbc"
       "cher.test",
       bad_reference},
      {"DNS:server.test", "", "", bad_reference},
      {"DNS:server.test", "", "a..b", bad_reference},
  };
  for (const Case& c : kCases) {
    const Identity identity = named(c.alt_names, c.common_name);
    const NameCheck check = check_name(*identity.certificate, c.reference);
    const std::string label = std::string(c.alt_names) + " CN=" + c.common_name + " for " + c.reference;
    EXPECT_EQ(name_match_name(check.match), name_match_name(c.expected)) << label;
    const bool matches = check.match == matches_san || check.match == matches_common_name_only;
    EXPECT_EQ(libcrypto_agrees_to(identity, c.reference, check.is_ip) == matches, !c.libcrypto_differs) << label;
    EXPECT_EQ(check.matched.empty(), !matches) << label;
    EXPECT_EQ(check.where.len == 0, !matches) << label;
    EXPECT_FALSE(check.message(c.reference).empty());
  }
}

TEST(NameCheck, SaysWhyAndWhatThereIs) {
  auto message = [](const char* alt_names, const char* common_name, const char* reference) {
    return check_name(*named(alt_names, common_name).certificate, reference).message(reference);
  };
  EXPECT_EQ(message("DNS:a.test,IP:127.0.0.1", "", "server.test"),
            "the certificate is for a.test, 127.0.0.1, not for server.test");
  EXPECT_THAT(message("DNS:127.0.0.1", "", "127.0.0.1"), HasSubstr("stands in a dNSName"));
  EXPECT_THAT(message("", "127.0.0.1", "127.0.0.1"), HasSubstr("stands in the common name"));
  EXPECT_THAT(message("DNS:ser*.x.test", "", "server.x.test"), HasSubstr("whole left-most label"));
  EXPECT_THAT(message("DNS:*.x.test", "", "a.b.x.test"), HasSubstr("exactly one label"));
  EXPECT_THAT(message("DNS:*.x.test", "", "x.test"), HasSubstr("bare domain"));
  EXPECT_THAT(message("DNS:*.test", "", "server.test"), HasSubstr("top-level domain"));
  EXPECT_THAT(message("DNS:other.test", "server.test", "server.test"), HasSubstr("does not count beside dNSNames"));
  EXPECT_THAT(message("", "server.test", "server.test"), HasSubstr("only in its common name"));
  EXPECT_THAT(message("", "", "server.test"), HasSubstr("names no host"));
  const NameCheck wildcard = check_name(*named("DNS:*.x.test").certificate, "a.x.test");
  EXPECT_TRUE(wildcard.by_wildcard);
  EXPECT_EQ(wildcard.matched, "*.x.test");
}

// A NUL must not end a name early.
TEST(NameCheck, ANulDoesNotEndAName) {
  const std::string evil("server.test\0.evil.test", 22);
  Spec spec =
      with(leaf_spec(nullptr), "subjectAltName", "DER:" + to_hex(tlv(der_tag::kSequence, tlv(0x82, as_bytes(evil)))));
  spec.subject = {{"CN", evil}};
  EXPECT_EQ(check_name(*make(spec).certificate, "server.test").match, NameMatch::mismatch);
  spec = with(spec, "subjectAltName", "");
  EXPECT_EQ(check_name(*make(spec).certificate, "server.test").match, NameMatch::mismatch);
}

TEST(NameCheck, Addresses) {
  EXPECT_EQ(to_hex(parse_ip("127.0.0.1").value()), "7f000001");
  EXPECT_EQ(to_hex(parse_ip("[fe80::1%eth0]").value()), "fe800000000000000000000000000001");
  for (const char* bad : {"", "127.1", "1.2.3.4%eth0", "256.0.0.1", "localhost", "::g", "[]", "1.2.3.4.", "0x7f.0.0.1"})
    EXPECT_FALSE(parse_ip(bad)) << bad;
  EXPECT_EQ(ip_text(Bytes{10, 0, 0, 0, 255, 0, 0, 0}), "10.0.0.0/255.0.0.0");
  EXPECT_EQ(ip_text(Bytes{1, 2, 3}), "010203");
}

// ---- weaknesses ----

std::set<std::string> weaknesses_of(const Certificate& certificate, WeaknessOptions options = {}) {
  std::set<std::string> out;
  for (const Weakness& weakness : find_weaknesses(*certificate, options)) {
    EXPECT_FALSE(weakness.detail.empty());
    EXPECT_LE(weakness.where.end(), certificate.der().size());
    out.insert(std::string(weakness_name(weakness.code)));
  }
  return out;
}

struct WeakCase {
  std::string name;
  std::function<void(Spec&)> change;
  std::set<std::string> expected;
  WeaknessOptions options = {};
};

TEST(Weaknesses, EachIsFoundAndNoOther) {
  const Identity root = make(ca_spec("Root"));
  auto set = [](const char* extension, const char* value) {
    return [=](Spec& spec) { spec = with(spec, extension, value); };
  };
  auto lifetime = [](int64_t from, int64_t days) {
    return [=](Spec& spec) {
      spec.not_before = from;
      spec.not_after = from + days * kDay - 1;
    };
  };
  auto key = [](const char* name) { return [=](Spec& spec) { spec.key = name; }; };
  auto serial = [](const char* value) { return [=](Spec& spec) { spec.serial = value; }; };
  const std::vector<WeakCase> kCases = {
      {"good", [](Spec&) {}, {}},
      {"version 1",
       [](Spec& spec) {
         spec.version = 1;
         spec.extensions.clear();
       },
       {"version_not_3", "no_subject_alt_name", "no_extended_key_usage", "no_key_usage"}},
      {"no alternative names", set("subjectAltName", ""), {"no_subject_alt_name"}},
      {"alternative names without a host", set("subjectAltName", "email:a@b.test"), {"no_subject_alt_name"}},
      {"address only", set("subjectAltName", "IP:127.0.0.1"), {}},
      {"RSA 1024", key("RSA-1024/w"), {"rsa_key_too_short"}},
      {"RSA 2048", key("RSA-2048/w"), {}},
      {"Ed25519", key("ED25519/w"), {}},
      {"P-384", key("P-384/w"), {}},
      {"P-192", key("P-192/w"), {"weak_curve"}},
      {"secp256k1", key("secp256k1/w"), {"weak_curve"}},
      {"X25519", key("X25519/w"), {"unsuitable_key"}},
      {"SHA-1", [](Spec& spec) { spec.digest = "SHA1"; }, {"weak_signature"}},
      {"MD5",
       [](Spec& spec) {
         spec.digest = "MD5";
         spec.issuer = nullptr;
         spec.key = "RSA-2048/w";
       },
       {}},  // by itself: nobody relies on it
      {"client only", set("extendedKeyUsage", "clientAuth"), {"no_server_auth"}},
      {"any usage", set("extendedKeyUsage", "anyExtendedKeyUsage"), {}},
      {"no extended key usage", set("extendedKeyUsage", ""), {"no_extended_key_usage"}},
      {"no key usage", set("keyUsage", ""), {"no_key_usage"}},
      {"key usage without signing", set("keyUsage", "keyEncipherment"), {"key_usage_unsuitable"}},
      {"CA", set("basicConstraints", "critical,CA:TRUE"), {"ca_used_as_leaf"}},
      {"398 days", lifetime(kNow - kDay, 398), {}},
      {"399 days", lifetime(kNow - kDay, 399), {"lifetime_long"}},
      {"ten years", lifetime(kNow - kDay, 3650), {"lifetime_long"}},
      {"eleven years", lifetime(kNow - kDay, 4015), {"lifetime_over_ten_years"}},
      {"public, 200 days in 2027", lifetime(kNow, 200), {}, {.public_trust = true}},
      {"public, 201 days in 2027", lifetime(kNow, 201), {"lifetime_public"}, {.public_trust = true}},
      {"public, 398 days in 2021", lifetime(1609459200, 398), {}, {.public_trust = true}},
      {"public, 399 days in 2021", lifetime(1609459200, 399), {"lifetime_public"}, {.public_trust = true}},
      {"public, 100 days after March 2027", lifetime(1805068800, 101), {"lifetime_public"}, {.public_trust = true}},
      {"public, 47 days after March 2029", lifetime(1868227200, 48), {"lifetime_public"}, {.public_trust = true}},
      {"reversed", [](Spec& spec) { std::swap(spec.not_before, spec.not_after); }, {"dates_reversed"}},
      {"serial zero", serial("00"), {"serial_invalid"}},
      {"serial negative", serial("-1122334455"), {"serial_invalid"}},
      {"serial of 21 octets", serial("80112233445566778899AABBCCDDEEFF00112233"), {"serial_invalid"}},
      {"serial of 20 octets", serial("70112233445566778899AABBCCDDEEFF00112233"), {}},
      {"serial counted", serial("02"), {"serial_predictable"}},
      {"odd subject", [](Spec& spec) { spec.subject = {{"CN", "a\x1b[2J"}}; }, {"odd_characters"}},
      {"backslash in the subject", [](Spec& spec) { spec.subject = {{"CN", "a\\b"}}; }, {}},
      {"blank in a dNSName", set("subjectAltName", "DNS:a b.test"), {"odd_characters"}},
      {"wildcard", set("subjectAltName", "DNS:*.server.test"), {}},
      {"partial wildcard", set("subjectAltName", "DNS:a*.server.test"), {"wildcard_unusual"}},
      {"wildcard under a top-level domain", set("subjectAltName", "DNS:*.test"), {"wildcard_unusual"}},
      {"extension twice",
       [](Spec& spec) { spec.extensions.emplace_back("basicConstraints", "CA:FALSE"); },
       {"duplicate_extension"}},
      {"extension broken", set("subjectKeyIdentifier", "DER:0400ff"), {"malformed"}},
  };
  std::set<std::string> seen;
  for (const WeakCase& c : kCases) {
    Spec spec = leaf_spec(&root);
    c.change(spec);
    const std::set<std::string> found = weaknesses_of(make(spec).certificate, c.options);
    EXPECT_EQ(found, c.expected) << c.name;
    seen.insert(found.begin(), found.end());
  }
  // Those that need bytes changed by hand.
  const Identity leaf = make(leaf_spec(&root));
  Bytes der = to_bytes(leaf.der());
  der.at(leaf.certificate->ranges.tbs_signature_algorithm.end() - 1) = 3;  // ecdsa-with-SHA384 inside
  EXPECT_THAT(weaknesses_of(Certificate::parse(der)), ElementsAre("signature_algorithms_differ"));
  Spec rsa = leaf_spec(&root);
  rsa.key = "RSA-2048/w";
  const Identity with_rsa = make(rsa);
  der = to_bytes(with_rsa.der());
  der.at(with_rsa.certificate->ranges.public_key.end() - 1) = 0;
  EXPECT_THAT(weaknesses_of(Certificate::parse(der)), ElementsAre("rsa_exponent"));
  seen.insert({"signature_algorithms_differ", "rsa_exponent"});
  for (const WeaknessInfo& info : weakness_table()) {
    EXPECT_TRUE(seen.contains(std::string(info.name))) << info.name;
    EXPECT_FALSE(info.title.empty() || info.why.empty() || info.cite.empty()) << info.name;
  }
}

// ---- files ----

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tlsproof-x509-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string add(const std::string& name, ByteView content) const {
    EXPECT_TRUE(save_file(path_ + "/" + name, content));
    return path_ + "/" + name;
  }
  std::string add(const std::string& name, const std::string& content) const { return add(name, as_bytes(content)); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Load, PemAndDer) {
  const Folder folder;
  const Identity root = make(ca_spec("Root"));
  const Identity leaf = make(leaf_spec(&root));
  const std::string pem = "subject=… some text\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" +
                          to_pem(leaf.der()) + "between\n" + to_pem(root.der(), "TRUSTED CERTIFICATE") +
                          "after -----BEGIN in a line\n";
  const auto both = load_certificates(folder.add("both.pem", pem), "server certificate");
  ASSERT_TRUE(both) << both.error().message();
  ASSERT_EQ(both->size(), 2U);
  EXPECT_TRUE((*both)[0] == leaf.certificate);
  EXPECT_TRUE((*both)[1] == root.certificate);
  const auto der = load_certificates(folder.add("leaf.der", leaf.der()), "server certificate");
  ASSERT_TRUE(der) << der.error().message();
  EXPECT_TRUE(der->at(0) == leaf.certificate);
  std::string windows;
  for (char c : to_pem(leaf.der())) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(parse_pem_certificates(as_bytes(windows)).size(), 1U);
  EXPECT_EQ(to_pem(Bytes(48, 0xff)).find('\n', 28), 28U + 64);
  // As libcrypto writes it.
  for (size_t len = 0; len < 100; ++len) {
    Bytes body = tlv(der_tag::kSequence, Bytes(len, 0x55));
    const auto back = parse_pem_certificates(as_bytes(to_pem(body)));
    ASSERT_EQ(back.size(), 1U);
    EXPECT_TRUE(equal(back[0].der(), body)) << len;
  }
}

TEST(Load, SaysWhatAFileIsInstead) {
  const Folder folder;
  const Identity leaf = make(leaf_spec(nullptr));
  const std::string pem = to_pem(leaf.der());
  std::string damaged = pem;
  damaged[60] = '!';
  const std::string inserted = pem.substr(0, 60) + "!" + pem.substr(60);
  uint8_t* key_der = nullptr;
  const int key_len = i2d_PrivateKey(test_key("P-256/leaf"), &key_der);
  const Bytes key(key_der, key_der + key_len);
  OPENSSL_free(key_der);
  Bytes pfx = tlv(der_tag::kInteger, Bytes{3});
  append(pfx, tlv(der_tag::kSequence, tlv(der_tag::kOid, oid_from_text("1.2.840.113549.1.7.1"))));
  struct Case {
    const char* name;
    Bytes content;
    const char* message;
  };
  const Case kCases[] = {
      {"empty", {}, "is empty"},
      {"text", to_bytes("hello\n"), "holds no certificate (neither PEM nor DER)"},
      {"key.pem", to_bytes("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"),
       "it is a private key"},
      {"key.der", key, "it is a private key"},
      {"csr.pem", to_bytes("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"),
       "it is a certificate request"},
      {"crl.pem", to_bytes(to_pem(make_crl(leaf), "X509 CRL")), "it is a CRL"},
      {"crl.der", make_crl(leaf), "it is a CRL"},
      {"store.p12", tlv(der_tag::kSequence, pfx), "it is PKCS#12"},
      {"bundle.p7b", tlv(der_tag::kSequence, tlv(der_tag::kOid, oid_from_text("1.2.840.113549.1.7.2"))),
       "it is a PKCS#7 bundle"},
      {"damaged.pem", to_bytes("\n\n" + damaged), "begins in line 3 is damaged"},
      {"inserted.pem", to_bytes(inserted), "begins in line 1 is damaged"},
      {"cut.pem", to_bytes(pem.substr(0, 200)), "begins in line 1 has no END line"},
      {"second cut.pem", to_bytes(pem + pem.substr(0, 200)), "has no END line"},
      {"not der.pem", to_bytes(to_pem(Bytes{1, 2, 3})), "is damaged"},
  };
  for (const Case& c : kCases) {
    const auto loaded = load_certificates(folder.add(c.name, c.content), "client CA");
    ASSERT_FALSE(loaded) << c.name;
    EXPECT_EQ(loaded.error().kind, Error::Kind::usage) << c.name;
    EXPECT_THAT(loaded.error().message(), HasSubstr(c.message)) << c.name;
    EXPECT_THAT(loaded.error().message(), HasSubstr(std::string("client CA '") + folder.path() + "/" + c.name + "'"));
  }
  EXPECT_FALSE(load_certificates(folder.path() + "/none.pem", "client CA"));
}

TEST(Load, Crls) {
  const Folder folder;
  const Identity root = make(ca_spec("Root"));
  const Bytes crl = make_crl(root, {.revoked = {"01"}});
  const auto pem = load_crls(folder.add("a.pem", to_pem(crl, "X509 CRL") + to_pem(root.der())), "CRL");
  ASSERT_TRUE(pem) << pem.error().message();
  EXPECT_THAT(*pem, ElementsAre(crl));
  const auto der = load_crls(folder.add("a.crl", crl), "CRL");
  ASSERT_TRUE(der);
  EXPECT_THAT(*der, ElementsAre(crl));
  const auto wrong = load_crls(folder.add("c.pem", to_pem(root.der())), "CRL");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("holds no CRL: it is a certificate"));
}

// ---- anchors ----

TEST(Anchors, EachWayToMakeThem) {
  const Folder folder;
  const Identity root = make(ca_spec("Root"));
  const Identity other = make(ca_spec("Other"));
  const Identity leaf = make(leaf_spec(&root));
  EXPECT_EQ(TrustAnchors::none().description(), "no trust anchor");
  EXPECT_FALSE(TrustAnchors::none().contains(*root.certificate));
  const std::vector<Certificate> list = {root.certificate, Certificate::parse(Bytes{1, 2})};
  const TrustAnchors given = TrustAnchors::from_certificates(list, "the client CA");
  EXPECT_EQ(given.certificates().size(), 1U);
  EXPECT_TRUE(given.contains(*root.certificate));
  EXPECT_FALSE(given.contains(*other.certificate));
  EXPECT_EQ(given.find_by_subject(leaf.certificate->issuer.der).size(), 1U);
  EXPECT_TRUE(given.find_by_subject(leaf.certificate->subject.der).empty());
  EXPECT_TRUE(given.find_by_subject(Bytes{0x30, 0x05}).empty());
  const std::string path = folder.add("ca\x1b.pem", to_pem(root.der()) + to_pem(other.der()));
  const auto from_file = TrustAnchors::from_file(path);
  ASSERT_TRUE(from_file) << from_file.error().message();
  EXPECT_EQ(from_file->description(), "2 certificates of '" + folder.path() + "/ca\\x1b.pem'");
  EXPECT_TRUE(from_file->contains(*other.certificate));
  EXPECT_FALSE(TrustAnchors::from_file(folder.path() + "/none.pem"));
}

class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Environment() { ::unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

TEST(Anchors, TheSystemsStoreHonoursItsVariables) {
  const Folder folder;
  const Folder hashed;
  const Identity root = make(ca_spec("Root"));
  const Identity other = make(ca_spec("Other"));
  const uint8_t* at = other.der().data();
  std::unique_ptr<X509, decltype(&X509_free)> x(d2i_X509(nullptr, &at, static_cast<long>(other.der().size())),
                                                X509_free);
  char name[32];
  std::snprintf(name, sizeof name, "%08lx.0",
                X509_NAME_hash_ex(X509_get_subject_name(x.get()), nullptr, nullptr, nullptr));
  (void)hashed.add(name, to_pem(other.der()));
  const std::string file = folder.add("ca.pem", to_pem(root.der()));
  {
    const Environment variable("SSL_CERT_FILE", file);
    const Environment folder_variable("SSL_CERT_DIR", hashed.path());
    const auto anchors = TrustAnchors::system();
    ASSERT_TRUE(anchors) << anchors.error().message();
    EXPECT_EQ(anchors->description(), "the system's store (" + file + ", " + hashed.path() + ")");
    EXPECT_TRUE(anchors->contains(*root.certificate));
    EXPECT_TRUE(anchors->contains(*other.certificate));  // looked up by name
    const std::vector<Certificate> sent = {make(leaf_spec(&other)).certificate};
    ValidateOptions options;
    options.time = kNow;
    EXPECT_TRUE(validate(sent, *anchors, options).ok());
    EXPECT_TRUE(analyse_chain(sent, *anchors).complete);
  }
  {
    const Environment variable("SSL_CERT_FILE", folder.path() + "/none.pem");
    const auto anchors = TrustAnchors::system();
    ASSERT_FALSE(anchors);
    EXPECT_THAT(anchors.error().message(), HasSubstr("SSL_CERT_FILE"));
  }
}

}  // namespace
}  // namespace tlsproof::x509::test
