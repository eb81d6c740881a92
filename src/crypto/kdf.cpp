#include "tlsproof/crypto/kdf.h"

#include <algorithm>

#include "tlsproof/base/error.h"

namespace tlsproof::crypto {

void hkdf_extract(HashAlgorithm hash, ByteView salt, ByteView ikm, std::span<uint8_t> out) {
  // RFC 5869 §2.2: no salt is hash_len zeros, which HMAC's filling up makes of an empty key.
  hmac(hash, salt, ikm, out);
}

void hkdf_expand(const HmacKey& prk, ByteView info, std::span<uint8_t> out) {
  const size_t len = hash_len(prk.hash());
  TLSPROOF_CHECK(out.size() <= 255 * len);
  // RFC 5869 §2.3: T(i) = HMAC(PRK, T(i-1) | info | i).
  std::array<uint8_t, kMaxHashLen> block;
  const std::span<uint8_t> t = std::span(block).first(len);
  uint8_t counter = 0;
  while (!out.empty()) {
    ++counter;
    const ByteView parts[] = {counter == 1 ? ByteView() : ByteView(t), info, ByteView(&counter, 1)};
    const size_t take = std::min(len, out.size());
    prk.mac(parts, t);
    std::ranges::copy(t.first(take), out.begin());
    out = out.subspan(take);
  }
  wipe(block);
}

void hkdf_expand_label(const HmacKey& secret, std::string_view label, ByteView context, std::span<uint8_t> out) {
  constexpr std::string_view kPrefix = "tls13 ";
  TLSPROOF_CHECK(kPrefix.size() + label.size() <= 255 && context.size() <= 255 && out.size() <= 0xffff);
  // RFC 8446 §7.1: struct { uint16 length; opaque label<7..255>; opaque context<0..255>; } HkdfLabel.
  std::array<uint8_t, 2 + 1 + 255 + 1 + 255> info;
  auto at = info.begin();
  *at++ = static_cast<uint8_t>(out.size() >> 8);
  *at++ = static_cast<uint8_t>(out.size());
  *at++ = static_cast<uint8_t>(kPrefix.size() + label.size());
  at = std::ranges::copy(kPrefix, at).out;
  at = std::ranges::copy(label, at).out;
  *at++ = static_cast<uint8_t>(context.size());
  at = std::ranges::copy(context, at).out;
  hkdf_expand(secret, ByteView(info.begin(), at), out);
}

void hkdf_expand_label(HashAlgorithm hash, ByteView secret, std::string_view label, ByteView context,
                       std::span<uint8_t> out) {
  hkdf_expand_label(HmacKey(hash, secret), label, context, out);
}

void derive_secret(const HmacKey& secret, std::string_view label, ByteView transcript_hash, SecretBytes& out) {
  out.resize(hash_len(secret.hash()));
  hkdf_expand_label(secret, label, transcript_hash, out.span());
}

void prf(HashAlgorithm hash, ByteView secret, std::string_view label, ByteView seed1, ByteView seed2,
         std::span<uint8_t> out) {
  // RFC 5246 §5: P_hash(secret, seed) = HMAC(secret, A(1) + seed) + HMAC(secret, A(2) + seed) …, A(0) = seed.
  const HmacKey key(hash, secret);
  const size_t len = hash_len(hash);
  std::array<uint8_t, kMaxHashLen> a_block, value_block;
  const std::span<uint8_t> a = std::span(a_block).first(len), value = std::span(value_block).first(len);
  const ByteView seed[] = {as_bytes(label), seed1, seed2};
  key.mac(seed, a);
  while (!out.empty()) {
    const ByteView parts[] = {a, seed[0], seed[1], seed[2]};
    key.mac(parts, value);
    const size_t take = std::min(len, out.size());
    std::ranges::copy(value.first(take), out.begin());
    out = out.subspan(take);
    if (!out.empty()) key.mac(ByteView(a), a);
  }
  wipe(a_block);
  wipe(value_block);
}

}  // namespace tlsproof::crypto
