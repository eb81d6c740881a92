#include "tlsproof/target/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/base/error.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::target {
namespace {

constexpr std::string_view kGiveCa = "give --client-ca and --client-ca-key (client_ca in a target file)";
constexpr std::string_view kGiveCrl = "give --client-crl (client_crls in a target file)";
constexpr std::string_view kGiveIdentity =
    "give --client-cert and --client-key (client_identity in a target file), or a client CA with its key";

constexpr auto kInfos = std::to_array<FeatureInfo>({
    {"version.ssl3", "speaks SSL 3.0", ""},
    {"version.tls1_0", "speaks TLS 1.0", ""},
    {"version.tls1_1", "speaks TLS 1.1", ""},
    {"version.tls1_2", "speaks TLS 1.2", ""},
    {"version.tls1_3", "speaks TLS 1.3", ""},
    {"client_auth.requested", "asks for a client certificate", ""},
    {"client_auth.requested.tls1_2", "asks for a client certificate in TLS 1.2", ""},
    {"client_auth.requested.tls1_3", "asks for a client certificate in TLS 1.3", ""},
    {"client_ca.key", "the CA of the clients is at hand with its key, so that certificates can be forged", kGiveCa},
    {"client_crl", "the CRL that the server uses for clients is at hand", kGiveCrl, true},
    {"client_identity", "a good client certificate with its key is at hand", kGiveIdentity},
    {"key_type.rsa", "has an RSA certificate", ""},
    {"key_type.ecdsa", "has an ECDSA certificate", ""},
    {"key_type.ed25519", "has an Ed25519 certificate", ""},
    {"http", "speaks HTTP/1.1 once the handshake is complete", ""},
    {"app.http", "is an endpoint of HTTP, as far as is known", ""},
    {"app.answers", "answers as its service does, once the handshake is complete", ""},
    {"server_name", "is known by a DNS name, which the server_name extension can carry",
     "give --server-name (server_name in a target file)"},
    {"virtual_host.open", "another name at the same address is known that asks for no client certificate",
     "give --open-host (virtual_hosts: {open: NAME} in a target file)", true},
    {"virtual_host.mutual", "another name at the same address is known that requires client certificates of another CA",
     "give --other-mutual-host (virtual_hosts: {mutual: NAME} in a target file)", true},
    {"alpn.h2", "negotiates h2 by ALPN", ""},
    {"alpn.http1_1", "negotiates http/1.1 by ALPN", ""},
    {"resumption.tls1_2", "resumes sessions of TLS 1.2", ""},
    {"resumption.tls1_3", "resumes sessions of TLS 1.3", ""},
    {"group.secp256r1", "agrees on keys with secp256r1", ""},
    {"group.secp384r1", "agrees on keys with secp384r1", ""},
    {"group.secp521r1", "agrees on keys with secp521r1", ""},
    {"group.x25519", "agrees on keys with x25519", ""},
    {"group.x448", "agrees on keys with x448", ""},
    {"group.X25519MLKEM768", "agrees on keys with X25519MLKEM768", ""},
});

constexpr auto kNames = [] {
  std::array<std::string_view, kInfos.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kInfos[i].name;
  return names;
}();

constexpr std::string_view kAnswers[] = {"unknown", "no", "yes"};

}  // namespace

std::span<const FeatureInfo> feature_infos() {
  return kInfos;
}
std::span<const std::string_view> feature_names() {
  return kNames;
}

const FeatureInfo* feature_info(std::string_view name) {
  auto found = std::ranges::find(kInfos, name, &FeatureInfo::name);
  return found == kInfos.end() ? nullptr : &*found;
}

std::string version_feature(uint16_t version) {
  switch (version) {
    case registry::version::SSL3:
      return "version.ssl3";
    case registry::version::TLS1_0:
      return "version.tls1_0";
    case registry::version::TLS1_1:
      return "version.tls1_1";
    case registry::version::TLS1_2:
      return "version.tls1_2";
    case registry::version::TLS1_3:
      return "version.tls1_3";
    default:
      return "";
  }
}

std::string client_auth_feature(uint16_t version) {
  if (version == registry::version::TLS1_2) return "client_auth.requested.tls1_2";
  if (version == registry::version::TLS1_3) return "client_auth.requested.tls1_3";
  return "";
}

std::string_view to_text(Answer answer) {
  return kAnswers[static_cast<size_t>(answer)];
}

void Features::set(std::string_view name, Answer answer, std::string why) {
  TLSPROOF_CHECK(feature_info(name) != nullptr);
  features_.insert_or_assign(std::string(name), Feature{answer, std::move(why)});
}

const Feature& Features::get(std::string_view name) const {
  static const Feature kNotProbed{Answer::unknown, "not probed"};
  auto found = features_.find(name);
  return found == features_.end() ? kNotProbed : found->second;
}

std::optional<std::string> Features::missing(std::span<const std::string> needs) const {
  for (const std::string& need : needs) {
    const Feature& feature = get(need);
    if (feature.answer == Answer::yes) continue;
    const FeatureInfo* info = feature_info(need);
    std::string text = fmt::format("needs {}", need);
    if (info) text += fmt::format(" ({})", info->explanation);
    if (!feature.why.empty()) text += fmt::format(": {}", feature.why);
    if (info && !info->remedy.empty()) text += fmt::format("; {}", info->remedy);
    return text;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string_view, const Feature*>> Features::known() const {
  std::vector<std::pair<std::string_view, const Feature*>> out;
  for (std::string_view name : kNames)
    if (auto found = features_.find(name); found != features_.end()) out.emplace_back(name, &found->second);
  return out;
}

}  // namespace tlsproof::target
