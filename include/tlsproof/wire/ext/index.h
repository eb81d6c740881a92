// Which extension may stand in which message, and what it looks like there: the one table for view, rules and
// scenarios.
#pragma once

#include <optional>
#include <span>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"
#include "tlsproof/wire/extension_list.h"

namespace tlsproof::wire {

// The messages that carry extensions, with the letters of RFC 8446 §4.2's table.
enum class ExtensionPlace : uint8_t {
  client_hello,          // CH, of any version
  server_hello,          // SH of TLS 1.3
  server_hello12,        // ServerHello of TLS 1.2 and below
  hello_retry_request,   // HRR
  encrypted_extensions,  // EE
  certificate,           // CT: a CertificateEntry of TLS 1.3
  certificate_request,   // CR of TLS 1.3
  new_session_ticket,    // NST of TLS 1.3
};
// "ClientHello", "ServerHello", …
[[nodiscard]] std::string_view to_string(ExtensionPlace place);

// One permitted pair of extension and message.
struct ExtensionForm {
  uint16_t type = 0;
  ExtensionPlace place{};
  std::string_view name;       // IANA's name of the extension
  std::string_view shape;      // the struct's name in wire/ext/ ("KeyShareClient"); empty: known, but raw here
  std::string_view reference;  // "RFC 8446 §4.2.8"
  // Whether `body` decodes whole as that struct; `base` is added to offsets. nullptr for raw ones.
  Parsed<void> (*check)(ByteView body, size_t base) = nullptr;
};

// Every pair, ascending by type, then place. Never destroyed.
[[nodiscard]] std::span<const ExtensionForm> extension_forms();
// The pair, or nullptr when the extension is unknown to the table or may not stand there (see is_indexed_extension).
[[nodiscard]] const ExtensionForm* find_extension_form(uint16_t type, ExtensionPlace place);
// Whether the table knows the extension at all: only then does a missing pair mean "may not stand there".
[[nodiscard]] bool is_indexed_extension(uint16_t type);
// true and false as the table says; nullopt for extensions that it does not know (GREASE, private, new).
[[nodiscard]] std::optional<bool> may_stand(uint16_t type, ExtensionPlace place);
// Whether a body decodes where it stands. Nothing is checked for raw, unknown and misplaced ones.
[[nodiscard]] Parsed<void> check_extension(uint16_t type, ExtensionPlace place, ByteView body, size_t base = 0);

}  // namespace tlsproof::wire
