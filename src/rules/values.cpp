// Key shares, points, Diffie-Hellman numbers, and the lengths that the cryptography fixes.
#include <fmt/format.h>

#include <algorithm>

#include "common.h"
#include "tables.h"
#include "tlsproof/base/text.h"
#include "tlsproof/crypto/key_exchange.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/ext/all.h"

namespace tlsproof::rules {
namespace {

using crypto::KexError;
using registry::GroupInfo;
namespace handshake_type = registry::handshake_type;
namespace extension = registry::extension;

// ---- key shares of TLS 1.3 -----------------------------------------------------------------------------------------

struct Share {
  const MessageRead* message = nullptr;
  uint16_t group = 0;
  ByteView key;
  bool from_client = false;
};

// Every share of every hello, in order.
template <class Look>
void for_each_share(const Seen& seen, Look&& look) {
  wire::ext::KeyShareClient offered;
  wire::ext::KeyShareServer chosen;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    if (const auto* hello = read.as<wire::ClientHello>()) {
      const auto status = hello->extensions.read_typed(offered);
      if (!status || !*status) continue;
      for (size_t i = 0; i < offered.size(); ++i) look(Share{&read, offered.groups[i], offered.keys[i], true});
    } else if (const auto* answer = read.as<wire::ServerHello>(); answer != nullptr && is_tls13(seen)) {
      if (answer->is_hello_retry_request()) continue;
      const auto status = answer->extensions.read_typed(chosen);
      if (status && *status) look(Share{&read, chosen.group, chosen.key, false});
    }
  }
}

void check_share_length(const Seen& seen, Breaches& out) {
  for_each_share(seen, [&](const Share& share) {
    const GroupInfo* info = registry::group_info(share.group);
    if (info == nullptr || !info->tls13) return;
    const size_t len = share.from_client ? info->client_share_len : info->server_share_len;
    if (len != 0 && share.key.size() != len)
      out.add(share.message->direction, {share.message->event},
              fmt::format("a share of {} with {} bytes, not {}", info->name, share.key.size(), len));
  });
}

void check_share_value(const Seen& seen, Breaches& out) {
  for_each_share(seen, [&](const Share& share) {
    const auto checked = crypto::check_share(share.group, share.key);
    if (checked || checked.error() != KexError::invalid_share) return;
    const GroupInfo* info = registry::group_info(share.group);
    const bool curve = info == nullptr || info->kind != registry::GroupKind::ffdhe;
    out.add(share.message->direction, {share.message->event},
            fmt::format("the share of {} {}", registry::group_name(share.group),
                        curve ? "is no uncompressed point on the curve" : "is not between 1 and p - 1"));
  });
}

// ---- key exchange of TLS 1.2 and below -----------------------------------------------------------------------------

void check_point(const Seen& seen, Breaches& out) {
  uint16_t group = 0;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    ByteView point;
    if (const auto* server = read.as<wire::ServerKeyExchangeEcdhe>()) {
      group = server->named_curve;
      point = server->public_key;
    } else if (const auto* client = read.as<wire::ClientKeyExchangeEcdhe>(); client != nullptr && group != 0) {
      point = client->public_key;
    } else {
      continue;
    }
    const auto checked = crypto::check_share(group, point);
    if (checked || checked.error() == KexError::internal) continue;
    out.add(read.direction, {read.event},
            checked.error() == KexError::bad_share_length
                ? fmt::format("{} bytes are no public key of {}", point.size(), registry::group_name(group))
                : fmt::format("no uncompressed point on {}", registry::group_name(group)));
  }
}

void check_dh_value(const Seen& seen, Breaches& out) {
  const Bytes* p = nullptr;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    const Bytes* y = nullptr;
    if (const auto* server = read.as<wire::ServerKeyExchangeDhe>()) {
      p = &server->dh_p;
      y = &server->dh_Ys;
    } else if (const auto* client = read.as<wire::ClientKeyExchangeDhe>()) {
      y = &client->dh_Yc;
    }
    if (y == nullptr || p == nullptr || crypto::check_dh_public(*p, *y)) continue;
    out.add(read.direction, {read.event}, "the public value is not between 1 and p - 1");
  }
}

