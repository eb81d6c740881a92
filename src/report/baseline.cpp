#include "tlsproof/report/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "safe.h"
#include "tlsproof/base/bytes.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/json_reader.h"
#include "tlsproof/base/text.h"
#include "tlsproof/report/json.h"

namespace tlsproof::report {
namespace {

using verdict::Finding;
using verdict::Verdict;

constexpr size_t kMaxEntries = 1'000'000;

// How bad; 0 for what a baseline has no say in.
int rank(Verdict verdict) {
  switch (verdict) {
    case Verdict::fail:
      return 3;
    case Verdict::warn:
      return 2;
    case Verdict::info:
      return 1;
    default:
      return 0;
  }
}

// The few members that a baseline needs, wherever they stand in their object; the rest is passed over.
class BaselineReader : public JsonEvents {
 public:
  explicit BaselineReader(Baseline& out) : out_(&out) {}

  [[nodiscard]] const std::optional<std::string>& schema() const { return schema_; }
  [[nodiscard]] bool has_endpoints() const { return has_endpoints_; }

  Status on_begin(std::string_view path) override {
    if (path == "endpoints") has_endpoints_ = true;
    if (path == "endpoints[]") {
      label_.reset();
      entries_.clear();
    }
    if (path == "endpoints[].findings[]") finding_ = {};
    return {};
  }

  Status on_end(std::string_view path) override {
    if (path == "endpoints[].findings[]") return end_finding();
    if (path != "endpoints[]") return {};
    if (!label_) return fail_usage("an endpoint has no label");
    if (!out_->endpoints.try_emplace(*label_, std::move(entries_)).second)
      return fail_usage(fmt::format("two endpoints are called '{}'", make_safe(*label_, 80)));
    entries_.clear();
    return {};
  }

  Status on_text(std::string_view path, std::string_view value) override {
    if (path == "schema") return set(schema_, path, value);
    if (path == "endpoints[].label") return set(label_, path, value);
    if (path == "endpoints[].findings[].id") return set(finding_.id, path, value);
    if (path == "endpoints[].findings[].verdict") return set(finding_.verdict, path, value);
    if (path == "endpoints[].findings[].wanted") return set(finding_.wanted, path, value);
    if (path == "endpoints[].findings[].seen") return set(finding_.seen, path, value);
    return {};
  }

  Status on_boolean(std::string_view path, bool value) override {
    if (path == "endpoints[].findings[].waived") finding_.waived |= value;
    return {};
  }

 private:
  struct FindingRead {
    std::optional<std::string> id, verdict, wanted, seen;
    bool waived = false;
  };

  static Status set(std::optional<std::string>& place, std::string_view path, std::string_view value) {
    if (place) return fail_usage(fmt::format("{} is given twice", path));
    if (value.size() > 16 * kMaxJsonText) return fail_usage(fmt::format("{} is too long", path));
    place = std::string(value);
    return {};
  }

  Status end_finding() {
    if (!finding_.id || !finding_.verdict) return fail_usage("a finding has no id or no verdict");
    const auto verdict = verdict::parse_verdict(*finding_.verdict);
    if (!verdict) return fail_usage(fmt::format("'{}' is no verdict", make_safe(*finding_.verdict, 40)));
    if (finding_.waived || rank(*verdict) == 0) return {};
    if (++num_entries_ > kMaxEntries) return fail_usage(fmt::format("more than {} findings", kMaxEntries));
    Baseline::Entry entry{*verdict, finding_.wanted.value_or(""), finding_.seen.value_or("")};
    if (!entries_.try_emplace(std::move(*finding_.id), std::move(entry)).second)
      return fail_usage("two findings of an endpoint have one id");
    return {};
  }

