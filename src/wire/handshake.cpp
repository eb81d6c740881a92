#include "tlsproof/wire/handshake.h"

#include <algorithm>

#include "tlsproof/registry/constants.h"

namespace tlsproof::wire {
namespace {

// The uint24 length of a message whose header is there.
size_t body_len(ByteView header) {
  return static_cast<size_t>(header[1]) << 16 | static_cast<size_t>(header[2]) << 8 | header[3];
}

HandshakeView view_of(ByteView raw) {
  return {raw[0], raw.subspan(kHandshakeHeaderLen), raw};
}

}  // namespace

std::optional<HandshakeView> first_handshake(ByteView bytes) {
  if (bytes.size() < kHandshakeHeaderLen) return std::nullopt;
  const size_t len = kHandshakeHeaderLen + body_len(bytes);
  if (bytes.size() < len) return std::nullopt;
  return view_of(bytes.first(len));
}

bool encode_handshake(uint8_t type, ByteView body, Bytes& out) {
  if (body.size() > kMaxHandshakeBody) return false;
  Writer w(out);
  w.u8(type);
  w.opaque24(body);
  return true;
}

void append_message_hash(ByteView hash, Bytes& out) {
  Writer w(out);
  w.u8(registry::handshake_type::message_hash);
  w.opaque24(hash);
}

void HandshakeAssembler::push(ByteView fragment, uint64_t record) {
  if (fragment.empty() || too_large_) return;
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = scanned_ = 0;
  } else if (begin_ >= buffer_.size() - begin_) {
    // At least as many bytes were taken as are moved here, so that moving costs O(1) a byte in all.
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (next_ready_ >= ready_.size() - next_ready_) {
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next_ready_));
    next_ready_ = 0;
  }
  const size_t fragment_begin = buffer_.size();
  append(buffer_, fragment);
  scan(fragment_begin, record);
}

// Notes the messages that the fragment completes. Every message that ends within it has its last byte in this record;
// one that also begins within it has its first byte here too, else the first record was noted when its first byte came.
void HandshakeAssembler::scan(size_t fragment_begin, uint64_t record) {
  while (!too_large_) {
    const ByteView rest = ByteView(buffer_).subspan(scanned_);
    if (!rest.empty() && scanned_ >= fragment_begin) partial_first_record_ = record;
    if (rest.size() < kHandshakeHeaderLen) break;
    const size_t len = kHandshakeHeaderLen + body_len(rest);
    if (len > max_len_) too_large_ = true;
    if (too_large_ || rest.size() < len) break;
    ready_.push_back({len, partial_first_record_, record});
    scanned_ += len;
  }
  last_record_ = record;
}

HandshakeAssembler::Next HandshakeAssembler::next(Message& out) {
  const ByteView rest = ByteView(buffer_).subspan(begin_);
  if (next_ready_ < ready_.size()) {
    const Span& span = ready_[next_ready_++];
    static_cast<HandshakeView&>(out) = view_of(rest.first(span.len));
    out.offset_in_stream = offset_;
    out.first_record = span.first_record;
    out.last_record = span.last_record;
    begin_ += span.len;
    offset_ += span.len;
    return Next::message;
  }
  if (!too_large_) return Next::need_more;
  out.type = rest[0];
  out.body = {};
  out.raw = rest.first(kHandshakeHeaderLen);
  out.offset_in_stream = offset_;
  out.first_record = partial_first_record_;
  out.last_record = last_record_;
  return Next::too_large;
}

std::optional<HandshakeAssembler::Announced> HandshakeAssembler::announced() const {
  const ByteView rest = ByteView(buffer_).subspan(scanned_);
  if (rest.size() < kHandshakeHeaderLen) return std::nullopt;
  return Announced{rest[0], body_len(rest)};
}

void HandshakeAssembler::reset() {
  buffer_.clear();
  ready_.clear();
  begin_ = scanned_ = next_ready_ = 0;
  offset_ = 0;
  partial_first_record_ = last_record_ = 0;
  too_large_ = false;
}

}  // namespace tlsproof::wire
