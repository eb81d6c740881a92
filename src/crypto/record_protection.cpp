#include "tlsproof/crypto/record_protection.h"

#include <algorithm>

#include "aead_context.h"
#include "tlsproof/base/error.h"
#include "tlsproof/crypto/kdf.h"

namespace tlsproof::crypto {
namespace {

constexpr uint16_t kLegacyVersion = 0x0303;
constexpr uint8_t kApplicationData = 23;

}  // namespace

struct RecordProtection::Impl {
  AeadContext sealing{true}, opening{false};
  std::array<uint8_t, 32> key{};
  AeadNonce iv{};  // TLS 1.2 GCM and CCM: 4 bytes, then zeros
  uint64_t sequence = 0;
  Aead aead = Aead::aes_128_gcm;
  bool active = false;
  bool tls13 = false;

  ~Impl() { wipe_keys(); }
  void wipe_keys() {
    wipe(key);
    wipe(iv);
  }

  void start(Aead which, bool is_tls13) {
    aead = which;
    tls13 = is_tls13;
    sequence = 0;
    active = true;
    sealing.forget_key();  // each direction takes the key in when it is first used
    opening.forget_key();
  }

  [[nodiscard]] size_t explicit_len() const { return tls13 ? 0 : aead_explicit_nonce_len(aead); }

  // RFC 8446 §5.3 and RFC 7905 §2: the sequence number, filled up on the left, XOR the IV. RFC 5288 §3, RFC 6655 §3:
  // the salt, then eight bytes that the record carries; the sequence number is what everybody takes for them. As that
  // part of the IV is zero here, one computation makes both.
  [[nodiscard]] AeadNonce nonce() const {
    AeadNonce value = iv;
    for (size_t i = 0; i < 8; ++i) value[4 + i] = static_cast<uint8_t>(value[4 + i] ^ (sequence >> (8 * (7 - i))));
    return value;
  }

