// Proving who one is, both ways: the server's key and signatures, our Certificate, CertificateVerify and Finished; and
// the sessions that let both be skipped next time.
#include <fmt/format.h>

#include <algorithm>

#include "client_impl.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::tls {

namespace alert = registry::alert;
using crypto::SchemeRules;

bool Client::Impl::take_leaf(ByteView der) {
  const ByteView spki = x509::find_spki(der);
  if (spki.empty())
    return fail(Failure::Kind::undecodable, alert::bad_certificate, "RFC 5280 §4.1",
                "the server's certificate cannot be decoded");
  auto key = ws.peer_keys.use(spki);
  if (key) {
    peer_key = std::move(*key);
    return true;
  }
  const bool unknown = key.error() == crypto::PublicKeyError::unsupported;
  return fail(Failure::Kind::undecodable, unknown ? alert::unsupported_certificate : alert::bad_certificate,
              "RFC 5280 §4.1.2.7",
              fmt::format("the public key of the server's certificate: {}", crypto::to_string(key.error())));
}

bool Client::Impl::verify_peer(uint16_t scheme, SchemeRules rules, ByteView data, ByteView signature,
                               std::string_view what) {
  const auto name = [&] { return registry::signature_scheme_name(scheme); };
  const bool tls13 = rules == SchemeRules::tls13;
  const std::string_view cite = tls13 ? "RFC 8446 §4.4.3" : "RFC 5246 §7.4.3";
  const auto& schemes = ws.offered_schemes.schemes;
  // Without signature_algorithms TLS 1.2 has defaults (RFC 5246 §7.4.1.4.1), which nobody should use: not checked then.
  const bool any = !tls13 && !offered(registry::extension::signature_algorithms);
  if (!any && std::find(schemes.begin(), schemes.end(), scheme) == schemes.end())
    return violation(alert::illegal_parameter, cite,
                     fmt::format("{} is signed by {}, which was not offered", what, name()));
  crypto::Verifier* verifier = peer_key->verifier(scheme, rules);
  if (verifier == nullptr) {
    if (!config->verify_peer_signature) return true;
    return violation(alert::illegal_parameter, cite,
                     fmt::format("{} is signed by {}, which does not go with the certificate's {} key", what, name(),
                                 peer_key->key().name()));
  }
  if (!config->verify_peer_signature || verifier->verify(data, signature)) return true;
  return fail(Failure::Kind::bad_signature, alert::decrypt_error, cite,
              fmt::format("the signature of {} is wrong", what));
}

namespace {

// RFC 5246 §7.4.4, RFC 8422 §5.5: whether the server takes certificates with keys of this kind.
bool type_fits(const std::vector<uint8_t>& types, uint16_t scheme) {
  namespace cert_type = registry::client_certificate_type;
  const auto* info = crypto::find_scheme(scheme);
  if (info == nullptr) return false;
  const bool ec =
      info->family == crypto::SchemeInfo::Family::ecdsa || info->family == crypto::SchemeInfo::Family::eddsa;
  return std::find(types.begin(), types.end(), ec ? cert_type::ecdsa_sign : cert_type::rsa_sign) != types.end();
}

}  // namespace

// RFC 8446 §4.4.2.3, RFC 5246 §7.4.6: a scheme that the server listed; an empty Certificate when we have nothing.
void Client::Impl::choose_client_certificate(SchemeRules rules) {
  send_client_cert = false;
  client_certificate = ClientCertificate::empty;
  client_scheme = 0;
  const auto* identity = setup.identity;
  if (identity == nullptr || identity->chain == nullptr || identity->chain->empty() || identity->signer == nullptr)
    return;
  const auto ours = identity->signer->schemes(rules);
  const auto& theirs = request.signature_schemes;
  for (uint16_t scheme : ours) {
    if (std::find(theirs.begin(), theirs.end(), scheme) == theirs.end()) continue;
    if (rules == SchemeRules::tls12 && !type_fits(request.certificate_types, scheme)) continue;
    client_scheme = scheme;
    client_certificate = ClientCertificate::sent;
    send_client_cert = true;
    return;
  }
  if (!config->send_unfitting_certificate || ours.empty()) return;
  client_scheme = ours.front();
  client_certificate = ClientCertificate::sent_unfitting;
  send_client_cert = true;
}

bool Client::Impl::make_certificate(unsigned occurrence) {
  const ByteList* chain = send_client_cert ? setup.identity->chain : nullptr;
  if (is13()) {
    ws.our_certificate13.clear();
    ws.our_certificate13.certificate_request_context = request.context;
    for (size_t i = 0; chain != nullptr && i < chain->size(); ++i) ws.our_certificate13.add((*chain)[i]);
    return encode_hooked(ws.our_certificate13, occurrence);
  }
  ws.our_certificate12.certificates.clear();
  for (size_t i = 0; chain != nullptr && i < chain->size(); ++i)
    ws.our_certificate12.certificates.push_back((*chain)[i]);
  return encode_hooked(ws.our_certificate12, occurrence);
}

bool Client::Impl::make_certificate_verify(unsigned occurrence) {
  ws.our_certificate_verify.algorithm = client_scheme;
  ws.our_certificate_verify.signature.clear();
  if (setup.identity != nullptr && setup.identity->signer != nullptr && client_scheme != 0) {
    ByteView data = transcript.kept();  // RFC 5246 §7.4.8: all handshake messages so far
    if (is13()) {
      crypto::certificate_verify_content(crypto::Side::client, transcript.hash(), ws.scratch);
      data = ws.scratch;
    }
    if (auto status = setup.identity->signer->sign(client_scheme, data, ws.our_certificate_verify.signature); !status)
      return fail(Failure::Kind::local_error, alert::internal_error, {}, status.error().message());
  }
  return encode_hooked(ws.our_certificate_verify, occurrence);
}

// Where an editor has it made before there are keys, it holds zeros.
bool Client::Impl::make_finished(unsigned occurrence) {
  auto& data = ws.our_finished.verify_data;
  if (negotiated.version == registry::version::TLS1_2) {
    data.assign(crypto::kVerifyDataLen12, 0);
    if (!ensure_keys12()) return false;
    if (!schedule12.master().empty()) schedule12.finished(crypto::Side::client, transcript.hash(), data);
    return encode_hooked(ws.our_finished, occurrence);
  }
  data.assign(suite != nullptr ? crypto::hash_len(suite->hash) : 32, 0);
  // RFC 8446 §4.6.2: after the handshake the base key is the application traffic secret.
  if (post_handshake_auth_now)
    schedule13.finished(schedule13.client_application(), transcript.hash(), data);
  else if (!schedule13.client_handshake().empty())
    schedule13.finished(crypto::Side::client, transcript.hash(), data);
  return encode_hooked(ws.our_finished, occurrence);
}

Session* Client::Impl::new_session() {
  if (num_sessions >= config->limits.max_sessions) {
    ++sessions_dropped;
    return nullptr;
  }
  if (num_sessions == sessions.size()) sessions.emplace_back();
  Session& session = sessions[num_sessions++];
  session.version = negotiated.version;
  session.cipher_suite = negotiated.cipher_suite;
  session.ticket.clear();
  session.session_id.clear();
  session.external = false;
  session.extended_master_secret = negotiated.extended_master_secret;
  session.lifetime_s = session.age_add = session.max_early_data = 0;
  session.received_ns = setup.clock->monotonic_ns();
  session.alpn = negotiated.alpn;
  session.server_name = config->server_name;
  return &session;
}

}  // namespace tlsproof::tls
