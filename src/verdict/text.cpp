// The texts of verdicts, requirements, citations and outcomes.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::verdict {
namespace {

constexpr std::array<std::string_view, 5> kRequirements = {"MUST", "SHOULD", "MAY", "robustness", "info"};
constexpr std::array<std::string_view, 7> kVerdicts = {"pass", "fail", "warn", "info", "skip", "inconclusive", "error"};
constexpr std::array<std::string_view, 4> kFailOn = {"fail", "warn", "info", "none"};

template <class Enum, size_t N>
std::optional<Enum> parse_enum(const std::array<std::string_view, N>& names, std::string_view text) {
  for (size_t i = 0; i < N; ++i)
    if (to_lower(names[i]) == to_lower(text)) return static_cast<Enum>(i);
  return std::nullopt;
}

// Where RFC 9846 numbers its sections otherwise than RFC 8446, by the tables of contents of both: the transcript hash
// became the first section of §4 and moved all others there, §1.2 and appendix D are new. All that is not here kept its
// number.
struct SectionMove {
  std::string_view from;
  std::string_view to;
};
// The first row whose `from` is the section or a section above it ("4.4.2" is above "4.4.2.4") decides.
constexpr SectionMove kSectionMoves[] = {
    {"1.2", "1.3"},   {"1.3", "1.4"},     {"4.1", "4.2"},     {"4.2", "4.3"},     {"4.3", "4.4"},
    {"4.4.1", "4.1"}, {"4.4.2", "4.5.1"}, {"4.4.3", "4.5.2"}, {"4.4.4", "4.5.3"}, {"4.4", "4.5"},
    {"4.5", "4.6"},   {"4.6", "4.7"},     {"D", "E"},         {"E", "F"},
};

std::optional<std::string> section_in_rfc9846(std::string_view section) {
  for (const SectionMove& move : kSectionMoves) {
    if (!section.starts_with(move.from)) continue;
    std::string_view rest = section.substr(move.from.size());
    if (rest.empty() || rest.front() == '.') return std::string(move.to) + std::string(rest);
  }
  return std::nullopt;
}

std::string_view when(const Outcome& outcome) {
  switch (outcome.phase) {
    case Phase::connecting:
      return "while connecting";
    case Phase::prelude:
      return "before TLS";
    case Phase::handshake:
      return "during the handshake";
    case Phase::after_finished:
      return "after the handshake";
    case Phase::application:
      return "after application data";
  }
  return "";
}

std::string alert_text(uint8_t description) {
  return fmt::format("{} ({})", registry::alert_name(description), description);
}

// A detail is one escaped line of ours or of the system; escaped once more only in what could still harm, by its
// reader.
std::string with_detail(std::string text, const std::string& detail) {
  if (!detail.empty()) text += ": " + detail;
  return text;
}

std::string http_text(const Outcome& outcome) {
  // A status line ("HTTP/1.1 200 OK") says the status itself; a reason found in the page does not.
  if (outcome.http_reason.empty()) return fmt::format("HTTP {}", outcome.http_status);
  std::string reason = escape_terminal_limited(outcome.http_reason, 200);
  if (reason.starts_with("HTTP/")) return reason;
  return fmt::format("HTTP {}: {}", outcome.http_status, reason);
}

std::string describe_completed(const Outcome& outcome) {
  if (outcome.http_status != 0) return http_text(outcome);
  if (!outcome.reply.text.empty()) return outcome.reply.text;
  if (outcome.phase == Phase::application) return "handshake completed, application data exchanged";
  return "handshake completed and closed cleanly";
}

std::string describe_violation(const Outcome& outcome) {
  std::string text = "the peer broke the protocol " + std::string(when(outcome));
  text = with_detail(std::move(text), outcome.detail);
  if (outcome.alert_sent_by_us) text += "; we sent alert " + alert_text(outcome.our_alert);
  return text;
}

}  // namespace

