// What the cryptography of a handshake costs, one operation at a time.
#include <benchmark/benchmark.h>

#include "tlsproof/crypto/key_exchange.h"
#include "tlsproof/crypto/key_schedule12.h"
#include "tlsproof/crypto/key_schedule13.h"
#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/crypto/signature.h"

namespace tlsproof::crypto {
namespace {

void digest_snapshot(benchmark::State& state) {
  Digest transcript;
  transcript.update(Bytes(300));
  for (auto _ : state) benchmark::DoNotOptimize(transcript.snapshot());
}
BENCHMARK(digest_snapshot);

void expand_label(benchmark::State& state) {
  const HmacKey secret(HashAlgorithm::sha256, Bytes(32));
  std::array<uint8_t, 32> out;
  const HashValue hash = digest(HashAlgorithm::sha256, {});
  for (auto _ : state) {
    hkdf_expand_label(secret, "c hs traffic", hash, out);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(expand_label);

// Everything a full handshake derives but the record keys.
void key_schedule_tls13(benchmark::State& state) {
  KeySchedule13 keys;
  const auto hash = static_cast<HashAlgorithm>(state.range(0));
  const Bytes shared(32), transcript(hash_len(hash));
  std::array<uint8_t, kMaxHashLen> out;
  for (auto _ : state) {
    keys.reset(hash);
    keys.early();
    keys.handshake(shared, transcript);
    keys.finished(Side::server, transcript, std::span(out).first(transcript.size()));
    keys.application(transcript);
    keys.finished(Side::client, transcript, std::span(out).first(transcript.size()));
    keys.resumption(transcript);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(key_schedule_tls13)
    ->Arg(static_cast<int>(HashAlgorithm::sha256))
    ->Arg(static_cast<int>(HashAlgorithm::sha384));

void key_schedule_tls12(benchmark::State& state) {
  KeySchedule12 keys;
  const Bytes premaster(32), hash(32), random(32);
  std::array<uint8_t, kVerifyDataLen12> out;
  for (auto _ : state) {
    keys.reset(HashAlgorithm::sha256);
    keys.derive_extended_master(premaster, hash);
    benchmark::DoNotOptimize(keys.keys(Aead::aes_128_gcm, random, random));
    keys.finished(Side::client, hash, out);
    keys.finished(Side::server, hash, out);
  }
}
BENCHMARK(key_schedule_tls12);

void record_start(benchmark::State& state) {
  RecordProtection protection;
  const SecretBytes secret(Bytes(32));
  Bytes out;
  for (auto _ : state) {
    protection.start_tls13(Aead::aes_128_gcm, HashAlgorithm::sha256, secret);
    out.clear();
    protection.seal(22, {}, out);
  }
}
BENCHMARK(record_start);

void record_seal(benchmark::State& state) {
  RecordProtection protection;
  const SecretBytes secret(Bytes(32));
  protection.start_tls13(static_cast<Aead>(state.range(0)), HashAlgorithm::sha256, secret);
  const Bytes content(static_cast<size_t>(state.range(1)));
  Bytes out;
  for (auto _ : state) {
    out.clear();
    protection.seal(23, content, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(1));
}
BENCHMARK(record_seal)
    ->ArgsProduct({{static_cast<int>(Aead::aes_128_gcm), static_cast<int>(Aead::chacha20_poly1305)},
                   {64, 1024, 16384}});

void record_open(benchmark::State& state) {
  RecordProtection writer, reader;
  const SecretBytes secret(Bytes(32));
  for (RecordProtection* p : {&writer, &reader})
    p->start_tls13(static_cast<Aead>(state.range(0)), HashAlgorithm::sha256, secret);
  Bytes record;
  writer.seal(23, Bytes(static_cast<size_t>(state.range(1))), record);
  Bytes out(record.size());
  Opened opened;
  for (auto _ : state) {
    reader.set_sequence(0);
    if (!reader.open(record, out, opened)) state.SkipWithError("does not open");
  }
  state.SetBytesProcessed(state.iterations() * state.range(1));
}
BENCHMARK(record_open)
    ->ArgsProduct({{static_cast<int>(Aead::aes_128_gcm), static_cast<int>(Aead::chacha20_poly1305)},
                   {64, 1024, 16384}});

void key_exchange_generate(benchmark::State& state) {
  auto kex = make_key_exchange(static_cast<uint16_t>(state.range(0)));
  SeededRandom random(1);
  for (auto _ : state)
    if (!kex->generate(random)) state.SkipWithError("no key");
}
BENCHMARK(key_exchange_generate)->Arg(0x001d)->Arg(0x0017)->Arg(0x0018)->Arg(0x0019)->Unit(benchmark::kMicrosecond);

void key_exchange_derive(benchmark::State& state) {
  auto mine = make_key_exchange(static_cast<uint16_t>(state.range(0)));
  auto theirs = make_key_exchange(static_cast<uint16_t>(state.range(0)));
  SeededRandom random(1);
  if (!mine->generate(random) || !theirs->generate(random)) state.SkipWithError("no key");
  SecretBytes secret;
  for (auto _ : state)
    if (!mine->derive(theirs->public_share(), secret)) state.SkipWithError("no secret");
}
BENCHMARK(key_exchange_derive)->Arg(0x001d)->Arg(0x0017)->Arg(0x0018)->Arg(0x0019)->Unit(benchmark::kMicrosecond);

const PrivateKey& key(KeyKind kind) {
  static const PrivateKey rsa = PrivateKey::generate(KeyKind::rsa, 2048).value();
  static const PrivateKey p256 = PrivateKey::generate(KeyKind::p256).value();
  static const PrivateKey ed25519 = PrivateKey::generate(KeyKind::ed25519).value();
  return kind == KeyKind::rsa ? rsa : kind == KeyKind::p256 ? p256 : ed25519;
}

void public_key_decode(benchmark::State& state) {
  const Bytes spki = key(static_cast<KeyKind>(state.range(0))).spki().value();
  for (auto _ : state) benchmark::DoNotOptimize(PublicKey::decode(spki));
  state.SetLabel(std::string(to_string(static_cast<KeyKind>(state.range(0)))));
}

// One check with everything prepared, as a load generator does it …
void verify_prepared(benchmark::State& state) {
  const PrivateKey& k = key(static_cast<KeyKind>(state.range(0)));
  auto signer = make_signer(k);
  const uint16_t scheme = signer->schemes(SchemeRules::tls13)[0];
  Bytes signature, content;
  certificate_verify_content(Side::server, Bytes(32), content);
  if (!signer->sign(scheme, content, signature)) state.SkipWithError("cannot sign");
  auto verifier = Verifier::make(scheme, k.public_key(), SchemeRules::tls13);
  for (auto _ : state)
    if (!verifier->verify(content, signature)) state.SkipWithError("does not verify");
  state.SetLabel(k.public_key().name());
}
// … and one from the bytes of the key.
void verify_from_spki(benchmark::State& state) {
  const PrivateKey& k = key(static_cast<KeyKind>(state.range(0)));
  auto signer = make_signer(k);
  const uint16_t scheme = signer->schemes(SchemeRules::tls13)[0];
  Bytes signature, content;
  certificate_verify_content(Side::server, Bytes(32), content);
  if (!signer->sign(scheme, content, signature)) state.SkipWithError("cannot sign");
  const Bytes spki = k.spki().value();
  for (auto _ : state)
    if (!verify(scheme, *PublicKey::decode(spki), content, signature, SchemeRules::tls13))
      state.SkipWithError("does not verify");
  state.SetLabel(k.public_key().name());
}

void sign(benchmark::State& state) {
  const PrivateKey& k = key(static_cast<KeyKind>(state.range(0)));
  auto signer = make_signer(k);
  const uint16_t scheme = signer->schemes(SchemeRules::tls13)[0];
  const Bytes content(130);
  Bytes signature;
  for (auto _ : state)
    if (!signer->sign(scheme, content, signature)) state.SkipWithError("cannot sign");
  state.SetLabel(k.public_key().name());
}

void every_kind(benchmark::internal::Benchmark* b) {
  for (KeyKind kind : {KeyKind::p256, KeyKind::rsa, KeyKind::ed25519}) b->Arg(static_cast<int>(kind));
  b->Unit(benchmark::kMicrosecond);
}
BENCHMARK(public_key_decode)->Apply(every_kind);
BENCHMARK(verify_prepared)->Apply(every_kind);
BENCHMARK(verify_from_spki)->Apply(every_kind);
BENCHMARK(sign)->Apply(every_kind);

}  // namespace
}  // namespace tlsproof::crypto
