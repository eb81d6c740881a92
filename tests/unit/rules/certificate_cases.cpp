#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
namespace hs = registry::handshake_type;
namespace ss = registry::signature_scheme;

// DER of CertificateRequest's names is looked at as it is.
const Bytes kNoName = {0x04, 0x01, 0x00};

}  // namespace

std::vector<Case> certificate_cases() {
  using wire::Certificate12;
  using wire::Certificate13;
  using wire::CertificateRequest12;
  using wire::CertificateRequest13;
  using wire::CertificateVerify;
  return {
      {"certificate/server_not_empty", "tls13", kServer, [](Script& s) { s.get<Certificate13>().clear(); }},
      {"certificate/server_not_empty", "tls12", kServer,
       [](Script& s) { s.get<Certificate12>().certificates.clear(); }},
      {"certificate/order_tls12", "tls12", kServer,
       [](Script& s) { s.get<Certificate12>().certificates.push_back(other_certificate()); }},
      {"certificate/order_tls12", "tls12_client_auth", kClient,
       [](Script& s) { s.get<Certificate12>(1).certificates.push_back(other_certificate()); }},
      {"certificate/order_tls13", "tls13", kServer, [](Script& s) { s.get<Certificate13>().add(other_certificate()); }},
      {"certificate/x509v3", "tls13", kServer,
       [](Script& s) {
         s.get<Certificate13>().clear();
         s.get<Certificate13>().add(certificate_v1());
       }},
      {"certificate/fits_cipher_suite",
       "tls12",
       kServer,
       [](Script& s) { s.get<Certificate12>().certificates.set(0, rsa_certificate()); },
       {"signature/fits_key"}},
      {"certificate/fits_cipher_suite", "tls12_rsa", kServer,
       [](Script& s) { s.get<Certificate12>().certificates.set(0, certificate()); }},
      {"certificate/key_usage", "tls13", kServer,
       [](Script& s) {
         s.get<Certificate13>().clear();
         s.get<Certificate13>().add(certificate_that_only_certifies());
       }},
      {"certificate/key_usage", "tls12", kServer,
       [](Script& s) { s.get<Certificate12>().certificates.set(0, certificate_that_only_certifies()); }},
      {"signature/fits_key",
       "tls13",
       kServer,
       [](Script& s) { s.get<CertificateVerify>().algorithm = ss::rsa_pss_rsae_sha256; },
       {"signature/form"}},
      {"signature/fits_key",
       "tls13_client_auth",
       kClient,
       [](Script& s) { s.get<CertificateVerify>(1).algorithm = ss::ecdsa_secp384r1_sha384; },
       {"signature/client_scheme_offered"}},
      {"signature/fits_key",
       "tls12",
       kServer,
       [](Script& s) { s.get<wire::ServerKeyExchangeEcdhe>().signed_part.algorithm = ss::rsa_pkcs1_sha256; },
       {"signature/form"}},
      {"signature/form", "tls13", kServer, [](Script& s) { s.get<CertificateVerify>().signature[0] = 0x31; }},
      {"signature/form", "tls13", kServer, [](Script& s) { s.get<CertificateVerify>().signature.push_back(0); }},
      {"signature/form", "tls12_dhe", kServer,
       [](Script& s) { s.get<wire::ServerKeyExchangeDhe>().signed_part.signature.pop_back(); }},
      {"certificate_request/signature_algorithms", "tls13_client_auth", kServer,
       [](Script& s) {
         auto& extensions = s.get<CertificateRequest13>().extensions;
         extensions.clear();
         extensions.add(registry::extension::oid_filters, Bytes{0, 0});
       }},
      {"certificate_request/context", "tls13_client_auth", kServer,
       [](Script& s) { s.get<CertificateRequest13>().certificate_request_context = {1}; }},
      {"certificate_request/context", "tls13", kServer,
       [](Script& s) { s.get<Certificate13>().certificate_request_context = {1}; }},
      {"certificate_request/authorities", "tls12_client_auth", kServer,
       [](Script& s) { s.get<CertificateRequest12>().certificate_authorities.push_back(kNoName); }},
      {"certificate_request/authorities", "tls13_client_auth", kServer,
       [](Script& s) {
         wire::ext::CertificateAuthorities names;
         names.authorities.push_back(kNoName);
         s.get<CertificateRequest13>().extensions.add_typed(names);
       }},
      {"certificate_request/allowed",
       "tls13_client_auth",
       kServer,
       [](Script& s) { s.get<wire::ServerHello>().extensions.add_typed(wire::ext::PreSharedKeyServer{}); },
       {"order/tls13", "extensions/asked_for", "server_hello/psk_identity"}},
      {"certificate_verify/has_certificate",
       "tls13_client_auth",
       kClient,
       [](Script& s) { s.get<Certificate13>(1).clear(); },
       {"order/tls13", "order/messages"}},
      {"certificate_verify/has_certificate",
       "tls12_client_auth",
       kClient,
       [](Script& s) { s.get<Certificate12>(1).certificates.clear(); },
       {"order/tls12", "order/messages"}},
  };
}

}  // namespace tlsproof::rules_test