  Baseline* out_;
  std::optional<std::string> schema_;
  bool has_endpoints_ = false;
  std::optional<std::string> label_;
  std::map<std::string, Baseline::Entry, std::less<>> entries_;
  FindingRead finding_;
  size_t num_entries_ = 0;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// What a time looks like in a text of ours: format_utc.
constexpr std::string_view kTimeShape = "0000-00-00T00:00:00Z";

bool has_shape(std::string_view text, std::string_view shape) {
  return text.size() >= shape.size() && std::ranges::equal(text.substr(0, shape.size()), shape, [](char c, char s) {
           return s == '0' ? is_digit(c) : c == s;
         });
}

// An expectation without the time of the run ("every certificate is valid at 2026-11-23T12:00:00Z").
std::string wanted_of(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool is_time = has_shape(text.substr(i), kTimeShape);
    out += is_time ? kTimeShape : text.substr(i, 1);
    i += is_time ? kTimeShape.size() : 1;
  }
  return out;
}

// The length of "12 days", "1 day" or "less than a day" at the beginning, if it is a time from or to the run; else 0.
size_t len_of_days(std::string_view text) {
  constexpr std::string_view kLess = "less than a day";
  constexpr std::string_view kAfter[] = {" left", " ago", " before the time of the check",
                                         " after the time of the check"};
  size_t len = text.starts_with(kLess) ? kLess.size() : 0;
  if (len == 0) {
    while (len < text.size() && is_digit(text[len])) ++len;
    if (len == 0 || !text.substr(len).starts_with(" day")) return 0;
    len += text.substr(len).starts_with(" days") ? 5U : 4U;
  }
  return std::ranges::any_of(kAfter, [&](auto after) { return text.substr(len).starts_with(after); }) ? len : 0;
}

// What was seen without what moves by itself: how many days there are from the run to a date, and whether the end of a
// connection without an alert came as FIN or RST, which depends on what was under way. All else is told apart, a date
// and an HTTP status too: a certificate that was renewed and has expired again is a new fault.
std::string seen_of(std::string_view text) {
  constexpr std::string_view kReset = "reset without an alert";
  std::string out;
  size_t i = 0;
  if (text.starts_with(kReset)) {
    out = "closed without an alert";
    i = kReset.size();
  }
  while (i < text.size()) {
    const bool is_begin = i == 0 || !is_digit(text[i - 1]);
    const size_t len = is_begin ? len_of_days(text.substr(i)) : 0;
    if (len > 0)
      out += "some days";
    else
      out += text[i];
    i += std::max<size_t>(len, 1);
  }
  return out;
}

// No worse than the entry, held to the same expectation, and, unless it became a mere warning, seen as it was.
bool is_known(const Baseline::Entry& entry, const Finding& f) {
  if (rank(entry.verdict) < rank(f.verdict)) return false;
  if (wanted_of(entry.wanted) != wanted_of(make_safe(f.wanted, kMaxJsonText))) return false;
  if (entry.verdict == Verdict::fail && f.verdict == Verdict::warn) return true;
  return entry.verdict == f.verdict && seen_of(entry.seen) == seen_of(make_safe(f.seen, kMaxJsonText));
}

std::string describe(const Baseline::Entry& entry) {
  return fmt::format("{}{}{}", verdict::to_text(entry.verdict), entry.seen.empty() ? "" : ": ", entry.seen);
}

void apply(const std::map<std::string, Baseline::Entry, std::less<>>& entries, int least, verdict::EndpointRun& run) {
  std::set<std::string, std::less<>> passed;
  for (Finding& f : run.findings) {
    const std::string id = make_safe(f.id(), kMaxJsonText);
    if (f.verdict == Verdict::pass) passed.insert(id);
    const auto found = entries.find(id);
    if (f.waived || found == entries.end() || rank(f.verdict) < least) continue;
    const Baseline::Entry& entry = found->second;
    f.known = is_known(entry, f);
    if (!f.known && entry.wanted != make_safe(f.wanted, kMaxJsonText))
      f.notes.push_back(fmt::format("not what the baseline has: {}; wanted: {}", describe(entry), entry.wanted));
    else if (!f.known)
      f.notes.push_back("not what the baseline has: " + describe(entry));
    else if (entry.verdict != f.verdict || entry.seen != make_safe(f.seen, kMaxJsonText))
      f.notes.push_back("in the baseline: " + describe(entry));
  }
  for (const auto& [id, entry] : entries)
    if (rank(entry.verdict) >= std::max(least, rank(Verdict::warn)) && passed.contains(id)) run.fixed.push_back(id);
}

}  // namespace

Result<Baseline> parse_baseline(std::string_view json, const std::string& path) {
  const std::string where = "the baseline " + escape_terminal_limited(path, 200);
  Baseline out;
  out.path = path;
  BaselineReader reader(out);
  const Status read = read_json(json, reader);
  // Another format is told by its name, whatever else is strange in it.
  if (reader.schema() && *reader.schema() != kCheckSchema && reader.schema()->starts_with("tlsproof-"))
    return fail_usage(fmt::format("{} is written as {}; this program reads {}", where,
                                  escape_terminal_limited(*reader.schema(), 40), kCheckSchema));
  if (!read) return fail_usage(fmt::format("{}: {}", where, read.error().message()));
  if (!reader.schema() || *reader.schema() != kCheckSchema || !reader.has_endpoints())
    return fail_usage(
        fmt::format("{} is no report of tlsproof: '--report json={}' of an earlier run writes one", where, "FILE"));
  return out;
}

Result<Baseline> load_baseline(const std::string& path) {
  auto content = load_file(path, "baseline", kMaxBaselineLen);
  if (!content) return fail_usage(content.error().message());
  return parse_baseline(as_text(*content), path);
}

Status check_baseline(const Baseline& baseline, std::span<const std::string> labels) {
  for (const std::string& label : labels)
    if (baseline.endpoints.contains(make_safe(label, kMaxJsonText))) return {};
  std::vector<std::string> known;
  known.reserve(baseline.endpoints.size());
  for (const auto& [label, entries] : baseline.endpoints) known.push_back(label);
  return fail_usage(fmt::format("the baseline {} has none of the endpoints of this run; it has: {}",
                                escape_terminal_limited(baseline.path, 200),
                                known.empty() ? "none" : make_safe(join(known, ", "), 300)));
}

void apply_baseline(const Baseline& baseline, verdict::FailOn fail_on, verdict::CheckRun& run) {
  run.baseline = baseline.path;
  const int least = rank(fail_on == verdict::FailOn::info ? Verdict::info : Verdict::warn);
  for (verdict::EndpointRun& endpoint : run.endpoints) {
    const auto found = baseline.endpoints.find(make_safe(endpoint.label, kMaxJsonText));
    if (found != baseline.endpoints.end()) apply(found->second, least, endpoint);
  }
}

}  // namespace tlsproof::report
