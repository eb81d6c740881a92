#include "tlsproof/x509/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <memory>

#include "make_certificate.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/der.h"
#include "tlsproof/x509/name_check.h"
#include "tlsproof/x509/weaknesses.h"

namespace tlsproof::x509::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using X509Owner = std::unique_ptr<X509, decltype(&X509_free)>;
X509Owner to_libcrypto(ByteView der) {
  const uint8_t* at = der.data();
  return {d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free};
}
std::string problems_of(const CertificateView& certificate) {
  std::string out;
  for (const FieldProblem& problem : certificate.problems) out += problem.message() + "\n";
  return out;
}

// ---- DER ----

TEST(Der, RefusesWhatIsNotDer) {
  struct Case {
    Bytes input;
    std::optional<ParseError::Kind> error;
    size_t content_len = 0;
    bool minimal = true;
  };
  const Bytes long_form = [] {
    Bytes out{0x04, 0x81, 0x80};
    out.resize(3 + 128);
    return out;
  }();
  const Case kCases[] = {
      {{0x04, 0x00}, std::nullopt, 0},
      {{0x04, 0x02, 1, 2, 3}, std::nullopt, 2},
      {long_form, std::nullopt, 128},
      {{0x04, 0x81, 0x01, 7}, std::nullopt, 1, false},
      {{0x04, 0x82, 0x00, 0x01, 7}, std::nullopt, 1, false},
      {{}, ParseError::Kind::truncated},
      {{0x04}, ParseError::Kind::truncated},
      {{0x04, 0x02, 1}, ParseError::Kind::truncated},
      {{0x04, 0x82, 0x01}, ParseError::Kind::truncated},
      {{0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, ParseError::Kind::truncated},
      {{0x04, 0x80, 0, 0}, ParseError::Kind::bad_value},
      {{0x04, 0xff, 0, 0}, ParseError::Kind::bad_value},
      {{0x1f, 0x81, 0x00, 0x00}, ParseError::Kind::bad_value},
      {{0x05, 0x00}, ParseError::Kind::bad_value},
  };
  for (const Case& c : kCases) {
    ParseError error;
    DerReader reader(c.input, error, 100);
    DerValue value;
    ASSERT_EQ(reader.expect(der_tag::kOctetString, value, "field"), !c.error) << to_hex(c.input);
    if (c.error) {
      EXPECT_EQ(error.kind, *c.error) << to_hex(c.input);
      EXPECT_EQ(error.field, "field");
      EXPECT_EQ(reader.offset(), 100U);
    } else {
      EXPECT_EQ(value.content.size(), c.content_len);
      EXPECT_EQ(value.minimal, c.minimal);
      EXPECT_EQ(value.offset, 100U);
      EXPECT_EQ(value.content_offset(), 100 + value.full.size() - c.content_len);
    }
  }
}

TEST(Der, AChildCannotLeaveItsFrame) {
  const Bytes input{0x30, 0x03, 0x04, 0x02, 0x01, 0x02};  // the inner length reaches beyond the outer one
  ParseError error;
  DerReader reader(input, error);
  DerReader inside = reader;
  ASSERT_TRUE(reader.enter(der_tag::kSequence, inside, "outer"));
  DerValue value;
  EXPECT_FALSE(inside.expect(der_tag::kOctetString, value, "inner"));
  EXPECT_EQ(error.offset, 2U);
  EXPECT_EQ(error.needed, 2U);
  EXPECT_EQ(error.had, 1U);
  EXPECT_FALSE(reader.finish("outer"));
  EXPECT_EQ(error.kind, ParseError::Kind::trailing);
}

TEST(Der, DepthIsBounded) {
  Bytes nested;
  for (int i = 0; i < 100; ++i) nested = tlv(der_tag::kSequence, nested);
  ParseError error;
  DerReader reader(nested, error);
  int depth = 0;
  for (DerReader inside = reader; reader.enter(der_tag::kSequence, inside, "nest"); reader = inside) ++depth;
  EXPECT_EQ(depth, DerReader::kMaxDepth + 1);
}

TEST(Der, ObjectIdentifiersAgreeWithLibcrypto) {
  for (const char* text : {"2.5.4.3", "1.2.840.113549.1.1.11", "0.9.2342.19200300.100.1.25", "1.3.101.112", "2.999.1",
                           "2.16.840.1.101.3.4.2.1", "1.39.0", "0.0"}) {
    const Bytes content = oid_from_text(text);
    std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> object(OBJ_txt2obj(text, 1), ASN1_OBJECT_free);
    EXPECT_EQ(to_hex(content), to_hex(ByteView(OBJ_get0_data(object.get()), OBJ_length(object.get())))) << text;
    EXPECT_EQ(oid_text(content), text);
  }
  for (const Bytes& bad : {Bytes{}, Bytes{0x80, 0x01}, Bytes{0x2a, 0x86}, Bytes{0x2a, 0x80, 0x01},
                           Bytes{0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}})
    EXPECT_EQ(oid_text(bad), "") << to_hex(bad);
  for (const char* bad : {"", "1", "3.1", "1.40", "1..2", "1.2.", "a.b", "1.2 .3"})
    EXPECT_THAT(oid_from_text(bad), IsEmpty()) << bad;
}

TEST(Der, Times) {
  struct Case {
    uint8_t tag;
    const char* text;
    std::optional<int64_t> seconds;
    bool strict = true;
  };
  constexpr uint8_t kUtc = der_tag::kUtcTime;
  constexpr uint8_t kGeneral = der_tag::kGeneralizedTime;
  const Case kCases[] = {
      {kUtc, "700101000000Z", 0},
      {kUtc, "491231235959Z", 2524607999},
      {kUtc, "500101000000Z", -631152000},
      {kUtc, "240229120000Z", 1709208000},
      {kGeneral, "20500101000000Z", 2524608000},
      {kGeneral, "99991231235959Z", 253402300799},
      {kGeneral, "20240101000000Z", 1704067200, false},
      {kGeneral, "00010101000000Z", -62135596800, false},
      {kUtc, "2401010000Z", 1704067200, false},
      {kUtc, "240101010000+0100", 1704067200, false},
      {kUtc, "240101000000-0130", 1704072600, false},
      {kUtc, "240101000000", 1704067200, false},
      {kGeneral, "20500101000000.123Z", 2524608000, false},
      {kGeneral, "2050010100Z", 2524608000, false},
      {kUtc, "", {}},
      {kUtc, "230229000000Z", {}},
      {kUtc, "241301000000Z", {}},
      {kUtc, "240001000000Z", {}},
      {kUtc, "240100000000Z", {}},
      {kUtc, "240101240000Z", {}},
      {kUtc, "240101006000Z", {}},
      {kUtc, "240101000060Z", {}},
      {kUtc, "240101000000ZZ", {}},
      {kUtc, "24010100000Z", {}},
      {kUtc, "-40101000000Z", {}},
      {kGeneral, "20500101000000.Z", {}},
      {kUtc, "240101000000+01", {}},
      {der_tag::kPrintableString, "240101000000Z", {}},
  };
  for (const Case& c : kCases) {
    const std::optional<DerTime> time = time_value(c.tag, as_bytes(c.text));
    ASSERT_EQ(time.has_value(), c.seconds.has_value()) << c.text;
    if (!time) continue;
    EXPECT_EQ(time->seconds, *c.seconds) << c.text;
    EXPECT_EQ(time->strict, c.strict) << c.text;
  }
}

// ---- the whole certificate against libcrypto ----

int64_t seconds_of(const ASN1_TIME* time) {
  std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> epoch(ASN1_TIME_set(nullptr, 0), ASN1_TIME_free);
  int days = 0;
  int seconds = 0;
  EXPECT_EQ(ASN1_TIME_diff(&days, &seconds, epoch.get(), time), 1);
  return int64_t{days} * 86400 + seconds;
}

void expect_same(const Certificate& certificate, const std::string& name) {
  SCOPED_TRACE(name);
  const CertificateView& c = *certificate;
  const X509Owner x = to_libcrypto(c.der);
  ASSERT_NE(x, nullptr);
  EXPECT_TRUE(c.readable);
  EXPECT_EQ(problems_of(c), "");
  EXPECT_EQ(c.version, X509_get_version(x.get()) + 1);
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x.get());
  std::unique_ptr<BIGNUM, decltype(&BN_free)> number(ASN1_INTEGER_to_BN(serial, nullptr), BN_free);
  std::unique_ptr<char, void (*)(char*)> hex(BN_bn2hex(number.get()), [](char* p) { OPENSSL_free(p); });
  EXPECT_EQ(c.serial_hex(), to_lower(hex.get()));
  EXPECT_EQ(c.not_before, seconds_of(X509_get0_notBefore(x.get())));
  EXPECT_EQ(c.not_after, seconds_of(X509_get0_notAfter(x.get())));

  for (const auto& [view, theirs] :
       {std::pair(&c.subject, X509_get_subject_name(x.get())), std::pair(&c.issuer, X509_get_issuer_name(x.get()))}) {
    uint8_t* der = nullptr;
    const int len = i2d_X509_NAME(theirs, &der);
    EXPECT_TRUE(equal(view->der, ByteView(der, static_cast<size_t>(len))));
    OPENSSL_free(der);
    ASSERT_EQ(view->attributes.size(), static_cast<size_t>(X509_NAME_entry_count(theirs)));
    for (size_t i = 0; i < view->attributes.size(); ++i) {
      X509_NAME_ENTRY* entry = X509_NAME_get_entry(theirs, static_cast<int>(i));
      const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
      EXPECT_TRUE(equal(view->attributes[i].value,
                        ByteView(ASN1_STRING_get0_data(value), static_cast<size_t>(ASN1_STRING_length(value)))));
      EXPECT_EQ(view->attributes[i].tag, ASN1_STRING_type(value));
      EXPECT_EQ(view->attributes[i].short_name, OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))));
    }
  }

  uint8_t* spki = nullptr;
  const int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x.get()), &spki);
  EXPECT_TRUE(equal(c.spki(), ByteView(spki, static_cast<size_t>(spki_len))));
  EXPECT_EQ(to_hex(find_spki(c.der)), to_hex(c.spki()));
  OPENSSL_free(spki);
  EVP_PKEY* key = X509_get0_pubkey(x.get());
  EXPECT_EQ(c.public_key.bits,
            static_cast<size_t>(c.public_key.kind == KeyKind::ed25519 ? 256 : EVP_PKEY_get_bits(key)));
  if (c.public_key.kind == KeyKind::rsa) {
    BIGNUM* modulus = nullptr;
    EVP_PKEY_get_bn_param(key, "n", &modulus);
    Bytes raw(static_cast<size_t>(BN_num_bytes(modulus)));
    BN_bn2bin(modulus, raw.data());
    EXPECT_EQ(to_hex(c.public_key.modulus), to_hex(raw));
    EXPECT_EQ(to_hex(c.public_key.exponent), "010001");
    BN_free(modulus);
  } else {
    uint8_t point[256];
    size_t len = sizeof point;
    const bool ec = c.public_key.kind == KeyKind::ec;
    ASSERT_EQ(ec ? EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &len)
                 : EVP_PKEY_get_raw_public_key(key, point, &len),
              1);
    EXPECT_EQ(to_hex(c.public_key.key), to_hex(ByteView(point, len)));
  }

  ASSERT_EQ(c.extensions.size(), static_cast<size_t>(std::max(0, X509_get_ext_count(x.get()))));
  for (size_t i = 0; i < c.extensions.size(); ++i) {
    X509_EXTENSION* extension = X509_get_ext(x.get(), static_cast<int>(i));
    char oid[128];
    OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(extension), 1);
    EXPECT_EQ(c.extensions[i].oid, oid);
    EXPECT_EQ(c.extensions[i].critical, X509_EXTENSION_get_critical(extension) == 1);
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
    EXPECT_TRUE(equal(c.extensions[i].value,
                      ByteView(ASN1_STRING_get0_data(value), static_cast<size_t>(ASN1_STRING_length(value)))));
    EXPECT_TRUE(equal(c.der.subspan(c.extensions[i].value_range.offset, c.extensions[i].value_range.len),
                      c.extensions[i].value));
  }
  const uint32_t usage = X509_get_key_usage(x.get());
  EXPECT_EQ(c.key_usage.has_value(), usage != UINT32_MAX);
  if (c.key_usage) {
    EXPECT_EQ(c.key_usage->has(KeyUsage::digital_signature), (usage & KU_DIGITAL_SIGNATURE) != 0);
    EXPECT_EQ(c.key_usage->has(KeyUsage::key_cert_sign), (usage & KU_KEY_CERT_SIGN) != 0);
    EXPECT_EQ(c.key_usage->has(KeyUsage::key_encipherment), (usage & KU_KEY_ENCIPHERMENT) != 0);
    EXPECT_EQ(c.key_usage->has(KeyUsage::decipher_only), (usage & KU_DECIPHER_ONLY) != 0);
  }
  EXPECT_EQ(c.basic_constraints ? c.basic_constraints->path_len.value_or(-1) : -1, X509_get_pathlen(x.get()));
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(x.get());
  EXPECT_EQ(c.subject_key_id.has_value(), id != nullptr);
  if (id != nullptr) {
    EXPECT_TRUE(
        equal(*c.subject_key_id, ByteView(ASN1_STRING_get0_data(id), static_cast<size_t>(ASN1_STRING_length(id)))));
  }
  uint8_t fingerprint[32];
  unsigned len = 0;
  X509_digest(x.get(), EVP_sha256(), fingerprint, &len);
  EXPECT_TRUE(equal(c.sha256(), fingerprint));
  X509_digest(x.get(), EVP_sha1(), fingerprint, &len);
  EXPECT_TRUE(equal(c.sha1(), ByteView(fingerprint, 20)));
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(&signature, &algorithm, x.get());
  EXPECT_TRUE(equal(c.signature,
                    ByteView(ASN1_STRING_get0_data(signature), static_cast<size_t>(ASN1_STRING_length(signature)))));
  char oid[128];
  OBJ_obj2txt(oid, sizeof oid, algorithm->algorithm, 1);
  EXPECT_EQ(c.signature_algorithm.oid, oid);
  EXPECT_TRUE(equal(c.signature_algorithm.der, c.tbs_signature_algorithm.der));
  // What is said to be signed is what is signed.
  if (c.self_issued() && !c.signature_algorithm.hash.empty()) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr,
                                   EVP_get_digestbyname(std::string(c.signature_algorithm.hash).c_str()), nullptr, key),
              1);
    EXPECT_EQ(EVP_DigestVerify(context.get(), c.signature.data(), c.signature.size(), c.tbs.data(), c.tbs.size()), 1);
  }
}

