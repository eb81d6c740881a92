// The edits of a scenario file.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "parse.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::scenario {
namespace {

using config::Entry;
using config::Fields;
using config::Node;

constexpr std::string_view kCorrupt[] = {"none", "tag", "mac", "padding", "sequence"};
constexpr std::string_view kAnchors[] = {"at", "before", "after"};

Result<Level> parse_level(const Node& node) {
  TLSPROOF_TRY(size_t index, node.one_of(level_words(), "level"));
  return static_cast<Level>(index);
}

// A registry name or a number.
Result<uint32_t> parse_code_point(const Node& node, registry::Kind kind, std::string_view what) {
  const long long max = registry::value_len(kind) == 1 ? 0xff : 0xffff;
  if (auto number = node.integer(0, max)) return static_cast<uint32_t>(*number);
  uint32_t value = 0;
  if (node.is_scalar() && registry::parse(kind, node.scalar(), value)) return value;
  if (!node.is_scalar()) return node.error(fmt::format("expected {}, found {}", what, node.describe()));
  std::vector<std::string_view> names;
  for (const registry::CodePoint& row : registry::table(kind)) names.push_back(row.name);
  return node.error(fmt::format("unknown {} {}", what, config::suggest(node.scalar(), names)));
}

Result<std::string> parse_path(std::string_view text, const config::Where& where) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.#-";
  if (text.empty() || text.find_first_not_of(kAllowed) != std::string_view::npos)
    return where.error(fmt::format("'{}' is no field of a message", escape_terminal_limited(text, 60)));
  return std::string(text);
}

// ---- one function a verb

Result<Operation> read_set(const Node& node, Role) {
  TLSPROOF_TRY(FieldValues fields, parse_field_values(node));
  return SetFields{std::move(fields)};
}

Result<Operation> read_append(const Node& node, Role) {
  TLSPROOF_TRY(FieldValues fields, parse_field_values(node));
  return AppendFields{std::move(fields)};
}

Result<Operation> read_remove(const Node& node, Role) {
  RemoveFields out;
  if (node.is_scalar()) {
    TLSPROOF_TRY(std::string path, parse_path(node.scalar(), node.where()));
    out.paths.push_back(std::move(path));
    return out;
  }
  TLSPROOF_TRY(auto list, node.list());
  if (list.empty()) return node.error("'remove' names no field");
  for (const Node& item : list) {
    TLSPROOF_TRY(std::string text, item.text());
    TLSPROOF_TRY(std::string path, parse_path(text, item.where()));
    out.paths.push_back(std::move(path));
  }
  return out;
}

Result<Operation> read_truncate(const Node& node, Role) {
  TLSPROOF_TRY(long long len, node.integer(-0xffffff, 0xffffff));
  return Truncate{len};
}

Result<Operation> read_bytes(const Node& node, Role) {
  TLSPROOF_TRY(auto entries, node.map());
  if (entries.empty()) return node.error("'bytes' changes nothing");
  PatchBytes out;
  for (const Entry& entry : entries) {
    auto offset = parse_integer(entry.key, -0xffffff - 4, 0xffffff + 4);
    if (!offset)
      return entry.where.error(fmt::format("'{}' is no offset into a message", escape_terminal_limited(entry.key, 60)));
    TLSPROOF_TRY(Bytes bytes, entry.value.bytes());
    out.patches.push_back({*offset, std::move(bytes)});
  }
  return out;
}

Result<Operation> read_lie(const Node& node, Role) {
  TLSPROOF_TRY(auto entries, node.map());
  if (entries.empty()) return node.error("'lie' changes nothing");
  Lie out;
  for (const Entry& entry : entries) {
    TLSPROOF_TRY(std::string field, parse_path(entry.key, entry.where));
    TLSPROOF_TRY(long long len, entry.value.integer(0, 0xffffff));
    out.lies.push_back({std::move(field), static_cast<uint32_t>(len)});
  }
  return out;
}

template <class T>
Result<Operation> read_flag(const Node& node, Role) {
  TLSPROOF_TRY_VOID(demand_true(node));
  return T{};
}

template <class T, long long kMax>
Result<Operation> read_number(const Node& node, Role) {
  TLSPROOF_TRY(long long number, node.integer(1, kMax));
  return T{static_cast<uint32_t>(number)};
}

