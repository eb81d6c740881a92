#include "field_extensions.h"

#include <fmt/format.h>

#include "field_values.h"
#include "tlsproof/base/text.h"
#include "tlsproof/wire/ext/all.h"

namespace tlsproof::wire::fields {
namespace {

using registry::Kind;
using ValueKind = FieldValue::Kind;
namespace e = registry::extension;

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

}  // namespace

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

}  // namespace tlsproof::wire::fields
