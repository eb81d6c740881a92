// libcrypto as the witness of what was forged.
#pragma once

#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

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

// Every error that X509_verify_cert reports for the chain, strictly, as a peer of that role's bearer would see it.
inline std::set<int> verify_errors(const std::vector<Bytes>& chain, ByteView root, Role role,
                                   const std::string& name = "", int64_t now = kNow) {
  static std::set<int> seen;
  seen.clear();
  const CertificatePtr anchor = decode(root), leaf = decode(chain.front());
  EXPECT_TRUE(anchor && leaf);
  if (!anchor || !leaf) return {-1};
  std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), anchor.get());
  STACK_OF(X509)* others = sk_X509_new_null();
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(others, decode(chain[i]).release());
  std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), others);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_VERIFY_PARAM_set_time(parameters, now);
  X509_VERIFY_PARAM_set_auth_level(parameters, 2);
  X509_STORE_CTX_set_default(context.get(), role == Role::server ? "ssl_server" : "ssl_client");
  if (!name.empty()) X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), 0);
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

}  // namespace tlsproof::pki
