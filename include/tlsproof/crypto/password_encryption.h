// How a passphrase protects something, as its AlgorithmIdentifier says: encrypted PKCS#8 keys, the parts of a PKCS#12.
// RFC 8018 (PBES1, PBES2), RFC 7292 appendix C, RFC 7914 (scrypt).
#pragma once

#include <cstdint>
#include <string>

struct X509_algor_st;  // NOLINT(readability-identifier-naming): as libcrypto has it

namespace tlsproof::crypto {

// A file may ask for any amount of work to turn its passphrase into a key; ten seconds of it are enough.
inline constexpr uint64_t kMaxIterations = 10'000'000;

struct PasswordEncryption {
  enum class Support : uint8_t {
    yes,
    legacy,  // by libcrypto's legacy provider alone: RC2, RC4, single DES
    no,
  };
  Support support = Support::no;
  std::string scheme;       // "PBES2", "pbeWithSHA1And40BitRC2-CBC"; the dotted OID when unknown
  std::string cipher;       // "AES-256-CBC"; empty when unknown
  std::string kdf;          // "PBKDF2 with HMAC-SHA256", "scrypt", "PKCS#12's derivation with SHA1"; empty when unknown
  uint64_t iterations = 0;  // scrypt: its N; the greatest number when unreadable
  // What the derivation costs, in iterations of PBKDF2 with HMAC-SHA256 (a quarter of a microsecond), roughly: for a
  // budget of several. Never less than `iterations`, but for a derivation that cannot be read.
  uint64_t work = 0;
  bool affordable = true;  // within kMaxIterations

  // A cipher that nobody should use any more, whatever the passphrase: RC2, RC4, DES, triple DES.
  [[nodiscard]] bool weak_cipher() const;
  // "AES-256-CBC, PBKDF2 with HMAC-SHA256, 2048 iterations"; safe to show.
  [[nodiscard]] std::string text() const;
};

// Never fails: what cannot be read is not supported. Borrows; not null.
[[nodiscard]] PasswordEncryption describe_encryption(const X509_algor_st* algorithm);

}  // namespace tlsproof::crypto
