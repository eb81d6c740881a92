// What a load measured. Plain data: who writes reports needs nothing else.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tlsproof/load/histogram.h"
#include "tlsproof/load/plan.h"
#include "tlsproof/session/attempt.h"

namespace tlsproof::load {

// Spans of time, each with its histogram. "Begin" is when the connection should have begun in an open loop, and when it
// did in a closed one.
enum class Phase : uint8_t {
  connect,     // connect() to established
  first_byte,  // ClientHello sent to the first byte of the server
  finished,    // begin to the server's Finished checked: the latency of the handshake
  confirmed,   // begin to confirmed (Plan::confirm, Plan::http_request): the server accepted our Finished
  lag,         // open loop: when it should have begun to when it did; the generator's own lateness
};
inline constexpr size_t kNumPhases = 5;
[[nodiscard]] std::string_view to_text(Phase phase);  // "connect", "first_byte", …

using Phases = std::array<Histogram, kNumPhases>;

// Why a connection failed.
enum class ErrorKind : uint8_t {
  refused,         // connect: ECONNREFUSED
  unreachable,     // connect: no route, network down
  no_ports,        // connect: EADDRNOTAVAIL: local ports are used up (--source, --close reset)
  no_descriptors,  // socket: EMFILE, ENFILE
  no_memory,       // ENOBUFS, ENOMEM
  reset,           // detail: Step
  closed,          // the server ended the stream before the end; detail: Step
  timeout,         // detail: Step
  alert,           // a fatal alert came; detail: its code
  not_tls,         // the answer is no TLS, or cannot be decoded
  violation,       // the server broke the protocol
  bad_signature,   // CertificateVerify, ServerKeyExchange
  bad_finished,
  bad_record,
  certificate,      // the chain does not hold; detail: x509::ProblemCode
  prelude,          // the service did not lead to TLS
  http_status,      // the answer is not 2xx or 3xx; detail: the status
  http_broken,      // the answer is no HTTP
  early_data_lost,  // 0-RTT data were rejected and could not be sent again
  not_begun,        // open loop: waited here for its begin for Timeouts::connect; nothing was sent
  local,            // ours: signing failed, no group to offer
};
[[nodiscard]] std::string_view to_text(ErrorKind kind);  // stable: "refused", "no_ports", …

// Where a connection stood.
enum class Step : uint8_t { connect, prelude, server_hello, handshake, confirm };
[[nodiscard]] std::string_view to_text(Step step);  // "connect", "server_hello", …

struct ErrorClass {
  ErrorKind kind = ErrorKind::local;
  uint16_t detail = 0;
  auto operator<=>(const ErrorClass&) const = default;
};
// Stable, for reports and gates: "timeout_connect", "alert_40", "certificate_expired", "http_400", "refused".
[[nodiscard]] std::string error_id(const ErrorClass& error);
// For people: "the server sent alert handshake_failure (40)".
[[nodiscard]] std::string error_text(const ErrorClass& error);

struct ErrorCount {
  uint64_t count = 0;
  std::string example;  // of the first: one line, safe to show
  // The same connection played once more with a Trace, after the run; null when it was not played, or when it did not
  // fail again (`replay_text` says which).
  std::shared_ptr<const session::AttemptResult> replay;
  std::string replay_text;
};

// What the servers chose; how often.
struct Negotiated {
  uint16_t version = 0, cipher_suite = 0, group = 0, signature_scheme = 0;  // 0: none
  auto operator<=>(const Negotiated&) const = default;
};

struct Second {
  uint64_t started = 0, completed = 0, failed = 0;  // by when it happened
  uint64_t open = 0;                                // at its end
  uint64_t queued = 0;                              // arrivals that had not begun at its end
  Histogram finished;                               // latencies of those completed in it
};

struct ThreadUse {
  int64_t user_ns = 0, system_ns = 0;  // CPU within the window
  int64_t wall_ns = 0;
  int64_t waited_ns = 0;  // ready to run while others had the core; 0 where the kernel does not tell
};

// One interval of one plan. Counts are of connections that began in it.
struct Measurement {
  int64_t start_wall_ns = 0;  // since 1970
  int64_t duration_ns = 0;    // from the first begin to the end of measuring, stragglers included
  // The window: from the begin of the measurement to when no more connections begin (with Plan::count: to the last
  // end). What completed in it, whenever it began, is what the CPU spent in it bought: rates and costs are of it alone,
  // so that neither a warm-up's connections nor a straggler's time bend them.
  int64_t window_ns = 0;
  uint64_t window_completed = 0;
  uint64_t started = 0;
  uint64_t completed = 0;       // Finished checked, and whatever more the plan asks for
  uint64_t completed_late = 0;  // of them after the window
  uint64_t abandoned = 0;       // still under way when the run was interrupted; neither completed nor failed
  std::array<std::array<uint64_t, kNumKinds>, kNumKinds> kinds{};  // [asked for][as the server decided], of completed
  uint64_t early_data_accepted = 0;
  uint64_t hello_retry_requests = 0;
  uint64_t client_certificates_asked = 0, client_certificates_sent = 0;
  std::map<Negotiated, uint64_t> negotiated;
  std::map<ErrorClass, ErrorCount> errors;
  Phases phases;                             // of completed connections
  std::array<Histogram, kNumKinds> by_kind;  // Phase::finished, by the kind as the server decided
  std::vector<Second> seconds;
  uint64_t bytes_sent = 0, bytes_received = 0;  // TLS and what is around and inside it, without TCP and IP
  std::vector<ThreadUse> threads;
  uint64_t max_open = 0;  // most connections open at once
  // The longest time without any completion, as ten-millisecond slots tell (src/load/quiet.h): a server that stalled,
  // which a closed loop's latencies hardly show. 0: none of 20 ms or more, or nothing completed.
  int64_t longest_gap_ns = 0;
  std::optional<int64_t> server_cpu_ns;     // of Plan::server_pid and its children, within the window
  std::optional<double> server_cores_busy;  // the same by wall time: 0.98 is one core full
  bool server_gone = false;                 // Plan::server_pid ended meanwhile: its CPU is not known
  bool interrupted = false;

