#include "tlsproof/view/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "tlsproof/base/json_text.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/view/glyphs.h"

namespace tlsproof::view {
namespace {

constexpr size_t kMaxText = 100;

std::string shown(std::string_view raw) {
  return escape_terminal_limited(raw, kMaxText);
}

// Log-linear: up to 8192 ns each value has its bucket; from there on there are so many steps an octave that the middle
// of a bucket is good to 0.02 percent.
constexpr size_t kSteps = 4096;

size_t time_bucket(int64_t ns) {
  const auto value = static_cast<uint64_t>(std::max<int64_t>(ns, 0));
  if (value < 2 * kSteps) return value;
  const auto shift = static_cast<size_t>(std::bit_width(value) - std::bit_width(kSteps));
  return shift * kSteps + (value >> shift);
}

double bucket_ms(size_t bucket) {
  if (bucket < 2 * kSteps) return static_cast<double>(bucket) / 1e6;
  const size_t shift = bucket / kSteps - 1;
  const auto low = static_cast<double>((bucket - shift * kSteps) << shift);
  return (low + static_cast<double>(uint64_t{1} << shift) / 2) / 1e6;
}

// Three digits.
std::string milliseconds(double ms) {
  if (ms >= 10'000) return fmt::format("{:.{}f} s", ms / 1e3, ms < 100'000 ? 1 : 0);
  const int places = ms < 10 ? 2 : ms < 100 ? 1 : 0;
  return fmt::format("{:.{}f} ms", ms, ms < 1 ? 3 : places);
}

// The value that a part of `q` of all values is not above.
std::string quantile(const std::vector<uint64_t>& buckets, uint64_t num, double q, int64_t longest_ns) {
  uint64_t passed = 0;
  const auto wanted = static_cast<uint64_t>(q * static_cast<double>(num - 1)) + 1;
  for (size_t i = 0; i < buckets.size(); ++i) {
    passed += buckets[i];
    if (passed >= wanted) return milliseconds(std::min(bucket_ms(i), static_cast<double>(longest_ns) / 1e6));
  }
  return {};
}

}  // namespace

void summarise(const Handshake& handshake, SummaryRow& out) {
  out.transport = handshake.trace().transport();
  out.state = handshake.state;
  out.resumption = handshake.resumption;
  out.early_data = handshake.early_data;
  out.certificate_asked = handshake.certificate_asked;
  out.certificate_given = handshake.certificate_given;
  out.hello_retry_request = handshake.hello_retry_request != nullptr;
  out.ech_offered = handshake.ech_offered;
  out.has_hello = handshake.client_hello != nullptr;
  out.answered = handshake.server_hello != nullptr;
  out.had_keys = handshake.passage->had_keys;
  out.whole = handshake.trace().coverage().whole();
  out.version = handshake.version;
  out.cipher_suite = handshake.cipher_suite;
  out.group = handshake.group;
  out.scheme = handshake.scheme;
  out.dh_bits = handshake.dh_bits;
  out.handshake_ns =
      handshake.done_ns < 0 || handshake.client_hello_ns < 0 ? -1 : handshake.done_ns - handshake.client_hello_ns;
  out.cause = handshake.cause;
  out.prelude = handshake.passage->prelude;
  out.alpn = handshake.alpn;
  out.ja3 = handshake.fingerprints.ja3;
  out.ja4 = handshake.fingerprints.ja4;
  out.rules.clear();
  for (const rules::Violation& violation : handshake.violations)
    if (std::ranges::find(out.rules, violation.rule) == out.rules.end()) out.rules.push_back(violation.rule);
}

void Summary::Texts::add(std::string_view text) {
  if (text.empty()) return;
  if (const auto found = counts.find(text); found != counts.end())
    ++found->second;
  else if (counts.size() < kMaxKeys)
    counts.emplace(text, 1);
  else
    ++others;
}

void Summary::add(const SummaryRow& row) {
  ++num_;
  ++transports_[row.transport];
  ++states_[static_cast<size_t>(row.state)];
  if (row.answered) {
    ++resumptions_[static_cast<size_t>(row.resumption)];
    ++versions_[row.version];
    ++suites_[row.cipher_suite];
  } else {
    ++unanswered_;
  }
  ++early_data_[static_cast<size_t>(row.early_data)];
  asked_ += row.certificate_asked == Known::yes ? 1U : 0U;
  given_ += row.certificate_given == Known::yes ? 1U : 0U;
  retries_ += row.hello_retry_request ? 1U : 0U;
  ech_ += row.ech_offered ? 1U : 0U;
  without_hello_ += row.has_hello ? 0U : 1U;
  with_keys_ += row.had_keys ? 1U : 0U;
  not_whole_ += row.whole ? 0U : 1U;
  with_findings_ += row.rules.empty() ? 0U : 1U;
  if (row.group != 0) ++groups_[row.group];
  if (row.dh_bits != 0) ++dh_bits_[row.dh_bits];
  if (row.scheme != 0) ++schemes_[row.scheme];
  causes_.add(row.cause);
  preludes_.add(row.prelude);
  alpns_.add(row.alpn);
  ja3s_.add(row.ja3);
  ja4s_.add(row.ja4);
  for (const rules::Rule* rule : row.rules) ++rules_[rule];
  if (row.handshake_ns >= 0) {
    const size_t bucket = time_bucket(row.handshake_ns);
    if (log_times_.size() <= bucket) log_times_.resize(bucket + 1);  // under 2 MB, whatever the time
    ++log_times_[bucket];
    ++num_times_;
    longest_ns_ = std::max(longest_ns_, row.handshake_ns);
  }
}

std::vector<Summary::List> Summary::lists() const {
  std::vector<List> all;
  const auto finish = [&](List list) {
    std::ranges::sort(list.lines, [](const Line& a, const Line& b) {
      return a.count != b.count ? a.count > b.count : a.name < b.name;
    });
    if (!list.lines.empty()) all.push_back(std::move(list));
  };
  const auto numbers = [&](std::string_view title, std::string_view key, const Numbers& counts, registry::Kind kind) {
    List list{title, key, {}};
    for (const auto& [value, count] : counts) list.lines.push_back({registry::name(kind, value), count});
    return list;
  };
  const auto texts = [&](std::string_view title, std::string_view key, const Texts& counts) {
    List list{title, key, {}};
    for (const auto& [text, count] : counts.counts) list.lines.push_back({text, count});
    if (counts.others > 0) list.lines.push_back({"(others)", counts.others});
    finish(std::move(list));
  };
  List carried{"Transport", "transports", {}};
  for (const auto& [transport, count] : transports_)
    carried.lines.push_back({std::string(trace::to_text(transport)), count});
  finish(std::move(carried));
  texts("After", "preludes", preludes_);
  finish(numbers("Version", "versions", versions_, registry::Kind::version));
  finish(numbers("Cipher suite", "cipher_suites", suites_, registry::Kind::cipher_suite));
  List groups = numbers("Group", "groups", groups_, registry::Kind::group);
  for (const auto& [bits, count] : dh_bits_) groups.lines.push_back({fmt::format("DH {} bits", bits), count});
  finish(std::move(groups));
  finish(numbers("Signature scheme", "signature_schemes", schemes_, registry::Kind::signature_scheme));
  texts("ALPN", "alpn", alpns_);
  List sessions{"Session", "resumption", {}};
  for (const Resumption kind :
       {Resumption::none, Resumption::session_id, Resumption::ticket, Resumption::psk, Resumption::psk_dhe})
    if (const uint64_t count = resumptions_[static_cast<size_t>(kind)])
      sessions.lines.push_back({kind == Resumption::none ? "full" : std::string(to_text(kind)), count});
  finish(std::move(sessions));
  texts("JA4", "ja4", ja4s_);
  texts("JA3", "ja3", ja3s_);
  texts("Not completed", "causes", causes_);
  List broken{"Rules broken", "rules", {}};
  for (const auto& [rule, count] : rules_)
    broken.lines.push_back({fmt::format("{} {}", verdict::to_text(rule->requirement), rule->id), count});
  finish(std::move(broken));
  return all;
}

std::string Summary::render(const SummaryOptions& options) const {
  std::string out;
  const auto line = [&](std::string_view text) {
    for (const std::string& folded : fold_to_columns(text, options.width, 4, options.unicode)) out += folded + '\n';
  };
  line(fmt::format("{} handshake{}: {} completed, {} failed, {} not seen to their end", num_, num_ == 1 ? "" : "s",
                   states_[0], states_[1], states_[2]));
  std::string extra;
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) extra += fmt::format("{}{} {}", extra.empty() ? "" : ", ", count, what);
  };
  add(retries_, "with HelloRetryRequest");
  add(asked_, "asked for a client certificate");
  add(given_, "gave one");
  add(early_data_[2], "with early data");
  add(early_data_[3], "with early data rejected");
  add(ech_, "offered ECH (or its GREASE)");
  if (!extra.empty()) line(extra);
  if (num_times_ > 0)
    line(fmt::format(
        "time to complete: {} median, {} at 95 %, {} longest", quantile(log_times_, num_times_, 0.5, longest_ns_),
        quantile(log_times_, num_times_, 0.95, longest_ns_), milliseconds(static_cast<double>(longest_ns_) / 1e6)));
  extra.clear();
  add(unanswered_, "without a ServerHello");
  add(without_hello_, "without a ClientHello");
  add(not_whole_, "of which parts were not captured");
  add(with_keys_, "with keys");
  add(with_findings_, "broke rules");
  if (!extra.empty()) line(extra);
  for (const List& list : lists()) {
    out += '\n';
    if (options.colour) out += "\x1b[1m";
    out += cut_to_columns(list.title, options.width, options.unicode);
    if (options.colour) out += "\x1b[0m";
    out += '\n';
    const size_t num = std::min(list.lines.size(), options.top);
    for (size_t i = 0; i < num; ++i)
      out += fmt::format("{:>10}  {}\n", list.lines[i].count,
                         cut_to_columns(shown(list.lines[i].name), options.width - 12, options.unicode));
    uint64_t rest = 0;
    for (size_t i = num; i < list.lines.size(); ++i) rest += list.lines[i].count;
    if (rest > 0) out += fmt::format("{:>10}  ({} more)\n", rest, list.lines.size() - num);
  }
  return out;
}

std::string Summary::json() const {
  std::string out;
  JsonText json(out);
  json.begin_object();
  json.field("schema", "tlsproof-summary/1");
  json.field("handshakes", num_);
  json.field("completed", states_[0]);
  json.field("failed", states_[1]);
  json.field("unknown", states_[2]);
  json.field("hello_retry_requests", retries_);
  json.field("client_certificates_asked", asked_);
  json.field("client_certificates_given", given_);
  json.field("early_data_accepted", early_data_[2]);
  json.field("early_data_rejected", early_data_[3]);
  json.field("ech_offered", ech_);
  json.field("without_server_hello", unanswered_);
  json.field("without_client_hello", without_hello_);
  json.field("not_whole", not_whole_);
  json.field("with_keys", with_keys_);
  json.field("with_findings", with_findings_);
  for (const List& list : lists()) {
    json.key(list.key);
    json.begin_array();
    for (const Line& line : list.lines) {
      json.begin_object();
      json.field("name", line.name);
      json.field("count", line.count);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace tlsproof::view
