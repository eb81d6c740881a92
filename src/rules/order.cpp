// The order of messages, by grammars that know nothing of our own TLS: one table a version and side. Each direction is
// judged by itself, since a capture may show the two in another order than their sender saw them.
#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace ct = registry::content_type;
namespace hs = registry::handshake_type;
using verdict::Requirement;

// What a side sends: a handshake type, or one of these.
constexpr uint16_t kCcs = 256;
constexpr uint16_t kData = 257;
constexpr uint16_t kStart = 258;

// The state is named by what was sent last; `sealed` is where nobody can read on.
enum class State : uint8_t {
  start,
  hello,
  second_hello,
  retry,
  supplemental,
  encrypted_extensions,
  certificate,
  certificate_status,
  server_key_exchange,
  certificate_request,
  hello_done,
  key_exchange,
  certificate_verify,
  new_ticket,
  end_of_early_data,
  ccs,
  next_protocol,
  channel_id,
  done,
  late_certificate,  // RFC 8446 §4.6.2: authentication after the handshake
  late_certificate_verify,
  sealed,
};
constexpr size_t kNumStates = static_cast<size_t>(State::sealed) + 1;

enum class When : uint8_t { always, after_retry, renegotiating };

struct Row {
  State from;
  uint16_t sent;
  State to;
  When when = When::always;
};

using enum State;

