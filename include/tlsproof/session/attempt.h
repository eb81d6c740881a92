// One attempt over a socket, and many of them in flight.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tlsproof/net/endpoint.h"
#include "tlsproof/net/loop.h"
#include "tlsproof/session/plan.h"
#include "tlsproof/trace/trace.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::session {

// Everything that an attempt left behind.
struct AttemptResult {
  verdict::Outcome outcome;
  std::shared_ptr<trace::Trace> trace;
  std::vector<Bytes> peer_chain;                    // the server's Certificate: DER, in its order; empty when none came
  tls::CertificateRequestSeen certificate_request;  // count 0: none came
  tls::ClientCertificate client_certificate = tls::ClientCertificate::not_requested;  // what went out of ours
  bool server_flight_complete = false;  // the server had said all it says before our Certificate: no CertificateRequest
                                        // then means that it does not ask
  Bytes response_body;                  // the first 64 KiB; raw
  // The last session that the server let us have; null when there was none, or Plan::keep_session was not set.
  std::shared_ptr<const tls::Session> session;
};

// A plan and where to play it.
struct Job {
  Plan plan;
  net::Endpoint endpoint;               // for messages
  std::vector<net::Address> addresses;  // tried in order; at least one
  bool exclusive = false;               // alone: nothing else is in flight
};

struct RunOptions {
  size_t max_in_flight = 8;
  const Clock* clock = &system_clock();
  trace::SecretUse secrets{.keep = false};    // of every trace
  const std::atomic<bool>* stop = nullptr;    // once true nothing more is begun and what is in flight is given up
  std::function<void(size_t index)> on_done;  // after each attempt
};

// Plays every job on one thread, many in flight, in order of their start; the result has the job's index, and is empty
// where `stop` came first. Fails when the environment does (no epoll, no descriptors).
[[nodiscard]] Result<std::vector<std::optional<AttemptResult>>> run_jobs(std::vector<Job> jobs,
                                                                         const RunOptions& options);

}  // namespace tlsproof::session
