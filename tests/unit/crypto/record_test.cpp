#include "tlsproof/crypto/record_protection.h"

#include <openssl/evp.h>

#include "testing.h"
#include "tlsproof/base/random.h"

namespace tlsproof::crypto {
namespace {

constexpr Aead kAll[] = {Aead::aes_128_gcm, Aead::aes_256_gcm,   Aead::chacha20_poly1305, Aead::aes_128_ccm,
                         Aead::aes_256_ccm, Aead::aes_128_ccm_8, Aead::aes_256_ccm_8};

Bytes noise(uint64_t seed, size_t len) {
  Bytes bytes(len);
  SeededRandom(seed).fill(bytes);
  return bytes;
}

void start(RecordProtection& protection, Aead aead, bool tls13) {
  const Bytes key = noise(1, aead_key_len(aead));
  if (tls13)
    protection.start_tls13_raw(aead, key, noise(2, kAeadNonceLen));
  else
    protection.start_tls12(aead, key, noise(2, aead_fixed_iv_len(aead)));
}

struct AeadVector {
  const char* source;
  Aead aead;
  const char *key, *nonce, *aad, *plain, *sealed;  // sealed: with its tag
};
const AeadVector kVectors[] = {
    {"McGrew and Viega, GCM, test case 4", Aead::aes_128_gcm, "feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac97"
     "3d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {"McGrew and Viega, GCM, test case 16", Aead::aes_256_gcm,
     "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
    {"RFC 8439 section 2.8.2", Aead::chacha20_poly1305,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666"
     "657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069"
     "742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b29"
     "05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b"
     "61161ae10b594f09e26a7e902ecbd0600691"},
    {"NIST SP 800-38C example 3", Aead::aes_128_ccm_8, "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b",
     "000102030405060708090a0b0c0d0e0f10111213", "202122232425262728292a2b2c2d2e2f3031323334353637",
     "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"},
};

TEST_F(CryptoTest, KnownAeadVectorsThroughTheBendingHooks) {
  for (const AeadVector& v : kVectors) {
    RecordProtection protection;
    protection.start_tls13_raw(v.aead, hex(v.key), Bytes(12));
    const Bytes aad = hex(v.aad), plain = hex(v.plain), nonce_bytes = hex(v.nonce);
    AeadNonce nonce;
    std::ranges::copy(nonce_bytes, nonce.begin());
    SealOptions options;
    options.inner = plain;
    options.aad = aad;
    options.nonce = nonce;
    Bytes record;
    protection.seal(0, {}, record, options);
    EXPECT_EQ(to_hex(ByteView(record).subspan(5)), v.sealed) << v.source;
    Opened opened;
    Bytes out(record.size());
    EXPECT_TRUE(protection.open(record, out, opened, aad, nonce)) << v.source;
    EXPECT_TRUE(equal(ByteView(out).first(plain.size()), plain)) << v.source;
    EXPECT_FALSE(protection.open(record, out, opened)) << v.source;
  }
}

TEST_F(CryptoTest, EverySuiteAndLengthComesBack) {
  for (Aead aead : kAll)
    for (bool tls13 : {true, false}) {
      RecordProtection writer, reader;
      start(writer, aead, tls13);
      start(reader, aead, tls13);
      Bytes stream;
      for (size_t len : {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{16384}}) {
        const Bytes content = noise(len, len);
        stream.clear();
        writer.seal(22, content, stream);
        EXPECT_EQ(stream.size(), len + writer.overhead());
        EXPECT_EQ(stream[0], tls13 ? 23 : 22);
        EXPECT_EQ(stream[3] << 8 | stream[4], static_cast<int>(stream.size() - 5));
        Bytes out(stream.size() - 5, 0xaa);
        Opened opened;
        Bytes in_place = stream;
        ASSERT_TRUE(reader.open(stream, out, opened)) << static_cast<int>(aead) << " " << len;
        EXPECT_EQ(opened.type, 22);
        EXPECT_EQ(to_bytes(opened.content), content);
        reader.set_sequence(reader.sequence() - 1);
        ASSERT_TRUE(reader.open(in_place, std::span(in_place).subspan(5), opened));
        EXPECT_EQ(to_bytes(opened.content), content);
      }
      EXPECT_EQ(writer.sequence(), 6U);
      EXPECT_EQ(reader.sequence(), 6U);
    }
}

TEST_F(CryptoTest, EveryFlippedBitAndEveryTruncationIsRefused) {
  for (Aead aead : kAll)
    for (bool tls13 : {true, false}) {
      RecordProtection protection;
      start(protection, aead, tls13);
      Bytes record;
      protection.seal(23, as_bytes("hello"), record);
      Opened opened;
      Bytes out(record.size());
      for (size_t bit = 0; bit < record.size() * 8; ++bit) {
        // TLS 1.2 authenticates the plaintext's length, not the header's two bytes that say the record's.
        if (!tls13 && bit / 8 >= 3 && bit / 8 < 5) continue;
        record[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
        protection.set_sequence(0);
        EXPECT_FALSE(protection.open(record, out, opened)) << static_cast<int>(aead) << " bit " << bit;
        EXPECT_EQ(protection.sequence(), 0U);
        expect_empty_queue();
        record[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
      }
      for (size_t len = 0; len < record.size(); ++len) {
        EXPECT_FALSE(protection.open(ByteView(record).first(len), out, opened));
        expect_empty_queue();
      }
      EXPECT_TRUE(protection.open(record, out, opened)) << "the failures before it have done no harm";
      protection.set_sequence(1);
      EXPECT_EQ(protection.open(record, out, opened), false) << "another sequence number";
    }
}

// RFC 8446 §5.2-5.4.
TEST_F(CryptoTest, Tls13InnerPlaintextAndPadding) {
  RecordProtection protection;
  start(protection, Aead::aes_128_gcm, true);
  Bytes record, out(200);
  Opened opened;
  const auto round = [&](uint8_t type, ByteView content, const SealOptions& options) {
    record.clear();
    protection.set_sequence(0);
    protection.seal(type, content, record, options);
    protection.set_sequence(0);
    return protection.open(record, out, opened);
  };
  ASSERT_TRUE(round(22, as_bytes("abc"), {.padding = 50}));
  EXPECT_EQ(record.size(), 5 + 3 + 1 + 50 + 16U);
  EXPECT_EQ(opened.padding, 50U);
  EXPECT_EQ(opened.inner_len(), 54U);
  EXPECT_EQ(as_text(opened.content), "abc");

  const Bytes zeros(40);
  ASSERT_TRUE(round(22, {}, {.inner = zeros}));
  EXPECT_EQ(opened.type, 0) << "nothing but zeros: the caller answers unexpected_message";
  EXPECT_EQ(opened.inner_len(), 40U);
  EXPECT_TRUE(opened.content.empty());
  ASSERT_TRUE(round(22, {}, {.inner = ByteView()})) << "not even a type";
  EXPECT_EQ(opened.type, 0);

  // A header that lies is authenticated as it is sent, so that the peer gets to judge it.
  ASSERT_TRUE(round(22, as_bytes("abc"), {.outer_type = 22, .version = 0x0301}));
  EXPECT_EQ(to_hex(ByteView(record).first(3)), "160301");
  const Bytes other_aad = hex("1703030014");
  EXPECT_FALSE(round(22, as_bytes("abc"), {.outer_type = 22, .aad = other_aad}));
  EXPECT_FALSE(round(22, as_bytes("abc"), {.nonce = AeadNonce{1}}));
}

// TLS 1.2 spelt out by libcrypto: RFC 5246 §6.2.3.3, RFC 5288 §3, RFC 7905 §2.
TEST_F(CryptoTest, Tls12NonceAndAdditionalDataAgainstLibcrypto) {
  const std::pair<Aead, const EVP_CIPHER*> table[] = {{Aead::aes_128_gcm, EVP_aes_128_gcm()},
                                                      {Aead::aes_256_gcm, EVP_aes_256_gcm()},
                                                      {Aead::chacha20_poly1305, EVP_chacha20_poly1305()}};
  for (const auto& [aead, cipher] : table) {
    const Bytes key = noise(1, aead_key_len(aead)), iv = noise(2, aead_fixed_iv_len(aead));
    const bool explicit_nonce = aead_explicit_nonce_len(aead) == 8;
    RecordProtection protection;
    protection.start_tls12(aead, key, iv);
    protection.set_sequence(0x0102030405060708);
    Bytes record;
    const Bytes content = noise(3, 300);  // more than one byte of length
    protection.seal(23, content, record);
    EXPECT_EQ(protection.sequence(), 0x0102030405060709U);

    const Bytes sequence = hex("0102030405060708");
    Bytes nonce = iv, aad = sequence, sealed(300), tag(16);
    if (explicit_nonce)
      append(nonce, sequence);
    else
      for (size_t i = 0; i < 8; ++i) nonce[4 + i] ^= sequence[i];
    append(aad, hex("170303012c"));
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    int len = 0;
    ASSERT_EQ(EVP_EncryptInit_ex(context, cipher, nullptr, key.data(), nonce.data()), 1);
    ASSERT_EQ(EVP_EncryptUpdate(context, nullptr, &len, aad.data(), static_cast<int>(aad.size())), 1);
    ASSERT_EQ(EVP_EncryptUpdate(context, sealed.data(), &len, content.data(), 300), 1);
    ASSERT_EQ(EVP_EncryptFinal_ex(context, sealed.data() + 300, &len), 1);
    ASSERT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag.data()), 1);
    EVP_CIPHER_CTX_free(context);
    Bytes expected = hex(explicit_nonce ? "17030301440102030405060708" : "170303013c");
    append(expected, sealed);
    append(expected, tag);
    EXPECT_EQ(to_hex(record), to_hex(expected));
  }
}

TEST_F(CryptoTest, Tls12SendersMayChooseTheExplicitNonce) {
  RecordProtection protection;
  start(protection, Aead::aes_128_gcm, false);
  AeadNonce nonce{};
  const Bytes salt = noise(2, 4), random = noise(3, 8);
  std::ranges::copy(salt, nonce.begin());
  std::ranges::copy(random, nonce.begin() + 4);
  Bytes record, out(100);
  protection.seal(23, as_bytes("x"), record, {.nonce = nonce});
  EXPECT_TRUE(equal(ByteView(record).subspan(5, 8), random));
  protection.set_sequence(0);
  Opened opened;
  EXPECT_TRUE(protection.open(record, out, opened));
}

TEST_F(CryptoTest, StartingAgainBeginsAtZeroWithTheNewKeys) {
  RecordProtection writer, reader;
  EXPECT_FALSE(writer.active());
  Opened opened;
  for (bool tls13 : {true, false, true})
    for (Aead aead : kAll)
      for (int generation = 0; generation < 2; ++generation) {
        SecretBytes secret(noise(static_cast<uint64_t>(generation), 32));
        if (tls13) {
          writer.start_tls13(aead, HashAlgorithm::sha256, secret);
          reader.start_tls13(aead, HashAlgorithm::sha256, secret);
        } else {
          start(writer, aead, false);
          start(reader, aead, false);
        }
        EXPECT_EQ(writer.sequence(), 0U);
        Bytes record, out(100);
        writer.seal(23, as_bytes("x"), record);
        EXPECT_TRUE(reader.open(record, out, opened)) << static_cast<int>(aead);
      }
  writer.stop();
  EXPECT_FALSE(writer.active());
  Bytes record;
  EXPECT_DEATH(writer.seal(23, {}, record), "active");
}

TEST_F(CryptoTest, SuitesAreFoundByCodePoint) {
  ASSERT_NE(find_suite(0x1301), nullptr);
  EXPECT_EQ(find_suite(0x1301)->aead, Aead::aes_128_gcm);
  EXPECT_TRUE(find_suite(0x1303)->tls13);
  EXPECT_EQ(find_suite(0xc030)->hash, HashAlgorithm::sha384);
  EXPECT_FALSE(find_suite(0xcca9)->tls13);
  for (uint16_t unknown : std::initializer_list<uint16_t>{0x0000, 0x002f, 0x1300, 0x1306, 0xffff})
    EXPECT_EQ(find_suite(unknown), nullptr);
  for (const SuiteCrypto& suite : all_suites()) EXPECT_EQ(find_suite(suite.suite), &suite);
}

}  // namespace
}  // namespace tlsproof::crypto
