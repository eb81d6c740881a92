#include "tlsproof/crypto/quic_protection.h"

#include <algorithm>

#include "aead_context.h"
#include "tlsproof/crypto/kdf.h"

namespace tlsproof::crypto {
namespace {

using Salt = std::array<uint8_t, 20>;
// RFC 9001 §5.2.
constexpr Salt kSaltV1 = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                          0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
// RFC 9369 §3.3.1.
constexpr Salt kSaltV2 = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                          0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
// draft-ietf-quic-tls-29 §5.2, until draft 32.
constexpr Salt kSaltDraft29 = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                               0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
// draft-ietf-quic-tls-23 §5.2, until draft 28.
constexpr Salt kSaltDraft23 = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                               0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};

// The block ciphers of header protection, fetched at the first use and never freed.
const EVP_CIPHER* header_cipher(Aead aead) {
  static EVP_CIPHER* const kAes128 = EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr);
  static EVP_CIPHER* const kAes256 = EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr);
  static EVP_CIPHER* const kChaCha20 = EVP_CIPHER_fetch(nullptr, "ChaCha20", nullptr);
  TLSPROOF_CHECK(kAes128 != nullptr && kAes256 != nullptr && kChaCha20 != nullptr);
  if (aead == Aead::chacha20_poly1305) return kChaCha20;
  return aead_key_len(aead) == 16 ? kAes128 : kAes256;
}

}  // namespace

std::optional<QuicVersionKeys> find_quic_version(uint32_t version) {
  if (version == 1) return QuicVersionKeys{version, kSaltV1, QuicLabels::v1};
  if (version == 0x6b3343cf) return QuicVersionKeys{version, kSaltV2, QuicLabels::v2};
  if (version >> 8 != 0xff0000) return std::nullopt;
  const uint32_t draft = version & 0xff;
  if (draft >= 23 && draft <= 28) return QuicVersionKeys{version, kSaltDraft23, QuicLabels::v1};
  if (draft >= 29 && draft <= 32) return QuicVersionKeys{version, kSaltDraft29, QuicLabels::v1};
  if (draft == 33 || draft == 34) return QuicVersionKeys{version, kSaltV1, QuicLabels::v1};
  return std::nullopt;
}

QuicInitialSecret quic_initial_secret(ByteView salt, ByteView destination_id, Side side) {
  std::array<uint8_t, 32> initial{};
  hkdf_extract(HashAlgorithm::sha256, salt, destination_id, initial);
  QuicInitialSecret secret{};
  hkdf_expand_label(HashAlgorithm::sha256, initial, side == Side::client ? "client in" : "server in", {}, secret);
  return secret;
}

struct QuicProtection::Impl {
  AeadContext sealing{true}, opening{false};
  CipherCtxPtr header;
  const EVP_CIPHER* header_is = nullptr;  // what `header` is configured for
  std::array<uint8_t, 32> key{};
  AeadNonce iv{};
  Aead aead = Aead::aes_128_gcm;
  bool active = false;

  ~Impl() { wipe_keys(); }
  void wipe_keys() {
    wipe(key);
    wipe(iv);
  }

  void set_header_key(const uint8_t* header_key) {
    if (!header) header.reset(EVP_CIPHER_CTX_new());
    TLSPROOF_CHECK(header != nullptr);
    const EVP_CIPHER* cipher = header_cipher(aead);
    // Naming the cipher makes libcrypto allocate its state again.
    TLSPROOF_CHECK(
        EVP_CipherInit_ex2(header.get(), cipher == header_is ? nullptr : cipher, header_key, nullptr, 1, nullptr) == 1);
    if (cipher != header_is) EVP_CIPHER_CTX_set_padding(header.get(), 0);
    header_is = cipher;
  }

  // RFC 9001 §5.3: the packet number, filled up on the left, XOR the IV.
  [[nodiscard]] AeadNonce nonce(uint64_t packet_number) const {
    AeadNonce value = iv;
    for (size_t i = 0; i < 8; ++i) value[4 + i] = static_cast<uint8_t>(value[4 + i] ^ (packet_number >> (8 * (7 - i))));
    return value;
  }
};

