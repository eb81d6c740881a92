#include "tlsproof/trace/reading.h"

#include <algorithm>

namespace tlsproof::trace {
namespace {

void take_certificates(const wire::AnyMessage& message, ByteList& out) {
  const ByteList* certificates = nullptr;
  if (const auto* v12 = std::get_if<wire::Certificate12>(&message)) certificates = &v12->certificates;
  if (const auto* v13 = std::get_if<wire::Certificate13>(&message)) certificates = &v13->certificates;
  if (certificates == nullptr) return;
  for (size_t i = 0; i < certificates->size(); ++i) out.push_back((*certificates)[i]);
}

}  // namespace

void Reading::read(const Trace& trace) {
  trace_ = &trace;
  messages_.clear();
  for (Slots& slots : slots_) slots.num_used = 0;
  for (ByteList& list : certificates_) list.clear();
  certificates_seen_ = {};
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
  remember(read);
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
    take_certificates(*read.message, list);
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
