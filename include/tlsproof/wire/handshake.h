// Handshake messages as frames: header, encoding, and putting them together from record fragments.
#pragma once

#include <optional>

#include "tlsproof/wire/codec.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::wire {

// A whole handshake message (RFC 8446 §4: msg_type, uint24 length, body). Borrows.
struct HandshakeView {
  uint8_t type = 0;  // registry::handshake_type
  ByteView body;
  ByteView raw;  // header and body: what enters transcript hashes
};

// The message at the beginning of `bytes`, if all of it is there.
[[nodiscard]] std::optional<HandshakeView> first_handshake(ByteView bytes);

// Appends header and body. False, and nothing appended, when the body is longer than 2^24-1 bytes.
[[nodiscard]] bool encode_handshake(uint8_t type, ByteView body, Bytes& out);

// Appends header and body of a typed message. False when the body, or a vector within it, is longer than its length
// field can say: what was appended then carries the lengths modulo their width.
template <class T>
[[nodiscard]] bool encode_message(const T& message, Bytes& out) {
  Writer w(out);
  w.u8(T::kType);
  w.prefixed24([&] { encode(message, w); });
  return w.ok();
}

// RFC 8446 §4.4.1: the synthetic message that stands for the first ClientHello after a HelloRetryRequest. Appends
// message_hash (254), the length of `hash`, and `hash`.
void append_message_hash(ByteView hash, Bytes& out);

// Puts messages together from the fragments of handshake records (of one direction and one level, in order).
//
// O(bytes) however they are cut; memory is what was pushed and not yet taken (a length field alone reserves nothing);
// nothing is allocated once the buffers have grown.
class HandshakeAssembler {
 public:
  struct Message : HandshakeView {  // borrows until the next push() or reset()
    uint64_t offset_in_stream = 0;  // of the header, counted over the fragments since reset()
    uint64_t first_record = 0;      // the `record` of the fragment with its first byte …
    uint64_t last_record = 0;       // … and with its last
  };
  enum class Next {
    message,    // `out` holds the next one
    need_more,  // push more fragments
    too_large,  // the header announces more than the limit: `out` has type, offset, records, raw = the header. Final
                // until reset().
  };
  // `max_len` limits header and body together.
  explicit HandshakeAssembler(size_t max_len = kMaxHandshakeLen) : max_len_(max_len) {}

  // `record` is whatever the caller numbers records (or events) by; it comes back in Message. Empty fragments change
  // nothing, and neither does any after too_large.
  void push(ByteView fragment, uint64_t record);
  [[nodiscard]] Next next(Message& out);

  // Bytes pushed that no returned message holds. RFC 8446 §5.1: must be 0 where keys change.
  [[nodiscard]] size_t pending_len() const { return buffer_.size() - begin_; }
  // The type and announced body length of the message that is incomplete, if its header is there.
  struct Announced {
    uint8_t type = 0;
    size_t body_len = 0;
  };
  [[nodiscard]] std::optional<Announced> announced() const;
  void set_max_len(size_t max_len) { max_len_ = max_len; }  // applies to headers not yet received
  void reset();                                             // keeps memory and limit

 private:
  struct Span {
    size_t len;
    uint64_t first_record;
    uint64_t last_record;
  };
  void scan(size_t fragment_begin, uint64_t record);

  Bytes buffer_;
  size_t begin_ = 0;     // first byte not yet taken
  size_t scanned_ = 0;   // end of the last complete message in buffer_
  uint64_t offset_ = 0;  // stream offset of begin_
  std::vector<Span> ready_;
  size_t next_ready_ = 0;
  uint64_t partial_first_record_ = 0;  // of the incomplete message at scanned_
  uint64_t last_record_ = 0;
  bool too_large_ = false;
  size_t max_len_;
};

}  // namespace tlsproof::wire
