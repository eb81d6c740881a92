#include "tlsproof/engine/recipe.h"

#include <fmt/format.h>

#include <algorithm>

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
    case Identity::Kind::another:
      return "another";
    case Identity::Kind::fault:
      return identity.intermediates ? fmt::format("{} {}", identity.fault, *identity.intermediates) : identity.fault;
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
    case Identity::Kind::another:
      return "another good client certificate";
    case Identity::Kind::fault:
      if (identity.intermediates)
        return fmt::format("client certificate with {} intermediate{}", *identity.intermediates,
                           *identity.intermediates == 1 ? "" : "s");
      if (const pki::Fault* fault = pki::find_fault(identity.fault))
        return fmt::format("client certificate {}", fault->name);
      return "client certificate " + identity.fault;
  }
  return {};
}

// Where the client says it is going, when that is another virtual host or not one place alone.
std::string hosts_label(const ClientSetup& client) {
  using ServerName = ClientSetup::ServerName;
  using HttpHost = ClientSetup::HttpHost;
  const bool to_open = client.server_name == ServerName::open_host;
  const bool to_mutual = client.server_name == ServerName::mutual_host;
  const std::string_view host = client.http_host == HttpHost::open_host     ? "the open host"
                                : client.http_host == HttpHost::mutual_host ? "the other mutual host"
                                                                            : "this host";
  if ((to_open && client.http_host == HttpHost::open_host) || (to_mutual && client.http_host == HttpHost::mutual_host))
    return fmt::format(", to {}", host);
  std::string text;
  if (to_open) text += ", server name of the open host";
  if (to_mutual) text += ", server name of the other mutual host";
  if (!text.empty() || client.http_host != HttpHost::target) text += fmt::format(", asking for {}", host);
  return text;
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

// Some servers know their clients by name: what is forged bears the good client's, so that the fault alone differs.
// Names that could not be written again as they are stay away.
void bear_names(const pki::Identity& good, pki::ForgeContext& context) {
  const x509::Certificate leaf = x509::Certificate::parse(ByteView(good.chain.front()));
  auto is_plain = [](ByteView value) {
    return !value.empty() && value.size() <= 64 &&
           std::ranges::all_of(value, [](uint8_t c) { return c >= ' ' && c < 0x7f; });
  };
  for (const x509::NameAttribute& attribute : leaf->subject.attributes)
    if (is_plain(attribute.value) && !attribute.short_name.empty())
      context.subject.push_back({std::string(attribute.short_name), std::string(as_text(attribute.value))});
  using Kind = x509::GeneralName::Kind;
  bool has_dns = false;
  for (const x509::GeneralName& name : leaf->subject_alt_names.value_or(std::vector<x509::GeneralName>())) {
    if (context.names.size() == 16 || (name.kind != Kind::dns && name.kind != Kind::email) || !is_plain(name.value))
      continue;
    auto parsed = pki::parse_alternative_name(
        fmt::format("{}:{}", name.kind == Kind::dns ? "dns" : "email", as_text(name.value)));
    if (!parsed) continue;
    has_dns |= name.kind == Kind::dns;
    context.names.push_back(std::move(*parsed));
  }
  // A fault may lie in a DNS name.
  if (!has_dns) context.names.push_back({pki::AlternativeName::Kind::dns, std::string(pki::kUnnamedClient)});
}

}  // namespace

std::string Recipe::key(std::string_view unique) const {
  std::string versions;
  for (uint16_t offered : client.versions) versions += fmt::format("{:04x},", offered);
  return fmt::format("{:04x}|{}|{}|{}|{}|{}|{}|{}|{}|{}", version, static_cast<int>(client.server_name),
                     client.server_name_literal, static_cast<int>(client.http_host), static_cast<int>(client.key_type),
                     versions, client.plain_http, client.request, identity_text(identity),
                     edits != nullptr && !edits->empty() ? unique : "");
}

std::string Recipe::label() const {
  if (client.plain_http) return "plain HTTP";
  std::string text = identity_label(identity);
  if (client.key_type == KeyType::rsa) text += ", RSA certificates only";
  if (client.key_type == KeyType::ecdsa) text += ", ECDSA certificates only";
  if (client.server_name == ClientSetup::ServerName::none) text += ", no server name";
  if (client.server_name == ClientSetup::ServerName::unknown) text += ", unknown server name";
  if (client.server_name == ClientSetup::ServerName::literal) text += ", another server name";
  text += hosts_label(client);
  if (edits != nullptr && !edits->empty()) text += ", bent";
  return text + ", " + registry::version_name(version);
}

