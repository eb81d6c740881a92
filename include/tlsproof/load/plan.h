// What a load is made of: where it goes, what each connection does, and when connections begin. Plain data.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tlsproof/app/dialogue.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/net/endpoint.h"
#include "tlsproof/tls/client_config.h"
#include "tlsproof/x509/anchors.h"

namespace tlsproof::load {

// What a connection asks for, and what the server made of it.
enum class Kind : uint8_t {
  full,
  session_id,  // TLS 1.2 (RFC 5246 §7.3)
  ticket,      // TLS 1.2 (RFC 5077)
  psk,         // TLS 1.3, psk_dhe_ke (RFC 8446 §4.2.9)
  psk_ke,      // TLS 1.3, psk_ke: no (EC)DHE
  early_data,  // TLS 1.3: psk with 0-RTT data (RFC 8446 §4.2.10)
};
inline constexpr size_t kNumKinds = 6;
[[nodiscard]] std::string_view to_text(Kind kind);  // "full", "id", "ticket", "psk", "psk_ke", "0rtt"
[[nodiscard]] std::optional<Kind> parse_kind(std::string_view text);

// How much of what the server proves is checked. Results of different modes are never compared.
enum class Verification : uint8_t {
  full,    // signature and Finished; chain and name validated on each connection
  cached,  // signature and Finished; each distinct chain validated once, and remembered by its exact bytes
  none,    // Finished only
  // No signature is checked, and the key share is that of the P-256 scalar 1: a client that costs almost nothing.
  // Offers secp256r1 alone. No secret of it is secret.
  minimal,
};
[[nodiscard]] std::string_view to_text(Verification verification);  // "cached"
[[nodiscard]] std::optional<Verification> parse_verification(std::string_view text);
// One line for the report: what this mode checks.
[[nodiscard]] std::string_view explain(Verification verification);

enum class CloseBy : uint8_t {
  close_notify,  // the alert, then the socket is closed
  fin,           // the socket is closed
  reset,         // by RST: leaves no TIME_WAIT here
};
[[nodiscard]] std::string_view to_text(CloseBy close_by);  // "close_notify", "fin", "reset"
[[nodiscard]] std::optional<CloseBy> parse_close_by(std::string_view text);

struct MixPart {
  Kind kind = Kind::full;
  unsigned weight = 1;
};

// When connections begin.
struct Arrivals {
  enum class Loop : uint8_t {
    closed,    // `concurrency` connections at a time: the next begins when one ends. Cannot see what a stalled server
               // did to those that would have come. After a failure to connect its place pauses: 1, 2, 4 … 100 ms
    constant,  // open loop: one each 1/rate seconds, whatever became of those before
    poisson,   // open loop: exponential gaps of that mean
  };
  Loop loop = Loop::closed;
  size_t concurrency = 16;   // closed: of all threads together
  double rate = 0;           // open: connections a second, of all threads and of this shard; n shards together give
                             // n times as many, their constant arrivals an n-th of a gap apart
  size_t max_open = 20'000;  // open: arrivals beyond so many open connections (or than descriptors allow) queue; their
                             // latency counts from when they should have begun. One that waits for longer than
                             // Timeouts::connect fails as ErrorKind::not_begun
};

// What the client proves itself with; each thread makes its own signer.
struct ClientKey {
  ByteList chain;  // DER, leaf first
  crypto::PrivateKey key;
};

struct Timeouts {  // nanoseconds
  int64_t connect = 5'000'000'000;
  int64_t handshake = 5'000'000'000;  // from connected to Finished checked
  int64_t confirm = 5'000'000'000;    // from there to confirmed, request and answer included
};

struct Plan {
  std::string label;  // for people: "127.0.0.1:8443", or what --versus calls it

  // ---- where ----
  std::string target;                   // HOST:PORT as it was given
  std::vector<net::Address> addresses;  // taken in turn, connection by connection; at least one (the command line gives
                                        // one alone, the first that takes a connection)
  std::vector<net::Address> sources;    // bound to in turn, port 0; empty: the kernel chooses

  // ---- what each connection does ----
  tls::ClientConfig client;               // its server_name is taken where server_names is empty
  std::vector<std::string> server_names;  // taken in turn
  // Kinds that resume are played with the newest session of their server (address, name, and version), got by a few
  // connections that are not counted before the warm-up; each thread has its own, and uses it until the server declines
  // it or its lifetime is over. Who declines two in a row that it had not taken twice may take each once only: from
  // then on every connection there waits for the tickets it is given, and each is used once. A connection for which
  // there is no session is played as full, and counted as asked for and not got.
  std::vector<MixPart> mix = {{Kind::full, 1}};
  Verification verification = Verification::cached;
  bool reuse_key_share = false;               // one key share a thread and group, for all its connections
  std::shared_ptr<const ClientKey> identity;  // null: an empty Certificate when asked for one
  // Of Verification::full and cached: what the chain must end at, and the name it must be for, "" for the connection's
  // server name (no name at all: the host of `target`). Null anchors: the chain is looked at by nobody, and the report
  // says so.
  std::shared_ptr<const x509::TrustAnchors> anchors;
  std::string name;
  app::Setup prelude;  // what leads to TLS (STARTTLS); its talk is not used
  Bytes http_request;  // sent after the handshake, the answer read to its end; empty: none
  // Wait for a sign that the server took our Finished. What counts:
  // - with http_request, its answer (2xx or 3xx), with or without `confirm`;
  // - a full handshake of TLS 1.2: the server's Finished, which answers ours (RFC 5246 §7.3);
  // - else our Finished is followed by close_notify (however the plan closes), and the sign is a NewSessionTicket that
  //   came after both were sent, application data, close_notify or the end of the stream. A server without client
  //   authentication may send tickets before it has read our Finished (RFC 8446 §4.6.1): those that came with its own
  //   Finished do not count.
  // An alert in place of it is a failure by that alert, a reset one by reset. Without `confirm` and request a
  // connection of TLS 1.3 counts as completed when the server's Finished is checked and ours is sent: a server that
  // refuses the client's certificate says so later.
  bool confirm = false;
  CloseBy close_by = CloseBy::close_notify;
  Timeouts timeouts;

  // ---- when ----
  Arrivals arrivals;
  int64_t duration_ns = 10'000'000'000;  // of the measurement; connections begun in it are counted to their end
  uint64_t count = 0;                    // end after so many connections; 0: no such limit
  int64_t warm_up_ns = 0;                // before it, not counted
  unsigned threads = 1;
  uint64_t seed = 1;                   // of arrivals and of the order of the mix; never of keys
  unsigned shard = 1, num_shards = 1;  // this process plays part `shard` of the arrivals

  std::optional<pid_t> server_pid;  // whose CPU is measured, children included
};

// "full", "full 70 %, psk 25 %, 0rtt 5 %".
[[nodiscard]] std::string mix_text(const std::vector<MixPart>& mix);
// "full=70,psk=25,0rtt=5", or one kind's name. Weights are 1 to 10,000; shares are by their sum, which need not be 100.
// Usage errors name the part.
[[nodiscard]] Result<std::vector<MixPart>> parse_mix(std::string_view text);

}  // namespace tlsproof::load