TEST(Certificate, AgreesWithLibcrypto) {
  const Identity root = make(ca_spec("Root"));
  expect_same(root.certificate, "root");
  for (const char* key : {"P-256/a", "P-384/a", "P-521/a", "RSA-2048/a", "RSA-1024/a", "ED25519/a", "ED448/a",
                          "secp256k1/a", "brainpoolP256r1/a"}) {
    for (const char* digest : {"SHA1", "SHA256", "SHA384", "SHA512"}) {
      Spec spec = leaf_spec(nullptr);
      spec.key = key;
      spec.digest = digest;
      const Identity leaf = make(spec);
      expect_same(leaf.certificate, std::string(key) + " " + digest);
    }
  }
  for (const char* serial :
       {"01", "7f", "80", "00ff", "-01", "-80", "-81", "-8000", "FFEEDDCCBBAA99887766554433221100FFEEDDCC"}) {
    Spec spec = leaf_spec(&root);
    spec.serial = serial;
    expect_same(make(spec).certificate, serial);
  }
  Spec spec = leaf_spec(&root);
  spec.not_before = -86400;
  spec.not_after = 253402300799;
  spec.subject = {{"C", "CN"},
                  {"ST", "京"},
                  {"O", "Ærø, \"Ltd\""},
                  {"OU", "a+b"},
                  {"CN", " x#"},
                  {"emailAddress", "a@b.test"},
                  {"serialNumber", "42"},
                  {"DC", "test"}};
  expect_same(make(spec).certificate, "names and dates");
  spec = Spec();
  spec.version = 1;
  expect_same(make(spec).certificate, "version 1");
  expect_same(make(with(ca_spec("Root"), "basicConstraints", "critical,CA:TRUE,pathlen:3")).certificate, "pathlen");
  expect_same(make(with(leaf_spec(&root), "keyUsage", "keyAgreement,decipherOnly,keyEncipherment")).certificate,
              "usage");
}

