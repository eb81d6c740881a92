// Honest connections, as real stacks have them.
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "tlsproof/registry/attributes.h"
#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

namespace cs = registry::cipher_suite;
namespace e = registry::extension;
namespace gr = registry::group;
namespace hs = registry::handshake_type;
namespace ss = registry::signature_scheme;
using registry::version::TLS1_2;
using registry::version::TLS1_3;
using wire::AnyMessage;

struct CertificateMade {
  EVP_PKEY* key = nullptr;  // given away
  int version = 2;          // as encoded: 2 is v3
  std::string_view subject = "server.test";
  std::string_view issuer = {};  // empty: the subject
  const char* key_usage = nullptr;
  const EVP_MD* hash = EVP_sha256();
};
void add_name(X509_NAME* name, std::string_view common_name) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
}
Bytes make_certificate(const CertificateMade& made) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(made.key, EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> x(X509_new(), X509_free);
  X509_set_version(x.get(), made.version);
  ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), 86400);
  add_name(X509_get_subject_name(x.get()), made.subject);
  add_name(X509_get_issuer_name(x.get()), made.issuer.empty() ? made.subject : made.issuer);
  X509_set_pubkey(x.get(), key.get());
  if (made.key_usage != nullptr) {
    const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> usage(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_key_usage, made.key_usage), X509_EXTENSION_free);
    X509_add_ext(x.get(), usage.get(), -1);
  }
  if (X509_sign(x.get(), key.get(), made.hash) == 0) Script::fail("no certificate");
  unsigned char* der = nullptr;
  const int len = i2d_X509(x.get(), &der);
  Bytes out(der, der + len);
  OPENSSL_free(der);
  return out;
}

