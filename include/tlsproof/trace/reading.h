// A Trace read once: every handshake message decoded, and the ones that everybody asks for by name. What the rules, the
// views and the fingerprints work on, so that nothing is decoded twice.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "tlsproof/base/byte_list.h"
#include "tlsproof/trace/trace.h"

namespace tlsproof::trace {

struct MessageRead {
  size_t event = 0;  // index into trace().events()
  Direction direction = Direction::client_to_server;
  Level level = Level::initial;
  uint8_t type = 0;                           // HandshakeType
  const wire::AnyMessage* message = nullptr;  // null: it does not decode, `error` says where
  ParseError error;                           // offsets count from the message's header
  // Of a CompressedCertificate: the Certificate inside and the bytes of its body, as they came out. Null and empty,
  // with `unpacked_problem` (a literal) saying why; when it is that it does not decode, `unpacked_error` says where.
  const wire::AnyMessage* unpacked = nullptr;
  ByteView unpacked_body;
  std::string_view unpacked_problem;
  ParseError unpacked_error;

  // The message as a T, what was compressed in it as well; null when it is none or does not decode.
  template <class T>
  [[nodiscard]] const T* as() const {
    if (message == nullptr) return nullptr;
    const T* found = std::get_if<T>(message);
    return found == nullptr && unpacked != nullptr ? std::get_if<T>(unpacked) : found;
  }
};

// Holds memory that is used again by the next read(). Borrows the Trace.
class Reading {
 public:
  // Compressed certificates of one Trace are unpacked as long as they announce no more than this in all (RFC 8879 §4
  // leaves the limit to the receiver).
  static constexpr size_t kMaxUnpackedLen = size_t{1} << 20;

  Reading() = default;
  explicit Reading(const Trace& trace) { read(trace); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  void read(const Trace& trace);
  [[nodiscard]] const Trace& trace() const { return *trace_; }

  // Every message event, in order.
  [[nodiscard]] std::span<const MessageRead> messages() const { return messages_; }
  // The first message of this type in this direction; null when there is none.
  [[nodiscard]] const MessageRead* find(Direction direction, uint8_t type) const;
  // The one whose event this is; null when there is none.
  [[nodiscard]] const MessageRead* at_event(size_t event) const;
  // The first one that decodes as T, null when there is none.
  template <class T>
  [[nodiscard]] const T* first(Direction direction) const {
    for (const MessageRead& read : messages_)
      if (const T* found = read.direction == direction ? read.as<T>() : nullptr) return found;
    return nullptr;
  }

  // Of the first handshake on the connection (a renegotiation's are found among messages()). Null: not there, or it
  // does not decode.
  [[nodiscard]] const MessageRead* first_client_hello() const { return first_client_hello_; }
  [[nodiscard]] const MessageRead* client_hello() const { return client_hello_; }  // the one that ServerHello answers
  [[nodiscard]] const MessageRead* hello_retry_request() const { return hello_retry_request_; }
  [[nodiscard]] const MessageRead* server_hello() const { return server_hello_; }
  // The DER of the certificates in the first Certificate of that direction, end entity first; empty: none was seen.
  // Borrows from this object.
  [[nodiscard]] const ByteList& certificates(Direction direction) const {
    return certificates_[static_cast<size_t>(direction)];
  }

 private:
  wire::AnyMessage& slot(uint8_t type);
  void read_message(size_t index, const Event& event);
  void unpack(MessageRead& read);
  void remember(const MessageRead& read);

  const Trace* trace_ = nullptr;
  std::vector<MessageRead> messages_;
  // Decoded messages by type, so that each struct's memory is used again.
  struct Slots {
    std::vector<std::unique_ptr<wire::AnyMessage>> messages;
    size_t num_used = 0;
  };
  std::array<Slots, 256> slots_;
  std::vector<Bytes> unpacked_;  // the first num_unpacked_ are in use
  size_t num_unpacked_ = 0;
  size_t unpacked_len_ = 0;
  std::array<ByteList, 2> certificates_;
  std::array<bool, 2> certificates_seen_{};
  const MessageRead* first_client_hello_ = nullptr;
  const MessageRead* client_hello_ = nullptr;
  const MessageRead* hello_retry_request_ = nullptr;
  const MessageRead* server_hello_ = nullptr;
};

}  // namespace tlsproof::trace