Recipe PlanMaker::settle(Recipe recipe) const {
  if (recipe.identity.kind == Identity::Kind::automatic)
    recipe.identity.kind = has_identity() ? Identity::Kind::good : Identity::Kind::none;
  return recipe;
}

Result<pki::Identity> PlanMaker::forge(const Identity& identity) const {
  pki::ForgeContext context{.authority = *material_->client_ca,
                            .role = pki::Role::client,
                            .subject = {},
                            .names = {},
                            .now = now_,
                            .random = *random_,
                            .crls = material_->client_crls,
                            .num_intermediates = identity.intermediates};
  if (identity.kind == Identity::Kind::another) {
    context.names.push_back({pki::AlternativeName::Kind::dns, "another-client.tlsproof.invalid"});
  } else if (material_->identity) {
    bear_names(*material_->identity, context);
  }
  return pki::forge(identity.kind == Identity::Kind::fault ? identity.fault : "good", context);
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
    TLSPROOF_TRY(source, forge(identity));
  }
  for (const Bytes& der : source->chain) made->chain.push_back(der);
  made->signer = crypto::make_signer(source->key);
  forged_.emplace(name, made);
  return made;
}

Status PlanMaker::prepare(const Identity& identity) {
  TLSPROOF_TRY_VOID(credentials(identity));
  return {};
}

size_t PlanMaker::num_intermediates(const Identity& identity) const {
  const auto found = forged_.find(identity_text(identity));
  return found == forged_.end() || found->second->chain.empty() ? 0 : found->second->chain.size() - 1;
}

size_t PlanMaker::num_forged_intermediates(const Identity& identity) const {
  if (identity.kind != Identity::Kind::fault || !material_->client_ca) return 0;
  const size_t own = material_->client_ca->intermediates().size();
  const size_t all = num_intermediates(identity);
  return all > own ? all - own : 0;
}

std::optional<Identity> PlanMaker::faultless_twin(const Identity& identity) {
  if (identity.kind != Identity::Kind::fault || identity.intermediates) return std::nullopt;
  Identity twin;
  if (const pki::Fault* fault = pki::find_fault(identity.fault); fault != nullptr && fault->other_subject) {
    twin.kind = Identity::Kind::another;
  } else if (material_->identity || num_forged_intermediates(identity) > 0) {
    twin = {.kind = Identity::Kind::fault, .fault = "too_deep", .intermediates = num_intermediates(identity)};
  } else {
    return std::nullopt;
  }
  if (!prepare(twin)) return std::nullopt;
  return twin;
}

Result<std::string> make_request(const target::Endpoint& endpoint, ClientSetup::HttpHost host) {
  app::Http1Request request;
  request.path = endpoint.http.path;
  std::string name = endpoint.name();
  if (host == ClientSetup::HttpHost::open_host) name = endpoint.virtual_hosts.open;
  if (host == ClientSetup::HttpHost::mutual_host) name = endpoint.virtual_hosts.mutual;
  request.host = host == ClientSetup::HttpHost::target && !endpoint.http.host.empty()
                     ? endpoint.http.host
                     : app::http_host(name, endpoint.address.port);
  TLSPROOF_TRY(const Bytes bytes, app::make_http1_request(request));
  return std::string(as_text(bytes));
}

Result<session::Plan> PlanMaker::make(const Recipe& recipe, const std::shared_ptr<EditLog>& log) {
  session::Plan plan;
  plan.label = recipe.label();
  plan.plain_http = recipe.client.plain_http;
  plan.timeouts = {endpoint_->timeouts.connect, endpoint_->timeouts.handshake, endpoint_->timeouts.request,
                   endpoint_->timeouts.drain};
  plan.app = {.protocol = plan.plain_http ? app::Protocol::http : endpoint_->app.protocol,
              .ask = recipe.client.request,
              .request = {},
              .domain = endpoint_->name(),
              .user = endpoint_->app.user};
  if (plan.app.ask && plan.app.protocol == app::Protocol::http) {
    TLSPROOF_TRY(plan.app.request, make_request(*endpoint_, recipe.client.http_host));
  }
  if (plan.plain_http) return plan;

  std::string name = endpoint_->sni();
  if (recipe.client.server_name == ClientSetup::ServerName::none) name.clear();
  if (recipe.client.server_name == ClientSetup::ServerName::unknown) name = random_name(*random_);
  if (recipe.client.server_name == ClientSetup::ServerName::open_host) name = endpoint_->virtual_hosts.open;
  if (recipe.client.server_name == ClientSetup::ServerName::mutual_host) name = endpoint_->virtual_hosts.mutual;
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
