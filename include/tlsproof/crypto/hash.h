// Hashes and HMAC as plain values: copying one copies its state, nothing is allocated, no call can fail.
// Sources: FIPS 180-4 (SHA), RFC 2104 (HMAC).
#pragma once

#include <array>

#include "tlsproof/base/bytes.h"

namespace tlsproof::crypto {

enum class HashAlgorithm : uint8_t { sha1, sha224, sha256, sha384, sha512 };

inline constexpr size_t kMaxHashLen = 64;
inline constexpr size_t kMaxHashBlockLen = 128;

// Length of the digest in bytes: 20, 28, 32, 48, 64.
[[nodiscard]] size_t hash_len(HashAlgorithm hash);
// The compression function's block: 64 or 128 bytes.
[[nodiscard]] size_t hash_block_len(HashAlgorithm hash);
// "SHA-256".
[[nodiscard]] std::string_view hash_name(HashAlgorithm hash);

// A digest held by value, as long as its algorithm needs: what a hash function returns without allocating.
class HashValue {
 public:
  HashValue() = default;
  [[nodiscard]] ByteView view() const { return {bytes_.data(), len_}; }
  [[nodiscard]] size_t size() const { return len_; }
  operator ByteView() const { return view(); }  // NOLINT(google-explicit-constructor): it is a byte string
  // The memory to fill; sets the length. `len` <= kMaxHashLen.
  [[nodiscard]] std::span<uint8_t> resize(size_t len) {
    len_ = static_cast<uint8_t>(len);
    return {bytes_.data(), len};
  }

 private:
  std::array<uint8_t, kMaxHashLen> bytes_{};
  uint8_t len_ = 0;
};

// A hash in progress. Usable from construction on; `init` starts again, with another algorithm if wished.
class Digest {
 public:
  explicit Digest(HashAlgorithm hash = HashAlgorithm::sha256) { init(hash); }
  Digest(const Digest& other) { *this = other; }
  Digest& operator=(const Digest& other);
  ~Digest() = default;
  void init(HashAlgorithm hash);
  void init() { init(hash_); }
  void update(ByteView data);
  // Writes the digest (out.size() == hash_len) and ends it: call `init` before the next `update`.
  void finish(std::span<uint8_t> out);
  // The digest of everything so far; more may follow. `out.size() == hash_len`.
  void snapshot(std::span<uint8_t> out) const;
  [[nodiscard]] HashValue snapshot() const;
  [[nodiscard]] HashAlgorithm hash() const { return hash_; }
  // Overwrites the state (it may have taken in a key). The object needs `init` afterwards.
  void wipe_state();

 private:
  alignas(8) std::array<unsigned char, 216> state_;  // SHA_CTX, SHA256_CTX or SHA512_CTX
  HashAlgorithm hash_;
};

[[nodiscard]] HashValue digest(HashAlgorithm hash, ByteView data);
// Hash(""), from a table.
[[nodiscard]] const HashValue& empty_digest(HashAlgorithm hash);

// An HMAC key with the inner and outer block taken in already, so that each use saves two compressions. Wiped.
class HmacKey {
 public:
  explicit HmacKey(HashAlgorithm hash = HashAlgorithm::sha256) : HmacKey(hash, {}) {}
  HmacKey(HashAlgorithm hash, ByteView key) { set(hash, key); }
  HmacKey(const HmacKey&) = default;
  HmacKey& operator=(const HmacKey&) = default;
  ~HmacKey() { wipe_state(); }
  void set(HashAlgorithm hash, ByteView key);
  // HMAC of the concatenation of the parts; `out.size() == hash_len`; `out` may overlap the parts.
  void mac(std::span<const ByteView> parts, std::span<uint8_t> out) const;
  void mac(ByteView data, std::span<uint8_t> out) const { mac(std::span(&data, 1), out); }
  [[nodiscard]] HashAlgorithm hash() const { return inner_.hash(); }
  void wipe_state();

 private:
  Digest inner_, outer_;
};

// HMAC(key, data) into `out` (hash_len bytes).
void hmac(HashAlgorithm hash, ByteView key, ByteView data, std::span<uint8_t> out);

}  // namespace tlsproof::crypto