TEST(Certificate, ReadsEveryExtension) {
  const Identity root = make(ca_spec("Root"));
  Spec spec = leaf_spec(&root);
  spec = with(spec, "subjectAltName",
              "DNS:server.test,DNS:*.server.test,IP:127.0.0.1,IP:::1,URI:https://x.test/"
              ",email:a@b.test,RID:1.2.3,otherName:1.2.3.4;UTF8:hi");
  spec = with(spec, "extendedKeyUsage", "serverAuth,clientAuth,1.2.3.4");
  spec = with(spec, "authorityKeyIdentifier", "keyid:always,issuer:always");
  spec.extensions.emplace_back("crlDistributionPoints", "URI:http://crl.test/a.crl");
  spec.extensions.emplace_back("authorityInfoAccess", "OCSP;URI:http://ocsp.test,caIssuers;URI:http://ca.test/ca.der");
  spec.extensions.emplace_back("nameConstraints", "permitted;DNS:test,excluded;IP:10.0.0.0/255.0.0.0");
  spec.extensions.emplace_back("certificatePolicies", "DER:300f300506032a030430060604551d2000");
  spec.extensions.emplace_back("tlsfeature", "status_request");
  spec.extensions.emplace_back("1.3.6.1.4.1.11129.2.4.2", "DER:040a00080002aabb0002ccdd");
  spec.extensions.emplace_back("1.2.3.4.5", "critical,DER:0500");
  const Identity leaf = make(spec);
  expect_same(leaf.certificate, "everything");
  const CertificateView& c = *leaf.certificate;
  std::vector<std::string> names;
  for (const GeneralName& name : *c.subject_alt_names) names.push_back(name.escaped_text());
  EXPECT_THAT(names,
              ElementsAre("DNS:server.test", "DNS:*.server.test", "IP:127.0.0.1", "IP:::1", "URI:https://x.test/",
                          "email:a@b.test", "registered ID:1.2.3", "other name (1.2.3.4)"));
  EXPECT_THAT(c.key_usage->names(), ElementsAre("digitalSignature"));
  EXPECT_THAT(*c.extended_key_usage, ElementsAre(kServerAuth, kClientAuth, "1.2.3.4"));
  EXPECT_EQ(as_text(c.crl_urls.at(0)), "http://crl.test/a.crl");
  EXPECT_EQ(as_text(c.ocsp_urls.at(0)), "http://ocsp.test");
  EXPECT_EQ(as_text(c.ca_issuer_urls.at(0)), "http://ca.test/ca.der");
  EXPECT_EQ(c.name_constraints->permitted.at(0).escaped_text(), "DNS:test");
  EXPECT_EQ(c.name_constraints->excluded.at(0).escaped_text(), "IP:10.0.0.0/255.0.0.0");
  EXPECT_THAT(c.policies, ElementsAre("1.2.3.4", "2.5.29.32.0"));
  EXPECT_TRUE(c.must_staple);
  EXPECT_EQ(c.sct_count, 2U);
  EXPECT_TRUE(equal(c.authority_key_id->key_id, *root.certificate->subject_key_id));
  EXPECT_EQ(c.authority_key_id->issuer.at(0).escaped_text(), "directory:CN=Root,O=Example,C=CN");
  EXPECT_TRUE(equal(c.authority_key_id->serial, root.certificate->serial));
  EXPECT_FALSE(c.is_ca());
  EXPECT_TRUE(root.certificate->is_ca());
  ASSERT_EQ(c.unknown_critical.size(), 1U);
  EXPECT_EQ(c.extensions[c.unknown_critical[0]].oid, "1.2.3.4.5");
  EXPECT_EQ(c.escaped_title(), "CN=server.test (issued by CN=Root,O=Example,C=CN)");
  // Every range holds what it is said to hold.
  EXPECT_EQ(as_text(c.der.subspan(c.subject_alt_names->at(0).range.offset + 2, 11)), "server.test");
  EXPECT_TRUE(equal(c.der.subspan(c.ranges.subject.offset, c.ranges.subject.len), c.subject.der));
  EXPECT_TRUE(equal(c.der.subspan(c.ranges.tbs.offset, c.ranges.tbs.len), c.tbs));
  EXPECT_TRUE(equal(c.der.subspan(c.ranges.public_key.offset, c.ranges.public_key.len), c.spki()));
  EXPECT_EQ(c.der[c.ranges.not_after.offset], der_tag::kUtcTime);
  EXPECT_EQ(c.der[c.ranges.signature.offset], der_tag::kBitString);
}

