// Certificates for the tests, made by libcrypto: what the module under test must agree with.
#pragma once

#include <openssl/x509.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tlsproof/x509/certificate.h"

namespace tlsproof::x509::test {

inline constexpr int64_t kNow = 1'800'000'000;  // 2027-01-15
inline constexpr int64_t kDay = 86400;

struct Identity;

struct Spec {
  std::vector<std::pair<std::string, std::string>> subject = {{"CN", "server.test"}};
  // The key's kind and, after '/', which one of that kind: "P-256/leaf". Keys are made once per program.
  std::string key = "P-256/leaf";
  const Identity* issuer = nullptr;  // nullptr: signed by its own key
  int64_t not_before = kNow - 30 * kDay;
  int64_t not_after = kNow + 60 * kDay;
  std::string digest = "SHA256";
  long version = 3;
  std::string serial = "1122334455667788";  // hex, "-" in front for a negative one
  // As openssl.cnf writes them: {"subjectAltName", "DNS:server.test"}.
  std::vector<std::pair<std::string, std::string>> extensions;
  std::function<void(X509*)> edit;  // just before signing
};

struct Identity {
  Spec spec;
  Certificate certificate;
  [[nodiscard]] EVP_PKEY* key() const;
  [[nodiscard]] ByteView der() const { return certificate.der(); }
};

[[nodiscard]] EVP_PKEY* test_key(const std::string& name);  // lives until the end
[[nodiscard]] Identity make(Spec spec);
// A root, or below `issuer` an intermediate; its key is "P-256/" + name.
[[nodiscard]] Spec ca_spec(const std::string& name, const Identity* issuer = nullptr);
[[nodiscard]] Spec leaf_spec(const Identity* issuer);
// The spec with one extension set to another value, or removed when the value is empty.
[[nodiscard]] Spec with(Spec spec, const std::string& extension, const std::string& value);

struct CrlSpec {
  std::vector<std::string> revoked;  // serials, hex
  int64_t this_update = kNow - kDay;
  int64_t next_update = kNow + kDay;
  std::function<void(X509_CRL*)> edit = {};  // just before signing
};
[[nodiscard]] Bytes make_crl(const Identity& issuer, const CrlSpec& spec = {});

// The DER of an element: tag, length, content.
[[nodiscard]] Bytes tlv(uint8_t tag, ByteView content);
// Replaces the only occurrence of `from`, which must be of the same length as `to`.
[[nodiscard]] Bytes replaced(ByteView der, std::string_view from, std::string_view to);

}  // namespace tlsproof::x509::test
