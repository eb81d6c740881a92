#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include <algorithm>

#include "internal.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/crypto/openssl.h"

namespace tlsproof::crypto {
namespace {

// No key of use is longer: RSA-16384 takes 2 KB, libcrypto computes with no larger modulus.
constexpr size_t kMaxSpkiLen = 16384;
constexpr unsigned kMaxRsaBits = 16384;

// Whole SubjectPublicKeyInfos up to the key itself. DER leaves one way to write each, so that comparing bytes is
// parsing.
struct Prefix {
  std::string_view bytes;
  size_t key_len;
  KeyKind kind;
  unsigned bits;
  const char* name;  // libcrypto's
};
using namespace std::string_view_literals;
// SEQUENCE { SEQUENCE { OID, curve OID }, BIT STRING { 04 … } } (RFC 5480 §2), and RFC 8410 §4 without the 04.
constexpr Prefix kPrefixes[] = {
    {"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"sv, 65,
     KeyKind::p256, 256, "P-256"},
    {"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"sv, 97,
     KeyKind::p384, 384, "P-384"},
    {"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00"sv, 133,
     KeyKind::p521, 521, "P-521"},
    {"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"sv, 32, KeyKind::ed25519, 256, "ED25519"},
    {"\x30\x43\x30\x05\x06\x03\x2b\x65\x71\x03\x3a\x00"sv, 57, KeyKind::ed448, 456, "ED448"},
};

bool starts_with(ByteView bytes, std::string_view prefix) {
  return as_text(bytes).starts_with(prefix);
}

// An EC key object with the curve and no key, to be copied: that saves looking the curve up by its name each time.
PkeyPtr make_template(const char* curve) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  std::string name = curve;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
                         OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  TLSPROOF_CHECK(context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                 EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEY_PARAMETERS, params) == 1);
  return PkeyPtr(key);
}

const EVP_PKEY* curve_template(KeyKind kind) {
  static const PkeyPtr p256 = make_template("P-256"), p384 = make_template("P-384"), p521 = make_template("P-521");
  return kind == KeyKind::p256 ? p256.get() : kind == KeyKind::p384 ? p384.get() : p521.get();
}

// Null when the point is not on the curve.
PkeyPtr make_curve_key(const Prefix& prefix, ByteView key) {
  if (prefix.kind == KeyKind::ed25519 || prefix.kind == KeyKind::ed448)
    return PkeyPtr(EVP_PKEY_new_raw_public_key_ex(nullptr, prefix.name, nullptr, key.data(), key.size()));
  PkeyPtr made(EVP_PKEY_new());
  if (!made || EVP_PKEY_copy_parameters(made.get(), curve_template(prefix.kind)) != 1 ||
      EVP_PKEY_set1_encoded_public_key(made.get(), key.data(), key.size()) != 1)
    return nullptr;
  return made;
}

// One DER element of that tag at the front of `in`, which it is taken from. Lengths up to 65535, in their shortest
// form.
bool take(ByteView& in, uint8_t tag, ByteView& content) {
  if (in.size() < 2 || in[0] != tag) return false;
  size_t len = in[1], header = 2;
  if (len == 0x81 && in.size() >= 3 && in[2] >= 0x80) {
    len = in[2];
    header = 3;
  } else if (len == 0x82 && in.size() >= 4 && in[2] != 0) {
    len = static_cast<size_t>(in[2] << 8 | in[3]);
    header = 4;
  } else if (len >= 0x80) {
    return false;
  }
  if (in.size() - header < len) return false;
  content = in.subspan(header, len);
  in = in.subspan(header + len);
  return true;
}

// A positive INTEGER in its shortest form, without the sign byte.
bool take_positive(ByteView& in, ByteView& number) {
  if (!take(in, 0x02, number) || number.empty() || number[0] >= 0x80) return false;
  if (number[0] != 0) return true;
  number = number.subspan(1);
  return !number.empty() && number[0] >= 0x80;
}

