#include "tlsproof/trace/reading.h"

#include <algorithm>

#include "tlsproof/base/decompress.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::trace {
namespace {

void take_certificates(const MessageRead& read, ByteList& out) {
  const ByteList* certificates = nullptr;
  if (const auto* v12 = read.as<wire::Certificate12>()) certificates = &v12->certificates;
  if (const auto* v13 = read.as<wire::Certificate13>()) certificates = &v13->certificates;
  if (certificates == nullptr) return;
  for (size_t i = 0; i < certificates->size(); ++i) out.push_back((*certificates)[i]);
}

std::optional<Compression> compression_of(uint16_t algorithm) {
  switch (algorithm) {
    case registry::certificate_compression::zlib:
      return Compression::zlib;
    case registry::certificate_compression::brotli:
      return Compression::brotli;
    case registry::certificate_compression::zstd:
      return Compression::zstd;
    default:
      return std::nullopt;
  }
}

}  // namespace

void Reading::read(const Trace& trace) {
  trace_ = &trace;
  messages_.clear();
  for (Slots& slots : slots_) slots.num_used = 0;
  for (ByteList& list : certificates_) list.clear();
  certificates_seen_ = {};
  num_unpacked_ = unpacked_len_ = 0;
  first_client_hello_ = client_hello_ = hello_retry_request_ = server_hello_ = nullptr;

  const auto events = trace.events();
  const auto is_message = [](const Event& event) { return event.kind == EventKind::message; };
  // No growth from here on: the named messages are pointers into the list.
  messages_.reserve(static_cast<size_t>(std::ranges::count_if(events, is_message)));
  for (size_t i = 0; i < events.size(); ++i)
    if (is_message(events[i])) read_message(i, events[i]);
}

wire::AnyMessage& Reading::slot(uint8_t type) {
  Slots& slots = slots_[type];
  if (slots.num_used == slots.messages.size()) slots.messages.push_back(std::make_unique<wire::AnyMessage>());
  return *slots.messages[slots.num_used++];
}

void Reading::read_message(size_t index, const Event& event) {
  MessageRead& read = messages_.emplace_back();
  read.event = index;
  read.direction = event.direction;
  read.level = event.level;
  read.type = static_cast<uint8_t>(event.code);
  wire::AnyMessage& message = slot(read.type);
  if (const auto status = trace_->message_into(event, message); !status)
    read.error = status.error();
  else
    read.message = &message;
  unpack(read);
  remember(read);
}

void Reading::unpack(MessageRead& read) {
  const auto* packed = read.as<wire::CompressedCertificate>();
  if (packed == nullptr) return;
  const auto method = compression_of(packed->algorithm);
  if (!method) {
    read.unpacked_problem = "compressed in an unknown way";
    return;
  }
  if (packed->uncompressed_length > kMaxUnpackedLen - unpacked_len_) {
    read.unpacked_problem = "too large to unpack";
    return;
  }
  unpacked_len_ += packed->uncompressed_length;
  if (num_unpacked_ == unpacked_.size()) unpacked_.emplace_back();
  Bytes& body = unpacked_[num_unpacked_++];
  if (const auto outcome = decompress(*method, packed->compressed, packed->uncompressed_length, body); !outcome) {
    read.unpacked_problem = outcome.error();
    return;
  }
  read.unpacked_body = body;
  // RFC 8879 §4: what comes out MUST be as long as uncompressed_length says.
  if (body.size() != packed->uncompressed_length) {
    read.unpacked_problem = "less comes out than was announced";
    return;
  }
  wire::AnyMessage& message = slot(registry::handshake_type::certificate);
  const wire::DecodeContext context{registry::version::TLS1_3};  // the only version that has it
  if (const auto status = wire::decode_handshake_into(registry::handshake_type::certificate, body, context, message);
      !status) {
    read.unpacked_problem = "what was compressed is no Certificate";
    read.unpacked_error = status.error();
    return;
  }
  read.unpacked = &message;
}

void Reading::remember(const MessageRead& read) {
  if (read.message == nullptr) return;
  if (std::holds_alternative<wire::ClientHello>(*read.message)) {
    if (first_client_hello_ == nullptr) first_client_hello_ = &read;
    if (server_hello_ == nullptr) client_hello_ = &read;
  } else if (const auto* hello = std::get_if<wire::ServerHello>(read.message)) {
    if (server_hello_ != nullptr) return;
    if (!hello->is_hello_retry_request())
      server_hello_ = &read;
    else if (hello_retry_request_ == nullptr)
      hello_retry_request_ = &read;
  } else if (!certificates_seen_[static_cast<size_t>(read.direction)]) {
    ByteList& list = certificates_[static_cast<size_t>(read.direction)];
    take_certificates(read, list);
    certificates_seen_[static_cast<size_t>(read.direction)] = !list.empty();
  }
}

const MessageRead* Reading::find(Direction direction, uint8_t type) const {
  const auto found = std::ranges::find_if(
      messages_, [&](const MessageRead& read) { return read.direction == direction && read.type == type; });
  return found == messages_.end() ? nullptr : &*found;
}

const MessageRead* Reading::at_event(size_t event) const {
  const auto found = std::ranges::find(messages_, event, &MessageRead::event);
  return found == messages_.end() ? nullptr : &*found;
}

}  // namespace tlsproof::trace
