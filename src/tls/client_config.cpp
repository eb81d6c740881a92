#include "tlsproof/tls/client_config.h"

#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::tls {

std::vector<uint16_t> default_cipher_suites() {
  using namespace registry::cipher_suite;
  return {TLS_AES_128_GCM_SHA256,
          TLS_AES_256_GCM_SHA384,
          TLS_CHACHA20_POLY1305_SHA256,
          TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
          TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
          TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
          TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
          TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
          TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256};
}

std::vector<uint16_t> default_groups() {
  using namespace registry::group;
  return {x25519, secp256r1, secp384r1, secp521r1};
}

std::vector<uint16_t> default_signature_schemes() {
  using namespace registry::signature_scheme;
  return {ecdsa_secp256r1_sha256,
          ecdsa_secp384r1_sha384,
          ecdsa_secp521r1_sha512,
          ed25519,
          ed448,
          rsa_pss_rsae_sha256,
          rsa_pss_rsae_sha384,
          rsa_pss_rsae_sha512,
          rsa_pss_pss_sha256,
          rsa_pss_pss_sha384,
          rsa_pss_pss_sha512,
          rsa_pkcs1_sha256,
          rsa_pkcs1_sha384,
          rsa_pkcs1_sha512};
}

ClientConfig make_legacy_offer(uint16_t version, std::string server_name) {
  ClientConfig config;
  config.versions = {version};
  // What servers of that time had: CBC with HMAC, ECDHE and RSA key exchange, no suite bound to TLS 1.2.
  config.cipher_suites.clear();
  for (const auto& suite : registry::cipher_suite_infos()) {
    using Kx = registry::KeyExchange;
    using Auth = registry::Authentication;
    const bool cipher = suite.cipher == registry::Cipher::aes || suite.cipher == registry::Cipher::triple_des ||
                        suite.cipher == registry::Cipher::camellia;
    const bool exchange = suite.kx == Kx::ecdhe || suite.kx == Kx::dhe || suite.kx == Kx::rsa;
    const bool signed_by = suite.auth == Auth::rsa || suite.auth == Auth::ecdsa;
    if (cipher && exchange && signed_by && !suite.tls13 && !suite.tls12_only && !suite.export_grade)
      config.cipher_suites.push_back(suite.value);
  }
  config.key_share_groups.clear();
  config.server_name = std::move(server_name);
  config.middlebox_compatibility = false;
  config.offer_verbatim = true;
  // RFC 5246 §7.4.1.4.1: signature_algorithms is TLS 1.2's; older servers ignore it, so it is not needed.
  config.signature_schemes.clear();
  return config;
}

}  // namespace tlsproof::tls
