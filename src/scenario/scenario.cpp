// One scenario file -> its plays.
#include "tlsproof/scenario/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "parse.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/target/features.h"
#include "tlsproof/target/target.h"

namespace tlsproof::scenario {
namespace {

using config::Entry;
using config::Fields;
using config::Node;

constexpr std::string_view kKeys[] = {"title",   "requirement", "cites",       "why",    "fix",       "tags",
                                      "we_are",  "tls",         "needs",       "matrix", "client",    "identity",
                                      "control", "edits",       "connections", "expect", "exclusive", "broken"};
// What is played: variables stand here, and in the title.
constexpr std::string_view kPlayedKeys[] = {"needs", "client",      "identity", "control",
                                            "edits", "connections", "expect",   "broken"};
constexpr std::string_view kRequirements[] = {"MUST", "SHOULD", "MAY", "robustness", "info"};
constexpr std::string_view kRoles[] = {"client", "server"};
constexpr size_t kMaxVariables = 16;
constexpr size_t kMaxConnections = 100;
constexpr size_t kMaxNameLen = 40;  // of a matrix value as case ids show it

// ---- what is said once

Result<std::string> plain_text(const Node& node) {
  TLSPROOF_TRY(std::string text, node.text());
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return node.error("there is no text");
  return text;
}

Result<std::string> fixed_text(const Node& node, std::string_view key) {
  TLSPROOF_TRY(std::string text, plain_text(node));
  if (text.find("${") != std::string::npos)
    return node.error(fmt::format("'{}' is the same for all cases: no variables here", key));
  return text;
}

Result<std::vector<verdict::Citation>> read_cites(const Node& node) {
  TLSPROOF_TRY(auto list, node.list());
  std::vector<verdict::Citation> out;
  for (const Node& item : list) {
    TLSPROOF_TRY(Fields fields, Fields::open(item, "a citation", {"rfc", "section"}));
    TLSPROOF_TRY(const Node* rfc, fields.require("rfc"));
    TLSPROOF_TRY(long long number, rfc->integer(1, 65'535));
    TLSPROOF_TRY(const Node* section, fields.require("section"));
    TLSPROOF_TRY(std::string text, section->word());
    constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.";
    if (text.find_first_not_of(kAllowed) != std::string::npos || text.size() > 20)
      return section->error(fmt::format("expected a section such as 4.1.2 or D.2, found {}", section->describe()));
    out.push_back({static_cast<uint16_t>(number), std::move(text)});
  }
  return out;
}

Result<std::vector<std::string>> read_tags(const Node& node) {
  TLSPROOF_TRY(auto list, node.list());
  std::vector<std::string> out;
  for (const Node& item : list) {
    TLSPROOF_TRY(std::string tag, item.word());
    if (tag.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
      return item.error(fmt::format("a tag has small letters, digits and _, not {}", item.describe()));
    out.push_back(std::move(tag));
  }
  return out;
}

Result<std::vector<uint16_t>> read_versions(const Node& node, std::string_view key) {
  TLSPROOF_TRY(auto list, node.list());
  if (list.empty()) return node.error(fmt::format("'{}' has no version", key));
  std::vector<uint16_t> out;
  for (const Node& item : list) {
    TLSPROOF_TRY(size_t index, item.one_of(target::version_words(), "version"));
    uint16_t version = *target::parse_version(target::version_words()[index]);
    if (std::ranges::find(out, version) != out.end())
      return item.error(fmt::format("version {} is there twice", item.describe()));
    out.push_back(version);
  }
  return out;
}

size_t count_nodes(const Node& node) {
  size_t num = 1;
  for (const Node& item : node.items()) num += count_nodes(item);
  for (const Entry& entry : node.entries()) num += count_nodes(entry.value);
  return num;
}

// How case ids show a value: its own text where that is short and plain, else "vN".
std::string show_value(const Node& node, size_t index) {
  std::string text = node.scalar();
  if (const Node* hex = node.find("hex"); hex && hex->is_scalar()) text = hex->scalar();
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
  if (text.empty() || text.size() > kMaxNameLen || text.find_first_not_of(kPlain) != std::string::npos)
    return fmt::format("v{}", index + 1);
  return text;
}

struct Axis {
  const Entry* entry = nullptr;
  std::span<const Node> values;
};

class ScenarioReader {
 public:
  explicit ScenarioReader(const Node& root) : root_(root) {}

  Result<Scenario> read(std::string id) {
    TLSPROOF_TRY(Fields fields, Fields::open(root_, "a scenario", kKeys));
    out_.id = std::move(id);
    out_.where = root_.where();
    TLSPROOF_TRY_VOID(read_meta(fields));
    TLSPROOF_TRY_VOID(read_matrix(fields));
    TLSPROOF_TRY_VOID(read_plays(fields));
    for (const Axis& axis : axes_)
      if (!variables_.was_used(axis.entry->key))
        return axis.entry->where.error(
            fmt::format("the variable '{0}' is used nowhere: write ${{{0}}}", axis.entry->key));
    return std::move(out_);
  }

 private:
  Status read_meta(const Fields& fields) {
    TLSPROOF_TRY(title_, fields.require("title"));
    TLSPROOF_TRY(out_.title, plain_text(*title_));
    TLSPROOF_TRY(const Node* requirement, fields.require("requirement"));
    TLSPROOF_TRY(size_t level, requirement->one_of(kRequirements, "requirement"));
    out_.requirement = static_cast<verdict::Requirement>(level);
    TLSPROOF_TRY(const Node* why, fields.require("why"));
    TLSPROOF_TRY(out_.why, fixed_text(*why, "why"));
    if (const Node* fix = fields.find("fix")) {
      TLSPROOF_TRY(out_.fix, fixed_text(*fix, "fix"));
    }
    if (const Node* cites = fields.find("cites")) {
      TLSPROOF_TRY(out_.cites, read_cites(*cites));
    }
    if (const Node* tags = fields.find("tags")) {
      TLSPROOF_TRY(out_.tags, read_tags(*tags));
    }
    if (const Node* role = fields.find("we_are")) {
      TLSPROOF_TRY(size_t index, role->one_of(kRoles, "role"));
      out_.we_are = static_cast<Role>(index);
    }
    if (const Node* exclusive = fields.find("exclusive")) {
      TLSPROOF_TRY(out_.exclusive, exclusive->boolean());
    }
    out_.versions = {registry::version::TLS1_2, registry::version::TLS1_3};
    if (const Node* tls = fields.find("tls")) {
      TLSPROOF_TRY(out_.versions, read_versions(*tls, "tls"));
    }
    return {};
  }

  Status read_matrix(const Fields& fields) {
    const Node* matrix = fields.find("matrix");
    if (!matrix) return {};
    TLSPROOF_TRY(auto entries, matrix->map());
    if (entries.empty()) return matrix->error("'matrix' has no variable");
    if (entries.size() > kMaxVariables)
      return matrix->error(fmt::format("'matrix' has more than {} variables", kMaxVariables));
    size_t num_plays = out_.versions.size();
    for (const Entry& entry : entries) {
      if (entry.key.empty() ||
          entry.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos ||
          entry.key.size() > kMaxNameLen)
        return entry.where.error(fmt::format("a variable has small letters, digits and _, not '{}'",
                                             escape_terminal_limited(entry.key, kMaxNameLen)));
      if (entry.key == "tls") return entry.where.error("'tls' is the version of the case; choose another name");
      TLSPROOF_TRY(auto values, entry.value.list());
      if (values.empty()) return entry.value.error(fmt::format("'{}' has no values", entry.key));
      num_plays = num_plays > kMaxPlays ? num_plays : num_plays * values.size();
      if (num_plays > kMaxPlays) return entry.where.error(fmt::format("the matrix has more than {} cases", kMaxPlays));
      std::vector<std::string> shown;
      for (size_t i = 0; i < values.size(); ++i) {
        if (values[i].is_null()) return values[i].error("a value of the matrix is missing");
        std::string text = show_value(values[i], i);
        if (std::ranges::find(shown, text) != shown.end())
          return values[i].error(fmt::format("the value {} is there twice", text));
        shown.push_back(std::move(text));
      }
      axes_.push_back({&entry, values});
      out_.matrix.emplace_back(entry.key, std::move(shown));
    }
    if (count_nodes(root_) * num_plays > kMaxPlayNodes)
      return matrix->error(fmt::format("the matrix makes too much of this file: over {} values", kMaxPlayNodes));
    return {};
  }

  Status read_plays(const Fields& fields) {
    std::vector<size_t> choice(axes_.size(), 0);
    for (uint16_t version : out_.versions) {
      variables_.set_tls(target::version_text(version));
      std::ranges::fill(choice, size_t{0});
      do {
        variables_.clear();
        for (size_t i = 0; i < axes_.size(); ++i) variables_.set(axes_[i].entry->key, axes_[i].values[choice[i]]);
        TLSPROOF_TRY(Play play, read_play(fields, version));
        for (size_t i = 0; i < axes_.size(); ++i)
          play.variables.emplace_back(out_.matrix[i].first, out_.matrix[i].second[choice[i]]);
        out_.plays.push_back(std::move(play));
      } while (next(choice));
    }
    if (out_.plays.size() > 1)
      for (Play& play : out_.plays) play.suffix = suffix(play);
    return title_for_all();
  }

  // The next choice, the last variable turning fastest.
  bool next(std::vector<size_t>& choice) const {
    for (size_t i = choice.size(); i-- > 0;) {
      if (++choice[i] < axes_[i].values.size()) return true;
      choice[i] = 0;
    }
    return false;
  }

  static std::string suffix(const Play& play) {
    std::string text = "[tls=" + target::version_text(play.version);
    for (const auto& [name, value] : play.variables) text += "," + name + "=" + value;
    return text + "]";
  }

  // The title of the scenario as a whole shows the names of its variables.
  Status title_for_all() {
    variables_.clear();
    variables_.set_tls("<tls>");
    std::vector<Node> names;
    names.reserve(axes_.size());
    for (const Axis& axis : axes_) {
      names.push_back(Node::make_scalar("<" + axis.entry->key + ">", true, {}));
      variables_.set(axis.entry->key, names.back());
    }
    TLSPROOF_TRY(Node title, variables_.replace(*title_, false));
    out_.title = title.scalar();
    return {};
  }

  Result<Play> read_play(const Fields& all, uint16_t version) {
    std::vector<std::pair<std::string_view, Node>> replaced;
    for (std::string_view key : kPlayedKeys) {
      const Node* node = all.find(key);
      if (!node) continue;
      TLSPROOF_TRY(Node copy, variables_.replace(*node, key == "needs"));
      replaced.emplace_back(key, std::move(copy));
    }
    auto find = [&](std::string_view key) -> const Node* {
      auto found = std::ranges::find(replaced, key, &std::pair<std::string_view, Node>::first);
      return found == replaced.end() ? nullptr : &found->second;
    };
    Play play;
    play.version = version;
    TLSPROOF_TRY(Node title, variables_.replace(*title_, false));
    TLSPROOF_TRY(play.title, plain_text(title));
    TLSPROOF_TRY_VOID(read_connections(find, play));
    TLSPROOF_TRY_VOID(read_outcome(find, play));
    if (const Node* broken = find("broken")) {
      TLSPROOF_TRY(Fields fields, Fields::open(*broken, "'broken'", {"edit"}));
      TLSPROOF_TRY(const Node* edit, fields.require("edit"));
      TLSPROOF_TRY(Edit one, parse_edit(*edit, out_.we_are == Role::client ? Role::server : Role::client));
      play.broken.push_back(std::move(one));
    }
    TLSPROOF_TRY_VOID(check(find, play));
    TLSPROOF_TRY(play.needs, read_needs(find("needs"), play));
    return play;
  }

  template <class Find>
  Status read_connections(const Find& find, Play& play) {
    const Node* list = find("connections");
    if (!list) {
      Connection one;
      if (const Node* node = find("client")) TLSPROOF_TRY_VOID(read_client(*node, one.client));
      if (const Node* node = find("identity")) TLSPROOF_TRY_VOID(read_identity(*node, one.identity));
      if (const Node* node = find("edits")) {
        TLSPROOF_TRY(one.edits, parse_edits(*node, out_.we_are));
      }
      play.connections.push_back(std::move(one));
      return {};
    }
    for (std::string_view key : {"client", "identity", "edits"})
      if (const Node* node = find(key))
        return node->error(fmt::format("with 'connections', '{}' stands in each of them", key));
    TLSPROOF_TRY(auto items, list->list());
    if (items.empty()) return list->error("'connections' has none");
    if (items.size() > kMaxConnections) return list->error(fmt::format("more than {} connections", kMaxConnections));
    std::vector<std::string> saved;
    for (const Node& item : items) {
      TLSPROOF_TRY(Connection one, read_connection(item, saved));
      play.connections.push_back(std::move(one));
    }
    return {};
  }

  Result<Connection> read_connection(const Node& node, std::vector<std::string>& saved) {
    TLSPROOF_TRY(Fields fields, Fields::open(node, "a connection",
                                             {"client", "identity", "edits", "expect", "save_session", "resume"}));
    Connection out;
    if (const Node* client = fields.find("client")) TLSPROOF_TRY_VOID(read_client(*client, out.client));
    if (const Node* identity = fields.find("identity")) TLSPROOF_TRY_VOID(read_identity(*identity, out.identity));
    if (const Node* edits = fields.find("edits")) {
      TLSPROOF_TRY(out.edits, parse_edits(*edits, out_.we_are));
    }
    if (const Node* expect = fields.find("expect")) {
      TLSPROOF_TRY(out.expect, parse_expect(*expect, out_.we_are));
    }
    if (const Node* resume = fields.find("resume")) {
      TLSPROOF_TRY(out.resume, resume->word());
      if (std::ranges::find(saved, out.resume) == saved.end()) {
        std::vector<std::string_view> names(saved.begin(), saved.end());
        return resume->error(
            fmt::format("no connection before this one saves the session {}", config::suggest(out.resume, names)));
      }
    }
    if (const Node* save = fields.find("save_session")) {
      TLSPROOF_TRY(out.save_session, save->word());
      saved.push_back(out.save_session);
    }
    return out;
  }

  Status read_client(const Node& node, ClientSetup& out) {
    if (out_.we_are != Role::client)
      return node.error("'client' says what we do as the client; here we are the server");
    TLSPROOF_TRY(
        Fields fields,
        Fields::open(node, "'client'", {"server_name", "http_host", "key_type", "versions", "plain_http", "request"}));
    if (const Node* name = fields.find("server_name")) TLSPROOF_TRY_VOID(read_server_name(*name, out));
    if (const Node* host = fields.find("http_host")) {
      constexpr std::string_view kHosts[] = {"target", "open_host", "mutual_host"};
      TLSPROOF_TRY(size_t index, host->one_of(kHosts, "host"));
      out.http_host = static_cast<ClientSetup::HttpHost>(index);
    }
    if (const Node* key = fields.find("key_type")) {
      constexpr std::string_view kTypes[] = {"rsa", "ecdsa"};
      TLSPROOF_TRY(size_t index, key->one_of(kTypes, "key type"));
      out.key_type = static_cast<KeyType>(index + 1);
    }
    if (const Node* versions = fields.find("versions")) {
      TLSPROOF_TRY(out.versions, read_versions(*versions, "versions"));
    }
    if (const Node* plain = fields.find("plain_http")) {
      TLSPROOF_TRY(out.plain_http, plain->boolean());
    }
    if (const Node* request = fields.find("request")) {
      TLSPROOF_TRY(out.request, request->boolean());
    }
    return {};
  }

  static Status read_server_name(const Node& node, ClientSetup& out) {
    constexpr std::string_view kWords[] = {"target", "none", "unknown", "open_host", "mutual_host"};
    if (node.is_scalar()) {
      auto word = std::ranges::find(kWords, std::string_view(node.scalar()));
      if (word != std::end(kWords)) {
        out.server_name = static_cast<ClientSetup::ServerName>(word - std::begin(kWords));
        return {};
      }
    }
    TLSPROOF_TRY(Bytes literal, parse_body(node));
    out.server_name = ClientSetup::ServerName::literal;
    out.server_name_literal = std::string(as_text(literal));
    return {};
  }

  static Status read_identity(const Node& node, Identity& out) {
    if (node.is_map()) {
      TLSPROOF_TRY(Fields fields, Fields::open(node, "'identity'", {"fault", "intermediates"}));
      TLSPROOF_TRY(const Node* fault, fields.require("fault"));
      TLSPROOF_TRY(size_t index, fault->one_of(known_faults(), "fault"));
      out = {.kind = Identity::Kind::fault, .fault = std::string(known_faults()[index])};
      if (const Node* count = fields.find("intermediates")) {
        if (out.fault != "too_deep") return count->error("'intermediates' goes with the fault too_deep only");
        TLSPROOF_TRY(long long number, count->integer(0, 100));
        out.intermediates = static_cast<size_t>(number);
      }
      return {};
    }
    constexpr std::string_view kWords[] = {"none", "good", "another"};
    constexpr Identity::Kind kKinds[] = {Identity::Kind::none, Identity::Kind::good, Identity::Kind::another};
    if (node.is_scalar()) {
      TLSPROOF_TRY(size_t index, node.one_of(kWords, "identity"));
      out.kind = kKinds[index];
      return {};
    }
    return node.error(fmt::format("expected none, good, another or {{fault: NAME}}, found {}", node.describe()));
  }

  template <class Find>
  Status read_outcome(const Find& find, Play& play) {
    const Node* expect = find("expect");
    const Node* control = find("control");
    if (!control) {
      if (!expect) return root_.error("a scenario needs 'expect'");
      TLSPROOF_TRY(play.expect, parse_expect(*expect, out_.we_are));
      return {};
    }
    constexpr std::string_view kControls[] = {"wrong_ca", "wrong_name", "shifted_clock"};
    TLSPROOF_TRY(size_t index, control->one_of(kControls, "control"));
    play.control = static_cast<Control>(index + 1);
    for (std::string_view key : {"expect", "edits", "connections", "broken"})
      if (const Node* node = find(key))
        return node->error(
            fmt::format("'control' tests our own verifier on an honest run: '{}' does not go with it", key));
    play.expect.kind = Expect::Kind::control;
    return {};
  }

  // What is well-formed but cannot mean anything.
  template <class Find>
  Status check(const Find& find, const Play& play) {
    using Kind = Expect::Kind;
    const Node& at = find("expect") ? *find("expect") : root_;
    const ClientSetup& client = play.connections.back().client;
    if (play.expect.kind == Kind::plain_http_refused && !client.plain_http)
      return at.error("'plain_http' needs 'client: {plain_http: true}'");
    if (client.plain_http && play.expect.kind != Kind::plain_http_refused)
      return at.error("a client that speaks plain HTTP can only expect 'plain_http: refused'");
    bool bent = std::ranges::any_of(play.connections, [](const Connection& one) { return !one.edits.empty(); });
    if (play.expect.kind == Kind::ignored && !bent) return at.error("'ignored' needs 'edits': nothing is bent here");
    if (play.expect.kind != Kind::version_refused && !client.plain_http &&
        target::client_auth_feature(play.version).empty())
      return root_.error(
          fmt::format("TLS 1.2 and 1.3 are spoken here: 'tls: [{}]' needs 'expect: {{version: refused}}'",
                      target::version_text(play.version)));
    if (play.expect.kind == Kind::client_auth && play.expect.client_auth == ClientAuthExpected::depth &&
        !play.connections.back().identity.intermediates)
      return at.error("'client_auth: depth' needs 'identity: {fault: too_deep, intermediates: NUMBER}'");
    if (play.expect.indistinguishable && axes_.empty())
      return at.error("'indistinguishable' compares the cases of a 'matrix', and there is none");
    return {};
  }

  static Result<std::vector<std::string>> read_needs(const Node* node, const Play& play) {
    std::vector<std::string> out;
    auto add = [&](std::string name) {
      if (!name.empty() && std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
    };
    bool speaks_tls = play.expect.kind != Expect::Kind::version_refused && !play.connections.back().client.plain_http;
    if (speaks_tls) add(target::version_feature(play.version));
    for (const Connection& one : play.connections) {
      using ServerName = ClientSetup::ServerName;
      using HttpHost = ClientSetup::HttpHost;
      const ClientSetup& client = one.client;
      if (client.server_name == ServerName::open_host || client.http_host == HttpHost::open_host)
        add("virtual_host.open");
      if (client.server_name == ServerName::mutual_host || client.http_host == HttpHost::mutual_host)
        add("virtual_host.mutual");
    }
    if (!node) return out;
    TLSPROOF_TRY(auto list, node->list());
    for (const Node& item : list) {
      TLSPROOF_TRY(size_t index, item.one_of(target::feature_names(), "feature"));
      std::string name(target::feature_names()[index]);
      if (name == "client_auth.requested" && speaks_tls) name = target::client_auth_feature(play.version);
      add(std::move(name));
    }
    return out;
  }

  const Node& root_;
  const Node* title_ = nullptr;
  Scenario out_;
  std::vector<Axis> axes_;
  Variables variables_;
};

}  // namespace

std::vector<Case> expand(const Scenario& scenario, std::span<const uint16_t> versions) {
  std::vector<Case> out;
  for (const Play& play : scenario.plays)
    if (versions.empty() || std::ranges::find(versions, play.version) != versions.end())
      out.push_back({&scenario, &play});
  return out;
}

Result<Scenario> parse_scenario(std::string_view yaml, const std::string& file, std::string id) {
  TLSPROOF_TRY(Node root, config::parse_yaml(yaml, file));
  return ScenarioReader(root).read(std::move(id));
}

}  // namespace tlsproof::scenario