TEST(Certificate, KeysAndAlgorithmsInWords) {
  struct Case {
    const char* key;
    const char* words;
    const char* algorithm;
    const char* hash;
  };
  for (const Case& c : {Case{"P-256/a", "EC P-256", "ecdsa-with-SHA256", "SHA256"},
                        Case{"RSA-2048/a", "RSA 2048", "sha256WithRSAEncryption", "SHA256"},
                        Case{"ED25519/a", "Ed25519", "Ed25519", ""},
                        Case{"secp256k1/a", "EC secp256k1", "ecdsa-with-SHA256", "SHA256"}}) {
    Spec spec;
    spec.key = c.key;
    const Identity made = make(spec);
    EXPECT_EQ(made.certificate->public_key.describe(), c.words);
    EXPECT_EQ(made.certificate->signature_algorithm.name(), c.algorithm);
    EXPECT_EQ(made.certificate->signature_algorithm.hash, c.hash);
    EXPECT_EQ(decode_public_key(made.certificate->spki()).describe(), c.words);
  }
  EXPECT_EQ(decode_public_key({}).describe(), "unreadable key");
}

TEST(Name, TextAndEscapedText) {
  Spec spec;
  spec.subject = {{"C", "CN"}, {"O", "Ærø, \"Ltd\""}, {"OU", " a+b "}, {"CN", "#x\\y;<>="}};
  const Identity made = make(spec);
  const NameView& subject = made.certificate->subject;
  EXPECT_EQ(subject.text(), "CN=#x\\y;<>=,OU= a+b ,O=Ærø, \"Ltd\",C=CN");
  EXPECT_EQ(subject.escaped_text(), "CN=\\#x\\\\y\\;\\<\\>\\=,OU=\\ a\\+b\\ ,O=Ærø\\, \\\"Ltd\\\",C=CN");
  EXPECT_THAT(subject.escaped_text(10), HasSubstr("…"));
  EXPECT_EQ(as_text(subject.values("OU").at(0)), " a+b ");
  EXPECT_EQ(NameView().escaped_text(), "(empty name)");
  const auto again = decode_name(subject.der);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text(), subject.text());
  EXPECT_FALSE(decode_name(Bytes{0x30, 0x01, 0x31}));
  EXPECT_FALSE(decode_name({}));
}

