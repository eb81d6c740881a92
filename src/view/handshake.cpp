#include "tlsproof/view/handshake.h"

#include <algorithm>
#include <bit>

#include "course.h"
#include "stapled.h"
#include "tlsproof/base/reader.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::view {
namespace {

using trace::Direction;
using trace::MessageRead;
namespace extension = registry::extension;
namespace handshake_type = registry::handshake_type;
namespace version = registry::version;

constexpr size_t kMaxAlpnOffered = 64;

bool is_client(Direction direction) {
  return direction == Direction::client_to_server;
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

class Collector {
 public:
  Collector(const trace::Reading& reading, const Passage& passage, Handshake& out)
      : reading_(reading), passage_(passage), out_(out) {}

  void run() {
    hellos();
    messages();
    tls13_ = has_tls13_handshake(out_.version);
    course_ = follow_course(reading_, tls13_, out_);
    early_data();
    certificates_of_client();
    resumption();
    judge_state(course_, reading_, tls13_, passage_, out_);
  }

 private:
  void hellos();
  void messages();
  void message(const MessageRead& read);
  void renegotiated(const MessageRead& read);
  void server_entry(const wire::Certificate13& certificate);
  void early_data();
  void certificates_of_client();
  void resumption();

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
  bool later_request_ = false;                // of a renegotiation
  Known later_certificate_ = Known::unknown;  // given in one
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
    if (out_.num_renegotiations > 0) renegotiated(read);
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
  out_.ocsp_response = stapled_response(certificate.extension_blocks[0]);
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
  } else if (const auto* status = read.as<wire::CertificateStatus>()) {
    out_.ocsp_stapled = true;
    if (status->status_type == registry::certificate_status_type::ocsp) out_.ocsp_response = status->response;
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

// Servers ask in a renegotiation when it is the place asked for that needs a certificate.
void Collector::renegotiated(const MessageRead& read) {
  if (read.type == handshake_type::certificate_request && !is_client(read.direction)) later_request_ = true;
  if (!is_client(read.direction)) return;
  if (const auto* list = read.as<wire::Certificate12>())
    later_certificate_ = list->certificates.empty() ? Known::no : Known::yes;
  if (const auto* verify = read.as<wire::CertificateVerify>(); verify != nullptr && out_.client_scheme == 0)
    out_.client_scheme = verify->algorithm;
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
  if (!course_.server_ccs_first || server_hello_done_ || server_certificate_ || out_.answered_hello == nullptr) return;
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
  else if (seen_all || (!tls13_ && course_.server_ccs_first && out_.server_hello != nullptr))
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
  if (out_.certificate_asked == Known::no && (lost || course_.gap[side_of(Direction::server_to_client)]))
    out_.certificate_asked = Known::unknown;
  if (out_.certificate_given == Known::no && out_.certificate_asked != Known::no &&
      (lost || course_.gap[side_of(Direction::client_to_server)] || out_.certificate_asked == Known::unknown) &&
      reading_.find(Direction::client_to_server, handshake_type::certificate) == nullptr)
    out_.certificate_given = Known::unknown;
  if (out_.certificate_asked != Known::yes && later_request_) {
    out_.asked_in_renegotiation = true;
    out_.certificate_asked = Known::yes;
    out_.certificate_given = later_certificate_;
  } else if (out_.certificate_asked == Known::no && course_.hidden_handshake && !datagrams) {
    out_.certificate_asked = out_.certificate_given = Known::unknown;
  }
  const bool hidden = tls13_ ? !server_finished_ && (course_.encrypted[0] || course_.encrypted[1])
                             : course_.hidden_handshake && out_.certificate_asked == Known::unknown;
  out_.certificate_needed_keys = hidden;
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
