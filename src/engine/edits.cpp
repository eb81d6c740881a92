#include "tlsproof/engine/edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/fields.h"
#include "tlsproof/wire/messages.h"

namespace tlsproof::engine {

using scenario::Edit;
using scenario::Message;
using tls::Flight;
using tls::FlightItem;

namespace {

namespace type = registry::handshake_type;

// What a scenario's message is on the wire.
struct WireKind {
  Message message;
  FlightItem::Kind kind;
  uint8_t handshake_type;
};
constexpr std::array kKinds = {
    WireKind{Message::hello_request, FlightItem::Kind::handshake, type::hello_request},
    WireKind{Message::client_hello, FlightItem::Kind::handshake, type::client_hello},
    WireKind{Message::server_hello, FlightItem::Kind::handshake, type::server_hello},
    WireKind{Message::hello_retry_request, FlightItem::Kind::handshake, type::server_hello},
    WireKind{Message::encrypted_extensions, FlightItem::Kind::handshake, type::encrypted_extensions},
    WireKind{Message::certificate_request, FlightItem::Kind::handshake, type::certificate_request},
    WireKind{Message::certificate, FlightItem::Kind::handshake, type::certificate},
    WireKind{Message::certificate_status, FlightItem::Kind::handshake, type::certificate_status},
    WireKind{Message::server_key_exchange, FlightItem::Kind::handshake, type::server_key_exchange},
    WireKind{Message::server_hello_done, FlightItem::Kind::handshake, type::server_hello_done},
    WireKind{Message::client_key_exchange, FlightItem::Kind::handshake, type::client_key_exchange},
    WireKind{Message::certificate_verify, FlightItem::Kind::handshake, type::certificate_verify},
    WireKind{Message::change_cipher_spec, FlightItem::Kind::change_cipher_spec, 0},
    WireKind{Message::finished, FlightItem::Kind::handshake, type::finished},
    WireKind{Message::new_session_ticket, FlightItem::Kind::handshake, type::new_session_ticket},
    WireKind{Message::end_of_early_data, FlightItem::Kind::handshake, type::end_of_early_data},
    WireKind{Message::key_update, FlightItem::Kind::handshake, type::key_update},
    WireKind{Message::application_data, FlightItem::Kind::application_data, 0},
    WireKind{Message::alert, FlightItem::Kind::alert, 0},
};

const WireKind& wire_kind(Message message) {
  return *std::ranges::find(kKinds, message, &WireKind::message);
}

wire::Level wire_level(scenario::Level level) {
  switch (level) {
    case scenario::Level::plaintext:
      return wire::Level::initial;
    case scenario::Level::early:
      return wire::Level::early;
    case scenario::Level::handshake:
      return wire::Level::handshake;
    case scenario::Level::application:
      return wire::Level::application;
  }
  return wire::Level::initial;
}

template <class Op>
const Op* find_operation(const Edit& edit) {
  for (const scenario::Operation& operation : edit.operations)
    if (const Op* found = std::get_if<Op>(&operation)) return found;
  return nullptr;
}

bool corrupts_tag(const Edit& edit) {
  const auto* record = find_operation<scenario::RecordEdit>(edit);
  return record != nullptr && record->corrupt == scenario::RecordEdit::Corrupt::tag;
}

class ScenarioEditor final : public tls::Editor {
 public:
  ScenarioEditor(std::span<const Edit> edits, std::shared_ptr<EditLog> log) : edits_(edits), log_(std::move(log)) {}
  void on_flight(Flight& flight) override;
  void on_message(uint8_t handshake_type, unsigned occurrence, wire::AnyMessage& message) override;
  void on_encoded(uint8_t handshake_type, unsigned occurrence, Bytes& message) override;
  void on_record(const tls::RecordContext& context, Bytes& record) override;

