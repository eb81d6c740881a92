#include "tlsproof/crypto/key_exchange.h"

#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "testing.h"

namespace tlsproof::crypto {
namespace {

constexpr uint16_t kX25519 = 0x001d, kX448 = 0x001e, kP256 = 0x0017;

std::unique_ptr<KeyExchange> with_private(uint16_t group, std::string_view key) {
  auto kex = make_key_exchange(group);
  EXPECT_TRUE(kex->set_private(hex(key)));
  return kex;
}

Bytes derive(KeyExchange& kex, ByteView share) {
  SecretBytes secret;
  auto result = kex.derive(share, secret);
  EXPECT_TRUE(result) << to_string(result.error());
  return to_bytes(secret.view());
}

struct Known {
  const char* source;
  uint16_t group;
  const char *key, *peer, *secret;
};
const Known kKnown[] = {
    {"RFC 7748 section 5.2", kX25519, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
    {"RFC 7748 section 5.2, a non-canonical coordinate", kX25519,
     "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
     "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
     "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
    {"RFC 7748 section 6.1", kX25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
     "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
     "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
    {"RFC 7748 section 5.2, one iteration", kX448,
     "0500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
     "0500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
     "3f482c8a9f19b01e6c46ee9711d9dc14fd4bf67af30765c2ae2b846a4d23a8cd0db897086239492caf350b51f833868b9bc2b3bca9cf411"
     "3"},
    {"RFC 5903 section 8.1", kP256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
     "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8"
     "353"
     "e74f33039872ab",
     "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
};

TEST_F(CryptoTest, KnownKeyExchanges) {
  for (const Known& known : kKnown) {
    SCOPED_TRACE(known.source);
    auto kex = with_private(known.group, known.key);
    EXPECT_EQ(to_hex(derive(*kex, hex(known.peer))), known.secret);
    EXPECT_EQ(to_hex(derive(*kex, hex(known.peer))), known.secret) << "a key serves twice";
  }
  EXPECT_EQ(to_hex(with_private(kX25519, kKnown[2].key)->public_share()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
}

TEST_F(CryptoTest, AThousandIterationsOfRfc7748) {
  Bytes k = hex("0900000000000000000000000000000000000000000000000000000000000000"), u = k;
  auto kex = make_key_exchange(kX25519);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(kex->set_private(k));
    Bytes next = derive(*kex, u);
    u = std::exchange(k, std::move(next));
  }
  EXPECT_EQ(to_hex(k), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

struct Group {
  uint16_t group;
  const char *type, *name;  // libcrypto's
};
constexpr Group kGroups[] = {{0x001d, "X25519", nullptr}, {0x001e, "X448", nullptr},  {0x0017, "EC", "P-256"},
                             {0x0018, "EC", "P-384"},     {0x0019, "EC", "P-521"},    {0x0100, "DH", "ffdhe2048"},
                             {0x0101, "DH", "ffdhe3072"}, {0x0102, "DH", "ffdhe4096"}};

// libcrypto's own key agreement on the other side.
TEST_F(CryptoTest, EveryGroupAgreesWithLibcrypto) {
  ASSERT_EQ(supported_groups().size(), std::size(kGroups));
  for (const Group& group : kGroups) {
    SCOPED_TRACE(group.type + std::string(" ") + (group.name != nullptr ? group.name : ""));
    auto kex = make_key_exchange(group.group);
    ASSERT_NE(kex, nullptr);
    EXPECT_EQ(kex->group(), group.group);
    EXPECT_TRUE(kex->public_share().empty());
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, group.type, nullptr);
    EVP_PKEY* theirs = nullptr;
    ASSERT_EQ(EVP_PKEY_keygen_init(context), 1);
    if (group.name != nullptr) {
      ASSERT_EQ(EVP_PKEY_CTX_set_group_name(context, group.name), 1);
    }
    ASSERT_EQ(EVP_PKEY_generate(context, &theirs), 1);
    EVP_PKEY_CTX_free(context);
    for (int round = 0; round < 3; ++round) {
      ASSERT_TRUE(kex->generate(system_random()));
      ASSERT_EQ(kex->public_share().size(), share_len(group.group));
      uint8_t* raw = nullptr;
      size_t len = EVP_PKEY_get1_encoded_public_key(theirs, &raw);
      const Bytes ours = derive(*kex, {raw, len});
      OPENSSL_free(raw);
      EVP_PKEY* peer = EVP_PKEY_new();
      ASSERT_EQ(EVP_PKEY_copy_parameters(peer, theirs), 1);
      ASSERT_EQ(EVP_PKEY_set1_encoded_public_key(peer, kex->public_share().data(), kex->public_share().size()), 1);
      context = EVP_PKEY_CTX_new_from_pkey(nullptr, theirs, nullptr);
      ASSERT_EQ(EVP_PKEY_derive_init(context), 1);
      if (std::string_view(group.type) == "DH") EVP_PKEY_CTX_set_dh_pad(context, 1);
      ASSERT_EQ(EVP_PKEY_derive_set_peer(context, peer), 1);
      Bytes secret(1024);
      len = secret.size();
      ASSERT_EQ(EVP_PKEY_derive(context, secret.data(), &len), 1);
      secret.resize(len);
      EXPECT_EQ(ours, secret);
      EVP_PKEY_CTX_free(context);
      EVP_PKEY_free(peer);
    }
    EVP_PKEY_free(theirs);
  }
  EXPECT_EQ(make_key_exchange(0x11ec), nullptr);
  EXPECT_EQ(share_len(0x11ec), 0U);
}

TEST_F(CryptoTest, SeededSourcesGiveRepeatableKeysAndOthersDoNot) {
  for (uint16_t group : supported_groups()) {
    auto a = make_key_exchange(group), b = make_key_exchange(group);
    SeededRandom one(1), again(1), two(2);
    ASSERT_TRUE(a->generate(one) && b->generate(again));
    const Bytes first = to_bytes(a->public_share());
    EXPECT_EQ(first, to_bytes(b->public_share()));
    ASSERT_TRUE(b->generate(two));
    EXPECT_NE(first, to_bytes(b->public_share()));
    ASSERT_TRUE(a->generate(system_random()) && b->generate(system_random()));
    EXPECT_NE(to_bytes(a->public_share()), to_bytes(b->public_share()));
  }
}

TEST_F(CryptoTest, SharesOfTheWrongLengthOrForm) {
  SecretBytes secret;
  for (uint16_t group : supported_groups()) {
    auto kex = make_key_exchange(group);
    ASSERT_TRUE(kex->generate(system_random()));
    const Bytes share = to_bytes(kex->public_share());
    for (size_t len : {size_t{0}, size_t{1}, share.size() - 1, share.size() + 1}) {
      Bytes wrong = share;
      wrong.resize(len);
      auto result = kex->derive(wrong, secret);
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error(), KexError::bad_share_length);
      EXPECT_TRUE(secret.empty());
      expect_empty_queue();
    }
  }
  auto kex = make_key_exchange(kP256);
  ASSERT_TRUE(kex->generate(system_random()));
  Bytes share = to_bytes(kex->public_share());
  for (int form : {0, 2, 3, 5, 6, 7}) {  // compressed, hybrid, infinity: RFC 8446 §4.2.8.2 has only 4
    share[0] = static_cast<uint8_t>(form);
    EXPECT_EQ(kex->derive(share, secret).error(), KexError::bad_share_length) << form;
  }
  share = to_bytes(kex->public_share());
  share[0] = 2;
  share.resize(33);
  EXPECT_EQ(kex->derive(share, secret).error(), KexError::bad_share_length);
}

TEST_F(CryptoTest, PointsOffTheCurveAndNumbersOutOfRange) {
  SecretBytes secret;
  for (uint16_t group : std::initializer_list<uint16_t>{0x0017, 0x0018, 0x0019}) {
    auto kex = make_key_exchange(group);
    ASSERT_TRUE(kex->generate(system_random()));
    Bytes flipped = to_bytes(kex->public_share()), zero(flipped.size()), large(flipped.size(), 0xff);
    flipped.back() ^= 1;
    zero[0] = large[0] = 4;
    for (const Bytes& share : {flipped, zero, large}) {
      EXPECT_EQ(kex->derive(share, secret).error(), KexError::invalid_share) << to_hex(share);
      EXPECT_TRUE(secret.empty());
      expect_empty_queue();
    }
    Bytes order(kex->public_share().size() / 2, 0xff);
    EXPECT_FALSE(kex->set_private(order)) << "not below the order";
    EXPECT_FALSE(kex->set_private(Bytes(order.size()))) << "zero";
    EXPECT_TRUE(kex->public_share().empty());
  }
  for (uint16_t group : std::initializer_list<uint16_t>{0x0100, 0x0101, 0x0102}) {  // RFC 8446 §4.2.8.1: 1 < Y < p-1
    auto kex = make_key_exchange(group);
    ASSERT_TRUE(kex->generate(system_random()));
    const size_t len = share_len(group);
    Bytes zero(len), one(len), all(len, 0xff), p_minus_1(len, 0xff), two(len);
    one.back() = 1;
    two.back() = 2;
    for (const Bytes& share : {zero, one, all})
      EXPECT_EQ(kex->derive(share, secret).error(), KexError::invalid_share) << to_hex(share).substr(0, 20);
    EXPECT_TRUE(kex->derive(two, secret));
  }
}

// RFC 7919 appendix A.1: p = 2^2048 - 2^1984 + {[2^1918 * e] + 560316} * 2^64 - 1 ends in FFFFFFFFFFFFFFFF; so p - 1 in
// …FE.
TEST_F(CryptoTest, TheLargestElementOfFfdhe2048IsRefused) {
  BIGNUM* p = nullptr;
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
  EVP_PKEY* key = nullptr;
  ASSERT_EQ(EVP_PKEY_keygen_init(context), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_group_name(context, "ffdhe2048"), 1);
  ASSERT_EQ(EVP_PKEY_generate(context, &key), 1);
  ASSERT_EQ(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_FFC_P, &p), 1);
  Bytes share(256);
  BN_bn2binpad(p, share.data(), 256);
  BN_free(p);
  EVP_PKEY_free(key);
  EVP_PKEY_CTX_free(context);
  auto kex = make_key_exchange(0x0100);
  ASSERT_TRUE(kex->generate(system_random()));
  SecretBytes secret;
  EXPECT_EQ(kex->derive(share, secret).error(), KexError::invalid_share) << "p";
  share.back() = 0xfe;
  EXPECT_EQ(kex->derive(share, secret).error(), KexError::invalid_share) << "p - 1, of order 2";
  share.back() = 0xfd;
  EXPECT_TRUE(kex->derive(share, secret)) << "p - 2";
}

TEST_F(CryptoTest, PointsOfLowOrderGiveZero) {
  const char* x25519[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  SecretBytes secret;
  auto kex = make_key_exchange(kX25519);
  ASSERT_TRUE(kex->generate(system_random()));
  for (const char* share : x25519) {
    auto result = kex->derive(hex(share), secret);
    ASSERT_FALSE(result) << share;
    EXPECT_EQ(result.error(), KexError::zero_secret) << share;
    EXPECT_TRUE(secret.empty());
    expect_empty_queue();
  }
  kex = make_key_exchange(kX448);
  ASSERT_TRUE(kex->generate(system_random()));
  Bytes one(56);
  EXPECT_EQ(kex->derive(one, secret).error(), KexError::zero_secret);
  one[0] = 1;
  EXPECT_EQ(kex->derive(one, secret).error(), KexError::zero_secret);
}

class Zeros final : public RandomSource {
 public:
  void fill(std::span<uint8_t> out) override { std::ranges::fill(out, uint8_t{0}); }
};

TEST_F(CryptoTest, ABrokenSourceIsAnErrorAndNoEndlessLoop) {
  Zeros zeros;
  for (uint16_t group : std::initializer_list<uint16_t>{0x0017, 0x0018, 0x0019, 0x0100}) {
    auto kex = make_key_exchange(group);
    EXPECT_FALSE(kex->generate(zeros)) << group;
    EXPECT_TRUE(kex->public_share().empty());
  }
}

// Watching needs no private key: the same answers as derive() gives.
TEST(CheckShare, JudgesAsDeriveDoes) {
  SeededRandom random(1);
  for (const uint16_t group : supported_groups()) {
    SCOPED_TRACE(group);
    const auto mine = make_key_exchange(group);
    ASSERT_TRUE(mine->generate(random));
    Bytes share = to_bytes(mine->public_share());
    EXPECT_TRUE(check_share(group, share));
    share.pop_back();
    EXPECT_EQ(check_share(group, share).error(), KexError::bad_share_length);
    const bool montgomery = group == 0x001d || group == 0x001e;
    share.assign(share_len(group), 0xff);
    EXPECT_EQ(check_share(group, share).has_value(), montgomery);
    share.assign(share_len(group), 0);
    EXPECT_EQ(check_share(group, share).has_value(), montgomery);
    if (montgomery || share_len(group) > 200) continue;
    share = to_bytes(mine->public_share());
    share.back() ^= 1;  // off the curve
    EXPECT_EQ(check_share(group, share).error(), KexError::invalid_share);
    share.back() ^= 1;
    share[0] = 6;  // X9.62's hybrid form
    EXPECT_FALSE(check_share(group, share));
  }
  EXPECT_TRUE(check_share(0x11ec, Bytes(3)));  // a group that is not known here
}

TEST(CheckShare, DiffieHellmanOfAnyPrime) {
  const Bytes p = {0x00, 0xc1, 0x07};  // 49415, whatever it is
  EXPECT_TRUE(check_dh_public(p, Bytes{2}));
  EXPECT_TRUE(check_dh_public(p, Bytes{0xc1, 0x05}));
  EXPECT_TRUE(check_dh_public(p, Bytes{0x00, 0xc0, 0xff}));
  for (const Bytes& bad : {Bytes{}, Bytes{0}, Bytes{1}, Bytes{0, 0, 1}, Bytes{0xc1, 0x06}, Bytes{0xc1, 0x07},
                           Bytes{0xc1, 0x08}, Bytes{1, 0, 0}})
    EXPECT_FALSE(check_dh_public(p, bad)) << to_hex(bad);
  EXPECT_FALSE(check_dh_public(Bytes{}, Bytes{2}));
}

// The key 1: what it sends and derives is what the ordinary exchange with that key does.
TEST_F(CryptoTest, TheKnownKeyIsOne) {
  auto known = make_known_p256_key_exchange();
  auto ordinary = with_private(kP256, "0000000000000000000000000000000000000000000000000000000000000001");
  SeededRandom random(3);
  ASSERT_TRUE(known->generate(random));
  EXPECT_EQ(known->group(), kP256);
  EXPECT_EQ(to_hex(known->public_share()), to_hex(ordinary->public_share()));
  auto peer = make_key_exchange(kP256);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer->generate(random));
    EXPECT_EQ(to_hex(derive(*known, peer->public_share())), to_hex(derive(*ordinary, peer->public_share())));
    EXPECT_EQ(to_hex(derive(*peer, known->public_share())), to_hex(derive(*known, peer->public_share())));
  }
  // The peer's share is checked as in the ordinary one.
  Bytes off_curve = to_bytes(peer->public_share()), compressed = to_bytes(peer->public_share().first(33));
  off_curve.back() ^= 1;
  compressed[0] = 2;
  SecretBytes out;
  EXPECT_EQ(known->derive(off_curve, out).error(), KexError::invalid_share);
  EXPECT_EQ(known->derive(compressed, out).error(), KexError::bad_share_length);
  EXPECT_EQ(known->derive({}, out).error(), KexError::bad_share_length);
  EXPECT_TRUE(out.empty());
  EXPECT_FALSE(known->set_private(Bytes(32, 1)));
}

TEST_F(CryptoTest, AReusedKeyStays) {
  SeededRandom random(3);
  auto reused = make_reused_key_exchange(make_key_exchange(kX25519));
  EXPECT_TRUE(reused->public_share().empty());
  ASSERT_TRUE(reused->generate(random));
  const Bytes share = to_bytes(reused->public_share());
  ASSERT_TRUE(reused->generate(random));
  EXPECT_EQ(to_hex(reused->public_share()), to_hex(share));
  auto peer = make_key_exchange(kX25519);
  ASSERT_TRUE(peer->generate(random));
  EXPECT_EQ(to_hex(derive(*reused, peer->public_share())), to_hex(derive(*peer, share)));
}

}  // namespace
}  // namespace tlsproof::crypto
