// QUIC: the handshake in Initial packets, which anybody can open (RFC 9001 §5.2), and in Handshake packets, which the
// secrets of a key log open. Of packets with a short header only the first of each
// side is told, as application data without content.

#include <fmt/format.h>

#include <algorithm>

#include "followers.h"
#include "quic_packet.h"
#include "quic_stream.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/handshake.h"

namespace tlsproof::capture {
namespace {

using trace::EventKind;
using wire::Direction;
using wire::Level;

constexpr size_t kMaxTries = 16;    // Initial packets of a flow that might begin a connection, and do not open
constexpr size_t kMaxKeySets = 4;   // a client's first connection id and a version: Retry and negotiation bring others
constexpr size_t kMaxWaiting = 64;  // Handshake packets that came before the ServerHello
constexpr uint8_t kFatal = 2;
constexpr size_t kClientRandomAt = wire::kHandshakeHeaderLen + 2;

size_t index(Direction direction) {
  return static_cast<size_t>(direction);
}

// The bytes of a connection id, by value.
class ConnectionId {
 public:
  ConnectionId() = default;
  explicit ConnectionId(ByteView id) : len_(static_cast<uint8_t>(std::min(id.size(), bytes_.size()))) {
    std::ranges::copy(id.first(len_), bytes_.begin());
  }
  [[nodiscard]] ByteView view() const { return ByteView(bytes_).first(len_); }
  bool operator==(const ConnectionId&) const = default;

 private:
  std::array<uint8_t, 20> bytes_{};
  uint8_t len_ = 0;
};

// The keys of Initial packets. RFC 9001 §5.2: they come of the version and of the Destination Connection ID of the
// first Initial packet that the client sent; after a Retry, of the first one after it.
struct InitialKeys {
  uint32_t version = 0;
  ConnectionId origin;
  std::array<crypto::QuicProtection, 2> keys;  // by direction

  void start(const crypto::QuicVersionKeys& facts, const ConnectionId& id) {
    version = facts.version;
    origin = id;
    for (const crypto::Side side : {crypto::Side::client, crypto::Side::server}) {
      const auto secret = crypto::quic_initial_secret(facts.initial_salt, id.view(), side);
      keys[static_cast<size_t>(side)].start(crypto::Aead::aes_128_gcm, crypto::HashAlgorithm::sha256, secret,
                                            facts.labels);
    }
  }
};

// One direction at one level: a packet number space and its CRYPTO stream.
struct Space {
  std::optional<uint64_t> largest;
  QuicStream crypto;
  wire::HandshakeAssembler messages{QuicStream::kMaxLen};
  struct Piece {
    uint64_t begin;    // in this level's stream
    size_t in_stream;  // in the Trace's
  };
  std::vector<Piece> told;
  uint64_t told_len = 0;

  void reset() {
    largest.reset();
    crypto.reset();
    messages.reset();
    told.clear();
    told_len = 0;
  }
  // Where a byte of this level's stream stands in the Trace's.
  [[nodiscard]] size_t in_stream(uint64_t offset) const {
    const auto after = std::ranges::upper_bound(told, offset, {}, &Piece::begin);
    const Piece& piece = *(after - 1);
    return piece.in_stream + static_cast<size_t>(offset - piece.begin);
  }
};

class QuicFollower final : public ProtocolFollower {
 public:
  bool follow(const Flow& flow, FollowState& state) override;

 private:
  struct Waiting {
    Direction direction;
    ByteView packet;
    QuicLongHeader header;
  };

  void reset();
  [[nodiscard]] std::optional<size_t> find_start();
  [[nodiscard]] bool opens_by_itself(ByteView datagram, const QuicLongHeader& header);
  void datagram(const FlowEvent& event);
  void packet(Direction direction, ByteView bytes, const QuicLongHeader& header);
  void short_header(Direction direction);
  void initial(Direction direction, ByteView bytes, const QuicLongHeader& header);
  [[nodiscard]] std::optional<QuicOpened> open_initial(Direction direction, ByteView bytes,
                                                       const QuicLongHeader& header);
  [[nodiscard]] InitialKeys* initial_keys(uint32_t version, const ConnectionId& origin);
  void handshake(Direction direction, ByteView bytes, const QuicLongHeader& header);
  void start_handshake_keys(Direction direction, uint32_t version);
  void negotiation(Direction direction, const QuicLongHeader& header);
  void retry(Direction direction, const QuicLongHeader& header);
  void frames(Direction direction, Level level, ByteView payload);
  void crypto(Direction direction, Level level, const QuicFrame& frame);
  void tell_messages(Direction direction, Level level);
  void message(Direction direction, Level level, const wire::HandshakeAssembler::Message& message);
  void closed(Direction direction, Level level, const QuicFrame& frame);
  void finish();

