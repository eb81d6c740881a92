#include "tlsproof/crypto/signature.h"

#include <fmt/format.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "internal.h"
#include "tlsproof/base/error.h"
#include "tlsproof/crypto/openssl.h"

namespace tlsproof::crypto {
namespace {

using Family = SchemeInfo::Family;
using enum HashAlgorithm;

// RFC 8446 §4.2.3; the SHA-224 ones are RFC 5246's pairs.
constexpr SchemeInfo kSchemes[] = {
    {0x0403, Family::ecdsa, sha256, KeyKind::p256},          // ecdsa_secp256r1_sha256
    {0x0503, Family::ecdsa, sha384, KeyKind::p384},          // ecdsa_secp384r1_sha384
    {0x0603, Family::ecdsa, sha512, KeyKind::p521},          // ecdsa_secp521r1_sha512
    {0x0807, Family::eddsa, sha512, KeyKind::ed25519},       // ed25519
    {0x0808, Family::eddsa, sha512, KeyKind::ed448},         // ed448
    {0x0804, Family::rsa_pss_rsae, sha256, KeyKind::other},  // rsa_pss_rsae_sha256
    {0x0805, Family::rsa_pss_rsae, sha384, KeyKind::other},  // rsa_pss_rsae_sha384
    {0x0806, Family::rsa_pss_rsae, sha512, KeyKind::other},  // rsa_pss_rsae_sha512
    {0x0809, Family::rsa_pss_pss, sha256, KeyKind::other},   // rsa_pss_pss_sha256
    {0x080a, Family::rsa_pss_pss, sha384, KeyKind::other},   // rsa_pss_pss_sha384
    {0x080b, Family::rsa_pss_pss, sha512, KeyKind::other},   // rsa_pss_pss_sha512
    {0x0401, Family::rsa_pkcs1, sha256, KeyKind::other},     // rsa_pkcs1_sha256
    {0x0501, Family::rsa_pkcs1, sha384, KeyKind::other},     // rsa_pkcs1_sha384
    {0x0601, Family::rsa_pkcs1, sha512, KeyKind::other},     // rsa_pkcs1_sha512
    {0x0303, Family::ecdsa, sha224, KeyKind::other},         // {sha224, ecdsa}
    {0x0301, Family::rsa_pkcs1, sha224, KeyKind::other},     // {sha224, rsa}
    {0x0203, Family::ecdsa, sha1, KeyKind::other},           // ecdsa_sha1
    {0x0201, Family::rsa_pkcs1, sha1, KeyKind::other},       // rsa_pkcs1_sha1
};

bool is_nist(KeyKind kind) {
  return kind == KeyKind::p256 || kind == KeyKind::p384 || kind == KeyKind::p521;
}

// RFC 8017 §9.1.1 and §9.2: what the padded hash takes of the modulus.
bool hash_fits(const PublicKey& key, const SchemeInfo& scheme) {
  const size_t len = hash_len(scheme.hash);
  if (scheme.family == Family::rsa_pkcs1) return (key.bits() + 7) / 8 >= len + 19 + 11;  // DigestInfo, padding
  return (key.bits() + 6) / 8 >= 2 * len + 2;                                            // salt as long as the hash
}

bool supports(const PublicKey& key, const SchemeInfo& scheme, SchemeRules rules) {
  // RFC 8446 §4.2.3: PKCS#1 v1.5 and SHA-1 are for certificates only; SHA-224 is gone.
  if (rules == SchemeRules::tls13 &&
      (scheme.family == Family::rsa_pkcs1 || scheme.hash == sha1 || scheme.hash == sha224))
    return false;
  switch (scheme.family) {
    case Family::ecdsa:
      // RFC 8446 §4.2.3: the scheme names the curve too; RFC 5246 §7.4.1.4.1: any.
      return rules == SchemeRules::tls13 ? key.kind() == scheme.curve : is_nist(key.kind());
    case Family::eddsa:
      return key.kind() == scheme.curve;
    case Family::rsa_pkcs1:
    case Family::rsa_pss_rsae:
      return key.kind() == KeyKind::rsa && hash_fits(key, scheme);
    case Family::rsa_pss_pss:
      return key.kind() == KeyKind::rsa_pss && hash_fits(key, scheme);
  }
  return false;
}

// Padding and hash of a context that is initialised for signing or verifying. A PSS key may be bound to other
// parameters.
bool configure(EVP_PKEY_CTX* context, const SchemeInfo& scheme) {
  if (scheme.family == Family::ecdsa) return true;  // it takes a hash of any length
  const bool pss = scheme.family != Family::rsa_pkcs1;
  if (EVP_PKEY_CTX_set_rsa_padding(context, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) != 1) return false;
  if (EVP_PKEY_CTX_set_signature_md(context, evp_md(scheme.hash)) != 1) return false;
  // RFC 8446 §4.2.3: the salt is as long as the digest.
  return !pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

const SchemeInfo* find_scheme(uint16_t scheme) {
  const auto* found = std::ranges::find(kSchemes, scheme, &SchemeInfo::scheme);
  return found != std::end(kSchemes) ? found : nullptr;
}

std::span<const SchemeInfo> all_schemes() {
  return kSchemes;
}

bool supports(const PublicKey& key, uint16_t scheme, SchemeRules rules) {
  const SchemeInfo* info = find_scheme(scheme);
  return info != nullptr && supports(key, *info, rules);
}

namespace {

class KeySigner final : public Signer {
 public:
  explicit KeySigner(const PrivateKey& key) : key_(key) {
    for (const SchemeInfo& info : kSchemes) {
      if (supports(key.public_key(), info, SchemeRules::tls13)) tls13_.push_back(info.scheme);
    }
    // The hash that goes with the curve comes first in TLS 1.2 as well.
    for (const bool of_the_curve : {true, false})
      for (const SchemeInfo& info : kSchemes)
        if ((info.curve == key.kind()) == of_the_curve && supports(key.public_key(), info, SchemeRules::tls12))
          tls12_.push_back(info.scheme);
  }

  [[nodiscard]] std::span<const uint16_t> schemes(SchemeRules rules) const override {
    return rules == SchemeRules::tls13 ? tls13_ : tls12_;
  }

  [[nodiscard]] Status sign(uint16_t scheme, ByteView data, Bytes& out) override {
    const SchemeInfo* info = find_scheme(scheme);
    if (info == nullptr || !supports(key_.public_key(), *info, SchemeRules::any))
      return fail_usage(fmt::format("a {} key cannot sign by the scheme {}", key_.public_key().name(), hex16(scheme)));
    out.resize(static_cast<size_t>(EVP_PKEY_get_size(key_.native())));
    size_t len = out.size();
    const bool ok = info->family == Family::eddsa ? sign_eddsa(data, out, len) : sign_hash(*info, data, out, len);
    if (!ok) {
      out.clear();
      return std::unexpected(openssl_error("cannot sign"));
    }
    out.resize(len);
    return {};
  }

 private:
  bool sign_eddsa(ByteView data, Bytes& out, size_t& len) {
    if (!message_) message_.reset(EVP_MD_CTX_new());
    return message_ &&
           EVP_DigestSignInit_ex(message_.get(), nullptr, nullptr, nullptr, nullptr, key_.native(), nullptr) == 1 &&
           EVP_DigestSign(message_.get(), out.data(), &len, data.data(), data.size()) == 1;
  }

  bool sign_hash(const SchemeInfo& info, ByteView data, Bytes& out, size_t& len) {
    EVP_PKEY_CTX* context = prepared(info);
    const HashValue hash = digest(info.hash, data);
    return context != nullptr && EVP_PKEY_sign(context, out.data(), &len, hash.view().data(), hash.size()) == 1;
  }

  // One context a scheme, made at its first use.
  EVP_PKEY_CTX* prepared(const SchemeInfo& info) {
    for (auto& [scheme, context] : contexts_)
      if (scheme == info.scheme) return context.get();
    PkeyCtxPtr made(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.native(), nullptr));
    if (!made || EVP_PKEY_sign_init(made.get()) != 1 || !configure(made.get(), info)) return nullptr;
    return contexts_.emplace_back(info.scheme, std::move(made)).second.get();
  }

  PrivateKey key_;
  std::vector<uint16_t> tls13_, tls12_;
  std::vector<std::pair<uint16_t, PkeyCtxPtr>> contexts_;
  MdCtxPtr message_;
};

}  // namespace

std::unique_ptr<Signer> make_signer(const PrivateKey& key) {
  return std::make_unique<KeySigner>(key);
}

struct Verifier::Impl {
  const SchemeInfo* scheme;
  PublicKey key;
  PkeyCtxPtr context;  // for hashes
  MdCtxPtr message;    // for EdDSA, which takes the message whole
};

Verifier::Verifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;
Verifier::~Verifier() = default;

std::optional<Verifier> Verifier::make(uint16_t scheme, const PublicKey& key, SchemeRules rules) {
  const SchemeInfo* info = find_scheme(scheme);
  if (info == nullptr || !supports(key, *info, rules)) return std::nullopt;
  auto impl = std::make_unique<Impl>(info, key, nullptr, nullptr);
  bool ok = false;
  if (info->family == Family::eddsa) {
    impl->message.reset(EVP_MD_CTX_new());
    ok = impl->message != nullptr;
  } else {
    impl->context.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key.native(), nullptr));
    ok = impl->context && EVP_PKEY_verify_init(impl->context.get()) == 1 && configure(impl->context.get(), *info);
  }
  if (!ok) {
    clear_openssl_errors();
    return std::nullopt;
  }
  return Verifier(std::move(impl));
}

