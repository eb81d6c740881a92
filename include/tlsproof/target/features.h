// What an endpoint can do, and what is at hand to test it with: the names that scenarios put under `needs:`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsproof::target {

struct FeatureInfo {
  std::string_view name;         // "client_auth.requested.tls1_3"
  std::string_view explanation;  // what "yes" means: "asks for a client certificate in TLS 1.3"
  // What the user can do where it is missing: "give --client-ca and --client-ca-key"; empty when it lies with the
  // endpoint.
  std::string_view remedy;
  // Not every endpoint has it to be given: where nobody names it, nothing is left untested.
  bool only_if_named = false;
};

// Every feature there is, by name. `group.NAME` and `alpn.NAME` have a row for each name that a probe asks for.
[[nodiscard]] std::span<const FeatureInfo> feature_infos();
[[nodiscard]] const FeatureInfo* feature_info(std::string_view name);  // nullptr for an unknown name
[[nodiscard]] std::span<const std::string_view> feature_names();       // for did_you_mean

// "version.tls1_3" and "client_auth.requested.tls1_3" for 0x0304: names with a version in them. Empty for other
// versions.
[[nodiscard]] std::string version_feature(uint16_t version);
[[nodiscard]] std::string client_auth_feature(uint16_t version);

enum class Answer : uint8_t { unknown, no, yes };
[[nodiscard]] std::string_view to_text(Answer answer);  // "unknown", "no", "yes"

struct Feature {
  Answer answer = Answer::unknown;
  std::string why;  // how it was learnt, or why it is not known: one line, escaped: "ServerHello selected 0x0304"
};

// What is known of one endpoint. Names that nobody set are unknown ("not probed").
class Features {
 public:
  // The name must be one of feature_infos(): another one is a bug of ours.
  void set(std::string_view name, Answer answer, std::string why);
  [[nodiscard]] const Feature& get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return get(name).answer == Answer::yes; }

  // Why a check that needs all of these cannot be played, naming the first that is not "yes" and what would be needed;
  // nullopt when nothing is missing. "needs client_ca.key (a CA …): no client CA key was given; give --client-ca and
  // --client-ca-key"
  [[nodiscard]] std::optional<std::string> missing(std::span<const std::string> needs) const;

  // In the order of feature_infos(); the ones that were set.
  [[nodiscard]] std::vector<std::pair<std::string_view, const Feature*>> known() const;

 private:
  std::map<std::string, Feature, std::less<>> features_;
};

}  // namespace tlsproof::target