QuicProtection::QuicProtection() : impl_(std::make_unique<Impl>()) {}
QuicProtection::QuicProtection(QuicProtection&&) noexcept = default;
QuicProtection& QuicProtection::operator=(QuicProtection&&) noexcept = default;
QuicProtection::~QuicProtection() = default;

void QuicProtection::start(Aead aead, HashAlgorithm hash, ByteView secret, QuicLabels labels) {
  TLSPROOF_CHECK(aead_tag_len(aead) == 16);
  Impl& self = *impl_;
  const bool v2 = labels == QuicLabels::v2;
  const size_t key_len = aead_key_len(aead);
  const HmacKey prk(hash, secret);
  std::array<uint8_t, 32> header_key{};
  hkdf_expand_label(prk, v2 ? "quicv2 key" : "quic key", {}, std::span(self.key).first(key_len));
  hkdf_expand_label(prk, v2 ? "quicv2 iv" : "quic iv", {}, self.iv);
  hkdf_expand_label(prk, v2 ? "quicv2 hp" : "quic hp", {}, std::span(header_key).first(key_len));
  self.aead = aead;
  self.set_header_key(header_key.data());
  wipe(header_key);
  self.sealing.forget_key();  // each takes the key in when it is first used
  self.opening.forget_key();
  self.active = true;
}

void QuicProtection::stop() {
  impl_->active = false;
  impl_->wipe_keys();
}

bool QuicProtection::active() const {
  return impl_->active;
}

QuicProtection::Mask QuicProtection::header_mask(std::span<const uint8_t, kSampleLen> sample) {
  Impl& self = *impl_;
  TLSPROOF_CHECK(self.active);
  Mask mask{};
  int len = 0;
  if (self.aead == Aead::chacha20_poly1305) {
    // RFC 9001 §5.4.4: the sample is the block counter (little endian) and the nonce: libcrypto's IV, as it stands.
    TLSPROOF_CHECK(EVP_CipherInit_ex2(self.header.get(), nullptr, nullptr, sample.data(), 1, nullptr) == 1);
    TLSPROOF_CHECK(EVP_CipherUpdate(self.header.get(), mask.data(), &len, mask.data(), int_len(mask.size())) == 1);
    return mask;
  }
  std::array<uint8_t, kSampleLen> block{};  // §5.4.3
  TLSPROOF_CHECK(EVP_CipherUpdate(self.header.get(), block.data(), &len, sample.data(), int_len(sample.size())) == 1);
  std::copy_n(block.begin(), mask.size(), mask.begin());
  return mask;
}

std::optional<size_t> QuicProtection::open(uint64_t packet_number, ByteView header, ByteView sealed,
                                           std::span<uint8_t> out) {
  Impl& self = *impl_;
  const size_t tag_len = aead_tag_len(self.aead);
  TLSPROOF_CHECK(self.active && out.size() >= sealed.size());
  if (sealed.size() < tag_len) return std::nullopt;
  if (!self.opening.keyed()) self.opening.set_key(self.aead, self.key.data());
  const size_t len = sealed.size() - tag_len;
  if (!self.opening.open(self.nonce(packet_number), header, sealed.first(len), sealed.last(tag_len), out.data()))
    return std::nullopt;
  return len;
}

void QuicProtection::seal(uint64_t packet_number, ByteView header, ByteView payload, Bytes& out) {
  Impl& self = *impl_;
  TLSPROOF_CHECK(self.active);
  if (!self.sealing.keyed()) self.sealing.set_key(self.aead, self.key.data());
  const size_t begin = out.size();
  append(out, payload);
  out.resize(out.size() + aead_tag_len(self.aead));
  const std::span<uint8_t> text = std::span(out).subspan(begin, payload.size());
  self.sealing.seal(self.nonce(packet_number), header, text, text.data() + text.size());
}

}  // namespace tlsproof::crypto
