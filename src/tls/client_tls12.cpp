// TLS 1.2 after ServerHello (RFC 5246 §7.4), ECDHE with AEAD suites.
#include <fmt/format.h>

#include <algorithm>

#include "client_impl.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::tls {

namespace alert = registry::alert;
namespace extension = registry::extension;
namespace type = registry::handshake_type;
using wire::Level;

bool Client::Impl::on_certificate12(const Incoming& in) {
  if (!decode_into(in, ws.certificate12)) return false;
  certificates = ws.certificate12.certificates;
  // RFC 5246 §7.4.2: with a suite that is not anonymous the server must have one.
  if (certificates.empty())
    return violation(alert::decode_error, "RFC 5246 §7.4.2", "the server's Certificate is empty");
  expecting = status_promised ? Expecting::status_or_key_exchange12 : Expecting::key_exchange12;
  if (!take_leaf(certificates[0])) return false;
  // RFC 5246 §7.4.2, RFC 8422 §2: the key must be of the suite's kind.
  const auto* key = &peer_key->key();
  const auto auth = registry::cipher_suite_info(negotiated.cipher_suite)->auth;
  const bool rsa = key->kind() == crypto::KeyKind::rsa || key->kind() == crypto::KeyKind::rsa_pss;
  if ((auth == registry::Authentication::rsa) != rsa)
    return violation(alert::illegal_parameter, "RFC 5246 §7.4.2",
                     fmt::format("the server's {} key does not go with {}", key->name(),
                                 registry::cipher_suite_name(negotiated.cipher_suite)));
  return true;
}

bool Client::Impl::on_certificate_status12(const Incoming& in) {
  if (!decode_into(in, ws.certificate_status)) return false;
  ocsp = ws.certificate_status.response;
  expecting = Expecting::key_exchange12;
  return true;
}

bool Client::Impl::on_server_key_exchange12(const Incoming& in) {
  if (!decode_into(in, ws.key_exchange12)) return false;
  const uint16_t group = ws.key_exchange12.named_curve;
  const auto name = [&] { return registry::group_name(group); };
  // RFC 8422 §5.4: a curve of our supported_groups.
  if (std::find(ws.offered_groups.groups.begin(), ws.offered_groups.groups.end(), group) ==
          ws.offered_groups.groups.end() ||
      registry::is_grease(group))
    return violation(alert::illegal_parameter, "RFC 8422 §5.4",
                     fmt::format("ServerKeyExchange chooses {}, which was not offered", name()));
  negotiated.group = group;
  if (!ws.key_exchange12.signed_part.present)
    return violation(alert::decode_error, "RFC 8422 §5.4", "ServerKeyExchange is not signed");
  negotiated.signature_scheme = ws.key_exchange12.signed_part.algorithm;
  // RFC 8422 §5.4: signed are both randoms and the parameters.
  ws.scratch.clear();
  append(ws.scratch, client_random);
  append(ws.scratch, server_random);
  const ByteRange params = ws.key_exchange12.signed_params;
  append(ws.scratch, in.body.subspan(params.offset, params.len));
  if (!verify_peer(ws.key_exchange12.signed_part.algorithm, crypto::SchemeRules::tls12, ws.scratch,
                   ws.key_exchange12.signed_part.signature, "ServerKeyExchange"))
    return false;
  server_share12 = ws.key_exchange12.public_key;
  expecting = Expecting::request_or_done12;
  return true;
}

bool Client::Impl::on_certificate_request12(const Incoming& in) {
  if (!decode_into(in, ws.request12)) return false;
  ++request.count;
  request.certificate_types = ws.request12.certificate_types;
  request.signature_schemes = ws.request12.supported_signature_algorithms;
  request.authorities = ws.request12.certificate_authorities;
  expecting = Expecting::done12;
  return true;
}

