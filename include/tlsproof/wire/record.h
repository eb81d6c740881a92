// TLS records: header, framing, and telling TLS from what is not.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::wire {

// RFC 8446 §5.1, RFC 5246 §6.2.1. Any type and version frames; what they should be is for rules.
struct RecordHeader {
  static constexpr std::string_view kName = "RecordHeader";
  uint8_t type = 0;  // registry::content_type
  uint16_t version = 0x0303;
  uint16_t length = 0;  // of the fragment
  bool operator==(const RecordHeader&) const = default;
};
[[nodiscard]] bool decode(Reader& r, RecordHeader& out);
void encode(const RecordHeader& in, Writer& w);

// Appends header and fragment. False, and nothing appended, when the fragment is longer than 65535 bytes; the limits of
// the RFCs are not enforced (bending).
[[nodiscard]] bool encode_record(uint8_t type, uint16_t version, ByteView fragment, Bytes& out);

// One record of a stream. Borrows from the deframer until its next push() or reset().
struct RecordView {
  uint8_t type = 0;
  uint16_t version = 0;
  ByteView fragment;              // as it came: ciphertext when protected
  ByteView raw;                   // header and fragment
  uint64_t offset_in_stream = 0;  // of the header's first byte, counted from the first byte pushed since reset()
  uint64_t index = 0;             // 0 for the stream's first record
  [[nodiscard]] ByteView header() const { return raw.first(kRecordHeaderLen); }
};

// Cuts one direction of a stream into records.
//
//   deframer.push(bytes);
//   RecordView record;
//   while (deframer.next(record) == RecordDeframer::Next::record) …
//
// Bytes are copied once; work is O(bytes) however they are cut; nothing is allocated once the buffer has grown to the
// largest amount ever unread. Memory: what was pushed and not yet taken, so whoever pushes without taking decides the
// bound.
class RecordDeframer {
 public:
  enum class Next {
    record,     // `out` holds the next one
    need_more,  // push more bytes
    too_long,  // the length field exceeds the limit: `out` has type, version, offset and raw = the header, no fragment.
               // Final until reset() or set_max_fragment().
  };
  explicit RecordDeframer(size_t max_fragment = kMaxCiphertext12) : max_fragment_(max_fragment) {}

  void push(ByteView bytes);
  [[nodiscard]] Next next(RecordView& out);

  // Applies to records not yet taken.
  void set_max_fragment(size_t max_fragment) { max_fragment_ = max_fragment; }
  // Bytes pushed that no returned record holds: a part of a record, or what stands behind too_long.
  [[nodiscard]] size_t pending_len() const { return buffer_.size() - begin_; }
  [[nodiscard]] ByteView pending() const { return ByteView(buffer_).subspan(begin_); }
  // Offset in the stream of the first pending byte.
  [[nodiscard]] uint64_t offset() const { return offset_; }
  // Ready for another stream; keeps memory and limit.
  void reset();

 private:
  Bytes buffer_;
  size_t begin_ = 0;  // first byte not yet taken
  uint64_t offset_ = 0;
  uint64_t num_records_ = 0;
  size_t max_fragment_;
};

// ---- what stands at the beginning of a stream
// ------------------------------------------------------------------------

// `maybe`: the bytes are too few to tell and do not contradict it.
enum class Match { no, maybe, yes };
// A TLS or SSL 3.0 record: content type 20…24, major version 3, length within kMaxCiphertext12 and not zero.
[[nodiscard]] Match looks_like_tls_record(ByteView first_bytes);
// An SSL 2.0 framed CLIENT-HELLO, also as version-2 hello of TLS clients (RFC 5246 appendix E.2): two-byte header with
// the high bit, msg_type 1, version 0x0002 or 0x03xx.
[[nodiscard]] Match looks_like_sslv2_hello(ByteView first_bytes);
// A plain HTTP/1.x request ("GET /", "OPTIONS *") or answer ("HTTP/1.").
[[nodiscard]] Match looks_like_http(ByteView first_bytes);

}  // namespace tlsproof::wire
