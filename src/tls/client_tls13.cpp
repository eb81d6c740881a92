// TLS 1.3 after ServerHello (RFC 8446 §4.3 – §4.6).
#include <fmt/format.h>

#include <algorithm>

#include "client_impl.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::tls {

namespace alert = registry::alert;
namespace extension = registry::extension;
namespace type = registry::handshake_type;
using trace::SecretLabel;
using wire::ExtensionPlace;
using wire::Level;

void Client::Impl::start_early_keys() {
  psk_schedule->early_traffic(transcript.hash_with(psk_schedule->hash(), {}));
  tell_secret(SecretLabel::client_early_traffic_secret, psk_schedule->client_early_traffic().view());
  tell_secret(SecretLabel::early_exporter_secret, psk_schedule->early_exporter().view());
  writer.keys(Level::early)
      .start_tls13(crypto::find_suite(setup.resume->cipher_suite)->aead, psk_schedule->hash(),
                   psk_schedule->client_early_traffic());
}

bool Client::Impl::on_encrypted_extensions(const Incoming& in) {
  if (!decode_into(in, ws.encrypted_extensions)) return false;
  const auto& list = ws.encrypted_extensions.extensions;
  if (!check_extensions(list, ExtensionPlace::encrypted_extensions, "EncryptedExtensions", true)) return false;
  negotiated.server_name_acknowledged = list.has(extension::server_name);
  expecting = negotiated.resumed ? Expecting::finished : Expecting::certificate_or_request;
  return take_alpn(list) && take_early_data_answer();
}

bool Client::Impl::take_early_data_answer() {
  early_data_answered = ws.encrypted_extensions.extensions.has(extension::early_data);
  if (!early_data_offered || !early_data_answered) return true;
  // RFC 8446 §4.2.10: only with the first identity, and under its suite and application protocol.
  const auto refuse = [&](std::string_view what) {
    return violation(alert::illegal_parameter, "RFC 8446 §4.2.10",
                     fmt::format("the server accepts early data, but {}", what));
  };
  if (!negotiated.resumed || psk_identity != 0) return refuse("does not resume their session");
  if (negotiated.cipher_suite != setup.resume->cipher_suite) return refuse("changes the session's cipher suite");
  if (!equal(negotiated.alpn, setup.resume->alpn)) return refuse("changes the session's application protocol");
  negotiated.early_data_accepted = true;
  write_level = Level::early;  // RFC 8446 §4.5: until EndOfEarlyData
  return true;
}

bool Client::Impl::on_certificate_request13(const Incoming& in) {
  if (!decode_into(in, ws.request13)) return false;
  if (!check_extensions(ws.request13.extensions, ExtensionPlace::certificate_request, "CertificateRequest", false))
    return false;
  // RFC 8446 §4.3.2: the context is for post-handshake authentication alone.
  if (ws.request13.certificate_request_context.empty() == complete)
    return violation(alert::illegal_parameter, "RFC 8446 §4.3.2",
                     complete ? "a post-handshake CertificateRequest without a context"
                              : "a CertificateRequest with a context during the handshake");
  ++request.count;
  request.context = ws.request13.certificate_request_context;
  request.authorities.clear();
  request.signature_schemes_cert.clear();
  const bool has_schemes = ws.request13.extensions.read_typed(ws.schemes_in).has_value();
  // RFC 8446 §4.3.2: signature_algorithms must be there.
  if (!has_schemes)
    return violation(alert::missing_extension, "RFC 8446 §4.3.2", "CertificateRequest has no signature_algorithms");
  request.signature_schemes = ws.schemes_in.schemes;
  if (ws.request13.extensions.read_typed(ws.cert_schemes_in))
    request.signature_schemes_cert = ws.cert_schemes_in.schemes;
  if (ws.request13.extensions.read_typed(ws.authorities_in)) request.authorities = ws.authorities_in.authorities;
  if (!complete) expecting = Expecting::certificate;
  return true;
}

bool Client::Impl::on_certificate13(const Incoming& in) {
  if (!decode_into(in, ws.certificate13)) return false;
  // RFC 8446 §4.4.2: a server's context is empty.
  if (!ws.certificate13.certificate_request_context.empty())
    return violation(alert::illegal_parameter, "RFC 8446 §4.4.2", "the server's Certificate has a context");
  certificates = ws.certificate13.certificates;
  // RFC 8446 §4.4.2.4.
  if (certificates.empty())
    return violation(alert::decode_error, "RFC 8446 §4.4.2.4", "the server's Certificate is empty");
  for (size_t i = 0; i < ws.certificate13.size(); ++i) {
    if (ws.certificate13.extension_blocks[i].empty()) continue;
    if (!ws.certificate13.extensions_of(i, ws.entry_extensions)) continue;  // excluded by decode()
    // RFC 8446 §4.4.2: only answers to our extensions.
    if (!check_extensions(ws.entry_extensions, ExtensionPlace::certificate, "Certificate", true)) return false;
    if (i == 0 && ws.entry_extensions.read_typed(ws.status_in)) ocsp = ws.status_in.status.response;
  }
  expecting = Expecting::certificate_verify;
  return take_leaf(certificates[0]);
}

bool Client::Impl::on_certificate_verify13(const Incoming& in) {
  if (!decode_into(in, ws.certificate_verify)) return false;
  negotiated.signature_scheme = ws.certificate_verify.algorithm;
  crypto::certificate_verify_content(crypto::Side::server, transcript.hash(), ws.scratch);
  if (!verify_peer(ws.certificate_verify.algorithm, crypto::SchemeRules::tls13, ws.scratch,
                   ws.certificate_verify.signature, "CertificateVerify"))
    return false;
  transcript.add(in.raw);
  expecting = Expecting::finished;
  return true;
}