 private:
  // Our messages are at the client's anchors; those of the server only trigger.
  [[nodiscard]] static bool is_ours(const Edit& edit) { return edit.anchor.sender == scenario::Role::client; }
  [[nodiscard]] bool at(const Edit& edit, uint8_t handshake_type, unsigned occurrence) const {
    const WireKind& kind = wire_kind(edit.anchor.message);
    return edit.when == Edit::When::at && is_ours(edit) && kind.kind == FlightItem::Kind::handshake &&
           kind.handshake_type == handshake_type && edit.anchor.occurrence == occurrence;
  }
  // Where the anchored message stands in the flight.
  [[nodiscard]] static std::optional<size_t> find(const Flight& flight, const std::vector<unsigned>& occurrences,
                                                  const scenario::MessageRef& ref);
  std::vector<unsigned> count_occurrences(const Flight& flight);
  static FlightItem make_item(const scenario::Inject& inject, wire::Level level);
  static void put_into_records(const Edit& edit, FlightItem& item);
  static void inject(const Edit& edit, Flight& flight, std::vector<unsigned>& occurrences, size_t place,
                     wire::Level level);

  void applied(const Edit& edit) { log_->applied[static_cast<size_t>(&edit - edits_.data())] = true; }
  void note(const Edit& edit, const Status& status);

