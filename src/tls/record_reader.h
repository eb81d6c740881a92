// The receiving half of TLS records: bytes in, opened records out, with the rules of the record layer. Knows no
// handshake.
#pragma once

#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/trace/sink.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::tls {

// One record that came, opened where it was protected.
struct RecordIn {
  uint8_t content_type = 0;
  bool was_protected = false;
  ByteView content;  // borrows until the next call of next() or push()
  ByteRange stream;
};

class RecordReader {
 public:
  void reset(wire::Role peer, trace::Sink* sink, size_t stream_offset);
  void push(ByteView bytes) { deframer_.push(bytes); }

  // From the next record on these keys are used; see crypto::RecordProtection for starting them.
  [[nodiscard]] crypto::RecordProtection& keys() { return keys_; }
  void set_level(wire::Level level);
  [[nodiscard]] wire::Level level() const { return level_; }

  enum class Next : uint8_t {
    record,
    need_more,
    not_tls,          // no TLS record header at the beginning of the stream. Final
    bad_header,       // nor later: the major version is not 3. Final
    too_long,         // RFC 8446 §5.1, §5.2: record_overflow. Final
    cannot_open,      // bad_record_mac; `out` has place and outer type
    no_content_type,  // RFC 8446 §5.4: nothing but zeros
    unprotected,  // TLS 1.3 keys are in use, and this record is a plain one other than ChangeCipherSpec; `out` is it
    content_too_long,  // the plaintext is longer than 2^14
  };
  // `plain` is where a protected record is opened: `out` borrows from it too.
  [[nodiscard]] Next next(RecordIn& out, Bytes& plain);
  // What stands at the place where the stream stopped being TLS: for the message.
  [[nodiscard]] ByteView pending() const { return deframer_.pending(); }
  [[nodiscard]] bool any_record() const { return any_record_; }
  // The deframer with its memory is given away while nothing is pending, and one with memory is taken.
  void give_memory(std::vector<wire::RecordDeframer>& store);
  void take_memory(std::vector<wire::RecordDeframer>& store);

 private:
  void tell(const RecordIn& in, uint16_t version, bool opened);

  trace::Sink* sink_ = nullptr;
  wire::Direction direction_ = wire::Direction::server_to_client;
  size_t stream_offset_ = 0;
  wire::RecordDeframer deframer_{wire::kMaxCiphertext12};
  crypto::RecordProtection keys_;
  wire::Level level_ = wire::Level::initial;
  bool any_record_ = false;
};

}  // namespace tlsproof::tls
