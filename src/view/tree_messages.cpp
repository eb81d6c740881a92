// The handshake messages, field by field as their documents have them.
#include <fmt/format.h>

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/handshake.h"
#include "tlsproof/wire/msg/hello_verify_request.h"
#include "tlsproof/wire/msg/server_hello.h"
#include "tree_fields.h"

namespace tlsproof::view::tree {
namespace {

using registry::KeyExchange;
using registry::Kind;
using wire::ExtensionPlace;
namespace handshake_type = registry::handshake_type;
namespace version = registry::version;

bool is_draft(uint16_t v) {
  return v >> 8 == 0x7f || v >> 8 == 0x7e || v >> 8 == 0xfb;
}
bool is_tls13(uint16_t v) {
  return v == version::TLS1_3 || is_draft(v);
}
bool is_before_tls12(uint16_t v) {
  return v >= version::SSL3 && v < version::TLS1_2;
}

// Extension extensions<…>; to the end of the message when they may be absent altogether.
void extension_entries(Cursor& list, std::optional<ExtensionPlace> place, bool draft) {
  while (list.more()) {
    const auto type = list.number(2, "extension", Kind::extension);
    if (!type) return;
    list.frame(2, "extension_data",
               [&](Cursor& data) { append_extension(data, static_cast<uint16_t>(*type), place, draft); });
  }
}
void extensions(Cursor& c, std::optional<ExtensionPlace> place, bool draft = false) {
  c.frame(2, "extensions", [&](Cursor& list) { extension_entries(list, place, draft); });
}

void client_hello(Cursor& c, const MessageContext& context) {
  c.number(2, "legacy_version", Kind::version);
  c.bytes(32, "random");
  c.opaque(1, "legacy_session_id");
  if (context.dtls) c.opaque(1, "legacy_cookie");
  c.numbers(2, 2, "cipher_suites", "cipher_suite", Kind::cipher_suite);
  c.numbers(1, 1, "legacy_compression_methods", "compression_method", Kind::compression_method);
  if (c.more()) extensions(c, ExtensionPlace::client_hello);
}

void server_hello(Cursor& c, const MessageContext& context) {
  const auto legacy = c.number(2, "legacy_version", Kind::version);
  const bool draft_form = legacy && *legacy >> 8 == 0x7f;
  const ByteView random = c.rest().first(std::min(c.rest().size(), wire::kRandomLen));
  const bool retry = equal(random, wire::kHelloRetryRequestRandom);
  std::string_view meaning;
  if (random.size() == wire::kRandomLen) {
    if (retry) meaning = "SHA-256 of \"HelloRetryRequest\"";
    if (equal(random.last(8), wire::kDowngradeTls12)) meaning = "ends in the downgrade sentinel of TLS 1.2";
    if (equal(random.last(8), wire::kDowngradeTls11)) meaning = "ends in the downgrade sentinel of TLS 1.1";
  }
  c.bytes(wire::kRandomLen, "random", meaning);
  if (!draft_form) c.opaque(1, "legacy_session_id_echo");
  c.number(2, "cipher_suite", Kind::cipher_suite);
  if (!draft_form) c.number(1, "legacy_compression_method", Kind::compression_method);
  const ExtensionPlace place = retry                       ? ExtensionPlace::hello_retry_request
                               : is_tls13(context.version) ? ExtensionPlace::server_hello
                                                           : ExtensionPlace::server_hello12;
  if (c.more()) extensions(c, place, draft_form || is_draft(context.version));
}

void certificate(Cursor& c, const MessageContext& context) {
  const bool tls13 = is_tls13(context.version);
  if (tls13) c.opaque(1, "certificate_request_context");
  c.frame(3, "certificate_list", [&](Cursor& list) {
    while (list.more()) {
      const ByteView der = list.opaque(3, "cert_data");
      if (!der.empty()) explain_certificate(list.lines(), der, list.depth() + 1);
      if (tls13 && list.more()) extensions(list, ExtensionPlace::certificate);
    }
  });
}

void names(Cursor& c) {
  c.frame(2, "certificate_authorities", [&](Cursor& list) {
    while (list.more()) {
      const ByteView name = list.opaque(2, "distinguished_name");
      if (!name.empty()) explain_name(list.lines(), name, list.depth() + 1);
    }
  });
}

void certificate_request(Cursor& c, const MessageContext& context) {
  if (is_tls13(context.version)) {
    c.opaque(1, "certificate_request_context");
    return extensions(c, ExtensionPlace::certificate_request);
  }
  c.numbers(1, 1, "certificate_types", "certificate_type", Kind::client_certificate_type);
  if (!is_before_tls12(context.version))
    c.numbers(2, 2, "supported_signature_algorithms", "algorithm", Kind::signature_scheme);
  names(c);
}

void signature(Cursor& c, const MessageContext& context) {
  if (!is_before_tls12(context.version)) c.number(2, "algorithm", Kind::signature_scheme);
  c.opaque(2, "signature");
}

void server_key_exchange(Cursor& c, const MessageContext& context) {
  if (context.key_exchange == KeyExchange::ecdhe) {
    const auto form = c.number(1, "curve_type", Kind::ec_curve_type);
    if (form != registry::ec_curve_type::named_curve) return c.remaining("parameters", "of a form that is not used");
    c.number(2, "named_curve", Kind::group);
    c.opaque(1, "public");
  } else if (context.key_exchange == KeyExchange::dhe || context.key_exchange == KeyExchange::dh) {
    c.opaque(2, "dh_p");
    c.opaque(2, "dh_g");
    c.opaque(2, "dh_Ys");
  } else {
    return c.remaining("body");
  }
  if (c.more()) signature(c, context);
}

void client_key_exchange(Cursor& c, const MessageContext& context) {
  switch (context.key_exchange) {
    case KeyExchange::ecdhe:
    case KeyExchange::ecdh:
      c.opaque(1, "ecdh_Yc");
      break;
    case KeyExchange::dhe:
    case KeyExchange::dh:
      c.opaque(2, "dh_Yc");
      break;
    case KeyExchange::rsa:
      // RFC 5246 §7.4.7.1: SSL 3.0 sent the encrypted secret without a length.
      if (context.version == version::SSL3)
        c.remaining("encrypted_pre_master_secret");
      else
        c.opaque(2, "encrypted_pre_master_secret");
      break;
    default:
      c.remaining("body");
  }
}

void new_session_ticket(Cursor& c, const MessageContext& context) {
  const auto seconds = [](uint64_t value) { return fmt::format("{} s", value); };
  c.number_as(4, "ticket_lifetime", seconds);
  if (is_tls13(context.version)) {
    c.number(4, "ticket_age_add");
    c.opaque(1, "ticket_nonce");
  }
  c.opaque(2, "ticket");
  if (is_tls13(context.version)) extensions(c, ExtensionPlace::new_session_ticket);
}

void certificate_status(Cursor& c) {
  const auto type = c.number(1, "status_type", Kind::certificate_status_type);
  if (type != registry::certificate_status_type::ocsp) return c.remaining("response");
  const ByteView response = c.opaque(3, "response");
  if (!response.empty()) explain_ocsp(c.lines(), response, c.depth() + 1);
}

void compressed_certificate(Cursor& c, const MessageContext& context) {
  c.number(2, "algorithm", Kind::certificate_compression);
  c.number(3, "uncompressed_length");
  c.opaque(3, "compressed_certificate_message");
  const trace::MessageRead* read = context.read;
  if (read == nullptr) return;
  if (!read->unpacked_problem.empty()) c.lines().info(c.depth(), "not unpacked:", read->unpacked_problem);
  if (const auto* unpacked = read->as<wire::Certificate13>()) {
    c.lines().info(c.depth(), "unpacked:", fmt::format("{} bytes", read->unpacked_body.size()));
    for (size_t i = 0; i < unpacked->certificates.size(); ++i)
      explain_certificate(c.lines(), unpacked->certificates[i], c.depth() + 1);
  }
}

// Messages whose form in this draft of TLS 1.3 was another one than RFC 8446's: their bytes alone.
bool has_older_form(const MessageContext& context) {
  return context.read != nullptr && context.read->message != nullptr &&
         std::holds_alternative<wire::RawMessage>(*context.read->message);
}

void body(Cursor& c, const MessageContext& context) {
  switch (context.type) {
    case handshake_type::client_hello:
      return client_hello(c, context);
    case handshake_type::server_hello:
      return server_hello(c, context);
    case handshake_type::encrypted_extensions:
      return extensions(c, ExtensionPlace::encrypted_extensions, is_draft(context.version));
    case handshake_type::certificate_status:
      return certificate_status(c);
    case handshake_type::compressed_certificate:
      return compressed_certificate(c, context);
    case handshake_type::key_update:
      c.number(1, "request_update", Kind::key_update_request);
      return;
    case handshake_type::finished:
      return c.remaining("verify_data");
    case handshake_type::message_hash:
      return c.remaining("hash");
    case wire::HelloVerifyRequest::kType:
      if (!context.dtls) break;
      c.number(2, "server_version", Kind::version);
      c.opaque(1, "cookie");
      return;
    default:
      break;
  }
  // From here on the form depends on what was negotiated.
  if (context.version == 0 || has_older_form(context)) return c.remaining("body");
  switch (context.type) {
    case handshake_type::certificate:
      return certificate(c, context);
    case handshake_type::certificate_request:
      return certificate_request(c, context);
    case handshake_type::server_key_exchange:
      return server_key_exchange(c, context);
    case handshake_type::client_key_exchange:
      return client_key_exchange(c, context);
    case handshake_type::certificate_verify:
      return signature(c, context);
    case handshake_type::new_session_ticket:
      return new_session_ticket(c, context);
    default:
      c.remaining("body");
  }
}

}  // namespace

void append_message(Lines& lines, ByteView message, const MessageContext& context, int depth) {
  Cursor header(lines, message, 0, depth);
  header.number(1, "msg_type", Kind::handshake_type);
  header.frame(3, "length", [&](Cursor& inside) { body(inside, context); });
  header.finish();
}

}  // namespace tlsproof::view::tree
