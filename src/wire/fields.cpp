#include "tlsproof/wire/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "field_extensions.h"
#include "field_values.h"
#include "tlsproof/base/text.h"

namespace tlsproof::wire {
namespace {

using fields::Action;
using fields::edit_extension;
using fields::edit_extensions;
using fields::Extensions;
using fields::kPlain;
using fields::quoted;
using fields::to_byte_strings;
using fields::to_bytes_value;
using fields::to_number;
using fields::to_numbers;
using registry::Kind;
namespace e = registry::extension;

using FieldRef = std::variant<uint8_t*, uint16_t*, uint32_t*, std::span<uint8_t>, Bytes*, std::vector<uint16_t>*,
                              ByteList*, Certificate13*, Extensions>;
struct Field {
  std::string_view name;
  FieldRef ref;
  Kind names = kPlain;
};
using Fields = std::vector<Field>;

ExtensionPlace place_of(const ServerHello& m) {
  if (m.is_hello_retry_request()) return ExtensionPlace::hello_retry_request;
  return m.extensions.has(e::supported_versions) ? ExtensionPlace::server_hello : ExtensionPlace::server_hello12;
}

Fields fields_of(RawMessage& m) {
  return {{"body", &m.body}};
}
Fields fields_of(HelloRequest&) {
  return {};
}
Fields fields_of(ServerHelloDone&) {
  return {};
}
Fields fields_of(EndOfEarlyData&) {
  return {};
}
Fields fields_of(ClientHello& m) {
  Fields fields = {{"legacy_version", &m.legacy_version, Kind::version},
                   {"random", std::span<uint8_t>(m.random)},
                   {"legacy_session_id", &m.legacy_session_id},
                   {"cipher_suites", &m.cipher_suites, Kind::cipher_suite},
                   {"legacy_compression_methods", &m.legacy_compression_methods},
                   {"extensions", Extensions{&m.extensions, &m.has_extensions, ExtensionPlace::client_hello}}};
  if (m.has_legacy_cookie) fields.push_back({"legacy_cookie", &m.legacy_cookie});
  return fields;
}
Fields fields_of(HelloVerifyRequest& m) {
  return {{"server_version", &m.server_version, Kind::version}, {"cookie", &m.cookie}};
}
Fields fields_of(ServerHello& m) {
  return {{"legacy_version", &m.legacy_version, Kind::version},
          {"random", std::span<uint8_t>(m.random)},
          {"legacy_session_id_echo", &m.legacy_session_id_echo},
          {"cipher_suite", &m.cipher_suite, Kind::cipher_suite},
          {"legacy_compression_method", &m.legacy_compression_method, Kind::compression_method},
          {"extensions", Extensions{&m.extensions, &m.has_extensions, place_of(m)}}};
}
Fields fields_of(NewSessionTicket12& m) {
  return {{"ticket_lifetime_hint", &m.ticket_lifetime_hint}, {"ticket", &m.ticket}};
}
Fields fields_of(NewSessionTicket13& m) {
  return {{"ticket_lifetime", &m.ticket_lifetime},
          {"ticket_age_add", &m.ticket_age_add},
          {"ticket_nonce", &m.ticket_nonce},
          {"ticket", &m.ticket},
          {"extensions", Extensions{&m.extensions, nullptr, ExtensionPlace::new_session_ticket}}};
}
Fields fields_of(EncryptedExtensions& m) {
  return {{"extensions", Extensions{&m.extensions, nullptr, ExtensionPlace::encrypted_extensions}}};
}
Fields fields_of(Certificate12& m) {
  return {{"certificate_list", &m.certificates}};
}
Fields fields_of(Certificate13& m) {
  return {{"certificate_request_context", &m.certificate_request_context}, {"certificate_list", &m}};
}
Fields fields_of(CertificateRequest12& m) {
  return {{"certificate_types", &m.certificate_types},
          {"supported_signature_algorithms", &m.supported_signature_algorithms, Kind::signature_scheme},
          {"certificate_authorities", &m.certificate_authorities}};
}
Fields fields_of(CertificateRequest13& m) {
  return {{"certificate_request_context", &m.certificate_request_context},
          {"extensions", Extensions{&m.extensions, nullptr, ExtensionPlace::certificate_request}}};
}
Fields fields_of(CertificateStatus& m) {
  return {{"status_type", &m.status_type, Kind::certificate_status_type}, {"response", &m.response}};
}
Fields with_signature(Fields fields, SignedPart& part) {
  if (!part.present) return fields;  // anonymous: there is nothing to set
  fields.push_back({"algorithm", &part.algorithm, Kind::signature_scheme});
  fields.push_back({"signature", &part.signature});
  return fields;
}
Fields fields_of(ServerKeyExchangeEcdhe& m) {
  return with_signature({{"curve_type", &m.curve_type, Kind::ec_curve_type},
                         {"named_curve", &m.named_curve, Kind::group},
                         {"public", &m.public_key}},
                        m.signed_part);
}
Fields fields_of(ServerKeyExchangeDhe& m) {
  return with_signature({{"dh_p", &m.dh_p}, {"dh_g", &m.dh_g}, {"dh_Ys", &m.dh_Ys}}, m.signed_part);
}
Fields fields_of(ClientKeyExchangeEcdhe& m) {
  return {{"ecdh_Yc", &m.public_key}};
}
Fields fields_of(ClientKeyExchangeDhe& m) {
  return {{"dh_Yc", &m.dh_Yc}};
}
Fields fields_of(ClientKeyExchangeRsa& m) {
  return {{"encrypted_pre_master_secret", &m.encrypted_pre_master_secret}};
}
Fields fields_of(CertificateVerify& m) {
  return {{"algorithm", &m.algorithm, Kind::signature_scheme}, {"signature", &m.signature}};
}
Fields fields_of(CompressedCertificate& m) {
  return {{"algorithm", &m.algorithm, Kind::certificate_compression},
          {"uncompressed_length", &m.uncompressed_length},
          {"compressed_certificate_message", &m.compressed}};
}
Fields fields_of(Finished& m) {
  return {{"verify_data", &m.verify_data}};
}
Fields fields_of(KeyUpdate& m) {
  return {{"request_update", &m.request_update, Kind::key_update_request}};
}
Fields fields_of(MessageHash& m) {
  return {{"hash", &m.hash}};
}

Fields fields_of_any(AnyMessage& message) {
  return std::visit([](auto& typed) { return fields_of(typed); }, message);
}

// ---- editing one field
// -----------------------------------------------------------------------------------------------

Status not_editable(Action action) {
  return fail_usage(action == Action::append ? "is not a list, so that nothing can be appended"
                                             : "is always there, so that it cannot be removed");
}

struct Editor {
  Action action;
  const FieldValue& value;
  Kind names;

