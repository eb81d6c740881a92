#include "tlsproof/crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "testing.h"
#include "tlsproof/base/random.h"
#include "tlsproof/crypto/key_schedule12.h"
#include "tlsproof/crypto/key_schedule13.h"

namespace tlsproof::crypto {
namespace {

constexpr HashAlgorithm kAll[] = {HashAlgorithm::sha1, HashAlgorithm::sha224, HashAlgorithm::sha256,
                                  HashAlgorithm::sha384, HashAlgorithm::sha512};

const EVP_MD* witness(HashAlgorithm hash) {
  return EVP_get_digestbyname(std::string(hash_name(hash)).c_str());
}

Bytes noise(uint64_t seed, size_t len) {
  Bytes bytes(len);
  SeededRandom(seed).fill(bytes);
  return bytes;
}

TEST_F(CryptoTest, KnownDigests) {  // FIPS 180-4 examples
  const std::pair<HashAlgorithm, const char*> table[] = {
      {HashAlgorithm::sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {HashAlgorithm::sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
      {HashAlgorithm::sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {HashAlgorithm::sha384,
       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
      {HashAlgorithm::sha512,
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80"
       "e"
       "2a9ac94fa54ca49f"}};
  for (const auto& [hash, expected] : table) {
    EXPECT_EQ(to_hex(digest(hash, as_bytes("abc"))), expected) << hash_name(hash);
    EXPECT_EQ(digest(hash, {}).size(), hash_len(hash));
    EXPECT_EQ(to_hex(empty_digest(hash)), to_hex(digest(hash, {})));
  }
}

TEST_F(CryptoTest, DigestsInPiecesAndSnapshotsAgreeWithLibcrypto) {
  const Bytes data = noise(1, 1000);
  for (HashAlgorithm hash : kAll) {
    Digest whole(hash);
    size_t done = 0;
    for (size_t piece : std::initializer_list<size_t>{0, 1, 2, 55, 64, 63, 65, 111, 112, 128, 129, 200}) {
      whole.update(ByteView(data).subspan(done, piece));
      done += piece;
      uint8_t expected[EVP_MAX_MD_SIZE];
      unsigned len = 0;
      ASSERT_EQ(EVP_Digest(data.data(), done, expected, &len, witness(hash), nullptr), 1);
      EXPECT_EQ(to_hex(whole.snapshot()), to_hex({expected, len})) << hash_name(hash) << " " << done;
    }
    Digest fork = whole;
    fork.update(as_bytes("x"));
    EXPECT_NE(to_hex(fork.snapshot()), to_hex(whole.snapshot()));
    whole.init();
    EXPECT_EQ(to_hex(whole.snapshot()), to_hex(empty_digest(hash)));
  }
}

TEST_F(CryptoTest, HmacOfRfc4231AndLibcrypto) {
  std::array<uint8_t, 32> out;
  hmac(HashAlgorithm::sha256, Bytes(20, 0x0b), as_bytes("Hi There"), out);
  EXPECT_EQ(to_hex(out), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  for (HashAlgorithm hash : kAll)
    for (size_t key_len :
         std::initializer_list<size_t>{0, 1, 20, 63, 64, 65, 127, 128, 129, 300}) {  // around both block lengths
      const Bytes key = noise(key_len, key_len), data = noise(2, key_len / 2);
      uint8_t expected[EVP_MAX_MD_SIZE];
      unsigned len = 0;
      const uint8_t none = 0;
      HMAC(witness(hash), key.empty() ? &none : key.data(), static_cast<int>(key.size()), data.data(), data.size(),
           expected, &len);
      Bytes value(hash_len(hash));
      const HmacKey prepared(hash, key);
      for (int i = 0; i < 2; ++i) {  // the key is not used up
        prepared.mac(data, value);
        EXPECT_EQ(to_hex(value), to_hex({expected, len})) << hash_name(hash) << " " << key_len;
      }
    }
}

TEST_F(CryptoTest, HkdfOfRfc5869) {
  int cases = 0;
  for (const VectorSection& s : load_vectors("rfc5869.txt")) {
    const HashAlgorithm hash = s.text("Hash") == "SHA-1" ? HashAlgorithm::sha1 : HashAlgorithm::sha256;
    Bytes prk(hash_len(hash)), okm(std::stoul(s.text("L")));
    hkdf_extract(hash, s.bytes("salt"), s.bytes("IKM"), prk);
    EXPECT_EQ(prk, s.bytes("PRK")) << s.title;
    hkdf_expand(HmacKey(hash, prk), s.bytes("info"), okm);
    EXPECT_EQ(okm, s.bytes("OKM")) << s.title;
    ++cases;
  }
  EXPECT_EQ(cases, 7);
}

TEST_F(CryptoTest, ExpandOfTheLongestLengthAndNoLonger) {
  const HmacKey prk(HashAlgorithm::sha256, Bytes(32, 1));
  Bytes longest(255 * 32), shorter(255 * 32 - 33);
  hkdf_expand(prk, {}, longest);
  hkdf_expand(prk, {}, shorter);
  EXPECT_TRUE(equal(ByteView(longest).first(shorter.size()), shorter));
  Bytes too_long(255 * 32 + 1);
  EXPECT_DEATH(hkdf_expand(prk, {}, too_long), "255");
  std::array<uint8_t, 16> out;
  EXPECT_DEATH(hkdf_expand_label(prk, std::string(250, 'a'), {}, out), "label");
  EXPECT_DEATH(hkdf_expand_label(prk, "a", Bytes(256), out), "context");
  hkdf_expand_label(prk, std::string(249, 'a'), Bytes(255), out);
}

// The vector for the TLS 1.2 PRF that was published on the IETF's TLS list (P_SHA256).
TEST_F(CryptoTest, PrfOfTls12) {
  Bytes out(100);
  prf(HashAlgorithm::sha256, hex("9bbe436ba940f017b17652849a71db35"), "test label",
      hex("a0ba9f936cda311827a6f796ffd5198c"), {}, out);
  EXPECT_EQ(
      to_hex(out),
      "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17"
      "abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66");
}

Bytes prf_witness(HashAlgorithm hash, const Bytes& secret, std::string_view label, const Bytes& seed, size_t len) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  std::string md(hash_name(hash)), label_text(label);
  Bytes key = secret, tail = seed, out(len);
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, md.data(), 0),
                         OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, key.data(), key.size()),
                         OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label_text.data(), label_text.size()),
                         OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, tail.data(), tail.size()),
                         OSSL_PARAM_construct_end()};
  EXPECT_EQ(EVP_KDF_derive(context, out.data(), out.size(), params), 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

TEST_F(CryptoTest, KeySchedule12AgreesWithLibcrypto) {
  const Bytes premaster = noise(1, 32), client = noise(2, 32), server = noise(3, 32);
  for (HashAlgorithm hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    const Bytes transcript = noise(4, hash_len(hash));
    Bytes client_server = client, server_client = server;
    append(client_server, server);
    append(server_client, client);
    KeySchedule12 keys(hash);
    EXPECT_TRUE(keys.master().empty());
    keys.derive_master(premaster, client, server);
    const Bytes master = prf_witness(hash, premaster, "master secret", client_server, 48);
    EXPECT_EQ(to_bytes(keys.master().view()), master);

    for (Aead aead : {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305}) {
      const KeyBlock12 block = keys.keys(aead, client, server);
      Bytes all = to_bytes(block.client_key);
      for (ByteView part : {block.server_key, block.client_iv, block.server_iv}) append(all, part);
      const size_t len = aead == Aead::chacha20_poly1305 ? 88 : aead == Aead::aes_128_gcm ? 40 : 72;
      EXPECT_EQ(all, prf_witness(hash, master, "key expansion", server_client, len));
      EXPECT_EQ(block.client_iv.size(), aead == Aead::chacha20_poly1305 ? 12U : 4U);
    }
    std::array<uint8_t, kVerifyDataLen12> verify_data;
    keys.finished(Side::client, transcript, verify_data);
    EXPECT_EQ(to_bytes(verify_data), prf_witness(hash, master, "client finished", transcript, 12));
    keys.finished(Side::server, transcript, verify_data);
    EXPECT_EQ(to_bytes(verify_data), prf_witness(hash, master, "server finished", transcript, 12));

    Bytes exported(40), seed = client_server;  // RFC 5705: with a context its length comes before it
    keys.export_keying_material("EXPERIMENTAL", client, server, std::nullopt, exported);
    EXPECT_EQ(exported, prf_witness(hash, master, "EXPERIMENTAL", seed, 40));
    append(seed, hex("0003616263"));
    keys.export_keying_material("EXPERIMENTAL", client, server, as_bytes("abc"), exported);
    EXPECT_EQ(exported, prf_witness(hash, master, "EXPERIMENTAL", seed, 40));

    keys.derive_extended_master(premaster, transcript);
    EXPECT_EQ(to_bytes(keys.master().view()), prf_witness(hash, premaster, "extended master secret", transcript, 48));
    keys.set_master(master);
    EXPECT_EQ(to_bytes(keys.master().view()), master);
    keys.reset(hash);
    EXPECT_TRUE(keys.master().empty());
    EXPECT_DEATH((void)keys.keys(Aead::aes_128_gcm, client, server), "master_");
  }
}

TEST_F(CryptoTest, KeySchedule13UpdatesExportsAndForgets) {
  KeySchedule13 keys(HashAlgorithm::sha384);
  const Bytes hash = noise(1, 48), shared = noise(2, 32);
  EXPECT_DEATH(keys.handshake(shared, hash), "stage_");
  keys.early();
  EXPECT_DEATH(keys.application(hash), "stage_");
  keys.handshake(shared, hash);
  std::array<uint8_t, 48> out;
  EXPECT_DEATH(keys.binder(PskKind::external, hash, out), "stage_");
  keys.application(hash);
  const Bytes first = to_bytes(keys.client_application().view());
  const Bytes server = to_bytes(keys.server_application().view());
  // RFC 8446 §7.2, spelt out.
  Bytes second(48);
  hkdf_expand_label(HashAlgorithm::sha384, first, "traffic upd", {}, second);
  keys.update(Side::client);
  EXPECT_EQ(to_bytes(keys.client_application().view()), second);
  EXPECT_EQ(to_bytes(keys.server_application().view()), server);
  // RFC 8446 §7.5, spelt out.
  Bytes derived(48), expected(20), exported(20);
  hkdf_expand_label(HashAlgorithm::sha384, keys.exporter().view(), "my label", empty_digest(HashAlgorithm::sha384),
                    derived);
  hkdf_expand_label(HashAlgorithm::sha384, derived, "exporter", digest(HashAlgorithm::sha384, as_bytes("ctx")),
                    expected);
  keys.export_keying_material("my label", as_bytes("ctx"), exported);
  EXPECT_EQ(exported, expected);

  keys.reset(HashAlgorithm::sha256);
  for (const SecretBytes* secret : {&keys.client_handshake(), &keys.server_handshake(), &keys.client_application(),
                                    &keys.server_application(), &keys.exporter(), &keys.resumption_master()})
    EXPECT_TRUE(secret->empty());
  // A PSK alone (psk_ke): zeros take the place of the shared secret, and the binder depends on the kind.
  keys.early(Bytes(32, 7));
  std::array<uint8_t, 32> external, resumption;
  keys.binder(PskKind::external, Bytes(32), external);
  keys.binder(PskKind::resumption, Bytes(32), resumption);
  EXPECT_NE(external, resumption);
  keys.handshake({}, Bytes(32));
  const Bytes with_none = to_bytes(keys.client_handshake().view());
  keys.early(Bytes(32, 7));
  keys.handshake(Bytes(32), Bytes(32));
  EXPECT_EQ(to_bytes(keys.client_handshake().view()), with_none);
}

}  // namespace
}  // namespace tlsproof::crypto
