#include "tlsproof/wire/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/ext/all.h"
#include "tlsproof/wire/ext/index.h"

namespace tlsproof::wire {
namespace {

using registry::Kind;
using ValueKind = FieldValue::Kind;
namespace e = registry::extension;

// Numbers without names of their own.
constexpr auto kPlain = static_cast<Kind>(0xff);

// ---- values
// ----------------------------------------------------------------------------------------------------------

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", escape_terminal_limited(text, 80));
}

std::string describe(const FieldValue& value) {
  switch (value.kind) {
    case ValueKind::none:
      return "nothing";
    case ValueKind::integer:
      return fmt::format("{}", value.integer);
    case ValueKind::bytes:
      return fmt::format("{} bytes", value.bytes.size());
    case ValueKind::text:
      return quoted(value.text);
    case ValueKind::list:
      return fmt::format("a list of {}", value.list.size());
  }
  return "";
}

std::optional<uint64_t> number_of_text(std::string_view text, uint64_t max, Kind names) {
  uint32_t named = 0;
  if (names != kPlain && registry::parse(names, text, named)) return named;
  uint64_t number = 0;
  if (text.starts_with("0x") && text.size() > 2 && text.size() <= 10) {
    for (const char c : text.substr(2)) {
      const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
      if (digit == std::string_view::npos) return std::nullopt;
      number = number << 4 | digit;
    }
    return number;
  }
  if (const auto decimal = parse_integer(text, 0, static_cast<long long>(max))) return static_cast<uint64_t>(*decimal);
  return std::nullopt;
}

Result<uint64_t> to_number(const FieldValue& value, uint64_t max, Kind names) {
  std::optional<uint64_t> number;
  if (value.kind == ValueKind::integer && value.integer >= 0) number = static_cast<uint64_t>(value.integer);
  if (value.kind == ValueKind::text) number = number_of_text(value.text, max, names);
  if (number && *number <= max) return *number;
  if (names == kPlain) return fail_usage(fmt::format("needs a number of at most {}, not {}", max, describe(value)));
  std::string hint;
  if (value.kind == ValueKind::text) {
    std::vector<std::string_view> candidates;
    for (const auto& row : registry::table(names)) candidates.push_back(row.name);
    if (const auto near = did_you_mean(value.text, candidates)) hint = fmt::format(" (did you mean {}?)", *near);
  }
  return fail_usage(fmt::format("needs a {} by name, or a number of at most {:#x}, not {}{}",
                                registry::kind_name(names), max, describe(value), hint));
}

Result<Bytes> to_bytes_value(const FieldValue& value) {
  if (value.kind == ValueKind::none) return Bytes{};
  if (value.kind == ValueKind::bytes) return value.bytes;
  if (value.kind == ValueKind::text) {
    std::string_view digits = value.text;
    if (digits.starts_with("hex:")) digits.remove_prefix(4);
    if (auto bytes = from_hex(digits)) return std::move(*bytes);
  }
  if (value.kind == ValueKind::list) {
    Bytes out;
    for (const FieldValue& item : value.list) {
      TLSPROOF_TRY(const uint64_t byte, to_number(item, 0xff, kPlain));
      out.push_back(static_cast<uint8_t>(byte));
    }
    return out;
  }
  return fail_usage(fmt::format("needs bytes: hex digits or a list of numbers from 0 to 255, not {}", describe(value)));
}

// A list, or a single value as a list of one.
std::span<const FieldValue> items_of(const FieldValue& value) {
  if (value.kind == ValueKind::list) return value.list;
  if (value.kind == ValueKind::none) return {};
  return {&value, 1};
}

Result<std::vector<uint64_t>> to_numbers(const FieldValue& value, uint64_t max, Kind names) {
  std::vector<uint64_t> out;
  for (const FieldValue& item : items_of(value)) {
    TLSPROOF_TRY(const uint64_t number, to_number(item, max, names));
    out.push_back(number);
  }
  return out;
}

Result<ByteList> to_byte_strings(const FieldValue& value) {
  ByteList out;
  for (const FieldValue& item : items_of(value)) {
    TLSPROOF_TRY(const Bytes bytes, to_bytes_value(item));
    out.push_back(bytes);
  }
  return out;
}

Result<ByteList> to_texts(const FieldValue& value) {
  ByteList out;
  for (const FieldValue& item : items_of(value)) {
    if (item.kind == ValueKind::text)
      out.push_back(as_bytes(item.text));
    else if (item.kind == ValueKind::bytes)
      out.push_back(item.bytes);
    else
      return fail_usage(fmt::format("needs a text or a list of texts, not {}", describe(item)));
  }
  return out;
}

// ---- extensions
// ------------------------------------------------------------------------------------------------------

template <class T>
Result<Bytes> encoded(const T& value) {
  Bytes out;
  Writer w(out);
  encode(value, w);
  if (!w.ok()) return fail_usage("is longer than its length field can say; give the raw bytes instead");
  return out;
}

using Build = Result<Bytes> (*)(const FieldValue& value, const ExtensionList& list);

template <auto kMember, Kind kNames>
struct ListOf;
template <class T, class List, List T::* kMember, Kind kNames>
struct ListOf<kMember, kNames> {
  static Result<Bytes> build(const FieldValue& value, const ExtensionList&) {
    using Item = typename List::value_type;
    TLSPROOF_TRY(const auto numbers, to_numbers(value, std::numeric_limits<Item>::max(), kNames));
    T out;
    for (const uint64_t number : numbers) (out.*kMember).push_back(static_cast<Item>(number));
    return encoded(out);
  }
};

template <auto kMember, Kind kNames>
struct NumberOf;
template <class T, class Number, Number T::* kMember, Kind kNames>
struct NumberOf<kMember, kNames> {
  static Result<Bytes> build(const FieldValue& value, const ExtensionList&) {
    TLSPROOF_TRY(const uint64_t number, to_number(value, std::numeric_limits<Number>::max(), kNames));
    T out;
    out.*kMember = static_cast<Number>(number);
    return encoded(out);
  }
};

template <auto kMember>
struct BytesOf;
template <class T, Bytes T::* kMember>
struct BytesOf<kMember> {
  static Result<Bytes> build(const FieldValue& value, const ExtensionList&) {
    T out;
    TLSPROOF_TRY(out.*kMember, to_bytes_value(value));
    return encoded(out);
  }
};

Result<Bytes> build_alpn(const FieldValue& value, const ExtensionList&) {
  ext::Alpn out;
  TLSPROOF_TRY(out.protocols, to_texts(value));
  return encoded(out);
}

Result<Bytes> build_server_name(const FieldValue& value, const ExtensionList&) {
  TLSPROOF_TRY(const ByteList names, to_texts(value));
  ext::ServerName out;
  for (size_t i = 0; i < names.size(); ++i) out.add(registry::server_name_type::host_name, names[i]);
  return encoded(out);
}

// [group, key], or a group alone, which keeps the key that `have` holds for it.
Result<ext::KeyShareServer> to_share(const FieldValue& value, const ext::KeyShareClient& have) {
  ext::KeyShareServer out;
  const bool pair = value.kind == ValueKind::list;
  if (pair && value.list.size() != 2)
    return fail_usage(fmt::format("needs shares of [group, key], not {}", describe(value)));
  TLSPROOF_TRY(const uint64_t group, to_number(pair ? value.list[0] : value, 0xffff, Kind::group));
  out.group = static_cast<uint16_t>(group);
  if (pair) {
    TLSPROOF_TRY(out.key, to_bytes_value(value.list[1]));
  } else if (const auto key = have.find(out.group)) {
    out.key = to_bytes(*key);
  }
  return out;
}

Result<Bytes> build_client_shares(const FieldValue& value, const ExtensionList& list) {
  const ext::KeyShareClient have = list.get<ext::KeyShareClient>().value_or(ext::KeyShareClient{});
  ext::KeyShareClient out;
  for (const FieldValue& item : items_of(value)) {
    TLSPROOF_TRY(const ext::KeyShareServer share, to_share(item, have));
    out.add(share.group, share.key);
  }
  return encoded(out);
}

Result<Bytes> build_server_share(const FieldValue& value, const ExtensionList& list) {
  ext::KeyShareClient have;
  if (const auto share = list.get<ext::KeyShareServer>()) have.add(share->group, share->key);
  TLSPROOF_TRY(const ext::KeyShareServer share, to_share(value, have));
  return encoded(share);
}

struct TypedValue {
  std::string_view shape;  // of ExtensionForm
  Build build;
};
constexpr TypedValue kTypedValues[] = {
    {"SupportedVersionsClient", ListOf<&ext::SupportedVersionsClient::versions, Kind::version>::build},
    {"SupportedVersionsServer", NumberOf<&ext::SupportedVersionsServer::selected_version, Kind::version>::build},
    {"SupportedGroups", ListOf<&ext::SupportedGroups::groups, Kind::group>::build},
    {"SignatureAlgorithms", ListOf<&ext::SignatureAlgorithms::schemes, Kind::signature_scheme>::build},
    {"SignatureAlgorithmsCert", ListOf<&ext::SignatureAlgorithmsCert::schemes, Kind::signature_scheme>::build},
    {"PskKeyExchangeModes", ListOf<&ext::PskKeyExchangeModes::modes, Kind::psk_key_exchange_mode>::build},
    {"EcPointFormats", ListOf<&ext::EcPointFormats::formats, Kind::ec_point_format>::build},
    {"Alpn", build_alpn},
    {"ServerName", build_server_name},
    {"KeyShareClient", build_client_shares},
    {"KeyShareServer", build_server_share},
    {"KeyShareRetry", NumberOf<&ext::KeyShareRetry::selected_group, Kind::group>::build},
    {"RecordSizeLimit", NumberOf<&ext::RecordSizeLimit::limit, kPlain>::build},
    {"MaxFragmentLength", NumberOf<&ext::MaxFragmentLength::code, Kind::max_fragment_length>::build},
    {"EarlyDataTicket", NumberOf<&ext::EarlyDataTicket::max_early_data_size, kPlain>::build},
    {"PreSharedKeyServer", NumberOf<&ext::PreSharedKeyServer::selected_identity, kPlain>::build},
    {"Cookie", BytesOf<&ext::Cookie::cookie>::build},
    {"RenegotiationInfo", BytesOf<&ext::RenegotiationInfo::renegotiated_connection>::build},
};

struct Extensions {
  ExtensionList* list;
  bool* present;  // nullptr where the block is always there
  ExtensionPlace place;
};

Result<Bytes> extension_body(uint16_t type, const FieldValue& value, const Extensions& in) {
  const bool raw = value.kind == ValueKind::bytes || value.kind == ValueKind::none ||
                   (value.kind == ValueKind::text && value.text.starts_with("hex:"));
  const ExtensionForm* form = raw ? nullptr : find_extension_form(type, in.place);
  if (form != nullptr)
    for (const TypedValue& typed : kTypedValues)
      if (typed.shape == form->shape) return typed.build(value, *in.list);
  return to_bytes_value(value);
}

Result<uint16_t> extension_type(std::string_view name) {
  if (name == "alpn") return e::application_layer_protocol_negotiation;
  if (name == "sni") return e::server_name;
  if (const auto number = number_of_text(name, 0xffff, Kind::extension); number && *number <= 0xffff)
    return static_cast<uint16_t>(*number);
  std::vector<std::string_view> candidates = {"alpn", "sni"};
  for (const auto& row : registry::table(Kind::extension)) candidates.push_back(row.name);
  const auto near = did_you_mean(name, candidates);
  return fail_usage(fmt::format("unknown extension {}{}; a number such as 0x1a1a is taken too", quoted(name),
                                near ? fmt::format(" (did you mean '{}'?)", *near) : ""));
}

// "NAME" or "NAME#2".
struct ExtensionPath {
  uint16_t type = 0;
  size_t nth = 1;
  bool counted = false;  // a "#" was given
};
Result<ExtensionPath> parse_extension_path(std::string_view text) {
  ExtensionPath out;
  const size_t hash = text.find('#');
  if (hash != std::string_view::npos) {
    const auto nth = parse_integer(text.substr(hash + 1), 1, 0xffff);
    if (!nth) return fail_usage(fmt::format("{}: a number from 1 must follow the '#'", quoted(text)));
    out.nth = static_cast<size_t>(*nth);
    out.counted = true;
  }
  TLSPROOF_TRY(out.type, extension_type(text.substr(0, hash)));
  return out;
}

std::optional<size_t> nth_index(const ExtensionList& list, uint16_t type, size_t nth) {
  for (size_t i = 0; i < list.size(); ++i)
    if (list.type(i) == type && --nth == 0) return i;
  return std::nullopt;
}

enum class Action { set, append, remove };

Status edit_extension(const Extensions& in, std::string_view path, Action action, const FieldValue& value) {
  TLSPROOF_TRY(const ExtensionPath which, parse_extension_path(path));
  const auto at = nth_index(*in.list, which.type, which.nth);
  if (action == Action::remove) {
    if (!at) return fail_usage("is not in the message, so that it cannot be removed");
    if (which.counted)
      in.list->erase(*at);
    else
      in.list->erase_type(which.type);
    return {};
  }
  TLSPROOF_TRY(const Bytes body, extension_body(which.type, value, in));
  if (action == Action::set && at) {
    in.list->set(*at, body);
  } else {
    if (action == Action::set && which.nth > in.list->count(which.type) + 1)
      return fail_usage(fmt::format("the message has only {} of them", in.list->count(which.type)));
    in.list->add(which.type, body);
  }
  if (in.present != nullptr) *in.present = true;
  return {};
}

// The whole block: a list of [NAME, value].
Status edit_extensions(const Extensions& in, Action action, const FieldValue& value) {
  if (action == Action::remove) {
    if (in.present == nullptr) return fail_usage("is always there in this message; set it to an empty list instead");
    in.list->clear();
    *in.present = false;
    return {};
  }
  ExtensionList added;
  for (const FieldValue& item : value.kind == ValueKind::list ? std::span(value.list) : std::span<const FieldValue>()) {
    if (item.kind != ValueKind::list || item.list.size() != 2 || item.list[0].kind == ValueKind::list)
      return fail_usage(fmt::format("needs a list of [NAME, value], but has {} in it", describe(item)));
    const FieldValue& name = item.list[0];
    TLSPROOF_TRY(const uint16_t type,
                 extension_type(name.kind == ValueKind::integer ? std::to_string(name.integer) : name.text));
    TLSPROOF_TRY(const Bytes body, extension_body(type, item.list[1], in));
    added.add(type, body);
  }
  if (value.kind != ValueKind::list)
    return fail_usage(fmt::format("needs a list of [NAME, value], not {}", describe(value)));
  if (action == Action::set) in.list->clear();
  for (size_t i = 0; i < added.size(); ++i) in.list->add(added.type(i), added.data(i));
  if (in.present != nullptr) *in.present = true;
  return {};
}

// ---- the fields of the messages
// --------------------------------------------------------------------------------------

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
  const Fields fields = fields_of_any(message);
  const size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  const auto field = std::ranges::find(fields, name, &Field::name);
  if (field != fields.end()) {
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

FieldValue FieldValue::of_integer(int64_t value) {
  FieldValue out;
  out.kind = ValueKind::integer;
  out.integer = value;
  return out;
}

FieldValue FieldValue::of_bytes(ByteView value) {
  FieldValue out;
  out.kind = ValueKind::bytes;
  out.bytes = to_bytes(value);
  return out;
}

FieldValue FieldValue::of_text(std::string_view value) {
  FieldValue out;
  out.kind = ValueKind::text;
  out.text = value;
  return out;
}

FieldValue FieldValue::of_list(std::vector<FieldValue> value) {
  FieldValue out;
  out.kind = ValueKind::list;
  out.list = std::move(value);
  return out;
}

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
