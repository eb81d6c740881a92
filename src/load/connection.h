// One connection of a load, from its begin to its end; the object, its client and their memory serve many in turn.
//
// One send and one receive a flight: the first send goes together with connect(), the last one with what ends the
// connection. The clock is read at each phase's end and nowhere else.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "thread_state.h"
#include "tlsproof/app/http1.h"
#include "tlsproof/load/bench_run.h"
#include "tlsproof/tls/client.h"

namespace tlsproof::load {

// What the thread has the connection do.
struct Task {
  Kind asked = Kind::full;
  size_t address = 0, source = 0, name = 0;  // indices into the plan's
  int64_t intended_ns = 0;                   // when it should have begun; 0: now
  bool counted = false;                      // began in the measurement
  bool priming = false;                      // only there for its session, before anything is counted
};

// What its deadline is counted by.
enum class Wait : uint8_t { none, connect, handshake, confirm };

class Connection {
 public:
  // Borrows the thread's state. `token` is what the poller tells of it.
  explicit Connection(ThreadState& thread) : thread_(&thread), client_(thread.workspace) {}

  void begin(const Task& task, uint64_t token);
  void on_event(const net::Poller::Event& event);
  void on_timeout();
  // Closes without a word.
  void abandon();

  [[nodiscard]] bool ended() const { return wait_ == Wait::none; }
  [[nodiscard]] Wait wait() const { return wait_; }
  [[nodiscard]] int64_t wait_since_ns() const { return wait_since_ns_; }

  // ---- of an ended one ----
  [[nodiscard]] const Task& task() const { return task_; }
  [[nodiscard]] bool completed() const { return !error_; }
  [[nodiscard]] const std::optional<ErrorClass>& error() const { return error_; }
  [[nodiscard]] const std::string& error_text() const { return error_text_; }  // one line, safe to show
  // Failed for want of a connection, or by ourselves: trying again at once would only fail again.
  [[nodiscard]] bool failed_at_once() const { return error_ && failed_at_once_; }
  [[nodiscard]] int64_t begun_ns() const { return begun_ns_; }
  [[nodiscard]] int64_t ended_ns() const { return ended_ns_; }
  // Spans of a completed one; -1 where the phase was not gone through.
  [[nodiscard]] int64_t span_ns(Phase phase) const { return spans_[static_cast<size_t>(phase)]; }
  [[nodiscard]] Kind got() const;  // as the server decided
  [[nodiscard]] const tls::Client& client() const { return client_; }
  [[nodiscard]] const std::shared_ptr<const tls::Session>& session() const { return session_; }  // that it offered
  [[nodiscard]] uint64_t num_sent() const { return num_sent_; }
  [[nodiscard]] uint64_t num_received() const { return num_received_; }

 private:
  void set_span(Phase phase, int64_t ns) { spans_[static_cast<size_t>(phase)] = ns; }
  void enter(Wait wait, int64_t now_ns);
  void choose_session();
  void start_tls();
  void established();
  [[nodiscard]] ByteView output() const;
  void consume_output(size_t len);
  void flush();
  void want_write();
  void read_all(bool until_end);
  void received(ByteView bytes);
  void take_prelude(ByteView bytes);
  void advance();
  void handshake_done();
  void await_sign();
  void look_for_sign();
  void take_answer(bool stream_over);
  void done();
  void finish();
  void last_bytes();
  void stream_over(bool by_reset);
  void connect_failed(int error_number, std::string_view text);
  void client_failed();
  void fail(ErrorClass error, std::string text);
  void close(bool by_reset);
  void keep_session();
  void release_claim();
  [[nodiscard]] Step step() const;
  [[nodiscard]] SessionPool::Key session_key() const;
  // Complete as the plan has it, and still there because the pool wants its session: whatever becomes of it.
  [[nodiscard]] bool only_for_session() const {
    return finished_ && !asks() && !thread_->plan->confirm && !write_failed_ && !finishing_;
  }
  [[nodiscard]] bool asks() const { return !thread_->plan->http_request.empty() && !task_.priming; }

  ThreadState* thread_;
  Task task_;
  uint64_t token_ = 0;
  tls::Client client_;
  net::Socket socket_;
  Wait wait_ = Wait::none;
  int64_t wait_since_ns_ = 0;
  int64_t begun_ns_ = 0, connecting_ns_ = 0, hello_sent_ns_ = 0, ended_ns_ = 0;
  std::array<int64_t, kNumPhases> spans_{};
  std::optional<ErrorClass> error_;
  std::string error_text_;
  std::unique_ptr<app::Dialogue> prelude_;        // null: TLS begins with the connection
  std::unique_ptr<app::Http1Response> response_;  // null until the first request
  std::shared_ptr<const tls::Session> session_;
  uint64_t num_sent_ = 0, num_received_ = 0;
  unsigned num_tickets_early_ = 0;  // that came before our Finished went out
  bool keeps_session_ = false;      // the pool waits for the session of this one
  bool watched_ = false;            // by the poller
  bool failed_at_once_ = false;
  bool tls_started_ = false;
  bool first_byte_seen_ = false, looks_like_tls_ = false;
  bool finished_ = false;   // the server's Finished is checked, and its chain
  bool took_ours_ = false;  // and the server has shown that it took ours
  bool finishing_ = false;  // all is done; our last bytes go out
  bool write_failed_ = false, reset_by_write_ = false, wants_write_ = false;
};

}  // namespace tlsproof::load
