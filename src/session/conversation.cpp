#include "tlsproof/session/conversation.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::session {

using trace::EventKind;
using verdict::Outcome;
using verdict::Phase;
using wire::Direction;

namespace {

constexpr int64_t kFlushTimeout = 1'000'000'000;
constexpr size_t kFirstBytes = 64;
// A peer may send for as long as it likes while we wait for its answer; beyond this it is a flood. Every attempt of a
// run keeps what it received, so this bounds the run's memory too.
constexpr uint64_t kMaxReceived = uint64_t{2} << 20;

std::string_view step_name(bool handshake_complete) {
  return handshake_complete ? "response" : "handshake";
}

}  // namespace

Conversation::Conversation(const Plan& plan, trace::Trace& trace, const Clock& clock)
    : plan_(&plan),
      trace_(&trace),
      clock_(&clock),
      prelude_(app::make_prelude(plan.app)),
      start_ns_(clock.monotonic_ns()) {
  if (plan.app.protocol != app::Protocol::none && !is_http())
    outcome_.app = app::protocol_info(plan.app.protocol).title;
  enter(Step::connecting, plan.timeouts.connect);
}

void Conversation::enter(Step step, int64_t timeout_ns) {
  step_ = step;
  deadline_ns_ = clock_->monotonic_ns() + timeout_ns;
}

Phase Conversation::phase() const {
  if (step_ == Step::connecting) return Phase::connecting;
  if (step_ == Step::prelude) return Phase::prelude;
  if (!outcome_.handshake_complete) return Phase::handshake;
  return heard_application_ ? Phase::application : Phase::after_finished;
}

void Conversation::connecting(std::string_view address) {
  trace_->on_event(EventKind::connecting, Direction::client_to_server, address);
}

void Conversation::connect_failed(std::string_view why) {
  trace_->on_event(EventKind::connect_failed, Direction::client_to_server, why);
  finish(Outcome::Kind::unreachable, std::string(why));
  step_ = Step::done;
}

void Conversation::connected() {
  trace_->on_event(EventKind::connected, Direction::client_to_server);
  outcome_.connect_ns = clock_->monotonic_ns() - start_ns_;
  if (plan_->plain_http) return start_talk();
  if (!prelude_) return begin_tls();
  enter(Step::prelude, plan_->timeouts.handshake);
  tell(*prelude_, true);
}

// What was said is told in order; each line of the prelude stands at the end of what has passed so far.
void Conversation::tell(app::Dialogue& dialogue, bool is_prelude) {
  for (const app::Dialogue::Utterance& one : dialogue.take_said()) {
    const Direction direction = one.ours ? Direction::client_to_server : Direction::server_to_client;
    const bool http = is_http() && !is_prelude;
    const EventKind ours = http ? EventKind::http_request : EventKind::app_request;
    const EventKind theirs = http ? EventKind::http_response : EventKind::app_response;
    trace_->on_event(one.ours ? ours : theirs, direction, one.text, static_cast<uint16_t>(one.status));
  }
}

void Conversation::take_prelude(ByteView bytes) {
  const size_t taken = prelude_->input(bytes);
  tell(*prelude_, true);
  switch (prelude_->state()) {
    case app::Dialogue::State::running:
      if (!prelude_->output().empty())
        enter(Step::prelude, plan_->timeouts.handshake);  // each answer has the time of one
      return;
    case app::Dialogue::State::refused:
    case app::Dialogue::State::broken:
      return no_tls(prelude_->reason());
    case app::Dialogue::State::done:
      break;
  }
  // Nothing may follow the word after which TLS begins: it would be said in the clear, by anybody, and heard as if it
  // had come protected (CVE-2011-0411 and its like; "NO STARTTLS", 2021).
  if (taken < bytes.size())
    return no_tls(fmt::format("{} bytes in the clear follow the server's word that TLS may begin: '{}'",
                              bytes.size() - taken, escape_terminal_limited(as_text(bytes.subspan(taken)), 60)));
  if (prelude_->output().empty()) begin_tls();
}

void Conversation::no_tls(std::string why) {
  finish(Outcome::Kind::no_tls, std::move(why));
  step_ = Step::done;  // what we might still say is of no use
}

