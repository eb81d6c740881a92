#include "tlsproof/x509/crl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "make_certificate.h"
#include "tlsproof/x509/der.h"

namespace tlsproof::x509::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Identity& issuer() {
  static const Identity* made = new Identity(make(ca_spec("CRL Root")));
  return *made;
}

void add_extension(X509_CRL* crl, int nid, bool critical, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, nullptr, nullptr, nullptr, crl, 0);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, &context, nid, ((critical ? "critical," : "") + std::string(value)).c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_CRL_add_ext(crl, extension, -1);
  X509_EXTENSION_free(extension);
}
void set_number(X509_CRL* crl, int nid, long number, bool critical) {
  ASN1_INTEGER* value = ASN1_INTEGER_new();
  ASN1_INTEGER_set(value, number);
  ASSERT_EQ(X509_CRL_add1_ext_i2d(crl, nid, value, critical ? 1 : 0, 0), 1);
  ASN1_INTEGER_free(value);
}
void set_reason(X509_CRL* crl, int index, int reason) {
  ASN1_ENUMERATED* value = ASN1_ENUMERATED_new();
  ASN1_ENUMERATED_set(value, reason);
  ASSERT_EQ(
      X509_REVOKED_add1_ext_i2d(sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), index), NID_crl_reason, value, 0, 0),
      1);
  ASN1_ENUMERATED_free(value);
}

Bytes full_crl() {
  return make_crl(issuer(), {.revoked = {"0a", "00ff00ff00ff00ff00ff", "1b"}, .edit = [](X509_CRL* crl) {
                               set_number(crl, NID_crl_number, 0x1234, false);
                               set_reason(crl, 1, 1);
                               set_reason(crl, 2, 8);
                             }});
}

TEST(Crl, EverythingThatItSays) {
  const Crl crl = Crl::parse(full_crl());
  EXPECT_TRUE(crl->readable);
  EXPECT_THAT(crl->problems, IsEmpty());
  EXPECT_EQ(crl->version, 2);
  EXPECT_EQ(crl->issuer.text(), issuer().certificate->subject.text());
  EXPECT_EQ(crl->signature_algorithm.name(), "ecdsa-with-SHA256");
  EXPECT_EQ(crl->this_update, kNow - kDay);
  EXPECT_EQ(crl->next_update, kNow + kDay);
  EXPECT_EQ(crl->number_hex(), "1234");
  EXPECT_EQ(crl->escaped_title(), "CRL 1234 of CN=CRL Root,O=Example,C=CN");
  ASSERT_EQ(crl->entries.size(), 3U);
  EXPECT_EQ(crl->entries[0].serial_hex(), "0a");
  EXPECT_EQ(crl->entries[0].reason, std::nullopt);
  EXPECT_EQ(crl->entries[0].revoked_at, kNow - kDay);
  EXPECT_TRUE(crl->entries[0].revokes());
  EXPECT_EQ(crl->entries[1].serial_hex(), "ff00ff00ff00ff00ff");
  EXPECT_EQ(crl->entries[1].reason, CrlReason::key_compromise);
  EXPECT_EQ(crl->entries[2].reason, CrlReason::remove_from_crl);
  EXPECT_FALSE(crl->entries[2].revokes()) << "it takes a revocation back";
  EXPECT_EQ(crl->find(crl->entries[1].serial), &crl->entries[1]);
  EXPECT_EQ(crl->find(to_bytes("\x0b")), nullptr);
}

TEST(Crl, ScopeAndDelta) {
  const Crl scoped =
      Crl::parse(make_crl(issuer(), {.revoked = {}, .edit = [](X509_CRL* crl) {
                                       set_number(crl, NID_delta_crl, 7, true);
                                       ISSUING_DIST_POINT* point = ISSUING_DIST_POINT_new();
                                       point->onlyCA = 0xff;
                                       point->indirectCRL = 0xff;
                                       X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, point, 1, 0);
                                       ISSUING_DIST_POINT_free(point);
                                     }}));
  EXPECT_THAT(scoped->problems, IsEmpty());
  ASSERT_TRUE(scoped->base_number);
  EXPECT_TRUE(scoped->only_ca_certificates);
  EXPECT_TRUE(scoped->indirect);
  EXPECT_FALSE(scoped->only_user_certificates);
  EXPECT_THAT(scoped->unknown_critical, IsEmpty());
  EXPECT_EQ(scoped->escaped_title(), "CRL of CN=CRL Root,O=Example,C=CN");

  const Crl strange = Crl::parse(make_crl(issuer(), {.revoked = {}, .edit = [](X509_CRL* crl) {
                                                       add_extension(crl, NID_issuer_alt_name, true, "DNS:a.test");
                                                     }}));
  EXPECT_THAT(strange->unknown_critical, ElementsAre(0));
}

