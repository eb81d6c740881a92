#include "course.h"

#include <fmt/format.h>

#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/view/ladder.h"

namespace tlsproof::view {
namespace {

using trace::Direction;
using trace::Event;
using trace::EventKind;
namespace alert = registry::alert;
namespace extension = registry::extension;
namespace handshake_type = registry::handshake_type;

constexpr size_t kMaxAlerts = 64;

bool is_client(Direction direction) {
  return direction == Direction::client_to_server;
}
std::string_view who(Direction direction) {
  return is_client(direction) ? "the client" : "the server";
}

bool is_fatal(const AlertFact& fact, bool tls13) {
  if (fact.description == alert::close_notify || fact.description == alert::user_canceled) return false;
  return fact.level == registry::alert_level::fatal || tls13;
}

constexpr size_t kAlertLen = 2;

class Follower {
 public:
  Follower(const trace::Reading& reading, bool tls13, Handshake& out) : reading_(reading), out_(out), tls13_(tls13) {
    const auto* info = registry::cipher_suite_info(out.cipher_suite);
    if (info != nullptr && info->tag_len != 0) tag_len_ = info->tag_len;
  }

  Course run();

 private:
  void event(size_t at, const Event& event);
  void record(const Event& event);
  void record13(const Event& event);
  void alert_event(size_t at, const Event& event);
  void turn(const Event& event);
  void finish(const Event& event);
  // RFC 8446 §5.2: the content, its type, and the tag of the suite (RFC 9150: of those without encryption the HMAC).
  [[nodiscard]] size_t protected_len(size_t content_len) const {
    return wire::kRecordHeaderLen + content_len + 1 + tag_len_;
  }