  // Additional data. RFC 8446 §5.2: the record header. RFC 5246 §6.2.3.3: seq_num + type + version + plaintext length.
  struct AdditionalData {
    std::array<uint8_t, 13> bytes;
    size_t len;
    [[nodiscard]] ByteView view() const { return ByteView(bytes).first(len); }
  };
  [[nodiscard]] AdditionalData additional_data(ByteView header, size_t plaintext_len) const {
    AdditionalData data{};
    if (tls13) {
      std::ranges::copy(header, data.bytes.begin());
      data.len = kRecordHeaderLen;
      return data;
    }
    for (size_t i = 0; i < 8; ++i) data.bytes[i] = static_cast<uint8_t>(sequence >> (8 * (7 - i)));
    std::ranges::copy(header.first(3), data.bytes.begin() + 8);
    data.bytes[11] = static_cast<uint8_t>(plaintext_len >> 8);
    data.bytes[12] = static_cast<uint8_t>(plaintext_len);
    data.len = 13;
    return data;
  }
};

RecordProtection::RecordProtection() : impl_(std::make_unique<Impl>()) {}
RecordProtection::RecordProtection(RecordProtection&&) noexcept = default;
RecordProtection& RecordProtection::operator=(RecordProtection&&) noexcept = default;
RecordProtection::~RecordProtection() = default;

void RecordProtection::start_tls13(Aead aead, HashAlgorithm hash, const SecretBytes& traffic_secret) {
  impl_->start(aead, true);
  const HmacKey secret(hash, traffic_secret.view());
  // RFC 8446 §7.3.
  hkdf_expand_label(secret, "key", {}, std::span(impl_->key).first(aead_key_len(aead)));
  hkdf_expand_label(secret, "iv", {}, impl_->iv);
}

void RecordProtection::start_tls12(Aead aead, ByteView key, ByteView fixed_iv) {
  TLSPROOF_CHECK(key.size() == aead_key_len(aead) && fixed_iv.size() == aead_fixed_iv_len(aead));
  impl_->start(aead, false);
  impl_->iv = {};
  std::ranges::copy(key, impl_->key.begin());
  std::ranges::copy(fixed_iv, impl_->iv.begin());
}

void RecordProtection::start_tls13_raw(Aead aead, ByteView key, ByteView iv) {
  TLSPROOF_CHECK(key.size() == aead_key_len(aead) && iv.size() == kAeadNonceLen);
  impl_->start(aead, true);
  std::ranges::copy(key, impl_->key.begin());
  std::ranges::copy(iv, impl_->iv.begin());
}

void RecordProtection::stop() {
  impl_->active = false;
  impl_->sealing.forget_key();
  impl_->opening.forget_key();
  impl_->wipe_keys();
}

bool RecordProtection::active() const {
  return impl_->active;
}
bool RecordProtection::is_tls13() const {
  return impl_->tls13;
}
Aead RecordProtection::aead() const {
  return impl_->aead;
}
uint64_t RecordProtection::sequence() const {
  return impl_->sequence;
}
void RecordProtection::set_sequence(uint64_t sequence) {
  impl_->sequence = sequence;
}

size_t RecordProtection::overhead() const {
  return kRecordHeaderLen + impl_->explicit_len() + aead_tag_len(impl_->aead) + (impl_->tls13 ? 1 : 0);
}

void RecordProtection::seal(uint8_t type, ByteView content, Bytes& out, const SealOptions& options) {
  Impl& self = *impl_;
  TLSPROOF_CHECK(self.active);
  const size_t explicit_len = self.explicit_len(), tag_len = aead_tag_len(self.aead);
  const ByteView body = self.tls13 && options.inner ? *options.inner : content;
  const bool add_type = self.tls13 && !options.inner;
  const size_t text_len = body.size() + (add_type ? 1 + options.padding : 0);
  const size_t body_len = explicit_len + text_len + tag_len;
  const size_t start = out.size();
  out.resize(start + kRecordHeaderLen + body_len);  // zeros: the padding is there already

  const std::span<uint8_t> header = std::span(out).subspan(start, kRecordHeaderLen);
  const uint16_t version = options.version.value_or(kLegacyVersion);
  // RFC 8446 §5.2: protected records look like application data of TLS 1.2.
  header[0] = options.outer_type.value_or(self.tls13 ? kApplicationData : type);
  header[1] = static_cast<uint8_t>(version >> 8);
  header[2] = static_cast<uint8_t>(version);
  header[3] = static_cast<uint8_t>(body_len >> 8);
  header[4] = static_cast<uint8_t>(body_len);

  const AeadNonce nonce = options.nonce ? *options.nonce : self.nonce();
  uint8_t* at = header.data() + kRecordHeaderLen;
  std::copy(nonce.end() - static_cast<std::ptrdiff_t>(explicit_len), nonce.end(), at);
  const std::span<uint8_t> text(at + explicit_len, text_len);
  std::ranges::copy(body, text.begin());
  if (add_type) text[body.size()] = type;

  if (!self.sealing.keyed()) self.sealing.set_key(self.aead, self.key.data());
  const Impl::AdditionalData honest = self.additional_data(header, text_len);
  self.sealing.seal(nonce, options.aad ? *options.aad : honest.view(), text, text.data() + text_len);
  ++self.sequence;
}

bool RecordProtection::open(ByteView record, std::span<uint8_t> out, Opened& opened) {
  return open(record, out, opened, std::nullopt, std::nullopt);
}

bool RecordProtection::open(ByteView record, std::span<uint8_t> out, Opened& opened, std::optional<ByteView> aad,
                            const std::optional<AeadNonce>& given_nonce) {
  Impl& self = *impl_;
  TLSPROOF_CHECK(self.active);
  const size_t explicit_len = self.explicit_len(), tag_len = aead_tag_len(self.aead);
  if (record.size() < kRecordHeaderLen + explicit_len + tag_len) return false;
  TLSPROOF_CHECK(out.size() >= record.size() - kRecordHeaderLen);
  const size_t text_len = record.size() - kRecordHeaderLen - explicit_len - tag_len;
  const ByteView text = record.subspan(kRecordHeaderLen + explicit_len, text_len);

  AeadNonce nonce = self.nonce();
  if (given_nonce) {
    nonce = *given_nonce;
  } else if (explicit_len != 0) {  // the sender's choice, whatever it is
    std::ranges::copy(record.subspan(kRecordHeaderLen, explicit_len), nonce.begin() + 4);
  }
  if (!self.opening.keyed()) self.opening.set_key(self.aead, self.key.data());
  const Impl::AdditionalData honest = self.additional_data(record.first(kRecordHeaderLen), text_len);
  const uint8_t outer_type = record[0];
  const std::span<uint8_t> plain = out.subspan(explicit_len, text_len);  // the same place when opened in place
  if (!self.opening.open(nonce, aad ? *aad : honest.view(), text, record.last(tag_len), plain.data())) return false;
  ++self.sequence;

  opened = {outer_type, plain, 0};
  if (self.tls13) {
    // RFC 8446 §5.4: the type is the last byte that is not zero.
    size_t len = text_len;
    while (len > 0 && plain[len - 1] == 0) --len;
    opened.padding = text_len - len;
    opened.type = len == 0 ? 0 : plain[len - 1];
    opened.content = plain.first(len == 0 ? 0 : len - 1);
  }
  return true;
}

}  // namespace tlsproof::crypto
