// Records: their header, size, type and what they may hold (TLS over TCP alone; DTLS and QUIC have their own).
#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace ct = registry::content_type;
namespace e = registry::extension;
namespace hs = registry::handshake_type;
using trace::Event;
using verdict::Requirement;

const Handshake* first_of(const Seen& seen) {
  return seen.handshakes.empty() ? nullptr : &seen.handshakes.front();
}

// Calls visit(index, event) for every record.
template <class Visit>
void for_each_record(const Seen& seen, Visit&& visit) {
  const auto events = seen.events();
  for (size_t i = 0; i < events.size(); ++i)
    if (events[i].kind == EventKind::record) visit(i, events[i]);
}

size_t fragment_len(const Event& record) {
  return record.stream.len - std::min(record.stream.len, wire::kRecordHeaderLen);
}

// Where the first ClientHello ends in the client's stream; 0 when it was not seen.
size_t end_of_hello(const Seen& seen) {
  const Handshake* h = first_of(seen);
  const MessageRead* hello = h == nullptr ? nullptr : h->find(kClient, hs::client_hello);
  return hello == nullptr ? 0 : seen.events()[hello->event].stream.end();
}

// The event of the first ServerHello or HelloRetryRequest.
size_t server_begins(const Seen& seen) {
  const Handshake* h = first_of(seen);
  const MessageRead* hello = h == nullptr ? nullptr : h->find(kServer, hs::server_hello);
  return hello == nullptr ? kNoEvent : seen.events()[hello->event].stream.offset;
}

// The records that a side sends once both know the version: the server's from its hello on, the client's after its own.
template <class Visit>
void for_each_later_record(const Seen& seen, Visit&& visit) {
  const size_t client_from = end_of_hello(seen);
  const size_t server_from = server_begins(seen);
  if (client_from == 0 || server_from == kNoEvent) return;
  for_each_record(seen, [&](size_t i, const Event& record) {
    if (record.stream.len > 0 && record.stream.offset >= (record.direction == kClient ? client_from : server_from))
      visit(i, record);
  });
}

void version13(const Seen& seen, Breaches& out) {
  for_each_later_record(seen, [&](size_t i, const Event& record) {
    if (record.version != registry::version::TLS1_2)
      out.add(record.direction, {i}, fmt::format("legacy_record_version 0x{:04x}", record.version));
  });
}

void version12(const Seen& seen, Breaches& out) {
  const Handshake* h = first_of(seen);
  for_each_later_record(seen, [&](size_t i, const Event& record) {
    if (record.version == h->version || record.code == ct::alert) return;
    out.add(record.direction, {h->server_hello_read->event, i},
            fmt::format("record version 0x{:04x} in {}", record.version, version_text(h->version)));
  });
}

void plaintext_len(const Seen& seen, Breaches& out) {
  const bool tls13 = seen.version == Scope::tls13;
  for_each_record(seen, [&](size_t i, const Event& record) {
    if (!record.opened) return;
    // What stands on the wire says it where the content was not kept.
    const size_t len = record.level == Level::initial ? fragment_len(record) : record.content.len;
    if (len > wire::kMaxPlaintext && !(tls13 && record.level != Level::initial && len == 0))
      out.add(record.direction, {i}, fmt::format("a record with {} bytes of plaintext", len));
  });
}

void ciphertext_len(const Seen& seen, Breaches& out) {
  const size_t most = seen.version == Scope::tls13 ? wire::kMaxCiphertext13 : wire::kMaxCiphertext12;
  for_each_record(seen, [&](size_t i, const Event& record) {
    if (record.level != Level::initial || !record.opened)
      if (fragment_len(record) > most)
        out.add(record.direction, {i}, fmt::format("a protected record of {} bytes", fragment_len(record)));
  });
}

