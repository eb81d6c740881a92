#include <fmt/format.h>

#include "client_impl.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::tls {

namespace alert = registry::alert;

bool Client::Impl::fail(Failure::Kind kind, std::optional<uint8_t> alert_to_send, std::string_view cite,
                        std::string text) {
  if (state == State::failed) return false;  // the first one counts
  state = State::failed;
  failure.emplace();
  failure->kind = kind;
  failure->cite = cite;
  failure->text = std::move(text);
  if (current != nullptr) failure->handshake_type = current->type;
  if (alert_to_send && !write_closed) {
    failure->alert = *alert_to_send;
    failure->has_alert = true;
    static_cast<void>(send_alert_item(registry::alert_level::fatal, *alert_to_send, Flight::Trigger::failure));
  }
  write_closed = true;  // RFC 8446 §6.2: nothing is sent after a fatal alert
  return false;
}

bool Client::Impl::violation(uint8_t alert_to_send, std::string_view cite, std::string text) {
  return fail(Failure::Kind::peer_violation, alert_to_send, cite, std::move(text));
}

bool Client::Impl::undecodable(const ParseError& error) {
  if (state == State::failed) return false;
  // RFC 8446 §6: decode_error when the length or a field's range is wrong.
  fail(Failure::Kind::undecodable, alert::decode_error, "RFC 8446 §6.2", error.message());
  failure->parse_error = error;
  return false;
}

bool Client::Impl::fail_record(RecordReader::Next what, const RecordIn& record) {
  using Next = RecordReader::Next;
  struct Row {
    Next what;
    Failure::Kind kind;
    std::optional<uint8_t> alert;
    std::string_view cite, text;
  };
  static constexpr Row kRows[] = {
      {Next::not_tls, Failure::Kind::bad_record, alert::unexpected_message, "RFC 8446 §5.1",
       "the peer's answer is not TLS"},
      {Next::bad_header, Failure::Kind::bad_record, alert::protocol_version, "RFC 8446 §5.1",
       "a record header whose version is not 3.x"},
      {Next::too_long, Failure::Kind::bad_record, alert::record_overflow, "RFC 8446 §5.2",
       "a record longer than any record may be"},
      {Next::cannot_open, Failure::Kind::bad_record, alert::bad_record_mac, "RFC 8446 §5.2",
       "a protected record does not authenticate"},
      {Next::no_content_type, Failure::Kind::peer_violation, alert::unexpected_message, "RFC 8446 §5.4",
       "a protected record holds zeros only, no content type"},
      {Next::unprotected, Failure::Kind::peer_violation, alert::unexpected_message, "RFC 8446 §5",
       "an unprotected record where protection is in use"},
      {Next::content_too_long, Failure::Kind::peer_violation, alert::record_overflow, "RFC 8446 §5.1",
       "a record with more than 2^14 bytes of content"},
  };
  for (const auto& row : kRows) {
    if (row.what != what) continue;
    if (setup.sink != nullptr)
      setup.sink->on_problem(wire::Direction::server_to_client, reader.level(), row.text, record.stream);
    std::string text(row.text);
    if (what == Next::not_tls) text += fmt::format(": \"{}\"", escape_terminal_limited(as_text(reader.pending()), 40));
    return fail(row.kind, row.alert, row.cite, std::move(text));
  }
  return false;
}

std::string_view to_string(State state) {
  switch (state) {
    case State::idle:
      return "idle";
    case State::handshaking:
      return "handshaking";
    case State::connected:
      return "connected";
    case State::closing:
      return "closing";
    case State::closed:
      return "closed";
    case State::failed:
      return "failed";
  }
  return "?";
}

std::string_view to_string(Failure::Kind kind) {
  using Kind = Failure::Kind;
  switch (kind) {
    case Kind::peer_alert:
      return "peer_alert";
    case Kind::peer_closed:
      return "peer_closed";
    case Kind::peer_violation:
      return "peer_violation";
    case Kind::undecodable:
      return "undecodable";
    case Kind::bad_signature:
      return "bad_signature";
    case Kind::bad_finished:
      return "bad_finished";
    case Kind::bad_record:
      return "bad_record";
    case Kind::unsupported_version_answered:
      return "unsupported_version_answered";
    case Kind::unsupported_parameter:
      return "unsupported_parameter";
    case Kind::limit_exceeded:
      return "limit_exceeded";
    case Kind::local_error:
      return "local_error";
  }
  return "?";
}

std::string_view to_string(Expecting expecting) {
  switch (expecting) {
    case Expecting::server_hello:
      return "ServerHello";
    case Expecting::encrypted_extensions:
      return "EncryptedExtensions";
    case Expecting::certificate_or_request:
      return "CertificateRequest or Certificate";
    case Expecting::certificate:
      return "Certificate";
    case Expecting::certificate_verify:
      return "CertificateVerify";
    case Expecting::finished:
      return "Finished";
    case Expecting::post_handshake:
      return "application data or a post-handshake message";
    case Expecting::certificate12:
      return "Certificate";
    case Expecting::status_or_key_exchange12:
      return "CertificateStatus or ServerKeyExchange";
    case Expecting::key_exchange12:
      return "ServerKeyExchange";
    case Expecting::request_or_done12:
      return "CertificateRequest or ServerHelloDone";
    case Expecting::done12:
      return "ServerHelloDone";
    case Expecting::ticket12:
      return "NewSessionTicket";
    case Expecting::change_cipher_spec12:
      return "ChangeCipherSpec";
    case Expecting::finished12:
      return "Finished";
    case Expecting::post_handshake12:
      return "application data";
  }
  return "?";
}

}  // namespace tlsproof::tls
