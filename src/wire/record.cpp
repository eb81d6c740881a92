#include "tlsproof/wire/record.h"

#include <algorithm>

namespace tlsproof::wire {

// struct { ContentType type; ProtocolVersion legacy_record_version; uint16 length; opaque fragment[length]; }
// (RFC 8446 §5.1)
bool decode(Reader& r, RecordHeader& out) {
  return r.u8(out.type, "Record.type") && r.u16(out.version, "Record.version") && r.u16(out.length, "Record.length");
}

void encode(const RecordHeader& in, Writer& w) {
  w.u8(in.type);
  w.u16(in.version);
  w.u16(in.length);
}

bool encode_record(uint8_t type, uint16_t version, ByteView fragment, Bytes& out) {
  if (fragment.size() > 0xffff) return false;
  Writer w(out);
  encode(RecordHeader{type, version, static_cast<uint16_t>(fragment.size())}, w);
  w.bytes(fragment);
  return true;
}

void RecordDeframer::push(ByteView bytes) {
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  } else if (begin_ >= buffer_.size() - begin_) {
    // At least as many bytes were taken as are moved here, so that moving costs O(1) a byte in all.
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  append(buffer_, bytes);
}

RecordDeframer::Next RecordDeframer::next(RecordView& out) {
  const ByteView rest = pending();
  if (rest.size() < kRecordHeaderLen) return Next::need_more;
  out.type = rest[0];
  out.version = static_cast<uint16_t>(rest[1] << 8 | rest[2]);
  const size_t len = static_cast<size_t>(rest[3] << 8 | rest[4]);
  out.offset_in_stream = offset_;
  out.index = num_records_;
  if (len > max_fragment_) {
    out.raw = rest.first(kRecordHeaderLen);
    out.fragment = {};
    return Next::too_long;
  }
  if (rest.size() < kRecordHeaderLen + len) return Next::need_more;
  out.raw = rest.first(kRecordHeaderLen + len);
  out.fragment = out.raw.subspan(kRecordHeaderLen);
  begin_ += out.raw.size();
  offset_ += out.raw.size();
  ++num_records_;
  return Next::record;
}

void RecordDeframer::reset() {
  buffer_.clear();
  begin_ = 0;
  offset_ = 0;
  num_records_ = 0;
}

Match looks_like_tls_record(ByteView first_bytes) {
  const size_t n = first_bytes.size();
  if (n > 0 && (first_bytes[0] < registry::content_type::change_cipher_spec ||
                first_bytes[0] > registry::content_type::heartbeat))
    return Match::no;
  if (n > 1 && first_bytes[1] != 3) return Match::no;
  if (n < kRecordHeaderLen) return Match::maybe;
  const size_t len = static_cast<size_t>(first_bytes[3] << 8 | first_bytes[4]);
  return len > 0 && len <= kMaxCiphertext12 ? Match::yes : Match::no;
}

Match looks_like_sslv2_hello(ByteView first_bytes) {
  // RFC 5246 appendix E.2: uint16 msg_length with the high bit set, then at least the nine bytes of the fixed fields.
  const size_t n = first_bytes.size();
  if (n > 0 && (first_bytes[0] & 0x80) == 0) return Match::no;
  if (n > 1 && static_cast<size_t>((first_bytes[0] & 0x7f) << 8 | first_bytes[1]) < 9) return Match::no;
  if (n > 2 && first_bytes[2] != 1) return Match::no;
  if (n > 3 && first_bytes[3] != 0 && first_bytes[3] != 3) return Match::no;
  if (n < 5) return Match::maybe;
  return first_bytes[3] == 3 || first_bytes[4] == 2 ? Match::yes : Match::no;
}

Match looks_like_http(ByteView first_bytes) {
  static constexpr std::string_view kStarts[] = {"GET /",     "HEAD /",      "POST /",    "PUT /",   "DELETE /",
                                                 "OPTIONS /", "PATCH /",     "OPTIONS *", "TRACE /", "CONNECT ",
                                                 "GET http",  "PRI * HTTP/", "HTTP/1.0",  "HTTP/1.1"};
  const std::string_view text = as_text(first_bytes);
  Match best = Match::no;
  for (std::string_view start : kStarts) {
    if (text.starts_with(start)) return Match::yes;
    if (start.starts_with(text)) best = Match::maybe;
  }
  return best;
}

}  // namespace tlsproof::wire
