// Edits: how an honest run is bent. Each is anchored at a message of the run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tlsproof/config/node.h"
#include "tlsproof/scenario/value.h"

namespace tlsproof::scenario {

enum class Role : uint8_t { client, server };

enum class Message : uint8_t {
  hello_request,
  client_hello,
  server_hello,
  hello_retry_request,
  encrypted_extensions,
  certificate_request,
  certificate,
  certificate_status,
  server_key_exchange,
  server_hello_done,
  client_key_exchange,
  certificate_verify,
  change_cipher_spec,
  finished,
  new_session_ticket,
  end_of_early_data,
  key_update,
  application_data,
  alert,
};

// A message of the run. Files name it "certificate" (ours, when both sides send one), "server_certificate" or
// "client_certificate", with "#2" for the second one of that name and side.
struct MessageRef {
  Message message = Message::client_hello;
  Role sender = Role::client;
  uint32_t occurrence = 1;  // counted from 1
  bool operator==(const MessageRef&) const = default;
};
[[nodiscard]] std::string_view to_text(Message message);   // "client_hello"
[[nodiscard]] std::string to_text(const MessageRef& ref);  // "server_finished", "client_hello#2"
// Who may send it: both for certificate, certificate_verify, change_cipher_spec, finished, key_update,
// application_data, alert.
[[nodiscard]] bool may_send(Role role, Message message);
// Reads a name as above; nullopt for an unknown one. `we_are` decides whose a bare name is.
[[nodiscard]] std::optional<MessageRef> parse_message(std::string_view text, Role we_are);
// Every name that parse_message takes for `we_are`, without "#n".
[[nodiscard]] std::span<const std::string_view> message_names(Role we_are);

// Keys that protect a record.
enum class Level : uint8_t { plaintext, early, handshake, application };
[[nodiscard]] std::string_view to_text(Level level);

// ---- the message, before it is encoded
struct SetFields {
  FieldValues fields;
};
struct RemoveFields {
  std::vector<std::string> paths;
};
struct AppendFields {
  FieldValues fields;  // to lists and byte fields
};
// ---- its bytes, after; offsets count from the message's header, negative ones from its end
struct Truncate {
  int64_t len = 0;  // >= 0: body bytes kept; < 0: cut off
};
struct PatchBytes {
  struct Patch {
    int64_t offset = 0;
    Bytes bytes;
  };
  std::vector<Patch> patches;
};
// A length field that does not tell the truth; nothing else moves.
struct Lie {
  struct One {
    std::string field;
    uint32_t len = 0;
  };
  std::vector<One> lies;
};
// ---- the flight
struct Skip {};
struct Repeat {
  uint32_t times = 1;  // sent so many times more
};
struct MoveAfter {
  MessageRef after;
};
struct Inject {
  enum class What : uint8_t { message, alert, change_cipher_spec, record, raw };
  What what = What::message;
  uint8_t message_type =
      20;  // message: HandshakeType, of either side; `set` over a default one, or `body` in its place
  FieldValues set;
  std::optional<Bytes> body;  // message, change_cipher_spec, record, raw: without header
  uint8_t alert = 0;          // alert: AlertDescription and AlertLevel
  uint8_t alert_level = 2;
  uint8_t record_type = 23;    // record: ContentType
  std::optional<Level> level;  // unset: that of the moment
  bool hashed = true;          // message: enters the transcript
  uint32_t count = 1;
};
struct Fragment {
  uint32_t len = 0;  // content bytes a record
};
struct Segment {
  uint32_t len = 0;  // bytes a TCP segment
};
struct Coalesce {};  // in one record with the message after it
struct Pad {
  uint32_t len = 0;  // RFC 8446 §5.4: zeros added to each record
};
// ---- its record, at protection
struct RecordEdit {
  enum class Corrupt : uint8_t { none, tag, mac, padding, sequence };
  std::optional<uint16_t> version;  // legacy_record_version
  std::optional<uint8_t> type;      // outer ContentType
  Corrupt corrupt = Corrupt::none;
  bool plaintext = false;      // sent unprotected
  std::optional<Level> level;  // protected under other keys than its own
};
// ---- the connection
struct Wait {
  int64_t ns = 0;
};
struct HalfClose {};
struct ResetConnection {};

using Operation =
    std::variant<SetFields, RemoveFields, AppendFields, Truncate, PatchBytes, Lie, Skip, Repeat, MoveAfter, Inject,
                 Fragment, Segment, Coalesce, Pad, RecordEdit, Wait, HalfClose, ResetConnection>;
// The verb as files write it: "set", "half_close".
[[nodiscard]] std::string_view verb(const Operation& operation);
// Every verb, in the order of Operation.
[[nodiscard]] std::span<const std::string_view> verbs();

struct Edit {
  // at: the message itself, always one of ours. before and after: the place beside it; after may be a message of the
  // peer, and then means: once it was received.
  enum class When : uint8_t { at, before, after };
  When when = When::at;
  MessageRef anchor;
  std::vector<Operation> operations;  // at least one, applied in the order of Operation's alternatives
  config::Where where;
};

}  // namespace tlsproof::scenario
