#include "path.h"

#include <algorithm>

#include "tlsproof/x509/validate.h"

namespace tlsproof::pki {

bool is_of_key(const x509::CertificateView& certificate, const crypto::PrivateKey& key) {
  const auto public_key = crypto::PublicKey::decode(certificate.spki());
  return public_key && key.fits(*public_key);
}

std::vector<x509::Certificate> order_path(std::vector<x509::Certificate> certificates) {
  std::vector<x509::Certificate> path;
  path.push_back(std::move(certificates.front()));
  certificates.erase(certificates.begin());
  while (!path.back()->self_issued()) {
    auto issuer = std::ranges::find_if(
        certificates, [&](const x509::Certificate& candidate) { return x509::certifies(*candidate, *path.back()); });
    if (issuer == certificates.end()) break;
    path.push_back(std::move(*issuer));
    certificates.erase(issuer);
  }
  return path;
}

}  // namespace tlsproof::pki
