// No code of ours allocates in the steady state: once an object has done its work, doing it again calls no operator
// new. What libcrypto itself takes by malloc is not counted.
#include <cstdlib>
#include <new>

#include "testing.h"
#include "tlsproof/crypto/key_exchange.h"
#include "tlsproof/crypto/key_schedule12.h"
#include "tlsproof/crypto/key_schedule13.h"
#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/crypto/signature.h"

namespace {
size_t allocations = 0;
}

// NOLINTBEGIN: the replaced operators have to call malloc and free
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new[](size_t size) {
  return operator new(size);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return ++allocations, std::malloc(size != 0 ? size : 1);
}
void* operator new[](size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
// NOLINTEND

namespace tlsproof::crypto {
namespace {

// How often operator new is called by `body` after it has run twice to warm up.
template <class Body>
size_t count(Body body) {
  body();
  body();
  const size_t before = allocations;
  for (int i = 0; i < 10; ++i) body();
  return allocations - before;
}

TEST_F(CryptoTest, TheCounterCounts) {
  // Called by name: a compiler may leave out a new-expression, not this.
  EXPECT_EQ(count([] { ::operator delete(::operator new(100)); }), 10U);
}

TEST_F(CryptoTest, DigestsAndKeySchedulesAllocateNothing) {
  const Bytes data(1000), random(32);
  for (HashAlgorithm hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    Digest transcript(hash);
    KeySchedule13 keys(hash);
    KeySchedule12 old(hash);
    SecretBytes psk;
    EXPECT_EQ(count([&] {
                transcript.init(hash);
                transcript.update(data);
                const Digest fork = transcript;
                const HashValue value = fork.snapshot();
                std::array<uint8_t, 48> out;
                keys.reset(hash);
                keys.early();
                keys.handshake(random, value);
                keys.finished(Side::server, value, std::span(out).first(value.size()));
                keys.application(value);
                keys.resumption(value);
                keys.update(Side::client);
                keys.resumption_psk(value, psk);
                old.reset(hash);
                old.derive_extended_master(random, value);
                (void)old.keys(Aead::aes_256_gcm, random, random);
                old.finished(Side::client, value, std::span(out).first(12));
              }),
              0U);
  }
}

TEST_F(CryptoTest, RecordsAllocateNothing) {
  const Bytes content(16000), key(32), iv(12);
  SecretBytes secret(ByteView(key).first(32));
  for (Aead aead : {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305, Aead::aes_128_ccm})
    for (bool tls13 : {true, false}) {
      RecordProtection writer, reader;
      Bytes record, plain(20000);
      EXPECT_EQ(count([&] {
                  if (tls13) {
                    writer.start_tls13(aead, HashAlgorithm::sha256, secret);
                    reader.start_tls13(aead, HashAlgorithm::sha256, secret);
                  } else {
                    const ByteView k = ByteView(key).first(aead_key_len(aead)),
                                   v = ByteView(iv).first(aead_fixed_iv_len(aead));
                    writer.start_tls12(aead, k, v);
                    reader.start_tls12(aead, k, v);
                  }
                  for (int i = 0; i < 3; ++i) {
                    record.clear();
                    writer.seal(23, content, record);
                    Opened opened;
                    ASSERT_TRUE(reader.open(record, plain, opened));
                  }
                }),
                0U)
          << static_cast<int>(aead);
    }
}

TEST_F(CryptoTest, KeyExchangesAndSignaturesAllocateNothing) {
  for (uint16_t group : std::initializer_list<uint16_t>{0x001d, 0x0017, 0x0018, 0x0019}) {
    auto mine = make_key_exchange(group), theirs = make_key_exchange(group);
    SecretBytes secret;
    EXPECT_EQ(count([&] {
                ASSERT_TRUE(mine->generate(system_random()));
                ASSERT_TRUE(theirs->generate(system_random()));
                ASSERT_TRUE(mine->derive(theirs->public_share(), secret));
              }),
              0U)
        << group;
  }
  for (KeyKind kind : {KeyKind::p256, KeyKind::rsa, KeyKind::ed25519}) {
    const PrivateKey key = PrivateKey::generate(kind, 2048).value();
    auto signer = make_signer(key);
    const uint16_t scheme = signer->schemes(SchemeRules::tls13)[0];
    auto verifier = Verifier::make(scheme, key.public_key(), SchemeRules::tls13);
    Bytes content, signature;
    EXPECT_EQ(count([&] {
                certificate_verify_content(Side::client, digest(HashAlgorithm::sha256, {}), content);
                ASSERT_TRUE(signer->sign(scheme, content, signature));
                ASSERT_TRUE(verifier->verify(content, signature));
              }),
              0U)
        << to_string(kind);
  }
}

}  // namespace
}  // namespace tlsproof::crypto
