#include "tlsproof/view/block.h"

#include <fmt/format.h>

#include <algorithm>

#include "stapled.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/view/glyphs.h"
#include "tlsproof/view/ladder.h"
#include "tlsproof/wire/ext/number.h"
#include "tlsproof/x509/weaknesses.h"

namespace tlsproof::view {
namespace {

using trace::Direction;
namespace extension = registry::extension;

constexpr size_t kIndent = 4;
constexpr size_t kLabel = 9;
constexpr size_t kNumberColumns = 10;
constexpr size_t kMaxName = 120;   // bytes of a name that a peer chose
constexpr size_t kMaxCalled = 70;  // bytes of what a certificate is called
constexpr size_t kMaxChain = 8;
constexpr size_t kMaxListed = 12;
constexpr std::string_view kGood = "\x1b[1;32m", kBad = "\x1b[1;31m", kCaution = "\x1b[1;33m", kBold = "\x1b[1m";

class Block {
 public:
  Block(const BlockOptions& options, std::string& out) : options_(options), out_(out) {}

  // Folded under itself; nothing for an empty text.
  void field(std::string_view label, std::string_view text, std::string_view colour = {}, size_t max_lines = 6) {
    if (text.empty()) return;
    const size_t left = kIndent + kLabel;
    bool first = true;
    for (const std::string& line : fold_to_columns(text, options_.width - left, max_lines, options_.unicode)) {
      out_.append(kIndent, ' ');
      out_ += fmt::format("{:<9}", first ? label : std::string_view());
      paint(line, colour);
      out_ += '\n';
      first = false;
    }
  }
  void paint(std::string_view shown, std::string_view colour) {
    const bool painted = options_.colour && !colour.empty();
    if (painted) out_ += colour;
    out_ += shown;
    if (painted) out_ += "\x1b[0m";
  }
  [[nodiscard]] std::string fit(std::string_view text, size_t columns) const {
    return cut_to_columns(text, columns, options_.unicode);
  }
  [[nodiscard]] const BlockOptions& options() const { return options_; }
  [[nodiscard]] std::string& out() { return out_; }

