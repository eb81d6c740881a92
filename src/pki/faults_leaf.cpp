// Faults of the leaf itself.
#include <fmt/format.h>

#include "der.h"
#include "faults.h"
#include "tlsproof/base/text.h"

namespace tlsproof::pki {
namespace {

// ITU-T X.660 §A.7: 2.999 is for examples, so that nobody ever gives it a meaning.
constexpr std::string_view kMeaningless = "2.999.7";
constexpr std::string_view kPadding = "2.999.8";
constexpr uint8_t kOctetString = 0x04;
constexpr size_t kHuge = size_t{64} << 10;

// RFC 5280 §4.1.2.2: positive, and at most 20 octets.
bool is_usable_serial(ByteView content) {
  return !content.empty() && content.size() <= 21 && (content[0] & 0x80) == 0 &&
         !(content.size() == 1 && content[0] == 0);
}

// An entry by which a peer that has the list refuses a certificate of this serial.
const x509::CrlEntry* find_revoked(const x509::CrlView& crl) {
  for (const x509::CrlEntry& entry : crl.entries)
    if (is_usable_serial(entry.serial) && crl.find(entry.serial) == &entry && entry.revokes()) return &entry;
  return nullptr;
}

}  // namespace

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

Result<Identity> forge_wrong_key(const ForgeContext& context) {
  TLSPROOF_TRY(Identity identity, forge_good(context));
  TLSPROOF_TRY(identity.key, fresh_key());
  return identity;
}

Result<Identity> forge_wrong_purpose(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.extended_key_usage = {std::string(context.role == Role::server ? x509::kClientAuth : x509::kServerAuth)};
  return issue(context, spec);
}

Result<Identity> forge_no_eku(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.extended_key_usage.clear();
  return issue(context, spec);
}

Result<Identity> forge_v1(const ForgeContext& context) {
  const CertificateSpec good = good_spec(context);
  CertificateSpec spec;
  spec.version = 1;  // and therefore no extension at all (RFC 5280 §4.1.2.1)
  spec.subject = good.subject;
  spec.validity = good.validity;
  spec.subject_key_id = false;
  spec.authority_key_id = CertificateSpec::AuthorityKeyId::none;
  return issue(context, spec);
}

Result<Identity> forge_weak_rsa_1024(const ForgeContext& context) {
  TLSPROOF_TRY(crypto::PrivateKey key, crypto::PrivateKey::generate(crypto::KeyKind::rsa, 1024));
  return context.authority.issue_identity(good_spec(context), std::move(key), context.random);
}

Result<Identity> forge_sha1_signature(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.hash = SignatureHash::sha1;
  return issue(context, spec);
}

Result<Identity> forge_unknown_critical_extension(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  spec.extra_extensions.push_back(
      {.oid = std::string(kMeaningless), .critical = true, .value = der_element(kOctetString, as_bytes("?"))});
  return issue(context, spec);
}

Result<Identity> forge_huge(const ForgeContext& context) {
  CertificateSpec spec = good_spec(context);
  for (size_t i = spec.names.size(); i < 100; ++i)
    spec.names.push_back({.kind = AlternativeName::Kind::dns, .value = fmt::format("alias-{}.tlsproof.invalid", i)});
  spec.extra_extensions.push_back(
      {.oid = std::string(kPadding), .critical = false, .value = der_element(kOctetString, Bytes(kHuge, 0))});
  return issue(context, spec);
}

Result<Identity> forge_revoked(const ForgeContext& context) {
  const x509::CertificateView& issuer = *context.authority.certificate();
  const std::string name = issuer.subject.escaped_text();
  if (context.crls.empty())
    return fail_usage(
        fmt::format("a revoked certificate needs the CRL of the CA {}, whose serials it takes (--crl FILE)", name));
  bool seen = false;
  for (const x509::Crl& crl : context.crls) {
    // RFC 5280 §5.2.4, §5.2.5: a delta list, or one about CA certificates, does not revoke this leaf by itself.
    if (crl->base_number || crl->only_ca_certificates || crl->only_attribute_certificates ||
        !crl->unknown_critical.empty() || !x509::is_signed_by(*crl, issuer))
      continue;
    seen = true;
    const x509::CrlEntry* entry = find_revoked(*crl);
    if (entry == nullptr) continue;
    CertificateSpec spec = good_spec(context);
    spec.serial = to_bytes(entry->serial);
    return issue(context, spec);
  }
  if (!seen) return fail_usage(fmt::format("none of the CRLs given is a complete one signed by the CA {}", name));
  return fail_usage(fmt::format("the CRL of the CA {} revokes nothing: it must list at least one serial", name));
}

}  // namespace tlsproof::pki