Result<Operation> read_move_after(const Node& node, Role we_are) {
  TLSPROOF_TRY(MessageRef after, parse_message_ref(node, we_are));
  return MoveAfter{after};
}

Result<Operation> read_record(const Node& node, Role) {
  TLSPROOF_TRY(Fields fields, Fields::open(node, "'record'", {"version", "type", "corrupt", "plaintext", "level"}));
  if (node.entries().empty()) return node.error("'record' changes nothing");
  RecordEdit out;
  if (const Node* version = fields.find("version")) {
    TLSPROOF_TRY(uint32_t value, parse_code_point(*version, registry::Kind::version, "version"));
    out.version = static_cast<uint16_t>(value);
  }
  if (const Node* type = fields.find("type")) {
    TLSPROOF_TRY(uint32_t value, parse_code_point(*type, registry::Kind::content_type, "content type"));
    out.type = static_cast<uint8_t>(value);
  }
  if (const Node* corrupt = fields.find("corrupt")) {
    TLSPROOF_TRY(size_t index, corrupt->one_of(std::span(kCorrupt).subspan(1), "part of a record"));
    out.corrupt = static_cast<RecordEdit::Corrupt>(index + 1);
  }
  if (const Node* plaintext = fields.find("plaintext")) {
    TLSPROOF_TRY_VOID(demand_true(*plaintext));
    out.plaintext = true;
  }
  if (const Node* level = fields.find("level")) {
    TLSPROOF_TRY(out.level, parse_level(*level));
  }
  return out;
}

Result<Operation> read_wait(const Node& node, Role) {
  TLSPROOF_TRY(int64_t ns, node.duration_ns());
  return Wait{ns};
}

// The entries of `node` are those of `fields`, in the same order.
Status check_fields(uint8_t type, FieldAction action, const Node& node, const FieldValues& fields) {
  for (size_t i = 0; i < fields.size(); ++i)
    TLSPROOF_TRY_VOID(check_field(type, action, fields[i].first, fields[i].second, node.entries()[i].where));
  return {};
}

// What a verb says about fields must fit the message that it is anchored at.
Status check_against_message(const Operation& operation, const Node& node, const Edit& edit) {
  const auto* set = std::get_if<SetFields>(&operation);
  const auto* append = std::get_if<AppendFields>(&operation);
  const auto* remove = std::get_if<RemoveFields>(&operation);
  if (!set && !append && !remove) return {};
  auto type = handshake_type(edit.anchor.message);
  if (!type)
    return node.error(fmt::format("{} is no handshake message: it has no fields", to_text(edit.anchor.message)));
  if (set) return check_fields(*type, FieldAction::set, node, set->fields);
  if (append) return check_fields(*type, FieldAction::append, node, append->fields);
  for (const std::string& path : remove->paths)
    TLSPROOF_TRY_VOID(check_field(*type, FieldAction::remove, path, {}, node.where()));
  return {};
}

// What each kind of injected thing takes beside its own key, `level` and `count`.
constexpr std::string_view kInjectKinds[] = {"message", "alert", "change_cipher_spec", "record", "raw"};

Status read_inject_kind(const Entry& entry, Inject& out) {
  const Node& node = entry.value;
  auto index =
      static_cast<size_t>(std::ranges::find(kInjectKinds, std::string_view(entry.key)) - std::begin(kInjectKinds));
  out.what = static_cast<Inject::What>(index);
  switch (out.what) {
    case Inject::What::message: {
      TLSPROOF_TRY(uint32_t type, parse_code_point(node, registry::Kind::handshake_type, "message"));
      out.message_type = static_cast<uint8_t>(type);
      break;
    }
    case Inject::What::alert: {
      TLSPROOF_TRY(out.alert, parse_alert(node));
      break;
    }
    case Inject::What::change_cipher_spec: {
      if (node.is_scalar()) {
        TLSPROOF_TRY_VOID(demand_true(node));
        out.body = Bytes{1};
      } else {
        TLSPROOF_TRY(out.body, parse_body(node));
      }
      break;
    }
    case Inject::What::record: {
      TLSPROOF_TRY(uint32_t type, parse_code_point(node, registry::Kind::content_type, "content type"));
      out.record_type = static_cast<uint8_t>(type);
      break;
    }
    case Inject::What::raw: {
      TLSPROOF_TRY(out.body, parse_body(node));
      break;
    }
  }
  return {};
}