 private:
  const BlockOptions& options_;
  std::string& out_;
};

std::string shown(std::string_view raw) {
  return escape_terminal_limited(raw, kMaxName);
}

std::string milliseconds(int64_t ns) {
  const double ms = static_cast<double>(ns) / 1e6;
  return ms < 100      ? fmt::format("{:.1f} ms", ms)
         : ms < 10'000 ? fmt::format("{:.0f} ms", ms)
                       : fmt::format("{:.1f} s", ms / 1e3);
}

std::string plural(size_t num, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", num, num == 1 ? one : many);
}

void add(std::string& list, std::string_view item, std::string_view separator = ", ") {
  if (item.empty()) return;
  if (!list.empty()) list += separator;
  list += item;
}

std::string state_text(const Handshake& handshake) {
  switch (handshake.state) {
    case State::completed:
      if (handshake.done_ns < 0 || handshake.client_hello_ns < 0) return "completed";
      return fmt::format("completed in {}, {}", milliseconds(handshake.done_ns - handshake.client_hello_ns),
                         plural(handshake.num_round_trips, "round trip", "round trips"));
    case State::failed:
      return "failed: " + handshake.cause;
    case State::unknown:
      return "not seen to its end: " + handshake.cause;
  }
  return {};
}

std::string_view state_colour(State state) {
  switch (state) {
    case State::completed:
      return kGood;
    case State::failed:
      return kBad;
    case State::unknown:
      return kCaution;
  }
  return {};
}

std::string when(const Passage& passage) {
  std::string time = format_utc(passage.first_time_ns / 1'000'000'000);  // "2026-11-23T12:00:00Z"
  const size_t t = time.find('T');
  if (t != std::string::npos) time[t] = ' ';
  time.pop_back();
  const int64_t microseconds = passage.first_time_ns % 1'000'000'000 / 1000;
  std::string text = fmt::format("{}.{:06} UTC, packets {}–{}, {}", time, std::max<int64_t>(microseconds, 0),
                                 passage.first_packet, passage.last_packet, passage.layer);
  if (!passage.end.empty()) text += fmt::format(", {}", passage.end);
  if (passage.network != 0) text += fmt::format(", network {}", passage.network);
  return text;
}

std::string offered_versions(const wire::ClientHello& hello) {
  const auto offered = hello.extensions.get<wire::ext::SupportedVersionsClient>();
  if (!offered) return "up to " + registry::version_name(hello.legacy_version);
  std::string list;
  size_t num = 0;
  for (const uint16_t version : offered->versions)
    if (!registry::is_grease(version) && num++ < kMaxListed) add(list, registry::version_name(version));
  return list;
}

std::string asked(const Handshake& handshake) {
  if (handshake.client_hello == nullptr) return {};
  std::string text = handshake.sni.empty() ? std::string("no server name") : shown(handshake.sni);
  add(text, offered_versions(*handshake.client_hello));
  std::string alpn;
  for (size_t i = 0; i < std::min(handshake.alpn_offered.size(), kMaxListed); ++i)
    add(alpn, shown(handshake.alpn_offered[i]), " ");
  if (!alpn.empty()) add(text, "ALPN " + alpn);
  add(text, plural(handshake.client_hello->cipher_suites.size(), "cipher suite", "cipher suites"));
  if (handshake.ech_offered) add(text, "ECH (or its GREASE)");
  return text;
}

std::string chosen(const Handshake& handshake) {
  if (handshake.server_hello == nullptr) return {};
  std::string text = registry::version_name(handshake.version);
  add(text, registry::cipher_suite_name(handshake.cipher_suite));
  if (handshake.group != 0) add(text, registry::group_name(handshake.group));
  if (handshake.dh_bits != 0) add(text, fmt::format("DH {} bits", handshake.dh_bits));
  if (handshake.scheme != 0) add(text, registry::signature_scheme_name(handshake.scheme));
  if (!handshake.alpn.empty()) add(text, "ALPN " + shown(handshake.alpn));
  return text;
}

std::string session(const Handshake& handshake) {
  if (handshake.server_hello == nullptr) return {};
  std::string text;
  switch (handshake.resumption) {
    case Resumption::none:
      text = "full handshake";
      break;
    case Resumption::session_id:
      text = "resumed by session id";
      break;
    case Resumption::ticket:
      text = "resumed by ticket";
      break;
    case Resumption::psk:
      text = "pre-shared key without a new key exchange";
      break;
    case Resumption::psk_dhe:
      text = "pre-shared key with a new key exchange";
      break;
  }
  if (handshake.hello_retry_request != nullptr) {
    text += ", after a HelloRetryRequest";
    const auto group = handshake.hello_retry_request->extensions.get<wire::ext::KeyShareRetry>();
    if (group) text += " for " + registry::group_name(group->selected_group);
  }
  if (handshake.early_data == EarlyData::offered)
    add(text, "early data offered");
  else if (handshake.early_data != EarlyData::none)
    add(text, fmt::format("early data {}", to_text(handshake.early_data)));
  if (handshake.num_renegotiations > 0)
    add(text, plural(handshake.num_renegotiations, "renegotiation", "renegotiations"));
  return text;
}

// What people call it: the common name where there is one, else the whole name, in part.
std::string called(const x509::NameView& name) {
  const auto common = name.values("CN");
  if (!common.empty()) return "CN=" + escape_terminal_limited(as_text(common.front()), kMaxCalled);
  if (name.empty()) return "(no name)";
  return name.escaped_text(kMaxCalled);
}

std::string client_certificate(const Handshake& handshake) {
  if (handshake.server_hello == nullptr) return {};
  if (handshake.certificate_asked == Known::unknown)
    return handshake.certificate_needed_keys ? "certificate: not to be seen without keys" : "";
  if (handshake.certificate_asked == Known::no) return "no certificate asked for";
  std::string text = "certificate asked for";
  if (handshake.asked_in_renegotiation) text += " in a renegotiation";
  switch (handshake.certificate_given) {
    case Known::no:
      return text + ", none given";
    case Known::unknown:
      return text;
    case Known::yes:
      break;
  }
  text += ", given";
  if (!handshake.client_chain.empty()) {
    const x509::CertificateView& leaf = *handshake.client_chain[0];
    text += fmt::format(": {}, {}", called(leaf.subject), leaf.public_key.describe());
  }
  if (handshake.client_scheme != 0) add(text, registry::signature_scheme_name(handshake.client_scheme));
  return text;
}

std::string day(const std::optional<int64_t>& seconds) {
  return seconds ? format_utc(*seconds).substr(0, 10) : std::string("?");
}

std::string certificate(const x509::CertificateView& view, int64_t now, bool last) {
  if (!view.readable) return fmt::format("a certificate that cannot be read ({} bytes)", view.der.size());
  std::string text = called(view.subject);
  add(text, view.public_key.describe());
  add(text, fmt::format("{} – {}", day(view.not_before), day(view.not_after)));
  if (view.not_after && now > *view.not_after) text += " EXPIRED then";
  if (view.not_before && now < *view.not_before) text += " NOT YET VALID then";
  if (view.self_issued())
    add(text, "self-issued");
  else if (last)
    add(text, "issued by " + called(view.issuer));
  return text;
}

void chain(const Handshake& handshake, Block& block) {
  const auto& certificates = handshake.server_chain;
  if (certificates.empty()) return;
  const int64_t now = handshake.passage->first_time_ns / 1'000'000'000;
  for (size_t i = 0; i < std::min(certificates.size(), kMaxChain); ++i)
    block.field(i == 0 ? "chain" : "", certificate(*certificates[i], now, i + 1 == certificates.size()), {}, 3);
  if (certificates.size() > kMaxChain) block.field("", fmt::format("… {} more", certificates.size() - kMaxChain));
  const x509::CertificateView& leaf = *certificates[0];
  std::string names;
  size_t num = 0;
  if (leaf.subject_alt_names)
    for (const x509::GeneralName& name : *leaf.subject_alt_names)
      if (num++ < kMaxListed) add(names, name.escaped_text(kMaxName));
  if (num > kMaxListed) add(names, fmt::format("… {} more", num - kMaxListed));
  block.field("names", names, {}, 3);
  std::string proof;
  add(proof, stapled_text(handshake));
  const size_t scts = handshake.num_scts + leaf.sct_count.value_or(0);
  if (scts > 0) add(proof, plural(scts, "SCT", "SCTs"));
  block.field("proof", proof);
  for (const x509::Weakness& weakness : x509::find_weaknesses(leaf)) {
    if (weakness.level == x509::WeaknessLevel::note) continue;
    const bool must = weakness.level == x509::WeaknessLevel::must;
    block.field("weak", weakness.detail, must ? kBad : kCaution, 3);
  }
}

void notes(const Handshake& handshake, Block& block) {
  const Passage& passage = *handshake.passage;
  const trace::Coverage& coverage = handshake.trace().coverage();
  std::string text;
  if (!coverage.from_start) add(text, "the beginning was not captured", "; ");
  if (!coverage.client_seen) add(text, "only the server's side was captured", "; ");
  if (!coverage.server_seen) add(text, "only the client's side was captured", "; ");
  if (const uint64_t missing = passage.client.num_missing + passage.server.num_missing; missing > 0)
    add(text, fmt::format("{} bytes were not captured", missing), "; ");
  if (const uint64_t left = passage.client.num_not_kept + passage.server.num_not_kept; left > 0)
    add(text, fmt::format("{} bytes were not looked at (limit)", left), "; ");
  if (const uint64_t dropped = handshake.trace().num_events_dropped(); dropped > 0)
    add(text, fmt::format("{} events were not kept (limit)", dropped), "; ");
  if (handshake.num_unopened > 0 && !passage.had_keys)
    add(text, fmt::format("{} without keys", plural(handshake.num_unopened, "record", "records")), "; ");
  else if (handshake.num_unopened > 0)
    add(text, fmt::format("{} not opened", plural(handshake.num_unopened, "record", "records")), "; ");
  if (!passage.client_is_known) add(text, "which side is the client is a guess", "; ");
  const uint64_t again = passage.client.num_retransmitted + passage.server.num_retransmitted;
  const uint64_t late = passage.client.num_out_of_order + passage.server.num_out_of_order;
  if (again > 0) add(text, plural(again, "retransmission", "retransmissions"), "; ");
  if (late > 0) add(text, fmt::format("{} out of order", plural(late, "packet", "packets")), "; ");
  block.field("note", text);
}

std::string_view requirement_colour(verdict::Requirement requirement) {
  return requirement == verdict::Requirement::must ? kBad : kCaution;
}

std::string cites_text(const rules::Rule& rule) {
  std::string text;
  for (const rules::Cite& cite : rule.cites)
    add(text, verdict::to_text(verdict::Citation{cite.rfc, std::string(cite.section)}));
  return text;
}

void violation(const rules::Violation& violation, Block& block) {
  const rules::Rule& rule = *violation.rule;
  block.field(verdict::to_text(rule.requirement), rule.title, requirement_colour(rule.requirement), 3);
  block.field("", fmt::format("by the {}: {}", violation.breach.by == Direction::client_to_server ? "client" : "server",
                              violation.breach.seen));
  block.field("", fmt::format("{}, {}", cites_text(rule), rule.id));
}

void fingerprints(const Handshake& handshake, Block& block) {
  const Fingerprints& all = handshake.fingerprints;
  block.field("JA4", all.ja4);
  block.field("JA3", all.ja3);
  block.field("JA3S", all.ja3s);
}

void ladder(const Handshake& handshake, Block& block) {
  std::vector<size_t> marked;
  for (const rules::Violation& found : handshake.violations)
    marked.insert(marked.end(), found.breach.events.begin(), found.breach.events.end());
  block.out() += render_ladder(handshake.trace(), marked,
                               {.width = block.options().width,
                                .indent = kIndent,
                                .unicode = block.options().unicode,
                                .max_rows = block.options().max_rows});
}

}  // namespace

ViolationsPlace append_block(const Handshake& handshake, const BlockOptions& options, std::string& out) {
  Block block(options, out);
  const trace::Trace& trace = handshake.trace();
  const std::string_view arrow = options.unicode ? "─►" : "->";
  block.paint(block.fit(fmt::format("{} {} {}", trace.local_address(), arrow, trace.peer_address()),
                        options.width - kNumberColumns),
              kBold);
  out += '\n';
  block.field(trace::to_text(trace.transport()), state_text(handshake), state_colour(handshake.state));
  block.field("time", when(*handshake.passage));
  if (!handshake.passage->prelude.empty()) block.field("after", handshake.passage->prelude);
  block.field("asked", asked(handshake));
  block.field("chosen", chosen(handshake));
  block.field("session", session(handshake));
  block.field("client", client_certificate(handshake));
  chain(handshake, block);
  for (const AlertFact& alert : handshake.alerts) {
    const trace::Event& event = trace.events()[alert.event];
    block.field("alert", fmt::format("from the {} after {}: {}",
                                     alert.direction == Direction::client_to_server ? "client" : "server",
                                     milliseconds(event.time_ns), describe_alert(alert.level, alert.description)));
  }
  fingerprints(handshake, block);
  notes(handshake, block);
  for (const rules::Violation& found : handshake.violations) violation(found, block);
  const ViolationsPlace place{.end = out.size(), .has_any = !handshake.violations.empty()};
  if (options.ladder) ladder(handshake, block);
  return place;
}

void append_violation_block(const rules::Violation& found, const BlockOptions& options, std::string& out) {
  Block block(options, out);
  violation(found, block);
}

}  // namespace tlsproof::view
