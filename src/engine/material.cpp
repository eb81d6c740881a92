#include "tlsproof/engine/material.h"

#include <fmt/format.h>

#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::engine {
namespace {

crypto::PassphraseSource passphrase_of(const target::KeyPair& pair) {
  if (pair.passphrase.kind == target::PassphraseSource::Kind::none) return {};
  return [source = pair.passphrase] { return target::load_passphrase(source); };
}

Result<x509::TrustAnchors> load_anchors(const target::Trust& trust) {
  if (trust.paths.empty()) return trust.system ? x509::TrustAnchors::system() : x509::TrustAnchors::none();
  if (trust.paths.size() == 1 && !trust.system) return x509::TrustAnchors::from_file(trust.paths.front());
  std::vector<x509::Certificate> all;
  std::string description;
  for (const std::string& path : trust.paths) {
    TLSPROOF_TRY(auto anchors, x509::TrustAnchors::from_file(path));  // says so when none of it can be used
    description += (description.empty() ? "" : ", ") + anchors.description();
    all.insert(all.end(), anchors.certificates().begin(), anchors.certificates().end());
  }
  return trust.system ? x509::TrustAnchors::system(all) : x509::TrustAnchors::from_certificates(all, description);
}

Result<pki::Identity> load_identity(const target::KeyPair& pair) {
  TLSPROOF_TRY(auto certificates, x509::load_certificates(pair.certificate_path, "client certificate"));
  TLSPROOF_TRY(auto key_bytes, load_secret_file(pair.key_path, "client key"));
  const std::string key_name = fmt::format("client key '{}'", escape_terminal(pair.key_path));
  TLSPROOF_TRY(auto key, crypto::PrivateKey::load(key_bytes.view(), key_name, passphrase_of(pair)));
  const auto public_key = crypto::PublicKey::decode(certificates.front()->spki());
  if (!public_key || !key.fits(*public_key))
    return fail_usage(fmt::format("the {} does not belong to the client certificate '{}' ({})", key_name,
                                  escape_terminal(pair.certificate_path), certificates.front()->escaped_title()));
  pki::Identity identity{{}, std::move(key)};
  for (const x509::Certificate& certificate : certificates) identity.chain.push_back(to_bytes(certificate.der()));
  return identity;
}

}  // namespace

Result<Material> load_material(const target::Endpoint& endpoint) {
  Material material;
  TLSPROOF_TRY(material.anchors, load_anchors(endpoint.trust));
  for (const std::string& path : endpoint.trust.crl_paths) {
    TLSPROOF_TRY(auto crls, x509::load_crls(path, "CRL"));
    material.crls.insert(material.crls.end(), crls.begin(), crls.end());
  }
  if (!endpoint.client_identity.empty()) {
    TLSPROOF_TRY(material.identity, load_identity(endpoint.client_identity));
  }
  if (!endpoint.client_ca.empty()) {
    TLSPROOF_TRY(material.client_ca,
                 pki::Authority::load(endpoint.client_ca.certificate_path, endpoint.client_ca.key_path,
                                      passphrase_of(endpoint.client_ca)));
  }
  return material;
}

}  // namespace tlsproof::engine