Result<Operation> read_inject(const Node& node, Role) {
  TLSPROOF_TRY(Fields fields, Fields::open(node, "'inject'",
                                           {"message", "alert", "change_cipher_spec", "record", "raw", "set", "body",
                                            "alert_level", "level", "hashed", "count"}));
  TLSPROOF_TRY(const Entry* kind, fields.exactly_one(kInjectKinds));
  Inject out;
  TLSPROOF_TRY_VOID(read_inject_kind(*kind, out));
  using What = Inject::What;
  auto only_for = [&](std::string_view key, std::initializer_list<What> kinds) -> Status {
    const Node* given = fields.find(key);
    if (!given || std::ranges::find(kinds, out.what) != kinds.end()) return {};
    return given->error(fmt::format("'{}' does not go with '{}'", key, kind->key));
  };
  TLSPROOF_TRY_VOID(only_for("set", {What::message}));
  TLSPROOF_TRY_VOID(only_for("body", {What::message, What::record}));
  TLSPROOF_TRY_VOID(only_for("alert_level", {What::alert}));
  TLSPROOF_TRY_VOID(only_for("hashed", {What::message}));
  TLSPROOF_TRY_VOID(only_for("level", {What::message, What::alert, What::change_cipher_spec, What::record}));
  if (const Node* set = fields.find("set")) {
    if (fields.find("body")) return set->error("'set' and 'body' exclude each other");
    TLSPROOF_TRY(out.set, parse_field_values(*set));
    TLSPROOF_TRY_VOID(check_fields(out.message_type, FieldAction::set, *set, out.set));
  }
  if (const Node* body = fields.find("body")) {
    TLSPROOF_TRY(out.body, parse_body(*body));
  } else if (out.what == What::record) {
    return node.error("an injected record needs 'body'");
  }
  if (const Node* level = fields.find("alert_level")) {
    constexpr std::string_view kAlertLevels[] = {"warning", "fatal"};
    TLSPROOF_TRY(size_t index, level->one_of(kAlertLevels, "alert level"));
    out.alert_level = static_cast<uint8_t>(index + 1);
  }
  if (const Node* level = fields.find("level")) {
    TLSPROOF_TRY(out.level, parse_level(*level));
  }
  if (const Node* hashed = fields.find("hashed")) {
    TLSPROOF_TRY(out.hashed, hashed->boolean());
  }
  if (const Node* count = fields.find("count")) {
    TLSPROOF_TRY(long long number, count->integer(1, 1'000'000));
    out.count = static_cast<uint32_t>(number);
  }
  return out;
}

struct Verb {
  Result<Operation> (*read)(const Node& node, Role we_are);
  bool beside = false;  // stands before or after a message, not at one
};