TEST(Name, OtherStringTypesAndMultiValuedRdns) {
  auto attribute = [](std::string_view oid, uint8_t tag, ByteView value) {
    Bytes content = tlv(der_tag::kOid, oid_from_text(oid));
    append(content, tlv(tag, value));
    return tlv(der_tag::kSequence, content);
  };
  Bytes pair = attribute("2.5.4.3", der_tag::kBmpString, Bytes{0x4e, 0xac, 0x00, 0x41});
  append(pair, attribute("2.5.4.5", der_tag::kPrintableString, as_bytes("7")));
  Bytes rdns = tlv(der_tag::kSet, attribute("1.2.3.4", der_tag::kOctetString, Bytes{1, 2}));
  append(rdns, tlv(der_tag::kSet, pair));
  const Bytes der = tlv(der_tag::kSequence, rdns);
  const auto name = decode_name(der);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->text(), "CN=京A+serialNumber=7,1.2.3.4=#0102");
  EXPECT_EQ(name->attributes[1].rdn, name->attributes[2].rdn);
  EXPECT_EQ(string_type_name(name->attributes[1].tag), "BMPString");
  EXPECT_EQ(string_type_name(0x85), "tag 0x85");
}

// ---- broken ones ----

TEST(Broken, EveryPrefixIsReadAsFarAsItGoes) {
  const Identity root = make(ca_spec("Root"));
  const Identity leaf = make(leaf_spec(&root));
  const ByteView der = leaf.der();
  for (size_t len = 0; len < der.size(); ++len) {
    const Bytes cut = to_bytes(der.first(len));  // a copy, so that reading too far is seen
    const CertificateView c = CertificateView::parse(cut);
    ASSERT_FALSE(c.problems.empty()) << len;
    for (const FieldProblem& problem : c.problems) ASSERT_LE(problem.offset, len) << problem.message();
    if (len >= leaf.certificate->ranges.subject.end()) {
      EXPECT_EQ(c.subject.text(), "CN=server.test") << len;
    }
    if (len >= leaf.certificate->ranges.not_after.end()) {
      EXPECT_EQ(c.not_after, leaf.spec.not_after) << len;
    }
    EXPECT_EQ(c.readable, len >= leaf.certificate->ranges.public_key.end()) << len;
  }
  Bytes longer = to_bytes(der);
  longer.push_back(0);
  EXPECT_THAT(problems_of(CertificateView::parse(longer)),
              HasSubstr("Certificate at offset " + std::to_string(der.size()) + ": bytes left over"));
}

