// Alerts: valid, of the right level, and the last thing that their sender says.
#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace al = registry::alert;
namespace ct = registry::content_type;
using trace::Event;
using verdict::Requirement;

constexpr uint8_t kWarning = registry::alert_level::warning;
constexpr uint8_t kFatal = registry::alert_level::fatal;

uint8_t level_of(const Event& alert) {
  return static_cast<uint8_t>(alert.code >> 8);
}
uint8_t description_of(const Event& alert) {
  return static_cast<uint8_t>(alert.code);
}
std::string text_of(const Event& alert) {
  return fmt::format("{} at level {}", registry::alert_name(description_of(alert)), level_of(alert));
}

template <class Visit>
void for_each_alert(const Seen& seen, Visit&& visit) {
  const auto events = seen.events();
  for (size_t i = 0; i < events.size(); ++i)
    if (events[i].kind == EventKind::alert) visit(i, events[i]);
}

void valid_level(const Seen& seen, Breaches& out) {
  for_each_alert(seen, [&](size_t i, const Event& alert) {
    if (level_of(alert) != kWarning && level_of(alert) != kFatal) out.add(alert.direction, {i}, text_of(alert));
  });
}

void known(const Seen& seen, Breaches& out) {
  for_each_alert(seen, [&](size_t i, const Event& alert) {
    if (registry::find(registry::Kind::alert, description_of(alert)) == nullptr)
      out.add(alert.direction, {i}, text_of(alert));
  });
}

void one_a_record(const Seen& seen, Breaches& out) {
  const auto events = seen.events();
  for (size_t i = 0; i < events.size(); ++i)
    if (events[i].kind == EventKind::record && events[i].code == ct::alert && events[i].opened &&
        events[i].content.len != 2 && events[i].content.len != 0)  // an empty one is another rule's
      out.add(events[i].direction, {i}, fmt::format("an alert record of {} bytes", events[i].content.len));
}

void level13(const Seen& seen, Breaches& out) {
  for_each_alert(seen, [&](size_t i, const Event& alert) {
    const uint8_t description = description_of(alert);
    if (level_of(alert) == kWarning && description != al::close_notify && description != al::user_canceled)
      out.add(alert.direction, {i}, text_of(alert));
  });
}

// RFC 5246 §7.2.2: "always fatal", and the one that is always a warning.
void level12(const Seen& seen, Breaches& out) {
  constexpr uint8_t kAlwaysFatal[] = {
      al::unexpected_message, al::bad_record_mac,       al::record_overflow,  al::decompression_failure,
      al::handshake_failure,  al::illegal_parameter,    al::unknown_ca,       al::access_denied,
      al::decode_error,       al::decrypt_error,        al::protocol_version, al::insufficient_security,
      al::internal_error,     al::unsupported_extension};
  for_each_alert(seen, [&](size_t i, const Event& alert) {
    const uint8_t description = description_of(alert);
    const bool wrong = level_of(alert) == kWarning
                           ? std::ranges::find(kAlwaysFatal, description) != std::end(kAlwaysFatal)
                           : description == al::no_renegotiation;
    if (wrong) out.add(alert.direction, {i}, text_of(alert));
  });
}

void not_reserved(const Seen& seen, Breaches& out) {
  // They were alerts of SSL 3.0 and TLS 1.0.
  if (seen.handshakes.empty() || seen.handshakes.front().version < registry::version::TLS1_2) return;
  for_each_alert(seen, [&](size_t i, const Event& alert) {
    const uint8_t description = description_of(alert);
    if (description == al::decryption_failed || description == al::no_certificate ||
        description == al::export_restriction)
      out.add(alert.direction, {i}, text_of(alert));
  });
}

