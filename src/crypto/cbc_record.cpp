#include "tlsproof/crypto/cbc_record.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <climits>

#include "internal.h"
#include "tlsproof/base/error.h"
#include "tlsproof/crypto/kdf.h"
#include "tlsproof/crypto/openssl.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::crypto {
namespace {

namespace version = registry::version;

struct CipherRow {
  registry::Cipher cipher;
  uint8_t key_len;
  const char* name;  // null: none
};
constexpr CipherRow kCiphers[] = {
    {registry::Cipher::null, 0, nullptr},
    {registry::Cipher::aes, 16, "AES-128-CBC"},
    {registry::Cipher::aes, 32, "AES-256-CBC"},
    {registry::Cipher::triple_des, 24, "DES-EDE3-CBC"},
    {registry::Cipher::camellia, 16, "CAMELLIA-128-CBC"},
    {registry::Cipher::camellia, 32, "CAMELLIA-256-CBC"},
    {registry::Cipher::aria, 16, "ARIA-128-CBC"},
    {registry::Cipher::aria, 32, "ARIA-256-CBC"},
};

std::optional<HashAlgorithm> hash_of(registry::HashAlgorithm hash) {
  switch (hash) {
    case registry::HashAlgorithm::sha1:
      return HashAlgorithm::sha1;
    case registry::HashAlgorithm::sha256:
      return HashAlgorithm::sha256;
    case registry::HashAlgorithm::sha384:
      return HashAlgorithm::sha384;
    default:
      return std::nullopt;
  }
}

// What a suite is made of, as far as this file can use it.
struct SuiteParts {
  const CipherRow* cipher;
  size_t block_len;  // 0 without a cipher
  HashAlgorithm mac, prf;
};
std::optional<SuiteParts> parts_of(uint16_t suite) {
  const registry::CipherSuiteInfo* info = registry::cipher_suite_info(suite);
  if (info == nullptr || info->aead || info->tls13 || info->export_grade) return std::nullopt;
  if (info->mode != registry::CipherMode::cbc && info->cipher != registry::Cipher::null) return std::nullopt;
  const auto* row = std::ranges::find_if(
      kCiphers, [&](const CipherRow& r) { return r.cipher == info->cipher && r.key_len == info->key_len; });
  const auto mac = hash_of(info->mac), prf_hash = hash_of(info->prf_hash);
  if (row == std::end(kCiphers) || !mac) return std::nullopt;
  return SuiteParts{row, info->block_len, *mac, prf_hash.value_or(HashAlgorithm::sha256)};
}

using KdfCtxPtr = Owned<EVP_KDF_CTX, EVP_KDF_CTX_free>;

// RFC 2246 §5: the PRF of TLS 1.0 and 1.1. Once a connection: EVP_KDF is fast enough.
bool prf_of_tls10(ByteView secret, std::string_view label, ByteView seed1, ByteView seed2, std::span<uint8_t> out) {
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  const KdfCtxPtr context(kdf == nullptr ? nullptr : EVP_KDF_CTX_new(kdf));
  if (!context) return false;
  Bytes seed = to_bytes(as_bytes(label));
  append(seed, seed1);
  append(seed, seed2);
  SecretBytes key(secret);
  char digest[] = "MD5-SHA1";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, key.span().data(), key.size()),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
                               OSSL_PARAM_construct_end()};
  return EVP_KDF_derive(context.get(), out.data(), out.size(), params) == 1;
}

}  // namespace

struct CbcRecordOpener::Impl {
  const CipherRow* cipher = nullptr;
  size_t block_len = 0, mac_len = 0;
  HmacKey mac;
  CipherCtxPtr context;
  std::array<uint8_t, 16> chained_iv{}, previous_iv{};  // for the next record, and for this one
  uint64_t sequence = 0;
  bool explicit_iv = false;
  bool encrypt_then_mac = false;
  bool active = false;

