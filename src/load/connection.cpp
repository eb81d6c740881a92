#include "connection.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::load {

namespace alert = registry::alert;
namespace hs = registry::handshake_type;
using net::IoStatus;

namespace {

// A peer that sends without pause gets so many reads in a turn.
constexpr int kMaxReads = 16;

ErrorKind kind_of_connect_errno(int number) {
  switch (number) {
    case ECONNREFUSED:
      return ErrorKind::refused;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
      return ErrorKind::no_ports;
    case EMFILE:
    case ENFILE:
      return ErrorKind::no_descriptors;
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:  // epoll: fs.epoll.max_user_watches
      return ErrorKind::no_memory;
    case ECONNRESET:
      return ErrorKind::reset;
    case ETIMEDOUT:
      return ErrorKind::timeout;
    default:
      return ErrorKind::unreachable;
  }
}

uint16_t detail_of(Step step) {
  return static_cast<uint16_t>(step);
}

}  // namespace

// ---- begin
// -----------------------------------------------------------------------------------------------------------

void Connection::begin(const Task& task, uint64_t token) {
  task_ = task;
  token_ = token;
  spans_.fill(-1);
  error_.reset();
  error_text_.clear();
  session_.reset();
  num_sent_ = num_received_ = 0;
  num_tickets_early_ = 0;
  keeps_session_ = watched_ = failed_at_once_ = tls_started_ = first_byte_seen_ = looks_like_tls_ = false;
  finished_ = took_ours_ = finishing_ = write_failed_ = reset_by_write_ = wants_write_ = false;
  const Plan& plan = *thread_->plan;
  begun_ns_ = thread_->now_ns();
  if (task_.intended_ns == 0) task_.intended_ns = begun_ns_;
  enter(Wait::connect, begun_ns_);
  if (plan.arrivals.loop != Arrivals::Loop::closed) set_span(Phase::lag, begun_ns_ - task.intended_ns);
  choose_session();
  prelude_ = app::make_prelude(plan.prelude);
  if (!prelude_) start_tls();  // before the connection is there: its time is not the network's
  if (ended()) return;
  net::ConnectOptions options{.no_delay = prelude_ != nullptr};
  if (!plan.sources.empty()) options.source = &plan.sources[task.source];
  connecting_ns_ = thread_->now_ns();
  auto socket = net::Socket::start_connect(plan.addresses[task.address], options);
  if (!socket) return connect_failed(socket.error().error_number, socket.error().message());
  socket_ = std::move(*socket);
  // Where the answer to our SYN is there already, as on loopback, the first flight goes out now; elsewhere once the
  // socket turns writable.
  wants_write_ = output().empty();
  flush();
  if (ended()) return;
  const net::Readiness interest = net::kReadable | (wants_write_ ? net::kWritable : 0U);
  if (auto watched = thread_->poller.add(socket_.fd(), interest, token_); !watched)
    return connect_failed(watched.error().error_number, watched.error().message());
  watched_ = true;
}

void Connection::enter(Wait wait, int64_t now_ns) {
  wait_ = wait;
  wait_since_ns_ = now_ns;
}

SessionPool::Key Connection::session_key() const {
  return {.family = family_of(task_.asked), .address = task_.address, .name = task_.name};
}

void Connection::choose_session() {
  if (family_of(task_.asked) == SessionFamily::none) return;
  if (!task_.priming) session_ = thread_->sessions.get(session_key(), begun_ns_);
  keeps_session_ = thread_->sessions.claim(session_key());
}

void Connection::start_tls() {
  tls_started_ = true;
  tls::ClientSetup setup;
  if (thread_->plan->identity) setup.identity = &thread_->identity;
  setup.resume = session_.get();
  setup.random = &thread_->random;
  setup.clock = thread_->clock;
  setup.key_exchanges = thread_->key_exchanges.get();
  if (task_.asked == Kind::early_data && asks()) setup.early_data = thread_->plan->http_request;
  client_.start(thread_->config(task_.asked, task_.name, session_ != nullptr), setup);
  if (client_.failure() != nullptr) client_failed();
}

void Connection::established() {
  const int64_t now = thread_->now_ns();
  set_span(Phase::connect, now - connecting_ns_);
  enter(Wait::handshake, now);
  hello_sent_ns_ = now;
}

// ---- writing
// ---------------------------------------------------------------------------------------------------------

ByteView Connection::output() const {
  return tls_started_ ? client_.output() : prelude_ ? prelude_->output() : ByteView();
}

void Connection::consume_output(size_t len) {
  if (tls_started_)
    client_.consume_output(len);
  else
    prelude_->consume_output(len);
}