bool Client::Impl::on_server_hello_done12(const Incoming& in) {
  wire::ServerHelloDone nothing;
  if (!decode_into(in, nothing)) return false;
  const uint16_t group = negotiated.group;
  shares.push_back(take_share(group));
  crypto::KeyExchange* key = shares.back().key;
  if (key == nullptr)
    return fail(
        Failure::Kind::unsupported_parameter, alert::handshake_failure, {},
        fmt::format("the server accepts {}, which was offered but is not spoken here", registry::group_name(group)));
  if (auto status = key->generate(*random); !status)
    return fail(Failure::Kind::local_error, alert::internal_error, {}, status.error().message());
  if (const auto derived = key->derive(server_share12, shared_secret); !derived) {
    if (derived.error() == crypto::KexError::internal)
      return fail(Failure::Kind::local_error, alert::internal_error, {}, "the key exchange failed");
    return violation(
        alert::illegal_parameter, "RFC 8422 §5.11",
        fmt::format("the server's {} share: {}", registry::group_name(group), crypto::to_string(derived.error())));
  }
  const ByteView share = key->public_share();
  ws.our_key_exchange.public_key.assign(share.begin(), share.end());
  give_back_shares();
  if (request.count != 0) {
    choose_client_certificate(crypto::SchemeRules::tls12);
    plan_message(type::certificate, Level::initial);
  }
  plan_message(type::client_key_exchange, Level::initial);
  if (send_client_cert) plan_message(type::certificate_verify, Level::initial);
  plan_item(FlightItem::Kind::change_cipher_spec, Level::initial);
  plan_message(type::finished, Level::application);
  if (!send_plan(Flight::Trigger::message, in.type, in.occurrence)) return false;
  if (!ensure_keys12()) return false;  // the editor may have left no item that needed them
  transcript.forget_kept();
  expecting = negotiated.ticket_promised ? Expecting::ticket12 : Expecting::change_cipher_spec12;
  return true;
}

// The master secret and the key block, once: with the extended master secret over what was sent up to now, which is up
// to ClientKeyExchange unless an editor had it otherwise.
bool Client::Impl::ensure_keys12() {
  if (keys12_ready) return true;
  if (schedule12.master().empty()) {
    if (shared_secret.empty()) return true;  // too early: the keys in use stay
    if (negotiated.extended_master_secret)
      schedule12.derive_extended_master(shared_secret.view(), transcript.hash());
    else
      schedule12.derive_master(shared_secret.view(), client_random, server_random);
    shared_secret.clear();
  }
  tell_secret(trace::SecretLabel::client_random, schedule12.master().view());
  keys12 = schedule12.keys(suite->aead, client_random, server_random);
  writer.keys(Level::application).start_tls12(suite->aead, keys12.client_key, keys12.client_iv);
  keys12_ready = true;
  return true;
}

bool Client::Impl::on_new_session_ticket12(const Incoming& in) {
  if (!decode_into(in, ticket12)) return false;
  have_ticket12 = !ticket12.ticket.empty();  // RFC 5077 §3.3: an empty one takes the promise back
  expecting = Expecting::change_cipher_spec12;
  return true;
}

bool Client::Impl::on_change_cipher_spec12(const Incoming&) {
  // RFC 5246 §7.1: keys change here.
  if (assembler.pending_len() != 0)
    return violation(alert::unexpected_message, "RFC 5246 §7.1", "ChangeCipherSpec within a handshake message");
  if (!keys12_ready) keys12 = schedule12.keys(suite->aead, client_random, server_random);
  reader.keys().start_tls12(suite->aead, keys12.server_key, keys12.server_iv);
  reader.set_level(Level::application);
  expecting = Expecting::finished12;
  return true;
}

bool Client::Impl::on_finished12(const Incoming& in) {
  if (!decode_into(in, ws.finished_in)) return false;
  std::array<uint8_t, crypto::kVerifyDataLen12> wanted;
  schedule12.finished(crypto::Side::server, transcript.hash(), wanted);
  if (ws.finished_in.verify_data.size() != wanted.size())
    return violation(alert::decode_error, "RFC 5246 §7.4.9",
                     fmt::format("Finished holds {} bytes instead of 12", ws.finished_in.verify_data.size()));
  if (config->verify_peer_finished && !equal_constant_time(ws.finished_in.verify_data, wanted))
    return fail(Failure::Kind::bad_finished, alert::decrypt_error, "RFC 5246 §7.4.9", "the server's Finished is wrong");
  transcript.add(in.raw);
  if (negotiated.resumed) {
    plan_item(FlightItem::Kind::change_cipher_spec, Level::initial);
    plan_message(type::finished, Level::application);
    if (!send_plan(Flight::Trigger::message, in.type, in.occurrence)) return false;
  }
  expecting = Expecting::post_handshake12;
  complete = true;
  state = State::connected;
  keep_session12();
  return true;
}

// RFC 5246 §7.4.1.3, RFC 5077 §3.4: what can be resumed now. A resumed handshake renews its session only by a new
// ticket.
void Client::Impl::keep_session12() {
  const Bytes& id = session_id12;
  if (!have_ticket12 && (negotiated.resumed || id.empty())) return;
  Session* session = new_session();
  if (session == nullptr) return;
  session->secret.assign(schedule12.master().view());
  if (have_ticket12) session->ticket = ticket12.ticket;
  if (!negotiated.resumed) session->session_id = id;
  session->lifetime_s = have_ticket12 ? ticket12.ticket_lifetime_hint : 0;
}

}  // namespace tlsproof::tls
