#include "src/load/chain_cache.h"

#include <gtest/gtest.h>

#include "unit/tls/ssl_peer.h"

namespace tlsproof::load {
namespace {

const ByteList& chain_of(crypto::KeyKind kind) {
  return tls_test::credential(kind).chain;
}
x509::TrustAnchors anchors_of(crypto::KeyKind kind) {
  return x509::TrustAnchors::from_certificates(std::array{x509::Certificate::parse(chain_of(kind)[0])}, "a test's");
}
int64_t now() {
  return system_clock().wall_seconds();
}

TEST(ChainCache, EachDistinctChainAndNameIsValidatedOnce) {
  const auto anchors = anchors_of(crypto::KeyKind::p256);
  ChainCache cache;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(cache.check(chain_of(crypto::KeyKind::p256), "server.test", anchors, now()).holds);
    EXPECT_EQ(cache.num_validated(), 1U);
  }
  const ChainVerdict& other = cache.check(chain_of(crypto::KeyKind::p256), "other.test", anchors, now());
  EXPECT_FALSE(other.holds);
  EXPECT_EQ(other.problem, x509::ProblemCode::name_mismatch);
  EXPECT_FALSE(other.text.empty());
  EXPECT_FALSE(cache.check(chain_of(crypto::KeyKind::ed25519), "server.test", anchors, now()).holds);
  EXPECT_EQ(cache.num_validated(), 3U);
  EXPECT_FALSE(cache.check(chain_of(crypto::KeyKind::ed25519), "server.test", anchors, now()).holds);
  EXPECT_EQ(cache.num_validated(), 3U);
}

// What is compared is every byte: the tag that leads there looks at lengths and ends alone.
TEST(ChainCache, AnyOtherByteIsAnotherChain) {
  const auto anchors = anchors_of(crypto::KeyKind::p256);
  const ByteList& good = chain_of(crypto::KeyKind::p256);
  ChainCache cache;
  ASSERT_TRUE(cache.check(good, "", anchors, now()).holds);
  Bytes changed = to_bytes(good[0]);
  changed[changed.size() / 2] ^= 1;
  ByteList bad;
  bad.push_back(changed);
  EXPECT_FALSE(cache.check(bad, "", anchors, now()).holds);
  EXPECT_EQ(cache.num_validated(), 2U);
  ByteList twice = good;
  twice.push_back(good[0]);
  (void)cache.check(twice, "", anchors, now());
  EXPECT_EQ(cache.num_validated(), 3U);
}

TEST(ChainCache, IsBounded) {
  const auto anchors = x509::TrustAnchors::none();
  ChainCache cache;
  ByteList chain;
  chain.push_back(Bytes{0x30, 0x00});
  for (size_t i = 0; i < ChainCache::kMaxEntries + 10; ++i) (void)cache.check(chain, std::to_string(i), anchors, now());
  const size_t before = cache.num_validated();
  (void)cache.check(chain, std::to_string(ChainCache::kMaxEntries + 9), anchors, now());  // kept
  EXPECT_EQ(cache.num_validated(), before);
  (void)cache.check(chain, "0", anchors, now());  // replaced
  EXPECT_EQ(cache.num_validated(), before + 1);
}

}  // namespace
}  // namespace tlsproof::load
