#include "tlsproof/crypto/key_schedule12.h"

#include "tlsproof/base/error.h"

namespace tlsproof::crypto {

void KeySchedule12::reset(HashAlgorithm prf_hash) {
  hash_ = prf_hash;
  master_.clear();
  block_.clear();
}

void KeySchedule12::derive_master(ByteView premaster, ByteView client_random, ByteView server_random) {
  master_.resize(kMasterSecretLen);
  prf(hash_, premaster, "master secret", client_random, server_random, master_.span());
}

void KeySchedule12::derive_extended_master(ByteView premaster, ByteView session_hash) {
  master_.resize(kMasterSecretLen);
  prf(hash_, premaster, "extended master secret", session_hash, {}, master_.span());
}

KeyBlock12 KeySchedule12::keys(Aead aead, ByteView client_random, ByteView server_random) {
  TLSPROOF_CHECK(!master_.empty());
  const size_t key_len = aead_key_len(aead), iv_len = aead_fixed_iv_len(aead);
  block_.resize(2 * key_len + 2 * iv_len);
  // RFC 5246 §6.3: here the server's random comes first.
  prf(hash_, master_.view(), "key expansion", server_random, client_random, block_.span());
  const ByteView all = block_.view();
  return {all.first(key_len), all.subspan(key_len, key_len), all.subspan(2 * key_len, iv_len), all.last(iv_len)};
}

void KeySchedule12::finished(Side side, ByteView transcript_hash, std::span<uint8_t> out) const {
  TLSPROOF_CHECK(!master_.empty());
  prf(hash_, master_.view(), side == Side::client ? "client finished" : "server finished", transcript_hash, {}, out);
}

void KeySchedule12::export_keying_material(std::string_view label, ByteView client_random, ByteView server_random,
                                           std::optional<ByteView> context, std::span<uint8_t> out) const {
  TLSPROOF_CHECK(!master_.empty());
  Bytes seed = to_bytes(client_random);
  append(seed, server_random);
  if (context) {
    TLSPROOF_CHECK(context->size() <= 0xffff);
    seed.push_back(static_cast<uint8_t>(context->size() >> 8));
    seed.push_back(static_cast<uint8_t>(context->size()));
    append(seed, *context);
  }
  prf(hash_, master_.view(), label, seed, {}, out);
}

}  // namespace tlsproof::crypto
