#include "tlsproof/view/handshake.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "tlsproof/base/reader.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/view/ladder.h"

namespace tlsproof::view {
namespace {

using trace::Direction;
using trace::Event;
using trace::EventKind;
using trace::MessageRead;
namespace alert = registry::alert;
namespace extension = registry::extension;
namespace handshake_type = registry::handshake_type;
namespace version = registry::version;

constexpr size_t kMaxAlpnOffered = 64;
constexpr size_t kMaxAlerts = 64;

bool is_client(Direction direction) {
  return direction == Direction::client_to_server;
}
std::string_view who(Direction direction) {
  return is_client(direction) ? "the client" : "the server";
}

// What stands in an extension is read where it lies: the views stay good as long as the Reading does.
size_t big_endian(ByteView bytes) {
  size_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

// Takes a vector with a length field of `width` bytes off the front; false when it is cut off.
bool take_vector(ByteView& from, size_t width, ByteView& out) {
  if (from.size() < width) return false;
  const size_t len = big_endian(from.first(width));
  if (from.size() - width < len) return false;
  out = from.subspan(width, len);
  from = from.subspan(width + len);
  return true;
}

// The whole body is one vector.
bool whole_vector(ByteView body, size_t width, ByteView& out) {
  return take_vector(body, width, out) && body.empty();
}

// RFC 6066 §3.
std::string_view host_name(const wire::ExtensionList& extensions) {
  const auto body = extensions.find(extension::server_name);
  ByteView list;
  if (!body || !whole_vector(*body, 2, list)) return {};
  while (!list.empty()) {
    const uint8_t type = list[0];
    list = list.subspan(1);
    ByteView name;
    if (!take_vector(list, 2, name)) return {};
    if (type == registry::server_name_type::host_name) return as_text(name);
  }
  return {};
}

// RFC 7301 §3.1.
void protocols(const wire::ExtensionList& extensions, std::vector<std::string_view>& out) {
  const auto body = extensions.find(extension::application_layer_protocol_negotiation);
  ByteView list;
  if (!body || !whole_vector(*body, 2, list)) return;
  ByteView name;
  while (out.size() < kMaxAlpnOffered && take_vector(list, 1, name)) out.push_back(as_text(name));
}

std::string_view first_protocol(const wire::ExtensionList& extensions) {
  const auto body = extensions.find(extension::application_layer_protocol_negotiation);
  ByteView list, name;
  if (!body || !whole_vector(*body, 2, list) || !take_vector(list, 1, name)) return {};
  return as_text(name);
}

// RFC 6962 §3.3.
size_t count_scts(ByteView body) {
  ByteView list, sct;
  size_t num = 0;
  if (whole_vector(body, 2, list))
    while (take_vector(list, 2, sct)) ++num;
  return num;
}

uint32_t bit_length(ByteView number) {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  if (number.empty()) return 0;
  return static_cast<uint32_t>((number.size() - 1) * 8 + static_cast<size_t>(std::bit_width(number[0])));
}

bool has_tls13_handshake(uint16_t v) {
  return v == version::TLS1_3 || v == version::DTLS1_3 || (v >> 8) == 0x7f || (v >> 8) == 0xfb;
}

// What the events say about how far it came, in their order.
struct Course {
  std::array<bool, 2> finished{};     // Finished, or the encrypted record that must be it
  std::array<bool, 2> ccs{};          // ChangeCipherSpec
  std::array<bool, 2> data{};         // application data
  std::array<bool, 2> encrypted{};    // a record that was not opened, after the ServerHello
  bool alert_length = false;          // the client's first such record is as long as an alert
  bool early_mixed = false;           // client's records that may be early data or what finishes
  bool after_early_data = false;      // the client's last record is as long as EndOfEarlyData
  bool verdict_alert_length = false;  // the server's first record after both finished is as long as an alert
  bool verdict_longer = false;        // one of them is not
  std::array<bool, 2> gap{};          // bytes are missing before the handshake messages of that side had ended
  std::array<bool, 2> past{};         // they have ended
  bool any_gap = false;
  bool server_answered = false;      // any bytes
  const Event* problem = nullptr;    // bytes from the server that are not TLS
  const Event* end = nullptr;        // the first FIN or RST
  const AlertFact* fatal = nullptr;  // the first one
  bool fatal_after_data = false;
  bool server_hello_passed = false;
  bool last_was_client = false;

  [[nodiscard]] bool complete() const { return finished[0] && finished[1]; }
};

size_t index(Direction direction) {
  return static_cast<size_t>(direction);
}

bool is_fatal(const AlertFact& fact, bool tls13) {
  if (fact.description == alert::close_notify || fact.description == alert::user_canceled) return false;
  return fact.level == registry::alert_level::fatal || tls13;
}

// RFC 8446 §5.2: the content, its type, and the tag of the suite (RFC 9150: of those without encryption the HMAC).
size_t protected_len(uint16_t suite, size_t content_len) {
  const auto* info = registry::cipher_suite_info(suite);
  const size_t tag_len = info != nullptr && info->tag_len != 0 ? info->tag_len : 16;
  return wire::kRecordHeaderLen + content_len + 1 + tag_len;
}
constexpr size_t kAlertLen = 2;

class Collector {
 public:
  Collector(const trace::Reading& reading, const Passage& passage, Handshake& out)
      : reading_(reading), passage_(passage), out_(out) {}

  void run() {
    hellos();
    messages();
    tls13_ = has_tls13_handshake(out_.version);
    events();
    early_data();
    certificates_of_client();
    resumption();
    judge_state();
  }

 private:
  void hellos();
  void messages();
  void message(const MessageRead& read);
  void server_entry(const wire::Certificate13& certificate);
  void events();
  void event(size_t at, const Event& event);
  void record(const Event& event);
  void record13(const Event& event);
  void alert_event(size_t at, const Event& event);
  void turn(const Event& event);
  void finish(const Event& event);
  void early_data();
  void certificates_of_client();
  void resumption();
  void judge_state();
  void fail_with(std::string cause) {
    out_.state = State::failed;
    out_.cause = std::move(cause);
  }
  void unknown_because(std::string cause) {
    out_.state = State::unknown;
    out_.cause = std::move(cause);
  }
  [[nodiscard]] std::string ended_how() const;

  const trace::Reading& reading_;
  const Passage& passage_;
  Handshake& out_;
  Course course_;
  bool tls13_ = false;
  bool server_hello_done_ = false;
  bool certificate_request_ = false;
  bool client_certificate_ = false;
  bool server_certificate_ = false;
  bool encrypted_extensions_ = false;
  bool server_finished_ = false;
  bool client_finished_ = false;
  bool server_ccs_first_ = false;
};

void Collector::hellos() {
  const auto client = [](const MessageRead* read) { return read == nullptr ? nullptr : read->as<wire::ClientHello>(); };
  const auto server = [](const MessageRead* read) { return read == nullptr ? nullptr : read->as<wire::ServerHello>(); };
  out_.client_hello = client(reading_.first_client_hello());
  out_.answered_hello = client(reading_.client_hello());
  out_.server_hello = server(reading_.server_hello());
  out_.hello_retry_request = server(reading_.hello_retry_request());
  if (out_.client_hello != nullptr) {
    const wire::ExtensionList& extensions = out_.client_hello->extensions;
    out_.sni = host_name(extensions);
    protocols(extensions, out_.alpn_offered);
    out_.ech_offered = extensions.has(extension::encrypted_client_hello);
    if (extensions.has(extension::early_data)) out_.early_data = EarlyData::offered;
  }
  if (out_.server_hello == nullptr) return;
  out_.version = out_.server_hello->selected_version();
  out_.cipher_suite = out_.server_hello->cipher_suite;
  const wire::ExtensionList& extensions = out_.server_hello->extensions;
  out_.alpn = first_protocol(extensions);
  if (const auto body = extensions.find(extension::key_share); body && body->size() >= 2)
    out_.group = static_cast<uint16_t>(big_endian(body->first(2)));
  if (const auto body = extensions.find(extension::signed_certificate_timestamp)) out_.num_scts += count_scts(*body);
}

void Collector::messages() {
  for (const MessageRead& read : reading_.messages()) {
    if (read.type == handshake_type::client_hello && out_.server_hello != nullptr &&
        read.event > reading_.server_hello()->event)
      ++out_.num_renegotiations;
    if (out_.num_renegotiations == 0 && read.message != nullptr) message(read);
    // A message of which only the type can be told still says that it came.
    if (read.type == handshake_type::certificate || read.type == handshake_type::compressed_certificate) {
      if (!is_client(read.direction)) server_certificate_ = true;
    }
  }
  out_.middle = out_.client_hello == nullptr && out_.server_hello == nullptr && out_.hello_retry_request == nullptr &&
                reading_.find(Direction::client_to_server, handshake_type::client_hello) == nullptr;
}

void Collector::server_entry(const wire::Certificate13& certificate) {
  if (certificate.size() == 0) return;
  wire::ExtensionList extensions;
  if (certificate.extension_blocks[0].empty() || !certificate.extensions_of(0, extensions)) return;
  out_.ocsp_stapled = out_.ocsp_stapled || extensions.has(extension::status_request);
  if (const auto body = extensions.find(extension::signed_certificate_timestamp)) out_.num_scts += count_scts(*body);
}

void Collector::message(const MessageRead& read) {
  const bool by_client = is_client(read.direction);
  if (const auto* m = read.as<wire::EncryptedExtensions>()) {
    encrypted_extensions_ = true;
    if (const std::string_view chosen = first_protocol(m->extensions); !chosen.empty()) out_.alpn = chosen;
    if (out_.early_data == EarlyData::offered)
      out_.early_data = m->extensions.has(extension::early_data) ? EarlyData::accepted : EarlyData::rejected;
  } else if (const auto* ecdhe = read.as<wire::ServerKeyExchangeEcdhe>()) {
    out_.group = ecdhe->named_curve;
    out_.scheme = ecdhe->signed_part.algorithm;
  } else if (const auto* dhe = read.as<wire::ServerKeyExchangeDhe>()) {
    out_.dh_bits = bit_length(dhe->dh_p);
    out_.scheme = dhe->signed_part.algorithm;
  } else if (const auto* verify = read.as<wire::CertificateVerify>()) {
    (by_client ? out_.client_scheme : out_.scheme) = verify->algorithm;
  } else if (const auto* entry = read.as<wire::Certificate13>()) {
    if (by_client)
      client_certificate_ = entry->size() > 0;
    else
      server_entry(*entry);
  } else if (const auto* list = read.as<wire::Certificate12>()) {
    if (by_client) client_certificate_ = !list->certificates.empty();
  } else if (read.as<wire::CertificateStatus>() != nullptr) {
    out_.ocsp_stapled = true;
  }
  switch (read.type) {
    case handshake_type::certificate_request:
      certificate_request_ = true;
      break;
    case handshake_type::server_hello_done:
      server_hello_done_ = true;
      break;
    case handshake_type::finished:
      (by_client ? client_finished_ : server_finished_) = true;
      break;
    default:
      break;
  }
}

void Collector::events() {
  const auto events = reading_.trace().events();
  for (size_t i = 0; i < events.size(); ++i) event(i, events[i]);
  for (const AlertFact& fact : out_.alerts) {
    if (!is_fatal(fact, tls13_)) continue;
    course_.fatal = &fact;
    break;
  }
  if (course_.fatal != nullptr) {
    // A TLS 1.3 server judges the client after it has finished: until the server has sent data, its alert says that
    // the handshake came to nothing.
    for (size_t i = 0; i < course_.fatal->event; ++i)
      if (events[i].kind == EventKind::application_data && !is_client(events[i].direction))
        course_.fatal_after_data = true;
  }
}

void Collector::turn(const Event& event) {
  if (out_.done_ns >= 0 && course_.complete()) return;
  const bool by_client = is_client(event.direction);
  if (course_.last_was_client && !by_client) ++out_.num_round_trips;
  course_.last_was_client = by_client;
}

void Collector::finish(const Event& event) {
  if (course_.complete()) return;
  course_.finished[index(event.direction)] = true;
  if (course_.complete()) out_.done_ns = event.time_ns;
}

void Collector::event(size_t at, const Event& event) {
  const size_t side = index(event.direction);
  switch (event.kind) {
    case EventKind::gap:
      course_.any_gap = true;
      if (!course_.past[side]) course_.gap[side] = true;
      break;
    case EventKind::message:
      turn(event);
      if (event.code == handshake_type::finished || event.code == handshake_type::server_hello_done)
        course_.past[side] = true;
      if (event.code == handshake_type::client_hello && out_.client_hello_ns < 0) out_.client_hello_ns = event.time_ns;
      if (out_.server_hello != nullptr && at == reading_.server_hello()->event) {
        out_.server_hello_ns = event.time_ns;
        course_.server_hello_passed = true;
      }
      if (event.code == handshake_type::finished) finish(event);
      if (!is_client(event.direction)) course_.server_answered = true;
      break;
    case EventKind::change_cipher_spec:
      turn(event);
      if (!is_client(event.direction) && !course_.ccs[0]) server_ccs_first_ = true;
      course_.ccs[side] = true;
      if (!tls13_) course_.past[side] = true;
      break;
    case EventKind::record:
      record(event);
      break;
    case EventKind::application_data:
      course_.data[index(event.direction)] = true;
      break;
    case EventKind::alert:
      alert_event(at, event);
      break;
    case EventKind::problem:
      if (!is_client(event.direction) && course_.problem == nullptr) course_.problem = &event;
      break;
    case EventKind::end_of_stream:
    case EventKind::reset:
      if (course_.end == nullptr) course_.end = &event;
      break;
    default:
      break;
  }
}

void Collector::record(const Event& event) {
  if (event.opened) return;
  ++out_.num_unopened;
  if (!course_.server_hello_passed) return;  // early data
  turn(event);
  if (tls13_) return record13(event);
  const size_t side = index(event.direction);
  course_.encrypted[side] = true;
  // RFC 5246 §7.4.9: the first thing under the new keys is Finished.
  if (course_.ccs[side] && event.code == registry::content_type::handshake) finish(event);
  if (event.code == registry::content_type::application_data && course_.ccs[side]) course_.data[side] = true;
}

void Collector::record13(const Event& event) {
  const size_t side = index(event.direction);
  const bool first = !course_.encrypted[side];
  course_.encrypted[side] = true;
  const bool as_alert = event.stream.len == protected_len(out_.cipher_suite, kAlertLen);
  if (!is_client(event.direction)) {
    if (!course_.complete()) return;
    if (as_alert && !course_.verdict_longer) course_.verdict_alert_length = true;
    if (!as_alert) course_.verdict_longer = true;
    return;
  }
  if (course_.complete()) return;
  if (out_.answered_hello != nullptr && out_.answered_hello->extensions.has(extension::early_data)) {
    // RFC 8446 §4.2.10: early data may still come after the ServerHello; only EndOfEarlyData (§4.5), a header of four
    // bytes, and a Finished (§4.4.4) right after it are taken for the end of it.
    course_.early_mixed = true;
    const bool is_finished =
        course_.after_early_data && (event.stream.len == protected_len(out_.cipher_suite, 4 + 32) ||
                                     event.stream.len == protected_len(out_.cipher_suite, 4 + 48));
    course_.after_early_data = event.stream.len == protected_len(out_.cipher_suite, 4);
    if (!is_finished) return;
  } else {
    if (!first) return;
    // What the client sends first after the ServerHello is its Certificate or Finished, both longer than an alert.
    course_.alert_length = as_alert;
    if (as_alert) return;
  }
  course_.finished[index(Direction::server_to_client)] = true;  // without it the client would not have gone on
  finish(event);
}

void Collector::alert_event(size_t at, const Event& event) {
  if (!is_client(event.direction)) course_.server_answered = true;
  if (out_.alerts.size() >= kMaxAlerts) return;
  out_.alerts.push_back({.event = at,
                         .direction = event.direction,
                         .level = static_cast<uint8_t>(event.code >> 8),
                         .description = static_cast<uint8_t>(event.code & 0xff)});
}

void Collector::early_data() {
  if (out_.early_data != EarlyData::offered || out_.server_hello == nullptr) return;
  // RFC 8446 §4.2.10: not after a HelloRetryRequest, and only with a pre-shared key.
  if (!tls13_ || out_.hello_retry_request != nullptr || !out_.server_hello->extensions.has(extension::pre_shared_key))
    out_.early_data = EarlyData::rejected;
}

void Collector::resumption() {
  if (out_.server_hello == nullptr) return;
  if (tls13_) {
    if (out_.server_hello->extensions.has(extension::pre_shared_key))
      out_.resumption = out_.server_hello->extensions.has(extension::key_share) ? Resumption::psk_dhe : Resumption::psk;
    return;
  }
  // RFC 5246 §7.3, RFC 5077 §3.1: the abbreviated handshake: the server finishes first, and shows no certificate.
  if (!server_ccs_first_ || server_hello_done_ || server_certificate_ || out_.answered_hello == nullptr) return;
  const auto ticket = out_.answered_hello->extensions.find(extension::session_ticket);
  const bool had_ticket = ticket && !ticket->empty();
  const bool echoed = !out_.server_hello->legacy_session_id_echo.empty() &&
                      out_.server_hello->legacy_session_id_echo == out_.answered_hello->legacy_session_id;
  if (had_ticket)
    out_.resumption = Resumption::ticket;
  else if (echoed)
    out_.resumption = Resumption::session_id;
}

void Collector::certificates_of_client() {
  const bool seen_all = tls13_ ? server_finished_ : server_hello_done_;
  if (certificate_request_)
    out_.certificate_asked = Known::yes;
  else if (seen_all || (!tls13_ && server_ccs_first_ && out_.server_hello != nullptr))
    out_.certificate_asked = Known::no;
  if (client_certificate_)
    out_.certificate_given = Known::yes;
  else if (out_.certificate_asked == Known::no || client_finished_ ||
           reading_.find(Direction::client_to_server, handshake_type::certificate) != nullptr)
    out_.certificate_given = Known::no;
  else if (!tls13_ && course_.ccs[0])
    out_.certificate_given = Known::no;  // it would have come before ChangeCipherSpec
  // "No" is said only where nothing is missing that could have held it.
  const trace::Transport transport = reading_.trace().transport();
  const bool datagrams = transport == trace::Transport::dtls || transport == trace::Transport::quic;
  const trace::Coverage& coverage = reading_.trace().coverage();
  const bool lost = !coverage.from_start || (datagrams && !coverage.complete_streams && !course_.any_gap);
  if (out_.certificate_asked == Known::no && (lost || course_.gap[index(Direction::server_to_client)]))
    out_.certificate_asked = Known::unknown;
  if (out_.certificate_given == Known::no && out_.certificate_asked != Known::no &&
      (lost || course_.gap[index(Direction::client_to_server)] || out_.certificate_asked == Known::unknown) &&
      reading_.find(Direction::client_to_server, handshake_type::certificate) == nullptr)
    out_.certificate_given = Known::unknown;
  out_.certificate_needed_keys = tls13_ && !server_finished_ && (course_.encrypted[0] || course_.encrypted[1]);
}

std::string Collector::ended_how() const {
  const std::string_view what = course_.end->kind == EventKind::reset ? "reset" : "closed";
  return fmt::format("{} {} the connection", who(course_.end->direction), what);
}

void Collector::judge_state() {
  const trace::Coverage& coverage = reading_.trace().coverage();
  // RFC 9001 §5.7: a QUIC client has the keys of application data when it has finished.
  const bool quic = reading_.trace().transport() == trace::Transport::quic;
  const bool complete =
      course_.complete() || (course_.server_hello_passed && course_.data[0] && (quic || (course_.data[1] && !tls13_)));
  if (const AlertFact* fatal = course_.fatal; fatal != nullptr && !course_.fatal_after_data) {
    return fail_with(fmt::format("{} sent {}{}", who(fatal->direction),
                                 describe_alert(fatal->level, fatal->description),
                                 complete ? " after the handshake" : ""));
  }
  // RFC 8446 §4.4.4: a server that refuses the client's certificate or Finished says so after the client is through.
  if (complete && reading_.trace().transport() == trace::Transport::tls && course_.verdict_alert_length &&
      !course_.verdict_longer && !course_.data[index(Direction::server_to_client)])
    return unknown_because("all that the server sent after the client's Finished is as long as an alert");
  if (complete) {
    out_.state = State::completed;
    return;
  }
  if (reading_.trace().transport() == trace::Transport::ssl2 && out_.server_hello == nullptr)
    return unknown_because("SSL 2.0, of which only the hellos are read");
  if (out_.middle) return unknown_because("the beginning of the connection was not captured");
  if (course_.alert_length)
    return fail_with("the client sent an encrypted record as long as an alert instead of finishing");
  if (course_.early_mixed)
    return unknown_because("early data and the client's Finished cannot be told apart without keys");
  if (!coverage.client_seen) return unknown_because("nothing that the client sent was captured");
  if (!coverage.server_seen && course_.end == nullptr && passage_.layer == "TCP" && coverage.ended)
    return unknown_because("nothing that the server sent was captured");
  if (course_.problem != nullptr && out_.server_hello == nullptr)
    return fail_with("the server answered with something that is not TLS");
  const trace::Transport transport = reading_.trace().transport();
  const bool datagrams = transport == trace::Transport::dtls || transport == trace::Transport::quic;
  if (!coverage.complete_streams) return unknown_because("parts of the connection were not captured");
  if (datagrams && tls13_) return unknown_because("what follows the ServerHello is encrypted and was not opened");
  if (course_.end != nullptr)
    return fail_with(fmt::format("{} {}", ended_how(),
                                 course_.server_hello_passed         ? "before the handshake was finished"
                                 : is_client(course_.end->direction) ? "before there was an answer"
                                                                     : "without an answer"));
  unknown_because(fmt::format("{} until the end of what was captured",
                              course_.server_answered ? "the handshake was not finished" : "there was no answer"));
}

}  // namespace

std::string_view to_text(Known known) {
  switch (known) {
    case Known::no:
      return "no";
    case Known::yes:
      return "yes";
    case Known::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view to_text(State state) {
  switch (state) {
    case State::completed:
      return "completed";
    case State::failed:
      return "failed";
    case State::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view to_text(Resumption resumption) {
  switch (resumption) {
    case Resumption::none:
      return "none";
    case Resumption::session_id:
      return "session_id";
    case Resumption::ticket:
      return "ticket";
    case Resumption::psk:
      return "psk";
    case Resumption::psk_dhe:
      return "psk_dhe";
  }
  return "none";
}

std::string_view to_text(EarlyData early_data) {
  switch (early_data) {
    case EarlyData::none:
      return "none";
    case EarlyData::offered:
      return "offered";
    case EarlyData::accepted:
      return "accepted";
    case EarlyData::rejected:
      return "rejected";
  }
  return "none";
}

void collect(const trace::Reading& reading, const Passage& passage, Handshake& out) {
  // Everything but the memory of the lists and texts begins anew.
  std::vector<std::string_view> offered = std::move(out.alpn_offered);
  std::vector<AlertFact> alerts = std::move(out.alerts);
  Fingerprints fingerprints = std::move(out.fingerprints);
  std::string cause = std::move(out.cause);
  out = Handshake{};
  out.alpn_offered = std::move(offered);
  out.alpn_offered.clear();
  out.alerts = std::move(alerts);
  out.alerts.clear();
  out.fingerprints = std::move(fingerprints);
  out.cause = std::move(cause);
  out.cause.clear();
  out.reading = &reading;
  out.passage = &passage;
  Collector(reading, passage, out).run();
}

uint64_t packet_at(const Passage& passage, Direction direction, size_t offset) {
  const auto& marks = is_client(direction) ? passage.client_marks : passage.server_marks;
  const auto after = std::ranges::upper_bound(marks, offset, {}, &Passage::Mark::offset);
  return after == marks.begin() ? 0 : std::prev(after)->packet;
}

}  // namespace tlsproof::view
