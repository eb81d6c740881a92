// Holds fields and values against the messages that they are meant for, so that a typing error is found when a file is
// read and not when it is played.
#include <fmt/format.h>

#include <algorithm>

#include "parse.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/fields.h"

namespace tlsproof::scenario {
namespace {

namespace type = registry::handshake_type;
using wire::AnyMessage;

// Every form that a message of this type has in some version or key exchange.
std::vector<AnyMessage> forms(uint8_t handshake_type) {
  switch (handshake_type) {
    case type::client_hello:
      return {wire::ClientHello{}};
    case type::server_hello:
      return {wire::ServerHello{}};
    case type::new_session_ticket:
      return {wire::NewSessionTicket13{}, wire::NewSessionTicket12{}};
    case type::encrypted_extensions:
      return {wire::EncryptedExtensions{}};
    case type::certificate:
      return {wire::Certificate13{}, wire::Certificate12{}};
    case type::server_key_exchange:
      return {wire::ServerKeyExchangeEcdhe{}, wire::ServerKeyExchangeDhe{}};
    case type::certificate_request:
      return {wire::CertificateRequest13{}, wire::CertificateRequest12{}};
    case type::certificate_verify:
      return {wire::CertificateVerify{}};
    case type::client_key_exchange:
      return {wire::ClientKeyExchangeEcdhe{}, wire::ClientKeyExchangeDhe{}, wire::ClientKeyExchangeRsa{}};
    case type::finished:
      return {wire::Finished{}};
    case type::certificate_status:
      return {wire::CertificateStatus{}};
    case type::key_update:
      return {wire::KeyUpdate{}};
    default:
      return {};  // no fields, or none that this program knows
  }
}

// Removing needs what is not in an empty message, so only the name can be held against it.
Status name_fits(const AnyMessage& message, std::string_view path) {
  std::vector<std::string_view> names = wire::field_names(message);
  std::string_view head = path.substr(0, path.find_first_of(".#"));
  if (std::ranges::find(names, head) != names.end()) return {};
  return fail_usage(fmt::format("{} has no field {}", wire::message_name(message), config::suggest(head, names)));
}

}  // namespace

std::optional<uint8_t> handshake_type(Message message) {
  if (message == Message::hello_retry_request) return uint8_t{type::server_hello};  // RFC 8446 §4.1.4
  const registry::CodePoint* row = registry::find(registry::Kind::handshake_type, to_text(message));
  if (!row) return std::nullopt;  // change_cipher_spec, application_data, alert
  return static_cast<uint8_t>(row->value);
}

Status check_field(uint8_t handshake_type, FieldAction action, std::string_view path, const Value& value,
                   const config::Where& where) {
  std::optional<Error> first;
  for (AnyMessage& message : forms(handshake_type)) {
    Status status = action == FieldAction::set      ? wire::set_field(message, path, value)
                    : action == FieldAction::append ? wire::append_field(message, path, value)
                                                    : name_fits(message, path);
    if (status) return {};
    if (!first) first = std::move(status).error();
  }
  if (first) return where.error(first->what);
  return where.error(fmt::format("{} has no fields", registry::handshake_type_name(handshake_type)));
}

}  // namespace tlsproof::scenario
