#include "tlsproof/engine/recipe.h"

#include <fmt/format.h>

#include "tlsproof/app/http1.h"
#include "tlsproof/base/text.h"
#include "tlsproof/crypto/signature.h"
#include "tlsproof/engine/edits.h"
#include "tlsproof/pki/fault.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::engine {

using scenario::ClientSetup;
using scenario::Identity;
using scenario::KeyType;

namespace {

// RFC 8446 §4.2.3: ecdsa_sha1, rsa_pkcs1_sha1.
constexpr uint16_t kEcdsaSha1 = 0x0203;
constexpr uint16_t kRsaPkcs1Sha1 = 0x0201;

std::string identity_text(const Identity& identity) {
  switch (identity.kind) {
    case Identity::Kind::automatic:
      return "automatic";
    case Identity::Kind::none:
      return "none";
    case Identity::Kind::good:
      return "good";
    case Identity::Kind::fault:
      return identity.fault;
  }
  return {};
}

std::string identity_label(const Identity& identity) {
  switch (identity.kind) {
    case Identity::Kind::automatic:
    case Identity::Kind::none:
      return "no client certificate";
    case Identity::Kind::good:
      return "good client certificate";
    case Identity::Kind::fault:
      if (const pki::Fault* fault = pki::find_fault(identity.fault))
        return fmt::format("client certificate {}", fault->name);
      return "client certificate " + identity.fault;
  }
  return {};
}

bool is_rsa(const crypto::SchemeInfo& info) {
  using Family = crypto::SchemeInfo::Family;
  return info.family == Family::rsa_pkcs1 || info.family == Family::rsa_pss_rsae || info.family == Family::rsa_pss_pss;
}

// Offers only the schemes (and, below TLS 1.3, the suites) that a key of this type can use, so that the server shows
// the certificate it has for it. signature_algorithms_cert says that any signature within the chain will do, SHA-1 too:
// OpenSSL leaves out certificates signed otherwise, and a weak one is to be seen, not hidden.
void restrict_key_type(tls::ClientConfig& config, KeyType type) {
  config.signature_schemes_cert = config.signature_schemes;
  config.signature_schemes_cert.insert(config.signature_schemes_cert.end(), {kEcdsaSha1, kRsaPkcs1Sha1});
  std::erase_if(config.signature_schemes, [&](uint16_t scheme) {
    const crypto::SchemeInfo* info = crypto::find_scheme(scheme);
    return info == nullptr || is_rsa(*info) != (type == KeyType::rsa) ||
           (type == KeyType::ecdsa && info->family != crypto::SchemeInfo::Family::ecdsa);
  });
  std::erase_if(config.cipher_suites, [&](uint16_t suite) {
    const std::string name = registry::cipher_suite_name(suite);
    return name.contains(type == KeyType::rsa ? "_ECDSA_WITH_" : "_RSA_WITH_");
  });
}

std::string random_name(RandomSource& random) {
  uint8_t bytes[8];
  random.fill(bytes);
  std::string label = "x";
  for (uint8_t byte : bytes) label += static_cast<char>('a' + byte % 26);
  return label + ".invalid";  // RFC 2606 §2: nobody can have it
}

}  // namespace

std::string Recipe::key(std::string_view unique) const {
  std::string versions;
  for (uint16_t offered : client.versions) versions += fmt::format("{:04x},", offered);
  return fmt::format("{:04x}|{}|{}|{}|{}|{}|{}|{}|{}", version, static_cast<int>(client.server_name),
                     client.server_name_literal, static_cast<int>(client.key_type), versions, client.plain_http,
                     client.request, identity_text(identity), edits != nullptr && !edits->empty() ? unique : "");
}

