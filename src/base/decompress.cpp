#include "tlsproof/base/decompress.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace tlsproof {
namespace {

constexpr std::string_view kDamaged = "the compressed data is damaged";
constexpr std::string_view kCutOff = "the compressed data is cut off";
constexpr std::string_view kTooMuch = "more comes out than was announced";
constexpr std::string_view kTrailing = "bytes follow the compressed data";

using Outcome = std::expected<void, std::string_view>;

// All three write to `out`, which has one byte more than may come out, so that "too much" is known from "just enough".
Outcome inflate_zlib(ByteView in, Bytes& out, size_t& len) {
  z_stream stream{};
  if (in.size() > std::numeric_limits<uInt>::max() || out.size() > std::numeric_limits<uInt>::max())
    return std::unexpected(kTooMuch);
  if (inflateInit(&stream) != Z_OK) return std::unexpected("no memory to decompress");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, inflateEnd);
  stream.next_in = const_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = inflate(&stream, Z_FINISH);
  len = stream.total_out;
  if (code == Z_STREAM_END) {
    if (stream.avail_in > 0) return std::unexpected(kTrailing);
    return {};
  }
  if (code != Z_BUF_ERROR && code != Z_OK) return std::unexpected(kDamaged);
  return std::unexpected(stream.avail_out == 0 ? kTooMuch : kCutOff);
}

Outcome inflate_brotli(ByteView in, Bytes& out, size_t& len) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  if (state == nullptr) return std::unexpected("no memory to decompress");
  size_t in_left = in.size();
  const uint8_t* next_in = in.data();
  size_t out_left = out.size();
  uint8_t* next_out = out.data();
  const auto result = BrotliDecoderDecompressStream(state.get(), &in_left, &next_in, &out_left, &next_out, nullptr);
  len = out.size() - out_left;
  switch (result) {
    case BROTLI_DECODER_RESULT_SUCCESS:
      if (in_left > 0) return std::unexpected(kTrailing);
      return {};
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
      return std::unexpected(kCutOff);
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
      return std::unexpected(kTooMuch);
    case BROTLI_DECODER_RESULT_ERROR:
      break;
  }
  return std::unexpected(kDamaged);
}

// In one go, so that zstd needs no window beside the output.
Outcome inflate_zstd(ByteView in, Bytes& out, size_t& len) {
  const size_t first_frame = ZSTD_findFrameCompressedSize(in.data(), in.size());
  if (ZSTD_isError(first_frame) != 0) return std::unexpected(kDamaged);
  if (first_frame < in.size()) return std::unexpected(kTrailing);  // RFC 8879 §4: one frame
  const size_t code = ZSTD_decompress(out.data(), out.size(), in.data(), in.size());
  if (ZSTD_isError(code) == 0) {
    len = code;
    return {};
  }
  return std::unexpected(ZSTD_getErrorCode(code) == ZSTD_error_dstSize_tooSmall ? kTooMuch : kDamaged);
}

}  // namespace

std::expected<void, std::string_view> decompress(Compression method, ByteView compressed, size_t max_len, Bytes& out) {
  // The libraries want pointers even to nothing.
  static constexpr uint8_t kNothing = 0;
  const ByteView in = compressed.empty() ? ByteView(&kNothing, 0) : compressed;
  out.resize(max_len + 1);
  size_t len = 0;
  Outcome outcome;
  switch (method) {
    case Compression::zlib:
      outcome = inflate_zlib(in, out, len);
      break;
    case Compression::brotli:
      outcome = inflate_brotli(in, out, len);
      break;
    case Compression::zstd:
      outcome = inflate_zstd(in, out, len);
      break;
  }
  if (outcome && len > max_len) outcome = std::unexpected(kTooMuch);
  out.resize(outcome ? len : 0);
  return outcome;
}

}  // namespace tlsproof