  [[nodiscard]] Space& space(Direction direction, Level level) {
    return spaces_[index(direction)][level == Level::initial ? 0 : 1];
  }
  void note(Direction direction, std::string_view text) { state_->trace.on_event(EventKind::note, direction, text); }
  // True the first time that it is asked in this direction.
  [[nodiscard]] static bool once(std::array<bool, 2>& told, Direction direction) {
    return !std::exchange(told[index(direction)], true);
  }

  const Flow* flow_ = nullptr;
  FollowState* state_ = nullptr;
  std::vector<InitialKeys> initial_;  // num_initial_ of them are in use
  size_t num_initial_ = 0;
  ConnectionId origin_;  // what the keys come from at present
  std::optional<ConnectionId> retry_id_;
  std::array<std::array<Space, 2>, 2> spaces_;
  std::array<crypto::QuicProtection, 2> handshake_keys_;
  bool server_hello_seen_ = false;
  std::array<uint8_t, wire::kRandomLen> client_random_{};
  bool random_known_ = false;
  std::vector<Waiting> waiting_;
  std::array<bool, 2> seen_{}, closed_{}, handshake_begun_{}, short_seen_{}, early_noted_{};
  size_t negotiated_at_ = 0;  // the event with the Version Negotiation that the connection goes on from; 0: none
  bool gave_up_ = false;      // another connection began
  bool incomplete_ = false;
  Bytes buffer_;
};

bool QuicFollower::follow(const Flow& flow, FollowState& state) {
  if (flow.protocol != Protocol::udp) return false;
  flow_ = &flow;
  state_ = &state;
  reset();
  const auto start = find_start();
  if (!start) return false;
  begin_trace(flow, flow.events[*start].side, state);
  state.trace.set_transport(trace::Transport::quic);
  // What came before the packet that says who is the client, and with which keys, comes after it: it had to wait. Only
  // an attempt that ended in Version Negotiation is over and done with.
  if (negotiated_at_ == 0) datagram(flow.events[*start]);
  for (size_t i = negotiated_at_; i < flow.events.size() && !gave_up_; ++i) {
    if (flow.events[i].kind == FlowEvent::Kind::gap) incomplete_ = true;
    if (flow.events[i].kind == FlowEvent::Kind::data && (i != *start || negotiated_at_ != 0)) datagram(flow.events[i]);
  }
  finish();
  return true;
}

void QuicFollower::reset() {
  num_initial_ = negotiated_at_ = 0;
  retry_id_.reset();
  for (auto& direction : spaces_)
    for (Space& space : direction) space.reset();
  for (crypto::QuicProtection& keys : handshake_keys_) keys.stop();
  server_hello_seen_ = random_known_ = gave_up_ = incomplete_ = false;
  waiting_.clear();
  seen_ = closed_ = handshake_begun_ = short_seen_ = early_noted_ = {};
}

// The first Initial packet that opens with the keys that it names itself: only a client's does, and only one that does
// not answer a packet of the server. When the server then asked for another version, the client's next one.
std::optional<size_t> QuicFollower::find_start() {
  std::optional<size_t> start;
  uint32_t version = 0;
  size_t tries = 0;
  size_t negotiated = 0;
  for (size_t i = 0; i < flow_->events.size() && tries < kMaxTries; ++i) {
    const FlowEvent& event = flow_->events[i];
    if (event.kind != FlowEvent::Kind::data) continue;
    const ByteView datagram = flow_->view(event);
    if (!is_quic_long_header(datagram)) continue;
    const auto header = parse_quic_long_header(datagram);
    if (!header) continue;
    if (header->type == QuicPacketType::version_negotiation && start && event.side != flow_->events[*start].side)
      negotiated = i;
    if (header->type != QuicPacketType::initial || (start && (negotiated == 0 || header->version == version))) continue;
    ++tries;
    if (!opens_by_itself(datagram, *header)) continue;
    start = i;
    version = header->version;
    origin_ = ConnectionId(header->destination_id);
    negotiated_at_ = negotiated;
  }
  return start;
}

bool QuicFollower::opens_by_itself(ByteView datagram, const QuicLongHeader& header) {
  InitialKeys* keys = initial_keys(header.version, ConnectionId(header.destination_id));
  return keys != nullptr && open_quic_packet(keys->keys[0], datagram, header, std::nullopt, buffer_);
}

InitialKeys* QuicFollower::initial_keys(uint32_t version, const ConnectionId& origin) {
  for (size_t i = 0; i < num_initial_; ++i) {
    if (initial_[i].version == version && initial_[i].origin == origin) return &initial_[i];
  }
  const auto facts = crypto::find_quic_version(version);
  if (!facts) return nullptr;
  if (num_initial_ == kMaxKeySets) {  // the oldest makes room
    std::rotate(initial_.begin(), initial_.begin() + 1, initial_.end());
    --num_initial_;
  }
  if (num_initial_ == initial_.size()) initial_.emplace_back();
  initial_[num_initial_].start(*facts, origin);
  return &initial_[num_initial_++];
}

void QuicFollower::datagram(const FlowEvent& event) {
  state_->clock.set(std::max(state_->clock.monotonic_ns(), event.time_ns));
  const Direction direction = direction_of(event.side, *state_);
  // RFC 9000 §12.2: several packets may stand in one datagram, each with a length but the last.
  for (ByteView rest = flow_->view(event); !rest.empty() && !gave_up_;) {
    if (!is_quic_long_header(rest)) {
      if ((rest[0] & 0xc0U) == 0x40U) short_header(direction);
      return;
    }
    const auto header = parse_quic_long_header(rest);
    if (!header) {
      incomplete_ = true;
      note(direction, "a QUIC packet that is cut off or malformed: " + header.error().message());
      return;
    }
    packet(direction, rest.first(header->len), *header);
    rest = rest.subspan(header->len);
  }
}

void QuicFollower::packet(Direction direction, ByteView bytes, const QuicLongHeader& header) {
  switch (header.type) {
    case QuicPacketType::initial:
      return initial(direction, bytes, header);
    case QuicPacketType::handshake:
      return handshake(direction, bytes, header);
    case QuicPacketType::zero_rtt:
      if (once(early_noted_, direction)) note(direction, "0-RTT packets");
      return;
    case QuicPacketType::retry:
      return retry(direction, header);
    case QuicPacketType::version_negotiation:
      return negotiation(direction, header);
  }
}

void QuicFollower::short_header(Direction direction) {
  // RFC 9001 §5.7: who sends one has the keys of application data; the client has them when it has finished.
  if (!server_hello_seen_ || !once(short_seen_, direction)) return;
  state_->trace.on_application_data(direction, Level::application, {}, {});
}

void QuicFollower::negotiation(Direction direction, const QuicLongHeader& header) {
  if (direction != Direction::server_to_client) return;
  std::string versions;
  for (size_t at = 0; at + 4 <= header.rest.size() && at < 64; at += 4) {
    uint32_t version = 0;
    for (size_t i = 0; i < 4; ++i) version = version << 8 | header.rest[at + i];
    versions += (versions.empty() ? "" : ", ") + quic_version_name(version);
  }
  note(direction, "Version Negotiation: the server speaks " + (versions.empty() ? "no version" : versions));
}

void QuicFollower::retry(Direction direction, const QuicLongHeader& header) {
  if (direction != Direction::server_to_client) return;
  retry_id_ = ConnectionId(header.source_id);
  note(direction, "Retry: the server wants the client's address confirmed");
}

std::optional<QuicOpened> QuicFollower::open_initial(Direction direction, ByteView bytes,
                                                     const QuicLongHeader& header) {
  Space& numbers = space(direction, Level::initial);
  if (InitialKeys* keys = initial_keys(header.version, origin_)) {
    if (auto opened = open_quic_packet(keys->keys[index(direction)], bytes, header, numbers.largest, buffer_))
      return opened;
  }
  const ConnectionId own(header.destination_id);
  if (direction == Direction::server_to_client || own == origin_) return std::nullopt;
  InitialKeys* keys = initial_keys(header.version, own);
  auto opened = open_quic_packet(keys->keys[0], bytes, header, numbers.largest, buffer_);
  if (!opened) return std::nullopt;
  // RFC 9001 §5.2: after a Retry the keys come from the connection id that the server chose in it. One that was not
  // captured is known by the token that the client then sends, before any answer.
  if (own == retry_id_ || (!header.rest.empty() && !seen_[1])) {
    origin_ = own;
    return opened;
  }
  gave_up_ = true;
  note(direction, "another QUIC connection begins between the same endpoints: it is not followed");
  return std::nullopt;
}

void QuicFollower::initial(Direction direction, ByteView bytes, const QuicLongHeader& header) {
  const auto opened = open_initial(direction, bytes, header);
  if (gave_up_) return;
  if (!opened) {
    incomplete_ = true;
    state_->trace.on_problem(direction, Level::initial, "an Initial packet that does not open", {});
    return;
  }
  seen_[index(direction)] = true;
  Space& numbers = space(direction, Level::initial);
  numbers.largest = std::max(numbers.largest.value_or(0), opened->number);
  frames(direction, Level::initial, opened->payload);
}

void QuicFollower::handshake(Direction direction, ByteView bytes, const QuicLongHeader& header) {
  seen_[index(direction)] = true;
  if (!server_hello_seen_) {  // which AEAD it is is not known yet
    if (waiting_.size() < kMaxWaiting)
      waiting_.push_back({direction, bytes, header});
    else
      incomplete_ = true;
    return;
  }
  crypto::QuicProtection& keys = handshake_keys_[index(direction)];
  if (once(handshake_begun_, direction)) {
    start_handshake_keys(direction, header.version);
    if (!keys.active()) note(direction, "Handshake packets, not opened: no secret for them");
  }
  if (!keys.active()) return;
  Space& numbers = space(direction, Level::handshake);
  const auto opened = open_quic_packet(keys, bytes, header, numbers.largest, buffer_);
  if (!opened) {
    incomplete_ = true;
    state_->trace.on_problem(direction, Level::handshake, "a Handshake packet that does not open", {});
    return;
  }
  numbers.largest = std::max(numbers.largest.value_or(0), opened->number);
  frames(direction, Level::handshake, opened->payload);
}

// Handshake packets open if the key log has the secret. A version may be negotiated along the way (RFC 9368 §2.4), so
// that the labels are those of the packet's version.
void QuicFollower::start_handshake_keys(Direction direction, uint32_t version) {
  const auto label = direction == Direction::client_to_server ? trace::SecretLabel::client_handshake_traffic_secret
                                                              : trace::SecretLabel::server_handshake_traffic_secret;
  const crypto::SuiteCrypto* suite = crypto::find_suite(state_->trace.cipher_suite());
  const auto facts = crypto::find_quic_version(version);
  SecretBytes secret;
  if (suite == nullptr || !suite->tls13 || crypto::aead_tag_len(suite->aead) != 16 || !facts || !random_known_ ||
      state_->keys == nullptr || !state_->keys->find(label, client_random_, secret) ||
      secret.size() != crypto::hash_len(suite->hash)) {
    return;
  }
  handshake_keys_[index(direction)].start(suite->aead, suite->hash, secret.view(), facts->labels);
  state_->followed.had_keys = true;
}

void QuicFollower::frames(Direction direction, Level level, ByteView payload) {
  ParseError error;
  Reader r(payload, error);
  QuicFrame frame;
  // RFC 9000 §12.4: a packet without frames is a PROTOCOL_VIOLATION.
  if (payload.empty()) state_->trace.on_problem(direction, level, "a QUIC packet without frames", {});
  while (!r.empty()) {
    if (!read_quic_frame(r, frame)) {
      state_->trace.on_problem(direction, level, "a QUIC frame that cannot be decoded: " + error.message(), {});
      break;
    }
    if (frame.kind == QuicFrame::Kind::crypto) crypto(direction, level, frame);
    if (frame.kind == QuicFrame::Kind::connection_close) closed(direction, level, frame);
  }
  tell_messages(direction, level);
}

void QuicFollower::crypto(Direction direction, Level level, const QuicFrame& frame) {
  switch (space(direction, level).crypto.add(frame.offset, frame.data)) {
    case QuicStream::Added::yes:
      return;
    case QuicStream::Added::conflict:
      state_->trace.on_event(EventKind::conflict, direction,
                             "a CRYPTO frame says something else than the one before it");
      return;
    case QuicStream::Added::too_much:
      incomplete_ = true;
      note(direction, fmt::format("a CRYPTO frame at {}, beyond what is kept", frame.offset));
      return;
  }
}

void QuicFollower::tell_messages(Direction direction, Level level) {
  Space& at = space(direction, level);
  const ByteView fresh = at.crypto.unread();
  if (fresh.empty()) return;
  at.told.push_back({at.told_len, static_cast<size_t>(state_->trace.num_bytes(direction))});
  at.told_len += fresh.size();
  state_->trace.on_bytes(direction, fresh);
  at.messages.push(fresh, 0);
  at.crypto.take_unread();
  wire::HandshakeAssembler::Message next;
  for (;;) {
    const auto what = at.messages.next(next);
    if (what == wire::HandshakeAssembler::Next::message) {
      message(direction, level, next);
      continue;
    }
    if (what == wire::HandshakeAssembler::Next::too_large)
      state_->trace.on_problem(direction, level, "a handshake message that is longer than what is kept", {});
    return;
  }
}

void QuicFollower::message(Direction direction, Level level, const wire::HandshakeAssembler::Message& message) {
  const Space& at = space(direction, level);
  const size_t begin = at.in_stream(message.offset_in_stream);
  const size_t end = at.in_stream(message.offset_in_stream + message.raw.size() - 1) + 1;
  state_->trace.on_message({direction, level, message.type, message.raw, {begin, end - begin}});
  if (direction == Direction::client_to_server && !random_known_ &&
      message.type == registry::handshake_type::client_hello &&
      message.raw.size() >= kClientRandomAt + wire::kRandomLen) {
    std::ranges::copy(message.raw.subspan(kClientRandomAt, wire::kRandomLen), client_random_.begin());
    random_known_ = true;
  }
  if (server_hello_seen_ || direction == Direction::client_to_server || state_->trace.cipher_suite() == 0) return;
  server_hello_seen_ = true;
  for (size_t i = 0; i < waiting_.size(); ++i) handshake(waiting_[i].direction, waiting_[i].packet, waiting_[i].header);
  waiting_.clear();
}

void QuicFollower::closed(Direction direction, Level level, const QuicFrame& frame) {
  if (!once(closed_, direction)) return;  // it is sent again, and at both levels
  std::string text = "CONNECTION_CLOSE";
  // RFC 9001 §4.8: 0x0100 and the alert that TLS would have sent; all of them are fatal.
  if (frame.error >> 8 == 1) {
    state_->trace.on_alert(direction, level, kFatal, static_cast<uint8_t>(frame.error), {});
    if (frame.data.empty()) return;
  } else {
    text += " " + quic_error_name(frame.error);
  }
  if (!frame.data.empty()) text += ": " + std::string(as_text(frame.data));
  note(direction, text);
}

void QuicFollower::finish() {
  if (!waiting_.empty()) {
    incomplete_ = true;
    note(waiting_.front().direction, "Handshake packets, not opened: there is no ServerHello that says how");
  }
  for (const Direction direction : {Direction::client_to_server, Direction::server_to_client}) {
    for (const Level level : {Level::initial, Level::handshake}) {
      const Space& at = space(direction, level);
      const ByteRange hole = at.crypto.first_hole();
      if (hole.len == 0 && at.messages.pending_len() == 0) continue;
      incomplete_ = true;
      state_->trace.on_event(
          EventKind::gap, direction,
          hole.len == 0
              ? fmt::format("the rest of a message in CRYPTO frames, {} level", to_string(level))
              : fmt::format("{} bytes of CRYPTO frames at {}, {} level", hole.len, hole.offset, to_string(level)));
    }
  }
  state_->trace.set_coverage({.from_start = true,
                              .client_seen = true,
                              .server_seen = seen_[1],
                              .complete_streams = !incomplete_,
                              .ended = closed_[0] || closed_[1] || flow_->end == FlowEnd::idle});
}

}  // namespace

std::unique_ptr<ProtocolFollower> make_quic_follower() {
  return std::make_unique<QuicFollower>();
}

}  // namespace tlsproof::capture