// RFC 3279 §2.3.1: modulus and exponent of an rsaEncryption key written as everybody writes it.
bool parse_rsa(ByteView spki, ByteView& n, ByteView& e) {
  constexpr std::string_view kAlgorithm = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"sv;
  ByteView outer, bits, key;
  if (!take(spki, 0x30, outer) || !spki.empty() || !starts_with(outer, kAlgorithm)) return false;
  outer = outer.subspan(kAlgorithm.size());
  if (!take(outer, 0x03, bits) || !outer.empty() || bits.empty() || bits[0] != 0) return false;
  bits = bits.subspan(1);
  return take(bits, 0x30, key) && bits.empty() && take_positive(key, n) && take_positive(key, e) && key.empty();
}

PkeyPtr make_rsa_key(ByteView n, ByteView e) {
  std::array<uint8_t, kMaxRsaBits / 8> n_native, e_native;  // OSSL_PARAM has numbers in the machine's byte order
  if (n.size() > n_native.size() || e.size() > e_native.size()) return nullptr;
  std::ranges::reverse_copy(n, n_native.begin());
  std::ranges::reverse_copy(e, e_native.begin());
  OSSL_PARAM params[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n_native.data(), n.size()),
                         OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e_native.data(), e.size()),
                         OSSL_PARAM_construct_end()};
  static_assert(std::endian::native == std::endian::little);
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    return nullptr;
  return PkeyPtr(key);
}

struct Description {
  KeyKind kind;
  unsigned bits;
};

Description describe(const EVP_PKEY* key) {
  const auto bits = static_cast<unsigned>(std::max(0, EVP_PKEY_get_bits(key)));
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return {KeyKind::rsa, bits};
    case EVP_PKEY_RSA_PSS:
      return {KeyKind::rsa_pss, bits};
    case EVP_PKEY_ED25519:
      return {KeyKind::ed25519, 256};
    case EVP_PKEY_ED448:
      return {KeyKind::ed448, 456};
    case EVP_PKEY_EC: {
      char name[80] = "";
      size_t len = 0;
      const int nid = EVP_PKEY_get_group_name(key, name, sizeof name, &len) == 1 ? OBJ_sn2nid(name) : NID_undef;
      // The curve written out in full computes the same, but RFC 5480 §2.1.1 forbids it.
      char encoding[40] = "";
      if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof encoding, &len) == 1 &&
          std::string_view(encoding) == OSSL_PKEY_EC_ENCODING_EXPLICIT)
        return {KeyKind::other, bits};
      if (nid == NID_X9_62_prime256v1) return {KeyKind::p256, bits};
      if (nid == NID_secp384r1) return {KeyKind::p384, bits};
      if (nid == NID_secp521r1) return {KeyKind::p521, bits};
      return {KeyKind::other, bits};
    }
    default:
      return {KeyKind::other, bits};
  }
}

// Why libcrypto would not take it: only the outer frame, which X509_PUBKEY has parsed, can tell.
PublicKeyError classify(X509_PUBKEY* parsed) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR* identifier = nullptr;
  if (X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, &identifier, parsed) != 1) return PublicKeyError::malformed;
  switch (OBJ_obj2nid(algorithm)) {
    case NID_rsaEncryption:
    case NID_rsassaPss:
    case NID_ED25519:
    case NID_ED448:
    case NID_X25519:
    case NID_X448:
    case NID_dsa:
      return PublicKeyError::malformed;
    case NID_X9_62_id_ecPublicKey: {
      int type = 0;
      const void* value = nullptr;
      X509_ALGOR_get0(nullptr, &type, &value, identifier);
      if (type != V_ASN1_OBJECT) return PublicKeyError::malformed;
      const int nid = OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(value));
      const Owned<EC_GROUP, EC_GROUP_free> known(nid == NID_undef ? nullptr : EC_GROUP_new_by_curve_name(nid));
      return known ? PublicKeyError::malformed : PublicKeyError::unsupported;
    }
    default:
      return PublicKeyError::unsupported;
  }
}

