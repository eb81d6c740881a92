#include "bench_plan.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "bench_options.h"
#include "check_options.h"
#include "tlsproof/app/http1.h"
#include "tlsproof/base/text.h"
#include "tlsproof/crypto/key_exchange.h"
#include "tlsproof/crypto/signature.h"
#include "tlsproof/crypto/suites.h"
#include "tlsproof/engine/material.h"
#include "tlsproof/net/resolver.h"
#include "tlsproof/net/socket.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::cli {
namespace {

using load::Arrivals;
using load::Kind;
using load::Plan;
using load::Verification;

constexpr int64_t kWeek = int64_t{7} * 86'400 * 1'000'000'000;
constexpr size_t kMaxListed = 1000;

std::string shown(std::string_view text) {
  return escape_terminal_limited(text, 60);
}

// A list separated by commas; no part is empty.
Result<std::vector<std::string>> list_of(const ParsedOptions& options, std::string_view name) {
  std::vector<std::string> out;
  if (!options.has(name)) return out;
  out = split(options.get(name), ',');
  if (std::ranges::find(out, "") != out.end())
    return fail_usage(fmt::format("--{}: '{}' has an empty part", name, shown(options.get(name))));
  if (out.size() > kMaxListed) return fail_usage(fmt::format("--{}: more than {} are given", name, kMaxListed));
  return out;
}

Status read_duration(const ParsedOptions& options, std::string_view name, int64_t& place) {
  if (!options.has(name)) return {};
  const auto value = parse_duration(options.get(name));
  if (!value)
    return fail_usage(fmt::format("--{}: '{}' is no time from 1ms to 168h, such as 200ms, 5s or 2min", name,
                                  shown(options.get(name))));
  place = *value;
  return {};
}

// ---- where ---------------------------------------------------------------------------------------------------------

Status read_addresses(const ParsedOptions& options, const target::Endpoint& endpoint, Plan& plan) {
  plan.target = endpoint.address.text();
  constexpr int64_t kMsInNs = 1'000'000;
  const auto timeout_ms = static_cast<int>(std::min<int64_t>(plan.timeouts.connect / kMsInNs, 60'000));
  TLSPROOF_TRY(plan.addresses, net::resolve(endpoint.connect_address(), timeout_ms));
  TLSPROOF_TRY(const auto sources, list_of(options, "source"));
  for (const std::string& text : sources) {
    const auto address = net::Address::from_ip(text, 0);
    if (!address) return fail_usage(fmt::format("--source: '{}' is no IP address", shown(text)));
    plan.sources.push_back(*address);
  }
  if (plan.sources.empty()) return {};
  // A source can reach addresses of its own family alone.
  const int family = plan.sources.front().family();
  if (std::ranges::any_of(plan.sources, [&](const auto& one) { return one.family() != family; }))
    return fail_usage("--source: IPv4 and IPv6 addresses are mixed");
  std::erase_if(plan.addresses, [&](const auto& one) { return one.family() != family; });
  if (plan.addresses.empty())
    return fail_usage(
        fmt::format("--source: {} has no {} address", shown(plan.target), family == AF_INET ? "IPv4" : "IPv6"));
  return {};
}

// ---- what is offered -----------------------------------------------------------------------------------------------

Status read_code_points(const ParsedOptions& options, std::string_view name, registry::Kind kind,
                        bool (*is_spoken)(uint16_t), std::vector<uint16_t>& place) {
  TLSPROOF_TRY(const auto words, list_of(options, name));
  if (words.empty()) return {};
  place.clear();
  for (const std::string& word : words) {
    uint32_t value = 0;
    if (!registry::parse(kind, word, value)) {
      std::vector<std::string_view> names;
      for (const registry::CodePoint& row : registry::table(kind)) names.push_back(row.name);
      std::string message = fmt::format("--{}: there is no '{}'", name, shown(word));
      if (const auto candidate = did_you_mean(word, names)) message += fmt::format("; did you mean '{}'?", *candidate);
      return fail_usage(message);
    }
    const auto point = static_cast<uint16_t>(value);
    if (!is_spoken(point))
      return fail_usage(fmt::format("--{}: {} is not spoken by tlsproof", name, registry::name(kind, value)));
    if (std::ranges::find(place, point) == place.end()) place.push_back(point);
  }
  return {};
}

bool speaks_suite(uint16_t suite) {
  return crypto::find_suite(suite) != nullptr;
}
bool speaks_group(uint16_t group) {
  return std::ranges::find(crypto::supported_groups(), group) != crypto::supported_groups().end();
}
bool speaks_scheme(uint16_t scheme) {
  return crypto::find_scheme(scheme) != nullptr;
}

// Suites belong to versions: where none is asked for, those of the suites are offered.
Status read_versions_and_suites(const ParsedOptions& options, Plan& plan) {
  tls::ClientConfig& client = plan.client;
  TLSPROOF_TRY(std::vector<uint16_t> versions, read_versions(options));
  std::ranges::sort(versions, std::greater<>());
  versions.erase(std::ranges::unique(versions).begin(), versions.end());
  TLSPROOF_TRY_VOID(
      read_code_points(options, "suite", registry::Kind::cipher_suite, speaks_suite, client.cipher_suites));
  const auto has_suite_of = [&](uint16_t version) {
    return std::ranges::any_of(client.cipher_suites, [&](uint16_t suite) {
      const auto* info = registry::cipher_suite_info(suite);
      return info != nullptr && info->tls13 == (version == registry::version::TLS1_3);
    });
  };
  if (!versions.empty())
    client.versions = versions;
  else
    std::erase_if(client.versions, [&](uint16_t version) { return !has_suite_of(version); });
  for (const uint16_t version : client.versions)
    if (!has_suite_of(version))
      return fail_usage(fmt::format("--suite and --tls contradict each other: none of the suites is of {}",
                                    registry::version_name(version)));
  return {};
}

Status read_offer(const ParsedOptions& options, Plan& plan) {
  tls::ClientConfig& client = plan.client;
  TLSPROOF_TRY_VOID(read_versions_and_suites(options, plan));
  if (options.has("group") && plan.verification == Verification::minimal)
    return fail_usage("--group and --verify minimal contradict each other: that mode offers secp256r1 alone");
  TLSPROOF_TRY_VOID(read_code_points(options, "group", registry::Kind::group, speaks_group, client.groups));
  if (options.has("group")) client.key_share_groups = {client.groups.front()};
  TLSPROOF_TRY_VOID(
      read_code_points(options, "scheme", registry::Kind::signature_scheme, speaks_scheme, client.signature_schemes));
  TLSPROOF_TRY(client.alpn, list_of(options, "alpn"));
  for (const std::string& name : client.alpn)
    if (name.size() > 255) return fail_usage("--alpn: a name has at most 255 bytes");
  plan.reuse_key_share = options.has("reuse-key-share");
  if (plan.reuse_key_share && plan.verification == Verification::minimal)
    return fail_usage(
        "--reuse-key-share and --verify minimal contradict each other: that mode has one share that everybody knows");
  return {};
}

Status read_names(const ParsedOptions& options, const target::Endpoint& endpoint, Plan& plan) {
  plan.client.server_name = endpoint.sni();
  TLSPROOF_TRY(plan.server_names, list_of(options, "sni"));
  for (const std::string& name : plan.server_names)
    if (is_ip_address(name) || !parse_host_port(name + ":443"))
      return fail_usage(fmt::format("--sni: '{}' is no host name", shown(name)));
  // With names in turn each chain must be for the name that was asked for, unless one is given for all.
  if (plan.server_names.empty() || options.has("server-name")) plan.name = endpoint.name();
  return {};
}

// ---- what is done --------------------------------------------------------------------------------------------------

Status check_kinds(const ParsedOptions& options, const Plan& plan) {
  for (const load::MixPart& part : plan.mix) {
    if (part.kind == Kind::full) continue;
    const bool old = part.kind == Kind::session_id || part.kind == Kind::ticket;
    const uint16_t version = old ? registry::version::TLS1_2 : registry::version::TLS1_3;
    if (std::ranges::find(plan.client.versions, version) == plan.client.versions.end())
      return fail_usage(fmt::format("--{} {} and --{} contradict each other: '{}' is of {}",
                                    options.has("mix") ? "mix" : "kind", to_text(part.kind),
                                    options.has("tls") ? "tls" : "suite", to_text(part.kind),
                                    registry::version_name(version)));
    if (part.kind == Kind::early_data && plan.http_request.empty())
      return fail_usage("kind '0rtt' sends the request of --http-get as early data; give one");
  }
  return {};
}

Status read_request(const ParsedOptions& options, const target::Endpoint& endpoint, Plan& plan) {
  plan.prelude.protocol = endpoint.app.protocol;
  plan.prelude.ask = false;
  plan.prelude.domain = endpoint.name();
  if (options.has("http-host") && !options.has("http-get"))
    return fail_usage("--http-host needs --http-get: without a request there is no header");
  if (!options.has("http-get")) return {};
  const bool http = endpoint.app.protocol == app::Protocol::http || endpoint.app.protocol == app::Protocol::none;
  if (!http)
    return fail_usage(
        fmt::format("--http-get and --app {} contradict each other", app::protocol_info(endpoint.app.protocol).name));
  app::Http1Request request;
  request.path = options.get("http-get");
  if (!request.path.starts_with('/'))
    return fail_usage(fmt::format("--http-get: '{}' does not begin with '/'", shown(request.path)));
  request.host =
      options.has("http-host") ? options.get("http-host") : app::http_host(endpoint.name(), endpoint.address.port);
  TLSPROOF_TRY(plan.http_request, app::make_http1_request(request));
  return {};
}

Status read_verification(const ParsedOptions& options, Plan& plan) {
  const std::string text = options.get("verify", "cached");
  const auto verification = load::parse_verification(text);
  if (!verification) return fail_usage(fmt::format("--verify: '{}' is not full, cached, none or minimal", shown(text)));
  plan.verification = *verification;
  const bool looks = plan.verification == Verification::full || plan.verification == Verification::cached;
  if (options.has("trust") && !looks)
    return fail_usage(fmt::format("--trust and --verify {} contradict each other: that mode looks at no chain", text));
  return {};
}

Status read_what(const ParsedOptions& options, const target::Endpoint& endpoint, Plan& plan) {
  TLSPROOF_TRY(plan.mix, load::parse_mix(options.has("mix") ? options.get("mix") : options.get("kind", "full")));
  TLSPROOF_TRY_VOID(read_offer(options, plan));
  TLSPROOF_TRY_VOID(read_names(options, endpoint, plan));
  TLSPROOF_TRY_VOID(read_request(options, endpoint, plan));
  TLSPROOF_TRY_VOID(check_kinds(options, plan));
  plan.confirm = options.has("confirm");
  const std::string close = options.get("close", "close_notify");
  const auto close_by = load::parse_close_by(close);
  if (!close_by) return fail_usage(fmt::format("--close: '{}' is not close_notify, fin or reset", shown(close)));
  plan.close_by = *close_by;
  return {};
}

Status read_material(const target::Endpoint& endpoint, Plan& plan) {
  target::Endpoint needed = endpoint;
  const bool looks = plan.verification == Verification::full || plan.verification == Verification::cached;
  if (!looks) needed.trust = {.system = false, .paths = {}, .passphrase = {}, .crl_paths = {}};
  TLSPROOF_TRY(engine::Material material, engine::load_material(needed));
  if (looks) plan.anchors = std::make_shared<const x509::TrustAnchors>(std::move(material.anchors));
  if (!material.identity) return {};
  load::ClientKey identity{{}, material.identity->key};
  for (const Bytes& der : material.identity->chain) identity.chain.push_back(der);
  plan.identity = std::make_shared<const load::ClientKey>(std::move(identity));
  return {};
}

// ---- when ----------------------------------------------------------------------------------------------------------

Result<double> read_rate(const ParsedOptions& options, std::string_view name) {
  constexpr double kMost = 10'000'000;
  const std::string text = options.get(name);
  char* end = nullptr;
  const double value =
      text.empty() || text.find_first_not_of("0123456789.") != std::string::npos ? 0 : std::strtod(text.c_str(), &end);
  if (end == nullptr || *end != '\0' || value <= 0 || value > kMost)
    return fail_usage(
        fmt::format("--{}: '{}' is no rate: connections a second, above 0, at most {:.0f}", name, shown(text), kMost));
  return value;
}

Status read_shard(const ParsedOptions& options, Plan& plan) {
  if (!options.has("shard")) return {};
  const std::string text = options.get("shard");
  const size_t slash = text.find('/');
  const auto shard = parse_integer(text.substr(0, slash), 1, 10'000);
  const auto num = slash == std::string::npos ? std::nullopt : parse_integer(text.substr(slash + 1), 1, 10'000);
  if (!shard || !num || *shard > *num)
    return fail_usage(fmt::format("--shard: '{}' is not I/N, as 1/4: the first of four parts", shown(text)));
  plan.shard = static_cast<unsigned>(*shard);
  plan.num_shards = static_cast<unsigned>(*num);
  return {};
}

// What falls to this shard of something that is counted.
uint64_t part_of(uint64_t whole, const Plan& plan) {
  return whole / plan.num_shards + (plan.shard <= whole % plan.num_shards ? 1 : 0);
}

Status read_arrivals(const ParsedOptions& options, Plan& plan) {
  Arrivals& arrivals = plan.arrivals;
  if (options.has("rate")) {
    TLSPROOF_TRY(const double rate, read_rate(options, "rate"));
    arrivals.rate = rate / plan.num_shards;
  }
  if (options.has("rate") || options.has("find-max")) {
    arrivals.loop = options.has("poisson") ? Arrivals::Loop::poisson : Arrivals::Loop::constant;
    return {};
  }
  TLSPROOF_TRY(const long long concurrency, options.integer("concurrency", 16, 1, 1'000'000));
  arrivals.concurrency = part_of(static_cast<uint64_t>(concurrency), plan);
  if (arrivals.concurrency == 0)
    return fail_usage(
        fmt::format("--concurrency {} is less than the {} shards of --shard", concurrency, plan.num_shards));
  return {};
}

Status read_when(const ParsedOptions& options, Plan& plan) {
  TLSPROOF_TRY_VOID(read_shard(options, plan));
  TLSPROOF_TRY_VOID(read_arrivals(options, plan));
  const bool many_runs = options.has("find-max") || options.has("versus") || options.has("versus-with");
  plan.duration_ns = many_runs ? 5'000'000'000 : 10'000'000'000;
  if (options.has("count")) {
    TLSPROOF_TRY(const long long count, options.integer("count", 0, 1, 1'000'000'000'000));
    plan.count = part_of(static_cast<uint64_t>(count), plan);
    if (plan.count == 0)
      return fail_usage(fmt::format("--count {} is less than the {} shards of --shard", count, plan.num_shards));
    plan.duration_ns = kWeek;
  }
  TLSPROOF_TRY_VOID(read_duration(options, "duration", plan.duration_ns));
  TLSPROOF_TRY_VOID(read_duration(options, "warm-up", plan.warm_up_ns));
  TLSPROOF_TRY(const long long threads, options.integer("threads", 1, 1, 256));
  plan.threads = static_cast<unsigned>(threads);
  TLSPROOF_TRY(const long long seed, options.integer("seed", 1, 0, std::numeric_limits<long long>::max()));
  plan.seed = static_cast<uint64_t>(seed);
  if (!options.has("server-pid")) return {};
  TLSPROOF_TRY(const long long pid, options.integer("server-pid", 0, 1, std::numeric_limits<pid_t>::max()));
  if (::access(fmt::format("/proc/{}/stat", pid).c_str(), R_OK) != 0)
    return fail_usage(fmt::format("--server-pid: there is no process {}", pid));
  plan.server_pid = static_cast<pid_t>(pid);
  return {};
}

// read_target reads --timeout as check does, in whole seconds; here it is a time like all others.
Result<target::Endpoint> read_endpoint(const ParsedOptions& options) {
  ParsedOptions of_target = options;
  for (const char* ours : {"timeout", "http-host"}) of_target.values.erase(ours);
  std::vector<std::string> words = options.positional;
  TLSPROOF_TRY(target::Target target, read_target(of_target, words));
  return std::move(target.endpoints.front());
}

}  // namespace

Result<Plan> read_plan(const ParsedOptions& options) {
  Plan plan;
  TLSPROOF_TRY(const target::Endpoint endpoint, read_endpoint(options));
  int64_t timeout = plan.timeouts.connect;
  TLSPROOF_TRY_VOID(read_duration(options, "timeout", timeout));
  plan.timeouts = {.connect = timeout, .handshake = timeout, .confirm = timeout};
  TLSPROOF_TRY_VOID(read_verification(options, plan));
  TLSPROOF_TRY_VOID(read_what(options, endpoint, plan));
  TLSPROOF_TRY_VOID(read_when(options, plan));
  TLSPROOF_TRY_VOID(read_material(endpoint, plan));
  TLSPROOF_TRY_VOID(read_addresses(options, endpoint, plan));
  TLSPROOF_TRY_VOID(check_safety(options, plan, plan.arrivals.rate * plan.num_shards));
  return plan;
}

void choose_address(Plan& plan) {
  if (plan.addresses.size() < 2) return;
  const auto timeout_ms = static_cast<int>(std::min<int64_t>(plan.timeouts.connect / 1'000'000, 60'000));
  for (const net::Address& address : plan.addresses) {
    if (!net::Socket::connect(address, timeout_ms)) continue;
    plan.addresses = {net::Address(address)};
    return;
  }
}

bool is_private(const net::Address& address) {
  uint32_t ip = 0;  // of IPv4, host order
  if (address.family() == AF_INET6) {
    in6_addr six{};
    std::memcpy(&six, &reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr, sizeof six);
    if (!IN6_IS_ADDR_V4MAPPED(&six)) {
      const bool unique_local = (six.s6_addr[0] & 0xfe) == 0xfc;
      return IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_LINKLOCAL(&six) || unique_local;
    }
    std::memcpy(&ip, six.s6_addr + 12, sizeof ip);
  } else if (address.family() == AF_INET) {
    std::memcpy(&ip, &reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr, sizeof ip);
  } else {
    return false;
  }
  ip = ntohl(ip);
  struct Range {
    uint32_t first;
    unsigned bits;
  };
  constexpr Range kPrivate[] = {
      {0x7f000000, 8},  {0x0a000000, 8},  {0xac100000, 12}, {0xc0a80000, 16},  // loopback, RFC 1918
      {0xa9fe0000, 16}, {0x64400000, 10},                                      // link-local; RFC 6598
      {0x00000000, 32},                                                        // this host
  };
  return std::ranges::any_of(kPrivate,
                             [&](const Range& range) { return (ip ^ range.first) >> (32 - range.bits) == 0; });
}

Result<double> highest_rate(const ParsedOptions& options, const Plan& plan) {
  double most = std::numeric_limits<double>::infinity();
  if (options.get("max-rate") == "none") return most;
  if (options.has("max-rate")) {
    TLSPROOF_TRY(most, read_rate(options, "max-rate"));
  } else if (!std::ranges::all_of(plan.addresses, is_private)) {
    most = kPublicRate;
  }
  return most / plan.num_shards;
}

namespace {

// The connections that a load makes in advance for the sessions that its kinds resume.
size_t num_first_sessions(const Plan& plan) {
  const auto any_of = [&](std::initializer_list<Kind> kinds) {
    return std::ranges::any_of(plan.mix, [&](const load::MixPart& part) {
      return part.weight > 0 && std::ranges::find(kinds, part.kind) != kinds.end();
    });
  };
  const size_t families = size_t{any_of({Kind::session_id})} + size_t{any_of({Kind::ticket})} +
                          size_t{any_of({Kind::psk, Kind::psk_ke, Kind::early_data})};
  return families * plan.threads * plan.addresses.size() * std::max<size_t>(1, plan.server_names.size());
}

}  // namespace

Status check_safety(const ParsedOptions& options, const Plan& plan, double whole_rate) {
  const auto stranger = std::ranges::find_if_not(plan.addresses, is_private);
  if (stranger != plan.addresses.end() && !options.has("allow-public"))
    return fail_usage(
        fmt::format("{} is a public address: a load on it needs --allow-public, and the consent of whose "
                    "server it is",
                    stranger->ip()));
  TLSPROOF_TRY(const double of_shard, highest_rate(options, plan));
  const double most = of_shard * plan.num_shards;
  if (std::isinf(most)) return {};
  const std::string cap = options.has("max-rate") ? fmt::format("--max-rate {}", options.get("max-rate"))
                                                  : fmt::format(
                                                        "the {:.0f} connections a second that hold for a "
                                                        "public address",
                                                        most);
  // --find-max keeps below it by itself.
  if (plan.arrivals.loop == Arrivals::Loop::closed)
    return fail_usage(fmt::format(
        "a closed loop has no upper rate, against {}: give --rate, or lift the limit by --max-rate none", cap));
  // One for each thread, name and kind of session, all at once before the load begins.
  if (const size_t sessions = num_first_sessions(plan); static_cast<double>(sessions * plan.num_shards) > most)
    return fail_usage(fmt::format(
        "{} connections would get sessions to resume before the load, against {}: fewer --threads or names, "
        "or --max-rate",
        sessions * plan.num_shards, cap));
  if (whole_rate > most * (1 + 1e-9))
    return fail_usage(fmt::format("--rate {} is above {}{}", options.get("rate"), cap,
                                  options.has("max-rate") ? "" : "; --max-rate raises them"));
  return {};
}

}  // namespace tlsproof::cli
