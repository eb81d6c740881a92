#include "make_certificate.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <map>
#include <memory>

#include "tlsproof/base/error.h"

namespace tlsproof::x509::test {
namespace {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;

IntegerPtr integer(const std::string& hex) {
  BIGNUM* number = nullptr;
  TLSPROOF_CHECK(BN_hex2bn(&number, hex.c_str()) > 0);
  const NumberPtr owner(number);
  return IntegerPtr(BN_to_ASN1_INTEGER(number, nullptr));
}

const EVP_MD* digest(const std::string& name) {
  return name.empty() ? nullptr : EVP_get_digestbyname(name.c_str());
}

template <class Object, class Encode>
Bytes encoded(Object* object, Encode encode) {
  uint8_t* out = nullptr;
  const int len = encode(object, &out);
  TLSPROOF_CHECK(len > 0);
  Bytes der(out, out + len);
  OPENSSL_free(out);
  return der;
}

void add_extension(X509* certificate, X509* issuer, const std::string& name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>> extension(
      X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str()));
  if (extension == nullptr) fmt::print(stderr, "{} = {} is no extension\n", name, value);
  TLSPROOF_CHECK(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

EVP_PKEY* test_key(const std::string& name) {
  static std::map<std::string, KeyPtr> keys;
  KeyPtr& key = keys[name];
  if (key != nullptr) return key.get();
  const std::string kind = name.substr(0, name.find('/'));
  if (kind.starts_with("RSA-")) {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<size_t>(std::stoul(kind.substr(4)))));
  } else if (kind.starts_with("ED") || kind.starts_with("X")) {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, kind.c_str()));
  } else {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str()));
  }
  TLSPROOF_CHECK(key != nullptr);
  return key.get();
}

EVP_PKEY* Identity::key() const {
  return test_key(spec.key);
}

Identity make(Spec spec) {
  const X509Ptr certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, spec.version - 1);
  X509_set_serialNumber(x, integer(spec.serial).get());
  ASN1_TIME_set(X509_getm_notBefore(x), spec.not_before);
  ASN1_TIME_set(X509_getm_notAfter(x), spec.not_after);
  for (const auto& [type, value] : spec.subject) {
    TLSPROOF_CHECK(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), type.c_str(), MBSTRING_UTF8,
                                              reinterpret_cast<const uint8_t*>(value.data()),
                                              static_cast<int>(value.size()), -1, 0) == 1);
  }
  X509_set_pubkey(x, test_key(spec.key));
  X509Ptr issuer;
  if (spec.issuer != nullptr) {
    const uint8_t* at = spec.issuer->der().data();
    issuer.reset(d2i_X509(nullptr, &at, static_cast<long>(spec.issuer->der().size())));
    TLSPROOF_CHECK(issuer != nullptr);
  }
  X509* signer = issuer != nullptr ? issuer.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  for (const auto& [name, value] : spec.extensions) add_extension(x, signer, name, value);
  if (spec.edit) spec.edit(x);
  EVP_PKEY* key = spec.issuer != nullptr ? spec.issuer->key() : test_key(spec.key);
  const bool no_digest = EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;
  TLSPROOF_CHECK(X509_sign(x, key, no_digest ? nullptr : digest(spec.digest)) > 0);
  return {std::move(spec), Certificate::parse(encoded(x, i2d_X509))};
}

Spec ca_spec(const std::string& name, const Identity* issuer) {
  Spec spec;
  spec.subject = {{"C", "CN"}, {"O", "Example"}, {"CN", name}};
  spec.key = "P-256/" + name;
  spec.serial = "5" + to_hex(as_bytes(name.substr(0, 12))) + "5";
  spec.issuer = issuer;
  spec.not_before = kNow - 1000 * kDay;
  spec.not_after = kNow + 1000 * kDay;
  spec.extensions = {{"basicConstraints", "critical,CA:TRUE"},
                     {"keyUsage", "critical,keyCertSign,cRLSign"},
                     {"subjectKeyIdentifier", "hash"}};
  if (issuer != nullptr) spec.extensions.emplace_back("authorityKeyIdentifier", "keyid");
  return spec;
}

Spec leaf_spec(const Identity* issuer) {
  Spec spec;
  spec.issuer = issuer;
  spec.extensions = {{"basicConstraints", "CA:FALSE"},
                     {"keyUsage", "critical,digitalSignature"},
                     {"extendedKeyUsage", "serverAuth"},
                     {"subjectAltName", "DNS:server.test,IP:127.0.0.1"},
                     {"subjectKeyIdentifier", "hash"}};
  if (issuer != nullptr) spec.extensions.emplace_back("authorityKeyIdentifier", "keyid");
  return spec;
}

Spec with(Spec spec, const std::string& extension, const std::string& value) {
  auto it = std::ranges::find(spec.extensions, extension, [](const auto& pair) { return pair.first; });
  if (it == spec.extensions.end()) {
    spec.extensions.emplace_back(extension, value);
  } else if (value.empty()) {
    spec.extensions.erase(it);
  } else {
    it->second = value;
  }
  return spec;
}

Bytes make_crl(const Identity& issuer, const CrlSpec& spec) {
  const CrlPtr crl(X509_CRL_new());
  const uint8_t* at = issuer.der().data();
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(issuer.der().size())));
  X509_CRL_set_version(crl.get(), 1);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate.get()));
  const TimePtr this_update(ASN1_TIME_set(nullptr, spec.this_update));
  const TimePtr next_update(ASN1_TIME_set(nullptr, spec.next_update));
  X509_CRL_set1_lastUpdate(crl.get(), this_update.get());
  X509_CRL_set1_nextUpdate(crl.get(), next_update.get());
  for (const std::string& serial : spec.revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, integer(serial).get());
    X509_REVOKED_set_revocationDate(entry, this_update.get());
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  if (spec.edit) spec.edit(crl.get());
  TLSPROOF_CHECK(X509_CRL_sign(crl.get(), issuer.key(), EVP_sha256()) > 0);
  return encoded(crl.get(), i2d_X509_CRL);
}

Bytes tlv(uint8_t tag, ByteView content) {
  Bytes out{tag};
  if (content.size() < 0x80) {
    out.push_back(static_cast<uint8_t>(content.size()));
  } else {
    TLSPROOF_CHECK(content.size() < 0x1000000);
    out.push_back(content.size() < 0x10000 ? 0x82 : 0x83);
    if (content.size() >= 0x10000) out.push_back(static_cast<uint8_t>(content.size() >> 16));
    out.push_back(static_cast<uint8_t>(content.size() >> 8 & 0xff));
    out.push_back(static_cast<uint8_t>(content.size() & 0xff));
  }
  append(out, content);
  return out;
}

Bytes replaced(ByteView der, std::string_view from, std::string_view to) {
  TLSPROOF_CHECK(from.size() == to.size());
  std::string text(as_text(der));
  const size_t at = text.find(from);
  TLSPROOF_CHECK(at != std::string::npos && text.find(from, at + 1) == std::string::npos);
  text.replace(at, from.size(), to);
  return to_bytes(text);
}

}  // namespace tlsproof::x509::test
