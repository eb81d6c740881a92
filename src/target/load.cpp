// Target files.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tlsproof/base/host_port.h"
#include "tlsproof/base/text.h"
#include "tlsproof/config/node.h"
#include "tlsproof/target/target.h"

namespace tlsproof::target {
namespace {

using config::Fields;
using config::Node;

// Everything that an endpoint may say; `defaults` may say all but the first three.
constexpr std::string_view kEndpointKeys[] = {
    "address",     "label",         "connect_to", "server_name",     "app",       "http",        "virtual_hosts",
    "client_auth", "versions",      "trust",      "client_identity", "client_ca", "client_crls", "verify_depth",
    "timeouts",    "min_days_left", "suites"};
constexpr auto kDefaultKeys = std::span(kEndpointKeys).subspan(3);

class Loader {
 public:
  explicit Loader(std::string folder) : folder_(std::move(folder)) {}

  Result<Target> target(const Node& root) {
    TLSPROOF_TRY(Fields fields, Fields::open(root, "a target file", {"defaults", "endpoints", "waivers"}));
    Endpoint defaults;
    if (const Node* node = fields.find("defaults")) {
      TLSPROOF_TRY(Fields given, Fields::open(*node, "'defaults'", kDefaultKeys));
      TLSPROOF_TRY_VOID(common(given, defaults));
    }
    Target out;
    TLSPROOF_TRY(const Node* endpoints, fields.require("endpoints"));
    TLSPROOF_TRY(auto list, endpoints->list());
    if (list.empty()) return endpoints->error("'endpoints' has none");
    std::set<std::string> labels;
    for (const Node& node : list) {
      TLSPROOF_TRY(Endpoint one, endpoint(node, defaults));
      if (!labels.insert(one.label).second)
        return node.error(
            fmt::format("a second endpoint is called '{}'; give one of them a 'label'", escape_terminal(one.label)));
      out.endpoints.push_back(std::move(one));
    }
    if (const Node* waivers = fields.find("waivers")) {
      TLSPROOF_TRY(auto items, waivers->list());
      for (const Node& node : items) {
        TLSPROOF_TRY(Waiver one, waiver(node));
        out.waivers.push_back(std::move(one));
      }
    }
    return out;
  }

 private:
  Result<HostPort> host_port(const Node& node) {
    TLSPROOF_TRY(std::string text, node.text());
    auto parsed = parse_host_port(text);
    if (!parsed) return node.error(parsed.error().what);
    return parsed;
  }

  Result<std::string> path(const Node& node) {
    TLSPROOF_TRY(std::string text, node.word());
    if (text.starts_with('/') || folder_.empty()) return text;
    return folder_ + "/" + text;
  }

  Result<std::vector<std::string>> paths(const Node& node) {
    TLSPROOF_TRY(auto list, node.list());
    std::vector<std::string> out;
    for (const Node& item : list) {
      TLSPROOF_TRY(std::string one, path(item));
      out.push_back(std::move(one));
    }
    return out;
  }

  Result<Endpoint> endpoint(const Node& node, const Endpoint& defaults) {
    TLSPROOF_TRY(Fields fields, Fields::open(node, "an endpoint", kEndpointKeys));
    Endpoint out = defaults;
    out.line = node.where().line;
    TLSPROOF_TRY(const Node* address, fields.require("address"));
    TLSPROOF_TRY(out.address, host_port(*address));
    out.label = out.address.text();
    if (const Node* label = fields.find("label")) {
      TLSPROOF_TRY(out.label, label->word());
    }
    if (const Node* to = fields.find("connect_to")) {
      TLSPROOF_TRY(out.connect_to, host_port(*to));
    }
    TLSPROOF_TRY_VOID(common(fields, out));
    return out;
  }

