#include "tlsproof/engine/material.h"

#include "client_crl.h"
#include "tlsproof/pki/key_files.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::engine {
namespace {

crypto::PassphraseSource source_of(const target::PassphraseSource& passphrase) {
  if (passphrase.kind == target::PassphraseSource::Kind::none) return {};
  return [passphrase] { return target::load_passphrase(passphrase); };
}

Result<x509::TrustAnchors> load_anchors(const target::Trust& trust) {
  if (trust.paths.empty()) return trust.system ? x509::TrustAnchors::system() : x509::TrustAnchors::none();
  std::vector<x509::Certificate> all;
  std::string description;
  for (const std::string& path : trust.paths) {
    TLSPROOF_TRY(auto certificates, pki::load_certificates(path, "trusted CA", source_of(trust.passphrase)));
    TLSPROOF_TRY(auto anchors,
                 x509::TrustAnchors::from_file_content(path, certificates));  // says so when none is usable
    if (trust.paths.size() == 1 && !trust.system) return anchors;
    description += (description.empty() ? "" : ", ") + anchors.description();
    all.insert(all.end(), anchors.certificates().begin(), anchors.certificates().end());
  }
  return trust.system ? x509::TrustAnchors::system(all) : x509::TrustAnchors::from_certificates(all, description);
}

Result<pki::Identity> load_identity(const target::KeyPair& pair) {
  TLSPROOF_TRY(pki::KeyAndPath found,
               pki::load_key_and_path(pair.certificate_path, pair.key_path, "client", source_of(pair.passphrase)));
  pki::Identity identity{{}, std::move(found.key)};
  for (const x509::Certificate& certificate : found.path) identity.chain.push_back(to_bytes(certificate.der()));
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
                                      source_of(endpoint.client_ca.passphrase)));
  }
  for (const std::string& path : endpoint.client_crl_paths) {
    TLSPROOF_TRY(auto crls, x509::load_crls(path, "CRL of the clients"));
    for (Bytes& crl : crls) material.client_crls.push_back(x509::Crl::parse(std::move(crl)));
  }
  TLSPROOF_TRY_VOID(check_client_crls(material.client_crls, material.client_ca ? &*material.client_ca : nullptr));
  return material;
}

}  // namespace tlsproof::engine
