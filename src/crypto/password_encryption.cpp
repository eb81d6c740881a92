#include "tlsproof/crypto/password_encryption.h"

#include <fmt/format.h>
#include <openssl/asn1t.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "internal.h"
#include "tlsproof/crypto/openssl.h"

namespace tlsproof::crypto {
namespace {

template <class T, auto Free>
Owned<T, Free> unpack(const ASN1_ITEM* item, const ASN1_TYPE* parameter) {
  return Owned<T, Free>(static_cast<T*>(ASN1_TYPE_unpack_sequence(item, parameter)));
}

// More than anybody can afford when it is no number of 64 bits.
uint64_t number(const ASN1_INTEGER* value) {
  uint64_t out = 0;
  return value != nullptr && ASN1_INTEGER_get_uint64(&out, value) == 1 ? out : UINT64_MAX;
}

// The product, or the greatest number where it does not fit.
uint64_t times(uint64_t a, uint64_t b) {
  uint64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

std::string dotted(const ASN1_OBJECT* object) {
  char text[80];
  const int len = OBJ_obj2txt(text, sizeof text, object, 1);
  return len > 0 && len < static_cast<int>(sizeof text) ? std::string(text, static_cast<size_t>(len)) : "unknown";
}

std::string hash_name(int nid) {
  switch (nid) {
    case NID_hmacWithSHA1:
      return "HMAC-SHA1";
    case NID_hmacWithSHA224:
      return "HMAC-SHA224";
    case NID_hmacWithSHA256:
      return "HMAC-SHA256";
    case NID_hmacWithSHA384:
      return "HMAC-SHA384";
    case NID_hmacWithSHA512:
      return "HMAC-SHA512";
    default:
      return nid <= NID_undef ? "an unknown hash" : OBJ_nid2sn(nid);
  }
}

using Support = PasswordEncryption::Support;

void set_cipher(PasswordEncryption& out, int nid) {
  if (nid <= NID_undef) return;
  out.cipher = OBJ_nid2sn(nid);
  const Owned<EVP_CIPHER, EVP_CIPHER_free> cipher(EVP_CIPHER_fetch(nullptr, out.cipher.c_str(), nullptr));
  if (cipher)
    out.support = Support::yes;
  else if (out.weak_cipher())
    out.support = Support::legacy;
}

void read_pbkdf2(PasswordEncryption& out, const ASN1_TYPE* parameter) {
  const auto kdf = unpack<PBKDF2PARAM, PBKDF2PARAM_free>(ASN1_ITEM_rptr(PBKDF2PARAM), parameter);
  out.iterations = kdf ? number(kdf->iter) : 0;
  const int prf = !kdf || kdf->prf == nullptr ? NID_hmacWithSHA1 : OBJ_obj2nid(kdf->prf->algorithm);
  out.kdf = "PBKDF2 with " + hash_name(prf);
  out.work = out.iterations;
}

void read_scrypt(PasswordEncryption& out, const ASN1_TYPE* parameter) {
  const auto kdf = unpack<SCRYPT_PARAMS, SCRYPT_PARAMS_free>(ASN1_ITEM_rptr(SCRYPT_PARAMS), parameter);
  out.kdf = "scrypt";
  out.iterations = kdf ? number(kdf->costParameter) : 0;
  // RFC 7914 §5 and §6: p times, r blocks are mixed N times, which takes as long as N·r iterations of PBKDF2 (measured:
  // 0.30 to 0.36 µs to 0.25). Before and behind it PBKDF2 makes and reads the p·r blocks: they count as 8 more. What
  // the memory would be libcrypto bounds, not the time.
  constexpr uint64_t kAround = 8;
  const uint64_t block_size = kdf ? number(kdf->blockSize) : 0;
  const uint64_t parallel = kdf ? number(kdf->parallelizationParameter) : 0;
  const uint64_t rounds = out.iterations > UINT64_MAX - kAround ? UINT64_MAX : out.iterations + kAround;
  out.work = times(rounds, times(block_size, parallel));
}

void read_pbes2(PasswordEncryption& out, const ASN1_TYPE* parameter) {
  const auto pbes2 = unpack<PBE2PARAM, PBE2PARAM_free>(ASN1_ITEM_rptr(PBE2PARAM), parameter);
  if (!pbes2) return;
  set_cipher(out, OBJ_obj2nid(pbes2->encryption->algorithm));
  const int kdf = OBJ_obj2nid(pbes2->keyfunc->algorithm);
  if (kdf == NID_id_pbkdf2)
    read_pbkdf2(out, pbes2->keyfunc->parameter);
  else if (kdf == NID_id_scrypt)
    read_scrypt(out, pbes2->keyfunc->parameter);
  else
    out.support = Support::no;
}

// PBES1 and PKCS#12's own schemes: one OID names cipher, hash and derivation.
void read_pbes1(PasswordEncryption& out, int scheme, const ASN1_TYPE* parameter) {
  int cipher = 0, hash = 0;
  // The table has PBKDF2 by itself too, with -1 for the cipher that it does not imply.
  if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, scheme, &cipher, &hash, nullptr) != 1 || cipher <= NID_undef) return;
  set_cipher(out, cipher);
  const bool pkcs12 = scheme >= NID_pbe_WithSHA1And128BitRC4 && scheme <= NID_pbe_WithSHA1And40BitRC2_CBC;
  out.kdf = fmt::format("{} with {}", pkcs12 ? "PKCS#12's derivation" : "PBKDF1", hash_name(hash));
  const auto pbe = unpack<PBEPARAM, PBEPARAM_free>(ASN1_ITEM_rptr(PBEPARAM), parameter);
  out.iterations = pbe ? number(pbe->iter) : 0;
  out.work = out.iterations;
}

}  // namespace

bool PasswordEncryption::weak_cipher() const {
  return cipher.starts_with("RC2") || cipher.starts_with("RC4") || cipher.starts_with("DES");
}

std::string PasswordEncryption::text() const {
  if (cipher.empty() && kdf.empty()) return scheme;
  std::string out = cipher.empty() ? "an unknown cipher" : cipher;
  out += ", " + (kdf.empty() ? "an unknown derivation" : kdf);
  if (iterations != 0)
    out += kdf == "scrypt" ? fmt::format(", N = {}", iterations)
                           : fmt::format(", {} iteration{}", iterations, iterations == 1 ? "" : "s");
  return out;
}

PasswordEncryption describe_encryption(const X509_ALGOR* algorithm) {
  PasswordEncryption out;
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  const int scheme = OBJ_obj2nid(object);
  out.scheme = scheme == NID_undef ? dotted(object) : OBJ_nid2ln(scheme);
  if (scheme == NID_pbes2)
    read_pbes2(out, algorithm->parameter);
  else
    read_pbes1(out, scheme, algorithm->parameter);
  out.affordable = out.work <= kMaxIterations;
  clear_openssl_errors();
  return out;
}

}  // namespace tlsproof::crypto
