#include "tlsproof/crypto/md5.h"

#include <gtest/gtest.h>

namespace tlsproof::crypto {
namespace {

// RFC 1321 §A.5.
TEST(Md5, KnownVectors) {
  EXPECT_EQ(to_hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5(as_bytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(md5(as_bytes("12345678901234567890123456789012345678901234567890123456789012345678901234567890"))),
            "57edf4a22be3c955ac49da2e2107b67a");
}

}  // namespace
}  // namespace tlsproof::crypto
