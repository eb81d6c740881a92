// The Trace: everything that happened on one connection, in order, with the bytes that prove it.
//
// A handshake that we play and one found in a capture give the same Trace. Raw bytes are kept per direction; events
// point into them. Decoded messages are made on demand from the content of an event.
//
// The direction of connecting, connected, half_closed and closed is the one in which we send, so that a Trace knows
// whether we are the client; of the others the one in which it came or went.
#pragma once

#include <string>

#include "tlsproof/base/clock.h"
#include "tlsproof/base/secret.h"
#include "tlsproof/trace/sink.h"
#include "tlsproof/wire/messages.h"

namespace tlsproof::trace {

enum class EventKind : uint8_t {
  connecting,  // text: the address
  connected,
  connect_failed,  // text: why
  bytes,           // stream: what passed at this time
  record,          // code: content type; content: the plaintext
  message,         // code: handshake type; content: the whole message with its header
  alert,           // code: level << 8 | description
  change_cipher_spec,
  application_data,  // content: the data
  problem,           // text: what could not be opened or decoded
  http_request,      // text: the request line
  http_response,     // code: status; text: the status line
  app_request,       // text: what we said to another service, before TLS or inside it
  app_response,      // code: status, where there is one; text: what it answered
  half_closed,       // we sent FIN
  end_of_stream,     // the peer sent FIN
  reset,             // the peer sent RST
  write_failed,      // text: why; reading goes on
  timed_out,         // text: the step whose deadline passed
  closed,            // we closed
  note,              // text
  gap,               // captures: bytes that passed were not captured; text: how many
  conflict,          // captures: a retransmission said something else than the first copy, which is kept
};

// What carries the handshake.
enum class Transport : uint8_t {
  tls,   // records over a stream; SSL 3.0 too
  ssl2,  // SSL 2.0: its hellos are problems with a text, or an SSL 2.0 compatible ClientHello (RFC 5246 Appendix E.2)
  dtls,  // stream(direction): the datagrams one after another; a message's content is in TLS form (RFC 6347 §4.2.2
         // without the fields of fragments)
  quic,  // RFC 9001: no records; stream(direction): the bytes of the CRYPTO frames, level after level
};
// "TLS", "SSL 2.0", "DTLS", "QUIC".
[[nodiscard]] std::string_view to_text(Transport transport);

// How much of the connection there is to see. A connection that we made has it all; of a captured one parts may be
// missing, and who judges must not take what was not seen for what was not sent.
struct Coverage {
  bool from_start = true;   // the first bytes of both directions are there
  bool client_seen = true;  // any bytes of that direction
  bool server_seen = true;
  bool complete_streams = true;  // no gaps, and nothing was left out by limits
  bool ended = true;             // the connection was over (FIN, RST) before we stopped looking
  [[nodiscard]] bool whole() const { return from_start && client_seen && server_seen && complete_streams; }
};

struct Event {
  EventKind kind = EventKind::note;
  Direction direction = Direction::client_to_server;
  Level level = Level::initial;
  bool opened = true;    // record: false when it could not be deprotected
  uint16_t code = 0;     // see EventKind
  uint16_t version = 0;  // record: legacy_record_version
  int64_t time_ns = 0;   // monotonic, since Trace::start_monotonic_ns()
  ByteRange stream;      // in stream(direction); empty where nothing passed
  ByteRange content;     // in contents(direction); see content()
  uint32_t text = 0;     // see text(); 0: none
};

struct SecretSeen {
  SecretLabel label = SecretLabel::client_random;
  std::array<uint8_t, 32> client_random{};
  SecretBytes secret;
};

struct TraceLimits {
  size_t max_stream_len = size_t{40} << 20;  // a direction; what passes after it is counted, not kept
  size_t max_events = 200'000;               // what happens after it is counted, not kept
};

class KeyLogFile;

// What becomes of the secrets that a Trace is told.
struct SecretUse {
  bool keep = true;               // in secrets(), for encode_pcapng and encode_key_log
  KeyLogFile* key_log = nullptr;  // borrowed: each is written there at once
};

class Trace final : public Sink {
 public:
  // Borrows the clock. begin() must be called before anything is told.
  explicit Trace(const Clock& clock, TraceLimits limits = {}, SecretUse secret_use = {});