std::string Recipe::label() const {
  if (client.plain_http) return "plain HTTP";
  std::string text = identity_label(identity);
  if (client.key_type == KeyType::rsa) text += ", RSA certificates only";
  if (client.key_type == KeyType::ecdsa) text += ", ECDSA certificates only";
  if (client.server_name == ClientSetup::ServerName::none) text += ", no server name";
  if (client.server_name == ClientSetup::ServerName::unknown) text += ", unknown server name";
  if (client.server_name == ClientSetup::ServerName::literal) text += ", another server name";
  if (edits != nullptr && !edits->empty()) text += ", bent";
  return text + ", " + registry::version_name(version);
}

Recipe PlanMaker::settle(Recipe recipe) const {
  if (recipe.identity.kind == Identity::Kind::automatic)
    recipe.identity.kind = has_identity() ? Identity::Kind::good : Identity::Kind::none;
  return recipe;
}

Result<std::shared_ptr<session::Credentials>> PlanMaker::credentials(const Identity& identity) {
  if (identity.kind == Identity::Kind::none || identity.kind == Identity::Kind::automatic) return nullptr;
  const std::string name = identity_text(identity);
  if (auto found = forged_.find(name); found != forged_.end()) return found->second;
  auto made = std::make_shared<session::Credentials>();
  std::optional<pki::Identity> source;
  if (identity.kind == Identity::Kind::good && material_->identity) {
    source = material_->identity;
  } else {
    if (!material_->client_ca) return fail_usage(fmt::format("no client CA is at hand to forge '{}'", name));
    const pki::ForgeContext context{.authority = *material_->client_ca,
                                    .role = pki::Role::client,
                                    .subject = {},
                                    .names = {},
                                    .now = now_,
                                    .random = *random_};
    TLSPROOF_TRY(source, pki::forge(name, context));
  }
  for (const Bytes& der : source->chain) made->chain.push_back(der);
  made->signer = crypto::make_signer(source->key);
  forged_.emplace(name, made);
  return made;
}

Result<std::string> make_request(const target::Endpoint& endpoint) {
  app::Http1Request request;
  request.path = endpoint.http.path;
  request.host =
      endpoint.http.host.empty() ? app::http_host(endpoint.name(), endpoint.address.port) : endpoint.http.host;
  TLSPROOF_TRY(const Bytes bytes, app::make_http1_request(request));
  return std::string(as_text(bytes));
}

Result<session::Plan> PlanMaker::make(const Recipe& recipe, const std::shared_ptr<EditLog>& log) {
  session::Plan plan;
  plan.label = recipe.label();
  plan.plain_http = recipe.client.plain_http;
  plan.timeouts = {endpoint_->timeouts.connect, endpoint_->timeouts.handshake, endpoint_->timeouts.request,
                   endpoint_->timeouts.drain};
  if (plan.plain_http || (recipe.client.request && endpoint_->http.enabled)) {
    TLSPROOF_TRY(plan.request, make_request(*endpoint_));
  }
  if (plan.plain_http) return plan;

  std::string name = endpoint_->sni();
  if (recipe.client.server_name == ClientSetup::ServerName::none) name.clear();
  if (recipe.client.server_name == ClientSetup::ServerName::unknown) name = random_name(*random_);
  if (recipe.client.server_name == ClientSetup::ServerName::literal) name = recipe.client.server_name_literal;
  if (recipe.version < 0x0303 && recipe.client.versions.empty()) {
    plan.client = tls::make_legacy_offer(recipe.version, name);
  } else {
    plan.client.versions = recipe.client.versions.empty() ? std::vector{recipe.version} : recipe.client.versions;
    plan.client.server_name = name;
  }
  // Ten times what servers with many certificates send; the client itself would take more.
  plan.client.limits.max_handshake_message = size_t{1} << 20;
  plan.client.limits.max_handshake_bytes = size_t{1} << 20;
  if (recipe.client.key_type != KeyType::any) restrict_key_type(plan.client, recipe.client.key_type);
  TLSPROOF_TRY(plan.credentials, credentials(recipe.identity));
  if (recipe.edits != nullptr && !recipe.edits->empty()) {
    TLSPROOF_TRY(plan.editor, make_editor(*recipe.edits, log));
  }
  return plan;
}

}  // namespace tlsproof::engine
