// What can be wrong with a path, in words.
#include <algorithm>
#include <iterator>

#include "tlsproof/x509/validate.h"

namespace tlsproof::x509 {
namespace {

using enum ProblemCode;

constexpr ProblemInfo kProblems[] = {
    {expired, "expired", "The certificate has expired",
     "Its notAfter lies before the time of the check. Renew it and let the renewal run by itself.", "RFC 5280 §6.1.3"},
    {not_yet_valid, "not_yet_valid", "The certificate is not valid yet",
     "Its notBefore lies after the time of the check: it was put in place too early, or a clock is wrong.",
     "RFC 5280 §6.1.3"},
    {self_signed_leaf, "self_signed_leaf", "The certificate is signed by its own key",
     "Nobody vouches for it. Let a CA sign it, or name this very certificate as trusted.", "RFC 5280 §6.1"},
    {unknown_ca, "unknown_ca", "No trust anchor stands behind the certificate",
     "The path ends at an issuer that is not among the trusted ones: the wrong CA, a CA that was not named as trusted, "
     "or an "
     "intermediate that is missing.",
     "RFC 5280 §6.1"},
    {missing_intermediate, "missing_intermediate", "An intermediate certificate was not sent",
     "The sender must include every certificate between its own and the anchor; clients that have not met the "
     "intermediate "
     "elsewhere refuse. Append it to the certificate file, leaf first.",
     "RFC 8446 §4.4.2"},
    {bad_signature, "bad_signature", "A signature does not verify",
     "The issuer's key did not sign this certificate: it was altered, or the issuer has the same name but another key.",
     "RFC 5280 §6.1.3"},
    {wrong_purpose, "wrong_purpose", "The certificate is not for this purpose",
     "keyUsage or extendedKeyUsage of it or of a CA above it does not allow what it is used for.",
     "RFC 5280 §4.2.1.12"},
    {not_a_ca, "not_a_ca", "A certificate in the path is not a CA's",
     "It certified another one, but its basicConstraints or keyUsage does not allow that.", "RFC 5280 §6.1.4"},
    {path_length_exceeded, "path_length_exceeded", "The path is longer than a CA allows",
     "A CA's pathLenConstraint permits fewer intermediates below it.", "RFC 5280 §6.1.4"},
    {name_constraint_violated, "name_constraint_violated", "A name lies outside a CA's name constraints",
     "A CA above may certify only certain names, or not these.", "RFC 5280 §6.1.3"},
    {revoked, "revoked", "The certificate was revoked", "Its issuer's CRL lists it. Replace it.", "RFC 5280 §6.3"},
    {crl_missing, "crl_missing", "There is no CRL for a certificate",
     "Revocation is checked, but none of the CRLs given is of this issuer. Give one for every CA of the path.",
     "RFC 5280 §6.3"},
    {crl_expired, "crl_expired", "A CRL has expired",
     "Its nextUpdate lies before the time of the check; most verifiers then refuse every certificate of the issuer.",
     "RFC 5280 §6.3.3"},
    {crl_not_yet_valid, "crl_not_yet_valid", "A CRL is not valid yet",
     "Its thisUpdate lies after the time of the check.", "RFC 5280 §6.3.3"},
    {crl_invalid, "crl_invalid", "A CRL cannot be used", "Its signature, issuer, scope or form is wrong.",
     "RFC 5280 §6.3.3"},
    {weak_key, "weak_key", "A key is too short",
     "At the security level asked for, RSA needs 2048 bits and elliptic curves 224. Stacks differ: OpenSSL at level 2, "
     "as Debian "
     "sets it, refuses.",
     "RFC 9325 §4.5"},
    {weak_signature, "weak_signature", "A signature rests on a broken hash",
     "MD5 and SHA-1 no longer withstand forging. Have the certificate signed with SHA-256.", "RFC 9155 §2"},
    {name_mismatch, "name_mismatch", "The certificate is for another name",
     "No name in its subjectAltName is the one asked for.", "RFC 9525 §6"},
    {unknown_critical_extension, "unknown_critical_extension", "A critical extension is not known",
     "A verifier must refuse what it does not understand and the issuer calls critical.", "RFC 5280 §4.2"},
    {invalid_extension, "invalid_extension", "An extension is malformed",
     "An extension cannot be read, is there twice, or contradicts another.", "RFC 5280 §4.2"},
    {chain_too_long, "chain_too_long", "There are too many certificates in the path",
     "More intermediates than the limit allows. nginx calls the limit ssl_verify_depth.", "RFC 5280 §6.1"},
    {undecodable, "undecodable", "A certificate cannot be read", "Its DER or its public key is damaged.",
     "RFC 5280 §4.1"},
    {no_certificate, "no_certificate", "There is no certificate", "The list is empty.", "RFC 8446 §4.4.2.4"},
    {other, "other", "The path does not hold", "libcrypto's own words say why.", "RFC 5280 §6.1"},
};

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kProblems); ++i)
    if (static_cast<size_t>(kProblems[i].code) != i) return false;
  return std::size(kProblems) == static_cast<size_t>(other) + 1;
}
static_assert(in_order(), "one row per code, in the order of the enum");

}  // namespace

std::span<const ProblemInfo> problem_table() {
  return kProblems;
}
const ProblemInfo& problem_info(ProblemCode code) {
  return kProblems[static_cast<size_t>(code)];
}
std::string_view problem_name(ProblemCode code) {
  return problem_info(code).name;
}

std::optional<ProblemCode> problem_from_name(std::string_view name) {
  const auto* it = std::ranges::find(kProblems, name, &ProblemInfo::name);
  if (it == std::end(kProblems)) return std::nullopt;
  return it->code;
}

}  // namespace tlsproof::x509
