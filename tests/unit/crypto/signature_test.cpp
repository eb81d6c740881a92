#include "tlsproof/crypto/signature.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "testing.h"

namespace tlsproof::crypto {
namespace {

const Bytes kData = to_bytes("what is signed");

class SignatureTest : public CryptoTest {
 protected:
  static const std::vector<PrivateKey>& keys() {
    static const std::vector<PrivateKey> all = [] {
      std::vector<PrivateKey> made;
      for (KeyKind kind : {KeyKind::rsa, KeyKind::rsa_pss, KeyKind::p256, KeyKind::p384, KeyKind::p521,
                           KeyKind::ed25519, KeyKind::ed448})
        made.push_back(PrivateKey::generate(kind, 1536).value());
      return made;
    }();
    return all;
  }
  static const PrivateKey& key(KeyKind kind) {
    for (const PrivateKey& k : keys())
      if (k.kind() == kind) return k;
    abort();
  }
};

// Which scheme goes with which key, written out: RFC 8446 §4.2.3 and RFC 5246 §7.4.1.4.1.
const std::pair<KeyKind, std::pair<std::vector<uint16_t>, std::vector<uint16_t>>> kHonest[] = {
    {KeyKind::rsa, {{0x0804, 0x0805, 0x0806}, {0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0301, 0x0201}}},
    {KeyKind::rsa_pss, {{0x0809, 0x080a, 0x080b}, {0x0809, 0x080a, 0x080b}}},
    {KeyKind::p256, {{0x0403}, {0x0403, 0x0503, 0x0603, 0x0303, 0x0203}}},
    {KeyKind::p384, {{0x0503}, {0x0503, 0x0403, 0x0603, 0x0303, 0x0203}}},
    {KeyKind::p521, {{0x0603}, {0x0603, 0x0403, 0x0503, 0x0303, 0x0203}}},
    {KeyKind::ed25519, {{0x0807}, {0x0807}}},
    {KeyKind::ed448, {{0x0808}, {0x0808}}},
};

TEST_F(SignatureTest, SignersOfferWhatTheKeyCanHonestlyDo) {
  for (const auto& [kind, expected] : kHonest) {
    auto signer = make_signer(key(kind));
    const auto as_vector = [](std::span<const uint16_t> s) { return std::vector<uint16_t>(s.begin(), s.end()); };
    EXPECT_EQ(as_vector(signer->schemes(SchemeRules::tls13)), expected.first) << to_string(kind);
    EXPECT_EQ(as_vector(signer->schemes(SchemeRules::tls12)), expected.second) << to_string(kind);
  }
}

TEST_F(SignatureTest, EverySchemeUnderEveryKeyAndRule) {
  int signed_count = 0;
  for (const auto& [kind, honest] : kHonest) {
    const PrivateKey& k = key(kind);
    auto signer = make_signer(k);
    for (const SchemeInfo& info : all_schemes()) {
      SCOPED_TRACE(std::string(to_string(kind)) + " " + hex16(info.scheme));
      const bool in13 = std::ranges::count(honest.first, info.scheme) != 0;
      const bool in12 = std::ranges::count(honest.second, info.scheme) != 0;
      EXPECT_EQ(supports(k.public_key(), info.scheme, SchemeRules::tls13), in13);
      EXPECT_EQ(supports(k.public_key(), info.scheme, SchemeRules::tls12), in12);
      EXPECT_EQ(supports(k.public_key(), info.scheme, SchemeRules::any), in12);
      Bytes signature;
      const Status status = signer->sign(info.scheme, kData, signature);
      expect_empty_queue();
      EXPECT_EQ(status.has_value(), in12);
      if (!status) {
        EXPECT_TRUE(signature.empty());
        EXPECT_FALSE(verify(info.scheme, k.public_key(), kData, Bytes(64), SchemeRules::any));
        continue;
      }
      ++signed_count;
      EXPECT_TRUE(verify(info.scheme, k.public_key(), kData, signature, SchemeRules::tls12));
      EXPECT_EQ(verify(info.scheme, k.public_key(), kData, signature, SchemeRules::tls13), in13);
      // Under every other scheme the same signature is worth nothing.
      for (const SchemeInfo& other : all_schemes()) {
        EXPECT_EQ(verify(other.scheme, k.public_key(), kData, signature, SchemeRules::any), other.scheme == info.scheme)
            << hex16(other.scheme);
      }
    }
  }
  EXPECT_EQ(signed_count, 8 + 3 + 5 + 5 + 5 + 1 + 1);
}

TEST_F(SignatureTest, FlippedBitsTruncationsAndOtherKeysAreRefused) {
  for (const PrivateKey& k : keys()) {
    SCOPED_TRACE(k.public_key().name());
    auto signer = make_signer(k);
    const uint16_t scheme = signer->schemes(SchemeRules::tls13)[0];
    Bytes signature, data = kData;
    ASSERT_TRUE(signer->sign(scheme, data, signature));
    auto verifier = Verifier::make(scheme, k.public_key(), SchemeRules::tls13);
    ASSERT_TRUE(verifier);
    EXPECT_TRUE(verifier->verify(data, signature));
    for (size_t i = 0; i < signature.size(); ++i) {
      signature[i] ^= static_cast<uint8_t>(1 << (i % 8));
      EXPECT_FALSE(verifier->verify(data, signature)) << i;
      signature[i] ^= static_cast<uint8_t>(1 << (i % 8));
    }
    data[0] ^= 1;
    EXPECT_FALSE(verifier->verify(data, signature));
    data[0] ^= 1;
    for (size_t len : {size_t{0}, size_t{1}, signature.size() - 1})
      EXPECT_FALSE(verifier->verify(data, ByteView(signature).first(len))) << len;
    Bytes longer = signature;
    longer.push_back(0);
    EXPECT_FALSE(verifier->verify(data, longer)) << "trailing bytes";
    expect_empty_queue();
    EXPECT_TRUE(verifier->verify(data, signature)) << "the failures before it have done no harm";
    const PrivateKey other = PrivateKey::generate(k.kind(), 1024).value();
    EXPECT_FALSE(verify(scheme, other.public_key(), data, signature, SchemeRules::tls13));
  }
}

TEST_F(SignatureTest, UnknownSchemes) {
  const PublicKey& k = key(KeyKind::p256).public_key();
  for (uint16_t scheme : std::initializer_list<uint16_t>{0x0000, 0x0402, 0x0904, 0xfe00}) {
    EXPECT_EQ(find_scheme(scheme), nullptr);
    EXPECT_FALSE(supports(k, scheme, SchemeRules::any));
    EXPECT_FALSE(Verifier::make(scheme, k, SchemeRules::any));
    Bytes out;
    EXPECT_FALSE(make_signer(key(KeyKind::p256))->sign(scheme, kData, out));
  }
}

// A modulus of 1024 bits has no room for PSS with SHA-512 (64 + 64 + 2 bytes), one of 512 for little.
TEST_F(SignatureTest, ShortRsaKeys) {
  const PrivateKey rsa1024 = PrivateKey::generate(KeyKind::rsa, 1024).value();
  EXPECT_TRUE(supports(rsa1024.public_key(), 0x0805, SchemeRules::tls13));
  EXPECT_FALSE(supports(rsa1024.public_key(), 0x0806, SchemeRules::tls13));
  EXPECT_TRUE(supports(rsa1024.public_key(), 0x0601, SchemeRules::tls12));
  const PrivateKey rsa512 = PrivateKey::generate(KeyKind::rsa, 512).value();
  for (const PrivateKey* k : {&rsa1024, &rsa512}) {
    auto signer = make_signer(*k);
    for (const SchemeInfo& info : all_schemes()) {
      Bytes signature;
      const bool can = supports(k->public_key(), info.scheme, SchemeRules::any);
      EXPECT_EQ(signer->sign(info.scheme, kData, signature).has_value(), can) << k->bits() << " " << hex16(info.scheme);
      EXPECT_EQ(verify(info.scheme, k->public_key(), kData, signature, SchemeRules::any), can);
      expect_empty_queue();
    }
  }
}

// RFC 8446 §4.2.3: the salt is as long as the digest, no longer and no shorter.
TEST_F(SignatureTest, ThePssSaltHasTheLengthOfTheDigest) {
  for (int salt : {0, 20, 31, 32, 33, 64}) {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* pkey = nullptr;
    ASSERT_EQ(EVP_DigestSignInit(context, &pkey, EVP_sha256(), nullptr, key(KeyKind::rsa).native()), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, salt), 1);
    Bytes signature(1536 / 8);
    size_t len = signature.size();
    ASSERT_EQ(EVP_DigestSign(context, signature.data(), &len, kData.data(), kData.size()), 1);
    EVP_MD_CTX_free(context);
    EXPECT_EQ(verify(0x0804, key(KeyKind::rsa).public_key(), kData, signature, SchemeRules::tls13), salt == 32) << salt;
  }
}

TEST_F(SignatureTest, CertificateVerifyContent) {
  Bytes out = {1, 2, 3};
  certificate_verify_content(Side::server, hex("0101"), out);
  EXPECT_EQ(as_text(out), std::string(64, ' ') + "TLS 1.3, server CertificateVerify" + std::string("\0\1\1", 3));
  certificate_verify_content(Side::client, {}, out);
  EXPECT_EQ(as_text(out), std::string(64, ' ') + "TLS 1.3, client CertificateVerify" + std::string("\0", 1));
}

}  // namespace
}  // namespace tlsproof::crypto