void Conversation::begin_tls() {
  tls_start_ns_ = clock_->monotonic_ns();
  trace_->begin_tls();
  first_bytes_.clear();
  enter(Step::handshake, plan_->timeouts.handshake);
  tls::ClientSetup setup;
  if (plan_->credentials) {
    identity_ = {&plan_->credentials->chain, plan_->credentials->signer.get()};
    setup.identity = &identity_;
  }
  if (plan_->resume) setup.resume = &*plan_->resume;
  setup.clock = clock_;
  setup.sink = trace_;
  setup.editor = plan_->editor.get();
  client_.start(plan_->client, setup);
  advance();
}

ByteView Conversation::output() const {
  if (write_failed_ || half_closed_ || step_ == Step::connecting || step_ == Step::done) return {};
  if (plan_->plain_http) return talk_ ? talk_->output() : ByteView();
  return step_ == Step::prelude ? prelude_->output() : client_.output();
}

size_t Conversation::next_segment_len() const {
  if (plan_->plain_http || step_ == Step::prelude) return output().size();
  return std::min(client_.next_segment_len(), output().size());
}

void Conversation::sent(size_t len) {
  trace_->on_bytes(Direction::client_to_server, output().first(len));
  if (plan_->plain_http) {
    talk_->consume_output(len);
  } else if (step_ == Step::prelude) {
    prelude_->consume_output(len);
    if (prelude_->state() == app::Dialogue::State::done && prelude_->output().empty()) begin_tls();
    return;
  } else {
    client_.consume_output(len);
  }
  if (step_ == Step::flushing && output().empty()) step_ = Step::done;
}

void Conversation::received(ByteView bytes) {
  if (done()) return;
  if (first_bytes_.size() < kFirstBytes)
    append(first_bytes_, bytes.first(std::min(bytes.size(), kFirstBytes - first_bytes_.size())));
  trace_->on_bytes(Direction::server_to_client, bytes);
  if (plan_->plain_http) {
    heard_application_ = true;
    take_answer(bytes);
    return;
  }
  if (step_ == Step::prelude) return take_prelude(bytes);
  client_.input(bytes);
  advance();
  if (!done() && trace_->num_bytes(Direction::server_to_client) > kMaxReceived) flooded();
}

// What the peer sends has no end: nothing more is read, also while our last bytes wait to go out.
void Conversation::flooded() {
  if (step_ == Step::flushing) {
    step_ = Step::done;
    return;
  }
  const std::string text = fmt::format("more than {} bytes came without an end", kMaxReceived);
  trace_->on_event(EventKind::note, Direction::server_to_client, text);
  if (heard()) return finish(Outcome::Kind::completed);
  finish(Outcome::Kind::peer_violation, text);
}

// A positive sign from inside. Any data will do, but a service that is spoken to in its language must have answered:
// many greet whoever comes, and judge afterwards.
bool Conversation::heard() const {
  if (talk_ && !is_http()) return talk_->answered();
  return heard_application_;
}

// Looks at the client after anything changed and moves on.
void Conversation::advance() {
  if (done() || step_ == Step::flushing) return;
  if (client_.handshake_complete() && !outcome_.handshake_complete) {
    outcome_.handshake_complete = true;
    outcome_.handshake_ns = clock_->monotonic_ns() - tls_start_ns_;
    if (client_.state() == tls::State::connected) {
      start_talk();
    } else {
      // It has said goodbye already; what it said before is still heard as an answer is.
      talk_ = app::make_talk(plan_->app);
      if (talk_) (void)talk_->take_said();
    }
  }
  if (const ByteView data = client_.application_data(); !data.empty()) {
    heard_application_ = true;
    const size_t len = data.size();
    take_answer(data);
    client_.consume_application_data(len);
  }
  if (done() || step_ == Step::flushing) return;
  if (client_.failure() != nullptr) return finish_failed();
  if (client_.close_notify_received()) {
    // Design §5: who closes only because we half-closed was waiting.
    if (step_ == Step::silent && !heard()) return finish(Outcome::Kind::waited);
    end_talk();
    if (step_ == Step::closing)
      return finish(heard() || is_http() || !talk_ ? Outcome::Kind::completed : Outcome::Kind::no_objection);
    client_.close_notify();
    finish(heard() ? Outcome::Kind::completed : Outcome::Kind::close_notify);
  }
}

void Conversation::start_talk() {
  talk_ = app::make_talk(plan_->app);
  if (!talk_) return enter(Step::listening, plan_->timeouts.drain);
  enter(Step::request, plan_->timeouts.request);
  tell(*talk_, false);
  if (!plan_->plain_http) write_talk();
}

