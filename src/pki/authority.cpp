#include "tlsproof/pki/authority.h"

#include <fmt/format.h>

#include <algorithm>

#include "path.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/key_files.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::pki {
namespace {

Status check_is_authority(const x509::CertificateView& certificate, std::string_view name) {
  if (!certificate.readable || !certificate.not_before || !certificate.not_after)
    return fail_usage(fmt::format("{} cannot be decoded{}", name,
                                  certificate.problems.empty() ? "" : ": " + certificate.problems.front().message()));
  if (!certificate.is_ca())
    return fail_usage(fmt::format(
        "{} is not a CA's: {} (subject {})", name,
        certificate.basic_constraints ? "its basicConstraints say CA:FALSE" : "it has no basicConstraints with CA:TRUE",
        certificate.subject.escaped_text()));
  if (certificate.key_usage && !certificate.key_usage->has(x509::KeyUsage::key_cert_sign))
    return fail_usage(fmt::format("{} may not sign certificates: its keyUsage lacks keyCertSign (subject {})", name,
                                  certificate.subject.escaped_text()));
  return {};
}

}  // namespace

Result<Authority> Authority::make(std::vector<x509::Certificate> certificates, crypto::PrivateKey key,
                                  std::string_view name) {
  TLSPROOF_CHECK(!certificates.empty());
  TLSPROOF_TRY_VOID(check_is_authority(*certificates.front(), name));
  if (!is_of_key(*certificates.front(), key))
    return fail_usage(fmt::format("the {} key does not fit the {} (its key is {}, subject {})", key.public_key().name(),
                                  name, certificates.front()->public_key.describe(),
                                  certificates.front()->subject.escaped_text()));
  return Authority(order_path(std::move(certificates)), std::move(key));
}

Result<Authority> Authority::load(const std::string& certificate_path, const std::string& key_path,
                                  const crypto::PassphraseSource& passphrase) {
  const std::string name = fmt::format("CA certificate '{}'", escape_terminal(certificate_path));
  TLSPROOF_TRY(const SecretBytes content, load_secret_file(certificate_path, "CA certificate", kDefaultFileLimit));
  if (!is_pkcs12(content.view())) {  // before a passphrase is asked for
    TLSPROOF_TRY(auto certificates, x509::parse_certificates(content.view(), "the " + name));
    if (certificates.size() == 1) TLSPROOF_TRY_VOID(check_is_authority(*certificates.front(), name));
  }
  TLSPROOF_TRY(KeyAndPath found, load_key_and_path(certificate_path, key_path, "CA", passphrase));
  return make(std::move(found.path), std::move(found.key), name);
}

Result<Authority> Authority::make_root(const CertificateSpec& spec, crypto::PrivateKey key, RandomSource& random) {
  TLSPROOF_TRY(Bytes der, forge_certificate(spec, key.public_key(), Issuer{.certificate = {}, .key = &key}, random));
  return make({x509::Certificate::parse(std::move(der))}, std::move(key));
}

Result<Authority> Authority::make_intermediate(const CertificateSpec& spec, crypto::PrivateKey key,
                                               RandomSource& random) const {
  TLSPROOF_TRY(Bytes der, issue(spec, key.public_key(), random));
  std::vector<x509::Certificate> path{x509::Certificate::parse(std::move(der))};
  path.insert(path.end(), certificates_.begin(), certificates_.end());
  return make(std::move(path), std::move(key));
}

Result<Bytes> Authority::issue(const CertificateSpec& spec, const crypto::PublicKey& key, RandomSource& random) const {
  return forge_certificate(spec, key, Issuer{.certificate = certificate().der(), .key = &key_}, random);
}

Result<Identity> Authority::issue_identity(const CertificateSpec& spec, crypto::PrivateKey key,
                                           RandomSource& random) const {
  TLSPROOF_TRY(Bytes leaf, issue(spec, key.public_key(), random));
  Identity identity{.chain = {std::move(leaf)}, .key = std::move(key)};
  std::ranges::move(intermediates(), std::back_inserter(identity.chain));
  return identity;
}

Result<Identity> Authority::issue_server(Subject subject, std::vector<AlternativeName> names, Validity validity,
                                         crypto::PrivateKey key, RandomSource& random) const {
  return issue_identity(leaf_spec(Role::server, std::move(subject), std::move(names), validity), std::move(key),
                        random);
}

Result<Identity> Authority::issue_client(Subject subject, std::vector<AlternativeName> names, Validity validity,
                                         crypto::PrivateKey key, RandomSource& random) const {
  return issue_identity(leaf_spec(Role::client, std::move(subject), std::move(names), validity), std::move(key),
                        random);
}

std::vector<Bytes> Authority::intermediates() const {
  std::vector<Bytes> out;
  for (const x509::Certificate& candidate : certificates_)
    if (!candidate->self_issued()) out.push_back(to_bytes(candidate.der()));
  return out;
}

Validity Authority::validity() const {
  return {*certificate()->not_before, *certificate()->not_after};
}

Status Authority::check_valid_at(int64_t now) const {
  const Validity span = validity();
  const std::string name = certificate()->subject.escaped_text();
  if (now > span.not_after)
    return fail_usage(fmt::format("the CA {} has expired: it was valid until {}", name, format_utc(span.not_after)));
  if (now < span.not_before)
    return fail_usage(fmt::format("the CA {} is not valid yet: it will be from {}", name, format_utc(span.not_before)));
  return {};
}

Status Authority::check_may_issue_authority() const {
  const auto& limit = certificate()->basic_constraints->path_len;
  if (limit && *limit <= 0)
    return fail_usage(
        fmt::format("the CA {} allows no CA below it (pathlen:0)", certificate()->subject.escaped_text()));
  return {};
}

}  // namespace tlsproof::pki
