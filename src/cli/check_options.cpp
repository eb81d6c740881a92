#include "check_options.h"

#include "recordings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/base/host_port.h"
#include "tlsproof/base/text.h"

namespace tlsproof::cli {
namespace {

constexpr std::array kEndpointOptions = {
    OptionSpec{"target", "FILE", "the endpoints and what is expected of them, as YAML"},
    OptionSpec{"endpoint", "LABEL", "only this endpoint of the target file", true},
    OptionSpec{"connect-to", "HOST:PORT", "connect there; the name stays that of HOST:PORT"},
    OptionSpec{"server-name", "NAME", "the name in SNI and in the certificate; 'none' sends no SNI"},
    OptionSpec{"trust", "FILE", "trust anchors: PEM, DER or PKCS#12; default: the system's", true},
    OptionSpec{"crl", "FILE", "PEM file of certificate revocation lists", true},
    OptionSpec{"client-auth", "WHAT", "what the server is declared to do: none, optional, required or unverified"},
    OptionSpec{"client-cert", "FILE", "a good client certificate, its issuers after it; or a PKCS#12 with the key"},
    OptionSpec{"client-key", "FILE", "its key, where the certificate's file does not hold it"},
    OptionSpec{"client-ca", "FILE", "the CA of the clients; faulty certificates are forged under it"},
    OptionSpec{"client-ca-key", "FILE", "its key"},
    OptionSpec{"client-crl", "FILE", "a CRL that the server uses for clients", true},
    OptionSpec{"verify-depth", "N", "intermediates that the server is meant to accept in a client's chain"},
    OptionSpec{"passphrase-file", "FILE", "passphrase of the encrypted files above"},
    OptionSpec{"passphrase-env", "VARIABLE", "the same from an environment variable"},
    OptionSpec{
        "app", "NAME",
        "the service: http (default) or none; smtp, imap, pop3, ldap, ftp, xmpp, postgres, mysql, where TLS is asked "
        "for first; smtps, imaps, pop3s, ldaps, ftps, xmpps, redis, where it begins at once"},
    OptionSpec{"app-user", "NAME", "postgres, mysql: who the client says it is; default: tlsproof"},
    OptionSpec{"http-path", "PATH", "the page that is asked for; default: /"},
    OptionSpec{"http-host", "NAME", "the Host header; default: the server's name"},
    OptionSpec{"open-host", "NAME", "another name at the same address, which asks for no client certificate"},
    OptionSpec{"other-mutual-host", "NAME", "another name there, which requires client certificates of another CA"},
    OptionSpec{"no-http", "", "the same as --app none"},
    OptionSpec{"timeout", "SECONDS", "limit of each step: connect, handshake, request; default: 5"},
    OptionSpec{"tls", "VERSION", "only this version: 1.2 or 1.3", true},
    OptionSpec{"jobs", "N", "connections in flight; default: 8"},
};
constexpr std::array kCheckOptions = {
    OptionSpec{"repeat", "N", "play each attempt so often and report when they differ; default: 1"},
    OptionSpec{"min-days-left", "DAYS", "warn when a certificate ends sooner; default: 14"},
    OptionSpec{"scenarios", "FOLDER", "read scenarios from here too"},
    OptionSpec{"format", "FORMAT", "on standard output: text (default), json, junit, markdown or github"},
    OptionSpec{"report", "FORMAT=FILE", "write a report to a file", true},
    kEvidenceOption,
    OptionSpec{"baseline", "FILE", "an earlier JSON report: what it has already does not fail again"},
    OptionSpec{"fail-on", "LEVEL", "exit status 1 from: fail (default), warn, info, none"},
    OptionSpec{"color", "WHEN", "auto (default), always or never"},
    OptionSpec{"verbose", "", "the story of every finding, not only of failures"},
    OptionSpec{"help", "", "this text"},
};

// These describe one endpoint, and stand in the target file when there is one.
constexpr std::array<std::string_view, 20> kOfOneEndpoint = {
    "connect-to",     "server-name",       "trust",        "crl",
    "client-auth",    "client-cert",       "client-key",   "client-ca",
    "client-ca-key",  "client-crl",        "verify-depth", "passphrase-file",
    "passphrase-env", "http-path",         "http-host",    "no-http",
    "open-host",      "other-mutual-host", "app",          "app-user"};

Status read_passphrase_source(const ParsedOptions& options, target::PassphraseSource& passphrase) {
  if (options.has("passphrase-file") && options.has("passphrase-env"))
    return fail_usage("give one of --passphrase-file and --passphrase-env");
  if (options.has("passphrase-file"))
    passphrase = {target::PassphraseSource::Kind::file, options.get("passphrase-file")};
  if (options.has("passphrase-env"))
    passphrase = {target::PassphraseSource::Kind::environment, options.get("passphrase-env")};
  return {};
}

// The certificate's file may hold the key too; what it is is seen when it is read.
Status read_pair(const ParsedOptions& options, std::string_view certificate, std::string_view key,
                 target::KeyPair& pair) {
  if (options.has(key) && !options.has(certificate))
    return fail_usage(fmt::format("--{} needs --{} beside it", key, certificate));
  pair.certificate_path = options.get(certificate);
  pair.key_path = options.get(key);
  return read_passphrase_source(options, pair.passphrase);
}

// A DNS name: RFC 6066 §3 has no other kind in the server_name extension.
Result<std::string> read_host_name(const ParsedOptions& options, std::string_view option) {
  const std::string name = options.get(option);
  if (options.has(option) && (is_ip_address(name) || !parse_host_port(name + ":443")))
    return fail_usage(fmt::format("--{}: '{}' is no host name", option, escape_terminal_limited(name, 80)));
  return name;
}

// The service: --app, or --no-http for none of them.
Status read_app(const ParsedOptions& options, target::Endpoint& endpoint) {
  const std::string name = options.get("app", options.has("no-http") ? "none" : "http");
  const auto protocol = app::parse_protocol(name);
  if (!protocol) return fail_usage(fmt::format("--app: {}", app::unknown_protocol(name)));
  endpoint.app.protocol = *protocol;
  if (options.has("no-http") && *protocol != app::Protocol::none)
    return fail_usage(fmt::format("--no-http stands beside --app {}; give one of them", name));
  for (const std::string_view of_http : {"http-path", "http-host"})
    if (options.has(of_http) && *protocol != app::Protocol::http)
      return fail_usage(fmt::format("--{} is for HTTP, and --app says {}", of_http, name));
  if (!options.has("app-user")) return {};
  if (*protocol != app::Protocol::postgres && *protocol != app::Protocol::mysql)
    return fail_usage("--app-user is for --app postgres and mysql");
  endpoint.app.user = options.get("app-user");
  if (!target::is_user_name(endpoint.app.user))
    return fail_usage("--app-user: a user name has no control characters, and 1 to 64 bytes");
  return {};
}

Status read_endpoint(const ParsedOptions& options, target::Endpoint& endpoint) {
  if (options.has("connect-to")) {
    TLSPROOF_TRY(endpoint.connect_to, parse_host_port(options.get("connect-to")));
  }
  if (options.has("server-name")) {
    const std::string name = options.get("server-name");
    if (name != "none" && !is_ip_address(name) && !parse_host_port(name + ":443"))
      return fail_usage(
          fmt::format("--server-name: '{}' is no host name; 'none' sends no name", escape_terminal_limited(name, 80)));
    endpoint.server_name = name == "none" ? "" : name;
  }
  endpoint.trust.paths = options.all("trust");
  endpoint.trust.system = endpoint.trust.paths.empty();
  TLSPROOF_TRY_VOID(read_passphrase_source(options, endpoint.trust.passphrase));
  endpoint.trust.crl_paths = options.all("crl");
  if (options.has("client-auth")) {
    const auto declared = target::parse_client_auth(options.get("client-auth"));
    if (!declared)
      return fail_usage(fmt::format("--client-auth: '{}' is not none, optional, required or unverified",
                                    escape_terminal_limited(options.get("client-auth"), 40)));
    endpoint.client_auth = *declared;
  }
  TLSPROOF_TRY_VOID(read_pair(options, "client-cert", "client-key", endpoint.client_identity));
  TLSPROOF_TRY_VOID(read_pair(options, "client-ca", "client-ca-key", endpoint.client_ca));
  TLSPROOF_TRY_VOID(read_app(options, endpoint));
  endpoint.client_crl_paths = options.all("client-crl");
  if (options.has("verify-depth")) {
    TLSPROOF_TRY(long long depth,
                 options.integer("verify-depth", 0, 0, static_cast<long long>(target::kMaxVerifyDepth)));
    endpoint.verify_depth = static_cast<size_t>(depth);
  }
  endpoint.http.path = options.get("http-path", "/");
  if (!endpoint.http.path.starts_with('/'))
    return fail_usage(
        fmt::format("--http-path: '{}' does not begin with '/'", escape_terminal_limited(endpoint.http.path, 60)));
  endpoint.http.host = options.get("http-host");
  TLSPROOF_TRY(endpoint.virtual_hosts.open, read_host_name(options, "open-host"));
  TLSPROOF_TRY(endpoint.virtual_hosts.mutual, read_host_name(options, "other-mutual-host"));
  return {};
}

Status keep_endpoints(const ParsedOptions& options, target::Target& target) {
  const std::vector<std::string> labels = options.all("endpoint");
  if (labels.empty()) return {};
  std::vector<std::string> known;
  for (const target::Endpoint& endpoint : target.endpoints) known.push_back(endpoint.label);
  for (const std::string& label : labels) {
    if (std::ranges::find(known, label) != known.end()) continue;
    std::string message =
        fmt::format("--endpoint: the target has no endpoint '{}'", escape_terminal_limited(label, 60));
    if (auto candidate = did_you_mean(label, known))
      message += fmt::format("; did you mean '{}'?", escape_terminal(*candidate));
    return fail_usage(message);
  }
  std::erase_if(target.endpoints, [&](const target::Endpoint& endpoint) {
    return std::ranges::find(labels, endpoint.label) == labels.end();
  });
  return {};
}

// The words that play it again: everything that decides what is played, nothing that only decides how it is shown.
std::string replay_words(const ParsedOptions& options, const std::string& host_port) {
  constexpr std::array<std::string_view, 11> kNotForReplay = {
      "baseline", "format", "report", "evidence", "fail-on", "color", "verbose", "jobs", "repeat", "endpoint", "help"};
  std::string out = "tlsproof check";
  if (!host_port.empty()) out += " " + shell_quote(host_port);
  for (const auto& [name, values] : options.values) {
    if (std::ranges::find(kNotForReplay, std::string_view(name)) != kNotForReplay.end()) continue;
    for (const std::string& value : values)
      out += fmt::format(" --{}{}{}", name, value.empty() ? "" : " ", value.empty() ? "" : shell_quote(value));
  }
  return out;
}

}  // namespace

std::vector<OptionSpec> endpoint_option_specs() {
  return {kEndpointOptions.begin(), kEndpointOptions.end()};
}

std::vector<OptionSpec> check_option_specs() {
  std::vector<OptionSpec> specs = endpoint_option_specs();
  specs.insert(specs.end(), kCheckOptions.begin(), kCheckOptions.end());
  return specs;
}

std::string shell_quote(std::string_view word) {
  const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:=,@%+").contains(c);
  });
  if (plain) return std::string(word);
  std::string out = "'";
  for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Result<scenario::Library> read_library(const ParsedOptions& options) {
  return options.has("scenarios") ? scenario::load_folder(options.get("scenarios"), true) : scenario::load_embedded();
}

