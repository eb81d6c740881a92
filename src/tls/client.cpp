// Life cycle, input and the public face.
#include "tlsproof/tls/client.h"

#include <fmt/format.h>

#include "client_impl.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::tls {

namespace alert = registry::alert;
using registry::alert_level::warning;
using wire::Level;

Client::Impl::Impl(Workspace* workspace)
    : own(workspace == nullptr ? std::make_unique<Workspace>() : nullptr),
      ws(workspace == nullptr ? own->impl() : workspace->impl()) {}

Client::Impl::~Impl() {
  give_back_shares();
  if (ws.hello_owner == this) ws.hello_owner = nullptr;
}

Client::Impl::Turn::Turn(Impl& impl) : impl_(impl), outer_(impl.ws.in_call == nullptr) {
  TLSPROOF_CHECK(outer_ || impl.ws.in_call == &impl);  // clients that share a workspace take turns
  if (!outer_ || !impl.shared()) return;
  impl.ws.in_call = &impl;
  impl.ws.plan.items.clear();  // another's call may have failed before it was sent
  impl.ws.out_buffers.take(impl.writer.memory());
  impl.ws.kept_buffers.take(impl.transcript.memory());
  impl.reader.take_memory(impl.ws.deframers);
  auto& assemblers = impl.ws.assemblers;
  if (impl.assembler.pending_len() == 0 && !assemblers.empty()) {
    impl.assembler = std::move(assemblers.back());
    assemblers.pop_back();
  }
  if (impl.config != nullptr) impl.assembler.set_max_len(impl.config->limits.max_handshake_message);
}

Client::Impl::Turn::~Turn() {
  if (!outer_ || !impl_.shared()) return;
  impl_.ws.in_call = nullptr;
  impl_.ws.out_buffers.give(impl_.writer.memory());
  impl_.ws.kept_buffers.give(impl_.transcript.memory());
  impl_.reader.give_memory(impl_.ws.deframers);
  if (impl_.assembler.pending_len() != 0) return;
  impl_.assembler.reset();
  impl_.ws.assemblers.push_back(std::exchange(impl_.assembler, wire::HandshakeAssembler()));
}

// ---- life cycle
// ------------------------------------------------------------------------------------------------------

void Client::Impl::clear() {
  state = State::idle;
  expecting = Expecting::server_hello;
  complete = write_closed = read_closed = ended = unreadable = false;
  failure.reset();
  negotiated.alpn.clear();
  negotiated = Negotiated{.alpn = std::move(negotiated.alpn)};
  our_alert.reset();
  peer_alert.reset();
  peer_alert_fatal = false;
  write_level = Level::initial;
  record_version = 0x0303;
  assembler.reset();
  app_data.clear();
  app_data_begin = 0;
  app_data_received = 0;
  handshake_bytes = 0;
  empty_records = ignored_ccs = warnings = post_handshake_messages = key_updates_received = 0;
  num_received.clear();
  num_sent.clear();
  give_back_shares();
  psk_offered = early_data_offered = early_data_answered = status_promised = offers_tls13 = offers_older = false;
  psk_identity = 0;
  hello_bytes.clear();
  session_id12.clear();
  server_share12.clear();
  peer_key.reset();
  certificates.clear();
  ocsp.clear();
  suite = nullptr;
  transcript.reset();
  schedule13.reset(crypto::HashAlgorithm::sha256);
  if (psk_schedule) psk_schedule->reset(crypto::HashAlgorithm::sha256);
  schedule12.reset(crypto::HashAlgorithm::sha256);
  shared_secret.clear();
  keys12_ready = false;
  request.count = 0;
  request.signature_schemes.clear();
  request.signature_schemes_cert.clear();
  request.certificate_types.clear();
  request.authorities.clear();
  request.context.clear();
  client_certificate = ClientCertificate::not_requested;
  client_scheme = 0;
  send_client_cert = post_handshake_auth_now = false;
  for (auto& session : sessions) session.secret.clear();
  num_sessions = sessions_dropped = 0;
  have_ticket12 = false;
  ws.plan.items.clear();  // a failure may have left some
  sent_ccs = answered = false;
  last_sent.clear();
  current = nullptr;
}

