// Signatures of TLS: signing as a seam, verification, and what they cover.
// Sources: RFC 8446 §4.2.3 and §4.4.3, RFC 5246 §7.4.1.4.1, RFC 8422.
#pragma once

#include "tlsproof/crypto/hash.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/crypto/suites.h"

namespace tlsproof::crypto {

// By which version's rules a scheme and a key go together.
enum class SchemeRules : uint8_t {
  tls12,  // ecdsa_* names the hash alone and goes with any curve; rsa_pkcs1_* and SHA-1 may sign
  tls13,  // ecdsa_* binds the curve; no rsa_pkcs1_*, no SHA-1, no SHA-224 in CertificateVerify
  any,    // whatever the mathematics allows: for bent handshakes and for signatures in certificates
};

// What a SignatureScheme is made of.
struct SchemeInfo {
  enum class Family : uint8_t { rsa_pkcs1, ecdsa, rsa_pss_rsae, rsa_pss_pss, eddsa };
  uint16_t scheme;
  Family family;
  HashAlgorithm hash;  // not meant for eddsa
  KeyKind curve;       // the curve that TLS 1.3 binds, or the EdDSA kind; `other`: none
};
// nullptr for schemes we do not know.
[[nodiscard]] const SchemeInfo* find_scheme(uint16_t scheme);
// Every scheme we know, in the order of a good default for signature_algorithms: strong first, SHA-1 last.
[[nodiscard]] std::span<const SchemeInfo> all_schemes();

// Whether a key can make or check signatures of that scheme (an RSA key may be too short for a PSS hash).
[[nodiscard]] bool supports(const PublicKey& key, uint16_t scheme, SchemeRules rules);

// Signs with one long-term key. Not thread safe: one a thread.
class Signer {
 public:
  virtual ~Signer() = default;
  // The schemes this key can honestly use, in order of preference. `rules`: tls12 or tls13.
  [[nodiscard]] virtual std::span<const uint16_t> schemes(SchemeRules rules) const = 0;
  // Signs `data` (not its hash) and puts the signature in place of `out`'s content. Any scheme that the key can do is
  // done, listed or not; a usage error names a scheme it cannot.
  [[nodiscard]] virtual Status sign(uint16_t scheme, ByteView data, Bytes& out) = 0;
};
[[nodiscard]] std::unique_ptr<Signer> make_signer(const PrivateKey& key);

// Checks signatures of one scheme under one key, with everything prepared that can be: keep it for a key that is met
// again. Not thread safe. Movable.
class Verifier {
 public:
  // Empty when the key does not go with the scheme by these rules, or we do not know the scheme.
  [[nodiscard]] static std::optional<Verifier> make(uint16_t scheme, const PublicKey& key, SchemeRules rules);
  // A signature that cannot even be decoded is just false.
  [[nodiscard]] bool verify(ByteView data, ByteView signature);

  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;
  ~Verifier();

 private:
  struct Impl;
  explicit Verifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// One check: false too when scheme and key do not go together by `rules`.
[[nodiscard]] bool verify(uint16_t scheme, const PublicKey& key, ByteView data, ByteView signature, SchemeRules rules);

// What CertificateVerify of TLS 1.3 signs (RFC 8446 §4.4.3), in place of `out`'s content. `signer` is whose message it
// is.
void certificate_verify_content(Side signer, ByteView transcript_hash, Bytes& out);

}  // namespace tlsproof::crypto