// Nothing crashes, and what is said is about a place inside.
TEST(Broken, EveryByteChangedIsSurvived) {
  const Identity root = make(ca_spec("Root"));
  const Identity leaf = make(with(leaf_spec(&root), "nameConstraints", "permitted;DNS:test"));
  for (size_t at = 0; at < leaf.der().size(); ++at) {
    for (int value : {0x00, 0x30, 0x80, 0xff}) {
      Bytes changed = to_bytes(leaf.der());
      changed[at] = static_cast<uint8_t>(value);
      const CertificateView c = CertificateView::parse(changed);
      for (const FieldProblem& problem : c.problems) ASSERT_LE(problem.offset, changed.size());
      (void)find_weaknesses(c);
      (void)check_name(c, "server.test");
      (void)c.escaped_title();
      (void)find_spki(changed);
    }
  }
}

struct BrokenCase {
  std::string name;
  std::function<Bytes(const Identity&)> make;
  std::string problem;  // part of what is said
};

Bytes patched(const Identity& leaf, size_t at, uint8_t value) {
  Bytes der = to_bytes(leaf.der());
  der.at(at) = value;
  return der;
}

TEST(Broken, OneFieldDoesNotHideTheOthers) {
  const Identity root = make(ca_spec("Root"));
  const Identity leaf = make(leaf_spec(&root));
  const BrokenCase kCases[] = {
      {"serial of another type",
       [](const Identity& l) { return patched(l, l.certificate->ranges.serial.offset, 0x04); },
       "Certificate.serialNumber at"},
      {"version 9", [](const Identity& l) { return patched(l, l.certificate->ranges.version.offset + 4, 8); },
       "Certificate.version at offset"},
      {"issuer of another type",
       [](const Identity& l) { return patched(l, l.certificate->ranges.issuer.offset, 0x31); },
       "Certificate.issuer at"},
      {"issuer's inside", [](const Identity& l) { return patched(l, l.certificate->ranges.issuer.offset + 2, 0x30); },
       "Certificate.issuer at"},
      {"notBefore nonsense",
       [](const Identity& l) { return patched(l, l.certificate->ranges.not_before.offset + 4, 'x'); },
       "notBefore at offset"},
      {"notAfter in month 13",
       [](const Identity& l) { return patched(l, l.certificate->ranges.not_after.offset + 4, '9'); },
       "notAfter at offset"},
      {"key usage of another type",
       [](const Identity& l) {
         return patched(l, l.certificate->find_extension("2.5.29.15")->value_range.offset, 0x04);
       },
       "extensions.keyUsage at"},
      {"alternative names cut",
       [](const Identity& l) {
         return patched(l, l.certificate->find_extension("2.5.29.17")->value_range.offset + 1, 99);
       },
       "extensions.subjectAltName at"},
      {"signature not whole octets",
       [](const Identity& l) { return patched(l, l.certificate->ranges.signature.offset + 2, 3); },
       "Certificate.signatureValue at"},
      {"signature of another type",
       [](const Identity& l) { return patched(l, l.certificate->ranges.signature.offset, 0x04); },
       "Certificate.signatureValue at"},
  };
  for (const BrokenCase& c : kCases) {
    const Bytes der = c.make(leaf);
    const CertificateView view = CertificateView::parse(der);
    EXPECT_THAT(problems_of(view), HasSubstr(c.problem)) << c.name;
    EXPECT_TRUE(view.readable) << c.name;
    EXPECT_EQ(view.subject.text(), "CN=server.test") << c.name;
    EXPECT_EQ(view.extensions.size(), leaf.certificate->extensions.size()) << c.name;
    EXPECT_TRUE(equal(view.spki(), leaf.certificate->spki())) << c.name;
  }
}

