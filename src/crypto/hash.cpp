// The plain SHA contexts are used on purpose, though OpenSSL 3 calls them deprecated: they are values, so that a
// transcript is forked and an HMAC key is reused by copying some bytes, where EVP_MD_CTX_copy allocates and takes
// locks.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tlsproof/crypto/hash.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "tlsproof/base/error.h"
#include "tlsproof/base/secret.h"

namespace tlsproof::crypto {
namespace {

struct HashFacts {
  size_t len;
  size_t block_len;
  std::string_view name;
};
constexpr HashFacts kFacts[] = {
    {20, 64, "SHA-1"}, {28, 64, "SHA-224"}, {32, 64, "SHA-256"}, {48, 128, "SHA-384"}, {64, 128, "SHA-512"},
};
const HashFacts& facts(HashAlgorithm hash) {
  return kFacts[static_cast<size_t>(hash)];
}

size_t state_len(HashAlgorithm hash) {
  return hash <= HashAlgorithm::sha256 ? std::max(sizeof(SHA_CTX), sizeof(SHA256_CTX)) : sizeof(SHA512_CTX);
}

template <class Context, class State>
auto* context(State& state) {
  static_assert(sizeof(Context) <= sizeof(State) && alignof(Context) <= 8);
  if constexpr (std::is_const_v<State>)
    return std::launder(reinterpret_cast<const Context*>(state.data()));
  else
    return std::launder(reinterpret_cast<Context*>(state.data()));
}

}  // namespace

size_t hash_len(HashAlgorithm hash) {
  return facts(hash).len;
}
size_t hash_block_len(HashAlgorithm hash) {
  return facts(hash).block_len;
}
std::string_view hash_name(HashAlgorithm hash) {
  return facts(hash).name;
}

Digest& Digest::operator=(const Digest& other) {
  // The short hashes use half of the memory; an HMAC copies two of these, and a handshake makes dozens.
  hash_ = other.hash_;
  std::memmove(state_.data(), other.state_.data(), state_len(hash_));
  return *this;
}

// None of these calls can fail: they return 1 always.
void Digest::init(HashAlgorithm hash) {
  hash_ = hash;
  switch (hash) {
    case HashAlgorithm::sha1:
      SHA1_Init(new (state_.data()) SHA_CTX);
      break;
    case HashAlgorithm::sha224:
      SHA224_Init(new (state_.data()) SHA256_CTX);
      break;
    case HashAlgorithm::sha256:
      SHA256_Init(new (state_.data()) SHA256_CTX);
      break;
    case HashAlgorithm::sha384:
      SHA384_Init(new (state_.data()) SHA512_CTX);
      break;
    case HashAlgorithm::sha512:
      SHA512_Init(new (state_.data()) SHA512_CTX);
      break;
  }
}

void Digest::update(ByteView data) {
  switch (hash_) {
    case HashAlgorithm::sha1:
      SHA1_Update(context<SHA_CTX>(state_), data.data(), data.size());
      break;
    case HashAlgorithm::sha224:
    case HashAlgorithm::sha256:
      SHA256_Update(context<SHA256_CTX>(state_), data.data(), data.size());
      break;
    case HashAlgorithm::sha384:
    case HashAlgorithm::sha512:
      SHA512_Update(context<SHA512_CTX>(state_), data.data(), data.size());
      break;
  }
}

void Digest::finish(std::span<uint8_t> out) {
  TLSPROOF_CHECK(out.size() == hash_len(hash_));
  switch (hash_) {
    case HashAlgorithm::sha1:
      SHA1_Final(out.data(), context<SHA_CTX>(state_));
      break;
    case HashAlgorithm::sha224:
      SHA224_Final(out.data(), context<SHA256_CTX>(state_));
      break;
    case HashAlgorithm::sha256:
      SHA256_Final(out.data(), context<SHA256_CTX>(state_));
      break;
    case HashAlgorithm::sha384:
      SHA384_Final(out.data(), context<SHA512_CTX>(state_));
      break;
    case HashAlgorithm::sha512:
      SHA512_Final(out.data(), context<SHA512_CTX>(state_));
      break;
  }
}

void Digest::snapshot(std::span<uint8_t> out) const {
  Digest copy = *this;
  copy.finish(out);
}

HashValue Digest::snapshot() const {
  HashValue value;
  snapshot(value.resize(hash_len(hash_)));
  return value;
}

void Digest::wipe_state() {
  wipe(std::span(state_).first(state_len(hash_)));
}

HashValue digest(HashAlgorithm hash, ByteView data) {
  Digest state(hash);
  state.update(data);
  HashValue value;
  state.finish(value.resize(hash_len(hash)));
  return value;
}

const HashValue& empty_digest(HashAlgorithm hash) {
  static const std::array<HashValue, 5> all = {digest(HashAlgorithm::sha1, {}), digest(HashAlgorithm::sha224, {}),
                                               digest(HashAlgorithm::sha256, {}), digest(HashAlgorithm::sha384, {}),
                                               digest(HashAlgorithm::sha512, {})};
  return all[static_cast<size_t>(hash)];
}

void HmacKey::set(HashAlgorithm hash, ByteView key) {
  // RFC 2104 §2: keys longer than a block are hashed; shorter ones are filled up with zeros.
  std::array<uint8_t, kMaxHashBlockLen> block{};
  const size_t block_len = hash_block_len(hash);
  if (key.size() > block_len) {
    Digest long_key(hash);
    long_key.update(key);
    long_key.finish(std::span(block).first(hash_len(hash)));
    long_key.wipe_state();
  } else {
    std::ranges::copy(key, block.begin());
  }
  for (uint8_t& byte : block) byte ^= 0x36;
  inner_.init(hash);
  inner_.update(std::span(block).first(block_len));
  for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  outer_.init(hash);
  outer_.update(std::span(block).first(block_len));
  wipe(block);
}

void HmacKey::mac(std::span<const ByteView> parts, std::span<uint8_t> out) const {
  std::array<uint8_t, kMaxHashLen> inner_value;
  const std::span<uint8_t> value = std::span(inner_value).first(hash_len(hash()));
  Digest state = inner_;
  for (ByteView part : parts) state.update(part);
  state.finish(value);
  state = outer_;
  state.update(value);
  state.finish(out);
  state.wipe_state();
  wipe(inner_value);
}

void HmacKey::wipe_state() {
  inner_.wipe_state();
  outer_.wipe_state();
}

void hmac(HashAlgorithm hash, ByteView key, ByteView data, std::span<uint8_t> out) {
  HmacKey(hash, key).mac(data, out);
}

}  // namespace tlsproof::crypto
