// PKCS#12 (RFC 7292), read.
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include <algorithm>
#include <array>
#include <memory>

#include "legacy.h"
#include "path.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/pkcs12.h"

namespace tlsproof::pki {
namespace {

using Pkcs12Ptr = Handle<PKCS12, PKCS12_free>;
using SafesPtr = Handle<STACK_OF(PKCS7), [](STACK_OF(PKCS7) * list) { sk_PKCS7_pop_free(list, PKCS7_free); }>;
using BagsPtr = Handle<STACK_OF(PKCS12_SAFEBAG),
                       [](STACK_OF(PKCS12_SAFEBAG) * list) { sk_PKCS12_SAFEBAG_pop_free(list, PKCS12_SAFEBAG_free); }>;
using Pkcs8Ptr = Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using crypto::PasswordEncryption;

constexpr std::string_view kPemLabel = "PKCS12";
constexpr int kMaxBagDepth = 4;
constexpr size_t kMaxNameLen = 1024;
// Each is decrypted, decoded and shown by itself. Stores of trusted certificates have some hundred.
constexpr size_t kMaxBags = 10'000;

// The header of one element, with a definite or (BER) an indefinite length; what follows is its content.
bool skip_header(ByteView& at, uint8_t tag) {
  if (at.size() < 2 || at[0] != tag) return false;
  const size_t len_len = at[1] >= 0x80 ? at[1] & 0x7fU : 0;
  if (len_len > 4 || at.size() < 2 + len_len) return false;
  at = at.subspan(2 + len_len);
  return true;
}

// RFC 7292 §4: PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, … }
bool begins_like_pkcs12(ByteView at) {
  constexpr std::array<uint8_t, 3> kVersion3 = {0x02, 0x01, 0x03};
  constexpr std::array<uint8_t, 10> kPkcs7 = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};
  if (!skip_header(at, 0x30) || at.size() < kVersion3.size() || !equal(at.first(kVersion3.size()), kVersion3))
    return false;
  at = at.subspan(kVersion3.size());
  return skip_header(at, 0x30) && at.size() > kPkcs7.size() && equal(at.first(kPkcs7.size()), kPkcs7);
}

bool is_pem(ByteView content) {
  return as_text(content).find(fmt::format("-----BEGIN {}-----", kPemLabel)) != std::string_view::npos;
}

// The bytes inside a PEM block; empty when it is damaged.
Bytes from_pem(ByteView content) {
  Handle<BIO, BIO_free> bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  TLSPROOF_CHECK(bio != nullptr);
  Bytes out;
  char *label = nullptr, *header = nullptr;
  uint8_t* data = nullptr;
  long len = 0;
  while (out.empty() && PEM_read_bio(bio.get(), &label, &header, &data, &len) == 1) {
    if (label == kPemLabel) out.assign(data, data + len);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(len));
  }
  crypto::clear_openssl_errors();
  return out;
}

// What libcrypto is given: an absent passphrase is not the same as an empty one.
struct Password {
  const char* text = nullptr;
  int len = 0;
};
constexpr Password kAbsent{};
constexpr Password kEmpty{"", 0};

std::string friendly_name(const PKCS12_SAFEBAG* bag) {
  const ASN1_TYPE* value = PKCS12_SAFEBAG_get0_attr(bag, NID_friendlyName);
  if (value == nullptr || value->type != V_ASN1_BMPSTRING) return {};
  char* text = OPENSSL_uni2utf8(value->value.bmpstring->data, value->value.bmpstring->length);
  std::string out(text != nullptr ? text : "");
  OPENSSL_free(text);
  if (out.size() > kMaxNameLen) out.resize(kMaxNameLen);
  return out;
}

class Opener {
 public:
  Opener(std::string_view what, const crypto::PassphraseSource& source, const Pkcs12Options& options)
      : what_(what), source_(source), options_(options), budget_(options.max_iterations) {}

