// DER, written; this module's own.
#pragma once

#include <algorithm>

#include "tlsproof/base/writer.h"

namespace tlsproof::pki {

// Tag, length, content. Content of up to 16 MiB.
[[nodiscard]] inline Bytes der_element(uint8_t tag, ByteView content) {
  Bytes out;
  Writer writer(out);
  writer.u8(tag);
  const size_t len = content.size();
  const int num_len_bytes = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;
  if (num_len_bytes > 0) writer.u8(static_cast<uint8_t>(0x80 | num_len_bytes));
  for (int i = std::max(num_len_bytes, 1); i-- > 0;) writer.u8(static_cast<uint8_t>(len >> (8 * i)));
  writer.bytes(content);
  return out;
}

}  // namespace tlsproof::pki
