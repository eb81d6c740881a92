// TLS over TCP: a finished flow told to a Trace, in the order of capture, as the TLS client of ours tells its own
// connections.
#include <fmt/format.h>

#include <algorithm>

#include "followers.h"
#include "tls_cursor.h"
#include "tls_inside.h"
#include "tls_keys.h"
#include "tls_ssl2.h"
#include "tlsproof/app/recognise.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/handshake.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::capture {
namespace {

namespace content_type = registry::content_type;
namespace type = registry::handshake_type;
using trace::EventKind;

constexpr size_t kMaxShown = 40;  // bytes of what is no TLS
constexpr size_t kMaxFailed = 1;  // records of a direction whose failing is told; those after it follow from it

class TlsFollower final : public ProtocolFollower {
 public:
  bool follow(const Flow& flow, FollowState& state) override;

 private:
  struct Half {
    Side side = Side::a;
    Direction direction = Direction::client_to_server;
    RecordCursor records;
    wire::HandshakeAssembler assembler;
    bool guess_messages = false;  // fragments were lost: a message is believed where it fits its record
    uint8_t alert_level = 0;      // of an alert that was cut in two
    bool alert_begun = false;
    bool hello_first = false;  // its first record begins with a hello
    bool ssl2 = false;         // its next message is one of SSL 2.0
    bool over = false;         // what comes is not looked at
    size_t num_failed = 0;
    size_t next_said = 0;  // of the prelude
  };

  [[nodiscard]] bool find_begin(const Flow& flow);
  void set_up(const Flow& flow, FollowState& state);
  void take_event(const Flow& flow, const FlowEvent& event);
  void finish(const Flow& flow);
  void set_coverage(const Flow& flow);
  [[nodiscard]] bool must_wait(const Half& half) const;
  void go_on();
  bool step(Half& half);
  void tell_said(Side side);
  bool take_ssl2(Half& half);
  void tell_odd(Half& half, RecordCursor::Next what, const RecordCut& cut);
  void take_record(Half& half, const RecordCut& cut);
  void take_handshake(Half& half, Level level, ByteView content, ByteRange stream);
  void take_message(Half& half, Level level, const wire::HandshakeAssembler::Message& message, ByteRange stream);
  void take_alert(Half& half, Level level, ByteView content, ByteRange stream);
  void take_change_cipher_spec(Half& half, ByteRange stream);
  void tell_notes(Direction direction);
  Half& half_of(Side side) { return halves_[static_cast<size_t>(side)]; }
  [[nodiscard]] const Half& half_of(Side side) const { return halves_[static_cast<size_t>(side)]; }