  [[nodiscard]] bool set_key(const CipherRow& row, ByteView key);
  [[nodiscard]] bool decrypt(ByteView iv, ByteView text, std::span<uint8_t> out);
  [[nodiscard]] bool check_mac(ByteView header, size_t len, ByteView protected_part, ByteView expected) const;
  [[nodiscard]] bool open(ByteView record, ByteView iv, std::span<uint8_t> out, Opened& opened);
};

bool CbcRecordOpener::Impl::set_key(const CipherRow& row, ByteView key) {
  cipher = &row;
  if (row.name == nullptr) return true;
  if (!context) context.reset(EVP_CIPHER_CTX_new());
  const Owned<EVP_CIPHER, EVP_CIPHER_free> fetched(EVP_CIPHER_fetch(nullptr, row.name, nullptr));
  const bool ok = context && fetched && EVP_CIPHER_get_key_length(fetched.get()) == static_cast<int>(key.size()) &&
                  EVP_DecryptInit_ex2(context.get(), fetched.get(), key.data(), nullptr, nullptr) == 1 &&
                  EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1;
  if (!ok) clear_openssl_errors();
  return ok;
}

bool CbcRecordOpener::Impl::decrypt(ByteView iv, ByteView text, std::span<uint8_t> out) {
  int len = 0;
  const bool ok = text.size() <= INT_MAX &&
                  EVP_DecryptInit_ex2(context.get(), nullptr, nullptr, iv.data(), nullptr) == 1 &&
                  EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
                  EVP_DecryptUpdate(context.get(), out.data(), &len, text.data(), static_cast<int>(text.size())) == 1;
  if (!ok) clear_openssl_errors();
  return ok && len == static_cast<int>(text.size());
}

// RFC 5246 §6.2.3.1: HMAC(seq_num + type + version + length + fragment); RFC 7366 §3 has the same over the ciphertext.
bool CbcRecordOpener::Impl::check_mac(ByteView header, size_t len, ByteView protected_part, ByteView expected) const {
  std::array<uint8_t, 13> prefix{};
  for (size_t i = 0; i < 8; ++i) prefix[i] = static_cast<uint8_t>(sequence >> (8 * (7 - i)));
  std::ranges::copy(header.first(3), prefix.begin() + 8);
  prefix[11] = static_cast<uint8_t>(len >> 8);
  prefix[12] = static_cast<uint8_t>(len);
  std::array<uint8_t, kMaxHashLen> value{};
  const ByteView parts[] = {prefix, protected_part};
  mac.mac(parts, std::span(value).first(hash_len(mac.hash())));
  return equal(ByteView(value).first(mac_len), expected);
}

bool CbcRecordOpener::Impl::open(ByteView record, ByteView iv, std::span<uint8_t> out, Opened& opened) {
  const ByteView header = record.first(kRecordHeaderLen);
  ByteView body = record.subspan(kRecordHeaderLen);
  if (encrypt_then_mac) {
    if (body.size() < mac_len) return false;
    const ByteView text = body.first(body.size() - mac_len);
    if (!check_mac(header, text.size(), text, body.last(mac_len))) return false;
    body = text;
  }
  if (explicit_iv && block_len != 0) {
    if (body.size() < block_len) return false;
    iv = body.first(block_len);
    body = body.subspan(block_len);
  }
  std::span<uint8_t> plain = out.first(body.size());
  if (block_len == 0) {
    std::ranges::copy(body, plain.begin());
  } else {
    if (body.empty() || body.size() % block_len != 0 || !decrypt(iv, body, plain)) return false;
    // RFC 5246 §6.2.3.2: each byte of the padding holds its length, and one more byte does too.
    const size_t padding = size_t{plain.back()} + 1;
    if (padding > plain.size()) return false;
    if (std::ranges::any_of(plain.last(padding), [&](uint8_t byte) { return byte != plain.back(); })) return false;
    plain = plain.first(plain.size() - padding);
  }
  ByteView content = plain;
  if (!encrypt_then_mac) {
    if (content.size() < mac_len) return false;
    content = content.first(content.size() - mac_len);
    if (!check_mac(header, content.size(), content, ByteView(plain).last(mac_len))) return false;
  }
  opened = {record[0], content, 0};
  return true;
}

