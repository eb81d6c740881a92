// The sending half of TLS records: content in, protected records and TCP segment hints out. Knows no handshake.
#pragma once

#include <array>

#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/tls/editor.h"
#include "tlsproof/trace/sink.h"

namespace tlsproof::tls {

class RecordWriter {
 public:
  // Empties everything; borrows sink and editor (null: none).
  void reset(wire::Role role, trace::Sink* sink, Editor* editor, size_t stream_offset);

  // The keys of a level; initial has none.
  [[nodiscard]] crypto::RecordProtection& keys(wire::Level level) { return keys_[index(level)]; }
  void stop_all();
  // The level whose keys will really be used for `wanted`: itself, or the newest there is.
  [[nodiscard]] wire::Level usable(wire::Level wanted) const;

  // What a record is about, for the editor.
  struct About {
    uint8_t handshake_type = 0;
    unsigned occurrence = 0;
  };
  // Cuts `content` into records as `how` says (its record part; nothing else of it is looked at), protects and queues
  // them. Empty content makes one empty record. Returns their place in the stream.
  ByteRange put(uint8_t content_type, wire::Level level, ByteView content, const FlightItem& how, About about,
                uint16_t version);
  // Where the records stand that hold this range of the content last put.
  [[nodiscard]] ByteRange place_of(ByteRange content) const;
  // No record around them.
  ByteRange put_raw(ByteView bytes, size_t segment);

  [[nodiscard]] ByteView output() const { return ByteView(out_).subspan(begin_); }
  void consume(size_t len);
  [[nodiscard]] size_t next_segment_len() const;
  // The memory of output(), to be used elsewhere while that is empty.
  [[nodiscard]] Bytes& memory() { return out_; }

 private:
  static size_t index(wire::Level level) { return static_cast<size_t>(level); }
  [[nodiscard]] size_t stream_end() const { return stream_begin_ + out_.size(); }
  void put_one(uint8_t content_type, wire::Level level, ByteView fragment, const FlightItem& how,
               RecordContext& context, uint16_t version);
  void seal(uint8_t content_type, wire::Level level, ByteView fragment, const FlightItem& how, bool first,
            uint16_t version, Bytes& out);
  void tell(uint8_t content_type, wire::Level level, ByteView fragment, const FlightItem& how, bool first,
            uint16_t version, ByteRange stream);

  trace::Sink* sink_ = nullptr;
  Editor* editor_ = nullptr;
  wire::Direction direction_ = wire::Direction::client_to_server;
  std::array<crypto::RecordProtection, 4> keys_;
  Bytes out_;
  size_t begin_ = 0;         // of what is not yet consumed
  size_t stream_begin_ = 0;  // stream offset of out_[0]
  struct Piece {
    size_t content_end;
    ByteRange stream;
  };
  std::vector<Piece> pieces_;  // the records of the last put()
  Bytes record_;               // one that the editor may change
  uint64_t num_records_ = 0;
  struct Segments {
    ByteRange stream;
    size_t len;  // of one segment
  };
  std::vector<Segments> segments_;
};

}  // namespace tlsproof::tls
