// What the follower itself has to know of the hellos, read without keeping anything. The Trace's readers decode them
// again, in full; a hello that does not decode there may still tell enough here.
#pragma once

#include <array>

#include "tlsproof/base/bytes.h"

namespace tlsproof::capture {

struct ClientHelloFacts {
  std::array<uint8_t, 32> random{};
  ByteView cipher_suites;  // pairs of bytes; borrows
  bool early_data = false;
};
// False when not even the random and the suites are there. Extensions are read as far as they go.
[[nodiscard]] bool read_client_hello(ByteView body, ClientHelloFacts& out);

struct ServerHelloFacts {
  uint16_t version = 0;  // selected: supported_versions where it is there
  std::array<uint8_t, 32> random{};
  uint16_t cipher_suite = 0;
  bool is_retry = false;  // a HelloRetryRequest
  bool encrypt_then_mac = false;
  bool truncated_hmac = false;
  ByteView alpn;  // before TLS 1.3; borrows
  [[nodiscard]] bool is_tls13() const { return version == 0x0304 || is_draft(); }
  [[nodiscard]] bool is_draft() const { return version >> 8 == 0x7f; }
  [[nodiscard]] unsigned draft() const { return version & 0xffU; }
};
// Up to draft 21 of TLS 1.3 it had neither session id nor compression method: that form is read too.
[[nodiscard]] bool read_server_hello(ByteView body, ServerHelloFacts& out);

// The protocol name in EncryptedExtensions; empty: none.
[[nodiscard]] ByteView alpn_of_encrypted_extensions(ByteView body);

// Whether a fragment can be the beginning of handshake messages in the clear: of types that exist, one after the other
// to its end. `whole`: none may go on in another record.
[[nodiscard]] bool looks_like_handshake(ByteView fragment, bool whole);

}  // namespace tlsproof::capture