std::expected<PkeyPtr, PublicKeyError> decode_any(ByteView spki) {
  const uint8_t* at = spki.data();
  const Owned<X509_PUBKEY, X509_PUBKEY_free> parsed(d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  std::expected<PkeyPtr, PublicKeyError> result = std::unexpected(PublicKeyError::malformed);
  if (parsed && at == spki.data() + spki.size()) {
    if (PkeyPtr key{X509_PUBKEY_get(parsed.get())})
      result = std::move(key);
    else
      result = std::unexpected(classify(parsed.get()));
  }
  clear_openssl_errors();
  return result;
}

std::shared_ptr<EVP_PKEY> share(PkeyPtr key) {
  return {key.release(), EVP_PKEY_free};
}

}  // namespace

std::string_view to_string(KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa:
      return "RSA";
    case KeyKind::rsa_pss:
      return "RSA-PSS";
    case KeyKind::p256:
      return "P-256";
    case KeyKind::p384:
      return "P-384";
    case KeyKind::p521:
      return "P-521";
    case KeyKind::ed25519:
      return "Ed25519";
    case KeyKind::ed448:
      return "Ed448";
    case KeyKind::other:
      return "other";
  }
  return "";
}

std::string_view to_string(PublicKeyError error) {
  return error == PublicKeyError::malformed ? "the public key is malformed"
                                            : "the public key's algorithm is not supported";
}

PublicKey::PublicKey(std::shared_ptr<evp_pkey_st> key, KeyKind kind, unsigned bits)
    : key_(std::move(key)), kind_(kind), bits_(bits) {}

std::expected<PublicKey, PublicKeyError> PublicKey::decode(ByteView spki) {
  if (spki.size() > kMaxSpkiLen) return std::unexpected(PublicKeyError::unsupported);
  for (const Prefix& prefix : kPrefixes) {
    if (spki.size() != prefix.bytes.size() + prefix.key_len || !starts_with(spki, prefix.bytes)) continue;
    const bool is_nist = prefix.key_len % 2 == 1 && prefix.kind != KeyKind::ed448;
    if (is_nist && spki[prefix.bytes.size()] != 4) break;  // a hybrid form: left to libcrypto
    PkeyPtr key = make_curve_key(prefix, spki.last(prefix.key_len));
    if (key) return PublicKey(share(std::move(key)), prefix.kind, prefix.bits);
    clear_openssl_errors();
    return std::unexpected(PublicKeyError::malformed);
  }
  ByteView n, e;
  if (parse_rsa(spki, n, e)) {
    if (PkeyPtr key = make_rsa_key(n, e)) {
      const auto bits = static_cast<unsigned>(std::max(0, EVP_PKEY_get_bits(key.get())));
      return PublicKey(share(std::move(key)), KeyKind::rsa, bits);
    }
    clear_openssl_errors();
  }
  auto key = decode_any(spki);
  if (!key) return std::unexpected(key.error());
  const Description what = describe(key->get());
  clear_openssl_errors();
  return PublicKey(share(std::move(*key)), what.kind, what.bits);
}

PublicKey PublicKey::adopt(evp_pkey_st* key) {
  TLSPROOF_CHECK(key != nullptr);
  const Description what = describe(key);
  clear_openssl_errors();
  return {share(PkeyPtr(key)), what.kind, what.bits};
}

std::string PublicKey::name() const {
  if (kind_ == KeyKind::rsa || kind_ == KeyKind::rsa_pss) return fmt::format("{}-{}", to_string(kind_), bits_);
  if (kind_ != KeyKind::other) return std::string(to_string(kind_));
  const char* type = EVP_PKEY_get0_type_name(key_.get());
  char group[80] = "";
  size_t len = 0;
  if (EVP_PKEY_get_group_name(key_.get(), group, sizeof group, &len) != 1) group[0] = '\0';
  clear_openssl_errors();
  if (group[0] != '\0') return group;
  const int id = EVP_PKEY_get_base_id(key_.get());
  if (id == EVP_PKEY_X25519 || id == EVP_PKEY_X448) return type;
  return fmt::format("{}-{}", type != nullptr ? type : "unknown", bits_);
}

bool PublicKey::operator==(const PublicKey& other) const {
  const bool same = EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
  clear_openssl_errors();
  return same;
}

}  // namespace tlsproof::crypto
