#include "tlsproof/trace/trace.h"

#include <algorithm>

#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/trace/keylog.h"

namespace tlsproof::trace {
namespace {

constexpr size_t kMaxTextLen = 4096;              // of one text; what is longer is cut
constexpr size_t kMaxTextsLen = size_t{4} << 20;  // of all texts; what comes after it is left out
constexpr size_t kMaxSecrets = 64;                // eight labels; the rest is room for odd followers
constexpr size_t kContentsPerStream = 3;          // a byte passes once, and is kept in a record, a message and as data

size_t index(Direction direction) {
  return direction == Direction::client_to_server ? 0 : 1;
}

// The part of `range` that lies within `bytes`: the range of something that was not kept may lie behind the end.
ByteView slice(const Bytes& bytes, ByteRange range) {
  if (range.offset >= bytes.size()) return {};
  return ByteView(bytes).subspan(range.offset, std::min(range.len, bytes.size() - range.offset));
}

}  // namespace

std::string_view to_text(Transport transport) {
  switch (transport) {
    case Transport::tls:
      return "TLS";
    case Transport::ssl2:
      return "SSL 2.0";
    case Transport::dtls:
      return "DTLS";
    case Transport::quic:
      return "QUIC";
  }
  return {};
}

Trace::Trace(const Clock& clock, TraceLimits limits, SecretUse secret_use)
    : clock_(&clock), limits_(limits), secret_use_(secret_use) {}

void Trace::begin(std::string local_address, std::string peer_address) {
  events_.clear();
  num_dropped_ = 0;
  for (Bytes& stream : streams_) stream.clear();
  for (Bytes& contents : contents_) contents.clear();
  num_bytes_ = {};
  tls_begins_ = {};
  texts_.clear();
  text_ranges_.clear();
  secrets_.clear();  // wipes
  version_ = 0;
  cipher_suite_ = 0;
  transport_ = Transport::tls;
  coverage_ = {};
  start_wall_ns_ = clock_->wall_ns();
  start_monotonic_ns_ = clock_->monotonic_ns();
  set_addresses(std::move(local_address), std::move(peer_address));
}

void Trace::set_addresses(std::string local_address, std::string peer_address) {
  local_address_ = std::move(local_address);
  peer_address_ = std::move(peer_address);
}

void Trace::on_bytes(Direction direction, ByteView bytes) {
  uint64_t& passed = num_bytes_[index(direction)];
  Bytes& stream = streams_[index(direction)];
  Event& event = add(EventKind::bytes, direction);
  event.stream = {static_cast<size_t>(passed), bytes.size()};
  passed += bytes.size();
  const size_t room = limits_.max_stream_len - std::min(limits_.max_stream_len, stream.size());
  append(stream, bytes.first(std::min(room, bytes.size())));
}

void Trace::on_record(const RecordSeen& record) {
  Event& event = add(EventKind::record, record.direction);
  event.level = record.level;
  event.opened = record.opened;
  event.code = record.content_type;
  event.version = record.version;
  event.stream = in_stream(record.direction, record.stream);
  event.content = keep_content(record.direction, record.content);
}

void Trace::on_message(const MessageSeen& message) {
  Event& event = add(EventKind::message, message.direction);
  event.level = message.level;
  event.code = message.type;
  event.stream = in_stream(message.direction, message.stream);
  event.content = keep_content(message.direction, message.raw);
  if (version_ != 0 || message.type != registry::handshake_type::server_hello ||
      message.raw.size() < wire::kHandshakeHeaderLen) {
    return;
  }
  const auto hello = wire::decode_all<wire::ServerHello>(message.raw.subspan(wire::kHandshakeHeaderLen));
  if (!hello || hello->is_hello_retry_request()) return;
  version_ = hello->selected_version();
  cipher_suite_ = hello->cipher_suite;
}

void Trace::on_alert(Direction direction, Level level, uint8_t alert_level, uint8_t description, ByteRange stream) {
  Event& event = add(EventKind::alert, direction);
  event.level = level;
  event.code = static_cast<uint16_t>(alert_level << 8 | description);
  event.stream = in_stream(direction, stream);
}

void Trace::on_change_cipher_spec(Direction direction, ByteRange stream) {
  add(EventKind::change_cipher_spec, direction).stream = in_stream(direction, stream);
}

void Trace::on_application_data(Direction direction, Level level, ByteView data, ByteRange stream) {
  Event& event = add(EventKind::application_data, direction);
  event.level = level;
  event.stream = in_stream(direction, stream);
  event.content = keep_content(direction, data);
}

void Trace::on_problem(Direction direction, Level level, std::string_view what, ByteRange stream) {
  Event& event = add(EventKind::problem, direction);
  event.level = level;
  event.stream = in_stream(direction, stream);
  event.text = keep_text(what);
}

void Trace::on_secret(SecretLabel label, const std::array<uint8_t, 32>& client_random, ByteView secret) {
  if (secret_use_.key_log != nullptr) secret_use_.key_log->write(label, client_random, secret);
  if (!secret_use_.keep || secrets_.size() >= kMaxSecrets) return;
  secrets_.push_back({label, client_random, SecretBytes(secret)});
}

void Trace::on_event(EventKind kind, Direction direction, std::string_view text, uint16_t code, ByteRange stream) {
  Event& event = add(kind, direction);
  event.stream = stream;
  event.code = code;
  event.text = keep_text(text);
}

void Trace::begin_tls() {
  for (size_t i = 0; i < tls_begins_.size(); ++i) tls_begins_[i] = static_cast<size_t>(num_bytes_[i]);
}

ByteRange Trace::in_stream(Direction direction, ByteRange of_tls) const {
  return {tls_begins_[index(direction)] + of_tls.offset, of_tls.len};
}

ByteView Trace::stream(Direction direction) const {
  return streams_[index(direction)];
}
uint64_t Trace::num_bytes(Direction direction) const {
  return num_bytes_[index(direction)];
}
ByteView Trace::content(const Event& event) const {
  return slice(contents_[index(event.direction)], event.content);
}
ByteView Trace::bytes_of(const Event& event) const {
  return slice(streams_[index(event.direction)], event.stream);
}

std::string_view Trace::text(const Event& event) const {
  if (event.text == 0 || event.text > text_ranges_.size()) return {};
  const ByteRange range = text_ranges_[event.text - 1];
  return std::string_view(texts_).substr(range.offset, range.len);
}

Parsed<wire::AnyMessage> Trace::message(const Event& event) const {
  wire::AnyMessage out;
  if (auto status = message_into(event, out); !status) return std::unexpected(status.error());
  return out;
}

Parsed<void> Trace::message_into(const Event& event, wire::AnyMessage& out) const {
  const ByteView whole = content(event);
  if (event.kind != EventKind::message || whole.size() < wire::kHandshakeHeaderLen) {
    return std::unexpected(
        ParseError{ParseError::Kind::truncated, 0, "Handshake", wire::kHandshakeHeaderLen, whole.size()});
  }
  const registry::CipherSuiteInfo* suite = registry::cipher_suite_info(cipher_suite_);
  const wire::DecodeContext context{version_, suite == nullptr ? registry::KeyExchange::any : suite->kx,
                                    transport_ == Transport::dtls};
  return wire::decode_handshake_into(static_cast<uint8_t>(event.code), whole.subspan(wire::kHandshakeHeaderLen),
                                     context, out, wire::kHandshakeHeaderLen);
}

const Event* Trace::find_message(Direction direction, uint8_t type) const {
  const auto found = std::ranges::find_if(events_, [&](const Event& event) {
    return event.kind == EventKind::message && event.direction == direction && event.code == type;
  });
  return found == events_.end() ? nullptr : &*found;
}

Event& Trace::add(EventKind kind, Direction direction) {
  Event* event = &dropped_;
  if (events_.size() < limits_.max_events) {
    event = &events_.emplace_back();
  } else {
    ++num_dropped_;
    dropped_ = {};
  }
  event->kind = kind;
  event->direction = direction;
  event->time_ns = clock_->monotonic_ns() - start_monotonic_ns_;
  return *event;
}

ByteRange Trace::keep_content(Direction direction, ByteView content) {
  // Nothing points to the content of an event that was dropped; and half of a content would only mislead.
  Bytes& contents = contents_[index(direction)];
  const size_t limit = limits_.max_stream_len * kContentsPerStream;
  if (num_dropped_ > 0 || content.size() > limit - std::min(limit, contents.size())) return {};
  const ByteRange range{contents.size(), content.size()};
  append(contents, content);
  return range;
}

uint32_t Trace::keep_text(std::string_view text) {
  if (text.empty() || num_dropped_ > 0 || texts_.size() >= kMaxTextsLen) return 0;
  const std::string_view kept = text.substr(0, kMaxTextLen);
  text_ranges_.push_back({texts_.size(), kept.size()});
  texts_ += kept;
  return static_cast<uint32_t>(text_ranges_.size());
}

}  // namespace tlsproof::trace