  Result<Pkcs12> open(ByteView content) {
    TLSPROOF_TRY_VOID(decode(content));
    TLSPROOF_TRY_VOID(outline());
    TLSPROOF_TRY(const bool opened, unlock());
    if (!opened) return std::move(out_);
    out_.parts.clear();
    for (int i = 0; i < sk_PKCS7_num(safes_.get()); ++i) TLSPROOF_TRY_VOID(read_safe(sk_PKCS7_value(safes_.get(), i)));
    out_.open = true;
    if (out_.keys.empty() && out_.certificates.empty() && out_.num_crls == 0 && out_.num_others == 0)
      return complain("the PKCS#12 holds nothing, neither a key nor a certificate");
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::unexpected<Error> complain(std::string_view problem) const {
    crypto::clear_openssl_errors();
    return fail_usage(fmt::format("{}: {}", what_, problem));
  }
  [[nodiscard]] std::unexpected<Error> damaged(std::string_view where) const {
    return complain(fmt::format("the PKCS#12 is damaged or cut off ({})", where));
  }

  // Every derivation is paid for before it is done: a file may ask for any number of them.
  Status pay(uint64_t iterations) {
    if (iterations > budget_)
      return complain("the PKCS#12 asks for too much work to open it (iterations, or scrypt's cost)");
    budget_ -= iterations;
    return {};
  }

  Status decode(ByteView content) {
    if (content.empty()) return complain("the file is empty");
    if (content.size() > kMaxPkcs12Len)
      return complain(fmt::format("too long for a PKCS#12 (more than {} bytes)", kMaxPkcs12Len));
    Bytes unpacked;
    if (is_pem(content)) {
      unpacked = from_pem(content);
      if (unpacked.empty()) return damaged("its PEM block");
      content = unpacked;
    }
    const uint8_t* at = content.data();
    file_.reset(d2i_PKCS12(nullptr, &at, static_cast<long>(content.size())));
    if (!file_) return begins_like_pkcs12(content) ? damaged("its outer structure") : complain("not a PKCS#12 file");
    safes_.reset(PKCS12_unpack_authsafes(file_.get()));
    if (safes_) return {};
    const auto reason = ERR_GET_REASON(ERR_peek_error());
    if (reason == PKCS12_R_CONTENT_TYPE_NOT_DATA)
      return complain("the PKCS#12 is protected by a signature instead of a passphrase, which is not supported");
    return damaged("its list of parts");
  }

  // What can be said without a passphrase.
  Status outline() {
    const ASN1_OCTET_STRING *mac = nullptr, *salt = nullptr;
    const X509_ALGOR* algorithm = nullptr;
    const ASN1_INTEGER* iterations = nullptr;
    PKCS12_get0_mac(&mac, &algorithm, &salt, &iterations, file_.get());
    if (mac != nullptr && algorithm != nullptr) {
      const ASN1_OBJECT* object = nullptr;
      X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
      out_.mac = Pkcs12::Mac{};
      const int nid = OBJ_obj2nid(object);
      char text[80];
      OBJ_obj2txt(text, sizeof text, object, 1);
      out_.mac->hash = nid != NID_undef ? OBJ_nid2sn(nid) : text;
      mac_known_ = EVP_get_digestbynid(nid) != nullptr;
      if (iterations != nullptr && ASN1_INTEGER_get_uint64(&out_.mac->iterations, iterations) != 1)
        out_.mac->iterations = UINT64_MAX;
    }
    for (int i = 0; i < sk_PKCS7_num(safes_.get()); ++i) {
      PKCS7* safe = sk_PKCS7_value(safes_.get(), i);
      if (PKCS7_type_is_encrypted(safe)) {
        TLSPROOF_TRY(const PKCS7_ENC_CONTENT* sealed, sealed_content(safe));
        out_.parts.push_back({Pkcs12::Part::Holds::bags, crypto::describe_encryption(sealed->algorithm)});
      } else if (PKCS7_type_is_data(safe)) {
        out_.parts.push_back({Pkcs12::Part::Holds::bags, std::nullopt});
        const BagsPtr bags(PKCS12_unpack_p7data(safe));
        for (int j = 0; j < sk_PKCS12_SAFEBAG_num(bags.get()); ++j) {
          const PKCS12_SAFEBAG* bag = sk_PKCS12_SAFEBAG_value(bags.get(), j);
          if (PKCS12_SAFEBAG_get_nid(bag) == NID_pkcs8ShroudedKeyBag) note_key(bag);
        }
      } else {
        return complain("a part of the PKCS#12 is encrypted to a public key, which is not supported");
      }
    }
    return {};
  }

  void note_key(const PKCS12_SAFEBAG* bag) {
    const X509_ALGOR* algorithm = nullptr;
    if (const X509_SIG* sealed = PKCS12_SAFEBAG_get0_pkcs8(bag)) X509_SIG_get0(sealed, &algorithm, nullptr);
    if (algorithm != nullptr) out_.parts.push_back({Pkcs12::Part::Holds::key, crypto::describe_encryption(algorithm)});
  }

  Result<const PKCS7_ENC_CONTENT*> sealed_content(const PKCS7* safe) const {
    const PKCS7_ENCRYPT* encrypted = safe->d.encrypted;
    if (encrypted == nullptr || encrypted->enc_data == nullptr || encrypted->enc_data->algorithm == nullptr ||
        encrypted->enc_data->enc_data == nullptr)
      return damaged("an encrypted part");
    return encrypted->enc_data;
  }

  // ---- the passphrase

  // Finds the one that opens the file. False: there is none at hand, and the outline is all that is wanted.
  Result<bool> unlock() {
    const bool sealed = std::ranges::any_of(out_.parts, [](const Pkcs12::Part& part) { return bool(part.encryption); });
    if (!out_.mac && !sealed) return true;
    if (out_.mac && !mac_known_)
      return complain(fmt::format("the PKCS#12 is protected by {}, which is not supported", out_.mac->hash));
    Status asked;  // why there is no passphrase
    if (source_) {
      if (auto given = source_())
        passphrase_ = std::move(*given);
      else
        asked = std::unexpected(given.error());
    }
    std::vector<Password> tries = {kAbsent, kEmpty};
    const Password given{reinterpret_cast<const char*>(passphrase_.view().data()),
                         static_cast<int>(passphrase_.size())};
    if (!passphrase_.empty()) tries.insert(tries.begin(), given);
    for (const Password password : tries) {
      TLSPROOF_TRY(const bool fits, opens(password));
      if (!fits) continue;
      password_ = password;
      out_.empty_passphrase = password.len == 0;
      return true;
    }
    if (!asked) return std::unexpected(asked.error());
    if (!source_ && options_.outline_when_locked) return false;
    if (!source_) return complain("the PKCS#12 needs a passphrase");
    // A passphrase that decrypts what is inside is the right one: then it is the content that the MAC does not fit.
    if (!passphrase_.empty() && out_.mac && sealed) {
      TLSPROOF_TRY(const bool decrypts, opens_first_part(given));
      if (decrypts) return complain("the PKCS#12 was damaged or changed: its MAC is wrong, though the passphrase fits");
    }
    return complain("the passphrase is wrong (or the PKCS#12 was changed since it was made)");
  }

  Result<bool> opens(Password password) {
    if (!out_.mac) return opens_first_part(password);
    TLSPROOF_TRY_VOID(pay(out_.mac->iterations));
    const bool fits = PKCS12_verify_mac(file_.get(), password.text, password.len) == 1;
    crypto::clear_openssl_errors();
    return fits;
  }

  Result<bool> opens_first_part(Password password) {
    for (int i = 0; i < sk_PKCS7_num(safes_.get()); ++i) {
      PKCS7* safe = sk_PKCS7_value(safes_.get(), i);
      if (PKCS7_type_is_encrypted(safe)) {
        TLSPROOF_TRY(const BagsPtr bags, decrypt_bags(safe, password));
        return bags != nullptr;
      }
      const BagsPtr bags(PKCS12_unpack_p7data(safe));
      for (int j = 0; j < sk_PKCS12_SAFEBAG_num(bags.get()); ++j) {
        const PKCS12_SAFEBAG* bag = sk_PKCS12_SAFEBAG_value(bags.get(), j);
        if (PKCS12_SAFEBAG_get_nid(bag) != NID_pkcs8ShroudedKeyBag) continue;
        TLSPROOF_TRY(const Pkcs8Ptr key, decrypt_key(bag, password));
        return key != nullptr;
      }
    }
    return false;
  }

  // ---- decryption

  // The library context that has the algorithm; nullptr is the default one.
  Result<OSSL_LIB_CTX*> context_for(const PasswordEncryption& encryption) {
    if (!encryption.affordable)
      return complain("the PKCS#12 asks for too much work to open it (iterations, or scrypt's cost)");
    TLSPROOF_TRY_VOID(pay(encryption.work));
    if (encryption.support == PasswordEncryption::Support::yes) return nullptr;
    if (encryption.support == PasswordEncryption::Support::no)
      return complain(fmt::format("the PKCS#12 is encrypted by an algorithm that is not supported ({})",
                                  escape_terminal_limited(encryption.scheme, 80)));
    if (!legacy_) {
      TLSPROOF_TRY(legacy_, LegacyContext::make(fmt::format("{}: its encryption ({})", what_, encryption.cipher)));
    }
    return legacy_->native();
  }

  // Null when it does not decrypt to what it should.
  Result<BagsPtr> decrypt_bags(const PKCS7* safe, Password password) {
    TLSPROOF_TRY(const PKCS7_ENC_CONTENT* sealed, sealed_content(safe));
    TLSPROOF_TRY(OSSL_LIB_CTX * context, context_for(crypto::describe_encryption(sealed->algorithm)));
    BagsPtr bags(static_cast<STACK_OF(PKCS12_SAFEBAG)*>(
        PKCS12_item_decrypt_d2i_ex(sealed->algorithm, ASN1_ITEM_rptr(PKCS12_SAFEBAGS), password.text, password.len,
                                   sealed->enc_data, 1, context, nullptr)));
    crypto::clear_openssl_errors();
    return bags;
  }

  Result<Pkcs8Ptr> decrypt_key(const PKCS12_SAFEBAG* bag, Password password) {
    const X509_ALGOR* algorithm = nullptr;
    if (const X509_SIG* sealed = PKCS12_SAFEBAG_get0_pkcs8(bag)) X509_SIG_get0(sealed, &algorithm, nullptr);
    if (algorithm == nullptr) return damaged("an encrypted key");
    TLSPROOF_TRY(OSSL_LIB_CTX * context, context_for(crypto::describe_encryption(algorithm)));
    Pkcs8Ptr info(PKCS12_decrypt_skey_ex(bag, password.text, password.len, context, nullptr));
    crypto::clear_openssl_errors();
    return info;
  }

  // Writers are not of one mind about absent and empty, even inside one file.
  template <class Decrypt>
  auto with_password(Decrypt decrypt) -> decltype(decrypt(kAbsent)) {
    auto first = decrypt(password_);
    if (!first || *first || !out_.empty_passphrase) return first;
    return decrypt(password_.text == nullptr ? kEmpty : kAbsent);
  }

  // ---- the contents

  Status read_safe(PKCS7* safe) {
    BagsPtr bags;
    if (PKCS7_type_is_encrypted(safe)) {
      TLSPROOF_TRY(const PKCS7_ENC_CONTENT* sealed, sealed_content(safe));
      out_.parts.push_back({Pkcs12::Part::Holds::bags, crypto::describe_encryption(sealed->algorithm)});
      TLSPROOF_TRY(bags, with_password([&](Password password) { return decrypt_bags(safe, password); }));
      if (!bags) return undecryptable("a part");
    } else {
      out_.parts.push_back({Pkcs12::Part::Holds::bags, std::nullopt});
      bags.reset(PKCS12_unpack_p7data(safe));
      if (!bags) return damaged("a part");
    }
    return read_bags(bags.get(), 0);
  }

  [[nodiscard]] std::unexpected<Error> undecryptable(std::string_view part) const {
    return complain(fmt::format(
        "{} of the PKCS#12 does not decrypt: it is damaged, or under another passphrase than the rest", part));
  }

  Status read_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
    if (depth > kMaxBagDepth) return damaged("bags within bags");
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i)
      TLSPROOF_TRY_VOID(read_bag(sk_PKCS12_SAFEBAG_value(bags, i), depth));
    return {};
  }

  Status read_bag(const PKCS12_SAFEBAG* bag, int depth) {
    if (++num_bags_ > kMaxBags) return complain(fmt::format("the PKCS#12 holds more than {} things", kMaxBags));
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
      case NID_keyBag:
        out_.parts.push_back({Pkcs12::Part::Holds::key, std::nullopt});
        return add_key(bag, PKCS12_SAFEBAG_get0_p8inf(bag));
      case NID_pkcs8ShroudedKeyBag: {
        note_key(bag);
        TLSPROOF_TRY(const Pkcs8Ptr key, with_password([&](Password password) { return decrypt_key(bag, password); }));
        return key ? add_key(bag, key.get()) : undecryptable("the key");
      }
      case NID_certBag:
        return add_certificate(bag);
      case NID_crlBag:
        ++out_.num_crls;
        return {};
      case NID_safeContentsBag:
        return read_bags(PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
      default:
        ++out_.num_others;
        return {};
    }
  }

  Status add_key(const PKCS12_SAFEBAG* bag, const PKCS8_PRIV_KEY_INFO* info) {
    if (info == nullptr) return damaged("a key");
    uint8_t* der = nullptr;
    const int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    if (len <= 0) return damaged("a key");
    const SecretBytes copy(ByteView(der, static_cast<size_t>(len)));
    OPENSSL_clear_free(der, static_cast<size_t>(len));
    // From its bytes, so that it belongs to the default library context and is held to the same limits as any other.
    auto key = crypto::PrivateKey::load(copy.view(), "its key");
    if (!key) return complain(key.error().what);
    out_.keys.push_back({std::move(*key), friendly_name(bag)});
    return {};
  }

  Status add_certificate(const PKCS12_SAFEBAG* bag) {
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
      ++out_.num_others;
      return {};
    }
    const X509Ptr x509(PKCS12_SAFEBAG_get1_cert(bag));
    crypto::clear_openssl_errors();
    if (!x509) return damaged("a certificate");
    out_.certificates.push_back({x509::Certificate::parse(to_der<i2d_X509>(x509.get())), friendly_name(bag)});
    return {};
  }

  std::string_view what_;
  const crypto::PassphraseSource& source_;
  const Pkcs12Options& options_;
  uint64_t budget_;
  size_t num_bags_ = 0;
  Pkcs12Ptr file_;
  SafesPtr safes_;
  bool mac_known_ = false;
  std::optional<LegacyContext> legacy_;
  SecretBytes passphrase_;
  Password password_;
  Pkcs12 out_;
};

}  // namespace