// What a side must not send any more: handshake messages, ChangeCipherSpec, application data. Alerts are left out,
// since close_notify after a fatal alert harms nobody.
bool goes_on(const Seen& seen, const Event& event) {
  if (event.kind == EventKind::message || event.kind == EventKind::change_cipher_spec) return true;
  if (event.kind != EventKind::record || event.code != ct::application_data) return false;
  // An unreadable record of TLS 1.3 may hold an alert.
  return event.opened ? event.level != Level::initial : seen.version == Scope::before_tls13;
}

template <bool (*ends)(const Seen&, const Event&)>
void nothing_after(const Seen& seen, Breaches& out) {
  std::array<size_t, 2> last{kNoEvent, kNoEvent};
  const auto events = seen.events();
  for (size_t i = 0; i < events.size(); ++i) {
    size_t& alert = last[static_cast<size_t>(events[i].direction)];
    if (events[i].kind == EventKind::alert && alert == kNoEvent && ends(seen, events[i])) {
      alert = i;
    } else if (alert != kNoEvent && goes_on(seen, events[i]) &&
               (events[i].stream.len == 0 || events[i].stream.offset >= events[alert].stream.end())) {
      out.add(events[i].direction, {alert, i},
              fmt::format("goes on after {}", registry::alert_name(description_of(events[alert]))));
      return;
    }
  }
}

bool is_fatal(const Seen& seen, const Event& alert) {
  // RFC 8446 §6.2: all but two are, whatever the level says.
  if (seen.version == Scope::tls13)
    return description_of(alert) != al::close_notify && description_of(alert) != al::user_canceled;
  return level_of(alert) == kFatal && description_of(alert) != al::close_notify;
}
bool is_closure(const Seen&, const Event& alert) {
  return description_of(alert) == al::close_notify;
}

constexpr Scope kNew{Scope::tls13, Scope::tls | Scope::dtls};

constexpr Rule kRules[] = {
    {.id = "alerts/level",
     .title = "An alert's level is warning or fatal",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "6"}, Cite{5246, "7.2"}},
     .scope = kAnyOverRecords,
     .why = "There are no others.",
     .check = valid_level},
    {.id = "alerts/known",
     .title = "An alert's description is one that IANA has registered",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "6"}, Cite{5246, "7.2"}},
     .scope = kAnyOverRecords,
     .why = "Nobody knows what another one says.",
     .check = known},
    {.id = "alerts/one_a_record",
     .title = "A record of TLS 1.3 holds exactly one alert",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "5.1"}},
     .scope = {Scope::tls13, Scope::tls},
     .why = "Alerts are neither split nor put together.",
     .check = one_a_record},
    {.id = "alerts/level_in_tls13",
     .title = "Error alerts of TLS 1.3 are sent at level fatal",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "6"}},
     .scope = kNew,
     .why = "They end the connection, whatever their level says.",
     .check = level13},
    {.id = "alerts/level_in_tls12",
     .title = "Alerts that are always fatal are sent as such, and no_renegotiation as a warning",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.2.2"}},
     .scope = kBelow13OverRecords,
     .why = "By the level the other side knows whether the connection goes on.",
     .check = level12},
    {.id = "alerts/not_reserved",
     .title = "The alerts decryption_failed, no_certificate and export_restriction are not sent",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.2.2"}, Cite{8446, "B.2"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::tls | Scope::dtls},
     .why = "decryption_failed tells an attacker how far a forged record came (Vaudenay's attack).",
     .check = not_reserved},
    {.id = "alerts/last_when_fatal",
     .title = "Nothing but alerts follows a fatal alert",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "6.2"}, Cite{5246, "7.2.2"}},
     .scope = {Scope::any_version, Scope::tls},
     .why = "The connection is over; what comes after it belongs to no session.",
     .check = nothing_after<is_fatal>},
    {.id = "alerts/last_when_closed",
     .title = "Nothing but alerts follows close_notify",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "6.1"}, Cite{5246, "7.2.1"}},
     .scope = {Scope::any_version, Scope::tls},
     .why = "The other side takes close_notify for the end of the data, and drops the rest.",
     .check = nothing_after<is_closure>},
};

}  // namespace

std::span<const Rule> alert_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
