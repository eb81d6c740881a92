#include "src/engine/client_crl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pki/support.h"

namespace tlsproof::engine {
namespace {

using pki::kDay;
using pki::kNow;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<x509::Crl> lists(const std::vector<Bytes>& ders) {
  std::vector<x509::Crl> out;
  for (const Bytes& der : ders) out.push_back(x509::Crl::parse(ByteView(der)));
  return out;
}

std::string texts(const std::vector<CrlTrouble>& troubles) {
  std::string out;
  for (const CrlTrouble& one : troubles) out += one.text + (one.refuses_all ? " [all]\n" : "\n");
  return out;
}

TEST(ClientCrl, WhatRefusesGoodClients) {
  const pki::Authority root = pki::new_root();
  const pki::Authority issuing =
      MUST(root.make_intermediate(pki::authority_spec(pki::common_name("Issuing CA"), {kNow - kDay, kNow + 300 * kDay}),
                                  pki::new_key(), system_random()));
  const pki::Authority impostor = pki::new_root();  // of the root's name
  const Bytes of_root = pki::signed_crl(root, {"01"}), of_issuing = pki::signed_crl(issuing, {"02"});
  const auto lint = [&](const std::vector<Bytes>& ders, const pki::Authority* ca, int64_t now = kNow) {
    return texts(lint_client_crls(lists(ders), ca, now));
  };
  EXPECT_THAT(lint({}, &issuing), IsEmpty()) << "nothing is said to be used";
  EXPECT_THAT(lint({of_root, of_issuing}, &issuing), IsEmpty());
  EXPECT_THAT(lint({of_root}, nullptr), IsEmpty());
  EXPECT_THAT(lint({of_root}, &issuing), HasSubstr("no CRL of the CA CN=Issuing CA is given"));
  EXPECT_THAT(lint({of_root}, &issuing), HasSubstr("(OpenSSL error 3) [all]"));
  EXPECT_THAT(
      lint({of_root}, &root, kNow + 2 * kDay),
      HasSubstr("is stale: its nextUpdate was 2027-01-16T08:00:00Z. A server that uses it refuses every client"));
  EXPECT_THAT(lint({of_root}, &root, kNow - 2 * kDay), HasSubstr("is not valid yet: its thisUpdate is 2027-01-14"));
  EXPECT_THAT(lint({pki::signed_crl(impostor, {"01"})}, &root), HasSubstr("not signed by that CA's key"));
  // Of an issuing CA alone only the name of the one above it is known.
  const pki::Authority alone = MUST(pki::Authority::make({issuing.certificate()}, issuing.key()));
  EXPECT_THAT(lint({of_root, of_issuing}, &alone), IsEmpty());
  EXPECT_THAT(lint({of_issuing}, &alone), HasSubstr("no CRL of the CA CN=Root CA"));
  EXPECT_TRUE(check_client_crls(lists({of_root}), &alone));
  const std::string other = lint({of_root, of_issuing}, &root);
  EXPECT_THAT(other, HasSubstr("CN=Issuing CA is of another CA than the client CA CN=Root CA"));
  EXPECT_EQ(other.find("[all]"), std::string::npos);
  EXPECT_THAT(lint({pki::signed_crl(root, {"01"}, pki::set_delta)}, &root), HasSubstr("is a delta list"));
}

TEST(ClientCrl, WrongFilesAreUsageErrors) {
  const pki::Authority root = pki::new_root();
  const pki::Authority other = MUST(pki::Authority::make_root(
      pki::authority_spec(pki::common_name("Other CA"), {kNow - kDay, kNow + kDay}), pki::new_key(), system_random()));
  const std::vector<Bytes> of_other = {pki::signed_crl(other, {"01"})};
  EXPECT_TRUE(check_client_crls({}, &root));
  EXPECT_TRUE(check_client_crls(lists({pki::signed_crl(root, {})}), &root));
  EXPECT_TRUE(check_client_crls(lists(of_other), nullptr));
  EXPECT_TRUE(check_client_crls(lists({of_other[0], pki::signed_crl(root, {})}), &root)) << "one of several fits";
  const Status wrong = check_client_crls(lists(of_other), &root);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, Error::Kind::usage);
  EXPECT_THAT(wrong.error().message(), HasSubstr("none of the CRLs of the clients is of the client CA CN=Root CA"));
  EXPECT_THAT(wrong.error().message(), HasSubstr("the first is CRL of CN=Other CA"));
  const Status broken = check_client_crls(lists({to_bytes("\x30\x03\x02\x01\x00")}), nullptr);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message(), HasSubstr("cannot be decoded: CertificateList"));
}

}  // namespace
}  // namespace tlsproof::engine
