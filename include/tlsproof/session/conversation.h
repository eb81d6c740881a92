// One attempt without its socket: prelude, handshake, talk, end; what is heard becomes an Outcome.
//
// Whoever owns the socket feeds it and does what it asks for. A write that fails never ends it: the alert that explains
// it may still be waiting to be read (design: "read until EOF or error, then judge").
#pragma once

#include "tlsproof/app/dialogue.h"
#include "tlsproof/session/plan.h"
#include "tlsproof/trace/trace.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::session {

class Conversation {
 public:
  // Borrows all three. The trace must have begun.
  Conversation(const Plan& plan, trace::Trace& trace, const Clock& clock);

  // ---- what happened to the socket ----
  void connecting(std::string_view address);
  void connect_failed(std::string_view why);
  void connected();
  void received(ByteView bytes);
  void peer_ended();  // FIN
  void peer_reset();  // RST, or any other failure to read
  void write_failed(std::string_view why);
  void sent(size_t len);  // so many bytes of output() went out
  void tick();            // the time is at or past deadline_ns()

  // ---- what is to be done with it ----
  [[nodiscard]] ByteView output() const;          // to be sent; empty after write_failed()
  [[nodiscard]] size_t next_segment_len() const;  // at most so many in one send
  [[nodiscard]] bool wants_half_close() const;    // shutdown(SHUT_WR), then half_closed()
  void half_closed();
  [[nodiscard]] int64_t deadline_ns() const { return deadline_ns_; }  // monotonic
  [[nodiscard]] bool done() const { return step_ == Step::done; }     // close the socket

  [[nodiscard]] const verdict::Outcome& outcome() const { return outcome_; }
  [[nodiscard]] const tls::Client& client() const { return client_; }
  [[nodiscard]] ByteView response_body() const { return talk_ ? talk_->body() : ByteView(); }

 private:
  enum class Step : uint8_t {
    connecting,
    prelude,  // in the clear, until TLS may begin
    handshake,
    request,    // the talk: sent; the answer is awaited
    listening,  // nothing was asked: does the peer object?
    closing,    // our close_notify is out
    silent,     // the deadline passed and we half-closed: does the peer still live?
    flushing,   // all is known; our last bytes go out
    done,
  };
  void enter(Step step, int64_t timeout_ns);
  void advance();
  void take_prelude(ByteView bytes);
  void begin_tls();
  void no_tls(std::string why);
  [[nodiscard]] std::string no_tls_text() const;
  void start_talk();
  void take_answer(ByteView data);
  void write_talk();
  void end_talk();
  void talk_over();
  void tell(app::Dialogue& dialogue, bool is_prelude);
  [[nodiscard]] bool is_http() const { return plan_->app.protocol == app::Protocol::http; }
  [[nodiscard]] bool heard() const;
  void flooded();
  void finish(verdict::Outcome::Kind kind, std::string detail = {});
  void finish_failed();
  void end_of_input(verdict::Outcome::Kind kind);
  void note_facts();
  [[nodiscard]] verdict::Phase phase() const;

  const Plan* plan_;
  trace::Trace* trace_;
  const Clock* clock_;
  tls::Client client_;
  tls::ClientIdentity identity_;
  std::unique_ptr<app::Dialogue> prelude_;  // null: TLS begins with the connection
  std::unique_ptr<app::Dialogue> talk_;     // null: nothing is asked inside
  verdict::Outcome outcome_;
  Step step_ = Step::connecting;
  bool heard_application_ = false;
  bool write_failed_ = false;
  bool half_close_due_ = false;
  bool half_closed_ = false;
  bool talk_over_ = false;
  Bytes first_bytes_;  // the first ones received, to tell what it was when it was no TLS
  int64_t start_ns_ = 0;
  int64_t tls_start_ns_ = 0;
  int64_t deadline_ns_ = 0;
};

}  // namespace tlsproof::session