  FollowState* state_ = nullptr;  // of the call
  std::array<Half, 2> halves_;    // by Side
  TlsKeys keys_;
  TlsInside inside_;
  app::Recognised begin_;
  bool aligned_ = true;
  bool connecting_told_ = false, connected_told_ = false;
  bool forced_ = false;  // nobody waits for the other side any more
};

// ---- where it begins, and who is who

// The type of the first handshake message; -1: something else, or nothing.
int first_message(ByteView bytes, size_t begin) {
  if (begin + 5 >= bytes.size() || wire::looks_like_tls_record(bytes.subspan(begin)) != wire::Match::yes) return -1;
  return bytes[begin] == content_type::handshake ? bytes[begin + 5] : -1;
}

bool TlsFollower::find_begin(const Flow& flow) {
  aligned_ = true;
  begin_ = app::recognise(flow.bytes[0], flow.bytes[1]);
  const auto says_hello = [&](size_t side) {
    const int message = first_message(flow.bytes[side], begin_.begins[side]);
    return message == type::client_hello || message == type::server_hello;
  };
  // Where TCP's beginning is missing and no hello says that TLS begins, single records are no sign of it: the rest of
  // another connection looks like that.
  if (begin_.state == app::Recognised::State::tls &&
      (flow.from_start || !begin_.prelude.empty() || says_hello(0) || says_hello(1) ||
       ssl2_hello_type(flow.bytes[0]) != 0 || ssl2_hello_type(flow.bytes[1]) != 0))
    return true;
  // The beginning may be missing. Then it is records that follow one another in everything that was said.
  const bool may_be_midway =
      !flow.from_start || (!flow.events.empty() && flow.events.front().kind == FlowEvent::Kind::gap);
  if (!may_be_midway || !is_midway(flow.bytes[0], flow.bytes[1])) return false;
  aligned_ = false;
  begin_ = {};
  return true;
}

void TlsFollower::set_up(const Flow& flow, FollowState& state) {
  state_ = &state;
  std::array<int, 2> first{};
  std::array<uint8_t, 2> ssl2{};
  int client = begin_.client;
  for (const int side : {1, 0}) {  // when both claim to be the client, the first packet's sender is
    const auto i = static_cast<size_t>(side);
    first[i] = first_message(flow.bytes[i], begin_.begins[i]);
    ssl2[i] = ssl2_hello_type(ByteView(flow.bytes[i]).subspan(begin_.begins[i]));
    if (first[i] == type::server_hello || ssl2[i] == kSsl2ServerHello) client = 1 - side;
  }
  for (const int side : {1, 0}) {
    const auto i = static_cast<size_t>(side);
    if (first[i] == type::client_hello || ssl2[i] == kSsl2ClientHello) client = side;
  }
  if (client < 0)
    for (const FlowEvent& event : flow.events) {
      if (event.kind != FlowEvent::Kind::syn && event.kind != FlowEvent::Kind::syn_ack) continue;
      client = static_cast<int>(event.kind == FlowEvent::Kind::syn ? event.side : other(event.side));
      break;
    }
  state.followed.client_is_known = client >= 0;
  state.followed.prelude = begin_.prelude;
  begin_trace(flow, client == 1 ? Side::b : Side::a, state);
  for (const Side side : {Side::a, Side::b}) {
    Half& half = half_of(side);
    const auto i = static_cast<size_t>(side);
    half.side = side;
    half.direction = direction_of(side, state);
    if (aligned_)
      half.records.reset(flow.bytes[i], begin_.begins[i]);
    else
      half.records.reset_unaligned(flow.bytes[i], 0);
    half.assembler.reset();
    half.guess_messages = !aligned_;
    half.alert_begun = false;
    half.hello_first = first[i] == type::client_hello || first[i] == type::server_hello;
    half.ssl2 = aligned_ && ssl2[i] != 0;
    half.over = false;
    half.num_failed = half.next_said = 0;
  }
  keys_.reset(state.keys);
  if (!aligned_) keys_.assume_protected();
  inside_.reset(state.trace);
  connecting_told_ = connected_told_ = forced_ = false;
}

bool TlsFollower::follow(const Flow& flow, FollowState& state) {
  if (!find_begin(flow)) return false;
  set_up(flow, state);
  for (const FlowEvent& event : flow.events) {
    state.clock.set(event.time_ns);
    take_event(flow, event);
    go_on();
  }
  finish(flow);
  state.followed.had_keys = keys_.any_found();
  state_ = nullptr;
  return true;
}

// ---- what passed

void TlsFollower::take_event(const Flow& flow, const FlowEvent& event) {
  trace::Trace& trace = state_->trace;
  Half& half = half_of(event.side);
  const ByteRange here{static_cast<size_t>(trace.num_bytes(half.direction)), 0};
  switch (event.kind) {
    case FlowEvent::Kind::syn:
      if (!std::exchange(connecting_told_, true))
        trace.on_event(EventKind::connecting, Direction::client_to_server, trace.peer_address());
      break;
    case FlowEvent::Kind::syn_ack:
      if (!std::exchange(connected_told_, true)) trace.on_event(EventKind::connected, Direction::client_to_server);
      break;
    case FlowEvent::Kind::data:
      if (const ByteView bytes = flow.view(event); !bytes.empty()) {
        trace.on_bytes(half.direction, bytes);
        half.records.extend(event.bytes.end());
        tell_said(event.side);
      }
      break;
    case FlowEvent::Kind::gap:
      trace.on_event(EventKind::gap, half.direction,
                     event.missing == 0 ? std::string("bytes that passed were not captured")
                                        : fmt::format("{} bytes that passed were not captured", event.missing),
                     0, here);
      half.records.gap(event.missing);
      break;
    case FlowEvent::Kind::conflict:
      trace.on_event(
          EventKind::conflict, half.direction,
          fmt::format("a retransmission of {} bytes says something else than they said first", event.bytes.len), 0,
          event.bytes);
      break;
    case FlowEvent::Kind::fin:
      trace.on_event(EventKind::end_of_stream, half.direction);
      break;
    case FlowEvent::Kind::reset:
      trace.on_event(EventKind::reset, half.direction);
      break;
  }
}

// What led to TLS, as it comes. `said` is in the order of each side.
void TlsFollower::tell_said(Side side) {
  const Half& half = half_of(side);
  for (size_t& next = half_of(side).next_said; next < begin_.said.size(); ++next) {
    const app::Said& said = begin_.said[next];
    if (said.side != static_cast<size_t>(side)) continue;
    if (half.records.arrived() < said.bytes.end()) return;
    const bool asks = half.direction == Direction::client_to_server;
    // Not the bytes: they may hold a password.
    state_->trace.on_event(asks ? EventKind::app_request : EventKind::app_response, half.direction, said.text,
                           static_cast<uint16_t>(said.status), said.bytes);
  }
}

// Captures may show an answer before what it answers. A record that only what the other side said can explain waits
// for it.
bool TlsFollower::must_wait(const Half& half) const {
  const Half& peer = half_of(other(half.side));
  RecordCut cut;
  if (forced_ || !aligned_ || peer.records.exhausted() || !half.records.peek(cut)) return false;
  if (half.direction == Direction::server_to_client)
    return peer.hello_first && keys_.version() == 0 && !keys_.hello_unanswered();
  const bool needs_answer = cut.type == content_type::application_data || cut.type == content_type::change_cipher_spec;
  return needs_answer && keys_.version() == 0 && keys_.hello_unanswered() && !keys_.early_data_offered();
}

void TlsFollower::go_on() {
  for (bool any = true; any;) {
    any = false;
    for (Half& half : halves_)
      while (!must_wait(half) && step(half)) any = true;
  }
}

// One record, or what is in the place of one. False: there is no more to see yet.
bool TlsFollower::step(Half& half) {
  if (half.over) return false;
  if (half.ssl2) return take_ssl2(half);
  RecordCut cut;
  const RecordCursor::Next what = half.records.next(cut);
  if (half.records.take_lost()) {
    half.assembler.reset();
    half.guess_messages = true;
    half.alert_begun = false;
    keys_.on_lost(half.direction);
  }
  if (what == RecordCursor::Next::need_more) return false;
  if (what == RecordCursor::Next::record)
    take_record(half, cut);
  else
    tell_odd(half, what, cut);
  return true;
}

// The hello of SSL 2.0: told in words. A client may mean TLS by it; then the server answers in TLS, and both go on so.
bool TlsFollower::take_ssl2(Half& half) {
  Ssl2Message message;
  if (!read_ssl2_message(half.records.pending(), message)) return false;
  trace::Trace& trace = state_->trace;
  trace.set_transport(trace::Transport::ssl2);
  trace.on_problem(half.direction, Level::initial, message.text, {half.records.position(), message.len});
  half.records.skip(message.len);
  half.ssl2 = false;
  if (half.direction == Direction::server_to_client || half_of(other(half.side)).ssl2) {
    for (Half& one : halves_) one.over = !one.ssl2;
  } else if (message.has_random) {
    keys_.on_client_hello({.random = message.random, .cipher_suites = {}, .early_data = false});
  }
  return true;
}

void TlsFollower::tell_odd(Half& half, RecordCursor::Next what, const RecordCut& cut) {
  trace::Trace& trace = state_->trace;
  std::string_view text;
  switch (what) {
    case RecordCursor::Next::not_tls: {
      const ByteView bytes = trace.stream(half.direction);
      const ByteView rest = bytes.subspan(std::min(cut.stream.offset, bytes.size()));
      trace.on_problem(
          half.direction, Level::initial,
          fmt::format("what it says is not TLS: \"{}\"",
                      escape_terminal_limited(as_text(rest.first(std::min(rest.size(), 2 * kMaxShown))), kMaxShown)),
          cut.stream);
      return;
    }
    case RecordCursor::Next::skipped:
      trace.on_event(EventKind::note, half.direction,
                     fmt::format("{} bytes were skipped to where a record begins", cut.stream.len), 0, cut.stream);
      return;
    case RecordCursor::Next::bad_header:
      text = "a record header whose version is not 3.x";
      break;
    case RecordCursor::Next::too_long:
      text = "a record longer than any record may be";
      break;
    case RecordCursor::Next::record:
    case RecordCursor::Next::need_more:
      return;
  }
  trace.on_problem(half.direction, Level::initial, text, cut.stream);
}

// ---- records

void TlsFollower::take_record(Half& half, const RecordCut& cut) {
  trace::Trace& trace = state_->trace;
  const bool was_protected = keys_.protects(half.direction);
  const TlsKeys::Opened opened = keys_.open(half.direction, cut);
  const bool readable = opened.how == TlsKeys::How::plain || opened.how == TlsKeys::How::opened;
  trace.on_record({.direction = half.direction,
                   .level = opened.level,
                   .content_type = opened.type,
                   .version = cut.version,
                   .opened = readable,
                   .stream = cut.stream,
                   .content = opened.content});
  tell_notes(half.direction);
  if (opened.how == TlsKeys::How::failed && half.num_failed++ < kMaxFailed)
    trace.on_problem(half.direction, opened.level, "a protected record does not authenticate", cut.stream);
  if (!readable) return;
  if (opened.how == TlsKeys::How::opened && keys_.is_tls13() && opened.type == 0)
    trace.on_problem(half.direction, opened.level, "a protected record holds zeros only, no content type", cut.stream);
  // RFC 8446 §5.1, §5.4; RFC 5246 §6.2.1.
  const bool inner13 = opened.how == TlsKeys::How::opened && keys_.is_tls13();
  if (inner13 ? opened.inner_len > wire::kMaxPlaintext + 1 : opened.content.size() > wire::kMaxPlaintext)
    trace.on_problem(half.direction, opened.level, "a record with more than 2^14 bytes of content", cut.stream);
  switch (opened.type) {
    case content_type::handshake:
      take_handshake(half, opened.level, opened.content, cut.stream);
      break;
    case content_type::alert:
      take_alert(half, opened.level, opened.content, cut.stream);
      break;
    case content_type::change_cipher_spec:
      take_change_cipher_spec(half, cut.stream);
      break;
    case content_type::application_data:
      if (opened.how != TlsKeys::How::opened) break;
      trace.on_application_data(half.direction, opened.level, opened.content, cut.stream);
      inside_.take(half.direction, opened.content, cut.stream);
      break;
    default:
      break;
  }
  // RFC 8446 §5: under protection only ChangeCipherSpec may come as a plain record.
  if (opened.how == TlsKeys::How::plain && was_protected && keys_.is_tls13() &&
      opened.type != content_type::change_cipher_spec)
    trace.on_problem(half.direction, opened.level, "an unprotected record where protection is in use", cut.stream);
}

void TlsFollower::take_handshake(Half& half, Level level, ByteView content, ByteRange stream) {
  // What begins in the middle of a message cannot be told from one that begins here, unless it fits.
  if (half.guess_messages && !content.empty()) {
    if (!looks_like_handshake(content, true)) return;
    half.guess_messages = false;
  }
  half.assembler.push(content, stream.offset);
  wire::HandshakeAssembler::Message message;
  while (half.assembler.next(message) == wire::HandshakeAssembler::Next::message)
    take_message(half, level, message, {message.first_record, stream.end() - message.first_record});
}

void TlsFollower::take_message(Half& half, Level level, const wire::HandshakeAssembler::Message& message,
                               ByteRange stream) {
  state_->trace.on_message(
      {.direction = half.direction, .level = level, .type = message.type, .raw = message.raw, .stream = stream});
  if (message.type == type::client_hello && half.direction == Direction::client_to_server) {
    ClientHelloFacts hello;
    if (read_client_hello(message.body, hello)) keys_.on_client_hello(hello);
  } else if (message.type == type::server_hello && half.direction == Direction::server_to_client) {
    ServerHelloFacts hello;
    if (read_server_hello(message.body, hello)) {
      keys_.on_server_hello(hello);
      inside_.set_alpn(hello.alpn);
      tell_notes(half.direction);
    }
  } else if (message.type == type::encrypted_extensions) {
    inside_.set_alpn(alpn_of_encrypted_extensions(message.body));
  }
  keys_.on_message(half.direction, message.type, message.body);
}

// RFC 5246 §6.2.1: an alert may be cut over records, and a record may hold several. RFC 8446 §5.1 forbids both.
void TlsFollower::take_alert(Half& half, Level level, ByteView content, ByteRange stream) {
  trace::Trace& trace = state_->trace;
  if (content.size() != 2 && keys_.is_tls13())
    trace.on_problem(half.direction, level, fmt::format("an alert record of {} bytes instead of 2", content.size()),
                     stream);
  for (const uint8_t byte : content) {
    if (!half.alert_begun) {
      half.alert_level = byte;
      half.alert_begun = true;
      continue;
    }
    trace.on_alert(half.direction, level, half.alert_level, byte, stream);
    half.alert_begun = false;
  }
}

void TlsFollower::take_change_cipher_spec(Half& half, ByteRange stream) {
  state_->trace.on_change_cipher_spec(half.direction, stream);
  if (keys_.is_tls13()) return;
  if (half.assembler.pending_len() != 0)
    state_->trace.on_problem(half.direction, Level::initial, "ChangeCipherSpec within a handshake message", stream);
  half.assembler.reset();
  keys_.on_change_cipher_spec(half.direction);
  tell_notes(half.direction);
}

void TlsFollower::tell_notes(Direction direction) {
  for (std::string text = keys_.take_note(); !text.empty(); text = keys_.take_note())
    state_->trace.on_event(EventKind::note, direction, text);
}

// ---- the end

void TlsFollower::finish(const Flow& flow) {
  state_->clock.set(flow.last_time_ns);
  forced_ = true;
  go_on();
  for (Half& half : halves_) half.records.finish();
  go_on();
  for (const Half& half : halves_) {
    const ByteView rest = half.records.pending();
    // What came after it was not kept: nothing is wrong with it.
    if (rest.empty() || flow.num_not_kept[static_cast<size_t>(half.side)] != 0) continue;
    const std::string_view what = half.over ? "of SSL 2.0 are not taken apart" : "at the end are no whole record";
    state_->trace.on_event(EventKind::note, half.direction, fmt::format("{} bytes {}", rest.size(), what), 0,
                           {half.records.position(), rest.size()});
  }
  set_coverage(flow);
}

void TlsFollower::set_coverage(const Flow& flow) {
  const size_t client = static_cast<size_t>(state_->followed.client), server = 1 - client;
  trace::Coverage coverage;
  // Without TCP's beginning, hellos in the clear are the beginning of TLS.
  const auto begins = [&](size_t side) { return flow.bytes[side].empty() || halves_[side].hello_first; };
  coverage.from_start = aligned_ && (flow.from_start || (begins(0) && begins(1)));
  coverage.client_seen = !flow.bytes[client].empty();
  coverage.server_seen = !flow.bytes[server].empty();
  for (size_t side = 0; side < 2; ++side)
    if (flow.num_missing[side] != 0 || flow.num_not_kept[side] != 0) coverage.complete_streams = false;
  for (const FlowEvent& event : flow.events)
    if (event.kind == FlowEvent::Kind::gap) coverage.complete_streams = false;
  if (state_->trace.num_events_dropped() != 0) coverage.complete_streams = false;
  coverage.ended = flow.end == FlowEnd::closed || flow.end == FlowEnd::reset;
  state_->trace.set_coverage(coverage);
}

}  // namespace

std::unique_ptr<ProtocolFollower> make_tls_follower() {
  return std::make_unique<TlsFollower>();
}

}  // namespace tlsproof::capture
