// Long-term keys. Both classes are cheap handles: a copy shares the key, which never changes, so that copies may be
// used by several threads at once.
#pragma once

#include <functional>
#include <memory>

#include "tlsproof/base/error.h"
#include "tlsproof/base/secret.h"

struct evp_pkey_st;

namespace tlsproof::crypto {

enum class KeyKind : uint8_t {
  rsa,
  rsa_pss,  // the OID id-RSASSA-PSS: signs by PSS only
  p256,
  p384,
  p521,
  ed25519,
  ed448,
  other,  // libcrypto reads it, TLS has no signature scheme of ours for it (DSA, other curves, X25519)
};
// "RSA", "RSA-PSS", "P-256", "Ed25519", "other".
[[nodiscard]] std::string_view to_string(KeyKind kind);

enum class PublicKeyError : uint8_t {
  malformed,    // not a SubjectPublicKeyInfo, or values that no key has: a point off the curve
  unsupported,  // an algorithm or curve that libcrypto does not know, or too large a key
};
[[nodiscard]] std::string_view to_string(PublicKeyError error);

class PublicKey {
 public:
  // From the DER of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), whole.
  [[nodiscard]] static std::expected<PublicKey, PublicKeyError> decode(ByteView spki);

  [[nodiscard]] KeyKind kind() const { return kind_; }
  // The strength that people name: the modulus for RSA (2048), the field for curves (256).
  [[nodiscard]] unsigned bits() const { return bits_; }
  // "RSA-2048", "P-256", "Ed25519".
  [[nodiscard]] std::string name() const;
  // The same key, whatever its encoding.
  bool operator==(const PublicKey& other) const;

  // For those who speak libcrypto (crypto/openssl.h). Borrows.
  [[nodiscard]] evp_pkey_st* native() const { return key_.get(); }
  // Takes over one reference. Not null.
  [[nodiscard]] static PublicKey adopt(evp_pkey_st* key);

 private:
  PublicKey(std::shared_ptr<evp_pkey_st> key, KeyKind kind, unsigned bits);
  std::shared_ptr<evp_pkey_st> key_;
  KeyKind kind_;
  unsigned bits_;
};

// PBKDF2 iterations for keys that we encrypt: a fifth of a second or so for whoever tries one passphrase.
inline constexpr int kKeyIterations = 600'000;

// Asked for the passphrase once, and only when the key turns out to be encrypted; an Error it returns is passed on. An
// empty function means that there is none.
using PassphraseSource = std::function<Result<SecretBytes>()>;
// Always that one.
[[nodiscard]] PassphraseSource fixed_passphrase(SecretBytes passphrase);

class PrivateKey {
 public:
  // From PEM (the first private key among whatever blocks there are) or DER: PKCS#8, PKCS#1, SEC 1; encrypted by PKCS#8
  // or the old "Proc-Type: 4,ENCRYPTED". `name` (the file) begins the message, which tells apart: no private key there,
  // a passphrase is needed, the passphrase is wrong, an algorithm we do not support, damaged. Never prompts. Errors are
  // of kind usage.
  [[nodiscard]] static Result<PrivateKey> load(ByteView content, std::string_view name,
                                               const PassphraseSource& passphrase = {});
  // True when `content` holds an encrypted private key.
  [[nodiscard]] static bool is_encrypted(ByteView content);
  // A new key from libcrypto's own generator. `rsa_bits` counts for rsa and rsa_pss (512 … 16384).
  [[nodiscard]] static Result<PrivateKey> generate(KeyKind kind, unsigned rsa_bits = 2048);

  [[nodiscard]] KeyKind kind() const { return public_key_.kind(); }
  [[nodiscard]] unsigned bits() const { return public_key_.bits(); }
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] bool fits(const PublicKey& key) const { return public_key_ == key; }

  // PKCS#8 as PEM text, not encrypted.
  [[nodiscard]] Result<SecretBytes> to_pem() const;
  // PKCS#8 under PBES2: AES-256-CBC, PBKDF2 with HMAC-SHA-256. The passphrase must not be empty.
  [[nodiscard]] Result<SecretBytes> to_encrypted_pem(const SecretBytes& passphrase,
                                                     int iterations = kKeyIterations) const;
  // SubjectPublicKeyInfo as DER.
  [[nodiscard]] Result<Bytes> spki() const;

  [[nodiscard]] evp_pkey_st* native() const { return public_key_.native(); }
  // Takes over one reference to a key pair. Not null.
  [[nodiscard]] static PrivateKey adopt(evp_pkey_st* key);

 private:
  explicit PrivateKey(PublicKey key) : public_key_(std::move(key)) {}
  PublicKey public_key_;  // holds the pair; the public half is what it shows
};

}  // namespace tlsproof::crypto