void Client::Impl::start(const ClientConfig& new_config, const ClientSetup& new_setup) {
  TLSPROOF_CHECK(new_setup.editor == nullptr || !shared());  // what it bends cannot be recalled from bytes
  clear();
  config = &new_config;
  setup = new_setup;
  if (setup.random == nullptr) setup.random = &system_random();
  if (setup.clock == nullptr) setup.clock = &system_clock();
  random = setup.random;
  reader.reset(wire::Role::server, setup.sink, setup.received_offset);
  writer.reset(wire::Role::client, setup.sink, setup.editor, setup.sent_offset);
  assembler.set_max_len(config->limits.max_handshake_message);
  state = State::handshaking;
  record_version = config->first_record_version;
  if (!build_client_hello()) return;
  plan_message(registry::handshake_type::client_hello, Level::initial);
  if (early_data_offered) {
    // RFC 8446 appendix D.4: with early data the ChangeCipherSpec follows the ClientHello at once.
    const size_t hello_only = ws.plan.items.size();
    plan_compatibility_ccs();
    plan_item(FlightItem::Kind::application_data, Level::early);
    // RFC 8446 §5.1: 0x0303 for all records but the first ClientHello's.
    for (size_t i = hello_only; i < ws.plan.items.size(); ++i) ws.plan.items[i].record_version = 0x0303;
    writing = setup.early_data;
  }
  static_cast<void>(send_plan(Flight::Trigger::start));
  writing = {};
  if (early_data_offered && state != State::failed) write_level = Level::early;
  record_version = 0x0303;  // RFC 8446 §5.1
}

Client::Impl::Share Client::Impl::take_share(uint16_t group) {
  if (setup.key_exchanges != nullptr) return {group, setup.key_exchanges->get(group), nullptr};
  Share share{.group = group, .key = nullptr, .owned = ws.key_exchanges.take(group)};
  share.key = share.owned.get();
  return share;
}

void Client::Impl::give_back(Share& share) {
  share.key = nullptr;
  if (share.owned) ws.key_exchanges.give(std::move(share.owned));
}

void Client::Impl::give_back_shares() {
  for (auto& share : shares) give_back(share);
  shares.clear();
}

void Client::Impl::tell_secret(trace::SecretLabel label, ByteView secret) {
  if (setup.sink != nullptr) setup.sink->on_secret(label, client_random, secret);
}

// ---- input
// -----------------------------------------------------------------------------------------------------------

void Client::Impl::input(ByteView bytes) {
  if (state == State::idle || unreadable) return;
  reader.push(bytes);
  while (!unreadable && next_record()) {
  }
}

bool Client::Impl::next_record() {
  using Next = RecordReader::Next;
  RecordIn record;
  const Next next = reader.next(record, ws.plain);
  if (next == Next::need_more) return false;
  if (next == Next::record) {
    handle_record(record);
    return true;
  }
  unreadable = next == Next::not_tls || next == Next::bad_header || next == Next::too_long;
  // An alert that the peer sent without protection, against the rules, still tells what the peer thought.
  if (next == Next::unprotected && record.content_type == registry::content_type::alert && record.content.size() == 2) {
    const wire::Alert seen{record.content[0], record.content[1]};
    note_peer_alert(seen);
    if (setup.sink != nullptr)
      setup.sink->on_alert(wire::Direction::server_to_client, Level::initial, seen.level, seen.description,
                           record.stream);
  }
  fail_record(next, record);
  return true;
}

bool Client::Impl::handle_record(const RecordIn& record) {
  namespace content_type = registry::content_type;
  if (state == State::failed || read_closed) return handle_record_after_end(record);
  const bool interleaved = assembler.pending_len() != 0 && record.content_type != content_type::handshake &&
                           record.content_type != content_type::alert;
  // RFC 8446 §5.1: records of other types must not stand between the fragments of a handshake message.
  if (interleaved && negotiated.version != registry::version::TLS1_2)
    return violation(alert::unexpected_message, "RFC 8446 §5.1",
                     "another record stands between the fragments of a handshake message");
  switch (record.content_type) {
    case content_type::handshake:
      return handle_fragment(record);
    case content_type::alert:
      return handle_alert(record);
    case content_type::change_cipher_spec:
      return handle_change_cipher_spec(record);
    case content_type::application_data:
      return handle_application_data(record);
    default:
      break;
  }
  // RFC 8446 §5: an unexpected record type ends the connection.
  return violation(alert::unexpected_message, "RFC 8446 §5",
                   fmt::format("a record of content type {}", registry::content_type_name(record.content_type)));
}