TEST(Broken, ExtensionsThatAreWrong) {
  const Identity root = make(ca_spec("Root"));
  struct Case {
    const char* oid;
    const char* value;
    const char* problem;
  };
  const Case kCases[] = {
      {"subjectAltName", "DER:3000", "subjectAltName at"},
      {"subjectAltName", "DER:30020500", "not a GeneralName"},
      {"keyUsage", "DER:030100", "no bit is set"},
      {"keyUsage", "DER:0300", "not a BIT STRING"},
      {"keyUsage", "DER:03020980", "not a BIT STRING"},
      {"extendedKeyUsage", "DER:3000", "an empty list"},
      {"extendedKeyUsage", "DER:30030601ff", "not an OBJECT IDENTIFIER"},
      {"basicConstraints", "DER:30060101ff0201ff", "pathLenConstraint"},
      {"basicConstraints", "DER:30030101ff00", "bytes left over"},
      {"nameConstraints", "DER:300ba00930078202746581017f", "nameConstraints at"},
      {"1.3.6.1.4.1.11129.2.4.2", "DER:0403000500", "signed certificate timestamps"},
      {"1.3.6.1.4.1.11129.2.4.2", "DER:04020000", "signed certificate timestamps"},
      {"1.3.6.1.5.5.7.1.24", "DER:30020400", "tlsFeature at"},
  };
  for (const Case& c : kCases) {
    Spec spec = leaf_spec(&root);
    spec.extensions = {{c.oid, c.value}, {"1.2.3.4.5", "DER:0500"}};
    const Identity leaf = make(spec);
    EXPECT_THAT(problems_of(*leaf.certificate), HasSubstr(c.problem)) << c.oid << " " << c.value;
    EXPECT_EQ(leaf.certificate->extensions.size(), 2U) << c.oid;
  }
  Spec spec = leaf_spec(&root);
  spec.extensions.emplace_back("subjectAltName", "DNS:second.test");
  const Identity twice = make(spec);
  EXPECT_THAT(problems_of(*twice.certificate), HasSubstr("twice"));
  EXPECT_EQ(twice.certificate->extensions.size(), 7U);  // both are kept, the first one counts
  EXPECT_EQ(as_text(twice.certificate->subject_alt_names->at(0).value), "server.test");
}