void not_empty(const Seen& seen, Breaches& out) {
  for_each_record(seen, [&](size_t i, const Event& record) {
    if (!record.opened || record.content.len > 0 || record.stream.len == 0) return;
    // Content that was too much to keep has a length on the wire.
    if (record.level == Level::initial && fragment_len(record) > 0) return;
    if (record.code == ct::handshake || record.code == ct::alert || record.code == ct::change_cipher_spec)
      out.add(record.direction, {i},
              fmt::format("an empty {} record", registry::content_type_name(static_cast<uint8_t>(record.code))));
  });
}

// RFC 6520 §2: the client offers it, and the server has to answer. What was not seen may have said so.
bool heartbeat_may_be_agreed(const Seen& seen) {
  for (const Handshake& h : seen.handshakes) {
    if (h.hello == nullptr) return true;
    const MessageRead* read = nullptr;
    const wire::ExtensionList* answers = h.answers(read);
    if (h.hello->has(e::heartbeat) && (answers == nullptr || answers->has(e::heartbeat))) return true;
  }
  return seen.handshakes.empty();
}

void known_type(const Seen& seen, Breaches& out) {
  for_each_record(seen, [&](size_t i, const Event& record) {
    const uint16_t type = record.code;
    if (type >= ct::change_cipher_spec && type <= ct::application_data) return;
    if (type == ct::heartbeat && heartbeat_may_be_agreed(seen)) return;
    out.add(record.direction, {i},
            record.opened && record.level != Level::initial && type == 0 && seen.version == Scope::tls13
                ? "a protected record without a content type"
                : fmt::format("a record of type {}", registry::content_type_name(static_cast<uint8_t>(type))));
  });
}

// ---- handshake messages and records

void not_interleaved(const Seen& seen, Breaches& out) {
  struct Other {
    size_t event = kNoEvent;
    size_t offset = 0;
  };
  std::array<Other, 2> last;  // the last record of another type
  const auto events = seen.events();
  for (size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    Other& other = last[static_cast<size_t>(event.direction)];
    if (event.kind == EventKind::record && event.opened && event.code != ct::handshake) {
      other = {i, event.stream.offset};
    } else if (event.kind == EventKind::message && other.event != kNoEvent && other.offset > event.stream.offset &&
               other.offset < event.stream.end()) {
      out.add(event.direction, {other.event, i},
              fmt::format("a record of type {} within {}",
                          registry::content_type_name(static_cast<uint8_t>(events[other.event].code)),
                          registry::handshake_type_name(static_cast<uint8_t>(event.code))));
    }
  }
}

bool ends_keys(uint16_t type) {
  return type == hs::client_hello || type == hs::server_hello || type == hs::end_of_early_data ||
         type == hs::finished || type == hs::key_update;
}

void aligned(const Seen& seen, Breaches& out) {
  std::array<size_t, 2> last{kNoEvent, kNoEvent};  // the message before, when keys may change behind it
  const auto events = seen.events();
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind != EventKind::message) continue;
    size_t& before = last[static_cast<size_t>(events[i].direction)];
    if (before != kNoEvent && events[i].stream.len > 0 && events[i].stream.offset < events[before].stream.end())
      out.add(events[i].direction, {before, i},
              fmt::format("{} in the record that ends {}",
                          registry::handshake_type_name(static_cast<uint8_t>(events[i].code)),
                          registry::handshake_type_name(static_cast<uint8_t>(events[before].code))));
    before = ends_keys(events[i].code) ? i : kNoEvent;
  }
}

// ---- ChangeCipherSpec

void ccs_content(const Seen& seen, Breaches& out) {
  for_each_record(seen, [&](size_t i, const Event& record) {
    if (record.code != ct::change_cipher_spec || !record.opened || record.content.len == 0) return;
    const ByteView content = seen.trace->content(record);
    if (content.size() != 1 || content[0] != 1)
      out.add(record.direction, {i},
              fmt::format("a ChangeCipherSpec of {} bytes, the first {}", content.size(),
                          content.empty() ? "missing" : hex8(content[0])));
  });
}