void check_premaster_length(const Seen& seen, Breaches& out) {
  if (seen.facts.server_chain.empty() || !seen.facts.server_chain.front()->readable) return;
  const auto& key = seen.facts.server_chain.front()->public_key;
  const MessageRead* read = seen.facts.reading->find(Direction::client_to_server, handshake_type::client_key_exchange);
  const auto* exchange = read == nullptr ? nullptr : read->as<wire::ClientKeyExchangeRsa>();
  if (exchange == nullptr || key.kind != x509::KeyKind::rsa || key.modulus.empty()) return;
  const size_t len = exchange->encrypted_pre_master_secret.size();
  if (len != key.modulus.size())
    out.add(read->direction, {read->event},
            fmt::format("{} bytes encrypted to an RSA key of {}", len, key.modulus.size()));
}

// ---- Finished ------------------------------------------------------------------------------------------------------

void check_finished_length(const Seen& seen, Breaches& out) {
  const registry::CipherSuiteInfo* suite = registry::cipher_suite_info(seen.facts.reading->trace().cipher_suite());
  size_t len = 0;
  if (is_tls13(seen) && suite != nullptr) len = registry::hash_len(suite->prf_hash);
  // RFC 5246 §7.4.9: 12 in every suite that does not say otherwise, and none does.
  if (!is_tls13(seen) && seen.handshakes.front().version != registry::version::SSL3) len = 12;
  if (len == 0) return;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    const auto* finished = read.as<wire::Finished>();
    if (finished != nullptr && finished->verify_data.size() != len)
      out.add(read.direction, {read.event},
              fmt::format("verify_data of {} bytes, not {}", finished->verify_data.size(), len));
  }
}

// ---- tickets -------------------------------------------------------------------------------------------------------

// False where two tickets of one connection have the same value.
template <class Value>
void check_tickets_differ(const Seen& seen, Value&& value_of, std::string_view what, Breaches& out) {
  std::vector<const MessageRead*> tickets;
  for (const MessageRead& read : seen.facts.reading->messages()) {
    const auto* ticket = read.as<wire::NewSessionTicket13>();
    if (ticket == nullptr) continue;
    const auto twin = std::ranges::find_if(tickets, [&](const MessageRead* earlier) {
      return value_of(*earlier->as<wire::NewSessionTicket13>()) == value_of(*ticket);
    });
    if (twin != tickets.end())
      out.add(read.direction, {(*twin)->event, read.event}, fmt::format("two tickets have the same {}", what));
    if (tickets.size() < 64) tickets.push_back(&read);
  }
}
void check_ticket_nonce(const Seen& seen, Breaches& out) {
  check_tickets_differ(
      seen, [](const wire::NewSessionTicket13& ticket) { return as_text(ticket.ticket_nonce); }, "ticket_nonce", out);
}
void check_ticket_age_add(const Seen& seen, Breaches& out) {
  check_tickets_differ(
      seen, [](const wire::NewSessionTicket13& ticket) { return ticket.ticket_age_add; }, "ticket_age_add", out);
}

// ---- explicit nonces -----------------------------------------------------------------------------------------------

// RFC 5288 §3: with the same key a nonce that comes twice gives both plaintexts and the authentication key away.
void check_explicit_nonce(const Seen& seen, Breaches& out) {
  const trace::Trace& trace = seen.facts.reading->trace();
  const registry::CipherSuiteInfo* suite = registry::cipher_suite_info(trace.cipher_suite());
  if (suite == nullptr || suite->explicit_nonce_len != 8 || !is_tls12(seen)) return;
  constexpr size_t kMaxRecords = 4096;
  struct Nonce {
    uint64_t value;
    size_t event;
  };
  for (const Direction direction : {Direction::client_to_server, Direction::server_to_client}) {
    std::vector<Nonce> nonces;
    const auto conclude = [&] {
      std::ranges::sort(nonces, {}, [](const Nonce& one) { return std::pair(one.value, one.event); });
      for (size_t i = 1; i < nonces.size(); ++i)
        if (nonces[i].value == nonces[i - 1].value)
          out.add(direction, {nonces[i - 1].event, nonces[i].event},
                  fmt::format("two records carry the nonce {:016x}", nonces[i].value));
      nonces.clear();
    };
    const auto events = trace.events();
    for (size_t i = 0; i < events.size(); ++i) {
      const trace::Event& event = events[i];
      if (event.direction != direction) continue;
      if (event.kind == EventKind::change_cipher_spec) conclude();  // new keys
      if (event.kind != EventKind::record || event.level == wire::Level::initial || nonces.size() >= kMaxRecords)
        continue;
      const ByteView bytes = trace.bytes_of(event);
      if (bytes.size() < wire::kRecordHeaderLen + 8) continue;
      uint64_t nonce = 0;
      for (const uint8_t byte : bytes.subspan(wire::kRecordHeaderLen, 8)) nonce = nonce << 8 | byte;
      nonces.push_back({nonce, i});
    }
    conclude();
  }
}

