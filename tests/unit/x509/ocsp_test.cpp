#include "tlsproof/x509/ocsp.h"

#include <gmock/gmock.h>
#include <openssl/ocsp.h>

#include <memory>

#include "make_certificate.h"
#include "tlsproof/base/file.h"
#include "tlsproof/x509/sct.h"

namespace tlsproof::x509 {
namespace {

// Made by `openssl ocsp`: about three serials, 0101 good, 0102 revoked, 0103 unknown.
Bytes response(const std::string& name) {
  auto bytes = load_file(TLSPROOF_SOURCE_DIR "/tests/fuzz/corpus/ocsp/" + name, "OCSP response");
  TLSPROOF_CHECK(bytes.has_value());
  return *bytes;
}

int64_t seconds_of(const ASN1_GENERALIZEDTIME* time) {
  tm parts{};
  EXPECT_EQ(ASN1_TIME_to_tm(time, &parts), 1);
  return timegm(&parts);
}

TEST(Ocsp, AgreesWithLibcrypto) {
  for (const char* name : {"three.der", "by_key.der"}) {
    SCOPED_TRACE(name);
    const Bytes der = response(name);
    const OcspResponseView view = OcspResponseView::parse(der);
    EXPECT_TRUE(view.readable);
    EXPECT_TRUE(view.problems.empty());
    EXPECT_EQ(view.status, 0);
    const uint8_t* at = der.data();
    const std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)> theirs(
        d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())), OCSP_RESPONSE_free);
    ASSERT_NE(theirs, nullptr);
    const std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)> basic(OCSP_response_get1_basic(theirs.get()),
                                                                                OCSP_BASICRESP_free);
    ASSERT_NE(basic, nullptr);
    EXPECT_EQ(view.produced_at, seconds_of(OCSP_resp_get0_produced_at(basic.get())));
    ASSERT_EQ(view.responses.size(), static_cast<size_t>(OCSP_resp_count(basic.get())));
    EXPECT_EQ(view.certificates.size(), static_cast<size_t>(sk_X509_num(OCSP_resp_get0_certs(basic.get()))) +
                                            (OCSP_resp_get0_certs(basic.get()) == nullptr ? 1 : 0));
    const ASN1_OCTET_STRING* key_id = nullptr;
    const X509_NAME* by_name = nullptr;
    ASSERT_EQ(OCSP_resp_get0_id(basic.get(), &key_id, &by_name), 1);
    EXPECT_EQ(view.responder_key_hash.empty(), key_id == nullptr);
    EXPECT_EQ(view.responder_name.der.empty(), by_name == nullptr);
    for (size_t i = 0; i < view.responses.size(); ++i) {
      int reason = -1;
      ASN1_GENERALIZEDTIME* revoked = nullptr;
      ASN1_GENERALIZEDTIME* this_update = nullptr;
      ASN1_GENERALIZEDTIME* next_update = nullptr;
      OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), static_cast<int>(i));
      const int status = OCSP_single_get0_status(single, &reason, &revoked, &this_update, &next_update);
      const OcspSingleResponse& ours = view.responses[i];
      EXPECT_EQ(static_cast<int>(ours.status), status);
      EXPECT_EQ(ours.this_update, seconds_of(this_update));
      EXPECT_EQ(ours.next_update.has_value(), next_update != nullptr);
      if (next_update != nullptr) {
        EXPECT_EQ(ours.next_update, seconds_of(next_update));
      }
      EXPECT_EQ(ours.revoked_at.has_value(), revoked != nullptr);
      if (revoked != nullptr) {
        EXPECT_EQ(ours.revoked_at, seconds_of(revoked));
      }
      EXPECT_EQ(ours.reason ? static_cast<int>(*ours.reason) : -1, status == 1 ? reason : -1);
      EXPECT_EQ(ours.hash_algorithm.name(), "SHA1");
      EXPECT_EQ(ours.issuer_key_hash.size(), 20U);
      EXPECT_EQ(as_text(view.der.subspan(ours.range.offset, 1)), "0");
    }
  }
}

TEST(Ocsp, KnownValues) {
  const Bytes der = response("three.der");
  const OcspResponseView view = OcspResponseView::parse(der);
  ASSERT_EQ(view.responses.size(), 3U);
  EXPECT_EQ(view.responses[0].serial_hex(), "0101");
  EXPECT_EQ(view.responses[0].status, OcspCertStatus::good);
  EXPECT_EQ(view.responses[1].status, OcspCertStatus::revoked);
  EXPECT_EQ(view.responses[1].revoked_at, 1767323045);  // 2026-01-02 03:04:05
  EXPECT_EQ(view.responses[1].reason, CrlReason::key_compromise);
  EXPECT_EQ(view.responses[2].status, OcspCertStatus::unknown);
  EXPECT_EQ(view.responder_name.text(), "CN=OCSP Root,O=Example");
  EXPECT_EQ(view.signature_algorithm.name(), "ecdsa-with-SHA256");
  ASSERT_EQ(view.certificates.size(), 1U);
  EXPECT_EQ(CertificateView::parse(view.certificates[0]).subject.text(), "CN=OCSP Root,O=Example");
  EXPECT_EQ(view.find(Bytes{1, 2}), &view.responses[1]);
  EXPECT_EQ(view.find(Bytes{9}), nullptr);
}

