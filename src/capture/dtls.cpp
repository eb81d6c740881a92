// DTLS 1.0, 1.2 and 1.3 in the datagrams of a UDP flow. What is not DTLS in it (STUN, RTP: RFC 7983 has them share a
// port) is passed over and counted.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dtls_keys.h"
#include "followers.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/dtls.h"
#include "tlsproof/wire/handshake.h"
#include "tlsproof/wire/messages.h"

namespace tlsproof::capture {
namespace {

namespace content_type = registry::content_type;
namespace handshake_type = registry::handshake_type;
using trace::EventKind;
using wire::Direction;
using wire::DtlsAssembler;
using wire::DtlsRecordCursor;
using wire::DtlsRecordView;
using wire::Level;

constexpr uint8_t kFatal = 2;
constexpr size_t kMaxFailed = 8;  // told

// The type of the handshake message that a datagram's first record holds a part of, in the clear; -1: none.
int first_message(ByteView datagram) {
  DtlsRecordView record;
  if (DtlsRecordCursor(datagram).next(record) != DtlsRecordCursor::Next::record) return -1;
  const bool holds = !record.unified && record.epoch == 0 && record.type == content_type::handshake;
  return holds && record.fragment.size() >= wire::kDtlsHandshakeHeaderLen ? record.fragment[0] : -1;
}

class DtlsFollower final : public ProtocolFollower {
 public:
  bool follow(const Flow& flow, FollowState& state) override;

 private:
  struct Half {
    Direction direction = Direction::client_to_server;
    DtlsAssembler assembler;
    size_t connection_id_len = 0;  // of the ids that this side sends, which the other has chosen
    size_t num_repeated = 0;       // fragments that had come before
    size_t num_other = 0;          // datagrams that are not DTLS
    size_t num_failed = 0;         // protected records that did not open
    bool finished_told = false;
  };

  bool set_up(const Flow& flow, FollowState& state);
  void take_datagram(Half& half, ByteView datagram);
  void take_record(Half& half, const DtlsRecordView& record, size_t at);
  void take_content(Half& half, Level level, uint8_t type, ByteView content, ByteRange stream);
  void take_fragments(Half& half, ByteView content, ByteRange stream);
  void take_protected_message(Half& half, ByteView content, ByteRange stream);
  void tell_messages(Half& half);
  void tell(Half& half, const DtlsAssembler::Message& message);
  void note_hello(const DtlsAssembler::Message& message);
  void finish(const Flow& flow);

  [[nodiscard]] Half& half_of(Direction direction) { return halves_[static_cast<size_t>(direction)]; }
  [[nodiscard]] bool is_dtls(ByteView datagram) const;
  [[nodiscard]] Level level_of(const DtlsRecordView& record) const;

