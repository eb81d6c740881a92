// The passive follower: finds TLS in a finished flow and tells it to a Trace, the same Trace that a handshake which we
// play gives.
#pragma once

#include <optional>

#include "tlsproof/base/clock.h"
#include "tlsproof/capture/flow.h"
#include "tlsproof/trace/keylog.h"
#include "tlsproof/trace/trace.h"

namespace tlsproof::capture {

// The clock of a Trace that is made from a capture: it stands at the packet that is being told.
class PacketClock final : public Clock {
 public:
  void set(int64_t time_ns) { time_ns_ = time_ns; }
  [[nodiscard]] int64_t monotonic_ns() const override { return time_ns_; }
  [[nodiscard]] int64_t wall_ns() const override { return time_ns_; }

 private:
  int64_t time_ns_ = 0;
};

// Whether more of a flow is worth keeping, from the first bytes of both sides (and datagrams): asked by the FlowTable
// now and then as they grow.
enum class Sniff : uint8_t {
  undecided,
  tls,      // or DTLS, or QUIC, or a dialogue that led to one of them
  nothing,  // can no longer become TLS
};
[[nodiscard]] Sniff sniff(const Flow& flow);

// What the Trace of a captured connection cannot say by itself.
struct Followed {
  Side client = Side::a;        // by the handshake, not by the port
  bool client_is_known = true;  // false: nothing told; then the side that sent the first packet is taken for it
  std::string prelude;          // "SMTP STARTTLS", "HTTP CONNECT", "SOCKS5"; empty: TLS began with the connection
  bool had_keys = false;        // some of its secrets were known
};

struct FollowOptions {
  const trace::KeyLogIndex* keys = nullptr;  // borrowed; null: none
  size_t max_events = 4096;                  // of the Trace (see TraceLimits)
};

// Holds memory that is used again from flow to flow: one a thread.
class Follower {
 public:
  explicit Follower(const FollowOptions& options);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // nullopt: no TLS, DTLS or QUIC handshake in it, nor a TLS connection whose beginning was not captured. The Trace is
  // this object's and stays as it is until the next call; its local address is the client's.
  [[nodiscard]] std::optional<Followed> follow(const Flow& flow);
  [[nodiscard]] const trace::Trace& trace() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof::capture
