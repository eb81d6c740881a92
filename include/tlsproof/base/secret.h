// Bytes that are wiped before their memory is given back: keys, secrets, passphrases.
#pragma once

#include <algorithm>
#include <utility>

#include "tlsproof/base/bytes.h"

namespace tlsproof {

// Overwrites so that the compiler cannot leave it out.
void wipe(std::span<uint8_t> bytes);

// Owns its bytes; every copy of them that it makes is wiped when released. Never printed: there is no text form.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(size_t len) : bytes_(len) {}
  explicit SecretBytes(ByteView view) : bytes_(view.begin(), view.end()) {}
  SecretBytes(const SecretBytes& other) : bytes_(other.bytes_) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  SecretBytes& operator=(const SecretBytes& other) {
    if (this != &other) assign(other.view());
    return *this;
  }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      clear();
      bytes_ = std::exchange(other.bytes_, {});
    }
    return *this;
  }
  ~SecretBytes() { clear(); }

  void assign(ByteView view) {
    resize(view.size());
    std::copy(view.begin(), view.end(), bytes_.begin());
  }
  void resize(size_t len) {  // the old content is lost, and wiped
    wipe(bytes_);
    if (len <= bytes_.capacity())
      bytes_.resize(len);
    else
      bytes_ = Bytes(len);
  }
  void clear() {
    wipe(bytes_);
    bytes_.clear();
  }

  [[nodiscard]] ByteView view() const { return bytes_; }
  [[nodiscard]] std::span<uint8_t> span() { return bytes_; }
  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  // Compares in time that depends on the lengths alone.
  bool operator==(const SecretBytes& other) const;

 private:
  Bytes bytes_;
};

// A comparison whose time depends on the lengths alone (MACs, Finished).
[[nodiscard]] bool equal_constant_time(ByteView a, ByteView b);

}  // namespace tlsproof
