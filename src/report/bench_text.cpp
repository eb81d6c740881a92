#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bench_figures.h"
#include "canvas.h"
#include "safe.h"
#include "story.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/report/bench.h"

namespace tlsproof::report {
namespace {

using load::BenchRun;
using load::Histogram;
using load::Kind;
using load::Measurement;
using load::Plan;

constexpr size_t kMaxRows = 12;  // of what servers chose, of error classes, of rates tried
constexpr std::array<double, 4> kPercentiles = {50, 90, 99, 99.9};

const std::string kMargin(Canvas::kIndent, ' ');

std::string right(std::string_view text, size_t columns) {
  const size_t width = display_width(text);
  return std::string(columns - std::min(columns, width), ' ') + std::string(text);
}

void section(Canvas& canvas, std::string_view title, Paint paint = Paint::bold) {
  canvas.blank();
  canvas.heading(title, paint, false);
}

void caution(Canvas& canvas, std::string_view label, std::string_view text) {
  std::string left = kMargin + canvas.paint(canvas.pad(label, Canvas::kLabel), Paint::caution);
  for (const std::string& part : canvas.fold(text, canvas.width() - Canvas::kIndent - Canvas::kLabel, 8)) {
    canvas.line(left + part);
    left = kMargin + std::string(Canvas::kLabel, ' ');
  }
}

// ---- what was asked for and done -----------------------------------------------------------------------------------

std::string load_text(const BenchRun& run) {
  const Plan& plan = run.plan;
  std::string out = arrivals_text(plan) + ", " + plural(plan.threads, "thread");
  if (plan.count > 0) out += ", until " + plural(plan.count, "connection");
  constexpr int64_t kDay = 86'400'000'000'000;
  if (plan.count == 0 || plan.duration_ns < kDay) out += ", " + duration_text(plan.duration_ns);
  if (plan.warm_up_ns > 0) out += " after a warm-up of " + duration_text(plan.warm_up_ns);
  if (run.repeats.size() > 1) out += fmt::format(", {} times", run.repeats.size());
  if (plan.num_shards > 1) out += fmt::format(", shard {} of {}", plan.shard, plan.num_shards);
  return out;
}

std::string asked_text(const Plan& plan) {
  std::string out = load::mix_text(plan.mix) + "; " + versions_text(plan);
  if (plan.prelude.protocol != app::Protocol::http && plan.prelude.protocol != app::Protocol::none)
    out += fmt::format("; {} before it", app::protocol_info(plan.prelude.protocol).title);
  if (plan.identity != nullptr) out += "; a client certificate";
  if (plan.reuse_key_share) out += "; the key share used again and again";
  if (!plan.http_request.empty()) {
    const std::string_view request = as_text(plan.http_request);
    out += fmt::format("; {}", request.substr(0, request.find(" HTTP/1")));
  }
  if (plan.confirm) out += "; waiting for the server to confirm";
  return out + fmt::format("; closed by {}", to_text(plan.close_by));
}

std::string checked_text(const Plan& plan) {
  std::string out = fmt::format("{}: {}", to_text(plan.verification), explain(plan.verification));
  const bool looks = plan.verification == load::Verification::full || plan.verification == load::Verification::cached;
  if (!looks) return out;
  if (plan.anchors == nullptr) return out + "; no trust anchor: the chain itself was looked at by nobody";
  return out + "; trusting " + plan.anchors->description();
}

using Kinds = std::array<uint64_t, load::kNumKinds>;
Kinds decided(const Measurement& measured) {
  Kinds sums{};
  for (const auto& row : measured.kinds)
    for (size_t i = 0; i < row.size(); ++i) sums.at(i) += row[i];
  return sums;
}

// "full 700 (70 %), psk 300 (30 %)".
std::string decided_text(const Measurement& measured) {
  const Kinds sums = decided(measured);
  std::string out;
  for (size_t i = 0; i < sums.size(); ++i)
    if (sums[i] > 0)
      out += fmt::format("{}{} {} ({})", out.empty() ? "" : ", ", to_text(static_cast<Kind>(i)), sums[i],
                         percent_text(sums[i], measured.completed));
  if (measured.early_data_accepted > 0)
    out += fmt::format("; early data accepted {} times", measured.early_data_accepted);
  return out;
}

void write_kinds(Canvas& canvas, const Measurement& measured) {
  canvas.field("was", decided_text(measured));
  for (size_t asked = 0; asked < load::kNumKinds; ++asked)
    for (size_t got = 0; got < load::kNumKinds; ++got)
      if (const uint64_t count = measured.kinds[asked][got]; asked != got && count > 0) {
        uint64_t of = 0;
        for (const uint64_t one : measured.kinds[asked]) of += one;
        caution(canvas, "not so",
                fmt::format("{} asked for, {} made by the server: {} of {} ({})", to_text(static_cast<Kind>(asked)),
                            to_text(static_cast<Kind>(got)), count, of, percent_text(count, of)));
      }
}

std::string negotiated_text(const load::Negotiated& chosen) {
  std::string out = registry::version_name(chosen.version);
  if (chosen.cipher_suite != 0) out += ", " + registry::cipher_suite_name(chosen.cipher_suite);
  if (chosen.group != 0) out += ", " + registry::group_name(chosen.group);
  if (chosen.signature_scheme != 0) out += ", " + registry::signature_scheme_name(chosen.signature_scheme);
  return out;
}

void write_negotiated(Canvas& canvas, const Measurement& measured) {
  std::vector<std::pair<load::Negotiated, uint64_t>> rows(measured.negotiated.begin(), measured.negotiated.end());
  std::ranges::stable_sort(rows, std::greater<>(), [](const auto& row) { return row.second; });
  for (size_t i = 0; i < rows.size() && i < kMaxRows; ++i)
    canvas.field(i == 0 ? "chosen" : "",
                 fmt::format("{}{}", negotiated_text(rows[i].first),
                             rows.size() == 1 ? std::string()
                                              : fmt::format(": {} ({})", rows[i].second,
                                                            percent_text(rows[i].second, measured.completed))),
                 2);
  if (rows.size() > kMaxRows) canvas.field("", fmt::format("… {} more", rows.size() - kMaxRows));
  if (measured.hello_retry_requests > 0)
    canvas.field("", fmt::format("HelloRetryRequest {} times", measured.hello_retry_requests));
  if (measured.client_certificates_asked > 0)
    canvas.field("client", fmt::format("certificate asked for {} times, sent {} times",
                                       measured.client_certificates_asked, measured.client_certificates_sent));
}

// ---- latency -------------------------------------------------------------------------------------------------------

void write_latency_row(Canvas& canvas, std::string_view name, const Histogram& histogram, bool& any_weak) {
  if (histogram.empty()) return;
  std::string line = kMargin + canvas.pad(name, 15);
  for (const double percent : kPercentiles) {
    const bool firm = !load::rests_on_few(histogram, percent);
    any_weak |= !firm;
    line += right((firm ? "" : "~") + milliseconds(histogram.percentile(percent)), 10);
  }
  line += right(milliseconds(histogram.max()), 10);
  canvas.line(line + right(std::to_string(histogram.count()), 11));
}

void write_latency(Canvas& canvas, const Measurement& total) {
  using load::Phase;
  if (total.phases[static_cast<size_t>(Phase::finished)].empty()) return;
  section(canvas, "latency in ms");
  std::string head = kMargin + std::string(15, ' ');
  for (const std::string_view name : {"p50", "p90", "p99", "p99.9", "max"}) head += right(name, 10);
  canvas.line(canvas.paint(head + right("samples", 11), Paint::dim));
  struct Row {
    Phase phase;
    std::string_view name;
  };
  constexpr Row kRows[] = {{Phase::connect, "connect"},
                           {Phase::first_byte, "first byte"},
                           {Phase::finished, "finished"},
                           {Phase::confirmed, "confirmed"},
                           {Phase::lag, "started late"}};
  bool any_weak = false;
  for (const Row& row : kRows) {
    write_latency_row(canvas, row.name, total.phases[static_cast<size_t>(row.phase)], any_weak);
    if (row.phase != Phase::finished) continue;
    const auto num_kinds = std::ranges::count_if(total.by_kind, [](const Histogram& one) { return !one.empty(); });
    for (size_t i = 0; num_kinds > 1 && i < load::kNumKinds; ++i)
      write_latency_row(canvas, fmt::format("  {}", to_text(static_cast<Kind>(i))), total.by_kind[i], any_weak);
  }
  if (any_weak) canvas.line(kMargin + canvas.paint("~ fewer than ten samples lie beyond it", Paint::dim));
}

// ---- what it cost --------------------------------------------------------------------------------------------------

std::string client_text(const Measurement& total) {
  if (total.threads.empty()) return {};
  std::string out = total.completed == 0 ? "no handshake to count its CPU by"
                                         : significant(total.client_us_per_handshake()) + " µs of CPU a handshake";
  std::string busy;
  size_t shown = 0;
  for (const load::ThreadUse& thread : total.threads) {
    if (thread.wall_ns <= 0 || ++shown > 16) continue;
    busy += fmt::format(
        "{}{:.0f} %", busy.empty() ? "" : ", ",
        100.0 * static_cast<double>(thread.user_ns + thread.system_ns) / static_cast<double>(thread.wall_ns));
  }
  if (!busy.empty()) out += fmt::format("; busy: {} of a core", busy);
  if (shown > 16) out += fmt::format(" and {} more", shown - 16);
  return out;
}

std::string server_text(const Plan& plan, const Measurement& total) {
  if (!plan.server_pid) return {};
  if (total.server_gone) return fmt::format("process {} ended meanwhile: its CPU is not known", *plan.server_pid);
  if (!total.server_cpu_ns) return fmt::format("the CPU of process {} could not be read", *plan.server_pid);
  std::string out = total.completed == 0 ? "no handshake to count its CPU by"
                                         : significant(total.server_us_per_handshake()) + " µs of CPU a handshake";
  if (total.server_cores_busy) out += fmt::format("; {:.2f} cores busy", *total.server_cores_busy);
  return out + fmt::format(" (process {} and its children)", *plan.server_pid);
}

void write_cost(Canvas& canvas, const Plan& plan, const Measurement& total) {
  section(canvas, "cost");
  canvas.field("client", client_text(total));
  canvas.field("server", server_text(plan, total));
  if (total.completed > 0) {
    const auto each = [&](uint64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(total.completed); };
    canvas.field("bytes", fmt::format("{} sent, {} received; {} and {} a handshake",
                                      bytes_text(static_cast<double>(total.bytes_sent)),
                                      bytes_text(static_cast<double>(total.bytes_received)),
                                      bytes_text(each(total.bytes_sent)), bytes_text(each(total.bytes_received))));
  }
  canvas.field("open", fmt::format("at most {}", plural(total.max_open, "connection")));
}

// ---- repeats -------------------------------------------------------------------------------------------------------

void write_repeats(Canvas& canvas, const BenchRun& run) {
  if (run.repeats.size() < 2) return;
  constexpr size_t kName = 19, kMedian = 20;
  section(canvas, "the repeats");
  for (const load::Series& series : series_of(run)) {
    if (series.values.empty()) continue;
    std::vector<double> sorted = series.values;
    std::ranges::sort(sorted);
    const size_t middle = sorted.size() / 2;
    const double median = sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    std::string values;
    for (size_t i = 0; i < series.values.size() && i < 20; ++i) values += " " + significant(series.values[i]);
    if (series.values.size() > 20) values += " …";
    const std::string left = kMargin + canvas.pad(series.name, kName) +
                             canvas.pad(fmt::format("{} {}", significant(median), series.unit), kMedian);
    std::string line = left;
    for (const std::string& part :
         canvas.fold("median of" + values, canvas.width() - Canvas::kIndent - kName - kMedian, 4)) {
      canvas.line(line + canvas.paint(part, Paint::dim));
      line.assign(Canvas::kIndent + kName + kMedian, ' ');
    }
  }
}

// ---- errors --------------------------------------------------------------------------------------------------------

void write_error(Canvas& canvas, const BenchSide& side, const load::ErrorClass& error, const load::ErrorCount& count,
                 const Measurement& total) {
  canvas.blank();
  const std::string head =
      fmt::format("{}  {} ({} of those begun)", error_id(error), count.count, percent_text(count.count, total.started));
  canvas.line(kMargin + canvas.paint(canvas.fit(head, canvas.width() - Canvas::kIndent), Paint::bad));
  canvas.field("means", error_text(error));
  canvas.field("example", count.example, 4);
  if (error.kind == load::ErrorKind::certificate)
    canvas.field("note", "--trust names the CA, --server-name the name; --verify none looks at no chain");
  canvas.field("replay", count.replay_text, 4);
  if (count.replay != nullptr && count.replay->trace != nullptr) write_ladder(canvas, *count.replay->trace, {});
  // A path to be copied is not cut.
  if (const auto found = side.evidence.find(count.replay.get()); found != side.evidence.end())
    canvas.line(kMargin + canvas.paint(canvas.pad("file", Canvas::kLabel), Paint::dim) +
                make_safe(found->second, 4096));
}

void write_errors(Canvas& canvas, const BenchSide& side, const Measurement& total) {
  if (total.errors.empty()) return;
  section(canvas, "errors", Paint::bad);
  std::vector<std::pair<load::ErrorClass, const load::ErrorCount*>> rows;
  for (const auto& [error, count] : total.errors) rows.emplace_back(error, &count);
  std::ranges::stable_sort(rows, std::greater<>(), [](const auto& row) { return row.second->count; });
  for (size_t i = 0; i < rows.size() && i < kMaxRows; ++i)
    write_error(canvas, side, rows[i].first, *rows[i].second, total);
  if (rows.size() > kMaxRows) {
    uint64_t rest = 0;
    for (size_t i = kMaxRows; i < rows.size(); ++i) rest += rows[i].second->count;
    canvas.blank();
    canvas.line(kMargin + fmt::format("… {} more classes with {} errors", rows.size() - kMaxRows, rest));
  }
  if (!side.sample.empty()) {
    canvas.blank();
    write_command(canvas, "again", side.sample);
  }
}

// ---- the whole -----------------------------------------------------------------------------------------------------

// "2345 full handshakes/s"; where they were not all of one kind, without it.
std::string headline(const Measurement& total) {
  if (total.completed == 0) return "no handshake completed";
  const Kinds kinds = decided(total);
  const auto most = std::ranges::max_element(kinds);
  std::string kind;
  if (*most == total.completed) kind = " " + std::string(to_text(static_cast<Kind>(most - kinds.begin())));
  return fmt::format("{}{} handshakes/s", significant(total.rate()), kind);
}

void write_side(Canvas& canvas, const BenchSide& side, std::string_view letter) {
  const Plan& plan = side.run.plan;
  if (side.run.repeats.empty()) return;
  const Measurement total = merged(side.run);
  canvas.blank();
  std::string title = letter.empty() ? "" : std::string(letter) + "  ";
  title += make_safe(side_name(plan), 200);
  if (side_name(plan) != plan.target) title += "  " + make_safe(plan.target, 200);
  canvas.heading(title, Paint::bold, true);
  const bool good = total.completed > 0 && total.num_failed() == 0;
  canvas.line(kMargin + canvas.paint(headline(total), total.completed == 0 ? Paint::bad : Paint::bold));
  std::string counts =
      fmt::format("{} begun, {} completed, {} failed", total.started, total.completed, total.num_failed());
  if (total.abandoned > 0) counts += fmt::format(", {} given up at the interruption", total.abandoned);
  counts += fmt::format(", in {}", duration_text(total.duration_ns / 1'000'000 * 1'000'000));
  canvas.line(kMargin + canvas.paint(counts, good ? Paint::none : Paint::caution));
  canvas.blank();
  for (const std::string& warning : warnings(plan, total)) caution(canvas, "warning", warning);
  for (const std::string& note : notes(plan, total)) canvas.field("note", note, 4);
  canvas.field("load", load_text(side.run));
  canvas.field("asked", asked_text(plan));
  write_kinds(canvas, total);
  canvas.field("checked", checked_text(plan));
  write_negotiated(canvas, total);
  write_latency(canvas, total);
  write_cost(canvas, plan, total);
  write_repeats(canvas, side.run);
  write_errors(canvas, side, total);
}

std::string_view word_of(const load::Comparison& row) {
  using Verdict = load::Comparison::Verdict;
  switch (row.verdict) {
    case Verdict::better:
      return "better";
    case Verdict::worse:
      return "worse";
    case Verdict::noise:
      return "noise";
    case Verdict::unknown:
      return "too few";
  }
  return "";
}

void write_comparison(Canvas& canvas, const BenchReport& report) {
  if (report.sides.size() != 2) return;
  section(canvas, "B seen from A");
  for (size_t i = 0; i < 2; ++i) canvas.field(i == 0 ? "A" : "B", side_name(report.sides[i].run.plan), 2);
  if (!report.incomparable.empty()) {
    caution(canvas, "refused", "they are not compared: " + report.incomparable);
    return;
  }
  canvas.field("repeats",
               fmt::format("{} and {}{}", report.sides[0].run.repeats.size(), report.sides[1].run.repeats.size(),
                           report.paired ? ", in turn: A B A B …" : ", each in a run of its own"));
  canvas.blank();
  constexpr size_t kName = 18, kInterval = 15;
  canvas.line(canvas.paint(kMargin + canvas.pad("", kName) + right("A", 10) + right("B", 10) + right("B/A", 9) + "  " +
                               canvas.pad("95 % interval", kInterval),
                           Paint::dim));
  bool too_few = false, any_known = false;
  for (const load::Comparison& row : report.comparison) {
    using Verdict = load::Comparison::Verdict;
    too_few |= row.verdict == Verdict::unknown;
    any_known |= row.verdict != Verdict::unknown;
    const Paint paint = row.verdict == Verdict::better  ? Paint::good
                        : row.verdict == Verdict::worse ? Paint::bad
                                                        : Paint::dim;
    const std::string interval = row.low > 0 || row.high > 0 ? fmt::format("{:.3f} … {:.3f}", row.low, row.high) : "-";
    canvas.line(kMargin + canvas.pad(row.name, kName) + right(significant(row.a), 10) + right(significant(row.b), 10) +
                right(fmt::format("{:.3f}", row.ratio), 9) + "  " + canvas.pad(interval, kInterval) + "  " +
                canvas.paint(word_of(row), paint));
  }
  if (any_known) canvas.line(kMargin + canvas.paint("about one row in twenty differs by chance alone", Paint::dim));
  if (too_few)
    canvas.line(kMargin +
                canvas.paint("too few: fewer than three values a side say nothing; see --repeat", Paint::dim));
}

void write_find_max(Canvas& canvas, const BenchReport& report) {
  if (!report.find_max) return;
  const load::FindMax& found = *report.find_max;
  std::string objectives;
  for (const load::Condition& one : report.objectives) objectives += (objectives.empty() ? "" : ", ") + one.text;
  canvas.blank();
  canvas.heading("the highest rate that holds " + objectives, Paint::bold, true);
  if (found.rate > 0)
    canvas.line(kMargin + canvas.paint(fmt::format("{} connections/s", significant(found.rate)), Paint::bold));
  else
    canvas.line(kMargin + canvas.paint("no rate held", Paint::bad));
  if (found.rate_capped)
    caution(canvas, "note",
            "the search ended at the highest rate that it may try (--max-rate): the server may hold more");
  if (found.generator_limited)
    caution(canvas, "warning", "the search ended because the generator could go no faster: the server may hold more");
  canvas.blank();
  canvas.line(canvas.paint(kMargin + right("rate", 8) + right("reached", 10) + right("p50 ms", 10) +
                               right("p99 ms", 10) + right("failed", 8) + "  ",
                           Paint::dim));
  for (const load::RateTried& tried : found.tried) {
    const Measurement& one = tried.measurement;
    const Histogram& latency = one.phases[static_cast<size_t>(load::Phase::finished)];
    const std::string left = kMargin + right(significant(tried.rate), 8) + right(significant(one.rate()), 10) +
                             right(latency.empty() ? "-" : milliseconds(latency.percentile(50)), 10) +
                             right(latency.empty() ? "-" : milliseconds(latency.percentile(99)), 10) +
                             right(std::to_string(one.num_failed()), 8) + "  ";
    std::string line = left;
    const std::string why = tried.held ? "holds" : tried.why_not;
    for (const std::string& part : canvas.fold(why, canvas.width() - display_width(left), 3)) {
      canvas.line(line + canvas.paint(part, tried.held ? Paint::good : Paint::caution));
      line.assign(display_width(left), ' ');
    }
  }
}

void write_gates(Canvas& canvas, const BenchReport& report) {
  if (std::ranges::all_of(report.sides, [](const BenchSide& side) { return side.gates.empty(); })) return;
  section(canvas, "gates");
  for (const BenchSide& side : report.sides)
    for (const load::GateResult& gate : side.gates) {
      using Holds = load::GateResult::Holds;
      const bool failed = gate.holds == Holds::yes;
      const bool known = gate.holds != Holds::unknown;
      std::string left = kMargin + canvas.paint(canvas.pad(failed  ? "FAIL"
                                                           : known ? "ok"
                                                                   : "UNKNOWN",
                                                           9),
                                                failed  ? Paint::bad
                                                : known ? Paint::good
                                                        : Paint::caution);
      std::string text = gate.condition.text + ": " + gate.text;
      if (report.sides.size() > 1) text = side_name(side.run.plan) + ": " + text;
      for (const std::string& part : canvas.fold(text, canvas.width() - Canvas::kIndent - 9, 3)) {
        canvas.line(left + part);
        left.assign(Canvas::kIndent + 9, ' ');
      }
    }
}

void write_conclusion(Canvas& canvas, const BenchReport& report) {
  const BenchConclusion conclusion = conclude(report);
  std::string word(to_text(conclusion));
  for (char& c : word) c = static_cast<char>(c - 'a' + 'A');
  const Paint paint = conclusion == BenchConclusion::measured ? Paint::good
                      : conclusion == BenchConclusion::failed ? Paint::bad
                                                              : Paint::caution;
  std::string left = kMargin + canvas.paint(word, paint) + "  ";
  const std::vector<std::string> why = reasons(report);
  if (why.empty()) canvas.line(left);
  for (const std::string& reason : why)
    for (const std::string& line : canvas.fold(reason, canvas.width() - Canvas::kIndent - word.size() - 2, 3)) {
      canvas.line(left + line);
      left = kMargin + std::string(word.size() + 2, ' ');
    }
}

}  // namespace

std::string write_bench_text(const BenchReport& report, const Style& style) {
  Canvas canvas(style);
  write_find_max(canvas, report);
  for (size_t i = 0; i < report.sides.size(); ++i)
    write_side(canvas, report.sides[i], report.sides.size() < 2 ? "" : i == 0 ? "A" : "B");
  write_comparison(canvas, report);
  write_gates(canvas, report);
  canvas.blank();
  canvas.heading(fmt::format("tlsproof {}", make_safe(report.tool_version, 40)), Paint::dim, true);
  write_conclusion(canvas, report);
  canvas.line(kMargin + canvas.paint("begun " + format_utc(report.start_wall_ns / 1'000'000'000), Paint::dim));
  return canvas.take();
}

}  // namespace tlsproof::report