Result<std::vector<uint16_t>> read_versions(const ParsedOptions& options) {
  std::vector<uint16_t> versions;
  for (const std::string& text : options.all("tls")) {
    const auto version = target::parse_version(text);
    if (!version || (*version != 0x0303 && *version != 0x0304))
      return fail_usage(fmt::format("--tls: '{}' is not 1.2 or 1.3", escape_terminal_limited(text, 40)));
    versions.push_back(*version);
  }
  return versions;
}

Result<target::Target> read_target(const ParsedOptions& options, std::vector<std::string>& words) {
  target::Target target;
  if (options.has("target")) {
    for (std::string_view name : kOfOneEndpoint)
      if (options.has(name))
        return fail_usage(fmt::format("--{} describes one endpoint: beside --target it belongs in the file", name));
    TLSPROOF_TRY(target, target::load_target_file(options.get("target")));
  } else {
    if (words.empty()) return fail_usage("what is to be checked? Give HOST:PORT or --target FILE");
    TLSPROOF_TRY(target, target::make_target(words.front()));
    words.erase(words.begin());
    TLSPROOF_TRY_VOID(read_endpoint(options, target.endpoints.front()));
  }
  TLSPROOF_TRY_VOID(keep_endpoints(options, target));
  TLSPROOF_TRY(long long seconds, options.integer("timeout", 0, 1, 3600));
  TLSPROOF_TRY(long long days, options.integer("min-days-left", -1, 0, 100'000));
  for (target::Endpoint& endpoint : target.endpoints) {
    if (seconds > 0)
      endpoint.timeouts.connect = endpoint.timeouts.handshake = endpoint.timeouts.request = seconds * 1'000'000'000;
    if (days >= 0) endpoint.min_days_left = static_cast<int>(days);
  }
  return target;
}

Result<CheckRequest> read_check_request(const ParsedOptions& options) {
  CheckRequest request;
  request.options.words = options.positional;
  const std::string host_port =
      options.has("target") || options.positional.empty() ? std::string() : options.positional.front();
  TLSPROOF_TRY(request.target, read_target(options, request.options.words));
  TLSPROOF_TRY(request.library, read_library(options));
  TLSPROOF_TRY(request.options.versions, read_versions(options));
  TLSPROOF_TRY(long long jobs, options.integer("jobs", 8, 1, 1000));
  TLSPROOF_TRY(long long repeat, options.integer("repeat", 1, 1, 1000));
  request.options.jobs = static_cast<size_t>(jobs);
  request.options.repeat = static_cast<unsigned>(repeat);
  const bool from_file = options.has("target");
  if (from_file && !request.options.words.empty())  // words on the command line go before those of the file
    for (target::Endpoint& endpoint : request.target.endpoints) endpoint.suites.clear();
  const std::string words = replay_words(options, host_port);
  request.options.replay = [words, from_file](const target::Endpoint& endpoint) {
    return from_file ? fmt::format("{} --endpoint {}", words, shell_quote(endpoint.label)) : words;
  };
  return request;
}

}  // namespace tlsproof::cli