// In the order of Operation's alternatives and verbs().
constexpr auto kVerbs = std::to_array<Verb>({
    {read_set},
    {read_remove},
    {read_append},
    {read_truncate},
    {read_bytes},
    {read_lie},
    {read_flag<Skip>},
    {read_number<Repeat, 100'000>},
    {read_move_after},
    {read_inject, true},
    {read_number<Fragment, 16'384>},
    {read_number<Segment, 65'535>},
    {read_flag<Coalesce>},
    {read_number<Pad, 16'384>},
    {read_record},
    {read_wait, true},
    {read_flag<HalfClose>, true},
    {read_flag<ResetConnection>, true},
});
static_assert(kVerbs.size() == std::variant_size_v<Operation>);

Status read_anchor(const Fields& fields, Role we_are, Edit& out) {
  TLSPROOF_TRY(const Entry* anchor, fields.exactly_one(kAnchors));
  out.when = static_cast<Edit::When>(std::ranges::find(kAnchors, std::string_view(anchor->key)) - std::begin(kAnchors));
  TLSPROOF_TRY(out.anchor, parse_message_ref(anchor->value, we_are));
  if (out.when != Edit::When::after && out.anchor.sender != we_are)
    return anchor->value.error(fmt::format("{} is the peer's: only 'after' can stand there", anchor->value.describe()));
  return {};
}

}  // namespace

Status demand_true(const Node& node) {
  if (node.is_scalar() && !node.quoted() && node.scalar() == "true") return {};
  return node.error(fmt::format("expected true, found {}", node.describe()));
}

Result<Value> parse_value(const Node& node) {
  Value out;
  if (node.is_list()) {
    out.kind = Value::Kind::list;
    for (const Node& item : node.items()) {
      TLSPROOF_TRY(Value one, parse_value(item));
      out.list.push_back(std::move(one));
    }
    return out;
  }
  if (node.is_map() && node.entries().size() == 1 && node.entries()[0].key == "hex") {
    out.kind = Value::Kind::bytes;
    TLSPROOF_TRY(out.bytes, node.entries()[0].value.bytes());
    return out;
  }
  if (!node.is_scalar())
    return node.error(
        fmt::format("expected a number, text, {{hex: \"00ff\"}} or a list of these, found {}", node.describe()));
  if (auto number = node.integer(INT64_MIN, INT64_MAX)) {
    out.kind = Value::Kind::integer;
    out.integer = *number;
    return out;
  }
  out.kind = Value::Kind::text;
  out.text = node.scalar();
  return out;
}

Result<FieldValues> parse_field_values(const Node& node) {
  TLSPROOF_TRY(auto entries, node.map());
  if (entries.empty()) return node.error("names no field");
  FieldValues out;
  for (const Entry& entry : entries) {
    TLSPROOF_TRY(std::string path, parse_path(entry.key, entry.where));
    TLSPROOF_TRY(Value value, parse_value(entry.value));
    out.emplace_back(std::move(path), std::move(value));
  }
  return out;
}

Result<Bytes> parse_body(const Node& node) {
  if (node.is_scalar()) return to_bytes(node.scalar());
  TLSPROOF_TRY(Value value, parse_value(node));
  if (value.kind != Value::Kind::bytes)
    return node.error(fmt::format("expected text or {{hex: \"00ff\"}}, found {}", node.describe()));
  return std::move(value.bytes);
}

Result<MessageRef> parse_message_ref(const Node& node, Role we_are) {
  TLSPROOF_TRY(std::string text, node.text());
  if (auto ref = parse_message(text, we_are)) return *ref;
  size_t hash = text.find('#');
  std::string name = text.substr(0, hash);
  if (hash != std::string::npos && parse_message(name, we_are))
    return node.error(fmt::format("{}: after '#' comes a number from 1", node.describe()));
  return node.error(fmt::format("unknown message {}", config::suggest(name, message_names(we_are))));
}

Result<uint8_t> parse_alert(const Node& node) {
  TLSPROOF_TRY(std::string text, node.text());
  const registry::CodePoint* row = registry::find(registry::Kind::alert, text);
  if (row) return static_cast<uint8_t>(row->value);
  std::vector<std::string_view> names;
  for (const registry::CodePoint& alert : registry::table(registry::Kind::alert)) names.push_back(alert.name);
  return node.error(fmt::format("unknown alert {}", config::suggest(text, names)));
}

Result<Edit> parse_edit(const Node& node, Role we_are) {
  std::vector<std::string_view> keys(std::begin(kAnchors), std::end(kAnchors));
  keys.insert(keys.end(), verbs().begin(), verbs().end());
  TLSPROOF_TRY(Fields fields, Fields::open(node, "an edit", keys));
  Edit out;
  out.where = node.where();
  TLSPROOF_TRY_VOID(read_anchor(fields, we_are, out));
  for (size_t i = 0; i < kVerbs.size(); ++i) {
    std::string_view name = verbs()[i];
    const Node* given = fields.find(name);
    if (!given) continue;
    if (kVerbs[i].beside && out.when == Edit::When::at)
      return given->error(fmt::format("'{}' stands 'before' or 'after' a message, not 'at' one", name));
    if (!kVerbs[i].beside && out.when != Edit::When::at)
      return given->error(fmt::format("'{}' bends a message: it stands 'at' one", name));
    TLSPROOF_TRY(Operation operation, kVerbs[i].read(*given, we_are));
    TLSPROOF_TRY_VOID(check_against_message(operation, *given, out));
    out.operations.push_back(std::move(operation));
  }
  if (out.operations.empty()) return node.error("an edit that does nothing: give it a verb such as 'set' or 'skip'");
  return out;
}

Result<std::vector<Edit>> parse_edits(const Node& node, Role we_are) {
  TLSPROOF_TRY(auto list, node.list());
  if (list.empty()) return node.error("'edits' has none");
  std::vector<Edit> out;
  for (const Node& item : list) {
    TLSPROOF_TRY(Edit one, parse_edit(item, we_are));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace tlsproof::scenario