// RFC 5246 §7.3, figures 1 and 2; RFC 4680 §2 (supplemental data); draft-agl-tls-nextprotoneg and
// draft-balfanz-tls-channelid (between ChangeCipherSpec and Finished); RFC 6066 §5 (a URL in place of the certificate).
constexpr Row kClient12[] = {
    {start, hs::client_hello, hello},
    {hello, hs::client_hello, hello, When::renegotiating},  // after the server has ignored the one before
    {hello, hs::supplemental_data, supplemental},
    {hello, hs::certificate, certificate},
    {hello, hs::certificate_url, certificate},
    {hello, hs::client_key_exchange, key_exchange},
    {hello, kCcs, ccs},  // an abbreviated handshake
    {hello, kData, hello, When::renegotiating},
    {supplemental, hs::certificate, certificate},
    {supplemental, hs::certificate_url, certificate},
    {supplemental, hs::client_key_exchange, key_exchange},
    {supplemental, kData, supplemental, When::renegotiating},
    {certificate, hs::client_key_exchange, key_exchange},
    {certificate, kData, certificate, When::renegotiating},
    {key_exchange, hs::certificate_verify, certificate_verify},
    {key_exchange, kCcs, ccs},
    {key_exchange, kData, key_exchange, When::renegotiating},
    {certificate_verify, kCcs, ccs},
    {certificate_verify, kData, certificate_verify, When::renegotiating},
    {ccs, hs::next_protocol, next_protocol},
    {ccs, hs::channel_id, channel_id},
    {ccs, hs::finished, done},
    {next_protocol, hs::channel_id, channel_id},
    {next_protocol, hs::finished, done},
    {channel_id, hs::finished, done},
    {done, hs::client_hello, hello},
    {done, kData, done},
};
// RFC 5246 §7.3, RFC 6066 §8 (CertificateStatus), RFC 5077 §3.3 (NewSessionTicket). HelloRequest has no place in it:
// see is_sent().
constexpr Row kServer12[] = {
    {start, hs::server_hello, hello},
    {hello, hs::supplemental_data, supplemental},
    {hello, hs::certificate, certificate},
    {hello, hs::server_key_exchange, server_key_exchange},
    {hello, hs::server_hello_done, hello_done},
    {hello, hs::new_session_ticket, new_ticket},  // abbreviated, with another ticket
    {hello, kCcs, ccs},                           // abbreviated
    {hello, kData, hello, When::renegotiating},
    {supplemental, hs::certificate, certificate},
    {supplemental, hs::server_key_exchange, server_key_exchange},
    {supplemental, hs::server_hello_done, hello_done},
    {certificate, hs::certificate_status, certificate_status},
    {certificate, hs::server_key_exchange, server_key_exchange},
    {certificate, hs::certificate_request, certificate_request},
    {certificate, hs::server_hello_done, hello_done},
    {certificate, kData, certificate, When::renegotiating},
    {certificate_status, hs::server_key_exchange, server_key_exchange},
    {certificate_status, hs::certificate_request, certificate_request},
    {certificate_status, hs::server_hello_done, hello_done},
    {server_key_exchange, hs::certificate_request, certificate_request},
    {server_key_exchange, hs::server_hello_done, hello_done},
    {server_key_exchange, kData, server_key_exchange, When::renegotiating},
    {certificate_request, hs::server_hello_done, hello_done},
    {hello_done, hs::new_session_ticket, new_ticket},
    {hello_done, kCcs, ccs},
    {hello_done, kData, hello_done, When::renegotiating},
    {new_ticket, kCcs, ccs},
    {ccs, hs::finished, done},
    {done, hs::server_hello, hello},
    {done, kData, done},
};
// RFC 8446 §4, §4.6 and appendix A.1; RFC 8879 §4 (compressed_certificate). ChangeCipherSpec is judged by
// records/change_cipher_spec.
constexpr Row kClient13[] = {
    {start, hs::client_hello, hello},
    {hello, hs::client_hello, second_hello, When::after_retry},
    {hello, hs::end_of_early_data, end_of_early_data},
    {hello, hs::certificate, certificate},
    {hello, hs::compressed_certificate, certificate},
    {hello, hs::finished, done},
    {second_hello, hs::certificate, certificate},
    {second_hello, hs::compressed_certificate, certificate},
    {second_hello, hs::finished, done},
    {certificate, hs::certificate_verify, certificate_verify},
    {certificate, hs::finished, done},  // of an empty one
    {certificate_verify, hs::finished, done},
    {end_of_early_data, hs::certificate, certificate},
    {end_of_early_data, hs::compressed_certificate, certificate},
    {end_of_early_data, hs::finished, done},
    {done, hs::key_update, done},
    {done, hs::certificate, late_certificate},
    {done, hs::compressed_certificate, late_certificate},
    {done, kData, done},
    {late_certificate, hs::certificate_verify, late_certificate_verify},
    {late_certificate, hs::finished, done},
    {late_certificate_verify, hs::finished, done},
};
// RFC 8446 §4, §4.6 and appendix A.2.
constexpr Row kServer13[] = {
    {start, hs::server_hello, hello},  // a HelloRetryRequest too: then `retry`
    {hello, hs::encrypted_extensions, encrypted_extensions},
    {retry, hs::server_hello, hello},
    {encrypted_extensions, hs::certificate_request, certificate_request},
    {encrypted_extensions, hs::certificate, certificate},
    {encrypted_extensions, hs::compressed_certificate, certificate},
    {encrypted_extensions, hs::finished, done},  // with a PSK
    {certificate, hs::certificate_verify, certificate_verify},
    {certificate_request, hs::certificate, certificate},
    {certificate_request, hs::compressed_certificate, certificate},
    {certificate_verify, hs::finished, done},
    {done, hs::new_session_ticket, done},
    {done, hs::key_update, done},
    {done, hs::certificate_request, done},
    {done, kData, done},
};

// Rows sorted by `from`: where each state's begin.
template <size_t n>
constexpr std::array<uint8_t, kNumStates + 1> begins(const Row (&rows)[n]) {
  std::array<uint8_t, kNumStates + 1> out{};
  for (size_t state = 0; state <= kNumStates; ++state) {
    size_t i = 0;
    while (i < n && static_cast<size_t>(rows[i].from) < state) ++i;
    out[state] = static_cast<uint8_t>(i);
  }
  return out;
}
template <size_t n>
constexpr bool sorted(const Row (&rows)[n]) {
  return std::ranges::is_sorted(rows, {}, &Row::from);
}
static_assert(sorted(kClient12) && sorted(kServer12) && sorted(kClient13) && sorted(kServer13));

