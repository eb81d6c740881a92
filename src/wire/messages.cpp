#include "tlsproof/wire/messages.h"

#include <fmt/format.h>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/dtls.h"

namespace tlsproof::wire {
namespace {

using registry::KeyExchange;
namespace handshake_type = registry::handshake_type;
namespace version = registry::version;

// Decodes into the alternative T of `out`, keeping its memory when it is the one there.
template <class T>
Parsed<void> decode_as(ByteView body, AnyMessage& out, size_t base) {
  T* target = std::get_if<T>(&out);
  if (target == nullptr) target = &out.emplace<T>();
  return decode_all_into(body, *target, base);
}

// The same with the form that the message had before TLS 1.2.
template <class T>
Parsed<void> decode_as_tls11(ByteView body, AnyMessage& out, size_t base) {
  T* target = std::get_if<T>(&out);
  if (target == nullptr) target = &out.emplace<T>();
  ParseError error;
  Reader r(body, error, base);
  if (!decode_tls11(r, *target) || !r.finish(T::kName)) return std::unexpected(error);
  return {};
}

Parsed<void> keep_raw(uint8_t type, ByteView body, AnyMessage& out) {
  RawMessage* target = std::get_if<RawMessage>(&out);
  if (target == nullptr) target = &out.emplace<RawMessage>();
  target->type = type;
  target->body.assign(body.begin(), body.end());
  return {};
}

// The draft of TLS 1.3 whose forms a version has; RFC 8446 itself is the last. 0: no TLS 1.3.
constexpr int kRfc8446 = 28;
int tls13_draft(uint16_t v) {
  if (v == version::TLS1_3) return kRfc8446;
  if (v >> 8 == 0x7f) return v & 0xff;
  if (v == version::TLS1_3_facebook_draft23 || v == version::TLS1_3_facebook_draft26) return v & 0xff;
  if (v == version::TLS1_3_experiment || v == version::TLS1_3_experiment2)
    return 18;  // draft 18, its hello in disguise
  return 0;
}
bool is_tls12(uint16_t v) {
  return v == version::TLS1_2;
}
bool is_before_tls12(uint16_t v) {
  return v >= version::SSL3 && v < version::TLS1_2;
}
// The first drafts with the forms of RFC 8446.
constexpr int kCertificateDraft = 18, kCertificateRequestDraft = 20, kNewSessionTicketDraft = 21;
// Versions whose Certificate and NewSessionTicket have TLS 1.2's form.
bool is_tls12_or_below(uint16_t v) {
  return v >= version::SSL3 && v <= version::TLS1_2;
}

Parsed<void> decode_client_hello(ByteView body, bool dtls, AnyMessage& out, size_t base) {
  ClientHello* target = std::get_if<ClientHello>(&out);
  if (target == nullptr) target = &out.emplace<ClientHello>();
  target->has_legacy_cookie = dtls;
  return decode_all_into(body, *target, base);
}

Parsed<void> decode_server_key_exchange(ByteView body, const DecodeContext& context, AnyMessage& out, size_t base) {
  const bool before = is_before_tls12(context.version);
  if (before || is_tls12(context.version)) {
    if (context.key_exchange == KeyExchange::ecdhe) {
      return before ? decode_as_tls11<ServerKeyExchangeEcdhe>(body, out, base)
                    : decode_as<ServerKeyExchangeEcdhe>(body, out, base);
    }
    if (context.key_exchange == KeyExchange::dhe || context.key_exchange == KeyExchange::dh) {
      return before ? decode_as_tls11<ServerKeyExchangeDhe>(body, out, base)
                    : decode_as<ServerKeyExchangeDhe>(body, out, base);
    }
  }
  return keep_raw(handshake_type::server_key_exchange, body, out);
}

Parsed<void> decode_client_key_exchange(ByteView body, const DecodeContext& context, AnyMessage& out, size_t base) {
  switch (context.key_exchange) {
    case KeyExchange::ecdhe:
    case KeyExchange::ecdh:
      return decode_as<ClientKeyExchangeEcdhe>(body, out, base);
    case KeyExchange::dhe:
    case KeyExchange::dh:
      return decode_as<ClientKeyExchangeDhe>(body, out, base);
    case KeyExchange::rsa:
      // RFC 5246 §7.4.7.1: SSL 3.0 sent the encrypted secret without a length.
      if (context.version != version::SSL3) return decode_as<ClientKeyExchangeRsa>(body, out, base);
      break;
    default:
      break;
  }
  return keep_raw(handshake_type::client_key_exchange, body, out);
}

// Certificate, CertificateRequest, NewSessionTicket: one type, several forms.
Parsed<void> decode_many_formed(uint8_t type, ByteView body, const DecodeContext& context, AnyMessage& out,
                                size_t base) {
  const uint16_t v = context.version;
  const int draft = tls13_draft(v);
  if (type == handshake_type::certificate) {
    if (draft >= kCertificateDraft) return decode_as<Certificate13>(body, out, base);
    if (is_tls12_or_below(v)) return decode_as<Certificate12>(body, out, base);
  } else if (type == handshake_type::certificate_request) {
    if (draft >= kCertificateRequestDraft) return decode_as<CertificateRequest13>(body, out, base);
    if (is_tls12(v)) return decode_as<CertificateRequest12>(body, out, base);
    if (is_before_tls12(v)) return decode_as_tls11<CertificateRequest12>(body, out, base);
  } else if (type == handshake_type::new_session_ticket) {
    if (draft >= kNewSessionTicketDraft) return decode_as<NewSessionTicket13>(body, out, base);
    if (is_tls12_or_below(v)) return decode_as<NewSessionTicket12>(body, out, base);
  } else if (type == handshake_type::certificate_verify) {
    if (is_tls12(v) || draft > 0) return decode_as<CertificateVerify>(body, out, base);
    if (is_before_tls12(v)) return decode_as_tls11<CertificateVerify>(body, out, base);
  }
  return keep_raw(type, body, out);
}

template <class... F>
struct Overload : F... {
  using F::operator()...;
};

}  // namespace

Parsed<void> decode_handshake_into(uint8_t type, ByteView body, const DecodeContext& context, AnyMessage& out,
                                   size_t base) {
  // OpenSSL before 0.9.8f wrote the RSA-encrypted secret without its length, as SSL 3.0 does.
  if (context.version == version::DTLS1_0_old && type == handshake_type::client_key_exchange &&
      context.key_exchange == KeyExchange::rsa)
    return keep_raw(type, body, out);
  // All messages but two have the form of the version of TLS that a version of DTLS is made from.
  if (const uint16_t tls = tls_version_of(context.version); tls != context.version)
    return decode_handshake_into(type, body, {tls, context.key_exchange, context.dtls}, out, base);
  switch (type) {
    case handshake_type::hello_request:
      return decode_as<HelloRequest>(body, out, base);
    case handshake_type::client_hello:
      return decode_client_hello(body, context.dtls, out, base);
    case HelloVerifyRequest::kType:
      if (context.dtls) return decode_as<HelloVerifyRequest>(body, out, base);
      break;
    case handshake_type::server_hello:
      return decode_as<ServerHello>(body, out, base);
    case handshake_type::end_of_early_data:
      return decode_as<EndOfEarlyData>(body, out, base);
    case handshake_type::encrypted_extensions:
      return decode_as<EncryptedExtensions>(body, out, base);
    case handshake_type::certificate:
    case handshake_type::certificate_request:
    case handshake_type::new_session_ticket:
    case handshake_type::certificate_verify:
      return decode_many_formed(type, body, context, out, base);
    case handshake_type::server_key_exchange:
      return decode_server_key_exchange(body, context, out, base);
    case handshake_type::server_hello_done:
      return decode_as<ServerHelloDone>(body, out, base);
    case handshake_type::client_key_exchange:
      return decode_client_key_exchange(body, context, out, base);
    case handshake_type::finished:
      return decode_as<Finished>(body, out, base);
    case handshake_type::certificate_status:
      return decode_as<CertificateStatus>(body, out, base);
    case handshake_type::key_update:
      return decode_as<KeyUpdate>(body, out, base);
    case handshake_type::compressed_certificate:
      return decode_as<CompressedCertificate>(body, out, base);
    case handshake_type::message_hash:
      return decode_as<MessageHash>(body, out, base);
    default:
      break;
  }
  return keep_raw(type, body, out);
}

Parsed<AnyMessage> decode_handshake(uint8_t type, ByteView body, const DecodeContext& context, size_t base) {
  AnyMessage out;
  if (auto status = decode_handshake_into(type, body, context, out, base); !status)
    return std::unexpected(status.error());
  return out;
}

uint8_t message_type(const AnyMessage& message) {
  return std::visit(
      Overload{[](const RawMessage& raw) { return raw.type; }, []<class T>(const T&) { return T::kType; }}, message);
}

std::string message_name(const AnyMessage& message) {
  return std::visit(
      Overload{[](const RawMessage& raw) {
                 const auto* known = registry::find(registry::Kind::handshake_type, raw.type);
                 return known != nullptr ? std::string(known->name) : fmt::format("message {}", hex8(raw.type));
               },
               [](const ServerHello& hello) {
                 return std::string(hello.is_hello_retry_request() ? "HelloRetryRequest" : ServerHello::kName);
               },
               []<class T>(const T&) { return std::string(T::kName); }},
      message);
}

void encode_body(const AnyMessage& message, Writer& w) {
  std::visit(Overload{[&](const RawMessage& raw) { w.bytes(raw.body); }, [&](const auto& typed) { encode(typed, w); }},
             message);
}

bool encode_message(const AnyMessage& message, Bytes& out) {
  Writer w(out);
  w.u8(message_type(message));
  w.prefixed24([&] { encode_body(message, w); });
  return w.ok();
}

ExtensionList* extensions_of(AnyMessage& message) {
  return std::visit(
      []<class T>(T& typed) -> ExtensionList* {
        if constexpr (requires { typed.extensions; })
          return &typed.extensions;
        else
          return nullptr;
      },
      message);
}

const ExtensionList* extensions_of(const AnyMessage& message) {
  return extensions_of(const_cast<AnyMessage&>(message));
}

}  // namespace tlsproof::wire