  // Forgets everything, keeps the memory, wipes the secrets, and starts the time.
  void begin(std::string local_address, std::string peer_address);
  void set_addresses(std::string local_address, std::string peer_address);

  void on_bytes(Direction direction, ByteView bytes) override;
  void on_record(const RecordSeen& record) override;
  void on_message(const MessageSeen& message) override;
  void on_alert(Direction direction, Level level, uint8_t alert_level, uint8_t description, ByteRange stream) override;
  void on_change_cipher_spec(Direction direction, ByteRange stream) override;
  void on_application_data(Direction direction, Level level, ByteView data, ByteRange stream) override;
  void on_problem(Direction direction, Level level, std::string_view what, ByteRange stream) override;
  void on_secret(SecretLabel label, const std::array<uint8_t, 32>& client_random, ByteView secret) override;
  // Transport and dialogue events. `text` may hold a peer's bytes: whoever shows it escapes it.
  void on_event(EventKind kind, Direction direction, std::string_view text = {}, uint16_t code = 0,
                ByteRange stream = {});
  // Both are as for a connection of ours until they are set; begin() sets them back.
  void set_transport(Transport transport) { transport_ = transport; }
  void set_coverage(const Coverage& coverage) { coverage_ = coverage; }
  // TLS begins after what has passed so far: the ranges that the TLS layer tells from now on count from here.
  void begin_tls();

  [[nodiscard]] std::span<const Event> events() const { return events_; }
  [[nodiscard]] ByteView stream(Direction direction) const;     // what was kept
  [[nodiscard]] uint64_t num_bytes(Direction direction) const;  // what passed
  [[nodiscard]] ByteView content(const Event& event) const;
  [[nodiscard]] ByteView bytes_of(const Event& event) const;  // its range of the stream
  [[nodiscard]] std::string_view text(const Event& event) const;
  [[nodiscard]] uint64_t num_events_dropped() const { return num_dropped_; }
  [[nodiscard]] std::span<const SecretSeen> secrets() const { return secrets_; }
  [[nodiscard]] const std::string& local_address() const { return local_address_; }
  [[nodiscard]] const std::string& peer_address() const { return peer_address_; }
  [[nodiscard]] Transport transport() const { return transport_; }
  [[nodiscard]] const Coverage& coverage() const { return coverage_; }
  [[nodiscard]] int64_t start_wall_ns() const { return start_wall_ns_; }
  [[nodiscard]] int64_t start_monotonic_ns() const { return start_monotonic_ns_; }

  // The decoded message of a message event, by the version and key exchange that the ServerHello before it chose.
  [[nodiscard]] Parsed<wire::AnyMessage> message(const Event& event) const;
  // The same into `out`, whose memory is used again when it holds a message of that type.
  [[nodiscard]] Parsed<void> message_into(const Event& event, wire::AnyMessage& out) const;
  // The first message event of this handshake type and direction; nullptr when there is none.
  [[nodiscard]] const Event* find_message(Direction direction, uint8_t type) const;
  // What the first ServerHello that is no HelloRetryRequest chose; 0 while unknown.
  [[nodiscard]] uint16_t version() const { return version_; }
  [[nodiscard]] uint16_t cipher_suite() const { return cipher_suite_; }

 private:
  Event& add(EventKind kind, Direction direction);
  [[nodiscard]] ByteRange in_stream(Direction direction, ByteRange of_tls) const;
  ByteRange keep_content(Direction direction, ByteView content);
  uint32_t keep_text(std::string_view text);

  const Clock* clock_;
  TraceLimits limits_;
  SecretUse secret_use_;
  std::vector<Event> events_;
  Event dropped_;  // written to once max_events is reached
  uint64_t num_dropped_ = 0;
  std::array<Bytes, 2> streams_;
  std::array<Bytes, 2> contents_;
  std::array<uint64_t, 2> num_bytes_{};
  std::array<size_t, 2> tls_begins_{};  // in the stream of each direction
  std::string texts_;
  std::vector<ByteRange> text_ranges_;
  std::vector<SecretSeen> secrets_;
  std::string local_address_;
  std::string peer_address_;
  int64_t start_wall_ns_ = 0;
  int64_t start_monotonic_ns_ = 0;
  uint16_t version_ = 0;
  uint16_t cipher_suite_ = 0;
  Transport transport_ = Transport::tls;
  Coverage coverage_;
};

}  // namespace tlsproof::trace