bool Verifier::verify(ByteView data, ByteView signature) {
  bool ok = false;
  if (impl_->scheme->family == Family::eddsa) {
    EVP_MD_CTX* message = impl_->message.get();
    ok = EVP_DigestVerifyInit_ex(message, nullptr, nullptr, nullptr, nullptr, impl_->key.native(), nullptr) == 1 &&
         EVP_DigestVerify(message, signature.data(), signature.size(), data.data(), data.size()) == 1;
  } else {
    const HashValue hash = digest(impl_->scheme->hash, data);
    ok =
        EVP_PKEY_verify(impl_->context.get(), signature.data(), signature.size(), hash.view().data(), hash.size()) == 1;
  }
  if (!ok) clear_openssl_errors();
  return ok;
}

bool verify(uint16_t scheme, const PublicKey& key, ByteView data, ByteView signature, SchemeRules rules) {
  std::optional<Verifier> verifier = Verifier::make(scheme, key, rules);
  return verifier && verifier->verify(data, signature);
}

void certificate_verify_content(Side signer, ByteView transcript_hash, Bytes& out) {
  // RFC 8446 §4.4.3: 64 blanks, the context string, a zero byte, the transcript hash.
  out.assign(64, 0x20);
  append(out,
         as_bytes(signer == Side::server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify"));
  out.push_back(0);
  append(out, transcript_hash);
}

}  // namespace tlsproof::crypto