  template <class Number>
    requires std::is_integral_v<Number>
  Status operator()(Number* field) const {
    if (action != Action::set) return not_editable(action);
    TLSPROOF_TRY(const uint64_t number, to_number(value, std::numeric_limits<Number>::max(), names));
    *field = static_cast<Number>(number);
    return {};
  }

  Status operator()(std::span<uint8_t> field) const {
    if (action != Action::set) return not_editable(action);
    TLSPROOF_TRY(const Bytes bytes, to_bytes_value(value));
    if (bytes.size() != field.size())
      return fail_usage(fmt::format("needs exactly {} bytes, not {}", field.size(), bytes.size()));
    std::ranges::copy(bytes, field.begin());
    return {};
  }

  Status operator()(Bytes* field) const {
    if (action == Action::remove) {
      field->clear();
      return {};
    }
    TLSPROOF_TRY(const Bytes bytes, to_bytes_value(value));
    if (action == Action::set) field->clear();
    tlsproof::append(*field, bytes);
    return {};
  }

  Status operator()(std::vector<uint16_t>* field) const {
    if (action == Action::remove) {
      field->clear();
      return {};
    }
    TLSPROOF_TRY(const auto numbers, to_numbers(value, 0xffff, names));
    if (action == Action::set) field->clear();
    for (const uint64_t number : numbers) field->push_back(static_cast<uint16_t>(number));
    return {};
  }

  Status operator()(ByteList* field) const {
    TLSPROOF_TRY(const ByteList strings, to_byte_strings(value));
    if (action != Action::append) field->clear();
    if (action == Action::remove) return {};
    for (size_t i = 0; i < strings.size(); ++i) field->push_back(strings[i]);
    return {};
  }

  // certificate_list: certificates without extensions.
  Status operator()(Certificate13* field) const {
    TLSPROOF_TRY(const ByteList strings, to_byte_strings(value));
    if (action != Action::append)
      while (field->size() > 0) field->erase(field->size() - 1);
    if (action == Action::remove) return {};
    for (size_t i = 0; i < strings.size(); ++i) field->add(strings[i]);
    return {};
  }

  Status operator()(const Extensions& field) const { return edit_extensions(field, action, value); }
};

Status edit(AnyMessage& message, std::string_view path, Action action, const FieldValue& value) {
  const auto explain = [&](Status status) -> Status {
    if (status) return status;
    status.error().what =
        fmt::format("{}.{}: {}", message_name(message), escape_terminal_limited(path, 80), status.error().what);
    return status;
  };
  const Fields all = fields_of_any(message);
  const size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  const auto field = std::ranges::find(all, name, &Field::name);
  if (field != all.end()) {
    if (dot == std::string_view::npos) return explain(std::visit(Editor{action, value, field->names}, field->ref));
    if (const auto* extensions = std::get_if<Extensions>(&field->ref))
      return explain(edit_extension(*extensions, path.substr(dot + 1), action, value));
    return explain(fail_usage(fmt::format("{} has no fields within it", quoted(name))));
  }
  const std::vector<std::string_view> names = field_names(message);
  if (names.empty()) return fail_usage(fmt::format("{} has no fields, so no {}", message_name(message), quoted(path)));
  const auto near = did_you_mean(name, names);
  return fail_usage(fmt::format("{} has no field {}{}; it has {}", message_name(message), quoted(name),
                                near ? fmt::format(" (did you mean '{}'?)", *near) : "",
                                fmt::format("{}", fmt::join(names, ", "))));
}

}  // namespace

Status set_field(AnyMessage& message, std::string_view path, const FieldValue& value) {
  return edit(message, path, Action::set, value);
}

Status append_field(AnyMessage& message, std::string_view path, const FieldValue& value) {
  return edit(message, path, Action::append, value);
}

Status remove_field(AnyMessage& message, std::string_view path) {
  return edit(message, path, Action::remove, {});
}

std::vector<std::string_view> field_names(const AnyMessage& message) {
  std::vector<std::string_view> out;
  for (const Field& field : fields_of_any(const_cast<AnyMessage&>(message))) out.push_back(field.name);
  return out;
}

}  // namespace tlsproof::wire