// RFC 5280 §5.3.3: from the first certificateIssuer on, entries may be about certificates of others.
TEST(Crl, EntriesOfOtherIssuersAreNotFound) {
  const Crl crl =
      Crl::parse(make_crl(issuer(), {.revoked = {"01", "02", "03"}, .edit = [](X509_CRL* list) {
                                       GENERAL_NAMES* names = GENERAL_NAMES_new();
                                       GENERAL_NAME* name = GENERAL_NAME_new();
                                       name->type = GEN_DIRNAME;
                                       name->d.directoryName = X509_NAME_new();
                                       sk_GENERAL_NAME_push(names, name);
                                       X509_REVOKED_add1_ext_i2d(sk_X509_REVOKED_value(X509_CRL_get_REVOKED(list), 1),
                                                                 NID_certificate_issuer, names, 1, 0);
                                       GENERAL_NAMES_free(names);
                                     }}));
  ASSERT_EQ(crl->entries.size(), 3U);
  EXPECT_NE(crl->find(to_bytes("\x01")), nullptr);
  EXPECT_EQ(crl->find(to_bytes("\x02")), nullptr);
  EXPECT_EQ(crl->find(to_bytes("\x03")), nullptr);
}

TEST(Crl, WhoseItIs) {
  const Crl crl = Crl::parse(full_crl());
  const Identity other = make(ca_spec("Other CRL Root"));
  Spec same_name = ca_spec("CRL Root");
  same_name.key = "P-256/impostor";
  const Identity impostor = make(same_name);
  EXPECT_TRUE(is_crl_of(*crl, *issuer().certificate));
  EXPECT_TRUE(is_signed_by(*crl, *issuer().certificate));
  EXPECT_FALSE(is_crl_of(*crl, *other.certificate));
  EXPECT_FALSE(is_signed_by(*crl, *other.certificate));
  EXPECT_TRUE(is_crl_of(*crl, *impostor.certificate)) << "by name, and the list has no key identifier";
  EXPECT_FALSE(is_signed_by(*crl, *impostor.certificate));
  EXPECT_FALSE(is_crl_of(*Crl::parse(Bytes{}), *issuer().certificate));
}

// Every proper prefix is unreadable, and says where.
TEST(Crl, CutOff) {
  const Bytes whole = full_crl();
  for (size_t len = 0; len < whole.size(); ++len) {
    const CrlView cut = CrlView::parse(ByteView(whole).first(len));
    ASSERT_FALSE(cut.readable) << len;
    ASSERT_FALSE(cut.problems.empty()) << len;
  }
  Bytes longer = whole;
  longer.push_back(0);
  const CrlView view = CrlView::parse(longer);
  ASSERT_FALSE(view.problems.empty());
  EXPECT_THAT(view.problems.front().message(), HasSubstr("CertificateList at offset"));
}

// RFC 5280 §5.1.2.5: conforming issuers MUST say it; there is no version either, which means 1.
TEST(Crl, WithoutNextUpdate) {
  const Bytes algorithm = tlv(der_tag::kSequence, tlv(der_tag::kOid, oid_from_text("1.2.840.10045.4.3.2")));
  Bytes tbs = algorithm;
  append(tbs, issuer().certificate->subject.der);
  append(tbs, tlv(der_tag::kUtcTime, as_bytes("260101000000Z")));
  Bytes list = tlv(der_tag::kSequence, tbs);
  append(list, algorithm);
  append(list, tlv(der_tag::kBitString, to_bytes(std::string_view("\0x", 2))));
  const Crl crl = Crl::parse(tlv(der_tag::kSequence, list));
  EXPECT_TRUE(crl->readable);
  EXPECT_EQ(crl->version, 1);
  EXPECT_EQ(crl->this_update, 1'767'225'600);
  EXPECT_EQ(crl->next_update, std::nullopt);
  ASSERT_EQ(crl->problems.size(), 1U);
  EXPECT_EQ(crl->problems.front().field, "CertificateList.nextUpdate");
}

TEST(Crl, ReasonNames) {
  EXPECT_EQ(crl_reason_name(CrlReason::key_compromise), "keyCompromise");
  EXPECT_EQ(crl_reason_name(CrlReason::aa_compromise), "aACompromise");
  EXPECT_EQ(crl_reason_from_name("removeFromCRL"), CrlReason::remove_from_crl);
  EXPECT_EQ(crl_reason_from_name(""), std::nullopt);
  EXPECT_EQ(crl_reason_from_name("sheer boredom"), std::nullopt);
}

}  // namespace
}  // namespace tlsproof::x509::test