struct Grammar {
  Direction side;
  bool tls13;
  std::span<const Row> rows;
  std::array<uint8_t, kNumStates + 1> begin;
};
constexpr Grammar kGrammarClient12{kClient, false, kClient12, begins(kClient12)};
constexpr Grammar kGrammarServer12{kServer, false, kServer12, begins(kServer12)};
constexpr Grammar kGrammarClient13{kClient, true, kClient13, begins(kClient13)};
constexpr Grammar kGrammarServer13{kServer, true, kServer13, begins(kServer13)};

std::string name_of(uint16_t sent) {
  switch (sent) {
    case kCcs:
      return "ChangeCipherSpec";
    case kData:
      return "application data";
    case kStart:
      return "the beginning";
    default:
      return registry::handshake_type_name(static_cast<uint8_t>(sent));
  }
}

// Walks one direction through its grammar, to the first breach or the first thing that nobody can read.
class Walk {
 public:
  Walk(const Grammar& grammar, const Seen& seen) : grammar_(grammar), seen_(seen) {}

  void run(Breaches& out) {
    const auto events = seen_.events();
    const size_t until = std::min(events.size(), seen_.seen_until[static_cast<size_t>(grammar_.side)]);
    for (size_t i = 0; i < until && state_ != sealed; ++i) {
      const trace::Event& event = events[i];
      if (event.direction != grammar_.side) continue;
      uint16_t sent = 0;
      if (!is_sent(event, sent)) continue;
      if (step(event, sent)) continue;
      out.add(grammar_.side, last_ == kStart ? std::vector{i} : std::vector{last_event_, i},
              fmt::format("{} after {}", name_of(sent), name_of(last_)));
      return;
    }
  }

 private:
  // What the grammar is to see of an event; false: nothing.
  bool is_sent(const trace::Event& event, uint16_t& sent) {
    last_index_ = static_cast<size_t>(&event - seen_.events().data());
    if (event.kind == EventKind::message) {
      sent = event.code;
      // RFC 5246 §7.4.1.1: a server may send HelloRequest at any time; a client that is negotiating ignores it.
      return grammar_.tls13 || grammar_.side != kServer || sent != hs::hello_request;
    }
    if (event.kind == EventKind::change_cipher_spec) {
      sent = kCcs;
      return !grammar_.tls13;
    }
    if (event.kind != EventKind::record) return false;
    if (event.opened ? event.code != ct::application_data : grammar_.tls13 || event.code != ct::application_data) {
      // Protected and unreadable: in TLS 1.2 an alert tells by its type that it changes nothing, a handshake message
      // does not tell which one it is.
      if (!event.opened && (grammar_.tls13 || event.code == ct::handshake)) state_ = sealed;
      return false;
    }
    // RFC 8446 §4.2.10: early data, between ClientHello and EndOfEarlyData.
    if (grammar_.tls13 && event.level == Level::early && state_ == hello && offers_early_data()) return false;
    sent = kData;
    return true;
  }

  [[nodiscard]] bool offers_early_data() const {
    const Hello* first = seen_.handshakes.empty() ? nullptr : seen_.handshakes.front().first_hello;
    return first == nullptr || first->has(registry::extension::early_data);
  }

  [[nodiscard]] bool holds(When when) const {
    switch (when) {
      case When::always:
        return true;
      case When::renegotiating:
        return was_done_;
      case When::after_retry:
        return seen_.handshakes.empty() || seen_.handshakes.front().retry != nullptr ||
               seen_.seen_until[static_cast<size_t>(kServer)] != kNoEvent;
    }
    return true;
  }

