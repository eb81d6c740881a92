// What is concluded: Requirement, Verdict, Outcome, Finding, Evidence, CheckRun. Plain data; no module judges here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tlsproof/app/reply.h"
#include "tlsproof/trace/trace.h"

namespace tlsproof::verdict {

enum class Requirement : uint8_t { must, should, may, robustness, info };

enum class Verdict : uint8_t {
  pass,
  fail,
  warn,          // a SHOULD is broken, or the right refusal came with another alert than the RFC names
  info,          // seen; nothing was expected
  skip,          // does not apply here, or something is missing to test it; the reason says which
  inconclusive,  // a control failed, or repeats disagree
  error,         // we could not run it
};

[[nodiscard]] std::string_view to_text(Requirement requirement);  // "MUST", "SHOULD", "MAY", "robustness", "info"
[[nodiscard]] std::string_view to_text(Verdict verdict);          // "pass"
[[nodiscard]] std::optional<Requirement> parse_requirement(std::string_view text);
[[nodiscard]] std::optional<Verdict> parse_verdict(std::string_view text);

struct Citation {
  uint16_t rfc = 0;
  std::string section;  // "4.4.2.4"
  bool operator==(const Citation&) const = default;
};
// "RFC 8446 §4.4.2.4", and for RFC 8446 the section of RFC 9846, which replaces it, where its number differs:
// "RFC 8446 §4.4.2.4 (RFC 9846 §4.5.1.4)".
[[nodiscard]] std::string to_text(const Citation& citation);

// How far the connection was, for us, when what ended it happened.
enum class Phase : uint8_t {
  connecting,
  prelude,         // the dialogue before TLS: STARTTLS and its like
  handshake,       // our handshake was not complete
  after_finished,  // complete for us, no application data from the peer yet (a TLS 1.3 server judges the client here)
  application,     // application data came from the peer
};
[[nodiscard]] std::string_view to_text(Phase phase);

// How the attempt ended: what was seen, apart from what was wanted (design: "Seen is kept apart from wanted").
struct Outcome {
  enum class Kind : uint8_t {
    completed,       // handshake complete, and a positive sign: application data or a clean close_notify exchange
    no_objection,    // handshake complete and no objection within the time given, but no positive sign either
    alert,           // the peer sent a fatal alert
    close_notify,    // the peer closed with close_notify before any application data, or in mid-handshake
    eof,             // TCP closed without an alert
    reset,           // RST without an alert
    waited,          // silent until the deadline, then closed when we half-closed
    hang,            // silent until the deadline and after our half-close
    crashed,         // the endpoint stopped accepting connections at this attempt
    plain_text,      // the peer answered with something that is not TLS
    peer_violation,  // the peer broke the protocol so that an honest client had to abort
    unreachable,     // no connection could be made
    no_tls,          // the service was reached, and TLS was not begun: not offered, refused, or no such service
    local_failure,   // we could not go on, through no fault of the peer
  };
  Kind kind = Kind::local_failure;
  Phase phase = Phase::connecting;
  bool handshake_complete = false;  // for us: Finished checked and ours sent
  uint8_t alert = 0;                // kind alert: AlertDescription
  uint8_t our_alert = 0;            // peer_violation: the one that we sent
  bool alert_sent_by_us = false;
  int http_status = 0;      // 0: no HTTP response was read
  std::string http_reason;  // what the page says when it is a known client-certificate refusal, else the status line
  std::string app;          // the service that was spoken to, when it was another than HTTP: "SMTP"
  app::Reply reply;         // its answer inside TLS
  // peer_violation, unreachable, no_tls, local_failure, plain_text, and no_objection of a service: one line, escaped
  std::string detail;

