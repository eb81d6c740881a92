// The state machine: which message may come when, and what takes it.
#include <fmt/format.h>

#include "client_impl.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::tls {

namespace alert = registry::alert;
namespace type = registry::handshake_type;

namespace {

using E = Expecting;
using Impl = Client::Impl;
constexpr uint16_t kChangeCipherSpec = 0x100;  // an event beside the handshake types

// When a message enters the transcript hash: before its handler runs, in the handler (whose check covers what is before
// it, or which chooses the hash), or not at all.
enum class Hashed : uint8_t { before, by_handler, never };

struct Row {
  Expecting expecting;
  uint16_t event;  // HandshakeType or kChangeCipherSpec
  Hashed hashed;
  bool (Impl::*handler)(const Incoming&);
  std::array<Expecting, 5> next;  // where the handler may go; unused places repeat the first
};

constexpr std::array<Expecting, 5> to(Expecting a) {
  return {a, a, a, a, a};
}
constexpr std::array<Expecting, 5> to(Expecting a, Expecting b) {
  return {a, b, a, a, a};
}

constexpr Row kRows[] = {
    // Either version: the ServerHello decides. A HelloRetryRequest stays (RFC 8446 A.1: "Recv HelloRetryRequest").
    {E::server_hello,
     type::server_hello,
     Hashed::by_handler,
     &Impl::on_server_hello,
     {E::server_hello, E::encrypted_extensions, E::certificate12, E::ticket12, E::change_cipher_spec12}},
    // TLS 1.3: RFC 8446 A.1.
    {E::encrypted_extensions, type::encrypted_extensions, Hashed::before, &Impl::on_encrypted_extensions,
     to(E::certificate_or_request, E::finished)},
    {E::certificate_or_request, type::certificate_request, Hashed::before, &Impl::on_certificate_request13,
     to(E::certificate)},
    {E::certificate_or_request, type::certificate, Hashed::before, &Impl::on_certificate13, to(E::certificate_verify)},
    {E::certificate, type::certificate, Hashed::before, &Impl::on_certificate13, to(E::certificate_verify)},
    {E::certificate_verify, type::certificate_verify, Hashed::by_handler, &Impl::on_certificate_verify13,
     to(E::finished)},
    {E::finished, type::finished, Hashed::by_handler, &Impl::on_finished13, to(E::post_handshake)},
    // RFC 8446 §4.6.
    {E::post_handshake, type::new_session_ticket, Hashed::never, &Impl::on_new_session_ticket13, to(E::post_handshake)},
    {E::post_handshake, type::certificate_request, Hashed::never, &Impl::on_post_handshake_request,
     to(E::post_handshake)},
    {E::post_handshake, type::key_update, Hashed::never, &Impl::on_key_update, to(E::post_handshake)},
    // TLS 1.2: RFC 5246 §7.3 (figures 1 and 2), with CertificateStatus of RFC 6066 §8 and NewSessionTicket of RFC 5077
    // §3.1.
    {E::certificate12, type::certificate, Hashed::before, &Impl::on_certificate12,
     to(E::status_or_key_exchange12, E::key_exchange12)},
    {E::status_or_key_exchange12, type::server_key_exchange, Hashed::before, &Impl::on_server_key_exchange12,
     to(E::request_or_done12)},
    {E::status_or_key_exchange12, type::certificate_status, Hashed::before, &Impl::on_certificate_status12,
     to(E::key_exchange12)},
    {E::key_exchange12, type::server_key_exchange, Hashed::before, &Impl::on_server_key_exchange12,
     to(E::request_or_done12)},
    {E::request_or_done12, type::certificate_request, Hashed::before, &Impl::on_certificate_request12, to(E::done12)},
    {E::request_or_done12, type::server_hello_done, Hashed::before, &Impl::on_server_hello_done12,
     to(E::ticket12, E::change_cipher_spec12)},
    {E::done12, type::server_hello_done, Hashed::before, &Impl::on_server_hello_done12,
     to(E::ticket12, E::change_cipher_spec12)},
    {E::ticket12, type::new_session_ticket, Hashed::before, &Impl::on_new_session_ticket12,
     to(E::change_cipher_spec12)},
    {E::change_cipher_spec12, kChangeCipherSpec, Hashed::never, &Impl::on_change_cipher_spec12, to(E::finished12)},
    {E::finished12, type::finished, Hashed::by_handler, &Impl::on_finished12, to(E::post_handshake12)},
};

// Each pair stands once, and whatever a row may lead to is expected by some row or is the end.
constexpr bool table_holds() {
  for (const Row& row : kRows) {
    size_t same = 0;
    for (const Row& other : kRows) same += other.expecting == row.expecting && other.event == row.event;
    if (same != 1) return false;
    for (Expecting next : row.next) {
      bool known = next == E::post_handshake12;  // where only HelloRequest may come, which stands beside the table
      for (const Row& other : kRows) known = known || other.expecting == next;
      if (!known) return false;
    }
  }
  return true;
}
static_assert(table_holds());

// Every state can be reached from the first.
constexpr bool all_reachable() {
  std::array<bool, 32> reached{};
  reached[static_cast<size_t>(E::server_hello)] = true;
  for (size_t round = 0; round < std::size(kRows); ++round)
    for (const Row& row : kRows)
      if (reached[static_cast<size_t>(row.expecting)])
        for (Expecting next : row.next) reached[static_cast<size_t>(next)] = true;
  for (size_t i = 0; i <= static_cast<size_t>(E::post_handshake12); ++i)
    if (!reached[i]) return false;
  return true;
}
static_assert(all_reachable());

const Row* find_row(Expecting expecting, uint16_t event) {
  for (const Row& row : kRows)
    if (row.expecting == expecting && row.event == event) return &row;
  return nullptr;
}

}  // namespace