TEST(Ocsp, OnlyAStatus) {
  const Bytes der = response("try_later.der");
  const OcspResponseView view = OcspResponseView::parse(der);
  EXPECT_TRUE(view.readable);
  EXPECT_EQ(ocsp_status_name(*view.status), "tryLater");
  const Bytes unknown = {0x30, 3, 0x0a, 1, 4};
  const OcspResponseView odd = OcspResponseView::parse(unknown);
  EXPECT_FALSE(odd.readable);
  EXPECT_EQ(odd.problems.size(), 1U);
}

TEST(Ocsp, EveryProperPrefixIsTold) {
  const Bytes der = response("three.der");
  for (size_t len = 0; len < der.size(); ++len) {
    const Bytes prefix(der.begin(), der.begin() + static_cast<std::ptrdiff_t>(len));
    const OcspResponseView view = OcspResponseView::parse(prefix);
    EXPECT_FALSE(view.problems.empty()) << len;
  }
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_FALSE(OcspResponseView::parse(longer).problems.empty());
}

// ---- signed certificate timestamps ----

Bytes sct(uint8_t version, size_t signature_len) {
  Bytes out = {version};
  out.insert(out.end(), 32, 0xab);
  append(out, *from_hex("0000018bcfe56800 0002 0102 04 03"));
  out.push_back(0);
  out.push_back(static_cast<uint8_t>(signature_len));
  out.insert(out.end(), signature_len, 0xcd);
  return out;
}
Bytes listed(const std::vector<Bytes>& items) {
  Bytes out(2);
  for (const Bytes& item : items) {
    out.push_back(static_cast<uint8_t>(item.size() >> 8));
    out.push_back(static_cast<uint8_t>(item.size()));
    append(out, item);
  }
  out[0] = static_cast<uint8_t>((out.size() - 2) >> 8);
  out[1] = static_cast<uint8_t>(out.size() - 2);
  return out;
}

TEST(Sct, KnownValues) {
  const Bytes list = listed({sct(0, 71), sct(7, 1)});
  const SctListView view = decode_sct_list(list, 100);
  EXPECT_TRUE(view.problems.empty());
  ASSERT_EQ(view.scts.size(), 2U);
  const SctView& first = view.scts[0];
  EXPECT_TRUE(first.readable);
  EXPECT_EQ(first.range, (ByteRange{104, sct(0, 71).size()}));
  EXPECT_EQ(first.log_id.size(), 32U);
  EXPECT_EQ(first.timestamp_ms, 1700000000000U);
  EXPECT_EQ(to_hex(first.extensions), "0102");
  EXPECT_EQ(first.hash_algorithm, 4);
  EXPECT_EQ(first.signature_algorithm, 3);
  EXPECT_EQ(first.signature.size(), 71U);
  EXPECT_FALSE(view.scts[1].readable) << "a version that is not known is no fault";
}

TEST(Sct, EveryProperPrefixIsTold) {
  const Bytes list = listed({sct(0, 8)});
  for (size_t len = 0; len < list.size(); ++len) {
    const Bytes prefix(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(len));
    EXPECT_FALSE(decode_sct_list(prefix).problems.empty()) << len;
  }
  Bytes longer = sct(0, 8);
  longer.push_back(0);
  EXPECT_FALSE(decode_sct_list(listed({longer})).problems.empty());
}

TEST(Sct, EmbeddedInACertificate) {
  test::Spec spec = test::leaf_spec(nullptr);
  const Bytes list = listed({sct(0, 8), sct(0, 9)});
  spec.extensions.emplace_back("1.3.6.1.4.1.11129.2.4.2", "DER:" + to_hex(test::tlv(0x04, list)));
  const test::Identity made = test::make(spec);
  const SctListView view = embedded_scts(*made.certificate);
  EXPECT_TRUE(view.problems.empty());
  ASSERT_EQ(view.scts.size(), 2U);
  EXPECT_EQ(made.der()[view.scts[1].range.offset], 0);
  EXPECT_TRUE(equal(made.der().subspan(view.scts[1].range.offset, view.scts[1].range.len), sct(0, 9)));
  EXPECT_TRUE(embedded_scts(*test::make(test::leaf_spec(nullptr)).certificate).scts.empty());
}

}  // namespace
}  // namespace tlsproof::x509
