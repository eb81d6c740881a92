// Whole compressed texts whose length somebody has promised (RFC 8879): never more than that is made.
#pragma once

#include <expected>

#include "tlsproof/base/bytes.h"

namespace tlsproof {

enum class Compression : uint8_t { zlib, brotli, zstd };

// Fills `out` with exactly what `compressed` holds, which must be at most `max_len` bytes; its memory is used again.
// On failure `out` is empty and the error is a literal that says why: "the compressed data is damaged", "more comes out
// than was announced". Memory: max_len, and the library's own, at most 16 MB for a moment (brotli's window).
[[nodiscard]] std::expected<void, std::string_view> decompress(Compression method, ByteView compressed, size_t max_len,
                                                               Bytes& out);

}  // namespace tlsproof