// RFC 8446 §5: not before the first ClientHello was sent or received. What one direction shows is in order; of the
// other one it is known where it shows nothing else before either.
bool before_all(const Seen& seen, const Handshake& h, size_t ccs) {
  const Event& record = seen.events()[ccs];
  const MessageRead* hello = h.find(kClient, hs::client_hello);
  if (hello == nullptr || !h.seen_to(kClient, hello->event)) return false;
  if (record.direction == kClient) return record.stream.offset < seen.events()[hello->event].stream.offset;
  const MessageRead* answer = h.find(kServer, hs::server_hello);
  return answer != nullptr && h.seen_to(kServer, answer->event) && ccs < hello->event && ccs < answer->event;
}

void ccs_place13(const Seen& seen, Breaches& out) {
  const Handshake* h = first_of(seen);
  for_each_record(seen, [&](size_t i, const Event& record) {
    if (record.code != ct::change_cipher_spec || !record.opened) return;
    if (record.level != Level::initial) {
      out.add(record.direction, {i}, "a protected ChangeCipherSpec");
      return;
    }
    if (h == nullptr) return;
    if (before_all(seen, *h, i)) {
      out.add(record.direction, {i, h->find(kClient, hs::client_hello)->event},
              "a ChangeCipherSpec before the first ClientHello");
      return;
    }
    const MessageRead* finished = h->find(record.direction, hs::finished);
    if (finished != nullptr && record.stream.offset >= seen.events()[finished->event].stream.end())
      out.add(record.direction, {finished->event, i}, "a ChangeCipherSpec after Finished");
  });
}

// ---- limits that were agreed on

void fragment_length_kept(const Seen& seen, Breaches& out) {
  const Handshake* h = first_of(seen);
  if (h == nullptr) return;
  const MessageRead* read = nullptr;
  const auto length = typed<wire::ext::MaxFragmentLength>(h->answers(read));
  if (!length || length->code < 1 || length->code > 4) return;
  const size_t most = size_t{1} << (8 + length->code);
  // RFC 6066 §4: at once, for handshake messages too; what the client had sent before does not count.
  const size_t server_from = seen.events()[read->event].stream.offset;
  const size_t client_from = end_of_hello(seen);
  if (client_from == 0) return;
  for_each_record(seen, [&](size_t i, const Event& record) {
    if (!record.opened || record.level == Level::early || record.content.len <= most) return;
    if (record.stream.offset >= (record.direction == kClient ? client_from : server_from))
      out.add(record.direction, {read->event, i},
              fmt::format("a record with {} bytes, {} were agreed on", record.content.len, most));
  });
}

// What the limit of RFC 8449 counts; 0 when it cannot be known.
size_t limited_len(const Handshake& h, const Event& record) {
  if (record.level == Level::initial && record.opened) return 0;  // unprotected
  if (h.suite == nullptr || record.level == Level::early) return 0;
  if (!h.is_tls13() && record.opened) return record.content.len;
  if (h.suite->tag_len == 0) return 0;
  // TLS 1.3: TLSInnerPlaintext, with type and padding. TLS 1.2: all but nonce and tag.
  const size_t extra = size_t{h.suite->tag_len} + (h.is_tls13() ? 0 : h.suite->explicit_nonce_len);
  return fragment_len(record) - std::min(fragment_len(record), extra);
}

void size_limit_kept(const Seen& seen, Breaches& out) {
  const Handshake* h = first_of(seen);
  if (h == nullptr || h->hello == nullptr) return;
  const MessageRead* read = nullptr;
  const auto of_server = typed<wire::ext::RecordSizeLimit>(h->answers(read));
  const auto of_client = typed<wire::ext::RecordSizeLimit>(&h->hello->message->extensions);
  if (!of_server || !of_client) return;
  for_each_record(seen, [&](size_t i, const Event& record) {
    if (record.code == ct::change_cipher_spec) return;
    const size_t most = record.direction == kClient ? of_server->limit : of_client->limit;
    const size_t len = limited_len(*h, record);
    if (len > most)
      out.add(record.direction, {record.direction == kClient ? read->event : h->hello->event(), i},
              fmt::format("a record with {} bytes of plaintext, the other side takes {}", len, most));
  });
}