void Connection::flush() {
  while (!ended() && !write_failed_ && !output().empty()) {
    const net::IoResult put = socket_.write(output());
    if (put.status == IoStatus::would_block) return want_write();
    if (put.status != IoStatus::ok) {
      if (wait_ == Wait::connect)
        return connect_failed(put.error_number,
                              fmt::format("cannot connect to {}: {}", thread_->plan->addresses[task_.address].text(),
                                          std::generic_category().message(put.error_number)));
      // What the server said before it closed is still to be read: an alert tells more than this.
      write_failed_ = true;
      reset_by_write_ = put.status == IoStatus::reset;
      return;
    }
    num_sent_ += put.len;
    consume_output(put.len);
    if (wait_ == Wait::connect) established();
  }
}

void Connection::want_write() {
  if (wants_write_) return;
  wants_write_ = true;
  if (!watched_) return;
  if (auto watched = thread_->poller.change(socket_.fd(), net::kReadable | net::kWritable, token_); !watched)
    fail({ErrorKind::no_memory, 0}, watched.error().message());
}

// ---- what the poller tells
// -------------------------------------------------------------------------------------------

void Connection::on_event(const net::Poller::Event& event) {
  if (ended()) return;
  if (wait_ == Wait::connect && output().empty()) {  // the server speaks first
    const net::ConnectState state = socket_.connect_state();
    if (state == net::ConnectState::connecting) return;
    if (state == net::ConnectState::failed)
      return connect_failed(socket_.connect_error(),
                            fmt::format("cannot connect to {}: {}", thread_->plan->addresses[task_.address].text(),
                                        std::generic_category().message(socket_.connect_error())));
    established();
  } else if ((event.ready & net::kWritable) != 0) {
    flush();
  }
  if (finishing_) return last_bytes();
  if (!ended() && wait_ != Wait::connect && (event.ready & net::kReadable) != 0) read_all(event.ended);
}

void Connection::read_all(bool until_end) {
  for (int i = 0; i < kMaxReads; ++i) {
    const net::IoResult got = socket_.read(thread_->buffer);
    switch (got.status) {
      case IoStatus::ok:
        num_received_ += got.len;
        received(ByteView(thread_->buffer).first(got.len));
        if (ended() || finishing_) return;
        // A short read has emptied the socket: what comes later is told anew.
        if (got.len < thread_->buffer.size() && !until_end) return;
        break;
      case IoStatus::would_block:
        return;
      case IoStatus::eof:
        return stream_over(reset_by_write_);  // the kernel tells of a reset once
      case IoStatus::reset:
      case IoStatus::closed:
      case IoStatus::error:
        return stream_over(true);
    }
  }
  const net::Readiness interest = net::kReadable | (wants_write_ ? net::kWritable : 0U);
  if (auto watched = thread_->poller.change(socket_.fd(), interest, token_); !watched)
    fail({ErrorKind::no_memory, 0}, watched.error().message());
}

void Connection::received(ByteView bytes) {
  if (!tls_started_) return take_prelude(bytes);
  if (!first_byte_seen_) {
    first_byte_seen_ = true;
    set_span(Phase::first_byte, thread_->now_ns() - hello_sent_ns_);
    looks_like_tls_ = wire::looks_like_tls_record(bytes) != wire::Match::no;
  }
  client_.input(bytes);
  advance();
}

void Connection::take_prelude(ByteView bytes) {
  const size_t taken = prelude_->input(bytes);
  (void)prelude_->take_said();
  switch (prelude_->state()) {
    case app::Dialogue::State::running:
      return flush();
    case app::Dialogue::State::refused:
    case app::Dialogue::State::broken:
      return fail({ErrorKind::prelude, 0}, prelude_->reason());
    case app::Dialogue::State::done:
      break;
  }
  // What follows in the clear would be heard as if it had come protected (CVE-2011-0411).
  if (taken < bytes.size())
    return fail({ErrorKind::prelude, 0},
                fmt::format("{} bytes in the clear follow the server's word that TLS may begin", bytes.size() - taken));
  flush();
  if (ended() || !output().empty()) return;
  start_tls();
  if (ended()) return;
  flush();
  hello_sent_ns_ = thread_->now_ns();
}

// Looks at the client after something came.
void Connection::advance() {
  if (client_.failure() != nullptr) return client_failed();
  if (!finished_) {
    if (client_.handshake_complete()) return handshake_done();
    return flush();  // a second ClientHello, the flight of TLS 1.2
  }
  flush();  // the answer to a KeyUpdate
  if (ended()) return;
  if (asks()) return take_answer(false);
  if (!write_failed_) look_for_sign();
}

