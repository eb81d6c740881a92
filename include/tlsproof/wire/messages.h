// Any handshake message, typed by what the connection has negotiated so far.
#pragma once

#include <variant>

#include "tlsproof/registry/attributes.h"
#include "tlsproof/wire/handshake.h"
#include "tlsproof/wire/msg/certificate.h"
#include "tlsproof/wire/msg/certificate_request.h"
#include "tlsproof/wire/msg/certificate_status.h"
#include "tlsproof/wire/msg/certificate_verify.h"
#include "tlsproof/wire/msg/client_hello.h"
#include "tlsproof/wire/msg/client_key_exchange.h"
#include "tlsproof/wire/msg/compressed_certificate.h"
#include "tlsproof/wire/msg/empty.h"
#include "tlsproof/wire/msg/encrypted_extensions.h"
#include "tlsproof/wire/msg/finished.h"
#include "tlsproof/wire/msg/hello_verify_request.h"
#include "tlsproof/wire/msg/key_update.h"
#include "tlsproof/wire/msg/new_session_ticket.h"
#include "tlsproof/wire/msg/server_hello.h"
#include "tlsproof/wire/msg/server_key_exchange.h"

namespace tlsproof::wire {

// A message of a type that has no struct here, or whose form the context does not tell.
struct RawMessage {
  uint8_t type = 0;
  Bytes body;
  bool operator==(const RawMessage&) const = default;
};

using AnyMessage =
    std::variant<RawMessage, HelloRequest, ClientHello, ServerHello, NewSessionTicket12, NewSessionTicket13,
                 EndOfEarlyData, EncryptedExtensions, Certificate12, Certificate13, CertificateRequest12,
                 CertificateRequest13, CertificateStatus, ServerKeyExchangeEcdhe, ServerKeyExchangeDhe, ServerHelloDone,
                 ClientKeyExchangeEcdhe, ClientKeyExchangeDhe, ClientKeyExchangeRsa, CertificateVerify,
                 CompressedCertificate, Finished, KeyUpdate, MessageHash, HelloVerifyRequest>;

// What decides the form of the messages that differ between versions and key exchanges.
struct DecodeContext {
  // Negotiated; 0 while unknown: ServerKeyExchange, CertificateVerify, Certificate, CertificateRequest and
  // NewSessionTicket are then raw. So are, in drafts of TLS 1.3, those messages whose form was another one.
  uint16_t version = 0;
  // Of the negotiated cipher suite. Decides ServerKeyExchange and ClientKeyExchange: ecdhe, dhe, rsa (also ecdh and dh,
  // whose ClientKeyExchange is the same); others are raw.
  registry::KeyExchange key_exchange = registry::KeyExchange::any;
  // A ClientHello has a cookie (RFC 6347 §4.2.1, RFC 9147 §5.3), and type 3 is HelloVerifyRequest; versions are those
  // of DTLS (see tls_version_of in dtls.h).
  bool dtls = false;
};

// Decodes a message body, which must be consumed whole. `base` is added to the offsets of errors and extensions: 0
// makes them count from the start of the body, kHandshakeHeaderLen from the start of the message.
[[nodiscard]] Parsed<AnyMessage> decode_handshake(uint8_t type, ByteView body, const DecodeContext& context,
                                                  size_t base = 0);
// The same into `out`, reusing its memory when it holds the same alternative already. On failure `out` holds a part.
[[nodiscard]] Parsed<void> decode_handshake_into(uint8_t type, ByteView body, const DecodeContext& context,
                                                 AnyMessage& out, size_t base = 0);

[[nodiscard]] uint8_t message_type(const AnyMessage& message);
// "ClientHello", "HelloRetryRequest", …; "message 0x63" for raw ones without a name.
[[nodiscard]] std::string message_name(const AnyMessage& message);
// Appends header and body; false as encode_message(const T&).
[[nodiscard]] bool encode_message(const AnyMessage& message, Bytes& out);
void encode_body(const AnyMessage& message, Writer& w);

// The message's own extension list: hellos, EncryptedExtensions, CertificateRequest13, NewSessionTicket13; else
// nullptr.
[[nodiscard]] ExtensionList* extensions_of(AnyMessage& message);
[[nodiscard]] const ExtensionList* extensions_of(const AnyMessage& message);

}  // namespace tlsproof::wire
