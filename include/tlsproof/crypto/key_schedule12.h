// The TLS 1.2 key schedule: RFC 5246 §6.3, §7.4.9, §8.1; RFC 7627 (extended master secret); RFC 5705 (exporters).
#pragma once

#include "tlsproof/base/secret.h"
#include "tlsproof/crypto/kdf.h"
#include "tlsproof/crypto/suites.h"

namespace tlsproof::crypto {

inline constexpr size_t kMasterSecretLen = 48;
inline constexpr size_t kVerifyDataLen12 = 12;

// Keys of both directions; the views borrow from the KeySchedule12 until its next keys() or reset().
struct KeyBlock12 {
  ByteView client_key, server_key;
  ByteView client_iv, server_iv;  // the fixed part: 4 bytes, ChaCha20-Poly1305 12
};

class KeySchedule12 {
 public:
  explicit KeySchedule12(HashAlgorithm prf_hash = HashAlgorithm::sha256) : hash_(prf_hash) {}
  // Forgets and wipes everything, keeps the memory.
  void reset(HashAlgorithm prf_hash);
  [[nodiscard]] HashAlgorithm hash() const { return hash_; }

  // master_secret from the premaster secret: RFC 5246 §8.1 …
  void derive_master(ByteView premaster, ByteView client_random, ByteView server_random);
  // … or RFC 7627 §4: session_hash covers the messages up to and with ClientKeyExchange.
  void derive_extended_master(ByteView premaster, ByteView session_hash);
  // A resumed session's.
  void set_master(ByteView master_secret) { master_.assign(master_secret); }
  // 48 bytes, empty before; CLIENT_RANDOM in a key log.
  [[nodiscard]] const SecretBytes& master() const { return master_; }

  // The key block cut for an AEAD suite (RFC 5246 §6.3: no MAC keys). After a master secret was set.
  [[nodiscard]] KeyBlock12 keys(Aead aead, ByteView client_random, ByteView server_random);
  // verify_data of that side's Finished; `out` is 12 bytes in every suite we know, but any length is filled.
  void finished(Side side, ByteView transcript_hash, std::span<uint8_t> out) const;
  // RFC 5705 §4; without a context the seed differs from an empty one.
  void export_keying_material(std::string_view label, ByteView client_random, ByteView server_random,
                              std::optional<ByteView> context, std::span<uint8_t> out) const;

 private:
  HashAlgorithm hash_;
  SecretBytes master_;
  SecretBytes block_;
};

}  // namespace tlsproof::crypto
