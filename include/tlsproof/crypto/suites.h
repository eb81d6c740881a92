// What a cipher suite means to the cryptography: which AEAD and which hash. Suites that we cannot run are not here.
#pragma once

#include "tlsproof/crypto/hash.h"

namespace tlsproof::crypto {

// Who speaks. The labels of the key schedules depend on it.
enum class Side : uint8_t { client, server };

enum class Aead : uint8_t {
  aes_128_gcm,
  aes_256_gcm,
  chacha20_poly1305,
  aes_128_ccm,
  aes_256_ccm,
  aes_128_ccm_8,
  aes_256_ccm_8,
};

[[nodiscard]] size_t aead_key_len(Aead aead);  // 16 or 32
[[nodiscard]] size_t aead_tag_len(Aead aead);  // 16, or 8 for CCM_8
// TLS 1.2 only. The part of the nonce that comes from the key block (fixed_iv_length: 4, ChaCha20-Poly1305 12) and the
// part that each record carries (8 and 0). Sources: RFC 5288 §3, RFC 6655 §3, RFC 7905 §2.
[[nodiscard]] size_t aead_fixed_iv_len(Aead aead);
[[nodiscard]] size_t aead_explicit_nonce_len(Aead aead);

inline constexpr size_t kAeadNonceLen = 12;

struct SuiteCrypto {
  uint16_t suite;  // IANA code point
  Aead aead;
  HashAlgorithm hash;  // of the transcript and HKDF (TLS 1.3) or the PRF (TLS 1.2)
  bool tls13;          // a TLS 1.3 suite; otherwise one of TLS 1.2
};

// All AEAD suites that the record protection can run, whatever their key exchange. nullptr for any other.
[[nodiscard]] const SuiteCrypto* find_suite(uint16_t suite);
[[nodiscard]] std::span<const SuiteCrypto> all_suites();

}  // namespace tlsproof::crypto