bool is_pkcs12(ByteView content) {
  return begins_like_pkcs12(content) || (!content.empty() && content[0] != 0x30 && is_pem(content));
}

std::vector<x509::Certificate> Pkcs12::all_certificates() const {
  std::vector<x509::Certificate> out;
  out.reserve(certificates.size());
  for (const CertificateEntry& entry : certificates) out.push_back(entry.certificate);
  return out;
}

Result<Pkcs12> load_pkcs12(ByteView content, std::string_view what, const crypto::PassphraseSource& passphrase,
                           const Pkcs12Options& options) {
  auto out = Opener(what, passphrase, options).open(content);
  crypto::clear_openssl_errors();
  return out;
}

Result<KeyAndPath> take_identity(const Pkcs12& file, std::string_view what) {
  constexpr size_t kMaxCertificates = 256;  // each may have to be tried as the issuer of each
  constexpr size_t kMaxKeys = 64;           // and each of these as the key of each
  if (file.keys.empty()) return fail_usage(fmt::format("{} holds no private key, only certificates", what));
  if (file.certificates.empty()) return fail_usage(fmt::format("{} holds no certificate, only a private key", what));
  if (file.certificates.size() > kMaxCertificates)
    return fail_usage(fmt::format("{} holds {} certificates; an identity has a few", what, file.certificates.size()));
  if (file.keys.size() > kMaxKeys)
    return fail_usage(fmt::format("{} holds {} private keys; an identity has one", what, file.keys.size()));
  std::vector<x509::Certificate> certificates = file.all_certificates();
  std::vector<std::expected<crypto::PublicKey, crypto::PublicKeyError>> certified;
  certified.reserve(certificates.size());
  for (const x509::Certificate& certificate : certificates)
    certified.push_back(crypto::PublicKey::decode(certificate->spki()));
  const crypto::PrivateKey* key = nullptr;
  size_t own = 0;
  for (const Pkcs12::KeyEntry& entry : file.keys) {
    const auto at = std::ranges::find_if(
        certified, [&](const auto& public_key) { return public_key && entry.key.fits(*public_key); });
    if (at == certified.end() || (key != nullptr && key->fits(entry.key.public_key()))) continue;
    if (key != nullptr)
      return fail_usage(
          fmt::format("{} holds the keys of several certificates; export the one that is meant alone", what));
    key = &entry.key;
    own = static_cast<size_t>(at - certified.begin());
  }
  if (key == nullptr)
    return fail_usage(fmt::format("{}: its key ({}) belongs to none of its certificates", what,
                                  file.keys.front().key.public_key().name()));
  std::rotate(certificates.begin(), certificates.begin() + static_cast<ptrdiff_t>(own),
              certificates.begin() + static_cast<ptrdiff_t>(own) + 1);
  return KeyAndPath{*key, order_path(std::move(certificates))};
}

}  // namespace tlsproof::pki
