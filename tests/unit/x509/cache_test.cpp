#include "tlsproof/x509/cache.h"

#include <gmock/gmock.h>

#include "make_certificate.h"

namespace tlsproof::x509 {
namespace {

using test::leaf_spec;
using test::make;

// Certificates with another serial number each; what the signature is plays no part here.
Bytes numbered(const Bytes& der, size_t number) {
  Bytes out = der;
  const CertificateView view = CertificateView::parse(der);
  for (size_t i = 0; i < 4; ++i) {
    out[view.ranges.serial.end() - 1 - i] = static_cast<uint8_t>(number >> (8 * i));
    out[out.size() - 1 - i] = static_cast<uint8_t>(number >> (8 * i));
  }
  return out;
}

const Bytes& one() {
  static const Bytes der = to_bytes(make(leaf_spec(nullptr)).der());
  return der;
}

TEST(CertificateCache, GivesTheSameForTheSameBytes) {
  CertificateCache cache;
  const Certificate first = cache.get(one());
  const Certificate again = cache.get(Bytes(one()));
  EXPECT_EQ(&first.view(), &again.view());
  EXPECT_EQ(cache.num_hits(), 1U);
  EXPECT_EQ(cache.num_misses(), 1U);
  const Certificate direct = Certificate::parse(one());
  EXPECT_EQ(first, direct);
  EXPECT_EQ(first->serial_hex(), direct->serial_hex());
}

TEST(CertificateCache, ComparesAllBytesWhereTheHashesAreTheSame) {
  CertificateCache cache;
  Bytes other = one();
  const size_t serial_end = CertificateView::parse(other).ranges.serial.end();
  ASSERT_LT(serial_end, other.size() - 64) << "not within what is hashed";
  other[serial_end - 1] ^= 1;
  const Certificate a = cache.get(one());
  const Certificate b = cache.get(other);
  EXPECT_NE(a->serial_hex(), b->serial_hex());
  EXPECT_EQ(cache.num_misses(), 2U);
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.get(one())->serial_hex(), a->serial_hex());
}

TEST(CertificateCache, KeepsItsLimits) {
  const size_t each = memory_of(*Certificate::parse(one()));
  CertificateCache few({.max_entries = 8});
  CertificateCache small({.max_bytes = 10 * each + each / 2});
  for (size_t i = 0; i < 2000; ++i) {
    const Bytes der = numbered(one(), i);
    EXPECT_TRUE(equal(few.get(der).der(), der));
    EXPECT_TRUE(equal(small.get(der).der(), der));
    ASSERT_LE(few.size(), 8U);
    ASSERT_LE(small.size(), 10U);
    ASSERT_LE(small.num_bytes(), 10 * each + each / 2);
  }
  EXPECT_EQ(few.size(), 8U);
  EXPECT_EQ(small.size(), 10U);
  EXPECT_EQ(few.num_misses(), 2000U);
}

TEST(CertificateCache, KeepsWhatIsAskedForOften) {
  const size_t each = memory_of(*Certificate::parse(one()));
  CertificateCache cache({.max_bytes = 20 * each});
  const Bytes often = numbered(one(), 1'000'000);
  for (size_t i = 0; i < 1000; ++i) {
    (void)cache.get(numbered(one(), i));
    (void)cache.get(often);
  }
  EXPECT_GE(cache.num_hits(), 990U);
}

TEST(CertificateCache, PassesOverWhatIsTooLarge) {
  CertificateCache cache({.max_certificate = 100});
  EXPECT_TRUE(cache.get(one())->readable);
  EXPECT_TRUE(cache.get(one())->readable);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.num_bytes(), 0U);
}

TEST(CertificateCache, WhatItGaveOutOutlivesTheEntry) {
  CertificateCache cache({.max_entries = 8});
  const Certificate kept = cache.get(numbered(one(), 0));
  for (size_t i = 1; i < 500; ++i) (void)cache.get(numbered(one(), i));
  EXPECT_TRUE(equal(kept.der(), numbered(one(), 0)));
  EXPECT_EQ(kept->subject.text(), "CN=server.test");
}

TEST(CertificateCache, TakesWhatIsNoCertificate) {
  CertificateCache cache;
  for (const Bytes& der : {Bytes(), Bytes{1}, Bytes(7, 0x30), Bytes(65, 0x30)}) {
    EXPECT_FALSE(cache.get(der)->readable);
    EXPECT_TRUE(equal(cache.get(der).der(), der));
  }
  EXPECT_EQ(cache.num_misses(), 4U);
}

}  // namespace
}  // namespace tlsproof::x509