// The connection is over for us: what still comes is only looked at.
bool Client::Impl::handle_record_after_end(const RecordIn& record) {
  namespace content_type = registry::content_type;
  const Level level = record.was_protected ? reader.level() : Level::initial;
  const auto direction = wire::Direction::server_to_client;
  if (record.content_type == content_type::alert && record.content.size() == 2)
    note_peer_alert({record.content[0], record.content[1]});
  if (setup.sink == nullptr) return true;
  if (record.content_type == content_type::alert && record.content.size() == 2)
    setup.sink->on_alert(direction, level, record.content[0], record.content[1], record.stream);
  else if (record.content_type == content_type::change_cipher_spec)
    setup.sink->on_change_cipher_spec(direction, record.stream);
  else if (record.content_type == content_type::application_data && record.was_protected)
    setup.sink->on_application_data(direction, level, record.content, record.stream);
  return true;
}

bool Client::Impl::count_empty(const RecordIn& record) {
  if (!record.content.empty()) {
    empty_records = 0;
    return true;
  }
  if (++empty_records <= config->limits.max_empty_records) return true;
  return fail(Failure::Kind::limit_exceeded, alert::unexpected_message, "RFC 8446 §5.1",
              "too many empty records in a row");
}

bool Client::Impl::handle_fragment(const RecordIn& record) {
  // RFC 8446 §5.1, RFC 5246 §6.2.1: no zero-length fragments of handshake messages.
  if (record.content.empty())
    return violation(alert::unexpected_message, "RFC 8446 §5.1", "a handshake record without content");
  empty_records = 0;
  const Level level = record.was_protected ? reader.level() : Level::initial;
  handshake_bytes += record.content.size();
  if (!complete && handshake_bytes > config->limits.max_handshake_bytes)
    return fail(Failure::Kind::limit_exceeded, alert::internal_error, {}, "too many bytes of handshake messages");
  assembler.push(record.content, record.stream.offset);
  wire::HandshakeAssembler::Message got;
  while (state != State::failed && !read_closed) {
    const auto next = assembler.next(got);
    if (next == wire::HandshakeAssembler::Next::need_more) return true;
    if (next == wire::HandshakeAssembler::Next::too_large)
      return fail(Failure::Kind::limit_exceeded, alert::illegal_parameter, {},
                  fmt::format("a {} message longer than the limit of {} bytes", registry::handshake_type_name(got.type),
                              config->limits.max_handshake_message));
    const Incoming in{.type = got.type, .occurrence = num_received.add(got.type), .body = got.body, .raw = got.raw};
    if (setup.sink != nullptr)
      setup.sink->on_message({.direction = wire::Direction::server_to_client,
                              .level = level,
                              .type = got.type,
                              .raw = got.raw,
                              .stream = {got.first_record, record.stream.end() - got.first_record}});
    if (!dispatch(in)) return false;
  }
  return false;
}

void Client::Impl::note_peer_alert(wire::Alert seen) {
  if (peer_alert_fatal) return;  // the first fatal one counts
  peer_alert = seen;
  peer_alert_fatal = seen.level != warning;
}

bool Client::Impl::handle_alert(const RecordIn& record) {
  // RFC 8446 §5.1: an alert is one record of two bytes; RFC 5246 §6.2.1 only forbids empty ones.
  if (record.content.empty())
    return violation(alert::unexpected_message, "RFC 8446 §5.1", "an alert record without content");
  if (record.content.size() != 2)
    return violation(alert::decode_error, "RFC 8446 §5.1",
                     fmt::format("an alert record of {} bytes instead of 2", record.content.size()));
  const wire::Alert seen{record.content[0], record.content[1]};
  note_peer_alert(seen);
  if (setup.sink != nullptr)
    setup.sink->on_alert(wire::Direction::server_to_client, record.was_protected ? reader.level() : Level::initial,
                         seen.level, seen.description, record.stream);
  const bool tls13_rules = is13() || only_tls13_offered();
  if (seen.description == alert::close_notify) {
    read_closed = true;
    if (!complete)
      return fail(Failure::Kind::peer_closed, std::nullopt, "RFC 8446 §6.1",
                  "the server sent close_notify during the handshake");
    // RFC 5246 §7.2.1: answered at once. RFC 8446 §6.1: only that direction is closed.
    if (!is13() && !write_closed)
      static_cast<void>(send_alert_item(warning, alert::close_notify, Flight::Trigger::alert));
    state = write_closed ? State::closed : State::closing;
  } else if (seen.description == alert::user_canceled && (tls13_rules || seen.level == warning)) {
    // RFC 8446 §6.1: close_notify follows.
    if (++warnings > config->limits.max_warnings)
      return fail(Failure::Kind::limit_exceeded, alert::unexpected_message, {}, "too many warning alerts");
  } else if (tls13_rules || seen.level != warning) {
    // RFC 8446 §6.2: every other alert is fatal, whatever its level; RFC 5246 §7.2: the level says so.
    peer_alert_fatal = true;
    fail(Failure::Kind::peer_alert, std::nullopt, {},
         fmt::format("the server sent alert {} ({}) {}", registry::alert_name(seen.description), seen.description,
                     complete ? "after the handshake" : "during the handshake"));
    failure->alert = seen.description;
    failure->has_alert = true;
    return false;
  } else if (++warnings > config->limits.max_warnings) {
    return fail(Failure::Kind::limit_exceeded, alert::unexpected_message, {}, "too many warning alerts");
  }
  return setup.editor == nullptr || send_plan(Flight::Trigger::alert, seen.description);
}