bool Client::Impl::on_finished13(const Incoming& in) {
  if (!decode_into(in, ws.finished_in)) return false;
  std::array<uint8_t, crypto::kMaxHashLen> buffer;
  const auto wanted = std::span(buffer).first(crypto::hash_len(suite->hash));
  schedule13.finished(crypto::Side::server, transcript.hash(), wanted);
  if (ws.finished_in.verify_data.size() != wanted.size())
    return violation(
        alert::decode_error, "RFC 8446 §4.4.4",
        fmt::format("Finished holds {} bytes instead of {}", ws.finished_in.verify_data.size(), wanted.size()));
  if (config->verify_peer_finished && !equal_constant_time(ws.finished_in.verify_data, wanted))
    return fail(Failure::Kind::bad_finished, alert::decrypt_error, "RFC 8446 §4.4.4", "the server's Finished is wrong");
  // RFC 8446 §5.1: keys change here.
  if (assembler.pending_len() != 0)
    return violation(alert::unexpected_message, "RFC 8446 §5.1", "more handshake bytes follow Finished in its record");
  transcript.add(in.raw);
  schedule13.application(transcript.hash());
  tell_secret(SecretLabel::client_traffic_secret_0, schedule13.client_application().view());
  tell_secret(SecretLabel::server_traffic_secret_0, schedule13.server_application().view());
  tell_secret(SecretLabel::exporter_secret, schedule13.exporter().view());
  reader.keys().start_tls13(suite->aead, suite->hash, schedule13.server_application());
  reader.set_level(Level::application);
  writer.keys(Level::application).start_tls13(suite->aead, suite->hash, schedule13.client_application());

  // RFC 8446 §4.5: the server accepted early data.
  if (early_data_answered && writer.keys(Level::early).active()) plan_message(type::end_of_early_data, Level::early);
  plan_compatibility_ccs();
  if (request.count != 0) {
    choose_client_certificate(crypto::SchemeRules::tls13);
    plan_message(type::certificate, Level::handshake);
    if (send_client_cert) plan_message(type::certificate_verify, Level::handshake);
  }
  plan_message(type::finished, Level::handshake);
  if (!send_plan(Flight::Trigger::message, in.type, in.occurrence)) return false;
  write_level = Level::application;
  if (setup.editor == nullptr) {  // who may yet want to send under old keys
    writer.keys(Level::early).stop();
    writer.keys(Level::handshake).stop();
  }
  schedule13.resumption(transcript.hash());
  expecting = Expecting::post_handshake;
  complete = true;
  state = State::connected;
  return true;
}

bool Client::Impl::on_new_session_ticket13(const Incoming& in) {
  if (!decode_into(in, ws.ticket13)) return false;
  if (!check_extensions(ws.ticket13.extensions, ExtensionPlace::new_session_ticket, "NewSessionTicket", false))
    return false;
  // RFC 8446 §4.6.1: a lifetime of 0 means to discard it at once.
  if (ws.ticket13.ticket_lifetime == 0) return true;
  Session* session = new_session();
  if (session == nullptr) return true;
  schedule13.resumption_psk(ws.ticket13.ticket_nonce, session->secret);
  session->ticket = ws.ticket13.ticket;
  session->lifetime_s = ws.ticket13.ticket_lifetime;
  session->age_add = ws.ticket13.ticket_age_add;
  wire::ext::EarlyDataTicket early;
  session->max_early_data = ws.ticket13.extensions.read_typed(early) ? early.max_early_data_size : 0;
  return true;
}

bool Client::Impl::on_key_update(const Incoming& in) {
  wire::KeyUpdate update;
  if (!decode_into(in, update)) return false;
  // RFC 8446 §4.6.3: no other values.
  if (update.request_update > registry::key_update_request::update_requested)
    return violation(alert::illegal_parameter, "RFC 8446 §4.6.3",
                     fmt::format("KeyUpdate.request_update is {}", update.request_update));
  if (assembler.pending_len() != 0)
    return violation(alert::unexpected_message, "RFC 8446 §5.1", "more handshake bytes follow KeyUpdate in its record");
  ++key_updates_received;
  schedule13.update(crypto::Side::server);
  reader.keys().start_tls13(suite->aead, suite->hash, schedule13.server_application());
  if (update.request_update == registry::key_update_request::update_requested && !write_closed) {
    // RFC 8446 §4.6.3: ours goes out before any more application data.
    ws.our_key_update.request_update = registry::key_update_request::update_not_requested;
    plan_message(type::key_update, Level::application).hashed = false;
  }
  return true;
}

void Client::Impl::update_write_keys() {
  if (suite == nullptr || schedule13.client_application().empty()) return;
  schedule13.update(crypto::Side::client);
  writer.keys(Level::application).start_tls13(suite->aead, suite->hash, schedule13.client_application());
}

// RFC 8446 §4.6.2.
bool Client::Impl::on_post_handshake_request(const Incoming& in) {
  if (!offered(extension::post_handshake_auth))
    return violation(alert::unexpected_message, "RFC 8446 §4.6.2",
                     "a CertificateRequest after the handshake; post_handshake_auth was not offered");
  if (!on_certificate_request13(in)) return false;
  if (write_closed) return true;
  const crypto::Digest before = transcript.state();
  transcript.add(in.raw);
  post_handshake_auth_now = true;
  choose_client_certificate(crypto::SchemeRules::tls13);
  plan_message(type::certificate, Level::application);
  if (send_client_cert) plan_message(type::certificate_verify, Level::application);
  plan_message(type::finished, Level::application);
  const bool good = send_plan(Flight::Trigger::message, in.type, in.occurrence);
  post_handshake_auth_now = false;
  transcript.restore(before);
  return good;
}

}  // namespace tlsproof::tls
