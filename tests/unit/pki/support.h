// libcrypto as the witness of what was forged.
#pragma once

#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tlsproof/pki/authority.h"

namespace tlsproof::pki {

inline constexpr int64_t kNow = 1'800'000'000;  // 2027-01-15
inline constexpr int64_t kDay = 86400;

using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
inline CertificatePtr decode(ByteView der) {
  const uint8_t* at = der.data();
  return {d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free};
}

// How a peer looks at a chain.
struct Look {
  std::string host, ip;  // that the leaf must be for; empty: not looked at
  int64_t now = kNow;
  int depth = 100;               // most intermediates
  std::vector<Bytes> crls = {};  // some: every certificate is looked up
};

// Every error that X509_verify_cert reports for the chain, strictly, as a peer of that role's bearer would see it.
inline std::set<int> verify_errors(const std::vector<Bytes>& chain, ByteView root, Role role, const Look& look = {}) {
  static std::set<int> seen;
  seen.clear();
  const CertificatePtr anchor = decode(root), leaf = decode(chain.front());
  EXPECT_TRUE(anchor && leaf);
  if (!anchor || !leaf) return {-1};
  std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), anchor.get());
  for (const Bytes& der : look.crls) {
    const uint8_t* at = der.data();
    X509_CRL* crl = d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size()));
    EXPECT_NE(crl, nullptr);
    X509_STORE_add_crl(store.get(), crl);
    X509_CRL_free(crl);
  }
  STACK_OF(X509)* others = sk_X509_new_null();
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(others, decode(chain[i]).release());
  std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), others);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE |
                                              (look.crls.empty() ? 0 : X509_V_FLAG_CRL_CHECK));
  X509_VERIFY_PARAM_set_time(parameters, look.now);
  X509_VERIFY_PARAM_set_auth_level(parameters, 2);
  X509_VERIFY_PARAM_set_depth(parameters, look.depth);
  X509_STORE_CTX_set_default(context.get(), role == Role::server ? "ssl_server" : "ssl_client");
  if (!look.host.empty()) X509_VERIFY_PARAM_set1_host(parameters, look.host.c_str(), 0);
  if (!look.ip.empty()) X509_VERIFY_PARAM_set1_ip_asc(parameters, look.ip.c_str());
  X509_STORE_CTX_set_verify_cb(context.get(), [](int ok, X509_STORE_CTX* at) {
    if (ok == 0) seen.insert(X509_STORE_CTX_get_error(at));
    return 1;
  });
  EXPECT_EQ(X509_verify_cert(context.get()), 1);
  sk_X509_pop_free(others, X509_free);
  return seen;
}

template <class T>
T must(Result<T> result, const char* file, int line) {
  if (!result) {
    ADD_FAILURE_AT(file, line) << result.error().message();
    std::abort();
  }
  return std::move(*result);
}
#define MUST(expression) must((expression), __FILE__, __LINE__)

inline crypto::PrivateKey new_key(crypto::KeyKind kind = crypto::KeyKind::p256) {
  return MUST(crypto::PrivateKey::generate(kind));
}
inline Subject common_name(std::string name) {
  return {{.type = "CN", .value = std::move(name)}};
}
inline std::vector<AlternativeName> dns(std::string name) {
  return {{AlternativeName::Kind::dns, std::move(name)}};
}

inline Authority new_root(crypto::KeyKind kind = crypto::KeyKind::p256) {
  return MUST(Authority::make_root(
      authority_spec(MUST(parse_subject("C=CN,O=example,CN=Root CA")), {kNow - 100 * kDay, kNow + 3650 * kDay}),
      new_key(kind), system_random()));
}

// A CRL of the authority, current at kNow, that lists these serials (hex).
inline Bytes signed_crl(const Authority& authority, const std::vector<std::string>& serials,
                        const std::function<void(X509_CRL*)>& edit = {}) {
  std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> crl(X509_CRL_new(), X509_CRL_free);
  const CertificatePtr issuer = decode(authority.certificate().der());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.get()));
  std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> from(ASN1_TIME_set(nullptr, kNow - kDay), ASN1_TIME_free);
  std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> until(ASN1_TIME_set(nullptr, kNow + kDay), ASN1_TIME_free);
  X509_CRL_set1_lastUpdate(crl.get(), from.get());
  X509_CRL_set1_nextUpdate(crl.get(), until.get());
  for (const std::string& serial : serials) {
    BIGNUM* number = nullptr;
    EXPECT_GT(BN_hex2bn(&number, serial.c_str()), 0);
    ASN1_INTEGER* value = BN_to_ASN1_INTEGER(number, nullptr);
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, value);
    X509_REVOKED_set_revocationDate(entry, from.get());
    X509_CRL_add0_revoked(crl.get(), entry);
    ASN1_INTEGER_free(value);
    BN_free(number);
  }
  if (edit) edit(crl.get());
  EXPECT_GT(X509_CRL_sign(crl.get(), authority.key().native(), EVP_sha256()), 0);
  uint8_t* der = nullptr;
  const int len = i2d_X509_CRL(crl.get(), &der);
  Bytes out(der, der + std::max(len, 0));
  OPENSSL_free(der);
  return out;
}
inline void set_reason(X509_CRL* crl, int index, int reason) {
  ASN1_ENUMERATED* value = ASN1_ENUMERATED_new();
  ASN1_ENUMERATED_set(value, reason);
  X509_REVOKED_add1_ext_i2d(sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), index), NID_crl_reason, value, 0, 0);
  ASN1_ENUMERATED_free(value);
}
inline void set_delta(X509_CRL* crl) {
  ASN1_INTEGER* base = ASN1_INTEGER_new();
  ASN1_INTEGER_set(base, 1);
  X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 1, 0);
  ASN1_INTEGER_free(base);
}

}  // namespace tlsproof::pki
