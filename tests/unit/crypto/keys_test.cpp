#include "tlsproof/crypto/keys.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "testing.h"
#include "tlsproof/crypto/openssl.h"

namespace tlsproof::crypto {
namespace {

SecretBytes secret(std::string_view text) {
  return SecretBytes(as_bytes(text));
}

// The text of a BIO that `write` filled.
template <class Write>
std::string written(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* text = nullptr;
  const long len = BIO_get_mem_data(bio, &text);
  std::string copy(text, static_cast<size_t>(len));
  BIO_free(bio);
  return copy;
}

// Every form in which a key may be stored.
std::vector<std::pair<std::string, std::string>> forms(const PrivateKey& key) {
  EVP_PKEY* k = key.native();
  const auto pem = [&](auto... rest) {
    return written([&](BIO* b) { return PEM_write_bio_PrivateKey(b, k, rest...); });
  };
  std::vector<std::pair<std::string, std::string>> all;
  all.emplace_back("PKCS#8 PEM", pem(nullptr, nullptr, 0, nullptr, nullptr));
  all.emplace_back("PKCS#8 DER", written([&](BIO* b) {
                     return i2d_PKCS8PrivateKey_bio(b, k, nullptr, nullptr, 0, nullptr, nullptr);
                   }));
  const bool traditional = key.kind() == KeyKind::rsa || key.kind() == KeyKind::p256 || key.kind() == KeyKind::p521;
  if (traditional) {
    all.emplace_back("traditional PEM", written([&](BIO* b) {
                       return PEM_write_bio_PrivateKey_traditional(b, k, nullptr, nullptr, 0, nullptr, nullptr);
                     }));
    all.emplace_back("traditional DER", written([&](BIO* b) {
                       uint8_t* der = nullptr;
                       const int len = i2d_PrivateKey(k, &der);
                       BIO_write(b, der, len);
                       OPENSSL_free(der);
                       return 1;
                     }));
  }
  all.emplace_back("PEM after a certificate",
                   "some text\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" + all[0].second);
  return all;
}

std::vector<std::pair<std::string, std::string>> encrypted_forms(const PrivateKey& key, std::string_view passphrase) {
  EVP_PKEY* k = key.native();
  char* text = const_cast<char*>(passphrase.data());  // NOLINT: libcrypto only reads it
  const auto* bytes = reinterpret_cast<const unsigned char*>(passphrase.data());
  const int len = static_cast<int>(passphrase.size());
  std::vector<std::pair<std::string, std::string>> all;
  all.emplace_back("PBES2", written([&](BIO* b) {
                     return PEM_write_bio_PKCS8PrivateKey(b, k, EVP_aes_256_cbc(), text, len, nullptr, nullptr);
                   }));
  all.emplace_back("PBES2 DER", written([&](BIO* b) {
                     return i2d_PKCS8PrivateKey_bio(b, k, EVP_aes_256_cbc(), text, len, nullptr, nullptr);
                   }));
  all.emplace_back("PKCS#12's 3DES", written([&](BIO* b) {
                     return PEM_write_bio_PKCS8PrivateKey_nid(b, k, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, text, len,
                                                              nullptr, nullptr);
                   }));
  all.emplace_back("traditional", written([&](BIO* b) {
                     return PEM_write_bio_PrivateKey_traditional(b, k, EVP_aes_128_cbc(), bytes, len, nullptr, nullptr);
                   }));
  return all;
}

class KeysTest : public CryptoTest {
 protected:
  static void SetUpTestSuite() {
    for (KeyKind kind : {KeyKind::rsa, KeyKind::rsa_pss, KeyKind::p256, KeyKind::p384, KeyKind::p521, KeyKind::ed25519,
                         KeyKind::ed448})
      keys().push_back(PrivateKey::generate(kind, 1024).value());
  }
  static void TearDownTestSuite() { keys().clear(); }
  static std::vector<PrivateKey>& keys() {
    static std::vector<PrivateKey> all;
    return all;
  }
  static const PrivateKey& key(KeyKind kind) {
    for (const PrivateKey& k : keys())
      if (k.kind() == kind) return k;
    abort();
  }
  static std::string failure(ByteView content, const PassphraseSource& passphrase = {}) {
    auto loaded = PrivateKey::load(content, "client.key", passphrase);
    expect_empty_queue();
    if (loaded) return "it loads";
    EXPECT_EQ(loaded.error().kind, Error::Kind::usage);
    EXPECT_TRUE(loaded.error().message().starts_with("client.key: ")) << loaded.error().message();
    return loaded.error().message();
  }
};

TEST_F(KeysTest, EveryKindInEveryFormComesBack) {
  const std::pair<KeyKind, std::pair<unsigned, const char*>> names[] = {
      {KeyKind::rsa, {1024, "RSA-1024"}}, {KeyKind::rsa_pss, {1024, "RSA-PSS-1024"}},
      {KeyKind::p256, {256, "P-256"}},    {KeyKind::p384, {384, "P-384"}},
      {KeyKind::p521, {521, "P-521"}},    {KeyKind::ed25519, {256, "Ed25519"}},
      {KeyKind::ed448, {456, "Ed448"}}};
  ASSERT_EQ(std::size(names), keys().size());
  for (size_t i = 0; i < keys().size(); ++i) {
    const PrivateKey& k = keys()[i];
    EXPECT_EQ(k.kind(), names[i].first);
    EXPECT_EQ(k.bits(), names[i].second.first);
    EXPECT_EQ(k.public_key().name(), names[i].second.second);
    for (const auto& [form, content] : forms(k)) {
      auto loaded = PrivateKey::load(as_bytes(content), "key");
      ASSERT_TRUE(loaded) << form << ": " << loaded.error().message();
      EXPECT_EQ(loaded->kind(), k.kind()) << form;
      EXPECT_TRUE(loaded->fits(k.public_key())) << form;
      EXPECT_FALSE(PrivateKey::is_encrypted(as_bytes(content))) << form;
      EXPECT_FALSE(loaded->fits(keys()[(i + 1) % keys().size()].public_key()));
    }
    auto again = PrivateKey::load(k.to_pem().value().view(), "key");
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->fits(k.public_key()));
  }
  EXPECT_FALSE(PrivateKey::generate(KeyKind::p256).value().fits(key(KeyKind::p256).public_key()));
}

TEST_F(KeysTest, PassphrasesInEveryForm) {
  const std::string passphrase = "correct horse \xc3\xa4";
  for (const auto& [form, content] : encrypted_forms(key(KeyKind::p256), passphrase)) {
    SCOPED_TRACE(form);
    EXPECT_TRUE(PrivateKey::is_encrypted(as_bytes(content)));
    auto loaded = PrivateKey::load(as_bytes(content), "client.key", fixed_passphrase(secret(passphrase)));
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_TRUE(loaded->fits(key(KeyKind::p256).public_key()));
    EXPECT_NE(failure(as_bytes(content)).find("needs a passphrase"), std::string::npos);
    EXPECT_NE(failure(as_bytes(content), fixed_passphrase(secret("wrong"))).find("passphrase is wrong"),
              std::string::npos);
    EXPECT_NE(failure(as_bytes(content), fixed_passphrase(SecretBytes())).find("passphrase is wrong"),
              std::string::npos);
    EXPECT_NE(failure(as_bytes(content), fixed_passphrase(SecretBytes(size_t{5000}))).find("passphrase is wrong"),
              std::string::npos);
    int asked = 0;
    auto refused = PrivateKey::load(as_bytes(content), "client.key", [&]() -> Result<SecretBytes> {
      ++asked;
      return fail("no terminal");
    });
    EXPECT_EQ(asked, 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "no terminal");
  }
  // A key that is not encrypted asks for nothing.
  auto loaded =
      PrivateKey::load(key(KeyKind::p256).to_pem().value().view(), "k", []() -> Result<SecretBytes> { abort(); });
  EXPECT_TRUE(loaded);
}

// The padding of a wrongly decrypted key is right once in 256 times: the message must be the same then.
TEST_F(KeysTest, ManyWrongPassphrasesAllGetTheSameAnswer) {
  auto all = encrypted_forms(key(KeyKind::p256), "right");
  const std::string traditional = all.back().second;
  const std::string pbes2(as_text(key(KeyKind::p256).to_encrypted_pem(secret("right"), 1).value().view()));
  for (const std::string& content : {traditional, pbes2})
    for (int i = 0; i < 1000; ++i) {
      const std::string what = failure(as_bytes(content), fixed_passphrase(secret("wrong" + std::to_string(i))));
      ASSERT_NE(what.find("passphrase is wrong"), std::string::npos) << i << " " << what;
    }
}

TEST_F(KeysTest, OurEncryptionIsPbes2WithManyIterations) {
  const PrivateKey& k = key(KeyKind::p384);
  const SecretBytes pem = k.to_encrypted_pem(secret("pass"), 70'000).value();
  const std::string text(as_text(pem.view()));
  EXPECT_TRUE(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  BIO* bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  X509_SIG* sig = PEM_read_bio_PKCS8(bio, nullptr, nullptr, nullptr);
  ASSERT_NE(sig, nullptr);
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(sig, &algorithm, nullptr);
  uint8_t* der = nullptr;
  const int len = i2d_X509_ALGOR(algorithm, &der);
  const std::string parameters = to_hex({der, static_cast<size_t>(len)});
  EXPECT_NE(parameters.find("0203011170"), std::string::npos) << "70,000 iterations";
  EXPECT_NE(parameters.find("2a864886f70d0209"), std::string::npos) << "HMAC with SHA-256";
  EXPECT_NE(parameters.find("60864801650304012a"), std::string::npos) << "AES-256-CBC";
  OPENSSL_free(der);
  X509_SIG_free(sig);
  BIO_free(bio);
  auto loaded = PrivateKey::load(pem.view(), "k", fixed_passphrase(secret("pass")));
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_TRUE(loaded->fits(k.public_key()));
  EXPECT_FALSE(k.to_encrypted_pem(SecretBytes()));
  static_assert(kKeyIterations >= 600'000);  // OWASP's minimum of 2023 for PBKDF2 with HMAC-SHA-256
}

TEST_F(KeysTest, WhatIsWrongIsTold) {
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
  const std::string pem(as_text(key(KeyKind::p256).to_pem().value().view()));
  const std::string half = pem.substr(0, pem.size() / 2);
  std::string damaged = pem;
  damaged[damaged.find('\n') + 1] = 'X';
  EVP_PKEY* dsa_like = EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519");
  const std::string x25519 =
      written([&](BIO* b) { return PEM_write_bio_PrivateKey(b, dsa_like, nullptr, nullptr, 0, nullptr, nullptr); });
  EVP_PKEY_free(dsa_like);
  EVP_PKEY* koblitz = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1");
  const std::string other_curve =
      written([&](BIO* b) { return PEM_write_bio_PrivateKey(b, koblitz, nullptr, nullptr, 0, nullptr, nullptr); });
  EVP_PKEY_free(koblitz);
  const std::pair<std::string, const char*> table[] = {
      {"", "the file is empty"},
      {"hello\n", "neither PEM"},
      {std::string("\x30\x03\x02\x01\x05"), "neither PEM"},
      {certificate, "only certificates"},
      {"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", "no private key among"},
      {half, "damaged"},
      {damaged, "damaged"},
      {"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", "damaged"},
      {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n", "needs a passphrase"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----\n",
       "OPENSSH PRIVATE KEY is not supported"},
      {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: ROT13,00\n\nMAA=\n-----END RSA PRIVATE "
       "KEY-----\n",
       "needs a passphrase"},
      {x25519, "X25519 is not supported"},
      {other_curve, "secp256k1 is not supported"},
      {std::string(2 << 20, 'a'), "too long"},
  };
  for (const auto& [content, expected] : table)
    EXPECT_NE(failure(as_bytes(content)).find(expected), std::string::npos)
        << expected << " / " << failure(as_bytes(content)) << " / " << content.substr(0, 60);
  const auto pass = fixed_passphrase(secret("x"));
  EXPECT_NE(failure(as_bytes(table[8].first), pass).find("damaged"), std::string::npos);
  EXPECT_NE(failure(as_bytes(table[10].first), pass).find("algorithm that is not supported"), std::string::npos);
  // PBES1 with MD5 and single DES, which only the legacy provider has.
  const Bytes pbes1 =
      hex("302e301a06092a864886f70d010503300d0408000102030405060702010104100001020304050607000102030405"
          "0607");
  EXPECT_NE(failure(pbes1, pass).find("algorithm that is not supported"), std::string::npos) << failure(pbes1, pass);
  // The name of the file and the label are shown safely.
  auto hostile = PrivateKey::load(as_bytes("x"), "a\x1b[31m");
  ASSERT_FALSE(hostile);
  EXPECT_EQ(hostile.error().message().find('\x1b'), std::string::npos);
}

// PBKDF2 with 2^31-1 iterations would take half an hour.
TEST_F(KeysTest, AFileCannotOrderHoursOfWork) {
  X509_ALGOR* scheme = PKCS5_pbe2_set_iv_ex(EVP_aes_256_cbc(), 1, nullptr, 0, nullptr, NID_hmacWithSHA256, nullptr);
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key(KeyKind::p256).native());
  X509_SIG* sig = PKCS8_set0_pbe_ex("x", 1, info, scheme, nullptr, nullptr);
  uint8_t* der = nullptr;
  const int len = i2d_X509_SIG(sig, &der);
  Bytes content(der, der + len);
  OPENSSL_free(der);
  X509_SIG_free(sig);
  PKCS8_PRIV_KEY_INFO_free(info);
  EXPECT_EQ(failure(content, fixed_passphrase(secret("x"))), "it loads");
  // INTEGER 1 of the iterations stands after the salt; it becomes one of four bytes, and four lengths grow by three.
  const Bytes iterations = hex("020101");
  auto at = std::search(content.begin(), content.end(), iterations.begin(), iterations.end());
  ASSERT_NE(at, content.end());
  const Bytes many = hex("02047fffffff");
  at = content.erase(at, at + 3);
  content.insert(at, many.begin(), many.end());
  const auto grow = [&](std::string_view before) {  // the length byte behind this pattern
    const Bytes pattern = hex(before);
    auto found = std::search(content.begin(), content.end(), pattern.begin(), pattern.end());
    ASSERT_NE(found, content.end()) << before;
    *(found - 1) = static_cast<uint8_t>(*(found - 1) + 3);
  };
  content[2] = static_cast<uint8_t>(content[2] + 3);  // 3081xx
  grow("06092a864886f70d01050d");                     // PBES2's AlgorithmIdentifier
  Bytes kdf = hex("06092a864886f70d01050c");
  auto oid = std::search(content.begin(), content.end(), kdf.begin(), kdf.end());
  ASSERT_NE(oid, content.end());
  *(oid - 1) = static_cast<uint8_t>(*(oid - 1) + 3);    // PBKDF2's
  *(oid - 3) = static_cast<uint8_t>(*(oid - 3) + 3);    // PBES2-params
  *(oid + 12) = static_cast<uint8_t>(*(oid + 12) + 3);  // PBKDF2-params
  EXPECT_NE(failure(content, fixed_passphrase(secret("x"))).find("too much work"), std::string::npos)
      << failure(content, fixed_passphrase(secret("x")));
}

TEST_F(KeysTest, PublicKeysOfEveryKindDecodeToTheSame) {
  for (const PrivateKey& k : keys()) {
    const Bytes spki = k.spki().value();
    auto decoded = PublicKey::decode(spki);
    ASSERT_TRUE(decoded) << k.public_key().name();
    EXPECT_EQ(decoded->kind(), k.kind());
    EXPECT_EQ(decoded->bits(), k.bits());
    EXPECT_TRUE(k.fits(*decoded)) << k.public_key().name();
    uint8_t* der = nullptr;  // libcrypto reads its own encoding of it as the same key
    const int len = i2d_PUBKEY(decoded->native(), &der);
    EXPECT_EQ(Bytes(der, der + len), spki);
    OPENSSL_free(der);
    for (size_t size = 0; size < spki.size(); ++size) {
      auto cut = PublicKey::decode(ByteView(spki).first(size));
      ASSERT_FALSE(cut) << size;
      EXPECT_EQ(cut.error(), PublicKeyError::malformed);
      expect_empty_queue();
    }
    Bytes longer = spki;
    longer.push_back(0);
    EXPECT_EQ(PublicKey::decode(longer).error(), PublicKeyError::malformed);
  }
}

// Whatever one bit changes, our short way and libcrypto's long one agree on it.
TEST_F(KeysTest, EveryFlippedBitAgreesWithLibcrypto) {
  for (const PrivateKey& k : keys()) {
    Bytes spki = k.spki().value();
    for (size_t bit = 0; bit < spki.size() * 8; bit += k.kind() == KeyKind::p256 || bit < 30 * 8 ? 1U : 7U) {
      spki[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
      auto ours = PublicKey::decode(spki);
      expect_empty_queue();
      const uint8_t* at = spki.data();
      EVP_PKEY* theirs = d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size()));
      if (theirs != nullptr && at != spki.data() + spki.size()) {
        EVP_PKEY_free(theirs);
        theirs = nullptr;
      }
      ERR_clear_error();
      ASSERT_EQ(ours.has_value(), theirs != nullptr) << k.public_key().name() << " bit " << bit;
      if (theirs != nullptr) {
        EXPECT_EQ(EVP_PKEY_eq(ours->native(), theirs), 1) << k.public_key().name() << " bit " << bit;
        EVP_PKEY_free(theirs);
        ERR_clear_error();
      }
      spki[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    }
  }
}

// Frames that no flipped bit makes: whatever the short way will not read is left to libcrypto.
TEST_F(KeysTest, UnusualRsaFramesAgreeWithLibcrypto) {
  const std::string_view algorithm = "300d06092a864886f70d0101010500";
  const std::string modulus(128, 'c');  // 64 bytes, the first bit set
  const std::pair<const char*, std::string> table[] = {
      {"plain", "305c" + std::string(algorithm) + "034b003048024100" + modulus + "0203010001"},
      {"a byte after the key", "305d" + std::string(algorithm) + "034c003048024100" + modulus + "020301000100"},
      {"a third number", "305f" + std::string(algorithm) + "034e00304b024100" + modulus + "0203010001020101"},
      {"no sign byte", "305b" + std::string(algorithm) + "034a0030470240" + modulus + "0203010001"},
      {"two sign bytes", "305d" + std::string(algorithm) + "034c00304902420000" + modulus + "0203010001"},
      {"unused bits", "305c" + std::string(algorithm) + "034b013048024100" + modulus + "0203010001"},
      {"no exponent", "3057" + std::string(algorithm) +
                          "034600304302"
                          "4100" +
                          modulus},
      {"an empty exponent", "3059" + std::string(algorithm) + "0348003045024100" + modulus + "0200"},
      {"no parameters", "305a300b06092a864886f70d010101034b003048024100" + modulus + "0203010001"},
      {"a long form of the length", "30815c" + std::string(algorithm) + "034b003048024100" + modulus + "0203010001"},
  };
  EXPECT_TRUE(PublicKey::decode(hex(table[0].second)));
  for (const auto& [what, text] : table) {
    const Bytes spki = hex(text);
    const uint8_t* at = spki.data();
    EVP_PKEY* theirs = d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size()));
    ERR_clear_error();
    auto ours = PublicKey::decode(spki);
    expect_empty_queue();
    ASSERT_EQ(ours.has_value(), theirs != nullptr) << what;
    if (theirs != nullptr) {
      EXPECT_EQ(EVP_PKEY_eq(ours->native(), theirs), 1) << what;
    }
    EVP_PKEY_free(theirs);
    ERR_clear_error();
  }
}

TEST_F(KeysTest, OtherPublicKeys) {
  for (const auto& [type, curve, name] :
       {std::tuple{"EC", "secp256k1", "secp256k1"}, std::tuple{"EC", "brainpoolP256r1", "brainpoolP256r1"},
        std::tuple{"X25519", "", "X25519"}}) {
    EVP_PKEY* raw =
        *curve != '\0' ? EVP_PKEY_Q_keygen(nullptr, nullptr, type, curve) : EVP_PKEY_Q_keygen(nullptr, nullptr, type);
    ASSERT_NE(raw, nullptr);
    const PrivateKey other = PrivateKey::adopt(raw);
    auto decoded = PublicKey::decode(other.spki().value());
    ASSERT_TRUE(decoded) << name;
    EXPECT_EQ(decoded->kind(), KeyKind::other);
    EXPECT_EQ(decoded->name(), name);
  }
  // A curve and an algorithm that nobody knows.
  Bytes spki = key(KeyKind::p256).spki().value();
  spki[22] = 0x63;
  EXPECT_EQ(PublicKey::decode(spki).error(), PublicKeyError::unsupported);
  spki = key(KeyKind::ed25519).spki().value();
  spki[8] = 0x7e;
  EXPECT_EQ(PublicKey::decode(spki).error(), PublicKeyError::unsupported);
  EXPECT_EQ(PublicKey::decode(Bytes(100'000, 0x30)).error(), PublicKeyError::unsupported);
}

TEST_F(KeysTest, ErrorsSayWhyAndLeaveTheQueueEmpty) {
  ERR_raise_data(ERR_LIB_USER, ERR_R_MALLOC_FAILURE, "with \x1b data");
  const Error error = openssl_error("cannot do it");
  EXPECT_TRUE(error.what.starts_with("cannot do it: ")) << error.what;
  EXPECT_NE(error.what.find("with \\x1b data"), std::string::npos) << error.what;
  expect_empty_queue();
  EXPECT_EQ(openssl_error("alone").what, "alone");
}

}  // namespace
}  // namespace tlsproof::crypto
