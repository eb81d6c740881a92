// What a TLS endpoint (ours, or the passive follower of a capture) tells about a connection while it runs.
#pragma once

#include <array>

#include "tlsproof/base/bytes.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::trace {

using wire::Direction;
using wire::Level;

// Labels of the NSS key log format (draft-ietf-tls-keylogfile), which Wireshark reads.
enum class SecretLabel : uint8_t {
  client_random,  // TLS 1.2: the master secret
  client_early_traffic_secret,
  client_handshake_traffic_secret,
  server_handshake_traffic_secret,
  client_traffic_secret_0,
  server_traffic_secret_0,
  early_exporter_secret,
  exporter_secret,
};

// One TLS record as it stood on the wire and what it held.
struct RecordSeen {
  Direction direction = Direction::client_to_server;
  Level level = Level::initial;  // of the keys that protect it; initial: none
  uint8_t content_type = 0;      // of the content: for a protected TLS 1.3 record the inner one
  uint16_t version = 0;          // legacy_record_version of the header
  bool opened = true;            // false: protected, and it could not be deprotected (content is empty)
  ByteRange stream;              // header and fragment, in the bytes of this direction since the connection began
  ByteView content;              // the plaintext fragment; borrowed for the call
};

// One whole handshake message.
struct MessageSeen {
  Direction direction = Direction::client_to_server;
  Level level = Level::initial;
  uint8_t type = 0;  // HandshakeType
  ByteView raw;      // with its four-byte header; borrowed for the call
  ByteRange stream;  // from the first to the last record that holds a part of it
};

// All calls come in the order in which things happened in each direction. A null Sink* means that nobody listens.
// Transport events are told by whoever owns the socket (session) or reads the capture.
class Sink {
 public:
  virtual ~Sink() = default;

  // These bytes passed at this moment, before they are looked at (received) or when the kernel took them (sent).
  virtual void on_bytes(Direction direction, ByteView bytes) = 0;
  virtual void on_record(const RecordSeen& record) = 0;
  virtual void on_message(const MessageSeen& message) = 0;
  virtual void on_alert(Direction direction, Level level, uint8_t alert_level, uint8_t description,
                        ByteRange stream) = 0;
  virtual void on_change_cipher_spec(Direction direction, ByteRange stream) = 0;
  virtual void on_application_data(Direction direction, Level level, ByteView data, ByteRange stream) = 0;
  // Bytes that are not TLS, a record that does not open, a message that does not decode; `what` is ours, plain text.
  virtual void on_problem(Direction direction, Level level, std::string_view what, ByteRange stream) = 0;
  virtual void on_secret(SecretLabel label, const std::array<uint8_t, 32>& client_random, ByteView secret) = 0;
};

}  // namespace tlsproof::trace
