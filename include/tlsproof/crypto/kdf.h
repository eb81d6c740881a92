// Key derivation: HKDF (RFC 5869), the TLS 1.3 functions on top of it (RFC 8446 §7.1) and the TLS 1.2 PRF (RFC 5246
// §5). Every function writes into the caller's memory, allocates nothing and cannot fail; impossible lengths abort.
#pragma once

#include "tlsproof/base/secret.h"
#include "tlsproof/crypto/hash.h"

namespace tlsproof::crypto {

// HKDF-Extract; `out` is hash_len bytes. An empty salt is a string of hash_len zeros, as the RFC says.
void hkdf_extract(HashAlgorithm hash, ByteView salt, ByteView ikm, std::span<uint8_t> out);
// HKDF-Expand of any length up to 255 * hash_len.
void hkdf_expand(const HmacKey& prk, ByteView info, std::span<uint8_t> out);
// HKDF-Expand-Label: `label` without its "tls13 " (at most 249 bytes), `context` at most 255 bytes.
void hkdf_expand_label(const HmacKey& secret, std::string_view label, ByteView context, std::span<uint8_t> out);
void hkdf_expand_label(HashAlgorithm hash, ByteView secret, std::string_view label, ByteView context,
                       std::span<uint8_t> out);
// Derive-Secret with the transcript hash in place of the messages. `out` becomes hash_len bytes.
void derive_secret(const HmacKey& secret, std::string_view label, ByteView transcript_hash, SecretBytes& out);

// PRF(secret, label, seed1 + seed2) of any length. The secret may be of any length too.
void prf(HashAlgorithm hash, ByteView secret, std::string_view label, ByteView seed1, ByteView seed2,
         std::span<uint8_t> out);

}  // namespace tlsproof::crypto