constexpr Scope kAny{Scope::any_version, Scope::tls};
constexpr Scope kNew{Scope::tls13, Scope::tls};
constexpr Scope kBoth{Scope::before_tls13 | Scope::tls13, Scope::tls};

constexpr Rule kRules[] = {
    {.id = "records/version_in_tls13",
     .title = "legacy_record_version of TLS 1.3 is 0x0303, but for the first ClientHello",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5.1"}},
     .scope = kNew,
     .why = "Middleboxes have been seen to drop other values.",
     .check = version13},
    {.id = "records/version_in_tls12",
     .title = "Once the version is chosen, records carry it",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "6.2.1"}, Cite{5246, "E.1"}},
     .scope = kBelow13OverTcp,
     .why = "A peer may refuse a record of another version.",
     .check = version12},
    {.id = "records/plaintext_length",
     .title = "A record holds at most 2^14 bytes of plaintext",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5.1"}, Cite{5246, "6.2.1"}},
     .scope = kAny,
     .why = "A peer must abort with record_overflow.",
     .check = plaintext_len},
    {.id = "records/ciphertext_length",
     .title = "A protected record has at most 2^14 + 256 bytes in TLS 1.3, 2^14 + 2048 before",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5.2"}, Cite{5246, "6.2.3"}},
     .scope = kBoth,
     .why = "A peer must abort with record_overflow.",
     .check = ciphertext_len},
    {.id = "records/not_empty",
     .title = "Handshake, alert and ChangeCipherSpec records are not empty",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5.1"}, Cite{8446, "5.4"}, Cite{5246, "6.2.1"}},
     .scope = kBoth,
     .why = "Empty records cost their reader work and say nothing.",
     .check = not_empty},
    {.id = "records/known_type",
     .title = "Every record is of a type that TLS defines or an extension has agreed on",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5"}, Cite{5246, "6"}, Cite{6520, "2"}},
     .scope = kBoth,
     .why = "A peer must abort with unexpected_message.",
     .check = known_type},
    {.id = "records/not_interleaved",
     .title = "No other record stands between the records of one handshake message",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5.1"}},
     .scope = kNew,
     .why = "What comes between could belong to other keys.",
     .check = not_interleaved},
    {.id = "records/aligned",
     .title = "A message before a change of keys ends its record",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5.1"}},
     .scope = kNew,
     .why = "What follows in the same record would be protected by keys that have passed, or by none.",
     .check = aligned},
    {.id = "records/change_cipher_spec",
     .title = "ChangeCipherSpec is the single byte 1",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5"}, Cite{5246, "7.1"}},
     .scope = kBoth,
     .why = "A peer must abort with unexpected_message on anything else.",
     .check = ccs_content},
    {.id = "records/change_cipher_spec_place",
     .title = "ChangeCipherSpec of TLS 1.3 is not protected, and stands between ClientHello and its sender's Finished",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5"}},
     .scope = kNew,
     .why = "Only during the handshake is it ignored for the sake of middleboxes.",
     .check = ccs_place13},
    {.id = "records/max_fragment_length",
     .title = "Records keep the max_fragment_length that was agreed on",
     .requirement = Requirement::must,
     .cites = {Cite{6066, "4"}},
     .scope = kBoth,
     .why = "The other side has no memory for more, and must abort with record_overflow.",
     .check = fragment_length_kept},
    {.id = "records/record_size_limit",
     .title = "Protected records keep the record_size_limit of the other side",
     .requirement = Requirement::must,
     .cites = {Cite{8449, "4"}},
     .scope = kBoth,
     .why = "The other side has no memory for more, and must abort with record_overflow.",
     .check = size_limit_kept},
};

}  // namespace

std::span<const Rule> record_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