bool Client::Impl::step(uint16_t event, const Incoming& in) {
  const Row* row = find_row(expecting, event);
  if (row == nullptr)
    return violation(
        alert::unexpected_message, is13() || negotiated.version == 0 ? "RFC 8446 §4" : "RFC 5246 §7.4",
        fmt::format("{} where {} was expected",
                    event == kChangeCipherSpec ? "ChangeCipherSpec" : registry::handshake_type_name(in.type),
                    to_string(expecting)));
  if (row->hashed == Hashed::before) transcript.add(in.raw);
  if (!(this->*row->handler)(in)) return false;
  bool allowed = false;
  for (Expecting next : row->next) allowed = allowed || expecting == next;
  TLSPROOF_CHECK(allowed);
  return true;
}

bool Client::Impl::dispatch(const Incoming& in) {
  current = &in;
  answered = false;
  if (!complete || in.type != type::new_session_ticket) recall_offer();  // tickets ask for nothing of it
  ws.plan.items.clear();
  if (complete && ++post_handshake_messages > config->limits.max_post_handshake_messages) {
    fail(Failure::Kind::limit_exceeded, alert::unexpected_message, {},
         "too many handshake messages after the handshake");
    current = nullptr;
    return false;
  }
  bool good;
  // RFC 5246 §7.4.1.1: a HelloRequest may come at any time, is ignored while a handshake runs, and is never hashed.
  if (in.type == type::hello_request && !is13() && !only_tls13_offered())
    good = in.body.empty() ? on_hello_request()
                           : violation(alert::decode_error, "RFC 5246 §7.4.1.1", "a HelloRequest with a body");
  else
    good = step(in.type, in);
  if (good && !answered && (setup.editor != nullptr || !ws.plan.items.empty()))
    good = send_plan(Flight::Trigger::message, in.type, in.occurrence);
  current = nullptr;
  return good;
}

bool Client::Impl::dispatch_change_cipher_spec() {
  answered = false;
  ws.plan.items.clear();
  if (!step(kChangeCipherSpec, {})) return false;
  return setup.editor == nullptr || send_plan(Flight::Trigger::change_cipher_spec);
}

bool Client::Impl::on_hello_request() {
  if (!complete) return true;
  // RFC 5746 §4.5 leaves it to us; RFC 5246 §7.4.1.1: refused by a no_renegotiation warning.
  return send_alert_item(registry::alert_level::warning, alert::no_renegotiation, Flight::Trigger::message);
}

}  // namespace tlsproof::tls