std::array<uint8_t, 32> random_of(uint8_t first) {
  std::array<uint8_t, 32> out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(first + i * 7);
  return out;
}
Bytes filled(size_t len, uint8_t value) {
  return Bytes(len, value);
}
// The generator of P-256: a point that is on the curve.
Bytes p256_point() {
  return *from_hex(
      "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
}

template <class... Names>
wire::ext::Alpn alpn(Names... names) {
  wire::ext::Alpn out;
  (out.protocols.push_back(as_bytes(names)), ...);
  return out;
}

wire::ClientHello client_hello(bool tls13) {
  wire::ClientHello hello;
  hello.random = random_of(1);
  hello.legacy_session_id = filled(32, 0x51);
  hello.cipher_suites = {0x1a1a};
  if (tls13)
    hello.cipher_suites.insert(hello.cipher_suites.end(), {cs::TLS_AES_128_GCM_SHA256, cs::TLS_AES_256_GCM_SHA384});
  hello.cipher_suites.insert(hello.cipher_suites.end(),
                             {cs::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, cs::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                              cs::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, cs::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
                              cs::TLS_RSA_WITH_AES_128_GCM_SHA256, cs::TLS_EMPTY_RENEGOTIATION_INFO_SCSV});
  hello.legacy_compression_methods = {0};
  auto& x = hello.extensions;
  x.add(0x2a2a, {});
  wire::ext::ServerName name;
  name.add_host("server.test");
  x.add_typed(name);
  x.add_typed(wire::ext::ExtendedMasterSecret{});
  x.add_typed(wire::ext::EncryptThenMac{});
  x.add_typed(wire::ext::SupportedGroups{.groups = {0x3a3a, gr::x25519, gr::secp256r1}});
  x.add_typed(wire::ext::EcPointFormats{.formats = {0}});
  x.add_typed(wire::ext::SessionTicket{});
  x.add_typed(alpn(std::string_view("h2"), std::string_view("http/1.1")));
  x.add_typed(wire::ext::StatusRequest{});
  x.add_typed(wire::ext::SignatureAlgorithms{
      .schemes = {ss::ecdsa_secp256r1_sha256, ss::rsa_pss_rsae_sha256, ss::rsa_pkcs1_sha256}});
  if (!tls13) return hello;
  wire::ext::KeyShareClient shares;
  shares.add(0x3a3a, filled(1, 0));
  shares.add(gr::x25519, filled(32, 0x09));
  x.add_typed(shares);
  x.add_typed(wire::ext::SupportedVersionsClient{.versions = {0x4a4a, TLS1_3, TLS1_2}});
  x.add_typed(wire::ext::PskKeyExchangeModes{.modes = {1}});
  x.add_typed(wire::ext::RecordSizeLimit{.limit = 16385});
  x.add_typed(wire::ext::Padding{.bytes = filled(8, 0)});
  return hello;
}

wire::ServerHello server_hello13() {
  wire::ServerHello hello;
  hello.random = random_of(99);
  hello.legacy_session_id_echo = filled(32, 0x51);
  hello.cipher_suite = cs::TLS_AES_128_GCM_SHA256;
  hello.extensions.add_typed(wire::ext::SupportedVersionsServer{.selected_version = TLS1_3});
  hello.extensions.add_typed(wire::ext::KeyShareServer{.group = gr::x25519, .key = filled(32, 0x0b)});
  return hello;
}

wire::EncryptedExtensions encrypted_extensions() {
  wire::EncryptedExtensions out;
  out.extensions.add_typed(wire::ext::ServerNameAck{});
  out.extensions.add_typed(alpn(std::string_view("h2")));
  out.extensions.add_typed(wire::ext::RecordSizeLimit{.limit = 16385});
  return out;
}

wire::Certificate13 certificate13() {
  wire::Certificate13 out;
  wire::ExtensionList extensions;
  extensions.add_typed(wire::ext::StatusResponse{.status = {.response = filled(20, 0x30)}});
  out.add(certificate(), extensions);
  return out;
}
wire::Certificate12 certificate12(bool rsa = false) {
  wire::Certificate12 out;
  out.certificates.push_back(rsa ? rsa_certificate() : certificate());
  return out;
}
// ECDSA-Sig-Value: two integers.
Bytes ecdsa_signature() {
  return {0x30, 0x06, 0x02, 0x01, 0x21, 0x02, 0x01, 0x43};
}
wire::CertificateVerify certificate_verify() {
  return {.algorithm = ss::ecdsa_secp256r1_sha256, .signature = ecdsa_signature()};
}
wire::CertificateRequest13 certificate_request13(Bytes context = {}) {
  wire::CertificateRequest13 out;
  out.certificate_request_context = std::move(context);
  out.extensions.add_typed(
      wire::ext::SignatureAlgorithms{.schemes = {ss::ecdsa_secp256r1_sha256, ss::rsa_pss_rsae_sha256}});
  return out;
}
wire::NewSessionTicket13 ticket13(uint8_t nonce) {
  return {.ticket_lifetime = 7200,
          .ticket_age_add = uint32_t{77} + nonce,
          .ticket_nonce = {nonce},
          .ticket = filled(32, nonce),
          .extensions = {}};
}

void add(Script& script, Direction direction, AnyMessage what, Level level = Level::initial) {
  script.steps.push_back(message(direction, std::move(what), level));
}

// The connection after both Finished of TLS 1.3.
void talk13(Script& script) {
  add(script, kServer, ticket13(0), Level::application);
  add(script, kServer, ticket13(1), Level::application);
  script.steps.push_back(data(kClient, "GET / HTTP/1.1\r\n\r\n"));
  add(script, kClient, wire::KeyUpdate{.request_update = 1}, Level::application);
  add(script, kServer, wire::KeyUpdate{}, Level::application);
  script.steps.push_back(data(kServer, "HTTP/1.1 200 OK\r\n\r\n"));
  script.steps.push_back(alert(kServer, 1, 0, Level::application));
  script.steps.push_back(alert(kClient, 1, 0, Level::application));
}

struct Options13 {
  bool retry = false, psk = false, early = false, client_auth = false;
};

void add_psk(wire::ClientHello& hello, bool early) {
  if (early) hello.extensions.add_typed(wire::ext::EarlyData{});
  wire::ext::PreSharedKeyClient psk;
  psk.add(filled(32, 0xaa), 1000);
  psk.binders.push_back(filled(32, 0xbb));
  hello.extensions.add_typed(psk);
}

void hellos13(Script& script, const Options13& options) {
  wire::ClientHello hello = client_hello(true);
  if (options.psk) add_psk(hello, options.early);
  script.steps.push_back(message(kClient, hello));
  script.steps.back().record_version = uint16_t{0x0301};
  if (options.early) {
    script.steps.push_back(change_cipher_spec(kClient));
    script.steps.push_back(data(kClient, "GET /early HTTP/1.1\r\n\r\n", Level::early));
  }
  wire::ServerHello answer = server_hello13();
  if (options.retry) {
    wire::ServerHello retry = answer;
    retry.random = wire::kHelloRetryRequestRandom;
    retry.extensions.clear();
    retry.extensions.add_typed(wire::ext::SupportedVersionsServer{.selected_version = TLS1_3});
    retry.extensions.add_typed(wire::ext::KeyShareRetry{.selected_group = gr::secp256r1});
    retry.extensions.add_typed(wire::ext::Cookie{.cookie = filled(9, 0xcc)});
    add(script, kServer, retry);
    script.steps.push_back(change_cipher_spec(kServer));
    script.steps.push_back(change_cipher_spec(kClient));
    wire::ext::KeyShareClient share;
    share.add(gr::secp256r1, p256_point());
    hello.extensions.put_typed(share);
    hello.extensions.put_typed(wire::ext::Padding{.bytes = filled(3, 0)});
    hello.extensions.add_typed(wire::ext::Cookie{.cookie = filled(9, 0xcc)});
    add(script, kClient, hello);
    answer.extensions.put_typed(wire::ext::KeyShareServer{.group = gr::secp256r1, .key = p256_point()});
  }
  if (options.psk) answer.extensions.add_typed(wire::ext::PreSharedKeyServer{});
  add(script, kServer, answer);
  if (!options.retry) script.steps.push_back(change_cipher_spec(kServer));
}

Script tls13(const Options13& options) {
  Script script;
  script.tls13 = true;
  hellos13(script, options);
  wire::EncryptedExtensions extensions = encrypted_extensions();
  if (options.early) extensions.extensions.add_typed(wire::ext::EarlyData{});
  add(script, kServer, extensions, Level::handshake);
  if (options.client_auth) add(script, kServer, certificate_request13(), Level::handshake);
  if (!options.psk) {
    add(script, kServer, certificate13(), Level::handshake);
    add(script, kServer, certificate_verify(), Level::handshake);
    script.steps.back().joined = true;
  }
  add(script, kServer, wire::Finished{.verify_data = filled(32, 0xf1)}, Level::handshake);
  if (options.early)
    add(script, kClient, wire::EndOfEarlyData{}, Level::early);
  else if (!options.retry)
    script.steps.push_back(change_cipher_spec(kClient));
  if (options.client_auth) {
    wire::Certificate13 own;
    own.add(certificate());
    add(script, kClient, own, Level::handshake);
    add(script, kClient, certificate_verify(), Level::handshake);
  }
  add(script, kClient, wire::Finished{.verify_data = filled(32, 0xf2)}, Level::handshake);
  talk13(script);
  return script;
}

// RFC 8446 §4.6.2: asked for after the handshake.
Script post_auth() {
  Script script = tls13({});
  script.get<wire::ClientHello>().extensions.add_typed(wire::ext::PostHandshakeAuth{});
  const size_t at = script.at(kServer, hs::new_session_ticket);
  wire::Certificate13 own;
  own.certificate_request_context = {7};
  own.add(certificate());
  script.insert(at, message(kServer, certificate_request13({7}), Level::application));
  script.insert(at + 1, message(kClient, own, Level::application));
  script.insert(at + 2, message(kClient, certificate_verify(), Level::application));
  script.insert(at + 3, message(kClient, wire::Finished{.verify_data = filled(32, 0xf3)}, Level::application));
  return script;
}

// RFC 9001: the same messages without records, ChangeCipherSpec, session id, EndOfEarlyData and KeyUpdate.
Script quic() {
  Script script = tls13({});
  script.transport = trace::Transport::quic;
  std::erase_if(script.steps, [](const Step& step) {
    return step.kind != Step::Kind::message || std::holds_alternative<wire::KeyUpdate>(step.message);
  });
  auto& hello = script.get<wire::ClientHello>();
  hello.extensions.put_typed(wire::ext::SupportedVersionsClient{.versions = {0x4a4a, TLS1_3}});
  hello.legacy_session_id.clear();
  const Bytes parameters = {1, 2, 0x40, 0x64};  // max_idle_timeout 100
  hello.extensions.add(e::quic_transport_parameters, parameters);
  script.get<wire::ServerHello>().legacy_session_id_echo.clear();
  script.get<wire::EncryptedExtensions>().extensions.add(e::quic_transport_parameters, parameters);
  return script;
}

wire::ServerHello server_hello12(uint16_t suite) {
  wire::ServerHello hello;
  hello.random = random_of(130);
  hello.legacy_session_id_echo = filled(32, 0x52);
  hello.cipher_suite = suite;
  hello.extensions.add_typed(wire::ext::RenegotiationInfo{});
  hello.extensions.add_typed(wire::ext::ServerNameAck{});
  hello.extensions.add_typed(wire::ext::ExtendedMasterSecret{});
  hello.extensions.add_typed(wire::ext::EcPointFormats{.formats = {0}});
  hello.extensions.add_typed(alpn(std::string_view("http/1.1")));
  return hello;
}

void finish12(Script& script, Direction direction) {
  script.steps.push_back(change_cipher_spec(direction));
  add(script, direction, wire::Finished{.verify_data = filled(12, 0xf1)}, Level::application);
}

void talk12(Script& script) {
  script.steps.push_back(data(kClient, "GET / HTTP/1.1\r\n\r\n"));
  script.steps.push_back(data(kServer, ""));  // empty fragments of application data are allowed
  script.steps.push_back(data(kServer, "HTTP/1.1 200 OK\r\n\r\n"));
  script.steps.push_back(alert(kServer, 1, 0, Level::application));
  script.steps.push_back(alert(kClient, 1, 0, Level::application));
}

bool is_rsa(uint16_t suite) {
  return registry::cipher_suite_info(suite)->auth == registry::Authentication::rsa;
}
AnyMessage server_key_exchange(uint16_t suite) {
  const wire::SignedPart signed_part{.algorithm = is_rsa(suite) ? ss::rsa_pkcs1_sha256 : ss::ecdsa_secp256r1_sha256,
                                     .signature = is_rsa(suite) ? filled(256, 0x30) : ecdsa_signature()};
  if (suite != cs::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256)
    return wire::ServerKeyExchangeEcdhe{
        .named_curve = gr::x25519, .public_key = filled(32, 9), .signed_part = signed_part, .signed_params = {}};
  return wire::ServerKeyExchangeDhe{.dh_p = filled(256, 0xff),
                                    .dh_g = {2},
                                    .dh_Ys = filled(256, 0x7f),
                                    .signed_part = signed_part,
                                    .signed_params = {}};
}

AnyMessage client_key_exchange(uint16_t suite) {
  if (suite == cs::TLS_RSA_WITH_AES_128_GCM_SHA256)
    return wire::ClientKeyExchangeRsa{.encrypted_pre_master_secret = filled(256, 5)};
  if (suite == cs::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256) return wire::ClientKeyExchangeDhe{.dh_Yc = filled(256, 0x6f)};
  return wire::ClientKeyExchangeEcdhe{.public_key = filled(32, 8)};
}

struct Options12 {
  uint16_t suite = cs::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
  bool client_auth = false;
  bool extras = false;  // ticket, status, next protocol
  bool tls13_client = false;
};

void full12(Script& script, const Options12& options, Level level = Level::initial) {
  wire::ClientHello hello = client_hello(options.tls13_client);
  wire::ServerHello answer = server_hello12(options.suite);
  if (options.extras) {
    hello.extensions.add(13172, {});
    answer.extensions.add(13172, as_bytes("\x02h2"));
    answer.extensions.erase_type(e::application_layer_protocol_negotiation);
    answer.extensions.add_typed(wire::ext::SessionTicketAck{});
    answer.extensions.add_typed(wire::ext::StatusRequestAck{});
  }
  add(script, kClient, hello, level);
  if (level == Level::initial) script.steps.back().record_version = uint16_t{0x0301};
  add(script, kServer, answer, level);
  add(script, kServer, certificate12(is_rsa(options.suite)), level);
  if (options.extras) add(script, kServer, wire::CertificateStatus{.response = filled(20, 0x30)}, level);
  if (options.suite != cs::TLS_RSA_WITH_AES_128_GCM_SHA256)
    add(script, kServer, server_key_exchange(options.suite), level);
  if (options.client_auth) {
    wire::CertificateRequest12 request;
    request.certificate_types = {64, 1};
    request.supported_signature_algorithms = {ss::ecdsa_secp256r1_sha256, ss::rsa_pkcs1_sha256};
    add(script, kServer, request, level);
  }
  add(script, kServer, wire::ServerHelloDone{}, level);
  if (options.client_auth) add(script, kClient, certificate12(), level);
  add(script, kClient, client_key_exchange(options.suite), level);
  if (options.client_auth) add(script, kClient, certificate_verify(), level);
  script.steps.push_back(change_cipher_spec(kClient));
  if (options.extras) add(script, kClient, wire::RawMessage{.type = 67, .body = filled(32, 0)}, Level::application);
  add(script, kClient, wire::Finished{.verify_data = filled(12, 0xf1)}, Level::application);
  if (options.extras)
    add(script, kServer, wire::NewSessionTicket12{.ticket_lifetime_hint = 300, .ticket = filled(40, 1)}, level);
  finish12(script, kServer);
}

Script tls12(const Options12& options) {
  Script script;
  full12(script, options);
  talk12(script);
  return script;
}

Script resumed12(bool by_ticket) {
  Script script;
  wire::ClientHello hello = client_hello(false);
  wire::ServerHello answer = server_hello12(cs::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
  answer.legacy_session_id_echo = hello.legacy_session_id;
  if (by_ticket) {
    hello.extensions.put_typed(wire::ext::SessionTicket{.ticket = filled(40, 1)});
    answer.extensions.add_typed(wire::ext::SessionTicketAck{});
  }
  add(script, kClient, hello);
  add(script, kServer, answer);
  if (by_ticket) add(script, kServer, wire::NewSessionTicket12{.ticket_lifetime_hint = 300, .ticket = filled(40, 2)});
  finish12(script, kServer);
  finish12(script, kClient);
  talk12(script);
  return script;
}

Script renegotiated12() {
  Script script;
  full12(script, {});
  script.steps.push_back(data(kClient, "GET /private HTTP/1.1\r\n\r\n"));
  add(script, kServer, wire::HelloRequest{}, Level::application);
  full12(script, {.client_auth = true}, Level::application);
  auto& hello = script.get<wire::ClientHello>(1);
  std::erase(hello.cipher_suites, cs::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
  hello.extensions.add_typed(wire::ext::RenegotiationInfo{.renegotiated_connection = filled(12, 0xf1)});
  hello.legacy_session_id.clear();
  script.get<wire::ServerHello>(1).extensions.put_typed(
      wire::ext::RenegotiationInfo{.renegotiated_connection = filled(24, 0xf1)});
  talk12(script);
  return script;
}

// What a capture without keys shows.
Script without_keys(Script script, bool tls13) {
  for (Step& step : script.steps) {
    if (step.level == Level::initial) continue;
    const uint8_t inner = step.kind == Step::Kind::message ? registry::content_type::handshake
                          : step.kind == Step::Kind::alert ? registry::content_type::alert
                                                           : registry::content_type::application_data;
    step = sealed(step.direction, tls13 ? registry::content_type::application_data : inner, 60);
  }
  return script;
}

Script refused() {
  Script script;
  add(script, kClient, client_hello(true));
  script.steps.push_back(alert(kServer, 2, registry::alert::handshake_failure));
  return script;
}

}  // namespace

ByteView certificate() {
  static const Bytes der = make_certificate({.key = EVP_EC_gen("P-256")});
  return der;
}
ByteView rsa_certificate() {
  static const Bytes der = make_certificate({.key = EVP_RSA_gen(2048)});
  return der;
}
ByteView short_rsa_certificate() {
  static const Bytes der = make_certificate({.key = EVP_RSA_gen(1024)});
  return der;
}
ByteView other_certificate() {
  static const Bytes der = make_certificate({.key = EVP_EC_gen("P-256"), .subject = "somebody else"});
  return der;
}
ByteView certificate_v1() {
  static const Bytes der = make_certificate({.key = EVP_EC_gen("P-256"), .version = 0});
  return der;
}
ByteView certificate_that_only_certifies() {
  static const Bytes der = make_certificate({.key = EVP_EC_gen("P-256"), .key_usage = "keyCertSign"});
  return der;
}
ByteView certificate_signed_with_sha1() {
  static const Bytes der = make_certificate({.key = EVP_EC_gen("P-256"), .issuer = "some CA", .hash = EVP_sha1()});
  return der;
}

Script honest(std::string_view name) {
  if (name == "tls13") return tls13({});
  if (name == "tls13_retry") return tls13({.retry = true});
  if (name == "tls13_psk") return tls13({.psk = true});
  if (name == "tls13_early") return tls13({.psk = true, .early = true});
  if (name == "tls13_client_auth") return tls13({.client_auth = true});
  if (name == "tls13_post_auth") return post_auth();
  if (name == "tls12") return tls12({.tls13_client = true});
  if (name == "tls12_rsa") return tls12({.suite = cs::TLS_RSA_WITH_AES_128_GCM_SHA256});
  if (name == "tls12_dhe") return tls12({.suite = cs::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256});
  if (name == "tls12_cbc") {
    Script script = tls12({.suite = cs::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA});
    script.get<wire::ServerHello>().extensions.add_typed(wire::ext::EncryptThenMac{});
    return script;
  }
  if (name == "tls12_client_auth") return tls12({.client_auth = true});
  if (name == "tls12_id") return resumed12(false);
  if (name == "tls12_ticket") return resumed12(true);
  if (name == "tls12_extras") return tls12({.extras = true});
  if (name == "tls12_renegotiated") return renegotiated12();
  if (name == "quic") return quic();
  if (name == "tls13_no_keys") return without_keys(tls13({}), true);
  if (name == "tls12_no_keys") return without_keys(tls12({.client_auth = true}), false);
  if (name == "refused") return refused();
  Script::fail(name);
}

}  // namespace tlsproof::rules_test
