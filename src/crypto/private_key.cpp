#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <tuple>

#include "internal.h"
#include "tlsproof/base/text.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/crypto/openssl.h"
#include "tlsproof/crypto/password_encryption.h"

namespace tlsproof::crypto {
namespace {

constexpr size_t kMaxKeyFileLen = size_t{1} << 20;
constexpr unsigned kMaxRsaBits = 16384;

using SigPtr = Owned<X509_SIG, X509_SIG_free>;
using Pkcs8Ptr = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

// A private key found in a file, not yet decrypted or understood.
struct Found {
  enum class Form { pkcs8, encrypted_pkcs8, rsa, ec, other } form = Form::other;
  std::string label;  // PEM's
  SecretBytes der;
  std::string header;  // RFC 1421 "Proc-Type: 4,ENCRYPTED" and "DEK-Info"
  [[nodiscard]] bool encrypted() const {
    return form == Form::encrypted_pkcs8 || header.find("ENCRYPTED") != std::string::npos;
  }
};

Found::Form form_of(std::string_view label) {
  if (label == PEM_STRING_PKCS8INF) return Found::Form::pkcs8;
  if (label == PEM_STRING_PKCS8) return Found::Form::encrypted_pkcs8;
  if (label == PEM_STRING_RSA) return Found::Form::rsa;
  if (label == PEM_STRING_ECPRIVATEKEY) return Found::Form::ec;
  return Found::Form::other;
}

std::optional<Found> find_pem(ByteView content) {
  const BioPtr bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  std::optional<Found> found;
  while (bio && !found) {
    char *name = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long len = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &data, &len) != 1) break;
    if (std::string_view label = name; label.ends_with("PRIVATE KEY"))
      found = Found{form_of(label), std::string(label), SecretBytes(ByteView(data, static_cast<size_t>(len))), header};
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(len));
  }
  clear_openssl_errors();
  return found;
}

template <class T, auto Decode, auto Free>
Owned<T, Free> decode_whole(ByteView der) {
  const uint8_t* at = der.data();
  Owned<T, Free> value(Decode(nullptr, &at, static_cast<long>(der.size())));
  if (value && at != der.data() + der.size()) value.reset();
  if (!value) clear_openssl_errors();
  return value;
}
SigPtr decode_encrypted(ByteView der) {
  return decode_whole<X509_SIG, d2i_X509_SIG, X509_SIG_free>(der);
}
Pkcs8Ptr decode_pkcs8(ByteView der) {
  return decode_whole<PKCS8_PRIV_KEY_INFO, d2i_PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>(der);
}

PkeyPtr decode_traditional(int type, ByteView der) {
  const uint8_t* at = der.data();
  PkeyPtr key(d2i_PrivateKey_ex(type, nullptr, &at, static_cast<long>(der.size()), nullptr, nullptr));
  if (key && at != der.data() + der.size()) key.reset();
  return key;
}

std::optional<Found> find_der(ByteView content) {
  const auto make = [&](Found::Form form) { return Found{form, "DER", SecretBytes(content), ""}; };
  if (decode_pkcs8(content)) return make(Found::Form::pkcs8);
  if (decode_encrypted(content)) return make(Found::Form::encrypted_pkcs8);
  for (auto [type, form] : {std::pair{EVP_PKEY_RSA, Found::Form::rsa}, std::pair{EVP_PKEY_EC, Found::Form::ec}}) {
    const PkeyPtr key = decode_traditional(type, content);
    clear_openssl_errors();
    if (key) return make(form);
  }
  return std::nullopt;
}

std::optional<Found> find_key(ByteView content) {
  if (content.size() > kMaxKeyFileLen) return std::nullopt;
  if (as_text(content).find("-----BEGIN ") != std::string_view::npos) return find_pem(content);
  return find_der(content);
}

PasswordEncryption encryption_of(const X509_SIG* encrypted) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(encrypted, &algorithm, nullptr);
  return describe_encryption(algorithm);
}

int give_passphrase(char* buffer, int size, int, void* data) {
  const auto& passphrase = *static_cast<const SecretBytes*>(data);
  if (size < 0 || passphrase.size() > static_cast<size_t>(size)) return -1;
  std::ranges::copy(passphrase.view(), buffer);
  return static_cast<int>(passphrase.size());
}

// Loads one file; every failure begins with its name.
class Loader {
 public:
  Loader(std::string_view name, const PassphraseSource& source) : name_(escape_terminal(name)), source_(source) {}

  Result<PkeyPtr> load(ByteView content) {
    if (content.size() > kMaxKeyFileLen)
      return complain(fmt::format("too long for a private key (more than {} bytes)", kMaxKeyFileLen));
    std::optional<Found> found = find_key(content);
    if (!found) return complain(missing(content));
    if (found->form == Found::Form::other)
      return complain(fmt::format("a {} is not supported; RSA, EC, Ed25519 and Ed448 keys in PEM or DER are",
                                  escape_terminal_limited(found->label, 60)));
    if (found->encrypted()) TLSPROOF_TRY_VOID(ask());
    if (found->form == Found::Form::encrypted_pkcs8) return decrypt_pkcs8(found->der.view());
    if (!found->header.empty()) TLSPROOF_TRY_VOID(decrypt_traditional(*found));
    return understand(*found);
  }

