// needs: base
// Input: the method, the length announced (16 bits), the compressed bytes. What comes out keeps to the length.
#include "tlsproof/base/decompress.h"

#include <cstdlib>

using namespace tlsproof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  constexpr Compression kMethods[] = {Compression::zlib, Compression::brotli, Compression::zstd};
  const size_t max_len = static_cast<size_t>(data[1]) << 8 | data[2];
  Bytes out;
  const auto outcome = decompress(kMethods[data[0] % 3], {data + 3, size - 3}, max_len, out);
  if (out.size() > max_len || out.capacity() > max_len + 1) std::abort();
  if (!outcome && (!out.empty() || outcome.error().empty())) std::abort();
  return 0;
}