bool Client::Impl::handle_change_cipher_spec(const RecordIn& record) {
  if (setup.sink != nullptr) setup.sink->on_change_cipher_spec(wire::Direction::server_to_client, record.stream);
  // RFC 8446 §5, RFC 5246 §7.1: one byte, 0x01.
  if (record.content.size() != 1 || record.content[0] != 1)
    return violation(alert::unexpected_message, "RFC 8446 §5", "a ChangeCipherSpec that is not the single byte 1");
  if (negotiated.version == registry::version::TLS1_2 || (negotiated.version == 0 && !offers_tls13))
    return dispatch_change_cipher_spec();
  // RFC 8446 §5: dropped until the peer's Finished, and never protected.
  if (complete || record.was_protected)
    return violation(alert::unexpected_message, "RFC 8446 §5",
                     complete ? "a ChangeCipherSpec after the server's Finished" : "a protected ChangeCipherSpec");
  if (++ignored_ccs > config->limits.max_change_cipher_specs)
    return fail(Failure::Kind::limit_exceeded, alert::unexpected_message, "RFC 8446 §5",
                "too many ChangeCipherSpec records");
  return setup.editor == nullptr || send_plan(Flight::Trigger::change_cipher_spec);
}

bool Client::Impl::handle_application_data(const RecordIn& record) {
  if (setup.sink != nullptr && record.was_protected)
    setup.sink->on_application_data(wire::Direction::server_to_client, reader.level(), record.content, record.stream);
  // RFC 8446 §2, RFC 5246 §7.4.9: not before Finished.
  if (!complete || !record.was_protected)
    return violation(alert::unexpected_message, "RFC 8446 §2", "application data before the server's Finished");
  if (!count_empty(record)) return false;
  append(app_data, record.content);
  app_data_received += record.content.size();
  return setup.editor == nullptr || send_plan(Flight::Trigger::application_data);
}

void Client::Impl::end_of_stream() {
  if (ended || state == State::idle) return;
  ended = true;
  if (state == State::failed) return;
  if (complete)
    state = State::closed;
  else
    fail(Failure::Kind::peer_closed, std::nullopt, {},
         fmt::format("the server ended the stream where {} was expected", to_string(expecting)));
  write_closed = write_closed || state == State::closed;
}

// ---- the public face
// -------------------------------------------------------------------------------------------------

