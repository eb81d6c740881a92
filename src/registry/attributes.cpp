#include "tlsproof/registry/attributes.h"

#include <algorithm>
#include <array>

#include "tlsproof/registry/constants.h"

namespace tlsproof::registry {
namespace {

template <class Info, size_t kSize>
constexpr bool ascending(const std::array<Info, kSize>& infos) {
  for (size_t i = 1; i < kSize; ++i)
    if (infos[i - 1].value >= infos[i].value) return false;
  return true;
}

template <class Info, size_t kSize>
const Info* find_info(const std::array<Info, kSize>& infos, uint16_t value) {
  const auto it = std::ranges::lower_bound(infos, value, {}, &Info::value);
  return it != infos.end() && it->value == value ? &*it : nullptr;
}

// ---- cipher suites: the name says it all, so the attributes are parsed from the names, at compile time

using enum HashAlgorithm;

struct KxRow {
  std::string_view text;
  KeyExchange kx;
  Authentication auth;
  bool forward_secret;
};
constexpr KxRow kKeyExchanges[] = {
    {"NULL", KeyExchange::null, Authentication::null, false},
    {"RSA", KeyExchange::rsa, Authentication::rsa, false},
    {"DH_DSS", KeyExchange::dh, Authentication::dss, false},
    {"DH_RSA", KeyExchange::dh, Authentication::rsa, false},
    {"DHE_DSS", KeyExchange::dhe, Authentication::dss, true},
    {"DHE_RSA", KeyExchange::dhe, Authentication::rsa, true},
    {"DH_anon", KeyExchange::dhe, Authentication::anon, true},  // RFC 5246 §7.4.3: ephemeral, only unsigned
    {"ECDH_ECDSA", KeyExchange::ecdh, Authentication::ecdsa, false},
    {"ECDH_RSA", KeyExchange::ecdh, Authentication::rsa, false},
    {"ECDHE_ECDSA", KeyExchange::ecdhe, Authentication::ecdsa, true},
    {"ECDHE_RSA", KeyExchange::ecdhe, Authentication::rsa, true},
    {"ECDH_anon", KeyExchange::ecdhe, Authentication::anon, true},  // RFC 8422 §2.3: likewise
    {"PSK", KeyExchange::psk, Authentication::psk, false},
    {"RSA_PSK", KeyExchange::rsa_psk, Authentication::rsa, false},
    {"DHE_PSK", KeyExchange::dhe_psk, Authentication::psk, true},
    {"PSK_DHE", KeyExchange::dhe_psk, Authentication::psk, true},  // RFC 6655's spelling
    {"ECDHE_PSK", KeyExchange::ecdhe_psk, Authentication::psk, true},
    {"KRB5", KeyExchange::krb5, Authentication::krb5, false},
    {"SRP_SHA", KeyExchange::srp, Authentication::srp, true},
    {"SRP_SHA_RSA", KeyExchange::srp, Authentication::rsa, true},
    {"SRP_SHA_DSS", KeyExchange::srp, Authentication::dss, true},
    {"ECCPWD", KeyExchange::ecc_pwd, Authentication::password, true},
    {"GOSTR341112_256", KeyExchange::gost, Authentication::gost, true},
};

struct CipherRow {
  std::string_view text;  // longest first where one is the beginning of another
  Cipher cipher;
  CipherMode mode;
  uint8_t key_len;
  uint16_t strength_bits;
  uint8_t block_len;  // CBC
  uint8_t tag_len;    // AEAD
};
constexpr CipherRow kCiphers[] = {
    {"NULL", Cipher::null, CipherMode::null, 0, 0, 0, 0},
    {"RC4_40", Cipher::rc4, CipherMode::stream, 16, 40, 0, 0},
    {"RC4_128", Cipher::rc4, CipherMode::stream, 16, 128, 0, 0},
    {"RC2_CBC_40", Cipher::rc2, CipherMode::cbc, 16, 40, 8, 0},
    {"DES40_CBC", Cipher::des, CipherMode::cbc, 8, 40, 8, 0},
    {"DES_CBC_40", Cipher::des, CipherMode::cbc, 8, 40, 8, 0},
    {"DES_CBC", Cipher::des, CipherMode::cbc, 8, 56, 8, 0},
    {"3DES_EDE_CBC", Cipher::triple_des, CipherMode::cbc, 24, 112, 8, 0},
    {"IDEA_CBC", Cipher::idea, CipherMode::cbc, 16, 128, 8, 0},
    {"SEED_CBC", Cipher::seed, CipherMode::cbc, 16, 128, 16, 0},
    {"AES_128_CBC", Cipher::aes, CipherMode::cbc, 16, 128, 16, 0},
    {"AES_256_CBC", Cipher::aes, CipherMode::cbc, 32, 256, 16, 0},
    {"AES_128_GCM", Cipher::aes, CipherMode::gcm, 16, 128, 0, 16},
    {"AES_256_GCM", Cipher::aes, CipherMode::gcm, 32, 256, 0, 16},
    {"AES_128_CCM_8", Cipher::aes, CipherMode::ccm, 16, 128, 0, 8},
    {"AES_256_CCM_8", Cipher::aes, CipherMode::ccm, 32, 256, 0, 8},
    {"AES_128_CCM", Cipher::aes, CipherMode::ccm, 16, 128, 0, 16},
    {"AES_256_CCM", Cipher::aes, CipherMode::ccm, 32, 256, 0, 16},
    {"CAMELLIA_128_CBC", Cipher::camellia, CipherMode::cbc, 16, 128, 16, 0},
    {"CAMELLIA_256_CBC", Cipher::camellia, CipherMode::cbc, 32, 256, 16, 0},
    {"CAMELLIA_128_GCM", Cipher::camellia, CipherMode::gcm, 16, 128, 0, 16},
    {"CAMELLIA_256_GCM", Cipher::camellia, CipherMode::gcm, 32, 256, 0, 16},
    {"ARIA_128_CBC", Cipher::aria, CipherMode::cbc, 16, 128, 16, 0},
    {"ARIA_256_CBC", Cipher::aria, CipherMode::cbc, 32, 256, 16, 0},
    {"ARIA_128_GCM", Cipher::aria, CipherMode::gcm, 16, 128, 0, 16},
    {"ARIA_256_GCM", Cipher::aria, CipherMode::gcm, 32, 256, 0, 16},
    {"CHACHA20_POLY1305", Cipher::chacha20, CipherMode::poly1305, 32, 256, 0, 16},
    {"SM4_GCM", Cipher::sm4, CipherMode::gcm, 16, 128, 0, 16},
    {"SM4_CCM", Cipher::sm4, CipherMode::ccm, 16, 128, 0, 16},
    {"AEGIS_128L", Cipher::aegis, CipherMode::aegis, 16, 128, 0, 16},
    {"AEGIS_256", Cipher::aegis, CipherMode::aegis, 32, 256, 0, 16},
    {"KUZNYECHIK_CTR", Cipher::kuznyechik, CipherMode::ctr, 32, 256, 0, 0},
    {"MAGMA_CTR", Cipher::magma, CipherMode::ctr, 32, 256, 0, 0},
    {"28147_CNT", Cipher::gost28147, CipherMode::cnt, 32, 256, 0, 0},
    {"KUZNYECHIK_MGM", Cipher::kuznyechik, CipherMode::mgm, 32, 256, 0, 16},
    {"MAGMA_MGM", Cipher::magma, CipherMode::mgm, 32, 256, 0, 8},
};

constexpr HashAlgorithm hash_of(std::string_view text) {
  if (text == "MD5") return md5;
  if (text == "SHA") return sha1;
  if (text == "SHA256") return sha256;
  if (text == "SHA384") return sha384;
  if (text == "SHA512") return sha512;
  if (text == "SM3") return sm3;
  if (text == "OMAC") return omac;
  if (text == "IMIT") return imit;
  return none;
}

constexpr bool split_at(std::string_view text, std::string_view mark, std::string_view& before,
                        std::string_view& after) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return false;
  before = text.substr(0, at);
  after = text.substr(at + mark.size());
  return true;
}

constexpr bool parse_key_exchange(std::string_view text, CipherSuiteInfo& info) {
  if (constexpr std::string_view kExport = "_EXPORT"; text.ends_with(kExport)) {
    text.remove_suffix(kExport.size());
    info.export_grade = true;
  }
  for (const KxRow& row : kKeyExchanges) {
    if (row.text != text) continue;
    info.kx = row.kx;
    info.auth = row.auth;
    info.forward_secret = row.forward_secret && !info.export_grade;
    return true;
  }
  return false;
}

// `hash` becomes what follows the cipher.
constexpr bool parse_cipher(std::string_view text, CipherSuiteInfo& info, std::string_view& hash) {
  for (const CipherRow& row : kCiphers) {
    if (!text.starts_with(row.text)) continue;
    hash = text.substr(row.text.size());
    if (!hash.empty() && hash[0] != '_') continue;
    if (!hash.empty()) hash.remove_prefix(1);
    info.cipher = row.cipher;
    info.mode = row.mode;
    info.key_len = row.key_len;
    info.strength_bits = row.strength_bits;
    info.block_len = row.block_len;
    info.tag_len = row.tag_len;
    info.aead = row.tag_len != 0;
    return true;
  }
  return false;
}

// The suites of TLS 1.3, which name neither key exchange nor authentication, and GOST's, which are of their own kind.
constexpr bool parse_tls13(std::string_view text, CipherSuiteInfo& info) {
  std::string_view hash;
  info.tls13 = true;
  info.forward_secret = true;
  info.kx = KeyExchange::any;
  info.auth = Authentication::any;
  if (text == "SHA256_SHA256" ||
      text == "SHA384_SHA384") {  // RFC 9150 §4: integrity only, an HMAC in the place of an AEAD
    info.mac = info.prf_hash = hash_of(text.substr(0, 6));
    info.key_len = info.fixed_iv_len = info.tag_len = text == "SHA256_SHA256" ? 32 : 48;
    return true;
  }
  if (!parse_cipher(text, info, hash)) return false;
  info.prf_hash = hash_of(hash);
  info.fixed_iv_len = 12;                                              // RFC 8446 §5.3: max(8, N_MIN)
  if (info.cipher == Cipher::aegis) info.fixed_iv_len = info.key_len;  // 128L: 16, 256: 32
  if (info.cipher == Cipher::kuznyechik) info.fixed_iv_len = 16;       // RFC 9367 §4.1
  if (info.cipher == Cipher::magma) info.fixed_iv_len = 8;
  if (info.mode == CipherMode::mgm) info.prf_hash = streebog256;
  return info.prf_hash != none;
}

constexpr bool parse_tls12(std::string_view kx, std::string_view cipher, CipherSuiteInfo& info) {
  std::string_view hash;
  if (!parse_key_exchange(kx, info) || !parse_cipher(cipher, info, hash)) return false;
  if (info.mode == CipherMode::mgm) return parse_tls13(cipher, info);  // RFC 9367: named as of old, but of TLS 1.3
  const HashAlgorithm named = hash_of(hash);
  if (info.aead) {
    info.prf_hash = named == none ? sha256 : named;                  // RFC 6655 §3: CCM names no hash and uses SHA-256
    info.fixed_iv_len = info.mode == CipherMode::poly1305 ? 12 : 4;  // RFC 7905 §2; RFC 5288 §3
    info.explicit_nonce_len = info.mode == CipherMode::poly1305 ? 0 : 8;
    info.tls12_only = true;
    return true;
  }
  info.mac = named;
  info.prf_hash = named == sha384 ? sha384 : sha256;
  const bool psk = info.auth == Authentication::psk || info.kx == KeyExchange::rsa_psk;
  // RFC 5487 §3 and RFC 5489 §3 allow their CBC and NULL suites with SHA-2 in older versions; RFC 6209 (ARIA) does not.
  info.tls12_only = (named == sha256 || named == sha384) && (!psk || info.cipher == Cipher::aria);
  if (info.kx == KeyExchange::gost) {  // RFC 9189
    info.prf_hash = streebog256;
    info.tls12_only = true;
    info.fixed_iv_len = info.cipher == Cipher::kuznyechik ? 8 : info.cipher == Cipher::magma ? 4 : 8;
  }
  return named != none || info.kx == KeyExchange::null;
}

constexpr bool parse_suite(uint16_t value, std::string_view name, CipherSuiteInfo& info) {
  info.value = value;
  info.name = name;
  std::string_view text = name.substr(4);  // "TLS_"
  std::string_view kx;
  std::string_view cipher;
  return split_at(text, "_WITH_", kx, cipher) ? parse_tls12(kx, cipher, info) : parse_tls13(text, info);
}

struct Named {
  uint16_t value;
  std::string_view name;
};
#define TLSPROOF_ROW(value, id, recommended, reference) Named{value, #id},
constexpr Named kSuiteNames[] = {
#include "tlsproof/registry/tables/cipher_suite.inc"
};
#undef TLSPROOF_ROW

constexpr size_t kNumScsv = 2;

struct Suites {
  std::array<CipherSuiteInfo, std::size(kSuiteNames) - kNumScsv> infos{};
  bool ok = true;
};
constexpr Suites make_suites() {
  Suites suites;
  size_t num = 0;
  for (const Named& row : kSuiteNames)
    if (!is_scsv(row.value)) suites.ok &= parse_suite(row.value, row.name, suites.infos[num++]);
  suites.ok &= num == suites.infos.size();
  return suites;
}
constexpr Suites kSuites = make_suites();
static_assert(kSuites.ok, "a cipher suite's name is not understood");
static_assert(ascending(kSuites.infos));

// ---- groups --------------------------------------------------------------------------------------------------------

constexpr GroupInfo curve(uint16_t value, std::string_view name, uint16_t field_bits, bool tls12, bool tls13) {
  const auto field_len = static_cast<uint16_t>((field_bits + 7) / 8);
  const auto point_len = static_cast<uint16_t>(1 + 2 * field_len);  // RFC 8422 §5.4.1: uncompressed
  return {value, name, GroupKind::ecdhe, point_len, point_len, field_len, static_cast<uint16_t>(field_bits / 2),
          tls12, tls13};
}
constexpr GroupInfo montgomery(uint16_t value, std::string_view name, uint16_t len, uint16_t bits) {
  return {value, name, GroupKind::ecdhe, len, len, len, bits, true, true};
}
constexpr GroupInfo ffdhe(uint16_t value, std::string_view name, uint16_t len, uint16_t bits) {
  return {value, name, GroupKind::ffdhe, len, len, len, bits, true, true};
}
constexpr GroupInfo kem(GroupKind kind, uint16_t value, std::string_view name, uint16_t client, uint16_t server,
                        uint16_t secret, uint16_t bits) {
  return {value, name, kind, client, server, secret, bits, false, true};
}

constexpr uint16_t kMlKem768Key = 1184;  // FIPS 203 table 3: encapsulation key and ciphertext
constexpr uint16_t kHrss701 = 1138;      // HRSS-701: public key and ciphertext are as long
constexpr uint16_t kMlKem768Ciphertext = 1088;

constexpr std::array kGroups = {
    curve(group::sect163k1, "sect163k1", 163, true, false),
    curve(group::sect163r1, "sect163r1", 163, true, false),
    curve(group::sect163r2, "sect163r2", 163, true, false),
    curve(group::sect193r1, "sect193r1", 193, true, false),
    curve(group::sect193r2, "sect193r2", 193, true, false),
    curve(group::sect233k1, "sect233k1", 233, true, false),
    curve(group::sect233r1, "sect233r1", 233, true, false),
    curve(group::sect239k1, "sect239k1", 239, true, false),
    curve(group::sect283k1, "sect283k1", 283, true, false),
    curve(group::sect283r1, "sect283r1", 283, true, false),
    curve(group::sect409k1, "sect409k1", 409, true, false),
    curve(group::sect409r1, "sect409r1", 409, true, false),
    curve(group::sect571k1, "sect571k1", 571, true, false),
    curve(group::sect571r1, "sect571r1", 571, true, false),
    curve(group::secp160k1, "secp160k1", 160, true, false),
    curve(group::secp160r1, "secp160r1", 160, true, false),
    curve(group::secp160r2, "secp160r2", 160, true, false),
    curve(group::secp192k1, "secp192k1", 192, true, false),
    curve(group::secp192r1, "secp192r1", 192, true, false),
    curve(group::secp224k1, "secp224k1", 224, true, false),
    curve(group::secp224r1, "secp224r1", 224, true, false),
    curve(group::secp256k1, "secp256k1", 256, true, false),
    curve(group::secp256r1, "secp256r1", 256, true, true),
    curve(group::secp384r1, "secp384r1", 384, true, true),
    curve(group::secp521r1, "secp521r1", 521, true, true),
    // RFC 8446 §B.3.1.4 took these code points out of TLS 1.3; RFC 8734 gave it its own.
    curve(group::brainpoolP256r1, "brainpoolP256r1", 256, true, false),
    curve(group::brainpoolP384r1, "brainpoolP384r1", 384, true, false),
    curve(group::brainpoolP512r1, "brainpoolP512r1", 512, true, false),
    montgomery(group::x25519, "x25519", 32, 128),
    montgomery(group::x448, "x448", 56, 224),
    curve(group::brainpoolP256r1tls13, "brainpoolP256r1tls13", 256, false, true),
    curve(group::brainpoolP384r1tls13, "brainpoolP384r1tls13", 384, false, true),
    curve(group::brainpoolP512r1tls13, "brainpoolP512r1tls13", 512, false, true),
    curve(group::GC256A, "GC256A", 256, true, true),
    curve(group::GC256B, "GC256B", 256, true, true),
    curve(group::GC256C, "GC256C", 256, true, true),
    curve(group::GC256D, "GC256D", 256, true, true),
    curve(group::GC512A, "GC512A", 512, true, true),
    curve(group::GC512B, "GC512B", 512, true, true),
    curve(group::GC512C, "GC512C", 512, true, true),
    curve(group::curveSM2, "curveSM2", 256, false, true),
    ffdhe(group::ffdhe2048, "ffdhe2048", 256, 112),
    ffdhe(group::ffdhe3072, "ffdhe3072", 384, 128),
    ffdhe(group::ffdhe4096, "ffdhe4096", 512, 152),
    ffdhe(group::ffdhe6144, "ffdhe6144", 768, 176),
    ffdhe(group::ffdhe8192, "ffdhe8192", 1024, 200),
    kem(GroupKind::kem, group::MLKEM512, "MLKEM512", 800, 768, 32, 128),
    kem(GroupKind::kem, group::MLKEM768, "MLKEM768", kMlKem768Key, kMlKem768Ciphertext, 32, 192),
    kem(GroupKind::kem, group::MLKEM1024, "MLKEM1024", 1568, 1568, 32, 256),
    kem(GroupKind::hybrid, group::SecP256r1MLKEM768, "SecP256r1MLKEM768", 65 + kMlKem768Key, 65 + kMlKem768Ciphertext,
        64, 128),
    kem(GroupKind::hybrid, group::X25519MLKEM768, "X25519MLKEM768", kMlKem768Key + 32, kMlKem768Ciphertext + 32, 64,
        128),
    kem(GroupKind::hybrid, group::SecP384r1MLKEM1024, "SecP384r1MLKEM1024", 97 + 1568, 97 + 1568, 80, 192),
    kem(GroupKind::hybrid, group::curveSM2MLKEM768, "curveSM2MLKEM768", 65 + kMlKem768Key, 65 + kMlKem768Ciphertext, 64,
        128),
    kem(GroupKind::hybrid, group::CECPQ2, "CECPQ2", 32 + kHrss701, 32 + kHrss701, 64, 128),
    kem(GroupKind::hybrid, group::X25519Kyber768Draft00, "X25519Kyber768Draft00", 32 + kMlKem768Key,
        32 + kMlKem768Ciphertext, 64, 128),
    kem(GroupKind::hybrid, group::SecP256r1Kyber768Draft00, "SecP256r1Kyber768Draft00", 65 + kMlKem768Key,
        65 + kMlKem768Ciphertext, 64, 128),
    kem(GroupKind::hybrid, group::X25519Kyber512Draft00, "X25519Kyber512Draft00", 32 + 800, 32 + 768, 64, 128),
    kem(GroupKind::hybrid, group::X25519Kyber768Draft00_old, "X25519Kyber768Draft00_old", 32 + kMlKem768Key,
        32 + kMlKem768Ciphertext, 64, 128),
};
static_assert(ascending(kGroups));

// ---- signature schemes ---------------------------------------------------------------------------------------------

// Where a scheme may be used.
constexpr unsigned kTls12 = 1, kTls13 = 2, kCerts = 4;
constexpr unsigned kEverywhere = kTls12 | kTls13 | kCerts;

constexpr SignatureSchemeInfo scheme(uint16_t value, std::string_view name, KeyType key, SignaturePadding padding,
                                     HashAlgorithm hash, uint16_t curve_group, unsigned use) {
  return {value, name, key, padding, hash, curve_group, (use & kTls12) != 0, (use & kTls13) != 0, (use & kCerts) != 0};
}
#define S(id, key, padding, hash, curve_group, use) \
  scheme(signature_scheme::id, #id, KeyType::key, SignaturePadding::padding, hash, curve_group, use)

constexpr std::array kSchemes = {
    S(rsa_pkcs1_md5, rsa, pkcs1, md5, 0, kTls12),
    S(dsa_md5, dsa, none, md5, 0, kTls12),
    S(ecdsa_md5, ec, none, md5, 0, kTls12),
    // RFC 8446 §4.2.3: SHA-1 and PKCS #1 v1.5 only for signatures in certificates
    S(rsa_pkcs1_sha1, rsa, pkcs1, sha1, 0, kTls12 | kCerts),
    S(dsa_sha1, dsa, none, sha1, 0, kTls12),
    S(ecdsa_sha1, ec, none, sha1, 0, kTls12 | kCerts),
    S(rsa_pkcs1_sha224, rsa, pkcs1, sha224, 0, kTls12),
    S(dsa_sha224, dsa, none, sha224, 0, kTls12),
    S(ecdsa_sha224, ec, none, sha224, 0, kTls12),
    S(rsa_pkcs1_sha256, rsa, pkcs1, sha256, 0, kTls12 | kCerts),
    S(dsa_sha256, dsa, none, sha256, 0, kTls12),
    S(ecdsa_secp256r1_sha256, ec, none, sha256, group::secp256r1, kEverywhere),
    S(rsa_pkcs1_sha256_legacy, rsa, pkcs1, sha256, 0, kTls13),  // the client's CertificateVerify alone
    S(rsa_pkcs1_sha384, rsa, pkcs1, sha384, 0, kTls12 | kCerts),
    S(dsa_sha384, dsa, none, sha384, 0, kTls12),
    S(ecdsa_secp384r1_sha384, ec, none, sha384, group::secp384r1, kEverywhere),
    S(rsa_pkcs1_sha384_legacy, rsa, pkcs1, sha384, 0, kTls13),
    S(rsa_pkcs1_sha512, rsa, pkcs1, sha512, 0, kTls12 | kCerts),
    S(dsa_sha512, dsa, none, sha512, 0, kTls12),
    S(ecdsa_secp521r1_sha512, ec, none, sha512, group::secp521r1, kEverywhere),
    S(rsa_pkcs1_sha512_legacy, rsa, pkcs1, sha512, 0, kTls13),
    S(eccsi_sha256, ibs, none, sha256, 0, kTls13 | kCerts),
    S(iso_ibs1, ibs, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(iso_ibs2, ibs, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(iso_chinese_ibs, ibs, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(sm2sig_sm3, sm2, none, sm3, group::curveSM2, kTls13 | kCerts),
    S(gostr34102012_256a, gost, none, streebog256, group::GC256A, kTls13 | kCerts),
    S(gostr34102012_256b, gost, none, streebog256, group::GC256B, kTls13 | kCerts),
    S(gostr34102012_256c, gost, none, streebog256, group::GC256C, kTls13 | kCerts),
    S(gostr34102012_256d, gost, none, streebog256, group::GC256D, kTls13 | kCerts),
    S(gostr34102012_512a, gost, none, streebog512, group::GC512A, kTls13 | kCerts),
    S(gostr34102012_512b, gost, none, streebog512, group::GC512B, kTls13 | kCerts),
    S(gostr34102012_512c, gost, none, streebog512, group::GC512C, kTls13 | kCerts),
    S(rsa_pss_rsae_sha256, rsa, pss, sha256, 0, kEverywhere),
    S(rsa_pss_rsae_sha384, rsa, pss, sha384, 0, kEverywhere),
    S(rsa_pss_rsae_sha512, rsa, pss, sha512, 0, kEverywhere),
    S(ed25519, ed25519, none, HashAlgorithm::none, 0, kEverywhere),
    S(ed448, ed448, none, HashAlgorithm::none, 0, kEverywhere),
    S(rsa_pss_pss_sha256, rsa_pss, pss, sha256, 0, kEverywhere),
    S(rsa_pss_pss_sha384, rsa_pss, pss, sha384, 0, kEverywhere),
    S(rsa_pss_pss_sha512, rsa_pss, pss, sha512, 0, kEverywhere),
    S(ecdsa_brainpoolP256r1tls13_sha256, ec, none, sha256, group::brainpoolP256r1tls13, kTls13 | kCerts),
    S(ecdsa_brainpoolP384r1tls13_sha384, ec, none, sha384, group::brainpoolP384r1tls13, kTls13 | kCerts),
    S(ecdsa_brainpoolP512r1tls13_sha512, ec, none, sha512, group::brainpoolP512r1tls13, kTls13 | kCerts),
    S(gostr34102012_256_intrinsic, gost, none, streebog256, 0, kTls12),
    S(gostr34102012_512_intrinsic, gost, none, streebog512, 0, kTls12),
    S(mldsa44, ml_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(mldsa65, ml_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(mldsa87, ml_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_sha2_128s, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_sha2_128f, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_sha2_192s, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_sha2_192f, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_sha2_256s, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_sha2_256f, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_shake_128s, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_shake_128f, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_shake_192s, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_shake_192f, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_shake_256s, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(slhdsa_shake_256f, slh_dsa, none, HashAlgorithm::none, 0, kTls13 | kCerts),
    S(gostr34102001_gostr3411, gost, none, gostr3411_94, 0, kTls12),
    S(gostr34102012_256_gostr34112012_256, gost, none, streebog256, 0, kTls12),
    S(gostr34102012_512_gostr34112012_512, gost, none, streebog512, 0, kTls12),
};
#undef S
static_assert(ascending(kSchemes));

struct HashRow {
  std::string_view name;
  size_t len;
};
constexpr HashRow kHashes[] = {
    {"none", 0},     {"MD5", 16}, {"SHA-1", 20},        {"SHA-224", 28},      {"SHA-256", 32},         {"SHA-384", 48},
    {"SHA-512", 64}, {"SM3", 32}, {"Streebog-256", 32}, {"Streebog-512", 64}, {"GOST R 34.11-94", 32}, {"OMAC", 0},
    {"IMIT", 0},
};
static_assert(std::size(kHashes) == static_cast<size_t>(HashAlgorithm::imit) + 1);

}  // namespace

size_t hash_len(HashAlgorithm hash) {
  return kHashes[static_cast<size_t>(hash)].len;
}
std::string_view hash_name(HashAlgorithm hash) {
  return kHashes[static_cast<size_t>(hash)].name;
}

const CipherSuiteInfo* cipher_suite_info(uint16_t value) {
  return find_info(kSuites.infos, value);
}
std::span<const CipherSuiteInfo> cipher_suite_infos() {
  return kSuites.infos;
}

const GroupInfo* group_info(uint16_t value) {
  return find_info(kGroups, value);
}
std::span<const GroupInfo> group_infos() {
  return kGroups;
}

const SignatureSchemeInfo* signature_scheme_info(uint16_t value) {
  return find_info(kSchemes, value);
}
std::span<const SignatureSchemeInfo> signature_scheme_infos() {
  return kSchemes;
}

}  // namespace tlsproof::registry
