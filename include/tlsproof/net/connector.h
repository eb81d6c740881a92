// From an endpoint to a connected socket: resolves, then tries the addresses in order, all before one deadline.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <vector>

#include "tlsproof/net/endpoint.h"
#include "tlsproof/net/loop.h"
#include "tlsproof/net/resolver.h"
#include "tlsproof/net/socket.h"

namespace tlsproof::net {

struct ConnectError {
  enum class Kind : uint8_t {
    unresolvable,  // the name has no address
    refused,       // a host said no (ECONNREFUSED)
    timed_out,     // neither yes nor no before the deadline, resolving included
    unreachable,   // no route, network down
    other,
  };
  Kind kind = Kind::other;
  Error error;  // of the last address tried; names endpoint and addresses: "cannot connect to db.local:443 (10.0.0.1,
                // ::1): …"
};
// "refused".
[[nodiscard]] const char* connect_error_name(ConnectError::Kind kind);
[[nodiscard]] ConnectError::Kind classify_connect_errno(int number);

using ConnectResult = std::expected<Socket, ConnectError>;

class ConnectHandler {
 public:
  // Called once, never from within start(). The Connector may be destroyed or started again here.
  virtual void on_connect(ConnectResult result) = 0;

 protected:
  ~ConnectHandler() = default;
};

// One connection attempt at a time; borrows loop and handler. Destroying it cancels, without a call.
class Connector final : private IoHandler, private TimerHandler {
 public:
  Connector(Loop& loop, ConnectHandler& handler) : loop_(&loop), handler_(&handler) {}
  ~Connector() { cancel(); }
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Cancels what was under way. The deadline is the loop's clock; an address that does not answer gets its even share
  // of the time left, so that the next ones are tried too.
  void start(const Endpoint& endpoint, int64_t deadline_ns,
             std::shared_ptr<NameService> service = system_name_service());
  // The same with addresses already known; `endpoint` is for the messages.
  void start(const Endpoint& endpoint, std::vector<Address> addresses, int64_t deadline_ns);
  void cancel();
  [[nodiscard]] bool active() const { return state_ != State::idle; }

 private:
  enum class State : uint8_t { idle, resolving, connecting, finishing };
  void on_ready(Readiness ready) override;
  void on_timer(TimerId id) override;
  void begin(const Endpoint& endpoint, int64_t deadline_ns);
  void lookup_done();
  void try_next();
  void attempt_failed(int error_number);
  void finish(ConnectResult result);
  void stop_waiting();
  [[nodiscard]] ConnectError failure(int error_number) const;

  Loop* loop_;
  ConnectHandler* handler_;
  State state_ = State::idle;
  Endpoint endpoint_;
  std::optional<Lookup> lookup_;
  std::vector<Address> addresses_;
  size_t next_ = 0;
  Socket socket_;
  int64_t deadline_ns_ = 0;
  int last_error_ = 0;
  TimerId timer_ = 0;
  std::optional<ConnectResult> result_;
};

}  // namespace tlsproof::net