// ---- after the server's Finished
// -------------------------------------------------------------------------------------

void Connection::handshake_done() {
  if (const ByteList& chain = client_.peer_certificates(); !chain.empty()) {
    const ChainVerdict verdict = thread_->judge_chain(chain, task_.name);
    if (!verdict.holds) {
      client_.send_alert(registry::alert_level::fatal, alert::bad_certificate);
      return fail({ErrorKind::certificate, static_cast<uint16_t>(verdict.problem)}, verdict.text);
    }
  }
  const int64_t now = thread_->now_ns();
  set_span(Phase::finished, now - task_.intended_ns);
  finished_ = true;
  // RFC 5246 §7.3: the server's Finished of a full handshake answers ours.
  took_ours_ = client_.negotiated().version == registry::version::TLS1_2 && !client_.negotiated().resumed;
  enter(Wait::confirm, now);
  if (session_ && client_.negotiated().resumed) {
    thread_->sessions.accepted(session_key(), session_);
  } else if (session_) {
    thread_->sessions.declined(session_key(), session_);
    keeps_session_ = keeps_session_ || thread_->sessions.claim(session_key());
  }
  if (keeps_session_ && !client_.sessions().empty()) keep_session();
  if (asks()) {
    if (!response_) response_ = std::make_unique<app::Http1Response>();
    response_->reset();
    if (!client_.negotiated().early_data_accepted && !client_.write(thread_->plan->http_request))
      return fail({client_.early_data_offered() ? ErrorKind::early_data_lost : ErrorKind::local, 0},
                  "the server closed before the request could be sent");
    flush();
    return take_answer(false);
  }
  if (thread_->plan->confirm || keeps_session_) return await_sign();
  finish();
}

void Connection::keep_session() {
  thread_->sessions.put(session_key(), client_.sessions());
  keeps_session_ = false;
}

// Plan::confirm tells what counts. Our last word goes out with our Finished: it costs nothing, and who has no ticket to
// give answers it.
void Connection::await_sign() {
  if (took_ours_) return done();
  num_tickets_early_ = client_.num_received(hs::new_session_ticket);
  // By close_notify however the plan closes: a bare FIN is answered by an alert in OpenSSL 3.
  client_.close_notify();
  flush();
  if (client_.close_notify_received()) done();
}

void Connection::look_for_sign() {
  if (keeps_session_ && !client_.sessions().empty()) keep_session();
  if (client_.num_received(hs::new_session_ticket) > num_tickets_early_ || client_.close_notify_received() ||
      client_.num_application_bytes_received() > 0)
    done();
}

void Connection::take_answer(bool over) {
  const ByteView data = client_.application_data();
  if (!data.empty()) {
    const size_t len = data.size();
    response_->feed(data);
    client_.consume_application_data(len);
  }
  if (over || client_.close_notify_received()) {
    if (!response_->has_head() && response_->state() == app::Http1Response::State::need_more)
      return fail({ErrorKind::closed, detail_of(Step::confirm)}, "the server closed without an answer to the request");
    response_->end();
  }
  switch (response_->state()) {
    case app::Http1Response::State::need_more:
      return;
    case app::Http1Response::State::broken:
      return fail({ErrorKind::http_broken, 0},
                  fmt::format("the answer is no HTTP: {}", escape_terminal(response_->broken_reason())));
    case app::Http1Response::State::complete:
      break;
  }
  if (keeps_session_ && !client_.sessions().empty()) keep_session();
  const int status = response_->status();
  if (status < 200 || status >= 400)
    return fail({ErrorKind::http_status, static_cast<uint16_t>(status)},
                fmt::format("HTTP {} {}", status, escape_terminal_limited(response_->reason(), 80)));
  done();
}

// The sign that was waited for is there.
void Connection::done() {
  if (thread_->plan->confirm || asks()) {
    took_ours_ = true;
    set_span(Phase::confirmed, thread_->now_ns() - task_.intended_ns);
  }
  finish();
}

void Connection::finish() {
  if (thread_->plan->close_by == CloseBy::close_notify) client_.close_notify();
  finishing_ = true;
  flush();
  last_bytes();
}

void Connection::last_bytes() {
  if (ended()) return;
  if (write_failed_ && !took_ours_) {
    // Our Finished did not get through; what the server has to say about it is read.
    finishing_ = false;
    return read_all(true);
  }
  if (!write_failed_ && !output().empty()) return;  // the socket is full
  close(thread_->plan->close_by == CloseBy::reset);
}

// ---- the end
// ---------------------------------------------------------------------------------------------------------

