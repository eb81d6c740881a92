// The words of the language.
#include <array>
#include <utility>

#include "parse.h"
#include "tlsproof/base/text.h"

namespace tlsproof::scenario {
namespace {

struct MessageRow {
  std::string_view name;
  bool client = false;  // may send it
  bool server = false;
};

// In the order of Message.
constexpr MessageRow kMessages[] = {
    {"hello_request", false, true},
    {"client_hello", true, false},
    {"server_hello", false, true},
    {"hello_retry_request", false, true},
    {"encrypted_extensions", false, true},
    {"certificate_request", false, true},
    {"certificate", true, true},
    {"certificate_status", false, true},
    {"server_key_exchange", false, true},
    {"server_hello_done", false, true},
    {"client_key_exchange", true, false},
    {"certificate_verify", true, true},
    {"change_cipher_spec", true, true},
    {"finished", true, true},
    {"new_session_ticket", false, true},
    {"end_of_early_data", true, false},
    {"key_update", true, true},
    {"application_data", true, true},
    {"alert", true, true},
};

// Each name with what it stands for: messages of one side by their own name; of both sides bare for us and with the
// side before it for either.
struct Names {
  std::vector<std::string> owned;
  std::vector<std::string_view> names;
  std::vector<MessageRef> refs;
};

Names make_names(Role we_are) {
  Names out;
  auto add = [&](std::string name, size_t message, Role sender) {
    out.owned.push_back(std::move(name));
    out.refs.push_back({static_cast<Message>(message), sender, 1});
  };
  for (size_t i = 0; i < std::size(kMessages); ++i) {
    const MessageRow& row = kMessages[i];
    if (row.client != row.server) {
      add(std::string(row.name), i, row.client ? Role::client : Role::server);
      continue;
    }
    add(std::string(row.name), i, we_are);
    add("client_" + std::string(row.name), i, Role::client);
    add("server_" + std::string(row.name), i, Role::server);
  }
  out.names.assign(out.owned.begin(), out.owned.end());
  return out;
}

const Names& names_for(Role we_are) {
  static const Names kClient = make_names(Role::client);
  static const Names kServer = make_names(Role::server);
  return we_are == Role::client ? kClient : kServer;
}

constexpr std::string_view kLevels[] = {"plaintext", "early", "handshake", "application"};
constexpr std::string_view kVerbs[] = {"set",      "remove", "append",     "truncate", "bytes",      "lie",
                                       "skip",     "repeat", "move_after", "inject",   "fragment",   "segment",
                                       "coalesce", "pad",    "record",     "wait",     "half_close", "reset"};
static_assert(std::size(kVerbs) == std::variant_size_v<Operation>);

constexpr std::string_view kFaults[] = {"expired",
                                        "not_yet_valid",
                                        "wrong_key",
                                        "wrong_purpose",
                                        "no_eku",
                                        "v1",
                                        "weak_rsa_1024",
                                        "sha1_signature",
                                        "unknown_critical_extension",
                                        "revoked",
                                        "huge",
                                        "wrong_host",
                                        "no_san",
                                        "ip_as_dns",
                                        "wildcard",
                                        "wildcard_partial",
                                        "wildcard_too_deep",
                                        "wildcard_tld",
                                        "empty_subject",
                                        "non_ascii",
                                        "hostile_subject",
                                        "wrong_ca",
                                        "self_signed",
                                        "missing_intermediate",
                                        "expired_intermediate",
                                        "future_ca",
                                        "not_a_ca",
                                        "path_length",
                                        "name_constraints",
                                        "too_deep"};
constexpr std::string_view kControls[] = {"none", "wrong_ca", "wrong_name", "shifted_clock"};
constexpr std::string_view kClientAuth[] = {"accepted",          "refused",  "requested", "ca_names",
                                            "signature_schemes", "kept_out", "told",      "depth"};
constexpr std::string_view kChecks[] = {"chain_complete", "chain_in_order",     "chain_valid",        "name_matches",
                                        "not_expired",    "days_left",          "version_3",          "has_san",
                                        "key_strength",   "signature_strength", "extended_key_usage", "lifetime"};
constexpr std::string_view kExpects[] = {"completes",   "abort",       "answers",     "refused",
                                         "ignored",     "client_auth", "certificate", "version",
                                         "server_name", "plain_http",  "rules",       "control"};

template <class Enum, size_t N>
std::string_view name_of(const std::string_view (&names)[N], Enum value) {
  return names[static_cast<size_t>(value)];
}

}  // namespace

std::string_view to_text(Message message) {
  return kMessages[static_cast<size_t>(message)].name;
}

std::string to_text(const MessageRef& ref) {
  const MessageRow& row = kMessages[static_cast<size_t>(ref.message)];
  std::string text;
  if (row.client && row.server) text = ref.sender == Role::client ? "client_" : "server_";
  text += row.name;
  if (ref.occurrence != 1) text += "#" + std::to_string(ref.occurrence);
  return text;
}

bool may_send(Role role, Message message) {
  const MessageRow& row = kMessages[static_cast<size_t>(message)];
  return role == Role::client ? row.client : row.server;
}

std::optional<MessageRef> parse_message(std::string_view text, Role we_are) {
  uint32_t occurrence = 1;
  if (size_t hash = text.find('#'); hash != std::string_view::npos) {
    auto number = parse_integer(text.substr(hash + 1), 1, 1'000'000);
    if (!number) return std::nullopt;
    occurrence = static_cast<uint32_t>(*number);
    text = text.substr(0, hash);
  }
  const Names& names = names_for(we_are);
  for (size_t i = 0; i < names.names.size(); ++i) {
    if (names.names[i] != text) continue;
    MessageRef ref = names.refs[i];
    ref.occurrence = occurrence;
    return ref;
  }
  return std::nullopt;
}

std::span<const std::string_view> message_names(Role we_are) {
  return names_for(we_are).names;
}

std::string_view to_text(Level level) {
  return name_of(kLevels, level);
}
std::span<const std::string_view> expect_words() {
  return std::span(kExpects).first(std::size(kExpects) - 1);
}
std::span<const std::string_view> level_words() {
  return kLevels;
}
std::string_view verb(const Operation& operation) {
  return kVerbs[operation.index()];
}
std::span<const std::string_view> verbs() {
  return kVerbs;
}
std::span<const std::string_view> known_faults() {
  return kFaults;
}
std::string_view to_text(Control control) {
  return name_of(kControls, control);
}
std::string_view to_text(ClientAuthExpected expected) {
  return name_of(kClientAuth, expected);
}
std::string_view to_text(CertificateCheck check) {
  return name_of(kChecks, check);
}
std::string_view to_text(Expect::Kind kind) {
  return name_of(kExpects, kind);
}

std::string to_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::none:
      return "nothing";
    case Value::Kind::integer:
      return std::to_string(value.integer);
    case Value::Kind::bytes:
      return "hex:" + to_hex(value.bytes);
    case Value::Kind::text:
      return escape_terminal(value.text);
    case Value::Kind::list:
      break;
  }
  std::vector<std::string> items;
  for (const Value& item : value.list) items.push_back(to_text(item));
  return "[" + join(items, ", ") + "]";
}

}  // namespace tlsproof::scenario