 private:
  [[nodiscard]] std::unexpected<Error> complain(std::string_view what) const {
    clear_openssl_errors();
    return fail_usage(fmt::format("{}: {}", name_, what));
  }
  [[nodiscard]] std::unexpected<Error> wrong_passphrase() const {
    return complain("the passphrase is wrong (or the key is damaged)");
  }
  static std::string missing(ByteView content) {
    const std::string_view text = as_text(content);
    if (content.empty()) return "no private key: the file is empty";
    if (text.find("PRIVATE KEY-----") != std::string_view::npos)
      return "the private key is damaged: its PEM block cannot be decoded";
    if (text.find("-----BEGIN CERTIFICATE") != std::string_view::npos) return "no private key there, only certificates";
    if (text.find("-----BEGIN ") != std::string_view::npos) return "no private key among its PEM blocks";
    return "no private key: neither PEM (-----BEGIN … PRIVATE KEY-----) nor DER";
  }

  Status ask() {
    if (!source_) return complain("the private key is encrypted and needs a passphrase");
    TLSPROOF_TRY(passphrase_, source_());
    return {};
  }

  Result<PkeyPtr> decrypt_pkcs8(ByteView der) {
    const SigPtr sealed = decode_encrypted(der);
    if (!sealed) return complain("the private key is damaged: not an EncryptedPrivateKeyInfo");
    const PasswordEncryption encryption = encryption_of(sealed.get());
    if (!encryption.affordable) return complain("the key asks for too much work to decrypt it (iterations)");
    const auto* text = reinterpret_cast<const char*>(passphrase_.view().data());
    const Pkcs8Ptr info(PKCS8_decrypt_ex(sealed.get(), text != nullptr ? text : "",
                                         static_cast<int>(passphrase_.size()), nullptr, nullptr));
    if (!info) {
      if (encryption.support != PasswordEncryption::Support::yes)  // we do not load libcrypto's legacy provider here
        return complain("the private key is encrypted by an algorithm that is not supported");
      return wrong_passphrase();
    }
    // A wrong passphrase passes the padding check once in 256 times and gives noise that may still look like some DER.
    PkeyPtr key(EVP_PKCS82PKEY_ex(info.get(), nullptr, nullptr));
    if (!key) return known_algorithm(info.get()) ? wrong_passphrase() : unsupported(info.get());
    return key;
  }

  Status decrypt_traditional(Found& found) {
    EVP_CIPHER_INFO info;
    std::string header = found.header;
    if (PEM_get_EVP_CIPHER_INFO(header.data(), &info) != 1)
      return complain("the private key is encrypted by an algorithm that is not supported");
    if (info.cipher == nullptr) return {};
    auto len = static_cast<long>(found.der.size());
    if (PEM_do_header(&info, found.der.span().data(), &len, give_passphrase, &passphrase_) != 1)
      return wrong_passphrase();
    SecretBytes plain(found.der.view().first(static_cast<size_t>(len)));
    found.der = std::move(plain);
    decrypted_ = true;
    return {};
  }

  Result<PkeyPtr> understand(const Found& found) {
    PkeyPtr key;
    if (found.form == Found::Form::pkcs8) {
      const Pkcs8Ptr info = decode_pkcs8(found.der.view());
      if (!info) return complain("the private key is damaged: not a PrivateKeyInfo");
      key.reset(EVP_PKCS82PKEY_ex(info.get(), nullptr, nullptr));
      if (!key && !known_algorithm(info.get())) return unsupported(info.get());
    } else {
      key = decode_traditional(found.form == Found::Form::rsa ? EVP_PKEY_RSA : EVP_PKEY_EC, found.der.view());
    }
    if (!key && decrypted_) return wrong_passphrase();
    if (!key) return complain(openssl_error("the private key is damaged").what);
    return key;
  }

  static int algorithm_of(const PKCS8_PRIV_KEY_INFO* info) {
    const ASN1_OBJECT* algorithm = nullptr;
    return PKCS8_pkey_get0(&algorithm, nullptr, nullptr, nullptr, info) == 1 ? OBJ_obj2nid(algorithm) : NID_undef;
  }
  static bool known_algorithm(const PKCS8_PRIV_KEY_INFO* info) {
    constexpr int kKnown[] = {NID_rsaEncryption, NID_rsassaPss, NID_X9_62_id_ecPublicKey, NID_ED25519, NID_ED448};
    return std::ranges::find(kKnown, algorithm_of(info)) != std::end(kKnown);
  }
  [[nodiscard]] std::unexpected<Error> unsupported(const PKCS8_PRIV_KEY_INFO* info) const {
    const int nid = algorithm_of(info);
    return complain(
        fmt::format("a private key of the type {} is not supported", nid == NID_undef ? "(unknown)" : OBJ_nid2ln(nid)));
  }