  FollowState* state_ = nullptr;  // of the call
  std::array<Half, 2> halves_;    // by Direction
  DtlsKeys keys_;
  std::array<size_t, 2> offered_cid_{};
  std::array<bool, 2> offers_cid_{};
  bool protected_13_ = false;  // a unified header may follow: DTLS 1.3 was chosen
  bool from_start_ = false;
  bool complete_ = true;
  bool ended_ = false;
};

bool DtlsFollower::set_up(const Flow& flow, FollowState& state) {
  bool any = false;
  int client = -1;
  for (const FlowEvent& event : flow.events) {
    if (event.kind != FlowEvent::Kind::data || !wire::looks_like_dtls(flow.view(event))) continue;
    const int side = static_cast<int>(event.side);
    const int type = first_message(flow.view(event));
    if (!any) from_start_ = type == handshake_type::client_hello;
    any = true;
    if (type == handshake_type::client_hello) client = side;
    if (type == handshake_type::server_hello || type == wire::HelloVerifyRequest::kType) client = 1 - side;
    if (client >= 0) break;
  }
  if (!any) return false;
  state.followed.client_is_known = client >= 0;
  begin_trace(flow, client == 1 ? Side::b : Side::a, state);
  state.trace.set_transport(trace::Transport::dtls);
  for (const Direction direction : {Direction::client_to_server, Direction::server_to_client}) {
    Half& half = half_of(direction);
    half.direction = direction;
    half.assembler.reset();
    half.connection_id_len = half.num_repeated = half.num_other = half.num_failed = 0;
    half.finished_told = false;
  }
  return true;
}

bool DtlsFollower::follow(const Flow& flow, FollowState& state) {
  offered_cid_ = {};
  offers_cid_ = {};
  protected_13_ = ended_ = false;
  complete_ = true;
  if (!set_up(flow, state)) return false;
  state_ = &state;
  keys_.reset(state.keys);
  for (const FlowEvent& event : flow.events) {
    state.clock.set(event.time_ns);
    if (event.kind == FlowEvent::Kind::gap) {
      complete_ = false;
      state.trace.on_event(EventKind::gap, direction_of(event.side, state), "datagrams were not captured whole");
    }
    if (event.kind != FlowEvent::Kind::data || event.bytes.len == 0) continue;
    Half& half = half_of(direction_of(event.side, state));
    if (is_dtls(flow.view(event)))
      take_datagram(half, flow.view(event));
    else
      ++half.num_other;
  }
  finish(flow);
  state.followed.had_keys = keys_.any_found();
  state_ = nullptr;
  return true;
}

// A unified header says so little (RFC 9147 §4) that it counts only where DTLS 1.3 was chosen. RFC 7983 §7: nothing
// else on the port begins like it.
bool DtlsFollower::is_dtls(ByteView datagram) const {
  constexpr uint8_t kUnifiedMask = 0xe0, kUnified = 0x20;
  return wire::looks_like_dtls(datagram) || (protected_13_ && (datagram[0] & kUnifiedMask) == kUnified);
}

void DtlsFollower::take_datagram(Half& half, ByteView datagram) {
  trace::Trace& trace = state_->trace;
  const size_t at = static_cast<size_t>(trace.num_bytes(half.direction));
  trace.on_bytes(half.direction, datagram);
  DtlsRecordCursor cursor(datagram, half.connection_id_len);
  DtlsRecordView record;
  for (;;) {
    switch (cursor.next(record)) {
      case DtlsRecordCursor::Next::record:
        take_record(half, record, at);
        continue;
      case DtlsRecordCursor::Next::bad:
        // RFC 6347 §4.1.2.7: an endpoint drops it without a word.
        trace.on_problem(half.direction, Level::initial,
                         fmt::format("{} bytes at the end of a datagram are no record", record.raw.size()),
                         {at + record.offset, record.raw.size()});
        return;
      case DtlsRecordCursor::Next::end:
        return;
    }
  }
}

// RFC 9147 §6.1: epoch 1 is early data, 2 the handshake, 3 and above the rest; of the unified header's two bits 0 and 1
// are then 4 and 5. Before 1.3 the first change of keys is the last thing but Finished.
Level DtlsFollower::level_of(const DtlsRecordView& record) const {
  if (!record.unified) return record.epoch == 0 ? Level::initial : Level::application;
  if (record.epoch == 2) return Level::handshake;
  return record.epoch == 1 ? Level::early : Level::application;
}

void DtlsFollower::take_record(Half& half, const DtlsRecordView& record, size_t at) {
  const ByteRange stream{at + record.offset, record.raw.size()};
  const Level level = level_of(record);
  bool readable = !record.unified && record.epoch == 0 && record.type != wire::kTls12Cid;
  uint8_t type = record.unified ? content_type::application_data : record.type;
  ByteView content = readable ? record.fragment : ByteView();
  bool failed = false;
  if (!readable && !record.unified) {
    const DtlsKeys::How how = keys_.open(half.direction, record, type, content);
    readable = how == DtlsKeys::How::opened;
    failed = how == DtlsKeys::How::failed;
  }
  state_->trace.on_record({.direction = half.direction,
                           .level = level,
                           .content_type = type,
                           .version = record.version,
                           .opened = readable,
                           .stream = stream,
                           .content = content});
  // RFC 6347 §4.1.2.7: such records are dropped; anybody can send one.
  if (failed && half.num_failed++ < kMaxFailed)
    state_->trace.on_problem(half.direction, level, "a protected record does not authenticate", stream);
  if (readable) take_content(half, level, type, content, stream);
}

void DtlsFollower::take_content(Half& half, Level level, uint8_t type, ByteView content, ByteRange stream) {
  trace::Trace& trace = state_->trace;
  switch (type) {
    case content_type::handshake:
      if (level == Level::initial)
        take_fragments(half, content, stream);
      else
        take_protected_message(half, content, stream);
      break;
    case content_type::alert:
      if (content.size() != 2) {
        trace.on_problem(half.direction, level, fmt::format("an alert record of {} bytes instead of 2", content.size()),
                         stream);
        break;
      }
      trace.on_alert(half.direction, level, content[0], content[1], stream);
      ended_ = ended_ || content[0] == kFatal;
      break;
    case content_type::change_cipher_spec:
      trace.on_change_cipher_spec(half.direction, stream);
      break;
    case content_type::application_data:
      trace.on_application_data(half.direction, level, content, stream);
      break;
    default:
      break;
  }
}

// Under the first keys stands Finished, which fits a record whole. (A renegotiation's messages do not always; they are
// told as records.)
void DtlsFollower::take_protected_message(Half& half, ByteView content, ByteRange stream) {
  ParseError error;
  Reader r(content, error);
  wire::DtlsFragmentHeader header;
  if (!decode(r, header) || header.fragment_offset != 0 || header.fragment_length != header.length ||
      header.length != r.remaining() || half.finished_told)
    return;
  half.finished_told = header.type == handshake_type::finished;
  if (!half.finished_told) return;
  Bytes raw;
  if (!wire::encode_handshake(header.type, r.rest(), raw)) return;
  state_->trace.on_message(
      {.direction = half.direction, .level = Level::application, .type = header.type, .raw = raw, .stream = stream});
}

// A record may hold several fragments, and parts of several messages (RFC 6347 §4.2.3).
void DtlsFollower::take_fragments(Half& half, ByteView content, ByteRange stream) {
  trace::Trace& trace = state_->trace;
  size_t at = stream.end() - content.size();
  while (!content.empty()) {
    ParseError error;
    Reader r(content, error);
    wire::DtlsFragmentHeader header;
    ByteView fragment;
    if (!decode(r, header) || !r.bytes(fragment, header.fragment_length, "Handshake.fragment"))
      return trace.on_problem(half.direction, Level::initial, "a handshake fragment longer than its record", stream);
    const size_t len = wire::kDtlsHandshakeHeaderLen + fragment.size();
    switch (half.assembler.push(header, fragment, {at, len})) {
      case DtlsAssembler::Push::taken:
        break;
      case DtlsAssembler::Push::repeated:
        ++half.num_repeated;
        break;
      case DtlsAssembler::Push::contradicted:
        trace.on_event(EventKind::conflict, half.direction,
                       "a retransmitted handshake fragment says something else than it said first", 0, {at, len});
        break;
      case DtlsAssembler::Push::bad:
        trace.on_problem(half.direction, Level::initial,
                         "a handshake fragment whose lengths contradict each other, or one too many", {at, len});
        break;
      case DtlsAssembler::Push::restarted:
        if (half.direction == Direction::client_to_server) {
          trace.on_event(EventKind::note, half.direction, "a new handshake between the same addresses");
          half_of(Direction::server_to_client).assembler.reset();
        }
        break;
    }
    tell_messages(half);
    content = content.subspan(len);
    at += len;
  }
}

// In the order of message_seq. Who answers has read what it answers: what the other side still waits for in front of
// its later messages was not captured.
void DtlsFollower::tell_messages(Half& half) {
  Half& peer = half_of(wire::opposite(half.direction));
  DtlsAssembler::Message message;
  while (half.assembler.next(message)) {
    DtlsAssembler::Message earlier;
    while (peer.assembler.next_anyway(earlier)) {
      complete_ = false;
      tell(peer, earlier);
    }
    tell(half, message);
  }
}

void DtlsFollower::tell(Half& half, const DtlsAssembler::Message& message) {
  state_->trace.on_message({.direction = half.direction,
                            .level = Level::initial,
                            .type = message.type,
                            .raw = message.raw,
                            .stream = message.stream});
  note_hello(message);
}

// What the records that follow depend on. RFC 9146 §3: each side names the id that it wants to be sent; both extensions
// must be there.
void DtlsFollower::note_hello(const DtlsAssembler::Message& message) {
  if (message.type != handshake_type::client_hello && message.type != handshake_type::server_hello) return;
  const auto decoded =
      wire::decode_handshake(message.type, message.raw.subspan(wire::kHandshakeHeaderLen), {.dtls = true});
  if (!decoded) return;
  const wire::ExtensionList* extensions = wire::extensions_of(*decoded);
  if (const auto* hello = std::get_if<wire::ClientHello>(&*decoded)) keys_.on_client_hello(hello->random);
  const auto* server_hello = std::get_if<wire::ServerHello>(&*decoded);
  if (server_hello != nullptr) {
    protected_13_ =
        protected_13_ || wire::tls_version_of(server_hello->selected_version()) == registry::version::TLS1_3;
    if (server_hello->is_hello_retry_request()) return;
    keys_.on_server_hello(server_hello->random, server_hello->selected_version(), server_hello->cipher_suite);
  }
  const size_t who = server_hello != nullptr ? 1 : 0;
  offers_cid_[who] = false;
  for (size_t i = 0; i < extensions->size(); ++i) {
    const ByteView data = extensions->data(i);
    if (extensions->type(i) != registry::extension::connection_id || data.empty() || data[0] + size_t{1} != data.size())
      continue;
    offers_cid_[who] = true;
    offered_cid_[who] = data[0];
  }
  const bool both = offers_cid_[0] && offers_cid_[1];
  half_of(Direction::client_to_server).connection_id_len = both ? offered_cid_[1] : 0;
  half_of(Direction::server_to_client).connection_id_len = both ? offered_cid_[0] : 0;
}

void DtlsFollower::finish(const Flow& flow) {
  trace::Trace& trace = state_->trace;
  state_->clock.set(flow.last_time_ns);
  for (Half& half : halves_) {
    DtlsAssembler::Message message;
    while (half.assembler.next_anyway(message)) {
      complete_ = false;
      tell(half, message);
    }
    if (const size_t num = half.assembler.num_incomplete(); num > 0) {
      complete_ = false;
      trace.on_event(EventKind::note, half.direction,
                     fmt::format("parts of {} handshake message{} never came", num, num == 1 ? "" : "s"));
    }
    if (half.num_repeated > 0)
      trace.on_event(
          EventKind::note, half.direction,
          fmt::format("{} handshake fragment{} came again", half.num_repeated, half.num_repeated == 1 ? "" : "s"));
    if (half.num_other > 0)
      trace.on_event(EventKind::note, half.direction,
                     fmt::format("{} datagram{} that {} not DTLS", half.num_other, half.num_other == 1 ? "" : "s",
                                 half.num_other == 1 ? "is" : "are"));
  }
  trace::Coverage coverage;
  coverage.from_start = from_start_;
  coverage.client_seen = trace.num_bytes(Direction::client_to_server) > 0;
  coverage.server_seen = trace.num_bytes(Direction::server_to_client) > 0;
  coverage.complete_streams = complete_ && trace.num_events_dropped() == 0 && flow.num_not_kept[0] == 0 &&
                              flow.num_not_kept[1] == 0 && flow.num_missing[0] == 0 && flow.num_missing[1] == 0;
  coverage.ended = ended_;
  trace.set_coverage(coverage);
}

}  // namespace

std::unique_ptr<ProtocolFollower> make_dtls_follower() {
  return std::make_unique<DtlsFollower>();
}

}  // namespace tlsproof::capture
