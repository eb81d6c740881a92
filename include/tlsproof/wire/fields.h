// Fields of messages by name, for edits that are written down in scenarios.
//
// A path is the RFC's field name ("legacy_session_id") or "extensions", or "extensions.NAME" where NAME is IANA's
// extension name, "alpn" or "sni" for short, or a number ("0x1a1a", "51"). "extensions.NAME#2" is the second one of
// that type.
#pragma once

#include "tlsproof/wire/messages.h"

namespace tlsproof::wire {

// A value as a person wrote it.
struct FieldValue {
  enum class Kind : uint8_t { none, integer, bytes, text, list };
  Kind kind = Kind::none;
  int64_t integer = 0;
  Bytes bytes;
  std::string text;
  std::vector<FieldValue> list;

  [[nodiscard]] static FieldValue of_integer(int64_t value);
  [[nodiscard]] static FieldValue of_bytes(ByteView value);
  [[nodiscard]] static FieldValue of_text(std::string_view value);
  [[nodiscard]] static FieldValue of_list(std::vector<FieldValue> value);
};

// How a value is read, by the kind of field:
//   number                   an integer that fits, or a text: its registry name (TLS_AES_128_GCM_SHA256, x25519,
//   TLS1.3) or hex ("0x1301") bytes                    bytes; a text of hex digits, with or without "hex:"; a list of
//   integers 0…255; none: empty list of numbers          a list of such numbers; a single one is a list of one list of
//   byte strings     a list of such bytes extensions.NAME          bytes, or a text "hex:…": the raw body; none: an
//   empty body. Else, where this module knows the form
//                            that the extension has in this message, its typed value:
//       supported_versions, supported_groups, signature_algorithms, signature_algorithms_cert, psk_key_exchange_modes,
//       ec_point_formats     a list of numbers (ServerHello's supported_versions: one number)
//       application_layer_protocol_negotiation, server_name   a text or a list of texts, as they are
//       key_share            ClientHello: a list of shares, each [group, key bytes], or a group alone, which keeps the
//       key of
//                            the share that the message has for it (else an empty one); ServerHello: one share;
//                            HelloRetryRequest: one group
//       record_size_limit, max_fragment_length, early_data (NewSessionTicket), pre_shared_key (ServerHello)   a number
//       cookie, renegotiation_info   bytes: the content within the length field
//     and for all others, a text of hex digits or a list of integers: the raw body.
//   An extension that is not there is appended; "extensions" itself takes a list of [NAME, value].
// `random` and other arrays take exactly their length.

// Sets the field. Error (usage): an unknown field (naming it, the message and the candidates), or a value that does not
// fit (saying what would). The message is unchanged then.
[[nodiscard]] Status set_field(AnyMessage& message, std::string_view path, const FieldValue& value);
// Adds to a list or byte field instead of replacing it. "extensions.NAME" appends another extension, even a duplicate.
[[nodiscard]] Status append_field(AnyMessage& message, std::string_view path, const FieldValue& value);
// Removes an extension, or empties a list or byte field; "extensions" makes the block absent where the message may omit
// it (hellos). Error (usage): an unknown field, or one that is always there (a number, random), or an extension that is
// not there.
[[nodiscard]] Status remove_field(AnyMessage& message, std::string_view path);

// The names that `message` takes, "extensions" included; empty for messages without fields.
[[nodiscard]] std::vector<std::string_view> field_names(const AnyMessage& message);

}  // namespace tlsproof::wire