  Status common(const Fields& fields, Endpoint& out) {
    if (const Node* node = fields.find("server_name")) {
      TLSPROOF_TRY(std::string name, node->word());
      if (name != "none" && !is_ip_address(name) && !parse_host_port(name + ":443"))
        return node->error(
            fmt::format("'{}' is no host name; 'none' sends no name", escape_terminal_limited(name, 80)));
      out.server_name = name == "none" ? std::string() : name;
    }
    if (const Node* node = fields.find("app")) {
      TLSPROOF_TRY_VOID(app(*node, out.app));
      if (const Node* http = fields.find("http"); http && out.app.protocol != app::Protocol::http)
        return http->error(fmt::format("'http' stands beside 'app: {}'; a service is one of them",
                                       app::protocol_info(out.app.protocol).name));
    }
    if (const Node* node = fields.find("http")) TLSPROOF_TRY_VOID(http(*node, out));
    if (const Node* node = fields.find("virtual_hosts")) TLSPROOF_TRY_VOID(virtual_hosts(*node, out.virtual_hosts));
    if (const Node* node = fields.find("client_auth")) {
      TLSPROOF_TRY(size_t index, node->one_of(client_auth_words(), "client_auth"));
      out.client_auth = static_cast<ClientAuth>(index);
    }
    if (const Node* node = fields.find("versions")) TLSPROOF_TRY_VOID(versions(*node, out.versions));
    if (const Node* node = fields.find("trust")) TLSPROOF_TRY_VOID(trust(*node, out.trust));
    if (const Node* node = fields.find("client_identity"))
      TLSPROOF_TRY_VOID(key_pair(*node, "a client identity", out.client_identity));
    if (const Node* node = fields.find("client_ca")) TLSPROOF_TRY_VOID(key_pair(*node, "a client CA", out.client_ca));
    if (const Node* node = fields.find("client_crls")) {
      TLSPROOF_TRY(out.client_crl_paths, paths(*node));
    }
    if (const Node* node = fields.find("verify_depth")) {
      TLSPROOF_TRY(long long depth, node->integer(0, static_cast<long long>(kMaxVerifyDepth)));
      out.verify_depth = static_cast<size_t>(depth);
    }
    if (const Node* node = fields.find("timeouts")) TLSPROOF_TRY_VOID(timeouts(*node, out.timeouts));
    if (const Node* node = fields.find("min_days_left")) {
      TLSPROOF_TRY(long long days, node->integer(0, 36'500));
      out.min_days_left = static_cast<int>(days);
    }
    if (const Node* node = fields.find("suites")) {
      TLSPROOF_TRY_VOID(suites(*node, out.suites));
      out.suites_where = node->where().text();
    }
    return {};
  }

  // "smtp", or {protocol: postgres, user: alice}.
  static Status app(const Node& node, App& out) {
    const Node* name = &node;
    out = {};
    if (!node.is_scalar()) {
      TLSPROOF_TRY(Fields fields, Fields::open(node, "'app'", {"protocol", "user"}));
      TLSPROOF_TRY(name, fields.require("protocol"));
      if (const Node* user = fields.find("user")) {
        TLSPROOF_TRY(out.user, user->word());
        if (!is_user_name(out.user)) return user->error("a user name has no control characters, and 1 to 64 bytes");
      }
    }
    TLSPROOF_TRY(const std::string word, name->word());
    const auto protocol = app::parse_protocol(word);
    if (!protocol) return name->error(app::unknown_protocol(word));
    out.protocol = *protocol;
    return {};
  }

  // What is said of HTTP means that HTTP is spoken.
  static Status http(const Node& node, Endpoint& endpoint) {
    Http& out = endpoint.http;
    out = {};
    if (node.is_scalar() && node.scalar() == "none") {
      endpoint.app.protocol = app::Protocol::none;
      return {};
    }
    endpoint.app.protocol = app::Protocol::http;
    TLSPROOF_TRY(Fields fields, Fields::open(node, "'http'", {"path", "host"}));
    if (const Node* path = fields.find("path")) {
      TLSPROOF_TRY(out.path, path->word());
      if (!out.path.starts_with('/') || out.path.find(' ') != std::string::npos)
        return path->error(
            fmt::format("expected a path that begins with '/' and has no blanks, found {}", path->describe()));
    }
    if (const Node* host = fields.find("host")) {
      TLSPROOF_TRY(out.host, host->word());
    }
    return {};
  }

  static Status virtual_hosts(const Node& node, VirtualHosts& out) {
    TLSPROOF_TRY(Fields fields, Fields::open(node, "'virtual_hosts'", {"open", "mutual"}));
    out = {};
    const std::pair<std::string_view, std::string*> rows[] = {{"open", &out.open}, {"mutual", &out.mutual}};
    for (const auto& [key, name] : rows) {
      const Node* given = fields.find(key);
      if (!given) continue;
      TLSPROOF_TRY(*name, given->word());
      // RFC 6066 §3: the server_name extension carries DNS names only.
      if (is_ip_address(*name) || !parse_host_port(*name + ":443"))
        return given->error(fmt::format("'{}' is no host name", escape_terminal_limited(*name, 80)));
    }
    return {};
  }

  static Status versions(const Node& node, std::vector<uint16_t>& out) {
    TLSPROOF_TRY(auto list, node.list());
    out.clear();
    for (const Node& item : list) {
      TLSPROOF_TRY(size_t index, item.one_of(version_words(), "version"));
      uint16_t version = *parse_version(version_words()[index]);
      if (std::ranges::find(out, version) != out.end())
        return item.error(fmt::format("version {} is there twice", item.describe()));
      out.push_back(version);
    }
    if (out.empty()) return node.error("'versions' has none");
    std::ranges::sort(out);
    return {};
  }

  Status trust(const Node& node, Trust& out) {
    TLSPROOF_TRY(Fields fields, Fields::open(node, "'trust'", {"system", "anchors", "passphrase", "crls"}));
    out = {};
    if (const Node* anchors = fields.find("anchors")) {
      TLSPROOF_TRY(out.paths, paths(*anchors));
    }
    if (const Node* given = fields.find("passphrase")) TLSPROOF_TRY_VOID(passphrase(*given, out.passphrase));
    out.system = out.paths.empty();
    if (const Node* system = fields.find("system")) {
      TLSPROOF_TRY(out.system, system->boolean());
    }
    if (!out.system && out.paths.empty())
      return node.error("nothing is trusted: name 'anchors', or say 'system: true'");
    if (const Node* crls = fields.find("crls")) {
      TLSPROOF_TRY(out.crl_paths, paths(*crls));
    }
    return {};
  }

  Status key_pair(const Node& node, std::string_view what, KeyPair& out) {
    TLSPROOF_TRY(Fields fields, Fields::open(node, what, {"certificate", "key", "passphrase"}));
    out = {};
    TLSPROOF_TRY(const Node* certificate, fields.require("certificate"));
    TLSPROOF_TRY(out.certificate_path, path(*certificate));
    if (const Node* key = fields.find("key")) {
      TLSPROOF_TRY(out.key_path, path(*key));
    }
    if (const Node* given = fields.find("passphrase")) TLSPROOF_TRY_VOID(passphrase(*given, out.passphrase));
    return {};
  }

  Status passphrase(const Node& node, PassphraseSource& out) {
    if (node.is_scalar())  // not repeated in the message: it may be the secret itself
      return node.error("a passphrase is never written here: use {file: PATH} or {environment: NAME}");
    constexpr std::string_view kSources[] = {"file", "environment"};
    TLSPROOF_TRY(Fields source, Fields::open(node, "a passphrase", kSources));
    TLSPROOF_TRY(const config::Entry* entry, source.exactly_one(kSources));
    if (entry->key == "file") {
      out.kind = PassphraseSource::Kind::file;
      TLSPROOF_TRY(out.name, path(entry->value));
    } else {
      out.kind = PassphraseSource::Kind::environment;
      TLSPROOF_TRY(out.name, entry->value.word());
    }
    return {};
  }

  static Status timeouts(const Node& node, Timeouts& out) {
    TLSPROOF_TRY(Fields fields, Fields::open(node, "'timeouts'", {"connect", "handshake", "request", "drain"}));
    const std::pair<std::string_view, int64_t*> rows[] = {
        {"connect", &out.connect}, {"handshake", &out.handshake}, {"request", &out.request}, {"drain", &out.drain}};
    for (const auto& [key, value] : rows) {
      const Node* given = fields.find(key);
      if (!given) continue;
      TLSPROOF_TRY(*value, given->duration_ns());
      if (*value == 0) return given->error("a timeout of nothing");
    }
    return {};
  }

  static Status suites(const Node& node, std::vector<std::string>& out) {
    TLSPROOF_TRY(auto list, node.list());
    out.clear();
    for (const Node& item : list) {
      TLSPROOF_TRY(std::string one, item.word());
      out.push_back(std::move(one));
    }
    return {};
  }

  static Result<Waiver> waiver(const Node& node) {
    TLSPROOF_TRY(Fields fields, Fields::open(node, "a waiver", {"check", "endpoint", "reason", "until"}));
    Waiver out;
    out.where = node.where().text();
    TLSPROOF_TRY(const Node* check, fields.require("check"));
    TLSPROOF_TRY(out.check, check->word());
    if (const Node* endpoint = fields.find("endpoint")) {
      TLSPROOF_TRY(out.endpoint, endpoint->word());
    }
    TLSPROOF_TRY(const Node* reason, fields.require("reason"));
    TLSPROOF_TRY(out.reason, reason->word());
    TLSPROOF_TRY(const Node* until, fields.require("until"));
    TLSPROOF_TRY(int64_t last_day, until->date());
    out.until = last_day + 86'400;
    out.until_text = until->scalar();
    return out;
  }

  std::string folder_;
};

}  // namespace

Result<Target> parse_target(std::string_view yaml, const std::string& name, const std::string& folder) {
  TLSPROOF_TRY(Node root, config::parse_yaml(yaml, name));
  return Loader(folder).target(root);
}

Result<Target> load_target_file(const std::string& path) {
  TLSPROOF_TRY(Node root, config::load_yaml(path));
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "" : slash == 0 ? "/." : path.substr(0, slash);
  return Loader(std::move(folder)).target(root);
}

}  // namespace tlsproof::target