std::string_view to_text(Requirement requirement) {
  return kRequirements.at(static_cast<size_t>(requirement));
}
std::string_view to_text(Verdict verdict) {
  return kVerdicts.at(static_cast<size_t>(verdict));
}
std::optional<Requirement> parse_requirement(std::string_view text) {
  return parse_enum<Requirement>(kRequirements, text);
}
std::optional<Verdict> parse_verdict(std::string_view text) {
  return parse_enum<Verdict>(kVerdicts, text);
}
std::optional<FailOn> parse_fail_on(std::string_view text) {
  return parse_enum<FailOn>(kFailOn, text);
}

std::string to_text(const Citation& citation) {
  std::string out = fmt::format("RFC {}", citation.rfc);
  if (citation.section.empty()) return out;
  out += " §" + citation.section;
  if (citation.rfc != 8446) return out;
  if (auto moved = section_in_rfc9846(citation.section)) out += " (RFC 9846 §" + *moved + ")";
  return out;
}

std::string_view to_text(Phase phase) {
  switch (phase) {
    case Phase::connecting:
      return "connecting";
    case Phase::prelude:
      return "prelude";
    case Phase::handshake:
      return "handshake";
    case Phase::after_finished:
      return "after_finished";
    case Phase::application:
      return "application";
  }
  return "";
}

std::string_view to_text(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::completed:
      return "completed";
    case Outcome::Kind::no_objection:
      return "no_objection";
    case Outcome::Kind::alert:
      return "alert";
    case Outcome::Kind::close_notify:
      return "close_notify";
    case Outcome::Kind::eof:
      return "eof";
    case Outcome::Kind::reset:
      return "reset";
    case Outcome::Kind::waited:
      return "waited";
    case Outcome::Kind::hang:
      return "hang";
    case Outcome::Kind::crashed:
      return "crashed";
    case Outcome::Kind::plain_text:
      return "plain_text";
    case Outcome::Kind::peer_violation:
      return "peer_violation";
    case Outcome::Kind::unreachable:
      return "unreachable";
    case Outcome::Kind::no_tls:
      return "no_tls";
    case Outcome::Kind::local_failure:
      return "local_failure";
  }
  return "";
}

std::string describe(const Outcome& outcome) {
  const std::string_view at = when(outcome);
  switch (outcome.kind) {
    case Outcome::Kind::completed:
      return describe_completed(outcome);
    case Outcome::Kind::no_objection:
      if (!outcome.app.empty() && !outcome.detail.empty())
        return fmt::format("handshake completed; no answer as {} gives it: {}", outcome.app, outcome.detail);
      return "handshake completed; no objection, and no answer either, within the time given";
    case Outcome::Kind::alert:
      return fmt::format("refused {} with alert {}", at, alert_text(outcome.alert));
    case Outcome::Kind::close_notify:
      return fmt::format("closed with close_notify {}", at);
    case Outcome::Kind::eof:
      return fmt::format("closed without an alert {}", at);
    case Outcome::Kind::reset:
      return fmt::format("reset without an alert {}", at);
    case Outcome::Kind::waited:
      return with_detail(fmt::format("silent {} until the deadline, closed once we half-closed", at), outcome.detail);
    case Outcome::Kind::hang:
      return fmt::format("silent {} until the deadline, and still open after our half-close", at);
    case Outcome::Kind::crashed:
      return fmt::format("stopped accepting connections {}", at);
    case Outcome::Kind::plain_text:
      return with_detail(fmt::format("answered {} with something that is not TLS", at), outcome.detail);
    case Outcome::Kind::peer_violation:
      return describe_violation(outcome);
    case Outcome::Kind::unreachable:
      return with_detail("no connection could be made", outcome.detail);
    case Outcome::Kind::no_tls:
      return with_detail("TLS was not begun", outcome.detail);
    case Outcome::Kind::local_failure:
      return with_detail(fmt::format("we could not go on {}", at), outcome.detail);
  }
  return "";
}

}  // namespace tlsproof::verdict