  uint16_t version = 0;  // negotiated; 0 while unknown
  uint16_t cipher_suite = 0;
  uint16_t group = 0;
  uint16_t signature_scheme = 0;  // of the server's CertificateVerify or ServerKeyExchange
  std::string alpn;
  bool resumed = false;
  bool hello_retry_request = false;  // the server asked for a second ClientHello
  bool client_certificate_requested = false;
  bool client_certificate_sent = false;  // a non-empty Certificate of ours went out
  int64_t connect_ns = 0;  // time to connect, to complete the handshake, in all; 0 where it was not reached
  int64_t handshake_ns = 0;
  int64_t total_ns = 0;
};
[[nodiscard]] std::string_view to_text(Outcome::Kind kind);
// One line for a person: "refused after the handshake with alert certificate_required (116)", "HTTP 400: No required
// SSL certificate was sent", "closed without an alert during the handshake".
[[nodiscard]] std::string describe(const Outcome& outcome);

// One connection that was made, with all that happened on it.
struct Attempt {
  std::string label;  // what was played: "good client certificate, TLS 1.3"
  Outcome outcome;
  std::shared_ptr<const trace::Trace> trace;
  std::vector<std::string> peer_certificates;  // SHA-256 in hex of each certificate the peer sent, in its order
  std::string evidence = {};  // the pcapng file that holds it, as a path for the user; empty: none was written
};

// The proof of a finding: places in attempts, and facts that are no bytes.
struct Evidence {
  size_t attempt = 0;          // index into EndpointRun::attempts
  std::vector<size_t> events;  // indexes into that attempt's trace: the ones that decide
};

struct Finding {
  std::string scenario;  // its id: "mtls/expired"
  std::string case_id;   // "[tls=1.3]", empty when there is only one case
  std::string title;
  Requirement requirement = Requirement::info;
  std::vector<Citation> cites;
  std::vector<std::string> tags;
  Verdict verdict = Verdict::error;
  std::string wanted;  // one line each, escaped, for a person
  std::string seen;
  std::string why;     // why it matters
  std::string fix;     // what to change, in nginx terms where there are some; empty when there is nothing to fix
  std::string reason;  // skip, inconclusive, error, waived: why
  std::vector<std::string> notes;
  std::vector<Evidence> evidence;
  std::vector<std::string> repeats;  // with repeats that disagree: "3 of 5: HTTP 400"
  std::string replay;                // a command that plays just this again
  bool applies = true;  // skip: false when the endpoint is known not to have what is checked: nothing is left untested
  bool waived = false;  // accepted by a waiver of the target file: `reason` says which, verdict is kept
  bool known = false;   // the baseline has it, as bad or worse: does not count again, verdict is kept
  int64_t duration_ns = 0;
  // "mtls/expired[tls=1.3]": stable, unique within an endpoint.
  [[nodiscard]] std::string id() const { return scenario + case_id; }
};

struct FeatureSeen {
  std::string name;   // "client_auth.requested"
  std::string state;  // "yes", "no", "unknown"
  std::string why;
};

struct EndpointRun {
  std::string label;         // unique in the run
  std::string address;       // HOST:PORT as given
  uint32_t line = 0;         // where CheckRun::target_file describes it; 0: nowhere
  std::string peer_address;  // the address connected to, empty when there was none
  std::string server_name;
  std::string declared_client_auth;
  std::vector<FeatureSeen> features;
  std::vector<Attempt> attempts;
  std::vector<Finding> findings;   // in the order of the plan
  std::vector<std::string> notes;  // unused waivers, clock remarks
  std::vector<std::string> fixed;  // ids that the baseline has as failing or warning, and that pass now
  bool unreachable = false;
  std::string error;  // why this endpoint could not be judged at all, escaped
};

struct CheckRun {
  std::string tool_version;
  int64_t start_wall_ns = 0;
  int64_t duration_ns = 0;
  std::string target_file;  // as given; empty: there was none
  std::string baseline;     // the report that `known` and `fixed` refer to; empty: there was none
  std::vector<EndpointRun> endpoints;
  bool interrupted = false;
};

struct Counts {
  size_t pass = 0, fail = 0, warn = 0, info = 0, skip = 0, inconclusive = 0, error = 0, waived = 0, known = 0;
  size_t not_applicable = 0;  // of the skips: those that do not apply
  // Something was really judged.
  [[nodiscard]] size_t judged() const { return pass + fail + warn + waived + known; }
};
[[nodiscard]] Counts count(const EndpointRun& run);
[[nodiscard]] Counts count(const CheckRun& run);

enum class FailOn : uint8_t { fail, warn, info, none };
[[nodiscard]] std::optional<FailOn> parse_fail_on(std::string_view text);

// The verdict says something about the endpoint: pass, fail or warn. Waived and known findings were judged as well.
[[nodiscard]] bool is_judged(const Finding& finding);
// At or above `fail_on`, not waived and not known: this is what makes exit status 1.
[[nodiscard]] bool is_held_against(const Finding& finding, FailOn fail_on);
// Unreachable, stopped by an error, with an error or inconclusive among its findings, or nothing judged: exit status 3.
[[nodiscard]] bool is_incomplete(const EndpointRun& run);

// 0 all hold; 1 a finding at or above `fail_on`; 3 a target unreachable, run incomplete, any error or inconclusive, or
// nothing judged; 130 interrupted; 1 beats 3. Waived and known findings do not count.
[[nodiscard]] int exit_status(const CheckRun& run, FailOn fail_on);

}  // namespace tlsproof::verdict
