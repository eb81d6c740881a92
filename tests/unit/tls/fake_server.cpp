#include "unit/tls/fake_server.h"

namespace tlsproof::tls_test {

namespace hs = registry::handshake_type;
namespace ct = registry::content_type;
using crypto::Side;
using wire::Level;

FakeServer::FakeServer(FakeOptions options) : options_(std::move(options)) {
  const bool tls13 = options_.version == registry::version::TLS1_3;
  if (options_.suite == 0)
    options_.suite = tls13 ? registry::cipher_suite::TLS_AES_128_GCM_SHA256
                           : registry::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
  suite_ = crypto::find_suite(options_.suite);
  reader_.reset(wire::Role::client, nullptr, 0);
  writer.reset(wire::Role::server, nullptr, nullptr, 0);
  random_.fill(0x5e);
  signer_ = crypto::make_signer(credential(options_.key).key);
}

Bytes FakeServer::take_output() {
  Bytes out = to_bytes(writer.output());
  writer.consume(out.size());
  return out;
}

void FakeServer::input(ByteView bytes) {
  reader_.push(bytes);
  tls::RecordIn record;
  using Next = tls::RecordReader::Next;
  // A client that gives up early may still send its alert in the clear.
  for (Next next = reader_.next(record, plain_); next == Next::record || next == Next::unprotected;
       next = reader_.next(record, plain_)) {
    if (next == Next::unprotected && record.content_type != ct::alert) continue;
    if (record.content_type == ct::alert && record.content.size() == 2)
      alerts.push_back({record.content[0], record.content[1]});
    if (record.content_type == ct::application_data) append(received, record.content);
    if (record.content_type == ct::change_cipher_spec && options_.version == registry::version::TLS1_2) {
      const auto keys = schedule12_.keys(suite_->aead, hello.random, random_);
      reader_.keys().start_tls12(suite_->aead, keys.client_key, keys.client_iv);
      reader_.set_level(Level::application);
    }
    if (record.content_type != ct::handshake) continue;
    assembler_.push(record.content, 0);
    wire::HandshakeAssembler::Message message;
    while (assembler_.next(message) == wire::HandshakeAssembler::Next::message) on_message(message);
  }
}

void FakeServer::on_message(const wire::HandshakeView& in) {
  messages.push_back(in.type);
  const bool tls13 = options_.version == registry::version::TLS1_3;
  if (in.type == hs::client_hello) {
    TLSPROOF_CHECK(wire::decode_all_into(in.body, hello));
    transcript_.add(in.raw);
    on_client_hello();
    return;
  }
  if (in.type == hs::finished) {
    Bytes wanted(tls13 ? crypto::hash_len(suite_->hash) : 12);
    if (tls13)
      schedule13.finished(Side::client, transcript_.hash(), wanted);
    else
      schedule12_.finished(Side::client, transcript_.hash(), wanted);
    finished = equal(wanted, in.body);
  }
  transcript_.add(in.raw);
  if (in.type == hs::client_key_exchange && key_exchange_) {
    const auto share = wire::decode_all<wire::ClientKeyExchangeEcdhe>(in.body);
    static_cast<void>(key_exchange_->derive(share->public_key, secret_));
    schedule12_.derive_extended_master(secret_.view(), transcript_.hash());
    const auto keys = schedule12_.keys(suite_->aead, hello.random, random_);
    writer.keys(Level::application).start_tls12(suite_->aead, keys.server_key, keys.server_iv);
  }
  if (in.type != hs::finished) return;
  if (!tls13)
    finish12();
  else if (reader_.level() == Level::handshake) {
    schedule13.resumption(transcript_.hash());
    reader_.keys().start_tls13(suite_->aead, suite_->hash, schedule13.client_application());
    reader_.set_level(Level::application);
  }
}

void FakeServer::on_client_hello() {
  if (options_.version != registry::version::TLS1_3) {
    flight12();
    return;
  }
  if ((options_.retry_group || options_.retry_cookie) && !retried_) {
    retried_ = true;
    transcript_.fold(suite_->hash);
    wire::ServerHello retry;
    retry.random = wire::kHelloRetryRequestRandom;
    retry.legacy_session_id_echo = hello.legacy_session_id;
    retry.cipher_suite = options_.suite;
    retry.extensions.add_typed(wire::ext::SupportedVersionsServer{.selected_version = options_.version});
    if (options_.retry_group)
      retry.extensions.add_typed(wire::ext::KeyShareRetry{.selected_group = *options_.retry_group});
    if (options_.retry_cookie) retry.extensions.add_typed(wire::ext::Cookie{.cookie = {1, 2, 3}});
    send(hs::server_hello, retry, Level::initial);
    return;
  }
  flight13();
}

void FakeServer::send(uint8_t type, wire::AnyMessage message, Level level) {
  if (options_.before && !options_.before(*this, type)) return;
  send_message(type, std::move(message), level);
}

void FakeServer::send_message(uint8_t type, wire::AnyMessage message, Level level) {
  if (options_.bend) options_.bend(type, message);
  Bytes bytes;
  static_cast<void>(wire::encode_message(message, bytes));
  if (options_.bend_bytes) options_.bend_bytes(type, bytes);
  if (type != hs::hello_request) transcript_.add(bytes);
  writer.put(ct::handshake, level, bytes, how, {}, 0x0303);
}

void FakeServer::send_record(uint8_t content_type, ByteView content, Level level) {
  writer.put(content_type, level, content, how, {}, 0x0303);
}

void FakeServer::send_certificate(bool tls13) {
  if (!tls13) {
    wire::Certificate12 certificate;
    certificate.certificates = credential(options_.key).chain;
    send(hs::certificate, certificate, Level::initial);
    return;
  }
  wire::Certificate13 certificate;
  certificate.add(credential(options_.key).chain[0]);
  send(hs::certificate, certificate, Level::handshake);
}

void FakeServer::flight13() {
  wire::ServerHello answer;
  answer.random = random_;
  answer.legacy_session_id_echo = hello.legacy_session_id;
  answer.cipher_suite = options_.suite;
  answer.extensions.add_typed(wire::ext::SupportedVersionsServer{.selected_version = options_.version});
  const auto shares = hello.extensions.get<wire::ext::KeyShareClient>();
  const uint16_t group = options_.retry_group.value_or(options_.group);
  key_exchange_ = crypto::make_key_exchange(group);
  SeededRandom random(7);
  TLSPROOF_CHECK(key_exchange_->generate(random));
  answer.extensions.add_typed(
      wire::ext::KeyShareServer{.group = group, .key = to_bytes(key_exchange_->public_share())});
  if (const auto share = shares ? shares->find(group) : std::nullopt)
    static_cast<void>(key_exchange_->derive(*share, secret_));
  transcript_.start(suite_->hash);
  send(hs::server_hello, answer, Level::initial);

  schedule13.reset(suite_->hash);
  schedule13.early();
  schedule13.handshake(secret_.view(), transcript_.hash());
  reader_.keys().start_tls13(suite_->aead, suite_->hash, schedule13.client_handshake());
  reader_.set_level(Level::handshake);
  writer.keys(Level::handshake).start_tls13(suite_->aead, suite_->hash, schedule13.server_handshake());
  send(hs::encrypted_extensions, wire::EncryptedExtensions{}, Level::handshake);
  if (options_.ask_certificate) {
    wire::CertificateRequest13 request;
    request.extensions.add_typed(wire::ext::SignatureAlgorithms{.schemes = {0x0403, 0x0804}});
    send(hs::certificate_request, request, Level::handshake);
  }
  send_certificate(true);
  wire::CertificateVerify verify{.algorithm = options_.scheme, .signature = {}};
  Bytes content;
  crypto::certificate_verify_content(Side::server, transcript_.hash(), content);
  TLSPROOF_CHECK(signer_->sign(options_.scheme, content, verify.signature));
  send(hs::certificate_verify, verify, Level::handshake);
  wire::Finished finish;
  finish.verify_data.resize(crypto::hash_len(suite_->hash));
  schedule13.finished(Side::server, transcript_.hash(), finish.verify_data);
  send(hs::finished, finish, Level::handshake);
  schedule13.application(transcript_.hash());
  writer.keys(Level::application).start_tls13(suite_->aead, suite_->hash, schedule13.server_application());
  if (options_.after_flight) options_.after_flight(*this);
}

void FakeServer::flight12() {
  wire::ServerHello answer;
  answer.legacy_version = options_.version;
  answer.random = random_;
  answer.cipher_suite = options_.suite;
  answer.extensions.add_typed(wire::ext::ExtendedMasterSecret{});
  if (options_.ticket12) answer.extensions.add_typed(wire::ext::SessionTicketAck{});
  transcript_.start(suite_->hash);
  schedule12_.reset(suite_->hash);
  send(hs::server_hello, answer, Level::initial);
  send_certificate(false);
  key_exchange_ = crypto::make_key_exchange(options_.group);
  SeededRandom random(7);
  TLSPROOF_CHECK(key_exchange_->generate(random));
  wire::ServerKeyExchangeEcdhe exchange;
  exchange.named_curve = options_.group;
  exchange.public_key = to_bytes(key_exchange_->public_share());
  exchange.signed_part.algorithm = options_.scheme;
  Bytes content = to_bytes(hello.random);
  append(content, random_);
  Writer w(content);
  encode_params(exchange, w);
  TLSPROOF_CHECK(signer_->sign(options_.scheme, content, exchange.signed_part.signature));
  send(hs::server_key_exchange, exchange, Level::initial);
  if (options_.ask_certificate) {
    wire::CertificateRequest12 request;
    request.certificate_types = {1, 64};
    request.supported_signature_algorithms = {0x0403, 0x0804};
    send(hs::certificate_request, request, Level::initial);
  }
  send(hs::server_hello_done, wire::ServerHelloDone{}, Level::initial);
}

void FakeServer::finish12() {
  if (options_.ticket12)
    send(hs::new_session_ticket, wire::NewSessionTicket12{.ticket_lifetime_hint = 100, .ticket = {9, 9}},
         Level::initial);
  if (!options_.before || options_.before(*this, hs::message_hash))  // stands for ChangeCipherSpec here
    send_record(ct::change_cipher_spec, {{1}}, Level::initial);
  wire::Finished finish;
  finish.verify_data.resize(12);
  schedule12_.finished(Side::server, transcript_.hash(), finish.verify_data);
  send(hs::finished, finish, Level::application);
  if (options_.after_flight) options_.after_flight(*this);
}

void pump(tls::Client& client, FakeServer& server) {
  for (int idle = 0; idle < 2;) {
    const Bytes there = to_bytes(client.output());
    client.consume_output(there.size());
    server.input(there);
    const Bytes back = server.take_output();
    client.input(back);
    idle = there.empty() && back.empty() ? idle + 1 : 0;
  }
}

}  // namespace tlsproof::tls_test