void Connection::stream_over(bool by_reset) {
  if (only_for_session()) return close(by_reset);
  if (by_reset)
    return fail({ErrorKind::reset, detail_of(step())}, fmt::format("the connection was reset ({})", to_text(step())));
  if (!tls_started_) {
    prelude_->input_end();
    if (prelude_->state() == app::Dialogue::State::refused || prelude_->state() == app::Dialogue::State::broken)
      return fail({ErrorKind::prelude, 0}, prelude_->reason());
    return fail({ErrorKind::closed, detail_of(Step::prelude)}, "the server ended the stream before TLS began");
  }
  if (!finished_) {
    client_.input_end();
    return client_failed();
  }
  if (asks()) return take_answer(true);
  if (write_failed_)
    return fail({ErrorKind::closed, detail_of(step())}, "the server ended the stream before it took our Finished");
  done();  // its end answers ours, and no alert came before
}

void Connection::on_timeout() {
  if (ended()) return;
  if (only_for_session()) return close(true);
  const Step at = step();
  fail({ErrorKind::timeout, detail_of(at)}, fmt::format("nothing came in time ({})", to_text(at)));
}

void Connection::abandon() {
  if (ended()) return;
  release_claim();
  close(true);
}

Step Connection::step() const {
  if (wait_ == Wait::connect) return Step::connect;
  if (!tls_started_) return Step::prelude;
  if (finished_) return write_failed_ || finishing_ ? Step::handshake : Step::confirm;
  return client_.negotiated().version != 0 ? Step::handshake : Step::server_hello;
}

void Connection::connect_failed(int error_number, std::string_view text) {
  const ErrorKind kind = kind_of_connect_errno(error_number);
  const bool has_step = kind == ErrorKind::reset || kind == ErrorKind::timeout;
  failed_at_once_ = kind != ErrorKind::timeout;
  fail({kind, has_step ? detail_of(Step::connect) : uint16_t{0}}, std::string(text));
}

void Connection::client_failed() {
  const tls::Failure& failure = *client_.failure();
  using Why = tls::Failure::Kind;
  std::string text = failure.cite.empty() ? failure.text : fmt::format("{} ({})", failure.text, failure.cite);
  switch (failure.kind) {
    case Why::peer_alert:
      if (only_for_session()) return close(false);
      return fail({ErrorKind::alert, failure.alert}, std::move(text));
    case Why::peer_closed:
      return fail({ErrorKind::closed, detail_of(step())}, std::move(text));
    case Why::undecodable:
      return fail({ErrorKind::not_tls, 0}, std::move(text));
    case Why::bad_record:
      return fail({looks_like_tls_ ? ErrorKind::bad_record : ErrorKind::not_tls, 0}, std::move(text));
    case Why::bad_signature:
      return fail({ErrorKind::bad_signature, 0}, std::move(text));
    case Why::bad_finished:
      return fail({ErrorKind::bad_finished, 0}, std::move(text));
    case Why::peer_violation:
    case Why::unsupported_version_answered:
    case Why::unsupported_parameter:
    case Why::limit_exceeded:
      return fail({ErrorKind::violation, 0}, std::move(text));
    case Why::local_error:
      failed_at_once_ = true;
      return fail({ErrorKind::local, 0}, std::move(text));
  }
}

void Connection::fail(ErrorClass error, std::string text) {
  if (ended()) return;
  error_ = error;
  error_text_ = std::move(text);
  // The alert that says why, if it goes out at once; nobody waits for it.
  if (tls_started_ && !write_failed_ && socket_.is_open() && wait_ != Wait::connect && !output().empty())
    (void)socket_.write(output());
  close(thread_->plan->close_by == CloseBy::reset);
}

void Connection::close(bool by_reset) {
  // Who failed says nothing of the sessions that the server gives.
  if (error_ || !finished_) release_claim();
  if (keeps_session_) thread_->sessions.gave_up(session_key());
  keeps_session_ = false;
  if (by_reset)
    socket_.reset();
  else
    socket_.close();  // which ends the poller's interest too
  enter(Wait::none, wait_since_ns_);
  ended_ns_ = thread_->now_ns();
}

void Connection::release_claim() {
  if (keeps_session_) thread_->sessions.release(session_key());
  keeps_session_ = false;
}

Kind Connection::got() const {
  const tls::Negotiated& negotiated = client_.negotiated();
  if (!negotiated.resumed) return Kind::full;
  if (negotiated.version == registry::version::TLS1_2)
    return session_ && session_->ticket.empty() ? Kind::session_id : Kind::ticket;
  if (negotiated.early_data_accepted) return Kind::early_data;
  return negotiated.group == 0 ? Kind::psk_ke : Kind::psk;
}

}  // namespace tlsproof::load
