// Sending: a plan of items, bent by the editor if there is one, made and protected one after the other.
#include "client_impl.h"

namespace tlsproof::tls {

namespace alert = registry::alert;
namespace type = registry::handshake_type;
namespace content_type = registry::content_type;
using Kind = FlightItem::Kind;
using Source = FlightItem::Source;

FlightItem& Client::Impl::plan_item(FlightItem::Kind kind, wire::Level level) {
  FlightItem& item = ws.plan.items.emplace_back();
  item.kind = kind;
  item.level = level;
  return item;
}

FlightItem& Client::Impl::plan_message(uint8_t message_type, wire::Level level) {
  FlightItem& item = plan_item(Kind::handshake, level);
  item.type = message_type;
  return item;
}

// RFC 8446 appendix D.4: one ChangeCipherSpec, before the second ClientHello or the protected flight.
void Client::Impl::plan_compatibility_ccs() {
  if (!config->middlebox_compatibility || sent_ccs) return;
  plan_item(Kind::change_cipher_spec, wire::Level::initial);
  sent_ccs = true;
}

bool Client::Impl::send_plan(Flight::Trigger trigger, uint8_t trigger_type, unsigned occurrence) {
  answered = true;
  ws.plan.trigger = trigger;
  ws.plan.type = trigger_type;
  ws.plan.occurrence = occurrence;
  const bool good = run(ws.plan);
  ws.plan.items.clear();
  return good;
}

bool Client::Impl::send_alert_item(uint8_t level, uint8_t description, Flight::Trigger trigger) {
  ws.alert_plan.items.clear();
  FlightItem& item = ws.alert_plan.items.emplace_back();
  item.kind = Kind::alert;
  item.type = description;
  item.level = write_level;
  if (wire::make_alert(description).level != level) {
    item.source = Source::given;
    item.bytes = {level, description};
  }
  ws.alert_plan.trigger = trigger;
  ws.alert_plan.type = current != nullptr ? current->type : 0;
  ws.alert_plan.occurrence = current != nullptr ? current->occurrence : 0;
  our_alert = wire::Alert{level, description};
  const bool good = run(ws.alert_plan);
  if (level != registry::alert_level::warning || description == alert::close_notify) write_closed = true;
  return good;
}

bool Client::Impl::run(Flight& flight) {
  if (setup.editor != nullptr) setup.editor->on_flight(flight);
  ws.joined.clear();
  ws.parts.clear();
  for (size_t i = 0; i < flight.items.size(); ++i)
    if (!run_item(flight, i)) return false;
  flush_group(flight);
  return true;
}

bool Client::Impl::run_item(Flight& flight, size_t i) {
  const FlightItem& item = flight.items[i];
  ByteView content = item.bytes;
  std::array<uint8_t, 2> small{};
  if (item.kind == Kind::handshake) {
    if (item.source == Source::made) {
      if (!make_handshake(item, num_sent.add(item.type))) return false;
      content = ws.message;
    } else if (item.source == Source::repeated) {
      content = {};
      for (const auto& [sent_type, bytes] : last_sent)
        if (sent_type == item.type) content = bytes;
      if (content.empty()) return true;
    }
    if (!item.skip && item.hashed) transcript.add(content);
    if (setup.editor != nullptr && item.source == Source::made) {
      std::erase_if(last_sent, [&](const auto& known) { return known.first == item.type; });
      last_sent.emplace_back(item.type, to_bytes(content));
    }
  } else if (item.source != Source::given) {
    if (item.kind == Kind::alert) {
      const auto made = wire::make_alert(item.type);
      small = {made.level, made.description};
      content = small;
    } else if (item.kind == Kind::change_cipher_spec) {
      small = {1, 0};
      content = ByteView(small).first(1);
    } else if (item.kind == Kind::application_data) {
      content = writing;
    }
  }
  if (!item.skip && !put_item(flight, i, content)) return false;
  if (item.source != Source::made) return true;
  // RFC 8446 §5.1: no message spans the change of keys.
  if (item.kind == Kind::handshake && item.type == type::key_update) flush_group(flight);
  after_item(item);
  return true;
}

namespace {

uint8_t content_type_of(const FlightItem& item) {
  switch (item.kind) {
    case Kind::handshake:
      return content_type::handshake;
    case Kind::alert:
      return content_type::alert;
    case Kind::change_cipher_spec:
      return content_type::change_cipher_spec;
    case Kind::application_data:
      return content_type::application_data;
    case Kind::record:
    case Kind::raw_bytes:
      break;
  }
  return item.type;
}

}  // namespace

bool Client::Impl::put_item(Flight& flight, size_t i, ByteView content) {
  const FlightItem& item = flight.items[i];
  const uint8_t what = content_type_of(item);
  if (!ws.parts.empty()) {
    const FlightItem& first = flight.items[ws.parts.front().item];
    if (item.kind == Kind::raw_bytes || content_type_of(first) != what || first.level != item.level)
      flush_group(flight);
  }
  if (item.kind == Kind::raw_bytes) {
    writer.put_raw(content, item.segment);
    return true;
  }
  // TLS 1.2: the keys of what is protected may not have been needed so far.
  if (item.level != wire::Level::initial && negotiated.version == registry::version::TLS1_2 && !ensure_keys12())
    return false;
  if (ws.parts.empty() && !item.coalesce) {
    const RecordWriter::About about{
        .handshake_type = item.kind == Kind::handshake && !content.empty() ? content[0] : item.type,
        .occurrence = item.kind == Kind::handshake ? num_sent.get(item.type) : 0};
    const ByteRange stream = writer.put(what, item.level, content, item, about, record_version);
    tell_item(item, content, stream);
    return true;
  }
  ws.parts.push_back({i, {ws.joined.size(), content.size()}});
  append(ws.joined, content);
  if (!item.coalesce) flush_group(flight);
  return true;
}

void Client::Impl::flush_group(Flight& flight) {
  if (ws.parts.empty()) return;
  const FlightItem& first = flight.items[ws.parts.front().item];
  const RecordWriter::About about{
      .handshake_type = first.kind == Kind::handshake && !ws.joined.empty() ? ws.joined[0] : first.type,
      .occurrence = first.kind == Kind::handshake ? num_sent.get(first.type) : 0};
  writer.put(content_type_of(first), first.level, ws.joined, first, about, record_version);
  for (const auto& part : ws.parts)
    tell_item(flight.items[part.item], ByteView(ws.joined).subspan(part.content.offset, part.content.len),
              writer.place_of(part.content));
  ws.parts.clear();
  ws.joined.clear();
}

void Client::Impl::tell_item(const FlightItem& item, ByteView content, ByteRange stream) {
  if (setup.sink == nullptr) return;
  const auto direction = wire::Direction::client_to_server;
  const wire::Level level = writer.usable(item.level);
  switch (item.kind) {
    case Kind::handshake:
      if (content.size() >= wire::kHandshakeHeaderLen)
        setup.sink->on_message(
            {.direction = direction, .level = level, .type = content[0], .raw = content, .stream = stream});
      break;
    case Kind::alert:
      if (content.size() == 2) setup.sink->on_alert(direction, level, content[0], content[1], stream);
      break;
    case Kind::change_cipher_spec:
      setup.sink->on_change_cipher_spec(direction, stream);
      break;
    case Kind::application_data:
      setup.sink->on_application_data(direction, level, content, stream);
      break;
    case Kind::record:
    case Kind::raw_bytes:
      break;
  }
}

// What follows from having sent (or skipped) an item of ours.
void Client::Impl::after_item(const FlightItem& item) {
  if (item.kind == Kind::change_cipher_spec && negotiated.version == registry::version::TLS1_2)
    write_level = wire::Level::application;
  if (item.kind != Kind::handshake) return;
  if (item.type == type::client_hello) after_client_hello();
  // RFC 7627 §3: the session hash ends with ClientKeyExchange. One that was skipped may yet be sent.
  if (item.type == type::client_key_exchange && !item.skip) static_cast<void>(ensure_keys12());
  if (item.type == type::key_update) update_write_keys();
}

bool Client::Impl::make_handshake(const FlightItem& item, unsigned occurrence) {
  switch (item.type) {
    case type::client_hello:
      return make_client_hello(occurrence);
    case type::certificate:
      return make_certificate(occurrence);
    case type::certificate_verify:
      return make_certificate_verify(occurrence);
    case type::finished:
      return make_finished(occurrence);
    case type::client_key_exchange:
      return encode_hooked(ws.our_key_exchange, occurrence);
    case type::key_update:
      return encode_hooked(ws.our_key_update, occurrence);
    case type::end_of_early_data: {
      wire::EndOfEarlyData nothing;
      return encode_hooked(nothing, occurrence);
    }
    default:
      break;
  }
  // Not a message that a client makes: an empty one of that type.
  ws.message.clear();
  return wire::encode_handshake(item.type, {}, ws.message);
}

}  // namespace tlsproof::tls