TEST(Broken, ListsAreBounded) {
  Bytes names;
  for (int i = 0; i < 70'000; ++i) append(names, Bytes{0x82, 0x01, 'a'});
  const Identity root = make(ca_spec("Root"));
  Spec spec = leaf_spec(&root);
  spec.extensions = {{"subjectAltName", "DER:" + to_hex(tlv(der_tag::kSequence, names))}};
  const Identity leaf = make(spec);
  EXPECT_EQ(leaf.certificate->subject_alt_names->size(), 65'536U);
  EXPECT_THAT(problems_of(*leaf.certificate), HasSubstr("more entries than are read"));
  EXPECT_LE(check_name(*leaf.certificate, "b.test").names.size(), 20U);
}

TEST(Broken, LengthsThatAreNotMinimalAreReadAndTold) {
  const Identity leaf = make(leaf_spec(nullptr));
  // The outer SEQUENCE with a length of three octets instead of two.
  Bytes der{0x30, 0x83, 0x00, leaf.der()[2], leaf.der()[3]};
  append(der, leaf.der().subspan(4));
  const CertificateView c = CertificateView::parse(der);
  EXPECT_TRUE(c.readable);
  EXPECT_THAT(problems_of(c), HasSubstr("more octets than DER allows"));
}

TEST(Broken, HostileTextNeverLeavesUnescaped) {
  const Identity root = make(ca_spec("Root"));
  Spec spec = leaf_spec(&root);
  spec.subject = {{"CN", std::string("a\x1b[31m\0b\x07", 9)}, {"O", "XXXXX"}, {"emailAddress", "\x1b]0;x\x07"}};
  spec = with(std::move(spec), "subjectAltName",
              "DER:" + to_hex(tlv(der_tag::kSequence, tlv(0x82, as_bytes("\x1b[2Jx.test")))));
  const Identity made = make(spec);
  // Invalid UTF-8 in a UTF8String.
  const Certificate changed = Certificate::parse(replaced(made.der(), "XXXXX", "\xff\xfe\xc0\xaf\x9b"));
  const CertificateView& view = *changed;
  std::vector<std::string> texts = {
      view.escaped_title(),       view.subject.escaped_text(), view.subject_alt_names->at(0).escaped_text(),
      view.public_key.describe(), problems_of(view),           check_name(view, "x.test\x1b").message("x.test\x1b")};
  for (const Weakness& weakness : find_weaknesses(view)) texts.push_back(weakness.detail);
  for (const std::string& text : texts) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
    for (char ch : text) EXPECT_TRUE(static_cast<uint8_t>(ch) >= 0x20 || ch == '\n') << text;
  }
  EXPECT_THAT(view.subject.escaped_text(), HasSubstr("a\\x1b[31m\\x00b\\x07"));
  EXPECT_THAT(view.subject.escaped_text(), HasSubstr("O=\\xff\\xfe\\xc0\\xaf\\x9b"));
  EXPECT_THAT(view.subject.text(), HasSubstr("a\x1b[31m"));  // raw, as promised
}

}  // namespace
}  // namespace tlsproof::x509::test