void Conversation::write_talk() {
  const ByteView output = talk_->output();
  if (output.empty()) return;  // the server greets first
  client_.write(output);
  talk_->consume_output(output.size());
}

void Conversation::take_answer(ByteView data) {
  if (!talk_ || talk_over_) return;
  talk_->input(data);
  tell(*talk_, false);
  if (talk_->state() != app::Dialogue::State::running) return talk_over();
  if (plan_->plain_http || talk_->output().empty()) return;
  // Each answer has the time of one.
  if (step_ == Step::request) enter(Step::request, plan_->timeouts.request);
  write_talk();
}

// The stream has ended: an answer that came counts, whatever of it is missing.
void Conversation::end_talk() {
  if (!talk_ || talk_over_) return;
  talk_->input_end();
  if (talk_->answered()) talk_over();
}

// All that was asked is answered, or it never will be.
void Conversation::talk_over() {
  talk_over_ = true;
  tell(*talk_, false);
  const bool broken = talk_->state() == app::Dialogue::State::broken;
  if (broken) {
    trace_->on_event(EventKind::note, Direction::server_to_client, talk_->reason());
    if (plan_->plain_http || !talk_->answered()) outcome_.detail = talk_->reason();
  }
  if (plan_->plain_http) return finish(broken ? Outcome::Kind::no_objection : Outcome::Kind::plain_text);
  write_talk();
  if (step_ == Step::request || step_ == Step::silent || broken) {
    client_.close_notify();
    enter(Step::closing, plan_->timeouts.drain);
  }
}

void Conversation::peer_ended() {
  if (done()) return;
  trace_->on_event(EventKind::end_of_stream, Direction::server_to_client);
  end_of_input(Outcome::Kind::eof);
}

void Conversation::peer_reset() {
  if (done()) return;
  trace_->on_event(EventKind::reset, Direction::server_to_client);
  end_of_input(Outcome::Kind::reset);
}

void Conversation::end_of_input(Outcome::Kind kind) {
  if (plan_->plain_http) {
    end_talk();
    if (!done()) finish(talk_->answered() ? Outcome::Kind::plain_text : kind);
    step_ = Step::done;
    return;
  }
  if (step_ == Step::prelude)
    return no_tls(kind == Outcome::Kind::reset ? "the connection was reset before TLS could begin"
                                               : "the connection was closed before TLS could begin");
  if (step_ != Step::flushing) {
    end_talk();
    const bool answered = talk_ && talk_->answered();
    client_.input_end();
    if (client_.failure() != nullptr && client_.failure()->kind != tls::Failure::Kind::peer_closed) {
      finish_failed();
    } else if (step_ == Step::silent) {
      finish(Outcome::Kind::waited);
    } else if (step_ == Step::closing) {
      // Without an answer only a clean exchange of close_notify is a positive sign, and that ends the conversation
      // before its TCP does; a reset is often only the socket closed with our close_notify unread.
      finish(heard() ? Outcome::Kind::completed : Outcome::Kind::no_objection);
    } else {
      finish(answered ? Outcome::Kind::completed : kind);
    }
  }
  step_ = Step::done;
}

void Conversation::write_failed(std::string_view why) {
  if (done() || write_failed_) return;
  trace_->on_event(EventKind::write_failed, Direction::client_to_server, why);
  write_failed_ = true;
  if (step_ == Step::flushing) step_ = Step::done;
}

bool Conversation::wants_half_close() const {
  return half_close_due_ && !half_closed_ && output().empty();
}

void Conversation::half_closed() {
  trace_->on_event(EventKind::half_closed, Direction::client_to_server);
  half_closed_ = true;
}

void Conversation::tick() {
  if (done() || clock_->monotonic_ns() < deadline_ns_) return;
  switch (step_) {
    case Step::connecting:
      return connect_failed("the connection was not accepted in time");
    case Step::prelude:
      trace_->on_event(EventKind::timed_out, Direction::client_to_server, "prelude");
      return no_tls(trace_->num_bytes(Direction::server_to_client) > 0 ||
                            trace_->num_bytes(Direction::client_to_server) > 0
                        ? "no answer came in time"
                        : "nothing came in time; is this a port where TLS begins with the connection?");
    case Step::handshake:
    case Step::request:
      // Design §5: at the deadline half-close. Who closes then was waiting for more; who does not, hangs.
      trace_->on_event(EventKind::timed_out, Direction::client_to_server, step_name(outcome_.handshake_complete));
      half_close_due_ = true;
      return enter(Step::silent, plan_->timeouts.drain);
    case Step::listening:
      client_.close_notify();
      return enter(Step::closing, plan_->timeouts.drain);
    case Step::closing:
      finish(heard() ? Outcome::Kind::completed : Outcome::Kind::no_objection);
      break;
    case Step::silent:
      finish(talk_ && talk_->answered() ? Outcome::Kind::completed : Outcome::Kind::hang);
      break;
    case Step::flushing:
    case Step::done:
      break;
  }
  step_ = Step::done;
}

