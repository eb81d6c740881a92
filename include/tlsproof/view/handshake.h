// What a person or a program wants to know of one handshake, put together once for every view of it: block, NDJSON,
// summary, filters.
#pragma once

#include <string>
#include <vector>

#include "tlsproof/rules/rules.h"
#include "tlsproof/view/fingerprint.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::view {

// What a capture knows of a connection beside its Trace.
struct Passage {
  struct Side {
    uint64_t num_packets = 0;
    uint64_t num_bytes = 0;          // payload in order
    uint64_t num_not_kept = 0;       // of it: after the limit, not looked at
    uint64_t num_retransmitted = 0;  // packets
    uint64_t num_out_of_order = 0;   // packets
    uint64_t num_missing = 0;        // bytes in gaps
  };
  // The packet that brought the byte at `offset` of a direction's stream, and those after it up to the next mark.
  struct Mark {
    size_t offset = 0;
    uint64_t packet = 0;
  };
  std::string_view layer;  // "TCP", "UDP"
  uint32_t network = 0;    // of several with the same addresses; 0: there is one
  uint64_t first_packet = 0, last_packet = 0;
  int64_t first_time_ns = 0, last_time_ns = 0;  // since 1970
  Side client, server;
  std::vector<Mark> client_marks, server_marks;  // ascending by offset; empty: not known
  std::string_view prelude;                      // "SMTP STARTTLS"
  std::string_view end;                          // "closed", "reset", "idle" …
  bool client_is_known = true;
  bool had_keys = false;
};

enum class Known : uint8_t { no, yes, unknown };
// "no", "yes", "unknown".
[[nodiscard]] std::string_view to_text(Known known);

// How far the handshake came, as far as one can see from outside.
enum class State : uint8_t {
  completed,  // both sides sent Finished, or what only comes after it
  failed,     // it ended before that: `cause` says how
  unknown,    // it was not seen to its end: `cause` says why
};
[[nodiscard]] std::string_view to_text(State state);

enum class Resumption : uint8_t { none, session_id, ticket, psk, psk_dhe };
// "none", "session_id", "ticket", "psk", "psk_dhe".
[[nodiscard]] std::string_view to_text(Resumption resumption);

enum class EarlyData : uint8_t { none, offered, accepted, rejected };  // offered: what became of it is not to be seen
[[nodiscard]] std::string_view to_text(EarlyData early_data);

struct AlertFact {
  size_t event = 0;
  trace::Direction direction = trace::Direction::client_to_server;
  uint8_t level = 0, description = 0;
};

// All views borrow from the Reading, which borrows from the Trace. Texts that a peer chose are raw: escape them.
struct Handshake {
  const trace::Reading* reading = nullptr;
  const Passage* passage = nullptr;
  std::span<const x509::Certificate> server_chain, client_chain;  // of the first Certificate of each side
  std::span<const rules::Violation> violations;
  Fingerprints fingerprints;

  const wire::ClientHello* client_hello = nullptr;    // the first
  const wire::ClientHello* answered_hello = nullptr;  // the one that the ServerHello answers
  const wire::ServerHello* server_hello = nullptr;    // the one that chose
  const wire::ServerHello* hello_retry_request = nullptr;

  State state = State::unknown;
  std::string cause;  // one line, ours; empty when completed
  std::string_view sni;
  std::vector<std::string_view> alpn_offered;
  std::string_view alpn;  // chosen
  uint16_t version = 0;   // chosen; 0 while unknown, and so below
  uint16_t cipher_suite = 0;
  uint16_t group = 0;
  uint32_t dh_bits = 0;        // of a finite field group that has no number
  uint16_t scheme = 0;         // with which the server signed
  uint16_t client_scheme = 0;  // with which the client did
  Resumption resumption = Resumption::none;
  EarlyData early_data = EarlyData::none;
  Known certificate_asked = Known::unknown;  // of the client
  Known certificate_given = Known::unknown;  // a non-empty one
  bool asked_in_renegotiation = false;       // both are of a renegotiation: the first handshake did not ask
  bool certificate_needed_keys = false;      // what follows the ServerHello is encrypted, and was not opened
  bool ech_offered = false;                  // encrypted_client_hello: real or GREASE cannot be told apart
  bool ocsp_stapled = false;
  ByteView ocsp_response;  // DER of the one stapled for the server's own certificate; empty: none, or of another kind
  size_t num_scts = 0;     // in the end entity certificate, its entry, or the ServerHello
  size_t num_renegotiations = 0;
  std::vector<AlertFact> alerts;
  size_t num_unopened = 0;  // records that were encrypted and not opened
  bool middle = false;      // begins in mid-connection: there is no hello

  // Times since the Trace began; negative: not seen.
  int64_t client_hello_ns = -1, server_hello_ns = -1, done_ns = -1;  // done: when the last Finished (or its like) came
  size_t num_round_trips = 0;  // from the first ClientHello to the end of the handshake: turns from client to server

  [[nodiscard]] const trace::Trace& trace() const { return reading->trace(); }
};

// Where violations that are found later, over a whole capture, can be put into a text: at `end`, in JSON with a comma
// before them where `has_any`.
struct ViolationsPlace {
  size_t end = 0;  // in the text that was appended to
  bool has_any = false;
};

// Fills `out` again; its memory is used again. Fingerprints, chains and violations are set by the caller.
void collect(const trace::Reading& reading, const Passage& passage, Handshake& out);

// The packet in which this byte of a direction's stream came; 0: not known.
[[nodiscard]] uint64_t packet_at(const Passage& passage, trace::Direction direction, size_t offset);

}  // namespace tlsproof::view