// ---- heartbeats ----------------------------------------------------------------------------------------------------

void check_heartbeat_length(const Seen& seen, Breaches& out) {
  const trace::Trace& trace = seen.facts.reading->trace();
  const auto events = trace.events();
  for (size_t i = 0; i < events.size(); ++i) {
    const trace::Event& event = events[i];
    if (event.kind != EventKind::record || !event.opened || event.code != registry::content_type::heartbeat) continue;
    const ByteView body = trace.content(event);
    if (body.size() < 3) continue;
    const size_t len = static_cast<size_t>(body[1]) << 8 | body[2];
    constexpr size_t kMinPadding = 16;
    if (3 + len + kMinPadding > body.size())
      out.add(event.direction, {i},
              fmt::format("payload_length {} in a heartbeat message of {} bytes", len, body.size()));
  }
}

using enum verdict::Requirement;

constexpr Rule kRules[] = {
    {"key_share/length",
     "A key share has the length of its group",
     must,
     {Cite{8446, "4.2.8.1"}, Cite{8446, "4.2.8.2"}},
     kAnyButDrafts,
     "The other side cannot use it.",
     check_share_length},
    {"key_share/valid",
     "A key share is a point on its curve, or a number between 1 and p - 1",
     must,
     {Cite{8446, "4.2.8.1"}, Cite{8446, "4.2.8.2"}},
     kAnyButDrafts,
     "Computing with anything else gives parts of the private key away.",
     check_share_value},
    {"key_exchange/point",
     "An ECDHE public key is an uncompressed point on the named curve",
     must,
     {Cite{8422, "5.4"}, Cite{8422, "5.7"}, Cite{8422, "5.11"}},
     kBelow13,
     "Computing with anything else gives parts of the private key away.",
     check_point},
    {"key_exchange/dh_value",
     "A Diffie-Hellman public value lies between 1 and p - 1",
     must,
     {Cite{7919, "5.1"}, Cite{5246, "F.1.1.3"}},
     kBelow13,
     "0, 1 and p - 1 make the shared secret known to everybody.",
     check_dh_value},
    {"key_exchange/premaster_length",
     "The encrypted premaster secret is as long as the server's RSA key",
     must,
     {Cite{5246, "7.4.7.1"}},
     kBelow13,
     "It cannot be decrypted.",
     check_premaster_length},
    {"finished/length",
     "verify_data has the length that version and cipher suite give it",
     must,
     {Cite{8446, "4.4.4"}, Cite{5246, "7.4.9"}},
     kNegotiated,
     "A shorter one is easier to forge.",
     check_finished_length},
    {"new_session_ticket/nonce",
     "The tickets of one connection have different nonces",
     must,
     {Cite{8446, "4.6.1"}},
     kTls13,
     "Tickets with the same nonce stand for the same pre-shared key.",
     check_ticket_nonce},
    {"new_session_ticket/age_add",
     "Each ticket has a fresh ticket_age_add",
     must,
     {Cite{8446, "4.6.1"}},
     kTls13,
     "Connections that resume with one of them can be linked by their obfuscated ages.",
     check_ticket_age_add},
    {"records/explicit_nonce",
     "No nonce comes twice under one key",
     must,
     {Cite{5288, "3"}, Cite{6655, "3"}},
     kBelow13OverTcp,
     "Two records with one nonce give both plaintexts and the authentication key away.",
     check_explicit_nonce},
    {"heartbeat/payload_length",
     "A heartbeat message is as long as its payload_length and its padding",
     must,
     {Cite{6520, "4"}},
     kAnything,
     "A peer that believes it answers with whatever stands in its memory (Heartbleed).",
     check_heartbeat_length},
};

}  // namespace

std::span<const Rule> value_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