  [[nodiscard]] uint64_t num_failed() const;
  [[nodiscard]] double rate() const;            // completed a second, in the window; 0 when nothing was measured
  [[nodiscard]] int64_t client_cpu_ns() const;  // of all threads
  [[nodiscard]] double client_us_per_handshake() const;  // CPU; 0 when none completed
  [[nodiscard]] double server_us_per_handshake() const;  // CPU; 0 when not known
  [[nodiscard]] double busiest_thread() const;           // CPU by wall time of the busiest generator thread, 0 … 1
  // Of the time in which the generator's threads wanted a core, the share in which others had it: 0 … 1.
  [[nodiscard]] double crowded() const;
};

// Why a measurement does not say what it seems to: one sentence each, safe to show. "the generator was the limit: …",
// "a closed loop cannot see …", "no arrival was …".
[[nodiscard]] std::vector<std::string> warnings(const Plan& plan, const Measurement& measurement);
// What is so of every load of its kind, and worth knowing: "a closed loop cannot see a stall: …" where there was none.
[[nodiscard]] std::vector<std::string> notes(const Plan& plan, const Measurement& measurement);

// Whether fewer than ten samples lie beyond the percentile: such a one says little, and is marked where it is shown.
// False for an empty histogram.
[[nodiscard]] bool rests_on_few(const Histogram& histogram, double percent);

// A plan and its measurements, one a repeat.
struct BenchRun {
  Plan plan;
  std::vector<Measurement> repeats;  // in the order in which they were made; may be fewer than asked for
  bool interrupted = false;
};

// All repeats as one: counts and histograms added, seconds one after another.
[[nodiscard]] Measurement merged(const BenchRun& run);

}  // namespace tlsproof::load
