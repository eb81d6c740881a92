// The hooks by which an honest run is bent: at the struct, at the bytes, at the flight, at the record.
//
// The client plans what it sends as a Flight, a list of items most of which it has yet to make: so an item that is
// skipped, moved or injected takes effect on everything computed after it (transcript hashes, CertificateVerify,
// Finished). Order of the hooks: on_flight once for the plan; then for each item, in the order of the edited plan,
// on_message (before encoding), on_encoded (after), and on_record for each record that it became.
//
// What enters the transcript hash: edits by on_message and on_encoded do; those at protection (FlightItem's record
// part, on_record) do not; a skipped message does not; an injected handshake message does, unless `hashed` is false.
#pragma once

#include <optional>

#include "tlsproof/wire/messages.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::tls {

struct FlightItem {
  enum class Kind : uint8_t {
    handshake,           // one handshake message
    alert,               // `bytes`: level and description; made: `type` is the description
    change_cipher_spec,  // `bytes`: its body; made: 0x01
    application_data,
    record,     // a record of content type `type` with the content `bytes`, cut as everything else
    raw_bytes,  // `bytes` go on the wire as they are, no record around them
  };
  enum class Source : uint8_t {
    made,      // by the client when its turn comes; `bytes` is not looked at
    given,     // `bytes`; a handshake message with its four-byte header
    repeated,  // handshake only: the bytes of the last message of this type that was sent (nothing when there was none)
  };
  Kind kind = Kind::handshake;
  Source source = Source::made;
  uint8_t type = 0;  // handshake: HandshakeType; alert: AlertDescription; record: ContentType
  Bytes bytes;
  wire::Level level = wire::Level::initial;  // whose keys protect it. Keys that do not exist yet: the newest ones there
                                             // are, and the sink is told
  bool skip = false;   // made all the same, so that keys and states go on, but neither hashed nor sent
  bool hashed = true;  // handshake: enters the transcript hash

  // ---- how it is put into records ----
  size_t fragment = 0;    // at most this many bytes of content a record; 0: 2^14. May exceed 2^14
  bool coalesce = false;  // what follows, being of the same content type and level, begins in this item's last record
  size_t padding = 0;     // TLS 1.3 protected records: zeros after the content, each record
  size_t empty_records = 0;                // so many records of this type without content go before it
  std::optional<uint16_t> record_version;  // of the record header
  std::optional<uint8_t> record_type;      // of the record header (the outer one)
  std::optional<Bytes> plaintext;    // protected under TLS 1.3: this TLSInnerPlaintext in place of content, type and
                                     // padding; otherwise: this fragment. Of its first record
  std::optional<uint64_t> sequence;  // the first record is sealed with this sequence number; counting goes on from the
                                     // one it replaced
  size_t segment = 0;  // hint for the owner of the socket: not more than so many bytes in one send(); 0: no matter
};

// What is about to be sent.
struct Flight {
  enum class Trigger : uint8_t {
    start,               // start(): the first ClientHello
    message,             // a handshake message of the peer was handled; `items` is the answer, often empty
    change_cipher_spec,  // a ChangeCipherSpec of the peer was handled (or ignored)
    alert,               // an alert of the peer was handled
    application_data,    // came from the peer
    local,               // write(), close_notify(), request_key_update(), send_alert(), send()
    failure,             // the alert that our failure calls for
  };
  Trigger trigger = Trigger::start;
  uint8_t type = 0;         // message: its HandshakeType; alert: its description
  unsigned occurrence = 0;  // message: 1 for the first of its type from the peer
  std::vector<FlightItem> items;

  // The first item that is this handshake message; nullptr when there is none. Borrows.
  [[nodiscard]] FlightItem* find(uint8_t handshake_type) {
    for (auto& item : items)
      if (item.kind == FlightItem::Kind::handshake && item.type == handshake_type) return &item;
    return nullptr;
  }
};

// One record that is about to go out.
struct RecordContext {
  wire::Level level = wire::Level::initial;
  uint8_t content_type = 0;    // of the content, whatever the header says
  uint8_t handshake_type = 0;  // content type handshake: of the first message in it
  unsigned occurrence = 0;     // of that message, 1 for the first of its type from us
  size_t fragment_index = 0;   // 0 for the record in which the item begins
  uint64_t index = 0;          // of all records that we send on this connection
  size_t protected_len = 0;    // bytes of tag (and explicit nonce) that protection added; 0: not protected
};

// Every hook does nothing by default. Occurrences count from 1 ("the second ClientHello" is 2), by our messages sent.
// Hooks must not call into the Client.
class Editor {
 public:
  virtual ~Editor() = default;
  virtual void on_flight(Flight& flight) { static_cast<void>(flight); }
  // The struct before it is encoded; another alternative may be put in its place. PSK binders are computed after this;
  // those that are no longer all zero stay as they are.
  virtual void on_message(uint8_t type, unsigned occurrence, wire::AnyMessage& message) {
    static_cast<void>(type), static_cast<void>(occurrence), static_cast<void>(message);
  }
  // The whole encoded message with its four-byte header.
  virtual void on_encoded(uint8_t type, unsigned occurrence, Bytes& message) {
    static_cast<void>(type), static_cast<void>(occurrence), static_cast<void>(message);
  }
  // The whole record with its five-byte header, after protection. May become empty: then nothing is sent.
  virtual void on_record(const RecordContext& context, Bytes& record) {
    static_cast<void>(context), static_cast<void>(record);
  }
};

}  // namespace tlsproof::tls
