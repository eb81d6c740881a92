#include "tlsproof/crypto/suites.h"

#include <algorithm>

namespace tlsproof::crypto {
namespace {

struct AeadFacts {
  size_t key_len, tag_len, fixed_iv_len, explicit_nonce_len;
};
constexpr AeadFacts kAeads[] = {
    {16, 16, 4, 8},   // AES-128-GCM
    {32, 16, 4, 8},   // AES-256-GCM
    {32, 16, 12, 0},  // ChaCha20-Poly1305
    {16, 16, 4, 8},   // AES-128-CCM
    {32, 16, 4, 8},   // AES-256-CCM
    {16, 8, 4, 8},    // AES-128-CCM_8
    {32, 8, 4, 8},    // AES-256-CCM_8
};
const AeadFacts& facts(Aead aead) {
  return kAeads[static_cast<size_t>(aead)];
}

using enum Aead;
constexpr HashAlgorithm kSha256 = HashAlgorithm::sha256, kSha384 = HashAlgorithm::sha384;

// Ascending by code point.
constexpr SuiteCrypto kSuites[] = {
    {0x009c, aes_128_gcm, kSha256, false},        // TLS_RSA_WITH_AES_128_GCM_SHA256
    {0x009d, aes_256_gcm, kSha384, false},        // TLS_RSA_WITH_AES_256_GCM_SHA384
    {0x009e, aes_128_gcm, kSha256, false},        // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
    {0x009f, aes_256_gcm, kSha384, false},        // TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
    {0x1301, aes_128_gcm, kSha256, true},         // TLS_AES_128_GCM_SHA256
    {0x1302, aes_256_gcm, kSha384, true},         // TLS_AES_256_GCM_SHA384
    {0x1303, chacha20_poly1305, kSha256, true},   // TLS_CHACHA20_POLY1305_SHA256
    {0x1304, aes_128_ccm, kSha256, true},         // TLS_AES_128_CCM_SHA256
    {0x1305, aes_128_ccm_8, kSha256, true},       // TLS_AES_128_CCM_8_SHA256
    {0xc02b, aes_128_gcm, kSha256, false},        // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    {0xc02c, aes_256_gcm, kSha384, false},        // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    {0xc02f, aes_128_gcm, kSha256, false},        // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    {0xc030, aes_256_gcm, kSha384, false},        // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    {0xc09c, aes_128_ccm, kSha256, false},        // TLS_RSA_WITH_AES_128_CCM
    {0xc09d, aes_256_ccm, kSha256, false},        // TLS_RSA_WITH_AES_256_CCM
    {0xc09e, aes_128_ccm, kSha256, false},        // TLS_DHE_RSA_WITH_AES_128_CCM
    {0xc09f, aes_256_ccm, kSha256, false},        // TLS_DHE_RSA_WITH_AES_256_CCM
    {0xc0a0, aes_128_ccm_8, kSha256, false},      // TLS_RSA_WITH_AES_128_CCM_8
    {0xc0a1, aes_256_ccm_8, kSha256, false},      // TLS_RSA_WITH_AES_256_CCM_8
    {0xc0a2, aes_128_ccm_8, kSha256, false},      // TLS_DHE_RSA_WITH_AES_128_CCM_8
    {0xc0a3, aes_256_ccm_8, kSha256, false},      // TLS_DHE_RSA_WITH_AES_256_CCM_8
    {0xc0ac, aes_128_ccm, kSha256, false},        // TLS_ECDHE_ECDSA_WITH_AES_128_CCM
    {0xc0ad, aes_256_ccm, kSha256, false},        // TLS_ECDHE_ECDSA_WITH_AES_256_CCM
    {0xc0ae, aes_128_ccm_8, kSha256, false},      // TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
    {0xc0af, aes_256_ccm_8, kSha256, false},      // TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8
    {0xcca8, chacha20_poly1305, kSha256, false},  // TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    {0xcca9, chacha20_poly1305, kSha256, false},  // TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
    {0xccaa, chacha20_poly1305, kSha256, false},  // TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
};
static_assert(std::ranges::is_sorted(kSuites, {}, &SuiteCrypto::suite));

}  // namespace

size_t aead_key_len(Aead aead) {
  return facts(aead).key_len;
}
size_t aead_tag_len(Aead aead) {
  return facts(aead).tag_len;
}
size_t aead_fixed_iv_len(Aead aead) {
  return facts(aead).fixed_iv_len;
}
size_t aead_explicit_nonce_len(Aead aead) {
  return facts(aead).explicit_nonce_len;
}

const SuiteCrypto* find_suite(uint16_t suite) {
  const auto* found = std::ranges::lower_bound(kSuites, suite, {}, &SuiteCrypto::suite);
  return found != std::end(kSuites) && found->suite == suite ? found : nullptr;
}

std::span<const SuiteCrypto> all_suites() {
  return kSuites;
}

}  // namespace tlsproof::crypto
