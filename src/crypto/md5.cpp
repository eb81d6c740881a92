// The plain context is used on purpose, as in hash.cpp: nothing is fetched and nothing allocated.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tlsproof/crypto/md5.h"

#include <openssl/md5.h>

namespace tlsproof::crypto {

std::array<uint8_t, 16> md5(ByteView data) {
  static_assert(MD5_DIGEST_LENGTH == 16);
  std::array<uint8_t, 16> out;
  MD5_CTX context;  // none of these calls can fail: they return 1 always
  MD5_Init(&context);
  MD5_Update(&context, data.data(), data.size());
  MD5_Final(out.data(), &context);
  return out;
}

}  // namespace tlsproof::crypto