  std::string name_;
  const PassphraseSource& source_;
  SecretBytes passphrase_;
  bool decrypted_ = false;
};

Result<SecretBytes> read_out(BIO* bio, bool written, std::string_view what) {
  char* text = nullptr;
  const long len = BIO_get_mem_data(bio, &text);
  if (!written || len <= 0) return std::unexpected(openssl_error(what));
  return SecretBytes(ByteView(reinterpret_cast<const uint8_t*>(text), static_cast<size_t>(len)));
}

const char* generator_name(KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa:
      return "RSA";
    case KeyKind::rsa_pss:
      return "RSA-PSS";
    case KeyKind::p256:
    case KeyKind::p384:
    case KeyKind::p521:
      return "EC";
    case KeyKind::ed25519:
      return "ED25519";
    case KeyKind::ed448:
      return "ED448";
    case KeyKind::other:
      break;
  }
  return nullptr;
}

}  // namespace

PassphraseSource fixed_passphrase(SecretBytes passphrase) {
  return [passphrase = std::move(passphrase)]() -> Result<SecretBytes> { return passphrase; };
}

Result<PrivateKey> PrivateKey::load(ByteView content, std::string_view name, const PassphraseSource& passphrase) {
  TLSPROOF_TRY(PkeyPtr key, Loader(name, passphrase).load(content));
  PrivateKey loaded = adopt(key.release());
  clear_openssl_errors();
  const std::string file = escape_terminal(name);
  if (loaded.kind() == KeyKind::other)
    return fail_usage(
        fmt::format("{}: a private key of the type {} is not supported", file, loaded.public_key().name()));
  if (loaded.bits() > kMaxRsaBits)
    return fail_usage(
        fmt::format("{}: an RSA key of {} bits is not supported (at most {})", file, loaded.bits(), kMaxRsaBits));
  return loaded;
}

bool PrivateKey::is_encrypted(ByteView content) {
  const std::optional<Found> found = find_key(content);
  return found && found->encrypted();
}

Result<PrivateKey> PrivateKey::generate(KeyKind kind, unsigned rsa_bits) {
  const char* type = generator_name(kind);
  if (type == nullptr) return fail_usage("keys of this kind cannot be made");
  const bool is_rsa = kind == KeyKind::rsa || kind == KeyKind::rsa_pss;
  if (is_rsa && (rsa_bits < 512 || rsa_bits > kMaxRsaBits))
    return fail_usage(fmt::format("an RSA key has 512 to {} bits, not {}", kMaxRsaBits, rsa_bits));
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  bool ok = context && EVP_PKEY_keygen_init(context.get()) == 1;
  if (ok && is_rsa) ok = EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(rsa_bits)) == 1;
  if (ok && std::string_view(type) == "EC")
    ok = EVP_PKEY_CTX_set_group_name(context.get(), std::string(to_string(kind)).c_str()) == 1;
  EVP_PKEY* key = nullptr;
  if (!ok || EVP_PKEY_generate(context.get(), &key) != 1)
    return std::unexpected(openssl_error("cannot generate a key"));
  return adopt(key);
}

PrivateKey PrivateKey::adopt(evp_pkey_st* key) {
  return PrivateKey(PublicKey::adopt(key));
}

Result<SecretBytes> PrivateKey::to_pem() const {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  const bool ok = bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), native(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  return read_out(bio.get(), ok, "cannot write the private key");
}

Result<SecretBytes> PrivateKey::to_encrypted_pem(const SecretBytes& passphrase, int iterations) const {
  if (passphrase.empty()) return fail_usage("the passphrase of a private key must not be empty");
  if (passphrase.size() > 1024 || iterations < 1) return fail_usage("the passphrase is longer than 1024 bytes");
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(native()));
  Owned<X509_ALGOR, X509_ALGOR_free> scheme(
      PKCS5_pbe2_set_iv_ex(EVP_aes_256_cbc(), iterations, nullptr, 0, nullptr, NID_hmacWithSHA256, nullptr));
  SigPtr sealed;
  if (bio && info && scheme) {
    const auto* text = reinterpret_cast<const char*>(passphrase.view().data());
    sealed.reset(
        PKCS8_set0_pbe_ex(text, static_cast<int>(passphrase.size()), info.get(), scheme.get(), nullptr, nullptr));
    if (sealed) std::ignore = scheme.release();  // it belongs to `sealed` now
  }
  const bool ok = sealed && PEM_write_bio_PKCS8(bio.get(), sealed.get()) == 1;
  return read_out(bio.get(), ok, "cannot encrypt the private key");
}

Result<Bytes> PrivateKey::spki() const {
  unsigned char* der = nullptr;
  const int len = i2d_PUBKEY(native(), &der);
  if (len <= 0) return std::unexpected(openssl_error("cannot write the public key"));
  Bytes out(der, der + len);
  OPENSSL_free(der);
  return out;
}

}  // namespace tlsproof::crypto
