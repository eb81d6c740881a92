// One AEAD cipher in libcrypto for one direction: what the records of TLS and the packets of QUIC are sealed with.
#pragma once

#include <algorithm>
#include <climits>

#include "internal.h"
#include "tlsproof/base/error.h"
#include "tlsproof/crypto/openssl.h"
#include "tlsproof/crypto/record_protection.h"

namespace tlsproof::crypto {

inline bool is_ccm(Aead aead) {
  return aead >= Aead::aes_128_ccm;
}

inline int int_len(size_t len) {
  TLSPROOF_CHECK(len <= INT_MAX);
  return static_cast<int>(len);
}

// Contexts of this thread that nobody uses, configured for that cipher and direction; made where there is none. A
// context is about a kilobyte and dear to make, and a connection needs one only while it has keys in use.
[[nodiscard]] CipherCtxPtr take_cipher_context(Aead aead, bool encrypt);
void give_back_cipher_context(Aead aead, bool encrypt, CipherCtxPtr context);

// A cipher context for one direction that keeps the key from record to record.
class AeadContext {
 public:
  explicit AeadContext(bool encrypt) : encrypt_(encrypt) {}
  AeadContext(AeadContext&&) = default;
  AeadContext& operator=(AeadContext&&) = delete;
  ~AeadContext() { forget_key(); }
  [[nodiscard]] bool keyed() const { return context_ != nullptr; }
  void forget_key() {
    if (context_) give_back_cipher_context(aead_, encrypt_, std::move(context_));
  }

  void set_key(Aead aead, const uint8_t* key) {
    if (!context_ || aead_ != aead) {
      forget_key();
      context_ = take_cipher_context(aead, encrypt_);
      aead_ = aead;
    }
    TLSPROOF_CHECK(EVP_CipherInit_ex2(context_.get(), nullptr, key, nullptr, encrypt_, nullptr) == 1);
  }

  void seal(const AeadNonce& nonce, ByteView aad, std::span<uint8_t> text, uint8_t* tag) {
    EVP_CIPHER_CTX* c = context_.get();
    int len = 0;
    bool ok = EVP_CipherInit_ex2(c, nullptr, nullptr, nonce.data(), 1, nullptr) == 1;
    ok = ok && begin(aad, text.size());
    ok = ok && EVP_CipherUpdate(c, text.data(), &len, text.data(), int_len(text.size())) == 1;
    ok = ok && (is_ccm(aead_) || EVP_CipherFinal_ex(c, text.data() + text.size(), &len) == 1);
    ok = ok && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_len(), tag) == 1;
    TLSPROOF_CHECK(ok);
  }

  // `out` is text itself or does not overlap it.
  [[nodiscard]] bool open(const AeadNonce& nonce, ByteView aad, ByteView text, ByteView tag, uint8_t* out) {
    EVP_CIPHER_CTX* c = context_.get();
    std::array<uint8_t, 16> expected{};  // libcrypto's signature wants it writable
    std::ranges::copy(tag, expected.begin());
    int len = 0;
    uint8_t none = 0;
    bool ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, tag_len(), expected.data()) == 1;
    ok = ok && EVP_CipherInit_ex2(c, nullptr, nullptr, nonce.data(), 0, nullptr) == 1;
    TLSPROOF_CHECK(ok && begin(aad, text.size()));
    // CCM checks the tag here, the others in the last step.
    ok = EVP_CipherUpdate(c, out, &len, text.empty() ? &none : text.data(), int_len(text.size())) == 1;
    ok = ok && (is_ccm(aead_) || EVP_CipherFinal_ex(c, out + text.size(), &len) == 1);
    if (!ok) clear_openssl_errors();
    return ok;
  }

 private:
  [[nodiscard]] int tag_len() const { return static_cast<int>(aead_tag_len(aead_)); }
  [[nodiscard]] bool begin(ByteView aad, size_t text_len) {
    int len = 0;
    if (is_ccm(aead_) && EVP_CipherUpdate(context_.get(), nullptr, &len, nullptr, int_len(text_len)) != 1) return false;
    return aad.empty() || EVP_CipherUpdate(context_.get(), nullptr, &len, aad.data(), int_len(aad.size())) == 1;
  }

  CipherCtxPtr context_;
  Aead aead_ = Aead::aes_128_gcm;
  bool encrypt_;
};

}  // namespace tlsproof::crypto
