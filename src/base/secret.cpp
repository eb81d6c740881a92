#include "tlsproof/base/secret.h"

#include <cstring>

namespace tlsproof {

void wipe(std::span<uint8_t> bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

bool equal_constant_time(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference = static_cast<uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

bool SecretBytes::operator==(const SecretBytes& other) const {
  return equal_constant_time(bytes_, other.bytes_);
}

}  // namespace tlsproof
