// What a cipher suite, a group or a signature scheme is made of: facts that a name stands for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tlsproof::registry {

enum class HashAlgorithm : uint8_t {
  none,
  md5,
  sha1,
  sha224,
  sha256,
  sha384,
  sha512,
  sm3,
  streebog256,
  streebog512,
  gostr3411_94,
  omac,
  imit
};
[[nodiscard]] size_t hash_len(HashAlgorithm hash);             // bytes; 0 for none and for the ciphers' own MACs
[[nodiscard]] std::string_view hash_name(HashAlgorithm hash);  // "SHA-256"

// ---- cipher suites -------------------------------------------------------------------------------------------------

enum class KeyExchange : uint8_t {
  null,
  any,
  rsa,
  dh,
  dhe,
  ecdh,
  ecdhe,
  psk,
  rsa_psk,
  dhe_psk,
  ecdhe_psk,
  krb5,
  srp,
  ecc_pwd,
  gost
};
enum class Authentication : uint8_t { null, any, anon, rsa, dss, ecdsa, psk, krb5, srp, password, gost };
enum class Cipher : uint8_t {
  null,
  rc2,
  rc4,
  des,
  triple_des,
  idea,
  seed,
  aes,
  camellia,
  aria,
  chacha20,
  sm4,
  aegis,
  gost28147,
  kuznyechik,
  magma
};
enum class CipherMode : uint8_t { null, stream, cbc, gcm, ccm, poly1305, aegis, ctr, cnt, mgm };

struct CipherSuiteInfo {
  uint16_t value = 0;
  std::string_view name;
  KeyExchange kx = KeyExchange::null;  // any: TLS 1.3 negotiates it apart; DH_anon and ECDH_anon are dhe and ecdhe
  Authentication auth = Authentication::null;  // any: likewise
  Cipher cipher = Cipher::null;
  CipherMode mode = CipherMode::null;
  uint8_t key_len = 0;         // bytes of key that enter the cipher (3DES: 24); TLS_SHA256_SHA256: of the MAC
  uint16_t strength_bits = 0;  // against the best known attack on the cipher (3DES: 112, export: 40, NULL: 0)
  uint8_t block_len = 0;       // CBC: bytes of a block; else 0
  uint8_t fixed_iv_len = 0;    // TLS 1.2 AEAD: implicit part of the nonce; TLS 1.3: the whole nonce; CBC and stream: 0
  uint8_t explicit_nonce_len = 0;           // TLS 1.2 AEAD: bytes sent with each record
  uint8_t tag_len = 0;                      // AEAD: bytes
  HashAlgorithm mac = HashAlgorithm::none;  // HMAC's hash when it is no AEAD; GOST: omac, imit
  // The PRF hash of TLS 1.2 (RFC 5246 §5: SHA-256 where the suite names no stronger one) or the HKDF hash of TLS 1.3.
  HashAlgorithm prf_hash = HashAlgorithm::none;
  bool aead = false;
  bool tls13 = false;           // usable in TLS 1.3, and in nothing else
  bool tls12_only = false;      // RFC 5246 §1.2, RFC 5288, RFC 5289 …: needs TLS 1.2 exactly
  bool forward_secret = false;  // ephemeral key exchange (TLS 1.3: true; psk_ke is a mode, not a suite)
  bool export_grade = false;
};
// nullptr for unknown values and the signalling ones (TLS_EMPTY_RENEGOTIATION_INFO_SCSV, TLS_FALLBACK_SCSV, GREASE),
// which are no cipher suites. O(log n), no allocation.
[[nodiscard]] const CipherSuiteInfo* cipher_suite_info(uint16_t value);
[[nodiscard]] std::span<const CipherSuiteInfo> cipher_suite_infos();  // ascending
// TLS_EMPTY_RENEGOTIATION_INFO_SCSV or TLS_FALLBACK_SCSV.
[[nodiscard]] constexpr bool is_scsv(uint16_t value) {
  return value == 0x00ff || value == 0x5600;
}

// ---- groups --------------------------------------------------------------------------------------------------------

enum class GroupKind : uint8_t {
  ecdhe,   // elliptic curve
  ffdhe,   // RFC 7919
  kem,     // ML-KEM alone
  hybrid,  // a curve and ML-KEM or Kyber
};

struct GroupInfo {
  uint16_t value = 0;
  std::string_view name;
  GroupKind kind = GroupKind::ecdhe;
  uint16_t client_share_len = 0;  // bytes of KeyShareEntry.key_exchange; curves uncompressed
  uint16_t server_share_len = 0;
  uint16_t secret_len = 0;     // bytes of the shared secret as it enters the key schedule
  uint16_t security_bits = 0;  // classical; NIST SP 800-57 part 1 and SP 800-56A appendix D for the finite fields
  bool tls12 = false;          // may be offered for TLS 1.2
  bool tls13 = false;          // RFC 8446 §4.2.7 and later registrations
};
// nullptr for unknown values and for those that name no group (arbitrary_explicit_…). O(log n).
[[nodiscard]] const GroupInfo* group_info(uint16_t value);
[[nodiscard]] std::span<const GroupInfo> group_infos();  // ascending

// ---- signature schemes ---------------------------------------------------------------------------------------------

enum class KeyType : uint8_t {
  rsa,      // rsaEncryption
  rsa_pss,  // id-RSASSA-PSS
  dsa,
  ec,
  ed25519,
  ed448,
  sm2,
  gost,
  ibs,  // identity-based: eccsi, iso_ibs
  ml_dsa,
  slh_dsa,
};
enum class SignaturePadding : uint8_t { none, pkcs1, pss };

struct SignatureSchemeInfo {
  uint16_t value = 0;
  std::string_view name;
  KeyType key = KeyType::rsa;
  SignaturePadding padding = SignaturePadding::none;  // of RSA
  HashAlgorithm hash = HashAlgorithm::none;           // none: the scheme hashes by itself (EdDSA, ML-DSA)
  uint16_t curve = 0;        // the group that TLS 1.3 ties it to (ecdsa_secp256r1_sha256 -> 0x0017), else 0
  bool tls12 = false;        // may sign ServerKeyExchange and CertificateVerify of TLS 1.2
  bool tls13 = false;        // may sign CertificateVerify of TLS 1.3
  bool tls13_certs = false;  // may be offered in TLS 1.3 for signatures in certificates
};
// nullptr for unknown values. O(log n).
[[nodiscard]] const SignatureSchemeInfo* signature_scheme_info(uint16_t value);
[[nodiscard]] std::span<const SignatureSchemeInfo> signature_scheme_infos();  // ascending

}  // namespace tlsproof::registry
