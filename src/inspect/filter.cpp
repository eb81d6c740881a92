#include "tlsproof/inspect/filter.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/glob.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/ext/number_list.h"

namespace tlsproof::inspect {
namespace {

bool same_bits(const capture::IpAddress& a, const capture::IpAddress& b, size_t num_bits) {
  for (size_t bit = 0; bit < num_bits; bit += 8) {
    const size_t left = std::min<size_t>(8, num_bits - bit);
    const auto mask = static_cast<uint8_t>(0xff << (8 - left));
    if (((a.bytes[bit / 8] ^ b.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail_usage(fmt::format("--host: '{}': {}", escape_terminal_limited(text, 60), why));
}

bool read_ip(std::string_view text, capture::IpAddress& out) {
  const std::string name(text);
  out = {};
  if (inet_pton(AF_INET, name.c_str(), out.bytes.data()) == 1) return true;
  out.is_v6 = inet_pton(AF_INET6, name.c_str(), out.bytes.data()) == 1;
  return out.is_v6;
}

// Takes the port off: after the bracket of "[…]:443", or after the only colon.
bool take_port(std::string_view& rest, std::string_view& port) {
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view after = rest.substr(end + 1);
    rest = rest.substr(1, end - 1);
    if (after.empty()) return true;
    if (!after.starts_with(':') || after.size() == 1) return false;
    port = after.substr(1);
    return true;
  }
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos || rest.find(':', colon + 1) != std::string_view::npos) return true;
  port = rest.substr(colon + 1);
  rest = rest.substr(0, colon);
  return !port.empty();
}

bool glob_match_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return glob_match(pattern, text); });
}

// The versions of DTLS count down (RFC 6347 §4.1).
bool is_older(uint16_t a, uint16_t b) {
  return (a >> 8) == 0xfe && (b >> 8) == 0xfe ? a > b : a < b;
}

uint16_t newest_offered(const view::Handshake& handshake) {
  if (handshake.client_hello == nullptr) return 0;
  const auto offered = handshake.client_hello->extensions.get<wire::ext::SupportedVersionsClient>();
  uint16_t newest = 0;
  if (offered)
    for (const uint16_t version : offered->versions)
      if (!registry::is_grease(version)) newest = std::max(newest, version, is_older);
  return newest != 0 ? newest : handshake.client_hello->legacy_version;
}

}  // namespace

bool HostPattern::matches(const capture::Endpoint& endpoint) const {
  if (port != 0 && port != endpoint.port) return false;
  if (any_family) return true;
  return ip.is_v6 == endpoint.ip.is_v6 && same_bits(ip, endpoint.ip, prefix_len);
}

Result<HostPattern> parse_host_pattern(std::string_view text) {
  HostPattern pattern;
  std::string_view rest = text, port;
  if (text.empty()) return refuse(text, "is empty; it takes ADDRESS, NETWORK/BITS or either with :PORT");
  if (!take_port(rest, port)) return refuse(text, "is not ADDRESS:PORT");
  if (!port.empty()) {
    const auto number = parse_integer(port, 1, 65535);
    if (!number) return refuse(text, "the port is not a number from 1 to 65535");
    pattern.port = static_cast<uint16_t>(*number);
  }
  if (rest.empty()) return pattern;
  pattern.any_family = false;
  const size_t slash = rest.find('/');
  if (!read_ip(rest.substr(0, slash), pattern.ip))
    return refuse(text, "is not an IPv4 or IPv6 address (names are not looked up; --sni takes them)");
  const long long most = pattern.ip.is_v6 ? 128 : 32;
  pattern.prefix_len = static_cast<size_t>(most);
  if (slash != std::string_view::npos) {
    const auto bits = parse_integer(rest.substr(slash + 1), 0, most);
    if (!bits) return refuse(text, fmt::format("after the '/' comes a number from 0 to {}", most));
    pattern.prefix_len = static_cast<size_t>(*bits);
  }
  return pattern;
}

bool Filter::matches(const capture::Flow& flow, const view::Handshake& handshake) const {
  const auto is_host = [&](const HostPattern& host) { return host.matches(flow.a) || host.matches(flow.b); };
  if (!hosts.empty() && std::ranges::none_of(hosts, is_host)) return false;
  if (failed && handshake.state != view::State::failed) return false;
  if (!versions.empty()) {
    const uint16_t version = handshake.version != 0 ? handshake.version : newest_offered(handshake);
    if (std::ranges::find(versions, version) == versions.end()) return false;
  }
  if (!sni.empty() && (handshake.sni.empty() || !glob_match_any(sni, to_lower(handshake.sni)))) return false;
  if (fingerprints.empty()) return true;
  const view::Fingerprints& prints = handshake.fingerprints;
  const auto is_wanted = [&](const std::string& print) {
    return !print.empty() && glob_match_any(fingerprints, print);
  };
  return is_wanted(prints.ja3) || is_wanted(prints.ja3s) || is_wanted(prints.ja4);
}

bool Filter::wants(const rules::Rule& rule) const {
  return std::ranges::any_of(
      findings, [&](const std::string& pattern) { return pattern == "any" || glob_match(pattern, rule.id); });
}

}  // namespace tlsproof::inspect
