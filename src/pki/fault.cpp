#include "tlsproof/pki/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/base/text.h"

namespace tlsproof::pki {
namespace {

constexpr int64_t kDay = 86400;

// From a day ago, so that a peer whose clock is behind is content, for a month.
Validity current(int64_t now) {
  return {now - kDay, now + 30 * kDay};
}

Result<crypto::PrivateKey> fresh_key() {
  return crypto::PrivateKey::generate(crypto::KeyKind::p256);
}

CertificateSpec good_spec(const ForgeContext& context) {
  return leaf_spec(context.role, context.subject, context.names, current(context.now));
}

Result<Identity> issue(const ForgeContext& context, const CertificateSpec& spec) {
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  return context.authority.issue_identity(spec, std::move(key), context.random);
}

Result<Identity> forge_good(const ForgeContext& context) {
  return issue(context, good_spec(context));
}

Result<Identity> forge_expired(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.validity = {context.now - 31 * kDay, context.now - kDay};
  return issue(context, spec);
}

Result<Identity> forge_not_yet_valid(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.validity = {context.now + kDay, context.now + 31 * kDay};
  return issue(context, spec);
}

Result<Identity> forge_wrong_ca(const ForgeContext& context) {
  const x509::CertificateView& right = *context.authority.certificate();
  CertificateSpec impostor = authority_spec({}, context.authority.validity());
  impostor.subject_der = to_bytes(right.subject.der);
  TLSPROOF_TRY(crypto::PrivateKey impostor_key, fresh_key());
  TLSPROOF_TRY(Authority impostor_authority, Authority::make_root(impostor, std::move(impostor_key), context.random));
  CertificateSpec spec = good_spec(context);
  // Two CAs of one name are told apart by key identifiers. Where the right one has none, by its serial; else verifiers
  // would see a bad signature of the right CA, which is another fault.
  if (!right.subject_key_id) spec.authority_key_id = CertificateSpec::AuthorityKeyId::key_id_and_serial;
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  return impostor_authority.issue_identity(spec, std::move(key), context.random);
}

Result<Identity> forge_self_signed(const ForgeContext& context) {
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  TLSPROOF_TRY(Bytes leaf, forge_certificate(good_spec(context), key.public_key(),
                                             Issuer{.certificate = {}, .key = &key}, context.random));
  return Identity{.chain = {std::move(leaf)}, .key = std::move(key)};
}

Result<Identity> forge_wrong_host(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  // RFC 6761 §6.4: nothing is ever called so.
  spec.names = {{.kind = AlternativeName::Kind::dns, .value = "wrong-host.invalid"}};
  // A common name that fits would satisfy whoever still looks there.
  std::erase_if(spec.subject, [](const NameAttribute& attribute) { return attribute.type == "CN"; });
  spec.subject.push_back({.type = "CN", .value = "wrong-host.invalid"});
  return issue(context, spec);
}

Result<Identity> forge_wrong_key(const ForgeContext& context) {
  TLSPROOF_TRY(Identity identity, forge_good(context));
  TLSPROOF_TRY(identity.key, fresh_key());
  return identity;
}

Result<Identity> forge_missing_intermediate(const ForgeContext& context) {
  TLSPROOF_TRY_VOID(context.authority.check_may_issue_authority());
  TLSPROOF_TRY(crypto::PrivateKey intermediate_key, fresh_key());
  TLSPROOF_TRY(
      Authority intermediate,
      context.authority.make_intermediate(
          authority_spec({{.type = "CN", .value = "tlsproof intermediate that is not sent"}}, current(context.now), 0),
          std::move(intermediate_key), context.random));
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  TLSPROOF_TRY(Identity identity, intermediate.issue_identity(good_spec(context), std::move(key), context.random));
  identity.chain.resize(1);
  return identity;
}

constexpr std::array kFaults = {
    Fault{"good", "the certificate is as it should be",
          "Issued by the trusted CA for the right names, role and dates; the chain is complete. Refusing it is the "
          "error.",
          forge_good},
    Fault{"expired", "the certificate has expired",
          "Its notAfter was a day ago. A peer that accepts it goes on trusting keys that were given up, and never "
          "notices "
          "that renewal has stopped working.",
          forge_expired},
    Fault{"not_yet_valid", "the certificate is not valid yet",
          "Its notBefore is a day ahead. A peer that accepts it does not look at dates, or its clock is wrong.",
          forge_not_yet_valid},
    Fault{"wrong_ca", "the certificate is from another CA of the same name",
          "The issuer's name is that of the trusted CA, but another key signed. A peer that accepts it compares names "
          "and "
          "not signatures, or trusts anyone: everybody can make such a certificate.",
          forge_wrong_ca},
    Fault{"self_signed", "the certificate is signed by its own key",
          "Right names, role and dates, vouched for by nobody. A peer that accepts it accepts everybody.",
          forge_self_signed},
    Fault{"wrong_host", "the certificate is for another name",
          "Issued by the trusted CA, but for wrong-host.invalid. A client that accepts it can be led to any server "
          "that has "
          "some certificate of that CA. Servers seldom look at the names of a client.",
          forge_wrong_host},
    Fault{"wrong_key", "the private key is not that of the certificate",
          "The certificate is good, but the handshake is signed by another key. A peer that accepts it does not check "
          "the "
          "signature: whoever has seen a certificate, and certificates are public, can pass for its owner.",
          forge_wrong_key},
    Fault{"missing_intermediate", "the intermediate certificate is not sent",
          "Issued by an intermediate CA under the trusted one, and only the leaf is sent, so no path can be built. A "
          "peer "
          "that accepts it has the intermediate from elsewhere, perhaps from an earlier connection.",
          forge_missing_intermediate},
};

}  // namespace

std::span<const Fault> faults() {
  return kFaults;
}

const Fault* find_fault(std::string_view name) {
  const auto* found = std::ranges::find(kFaults, name, &Fault::name);
  return found == kFaults.end() ? nullptr : found;
}

Result<Identity> forge(std::string_view fault, const ForgeContext& context) {
  const Fault* known = find_fault(fault);
  if (known == nullptr) {
    std::array<std::string_view, kFaults.size()> names;
    std::ranges::transform(kFaults, names.begin(), &Fault::name);
    const auto like = did_you_mean(fault, std::span<const std::string_view>(names));
    return fail_usage(fmt::format("there is no fault '{}'{}", escape_terminal_limited(fault, 60),
                                  like ? fmt::format("; did you mean {}?", *like) : ""));
  }
  TLSPROOF_TRY_VOID(context.authority.check_valid_at(context.now));
  ForgeContext filled = context;
  if (filled.names.empty()) {
    if (filled.role == Role::server) return fail_usage("a server's certificate needs a name to be for");
    filled.names.push_back({.kind = AlternativeName::Kind::dns, .value = "client.tlsproof.invalid"});
  }
  return known->forge(filled);
}

}  // namespace tlsproof::pki
