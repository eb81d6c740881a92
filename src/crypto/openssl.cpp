#include "tlsproof/crypto/openssl.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include "internal.h"
#include "tlsproof/base/text.h"

namespace tlsproof::crypto {

Error openssl_error(std::string_view what, Error::Kind kind) {
  // The first entries are the cause; what follows are the callers that passed it on.
  constexpr int kMaxReasons = 3;
  std::string reasons;
  const char* data = nullptr;
  int flags = 0;
  int count = 0;
  while (unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    if (count++ >= kMaxReasons) continue;
    const char* reason = ERR_reason_error_string(code);
    if (!reasons.empty()) reasons += "; ";
    reasons += reason != nullptr ? std::string(reason) : fmt::format("error {:08x}", code);
    if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0')
      reasons += " (" + escape_terminal_limited(data, 120) + ")";
  }
  std::string text(what);
  if (!reasons.empty()) text += ": " + reasons;
  return {kind, std::move(text), 0};
}

void clear_openssl_errors() {
  ERR_clear_error();
}

namespace {

template <size_t N, class T, class Fetch>
std::array<T*, N> fetch_all(const std::array<const char*, N>& names, Fetch fetch) {
  std::array<T*, N> all{};
  for (size_t i = 0; i < N; ++i) {
    all[i] = fetch(nullptr, names[i], nullptr);
    TLSPROOF_CHECK(all[i] != nullptr);  // the default provider has all of them
  }
  return all;
}

}  // namespace

const EVP_MD* evp_md(HashAlgorithm hash) {
  static const auto all = fetch_all<5, EVP_MD>({"SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512"}, EVP_MD_fetch);
  return all[static_cast<size_t>(hash)];
}

const EVP_CIPHER* evp_cipher(Aead aead) {
  static const auto all = fetch_all<7, EVP_CIPHER>(
      {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305", "AES-128-CCM", "AES-256-CCM", "AES-128-CCM", "AES-256-CCM"},
      EVP_CIPHER_fetch);
  return all[static_cast<size_t>(aead)];
}

}  // namespace tlsproof::crypto