  bool step(const trace::Event&, uint16_t sent) {
    const auto state = static_cast<size_t>(state_);
    for (size_t i = grammar_.begin[state]; i < grammar_.begin[state + 1]; ++i) {
      const Row& row = grammar_.rows[i];
      if (row.sent != sent || !holds(row.when)) continue;
      state_ = row.to;
      if (grammar_.tls13 && row.from == start && row.to == hello && is_retry()) state_ = retry;
      was_done_ |= state_ == done;
      last_ = sent;
      last_event_ = last_index_;
      return true;
    }
    return false;
  }

  // Whether the ServerHello at hand is a HelloRetryRequest.
  [[nodiscard]] bool is_retry() const {
    return grammar_.side == kServer && !seen_.handshakes.empty() && seen_.handshakes.front().retry_read != nullptr &&
           seen_.handshakes.front().retry_read->event == last_index_;
  }

  const Grammar& grammar_;
  const Seen& seen_;
  State state_ = start;
  bool was_done_ = false;
  uint16_t last_ = kStart;
  size_t last_event_ = 0, last_index_ = 0;
};

template <const Grammar& grammar>
void in_order(const Seen& seen, Breaches& out) {
  Walk(grammar, seen).run(out);
}

void first_message(const Seen& seen, Breaches& out) {
  if (seen.handshakes.empty()) return;
  for (const Direction side : {kClient, kServer}) {
    for (const MessageRead& read : seen.handshakes.front().messages) {
      if (read.direction != side) continue;
      if (!seen.handshakes.front().seen_to(side, read.event)) break;
      const bool good = side == kClient ? read.type == hs::client_hello
                                        : read.type == hs::server_hello || read.type == hs::hello_request ||
                                              read.type == hs::hello_verify_request;
      if (!good) out.add(side, {read.event}, fmt::format("begins with {}", registry::handshake_type_name(read.type)));
      break;
    }
  }
}

constexpr Scope kNew{Scope::tls13, Scope::tls | Scope::quic};

constexpr Rule kRules[] = {
    {.id = "order/first_message",
     .title = "A client begins with ClientHello, a server with ServerHello or HelloRequest",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4"}, Cite{5246, "7.3"}},
     // In all other versions the grammars say so.
     .scope = {Scope::undecided | Scope::tls13_draft, Scope::any_carrier},
     .why = "Whoever accepts another message first has skipped the handshake.",
     .check = first_message},
    {.id = "order/tls12_client",
     .title = "A client's messages come in the order of TLS 1.2 and below",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.3"}, Cite{5246, "7.4"}},
     .scope = kBelow13OverTcp,
     .why = "State machines that take messages in any order have been tricked into skipping authentication (SMACK, "
            "FREAK).",
     .check = in_order<kGrammarClient12>},
    {.id = "order/tls12_server",
     .title = "A server's messages come in the order of TLS 1.2 and below",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.3"}, Cite{5246, "7.4"}, Cite{5077, "3.3"}, Cite{6066, "8"}},
     .scope = kBelow13OverTcp,
     .why = "State machines that take messages in any order have been tricked into skipping authentication (SMACK, "
            "FREAK).",
     .check = in_order<kGrammarServer12>},
    {.id = "order/tls13_client",
     .title = "A client's messages come in the order of TLS 1.3",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4"}, Cite{8446, "4.6"}, Cite{8446, "A.1"}},
     .scope = kNew,
     .why = "A peer that gets a message in the wrong place must abort with unexpected_message.",
     .check = in_order<kGrammarClient13>},
    {.id = "order/tls13_server",
     .title = "A server's messages come in the order of TLS 1.3",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4"}, Cite{8446, "4.6"}, Cite{8446, "A.2"}},
     .scope = kNew,
     .why = "A peer that gets a message in the wrong place must abort with unexpected_message.",
     .check = in_order<kGrammarServer13>},
};

}  // namespace

std::span<const Rule> order_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
