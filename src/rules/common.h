// What the rules about certificates, values and old algorithms ask of the first handshake of a connection.
#pragma once

#include "seen.h"

namespace tlsproof::rules {

// TLS 1.2 (or DTLS 1.2) itself: nothing older.
[[nodiscard]] inline bool is_tls12(const Seen& seen) {
  return !seen.handshakes.empty() && seen.handshakes.front().version == registry::version::TLS1_2;
}
[[nodiscard]] inline bool is_tls13(const Seen& seen) {
  return !seen.handshakes.empty() && seen.handshakes.front().is_tls13();
}
// The suite of the first handshake; null while unknown.
[[nodiscard]] inline const registry::CipherSuiteInfo* suite_of(const Seen& seen) {
  return seen.handshakes.empty() ? nullptr : seen.handshakes.front().suite;
}
// The message that brought the certificates of that side.
[[nodiscard]] inline const MessageRead* certificate_message(const Seen& seen, Direction direction) {
  const MessageRead* read = seen.facts.reading->find(direction, registry::handshake_type::certificate);
  return read != nullptr ? read : seen.facts.reading->find(direction, registry::handshake_type::compressed_certificate);
}

// RFC 9345 §4: the signature is then by the credential's key, not by the certificate's.
[[nodiscard]] inline bool has_delegated_credential(const Handshake& handshake, Direction direction) {
  const auto* certificate = handshake.get<wire::Certificate13>(direction);
  wire::ExtensionList extensions;
  return certificate != nullptr && certificate->size() > 0 && certificate->extensions_of(0, extensions) &&
         extensions.has(registry::extension::delegated_credential);
}

}  // namespace tlsproof::rules