Client::Client() : impl_(std::make_unique<Impl>(nullptr)) {}
Client::Client(Workspace& workspace) : impl_(std::make_unique<Impl>(&workspace)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

void Client::start(const ClientConfig& config, const ClientSetup& setup) {
  const Impl::Turn turn(*impl_);
  impl_->start(config, setup);
}

void Client::reset() {
  const Impl::Turn turn(*impl_);
  impl_->clear();
  impl_->setup = {};
  impl_->reader.reset(wire::Role::server, nullptr, 0);
  impl_->writer.reset(wire::Role::client, nullptr, nullptr, 0);
}

ByteView Client::output() const {
  return impl_->writer.output();
}
void Client::consume_output(size_t len) {
  const Impl::Turn turn(*impl_);
  impl_->writer.consume(len);
}
size_t Client::next_segment_len() const {
  return impl_->writer.next_segment_len();
}
void Client::input(ByteView bytes) {
  const Impl::Turn turn(*impl_);
  impl_->input(bytes);
}
void Client::input_end() {
  const Impl::Turn turn(*impl_);
  impl_->end_of_stream();
}
bool Client::wants_input() const {
  return impl_->config == nullptr || impl_->state == State::failed ||
         impl_->app_data.size() - impl_->app_data_begin < impl_->config->limits.max_application_data;
}

State Client::state() const {
  return impl_->state;
}
bool Client::handshake_complete() const {
  return impl_->complete;
}
const Failure* Client::failure() const {
  return impl_->failure ? &*impl_->failure : nullptr;
}

bool Client::write(ByteView data) {
  const Impl::Turn turn(*impl_);
  if (!impl_->complete || impl_->write_closed) return false;
  impl_->writing = data;
  impl_->plan_item(FlightItem::Kind::application_data, Level::application);
  const bool sent = impl_->send_plan(Flight::Trigger::local);
  impl_->writing = {};
  return sent;
}

ByteView Client::application_data() const {
  return ByteView(impl_->app_data).subspan(impl_->app_data_begin);
}

void Client::consume_application_data(size_t len) {
  auto& data = impl_->app_data;
  auto& begin = impl_->app_data_begin;
  begin = std::min(begin + len, data.size());
  if (begin < data.size() / 2) return;
  data.erase(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(begin));
  begin = 0;
}

uint64_t Client::num_application_bytes_received() const {
  return impl_->app_data_received;
}

void Client::close_notify() {
  const Impl::Turn turn(*impl_);
  auto& impl = *impl_;
  if (impl.state == State::idle || impl.write_closed) return;
  // RFC 8446 §6.1: a handshake is given up with user_canceled, then close_notify.
  if (!impl.complete) static_cast<void>(impl.send_alert_item(warning, alert::user_canceled, Flight::Trigger::local));
  static_cast<void>(impl.send_alert_item(warning, alert::close_notify, Flight::Trigger::local));
  if (impl.state != State::failed) impl.state = impl.read_closed ? State::closed : State::closing;
}

bool Client::request_key_update(bool ask_peer) {
  const Impl::Turn turn(*impl_);
  auto& impl = *impl_;
  if (!impl.complete || impl.write_closed || !impl.is13()) return false;
  impl.ws.our_key_update.request_update =
      ask_peer ? registry::key_update_request::update_requested : registry::key_update_request::update_not_requested;
  impl.plan_message(registry::handshake_type::key_update, Level::application).hashed = false;
  return impl.send_plan(Flight::Trigger::local);
}

void Client::send_alert(uint8_t level, uint8_t description) {
  const Impl::Turn turn(*impl_);
  auto& impl = *impl_;
  if (impl.state == State::idle || impl.write_closed) return;
  if (level != warning && impl.state != State::failed) {
    impl.fail(Failure::Kind::local_error, description, {},
              fmt::format("we sent alert {} ({})", registry::alert_name(description), description));
    return;
  }
  static_cast<void>(impl.send_alert_item(level, description, Flight::Trigger::local));
}

void Client::send(Flight flight) {
  const Impl::Turn turn(*impl_);
  auto& impl = *impl_;
  if (impl.state == State::idle) return;
  flight.trigger = Flight::Trigger::local;
  static_cast<void>(impl.run(flight));
}

const Negotiated& Client::negotiated() const {
  return impl_->negotiated;
}
bool Client::early_data_offered() const {
  return impl_->early_data_offered;
}
const ByteList& Client::peer_certificates() const {
  return impl_->certificates;
}
void Client::forget_peer_certificates() {
  impl_->certificates = ByteList();
}
ByteView Client::ocsp_response() const {
  return impl_->ocsp;
}
const CertificateRequestSeen& Client::certificate_request() const {
  return impl_->request;
}
ClientCertificate Client::client_certificate() const {
  return impl_->client_certificate;
}
uint16_t Client::client_signature_scheme() const {
  return impl_->client_scheme;
}
std::span<const Session> Client::sessions() const {
  return std::span(impl_->sessions).first(impl_->num_sessions);
}
size_t Client::num_sessions_dropped() const {
  return impl_->sessions_dropped;
}
std::optional<wire::Alert> Client::our_alert() const {
  return impl_->our_alert;
}
std::optional<wire::Alert> Client::peer_alert() const {
  return impl_->peer_alert;
}
bool Client::close_notify_received() const {
  return impl_->read_closed;
}
bool Client::end_of_stream() const {
  return impl_->ended;
}
unsigned Client::num_key_updates_received() const {
  return impl_->key_updates_received;
}
unsigned Client::num_received(uint8_t handshake_type) const {
  return impl_->num_received.get(handshake_type);
}
const std::array<uint8_t, 32>& Client::client_random() const {
  return impl_->client_random;
}

bool Client::export_keying_material(std::string_view label, ByteView context, std::span<uint8_t> out) const {
  if (!impl_->complete) return false;
  if (impl_->is13())
    impl_->schedule13.export_keying_material(label, context, out);
  else
    impl_->schedule12.export_keying_material(label, impl_->client_random, impl_->server_random,
                                             context.empty() ? std::nullopt : std::optional(context), out);
  return true;
}

}  // namespace tlsproof::tls
