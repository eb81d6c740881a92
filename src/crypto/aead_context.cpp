#include "aead_context.h"

#include <vector>

namespace tlsproof::crypto {
namespace {

constexpr size_t kNumAeads = 7;
constexpr size_t kMaxKept = 512;  // a cipher and direction: half a megabyte

struct Idle {
  std::array<std::array<std::vector<CipherCtxPtr>, 2>, kNumAeads> contexts;
};

// Owned by a guard, so that an object which outlives its thread's variables finds none rather than a dead one.
thread_local Idle* idle = nullptr;
thread_local bool thread_ends = false;
struct Guard {
  Guard() { idle = new Idle; }
  ~Guard() {
    thread_ends = true;
    delete std::exchange(idle, nullptr);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
};

std::vector<CipherCtxPtr>* idle_contexts(Aead aead, bool encrypt) {
  if (thread_ends) return nullptr;
  thread_local const Guard guard;
  return &idle->contexts[static_cast<size_t>(aead)][encrypt ? 1 : 0];
}

}  // namespace

CipherCtxPtr take_cipher_context(Aead aead, bool encrypt) {
  auto* contexts = idle_contexts(aead, encrypt);
  if (contexts != nullptr && !contexts->empty()) {
    CipherCtxPtr context = std::move(contexts->back());
    contexts->pop_back();
    return context;
  }
  CipherCtxPtr context(EVP_CIPHER_CTX_new());
  TLSPROOF_CHECK(context != nullptr);
  // Naming the cipher makes libcrypto allocate its state: so once a context, whatever keys it sees later.
  TLSPROOF_CHECK(EVP_CipherInit_ex2(context.get(), evp_cipher(aead), nullptr, nullptr, encrypt, nullptr) == 1);
  if (is_ccm(aead)) {  // CCM builds both lengths into the key setup
    const auto tag_len = static_cast<int>(aead_tag_len(aead));
    TLSPROOF_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, kAeadNonceLen, nullptr) == 1);
    TLSPROOF_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_len, nullptr) == 1);
  }
  return context;
}

void give_back_cipher_context(Aead aead, bool encrypt, CipherCtxPtr context) {
  auto* contexts = idle_contexts(aead, encrypt);
  if (contexts == nullptr || contexts->size() >= kMaxKept) return;
  // A known key takes the place of the connection's.
  static constexpr std::array<uint8_t, 32> kNoKey{};
  if (EVP_CipherInit_ex2(context.get(), nullptr, kNoKey.data(), nullptr, encrypt, nullptr) == 1)
    contexts->push_back(std::move(context));
  else
    clear_openssl_errors();
}

}  // namespace tlsproof::crypto
