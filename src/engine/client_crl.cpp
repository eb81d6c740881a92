#include "client_crl.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"

namespace tlsproof::engine {
namespace {

// The list alone decides nothing, or cannot be used (RFC 5280 §5.2, §5.2.4).
std::string limits(const x509::CrlView& crl) {
  if (!crl.unknown_critical.empty())
    return fmt::format("has the critical extension {}, which verifiers do not know",
                       crl.extensions[crl.unknown_critical.front()].oid.text());
  if (crl.base_number) return "is a delta list, which most servers do not use";
  if (crl.only_ca_certificates) return "is about CA certificates only, not about clients";
  if (crl.only_attribute_certificates) return "is about attribute certificates only, not about clients";
  return {};
}

// Of the highest CA that is known, only the name of whoever certified it is.
bool is_of_unknown_issuer(const x509::CrlView& crl, const pki::Authority& client_ca) {
  const x509::CertificateView& highest = *client_ca.certificates().back();
  return !highest.self_issued() && equal(crl.issuer.der, highest.issuer.der);
}

void lint_one(const x509::CrlView& crl, const pki::Authority* client_ca, int64_t now, std::vector<CrlTrouble>& out) {
  const std::string name = "the " + crl.escaped_title();
  if (crl.next_update && *crl.next_update < now)
    out.push_back({fmt::format("{} is stale: its nextUpdate was {}. A server that uses it refuses every client of this "
                               "CA (OpenSSL error 12); renew it before that day",
                               name, format_utc(*crl.next_update)),
                   true});
  if (crl.this_update && *crl.this_update > now)
    out.push_back({fmt::format("{} is not valid yet: its thisUpdate is {}. A server that uses it refuses every client "
                               "of this CA (OpenSSL error 11)",
                               name, format_utc(*crl.this_update)),
                   true});
  if (const std::string why = limits(crl); !why.empty()) out.push_back({name + " " + why, false});
  if (client_ca == nullptr) return;
  const auto& path = client_ca->certificates();
  const auto issuer =
      std::ranges::find_if(path, [&](const x509::Certificate& candidate) { return x509::is_crl_of(crl, *candidate); });
  if (issuer == path.end() && is_of_unknown_issuer(crl, *client_ca)) return;
  if (issuer == path.end())
    out.push_back({fmt::format("{} is of another CA than the client CA {} and those above it: it is of no use for its "
                               "clients",
                               name, client_ca->certificate()->subject.escaped_text(80)),
                   false});
  else if (!x509::is_signed_by(crl, **issuer))
    out.push_back({fmt::format("{} is not signed by that CA's key: a server that uses it refuses every client of this "
                               "CA (OpenSSL error 8)",
                               name),
                   true});
}

}  // namespace

Status check_client_crls(std::span<const x509::Crl> crls, const pki::Authority* client_ca) {
  for (const x509::Crl& crl : crls)
    if (!crl->readable)
      return fail_usage(fmt::format("a CRL of the clients cannot be decoded{}",
                                    crl->problems.empty() ? "" : ": " + crl->problems.front().message()));
  if (crls.empty() || client_ca == nullptr) return {};
  for (const x509::Crl& crl : crls) {
    if (is_of_unknown_issuer(*crl, *client_ca)) return {};
    for (const x509::Certificate& issuer : client_ca->certificates())
      if (x509::is_crl_of(*crl, *issuer)) return {};
  }
  return fail_usage(
      fmt::format("none of the CRLs of the clients is of the client CA {} or of one above it: the first is {}",
                  client_ca->certificate()->subject.escaped_text(80), crls.front()->escaped_title()));
}

std::vector<CrlTrouble> lint_client_crls(std::span<const x509::Crl> crls, const pki::Authority* client_ca,
                                         int64_t now) {
  std::vector<CrlTrouble> out;
  for (const x509::Crl& crl : crls) lint_one(*crl, client_ca, now, out);
  if (crls.empty() || client_ca == nullptr) return out;
  const auto missing = [&](const x509::NameView& issuer) {
    out.push_back(
        {fmt::format("no CRL of the CA {} is given: servers that check the CRLs of every CA, as nginx and haproxy "
                     "do, refuse chains through it (OpenSSL error 3)",
                     issuer.escaped_text(80)),
         true});
  };
  for (const x509::Certificate& issuer : client_ca->certificates())
    if (std::ranges::none_of(crls, [&](const x509::Crl& crl) { return x509::is_crl_of(*crl, *issuer); }))
      missing(issuer->subject);
  const x509::CertificateView& highest = *client_ca->certificates().back();
  if (!highest.self_issued() &&
      std::ranges::none_of(crls, [&](const x509::Crl& crl) { return is_of_unknown_issuer(*crl, *client_ca); }))
    missing(highest.issuer);
  return out;
}

}  // namespace tlsproof::engine
