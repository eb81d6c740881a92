#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
namespace gr = registry::group;
namespace ss = registry::signature_scheme;

// Both sides agree on the suite; nothing else of the handshake is made to fit.
std::function<void(Script&)> with_suite(uint16_t suite) {
  return [suite](Script& s) {
    s.get<wire::ClientHello>().cipher_suites.push_back(suite);
    s.get<wire::ServerHello>().cipher_suite = suite;
  };
}

}  // namespace

std::vector<Case> deprecated_cases() {
  // What a suite of another kind makes of the rest of the script.
  const std::vector<std::string_view> unfit = {"certificate/fits_cipher_suite",
                                               "order/tls12",
                                               "order/messages",
                                               "message/decodes",
                                               "deprecated/no_forward_secrecy",
                                               "deprecated/rc4_offered",
                                               "deprecated/anonymous",
                                               "messages/decode",
                                               "server_hello/cipher_suite_fits_version",
                                               "records/explicit_nonce"};
  return {
      {"deprecated/version",
       "tls12",
       kServer,
       [](Script& s) {
         s.get<wire::ServerHello>().legacy_version = 0x0302;
         s.get<wire::ServerKeyExchangeEcdhe>().signed_part.has_algorithm = false;
       },
       {"server_hello/version_offered", "server_hello/cipher_suite_fits_version", "server_hello/downgrade_sentinel",
        "records/version"}},
      {"deprecated/rc4_chosen", "tls12_rsa", kServer, with_suite(cs::TLS_RSA_WITH_RC4_128_SHA), unfit},
      {"deprecated/rc4_offered", "tls13", kClient,
       [](Script& s) { s.get<wire::ClientHello>().cipher_suites.push_back(cs::TLS_RSA_WITH_RC4_128_MD5); }},
      {"deprecated/null_cipher", "tls12_rsa", kServer, with_suite(cs::TLS_RSA_WITH_NULL_SHA256), unfit},
      {"deprecated/under_112_bits", "tls12_rsa", kServer, with_suite(cs::TLS_RSA_WITH_DES_CBC_SHA), unfit},
      {"deprecated/under_128_bits", "tls12_rsa", kServer, with_suite(cs::TLS_RSA_WITH_3DES_EDE_CBC_SHA), unfit},
      {"deprecated/anonymous", "tls12_dhe", kServer, with_suite(cs::TLS_DH_anon_WITH_AES_128_GCM_SHA256), unfit},
      {"deprecated/no_forward_secrecy", "tls12_rsa", kServer, [](Script&) {}},
      {"deprecated/signature_hash", "tls12", kServer,
       [](Script& s) {
         s.get<wire::ClientHello>().extensions.put_typed(
             wire::ext::SignatureAlgorithms{.schemes = {ss::ecdsa_sha1, ss::ecdsa_secp256r1_sha256}});
         s.get<wire::ServerKeyExchangeEcdhe>().signed_part.algorithm = ss::ecdsa_sha1;
       }},
      {"deprecated/dh_length", "tls12_dhe", kServer,
       [](Script& s) {
         auto& exchange = s.get<wire::ServerKeyExchangeDhe>();
         exchange.dh_p.resize(128);
         exchange.dh_Ys.resize(128);
         s.get<wire::ClientKeyExchangeDhe>().dh_Yc.resize(128);
       }},
      {"deprecated/curve_size",
       "tls12",
       kServer,
       [](Script& s) {
         s.get<wire::ClientHello>().extensions.put_typed(
             wire::ext::SupportedGroups{.groups = {gr::secp192r1, gr::x25519}});
         s.get<wire::ServerKeyExchangeEcdhe>().named_curve = gr::secp192r1;
       },
       {"client_hello/key_share_in_groups"}},
      {"deprecated/certificate_hash", "tls12", kServer,
       [](Script& s) { s.get<wire::Certificate12>().certificates.set(0, certificate_signed_with_sha1()); }},
      {"deprecated/rsa_length", "tls12_dhe", kServer,
       [](Script& s) {
         s.get<wire::Certificate12>().certificates.set(0, short_rsa_certificate());
         s.get<wire::ServerKeyExchangeDhe>().signed_part.signature.resize(128);
       }},
      {"deprecated/truncated_hmac", "tls12_cbc", kServer,
       [](Script& s) {
         s.get<wire::ClientHello>().extensions.add(registry::extension::truncated_hmac, {});
         s.get<wire::ServerHello>().extensions.add(registry::extension::truncated_hmac, {});
       }},
      {"deprecated/compression",
       "tls12",
       kServer,
       [](Script& s) {
         s.get<wire::ClientHello>().legacy_compression_methods = {0, 1};
         s.get<wire::ServerHello>().legacy_compression_method = 1;
       },
       {"client_hello/only_null_compression"}},
  };
}

}  // namespace tlsproof::rules_test