  const trace::Reading& reading_;
  Handshake& out_;
  Course course_;
  bool tls13_;
  size_t tag_len_ = 16;
};

Course Follower::run() {
  const auto events = reading_.trace().events();
  for (size_t i = 0; i < events.size(); ++i) event(i, events[i]);
  for (const AlertFact& fact : out_.alerts) {
    if (!is_fatal(fact, tls13_)) continue;
    course_.fatal = &fact;
    break;
  }
  if (course_.fatal != nullptr) {
    // A TLS 1.3 server judges the client after it has finished: until the server has sent data, its alert says that
    // the handshake came to nothing.
    for (size_t i = 0; i < course_.fatal->event; ++i)
      if (events[i].kind == EventKind::application_data && !is_client(events[i].direction))
        course_.fatal_after_data = true;
  }
  return course_;
}

void Follower::turn(const Event& event) {
  if (out_.done_ns >= 0 && course_.complete()) return;
  const bool by_client = is_client(event.direction);
  if (course_.last_was_client && !by_client) ++out_.num_round_trips;
  course_.last_was_client = by_client;
}

void Follower::finish(const Event& event) {
  if (course_.complete()) return;
  course_.finished[side_of(event.direction)] = true;
  if (course_.complete()) out_.done_ns = event.time_ns;
}

void Follower::event(size_t at, const Event& event) {
  const size_t side = side_of(event.direction);
  switch (event.kind) {
    case EventKind::gap:
      course_.any_gap = true;
      if (!course_.past[side]) course_.gap[side] = true;
      break;
    case EventKind::message:
      turn(event);
      if (event.code == handshake_type::finished || event.code == handshake_type::server_hello_done)
        course_.past[side] = true;
      if (event.code == handshake_type::client_hello && out_.client_hello_ns < 0) out_.client_hello_ns = event.time_ns;
      if (out_.server_hello != nullptr && at == reading_.server_hello()->event) {
        out_.server_hello_ns = event.time_ns;
        course_.server_hello_passed = true;
      }
      if (event.code == handshake_type::finished) finish(event);
      if (!is_client(event.direction)) course_.server_answered = true;
      break;
    case EventKind::change_cipher_spec:
      turn(event);
      if (!is_client(event.direction) && !course_.ccs[0]) course_.server_ccs_first = true;
      course_.ccs[side] = true;
      if (!tls13_) course_.past[side] = true;
      break;
    case EventKind::record:
      record(event);
      break;
    case EventKind::application_data:
      course_.data[side_of(event.direction)] = true;
      break;
    case EventKind::alert:
      alert_event(at, event);
      break;
    case EventKind::problem:
      if (!is_client(event.direction) && course_.problem == nullptr) course_.problem = &event;
      break;
    case EventKind::end_of_stream:
    case EventKind::reset:
      if (course_.end == nullptr) course_.end = &event;
      break;
    default:
      break;
  }
}

void Follower::record(const Event& event) {
  if (event.opened) return;
  ++out_.num_unopened;
  if (!course_.server_hello_passed) return;  // early data
  turn(event);
  if (tls13_) return record13(event);
  const size_t side = side_of(event.direction);
  course_.encrypted[side] = true;
  // Once both have finished it is a renegotiation.
  if (course_.complete() && is_client(event.direction) && event.code == registry::content_type::handshake)
    course_.hidden_handshake = true;
  // RFC 5246 §7.4.9: the first thing under the new keys is Finished.
  if (course_.ccs[side] && event.code == registry::content_type::handshake) finish(event);
  if (event.code == registry::content_type::application_data && course_.ccs[side]) course_.data[side] = true;
}

void Follower::record13(const Event& event) {
  const size_t side = side_of(event.direction);
  const bool first = !course_.encrypted[side];
  course_.encrypted[side] = true;
  const bool as_alert = event.stream.len == protected_len(kAlertLen);
  if (!is_client(event.direction)) {
    if (!course_.complete()) return;
    if (as_alert && !course_.verdict_longer) course_.verdict_alert_length = true;
    if (!as_alert) course_.verdict_longer = true;
    return;
  }
  if (course_.complete()) return;
  if (out_.answered_hello != nullptr && out_.answered_hello->extensions.has(extension::early_data)) {
    // RFC 8446 §4.2.10: early data may still come after the ServerHello; only EndOfEarlyData (§4.5), a header of four
    // bytes, and a Finished (§4.4.4) right after it are taken for the end of it.
    course_.early_mixed = true;
    const bool is_finished = course_.after_early_data &&
                             (event.stream.len == protected_len(4 + 32) || event.stream.len == protected_len(4 + 48));
    course_.after_early_data = event.stream.len == protected_len(4);
    if (!is_finished) return;
  } else {
    if (!first) return;
    // What the client sends first after the ServerHello is its Certificate or Finished, both longer than an alert.
    course_.alert_length = as_alert;
    if (as_alert) return;
  }
  course_.finished[side_of(Direction::server_to_client)] = true;  // without it the client would not have gone on
  finish(event);
}

void Follower::alert_event(size_t at, const Event& event) {
  if (!is_client(event.direction)) course_.server_answered = true;
  if (out_.alerts.size() >= kMaxAlerts) return;
  out_.alerts.push_back({.event = at,
                         .direction = event.direction,
                         .level = static_cast<uint8_t>(event.code >> 8),
                         .description = static_cast<uint8_t>(event.code & 0xff)});
}

std::string ended_how(const Event& end) {
  const std::string_view what = end.kind == EventKind::reset ? "reset" : "closed";
  return fmt::format("{} {} the connection", who(end.direction), what);
}

}  // namespace

Course follow_course(const trace::Reading& reading, bool tls13, Handshake& out) {
  return Follower(reading, tls13, out).run();
}

void judge_state(const Course& course, const trace::Reading& reading, bool tls13, const Passage& passage,
                 Handshake& out) {
  const auto fail_with = [&](std::string cause) {
    out.state = State::failed;
    out.cause = std::move(cause);
  };
  const auto unknown_because = [&](std::string cause) {
    out.state = State::unknown;
    out.cause = std::move(cause);
  };

  const trace::Coverage& coverage = reading.trace().coverage();
  // RFC 9001 §5.7: a QUIC client has the keys of application data when it has finished.
  const bool quic = reading.trace().transport() == trace::Transport::quic;
  const bool complete =
      course.complete() || (course.server_hello_passed && course.data[0] && (quic || (course.data[1] && !tls13)));
  if (const AlertFact* fatal = course.fatal; fatal != nullptr && !course.fatal_after_data) {
    return fail_with(fmt::format("{} sent {}{}", who(fatal->direction),
                                 describe_alert(fatal->level, fatal->description),
                                 complete ? " after the handshake" : ""));
  }
  // RFC 8446 §4.4.4: a server that refuses the client's certificate or Finished says so after the client is through.
  if (complete && reading.trace().transport() == trace::Transport::tls && course.verdict_alert_length &&
      !course.verdict_longer && !course.data[side_of(Direction::server_to_client)])
    return unknown_because("all that the server sent after the client's Finished is as long as an alert");
  if (complete) {
    out.state = State::completed;
    return;
  }
  if (reading.trace().transport() == trace::Transport::ssl2 && out.server_hello == nullptr)
    return unknown_because("SSL 2.0, of which only the hellos are read");
  if (out.middle) return unknown_because("the beginning of the connection was not captured");
  if (course.alert_length)
    return fail_with("the client sent an encrypted record as long as an alert instead of finishing");
  if (course.early_mixed)
    return unknown_because("early data and the client's Finished cannot be told apart without keys");
  if (!coverage.client_seen) return unknown_because("nothing that the client sent was captured");
  if (!coverage.server_seen && course.end == nullptr && passage.layer == "TCP" && coverage.ended)
    return unknown_because("nothing that the server sent was captured");
  if (course.problem != nullptr && out.server_hello == nullptr)
    return fail_with("the server answered with something that is not TLS");
  const trace::Transport transport = reading.trace().transport();
  const bool datagrams = transport == trace::Transport::dtls || transport == trace::Transport::quic;
  if (!coverage.complete_streams) return unknown_because("parts of the connection were not captured");
  if (datagrams && tls13) return unknown_because("what follows the ServerHello is encrypted and was not opened");
  if (course.end != nullptr)
    return fail_with(fmt::format("{} {}", ended_how(*course.end),
                                 course.server_hello_passed         ? "before the handshake was finished"
                                 : is_client(course.end->direction) ? "before there was an answer"
                                                                    : "without an answer"));
  unknown_because(fmt::format("{} until the end of what was captured",
                              course.server_answered ? "the handshake was not finished" : "there was no answer"));
}

}  // namespace tlsproof::view