  std::span<const Edit> edits_;
  std::shared_ptr<EditLog> log_;
  std::map<std::pair<FlightItem::Kind, uint8_t>, unsigned> sent_;
};

void ScenarioEditor::note(const Edit& edit, const Status& status) {
  applied(edit);
  if (!status && log_->failures.size() < 8)
    log_->failures.push_back(fmt::format("{}: {}", edit.where.text(), status.error().message()));
}

std::vector<unsigned> ScenarioEditor::count_occurrences(const Flight& flight) {
  std::vector<unsigned> occurrences;
  for (const FlightItem& item : flight.items)
    occurrences.push_back(++sent_[{item.kind, item.kind == FlightItem::Kind::handshake ? item.type : uint8_t{0}}]);
  return occurrences;
}

std::optional<size_t> ScenarioEditor::find(const Flight& flight, const std::vector<unsigned>& occurrences,
                                           const scenario::MessageRef& ref) {
  const WireKind& kind = wire_kind(ref.message);
  for (size_t i = 0; i < flight.items.size(); ++i) {
    const FlightItem& item = flight.items[i];
    const bool same =
        item.kind == kind.kind && (item.kind != FlightItem::Kind::handshake || item.type == kind.handshake_type);
    if (same && item.source == FlightItem::Source::made && occurrences[i] == ref.occurrence) return i;
  }
  return std::nullopt;
}

FlightItem ScenarioEditor::make_item(const scenario::Inject& inject, wire::Level level) {
  FlightItem item;
  item.source = FlightItem::Source::given;
  item.level = inject.level ? wire_level(*inject.level) : level;
  const Bytes body = inject.body.value_or(Bytes());
  switch (inject.what) {
    case scenario::Inject::What::message:
      item.kind = FlightItem::Kind::handshake;
      item.type = inject.message_type;
      item.hashed = inject.hashed;
      static_cast<void>(wire::encode_handshake(item.type, body, item.bytes));  // a file's body never reaches 2^24 bytes
      break;
    case scenario::Inject::What::alert:
      item.kind = FlightItem::Kind::alert;
      item.bytes = {inject.alert_level, inject.alert};
      break;
    case scenario::Inject::What::change_cipher_spec:
      item.kind = FlightItem::Kind::change_cipher_spec;
      item.bytes = inject.body.value_or(Bytes{1});
      break;
    case scenario::Inject::What::record:
      item.kind = FlightItem::Kind::record;
      item.type = inject.record_type;
      item.bytes = body;
      break;
    case scenario::Inject::What::raw:
      item.kind = FlightItem::Kind::raw_bytes;
      item.bytes = body;
      break;
  }
  return item;
}

void ScenarioEditor::inject(const Edit& edit, Flight& flight, std::vector<unsigned>& occurrences, size_t place,
                            wire::Level level) {
  for (const scenario::Operation& operation : edit.operations) {
    const auto* what = std::get_if<scenario::Inject>(&operation);
    if (what == nullptr) continue;
    for (uint32_t i = 0; i < what->count; ++i, ++place) {
      flight.items.insert(flight.items.begin() + static_cast<std::ptrdiff_t>(place), make_item(*what, level));
      occurrences.insert(occurrences.begin() + static_cast<std::ptrdiff_t>(place), 0);
    }
  }
}

void ScenarioEditor::put_into_records(const Edit& edit, FlightItem& item) {
  if (find_operation<scenario::Skip>(edit) != nullptr) item.skip = true;
  if (const auto* fragment = find_operation<scenario::Fragment>(edit)) item.fragment = fragment->len;
  if (const auto* segment = find_operation<scenario::Segment>(edit)) item.segment = segment->len;
  if (find_operation<scenario::Coalesce>(edit) != nullptr) item.coalesce = true;
  if (const auto* pad = find_operation<scenario::Pad>(edit)) item.padding = pad->len;
  if (const auto* record = find_operation<scenario::RecordEdit>(edit)) {
    item.record_version = record->version;
    item.record_type = record->type;
    if (record->plaintext) item.level = wire::Level::initial;
    if (record->level) item.level = wire_level(*record->level);
    if (record->corrupt == scenario::RecordEdit::Corrupt::sequence) item.sequence = uint64_t{1} << 32;
  }
}

void ScenarioEditor::on_flight(Flight& flight) {
  std::vector<unsigned> occurrences = count_occurrences(flight);
  for (const Edit& edit : edits_) {
    const WireKind& kind = wire_kind(edit.anchor.message);
    if (!is_ours(edit)) {  // after a message of the peer: at the end of what answers it
      const bool by_message = flight.trigger == Flight::Trigger::message && kind.kind == FlightItem::Kind::handshake &&
                              flight.type == kind.handshake_type && flight.occurrence == edit.anchor.occurrence;
      const bool by_ccs =
          flight.trigger == Flight::Trigger::change_cipher_spec && kind.kind == FlightItem::Kind::change_cipher_spec;
      if (by_message || by_ccs) applied(edit);
      if (by_message || by_ccs)
        inject(edit, flight, occurrences, flight.items.size(),
               flight.items.empty() ? wire::Level::application : flight.items.back().level);
      continue;
    }
    const auto place = find(flight, occurrences, edit.anchor);
    if (!place) continue;
    if (!corrupts_tag(edit)) applied(edit);  // that one shows at its record
    const wire::Level level = flight.items[*place].level;
    if (edit.when != Edit::When::at) {
      inject(edit, flight, occurrences, *place + (edit.when == Edit::When::after ? 1 : 0), level);
      continue;
    }
    put_into_records(edit, flight.items[*place]);
    if (const auto* repeat = find_operation<scenario::Repeat>(edit)) {
      FlightItem again = flight.items[*place];
      again.source = FlightItem::Source::repeated;
      flight.items.insert(flight.items.begin() + static_cast<std::ptrdiff_t>(*place) + 1, repeat->times, again);
      occurrences.insert(occurrences.begin() + static_cast<std::ptrdiff_t>(*place) + 1, repeat->times, 0U);
    }
    if (const auto* move = find_operation<scenario::MoveAfter>(edit)) {
      const auto after = find(flight, occurrences, move->after);
      if (!after)
        log_->failures.push_back(fmt::format("{}: the message to move after is not in this flight", edit.where.text()));
      if (!after || *after == *place) continue;
      const auto first = static_cast<std::ptrdiff_t>(std::min(*place, *after + 1));
      const auto last = static_cast<std::ptrdiff_t>(std::max(*place, *after) + 1);
      const std::ptrdiff_t by = *place < *after ? 1 : -1;
      std::rotate(flight.items.begin() + first,
                  by == 1 ? flight.items.begin() + first + 1 : flight.items.begin() + last - 1,
                  flight.items.begin() + last);
      std::rotate(occurrences.begin() + first,
                  by == 1 ? occurrences.begin() + first + 1 : occurrences.begin() + last - 1,
                  occurrences.begin() + last);
    }
  }
}

void ScenarioEditor::on_message(uint8_t handshake_type, unsigned occurrence, wire::AnyMessage& message) {
  for (const Edit& edit : edits_) {
    if (!at(edit, handshake_type, occurrence)) continue;
    if (const auto* set = find_operation<scenario::SetFields>(edit))
      for (const auto& [path, value] : set->fields) note(edit, wire::set_field(message, path, value));
    if (const auto* remove = find_operation<scenario::RemoveFields>(edit))
      for (const std::string& path : remove->paths) note(edit, wire::remove_field(message, path));
    if (const auto* more = find_operation<scenario::AppendFields>(edit))
      for (const auto& [path, value] : more->fields) note(edit, wire::append_field(message, path, value));
  }
}

void ScenarioEditor::on_encoded(uint8_t handshake_type, unsigned occurrence, Bytes& message) {
  constexpr size_t kHeader = 4;
  for (const Edit& edit : edits_) {
    if (!at(edit, handshake_type, occurrence)) continue;
    if (const auto* cut = find_operation<scenario::Truncate>(edit)) {
      const int64_t body = static_cast<int64_t>(message.size() - kHeader);
      const int64_t kept = std::clamp<int64_t>(cut->len >= 0 ? cut->len : body + cut->len, 0, body);
      message.resize(kHeader + static_cast<size_t>(kept));
      for (size_t i = 0; i < 3; ++i)
        message[1 + i] = static_cast<uint8_t>(kept >> (8 * (2 - i)));  // it says its own length
    }
    if (const auto* patch = find_operation<scenario::PatchBytes>(edit)) {
      for (const auto& [offset, bytes] : patch->patches) {
        const int64_t place = offset >= 0 ? offset : static_cast<int64_t>(message.size()) + offset;
        if (place < 0 || static_cast<size_t>(place) + bytes.size() > message.size())
          log_->failures.push_back(
              fmt::format("{}: bytes at {}: the message has {} bytes", edit.where.text(), offset, message.size()));
        for (size_t i = 0; i < bytes.size(); ++i)
          if (place >= 0 && static_cast<size_t>(place) + i < message.size())
            message[static_cast<size_t>(place) + i] = bytes[i];
      }
    }
  }
}

void ScenarioEditor::on_record(const tls::RecordContext& context, Bytes& record) {
  if (context.fragment_index != 0 || context.protected_len == 0 || record.empty()) return;
  for (const Edit& edit : edits_) {
    const auto* bent = find_operation<scenario::RecordEdit>(edit);
    if (bent != nullptr && bent->corrupt == scenario::RecordEdit::Corrupt::tag &&
        at(edit, context.handshake_type, context.occurrence)) {
      record.back() ^= 1;
      applied(edit);
    }
  }
}

bool can_play(const scenario::Operation& operation) {
  if (const auto* record = std::get_if<scenario::RecordEdit>(&operation))
    return record->corrupt != scenario::RecordEdit::Corrupt::mac &&
           record->corrupt != scenario::RecordEdit::Corrupt::padding;
  if (const auto* inject = std::get_if<scenario::Inject>(&operation)) return inject->set.empty();
  return !std::holds_alternative<scenario::Lie>(operation) && !std::holds_alternative<scenario::Wait>(operation) &&
         !std::holds_alternative<scenario::HalfClose>(operation) &&
         !std::holds_alternative<scenario::ResetConnection>(operation);
}

}  // namespace

Result<std::shared_ptr<tls::Editor>> make_editor(std::span<const Edit> edits, const std::shared_ptr<EditLog>& log) {
  for (const Edit& edit : edits)
    for (const scenario::Operation& operation : edit.operations)
      if (!can_play(operation))
        return fail_usage(fmt::format("{}: this version of tlsproof cannot play '{}' as it stands here",
                                      edit.where.text(), scenario::verb(operation)));
  log->failures.clear();
  log->applied.assign(edits.size(), false);
  return std::make_shared<ScenarioEditor>(edits, log);
}

}  // namespace tlsproof::engine