CbcRecordOpener::CbcRecordOpener() : impl_(std::make_unique<Impl>()) {}
CbcRecordOpener::CbcRecordOpener(CbcRecordOpener&&) noexcept = default;
CbcRecordOpener& CbcRecordOpener::operator=(CbcRecordOpener&&) noexcept = default;
CbcRecordOpener::~CbcRecordOpener() = default;

bool CbcRecordOpener::knows(uint16_t suite, uint16_t wanted) {
  return wanted >= version::TLS1_0 && wanted <= version::TLS1_2 && parts_of(suite).has_value();
}

bool CbcRecordOpener::start(const Setup& setup) {
  Impl& self = *impl_;
  self.active = false;
  const auto parts = parts_of(setup.suite);
  if (!parts || !knows(setup.suite, setup.version)) return false;
  const size_t full_mac = hash_len(parts->mac), key_len = parts->cipher->key_len, block = parts->block_len;
  if (block > self.chained_iv.size()) return false;
  SecretBytes keys(2 * (full_mac + key_len + block));
  // RFC 5246 §6.3: here the server's random comes first.
  if (setup.version == version::TLS1_2)
    prf(parts->prf, setup.master_secret, "key expansion", setup.server_random, setup.client_random, keys.span());
  else if (!prf_of_tls10(setup.master_secret, "key expansion", setup.server_random, setup.client_random, keys.span()))
    return false;
  const auto cut = [&](size_t begin, size_t len) {
    return keys.view().subspan(begin + (setup.side == Side::client ? 0 : len), len);
  };
  self.mac.set(parts->mac, cut(0, full_mac));
  if (!self.set_key(*parts->cipher, cut(2 * full_mac, key_len))) return false;
  std::ranges::copy(cut(2 * (full_mac + key_len), block), self.chained_iv.begin());
  self.block_len = block;
  self.mac_len = setup.truncated_hmac ? 10 : full_mac;
  self.explicit_iv = setup.version != version::TLS1_0;
  self.encrypt_then_mac = setup.encrypt_then_mac && block != 0;
  self.sequence = 0;
  self.active = true;
  return true;
}

void CbcRecordOpener::stop() {
  Impl& self = *impl_;
  if (!self.active) return;
  self.active = false;
  self.mac.wipe_state();
  if (self.context) EVP_CIPHER_CTX_reset(self.context.get());  // wipes the key
}

bool CbcRecordOpener::active() const {
  return impl_->active;
}
uint64_t CbcRecordOpener::sequence() const {
  return impl_->sequence;
}
void CbcRecordOpener::set_sequence(uint64_t sequence) {
  impl_->sequence = sequence;
}

bool CbcRecordOpener::open(ByteView record, std::span<uint8_t> out, Opened& opened, bool again) {
  Impl& self = *impl_;
  TLSPROOF_CHECK(self.active && record.size() >= kRecordHeaderLen && out.size() >= record.size() - kRecordHeaderLen);
  if (!again) {
    self.previous_iv = self.chained_iv;
    // RFC 2246 §6.2.3.2: the last block of the previous record.
    const ByteView text = record.subspan(kRecordHeaderLen);
    const size_t mac = self.encrypt_then_mac ? self.mac_len : 0;
    if (self.block_len != 0 && text.size() >= self.block_len + mac)
      std::ranges::copy(text.subspan(text.size() - mac - self.block_len, self.block_len), self.chained_iv.begin());
  }
  if (!self.open(record, ByteView(self.previous_iv).first(self.block_len), out, opened)) return false;
  ++self.sequence;
  return true;
}

}  // namespace tlsproof::crypto
