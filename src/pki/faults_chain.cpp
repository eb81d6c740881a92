// Faults of those who vouch for the leaf.
#include <fmt/format.h>

#include <algorithm>

#include "der.h"
#include "faults.h"

namespace tlsproof::pki {
namespace {

constexpr size_t kMaxIntermediates = 100;

Subject common_name(std::string name) {
  return {{.type = "CN", .value = std::move(name)}};
}

Result<Authority> issue_intermediate(const ForgeContext& context, const Authority& above, const CertificateSpec& spec) {
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  return above.make_intermediate(spec, std::move(key), context.random);
}

// The leaf under an intermediate of this kind, which is the authority's.
Result<Identity> issue_under(const ForgeContext& context, const CertificateSpec& intermediate_spec) {
  TLSPROOF_TRY_VOID(context.authority.check_may_issue_authority());
  TLSPROOF_TRY(Authority intermediate, issue_intermediate(context, context.authority, intermediate_spec));
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  return intermediate.issue_identity(good_spec(context), std::move(key), context.random);
}

}  // namespace

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

Result<Identity> forge_missing_intermediate(const ForgeContext& context) {
  TLSPROOF_TRY(Identity identity,
               issue_under(context, authority_spec(common_name("tlsproof intermediate that is not sent"),
                                                   current(context.now), 0)));
  identity.chain.resize(1);
  return identity;
}

Result<Identity> forge_expired_intermediate(const ForgeContext& context) {
  return issue_under(context, authority_spec(common_name("tlsproof intermediate that has expired"),
                                             {context.now - 31 * kDay, context.now - kDay}, 0));
}

Result<Identity> forge_future_ca(const ForgeContext& context) {
  return issue_under(context, authority_spec(common_name("tlsproof intermediate of tomorrow"),
                                             {context.now + kDay, context.now + 31 * kDay}, 0));
}

Result<Identity> forge_not_a_ca(const ForgeContext& context) {
  TLSPROOF_TRY_VOID(context.authority.check_may_issue_authority());
  CertificateSpec spec = authority_spec(common_name("tlsproof certificate that is no CA"), current(context.now));
  spec.basic_constraints = BasicConstraints{};
  // Without keyUsage: one that lacks keyCertSign would be a second reason, and with it a contradiction (RFC 5280
  // §4.2.1.3).
  spec.key_usage = 0;
  TLSPROOF_TRY(crypto::PrivateKey issuer_key, fresh_key());
  TLSPROOF_TRY(Identity issuer, context.authority.issue_identity(spec, std::move(issuer_key), context.random));
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  TLSPROOF_TRY(Bytes leaf,
               forge_certificate(good_spec(context), key.public_key(),
                                 Issuer{.certificate = issuer.chain.front(), .key = &issuer.key}, context.random));
  issuer.chain.insert(issuer.chain.begin(), std::move(leaf));
  return Identity{.chain = std::move(issuer.chain), .key = std::move(key)};
}

Result<Identity> forge_path_length(const ForgeContext& context) {
  Authority above = context.authority;
  // Where the authority itself allows no CA below it, one intermediate breaks that; else it takes a second one.
  if (above.check_may_issue_authority()) {
    TLSPROOF_TRY(above,
                 issue_intermediate(context, above,
                                    authority_spec(common_name("tlsproof intermediate that allows none below it"),
                                                   current(context.now), 0)));
  }
  TLSPROOF_TRY(Authority below,
               issue_intermediate(
                   context, above,
                   authority_spec(common_name("tlsproof intermediate that may not be there"), current(context.now))));
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  return below.issue_identity(good_spec(context), std::move(key), context.random);
}

Result<Identity> forge_name_constraints(const ForgeContext& context) {
  // NameConstraints ::= SEQUENCE { permittedSubtrees [0] SEQUENCE OF SEQUENCE { base GeneralName }, … }, for each kind
  // of name one that the leaf has not. 192.0.2.255 alone, of a network that documents use (RFC 5737).
  constexpr std::string_view kOnly = "permitted.tlsproof.invalid";
  const Bytes address = {192, 0, 2, 255, 255, 255, 255, 255};
  Bytes subtrees;
  const auto permit = [&](uint8_t tag, ByteView value) {
    append(subtrees, der_element(0x30, der_element(tag, value)));
  };
  permit(0x81, as_bytes(kOnly));  // rfc822Name
  permit(0x82, as_bytes(kOnly));  // dNSName
  permit(0x86, as_bytes(kOnly));  // uniformResourceIdentifier
  permit(0x87, address);          // iPAddress
  CertificateSpec spec = authority_spec(common_name("tlsproof intermediate for other names"), current(context.now), 0);
  // RFC 5280 §4.2.1.10: critical.
  spec.extra_extensions.push_back(
      {.oid = "2.5.29.30", .critical = true, .value = der_element(0x30, der_element(0xa0, subtrees))});
  return issue_under(context, spec);
}

Result<Identity> forge_too_deep(const ForgeContext& context) {
  constexpr size_t kDefault = 10;
  const size_t above = context.authority.intermediates().size();
  const size_t wanted = context.num_intermediates.value_or(std::max(kDefault, above + 1));
  if (wanted > kMaxIntermediates)
    return fail_usage(fmt::format("at most {} intermediates can be made", kMaxIntermediates));
  if (wanted < above)
    return fail_usage(fmt::format("a chain with {} intermediates cannot be made: the CA {} is the {}. of its own chain",
                                  wanted, context.authority.certificate()->subject.escaped_text(), above));
  const auto limit = context.authority.certificate()->basic_constraints->path_len;
  if (limit && static_cast<size_t>(std::max<int64_t>(*limit, 0)) < wanted - above)
    return fail_usage(
        fmt::format("a chain with {} intermediates cannot be made: the CA {} allows {} below it (pathlen)", wanted,
                    context.authority.certificate()->subject.escaped_text(), *limit));
  Authority issuer = context.authority;
  for (size_t i = above; i < wanted; ++i) {
    TLSPROOF_TRY(issuer, issue_intermediate(context, issuer,
                                            authority_spec(common_name(fmt::format("tlsproof intermediate {}", i + 1)),
                                                           current(context.now))));
  }
  TLSPROOF_TRY(crypto::PrivateKey key, fresh_key());
  return issuer.issue_identity(good_spec(context), std::move(key), context.random);
}

}  // namespace tlsproof::pki