// What came in place of TLS, and whose word it may be.
std::string Conversation::no_tls_text() const {
  std::string text =
      fmt::format("the first bytes are no TLS: '{}'", escape_terminal_limited(as_text(first_bytes_), 40));
  const std::string_view services = app::services_that_greet_so(first_bytes_);
  if (!prelude_ && !services.empty()) text += fmt::format("; --app {} asks for TLS first", services);
  return text;
}

// The client has failed: by an alert of the peer, by what the peer did, or by ourselves.
void Conversation::finish_failed() {
  const tls::Failure& failure = *client_.failure();
  using Kind = tls::Failure::Kind;
  std::string detail = failure.text;
  if (!failure.cite.empty()) detail += fmt::format(" ({})", failure.cite);
  switch (failure.kind) {
    case Kind::peer_alert:
      // What was asked for has come; an alert in place of a goodbye takes nothing back.
      if (talk_ && talk_->answered()) return finish(Outcome::Kind::completed);
      // Who speaks up only once we half-closed may speak of that: OpenSSL calls an end that it did not expect a
      // decode_error.
      if (step_ == Step::silent)
        return finish(Outcome::Kind::waited,
                      fmt::format("with alert {} ({})", registry::alert_name(failure.alert), failure.alert));
      outcome_.alert = failure.alert;
      return finish(Outcome::Kind::alert);
    case Kind::peer_closed:
      if (step_ == Step::silent) return finish(Outcome::Kind::waited);
      return finish(client_.close_notify_received() ? Outcome::Kind::close_notify : Outcome::Kind::eof);
    case Kind::unsupported_version_answered:
    case Kind::unsupported_parameter:
    case Kind::local_error:
      return finish(Outcome::Kind::local_failure, detail);
    case Kind::bad_record:
      // A record that is only too long has the header of one.
      if (!outcome_.handshake_complete && failure.alert != registry::alert::record_overflow &&
          wire::looks_like_tls_record(first_bytes_) == wire::Match::no)
        return finish(Outcome::Kind::plain_text, no_tls_text());
      [[fallthrough]];
    case Kind::peer_violation:
    case Kind::undecodable:
    case Kind::bad_signature:
    case Kind::bad_finished:
    case Kind::limit_exceeded:
      outcome_.our_alert = failure.alert;
      outcome_.alert_sent_by_us = failure.has_alert;
      return finish(Outcome::Kind::peer_violation, detail);
  }
}

void Conversation::finish(Outcome::Kind kind, std::string detail) {
  outcome_.kind = kind;
  outcome_.phase = phase();
  if (!detail.empty()) outcome_.detail = std::move(detail);
  outcome_.total_ns = clock_->monotonic_ns() - start_ns_;
  note_facts();
  enter(Step::flushing, kFlushTimeout);
  if (output().empty()) step_ = Step::done;
}

void Conversation::note_facts() {
  const tls::Negotiated& negotiated = client_.negotiated();
  outcome_.version = negotiated.version;
  outcome_.cipher_suite = negotiated.cipher_suite;
  outcome_.group = negotiated.group;
  outcome_.signature_scheme = negotiated.signature_scheme;
  outcome_.alpn = as_text(negotiated.alpn);
  outcome_.resumed = negotiated.resumed;
  outcome_.hello_retry_request = negotiated.hello_retry_request;
  outcome_.client_certificate_requested = client_.certificate_request().count > 0;
  outcome_.client_certificate_sent = client_.client_certificate() == tls::ClientCertificate::sent ||
                                     client_.client_certificate() == tls::ClientCertificate::sent_unfitting;
  if (!talk_ || !talk_->answered()) return;
  if (!is_http()) {
    outcome_.reply = talk_->reply();
    return;
  }
  outcome_.http_status = talk_->reply().status;
  outcome_.http_reason = talk_->reply().text;
}

}  // namespace tlsproof::session
