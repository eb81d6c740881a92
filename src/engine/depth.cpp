#include "depth.h"

#include <fmt/format.h>

#include <map>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::engine {

using target::ClientAuth;
using verdict::Verdict;

namespace {

std::string count(size_t num_intermediates) {
  return fmt::format("{} intermediate{}", num_intermediates, num_intermediates == 1 ? "" : "s");
}

// The chains of one version, fewest intermediates first.
std::string sentence(const std::map<size_t, bool>& accepted) {
  const auto refused = std::ranges::find(accepted, false, [](const auto& one) { return one.second; });
  for (auto it = refused; it != accepted.end(); ++it) {
    if (!it->second) continue;
    std::vector<std::string> in;
    std::vector<std::string> out;
    for (const auto& [number, is_in] : accepted) (is_in ? in : out).push_back(std::to_string(number));
    return fmt::format(
        "accepts client certificates with {} intermediates and refuses those with {}: no limit explains "
        "that",
        join(in, ", "), join(out, ", "));
  }
  if (refused == accepted.begin())
    return fmt::format("accepts no client certificate with {} or more", count(refused->first));
  return fmt::format("accepts client certificates with up to {}{}", count(std::prev(refused)->first),
                     refused == accepted.end() ? "; more were not tried" : "");
}

}  // namespace

Ruling rule_depth(const target::Endpoint& endpoint, size_t num_intermediates, bool accepted) {
  if (!endpoint.verify_depth)
    return {Verdict::info, "nothing: how many intermediates the server should accept is not declared (--verify-depth)"};
  const size_t limit = *endpoint.verify_depth;
  if (num_intermediates <= limit) {
    const std::string wanted =
        fmt::format("accepted: {}, and verify_depth is declared {}", count(num_intermediates), limit);
    // Whatever is declared of client authentication, a good client is let in.
    if (endpoint.client_auth == ClientAuth::unknown) return {accepted ? Verdict::pass : Verdict::fail, wanted};
    return {rule(endpoint.client_auth, Knock::good, accepted).verdict, wanted};
  }
  const std::string wanted =
      fmt::format("refused: {}, and verify_depth is declared {}", count(num_intermediates), limit);
  // Where it is not declared that certificates are verified, letting one in says nothing about the depth.
  if (endpoint.client_auth == ClientAuth::unknown) return {accepted ? Verdict::info : Verdict::pass, wanted};
  Ruling ruling = rule(endpoint.client_auth, Knock::untrusted, accepted);
  if (ruling.verdict != Verdict::info) ruling.wanted = wanted;
  return ruling;
}

std::vector<std::string> conclude_depth(std::span<const DepthSeen> seen) {
  std::map<uint16_t, std::map<size_t, bool>> by_version;
  for (const DepthSeen& one : seen) by_version[one.version][one.num_intermediates] = one.accepted;
  std::map<std::string, std::vector<std::string>> by_text;
  for (const auto& [version, accepted] : by_version)
    by_text[sentence(accepted)].push_back(registry::version_name(version));
  std::vector<std::string> out;
  for (const auto& [text, versions] : by_text) out.push_back(fmt::format("{} ({})", text, join(versions, ", ")));
  return out;
}

}  // namespace tlsproof::engine
