// tlsproof bench: loads a server with handshakes, measures, compares, reports.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "bench_options.h"
#include "bench_plan.h"
#include "interrupt.h"
#include "recordings.h"
#include "style.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/base/version.h"
#include "tlsproof/cli/command.h"
#include "tlsproof/cli/options.h"
#include "tlsproof/load/compare.h"
#include "tlsproof/load/find_max.h"
#include "tlsproof/load/run.h"
#include "tlsproof/report/bench.h"
#include "tlsproof/report/bench_read.h"

namespace tlsproof::cli {
namespace {

using report::BenchFormat;
using report::BenchReport;
using report::BenchSide;

struct ReportFile {
  const BenchFormat* format = nullptr;
  std::string path;
};

Result<const BenchFormat*> find_format(std::string_view option, std::string_view name) {
  if (const BenchFormat* format = report::find_bench_format(name)) return format;
  std::string names;
  for (const BenchFormat& format : report::bench_formats())
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  return fail_usage(
      fmt::format("--{}: there is no format '{}'; there are: {}", option, escape_terminal_limited(name, 40), names));
}

// How the results are shown, read before anything is measured.
struct Shown {
  const BenchFormat* format = nullptr;
  std::vector<ReportFile> files;
  report::Style style;
};

Result<Shown> read_shown(const ParsedOptions& options) {
  Shown shown;
  TLSPROOF_TRY(shown.format, find_format("format", options.get("format", "text")));
  for (const std::string& text : options.all("report")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size())
      return fail_usage(fmt::format("--report: '{}' is not FORMAT=FILE", escape_terminal_limited(text, 60)));
    TLSPROOF_TRY(const BenchFormat* format, find_format("report", std::string_view(text).substr(0, equals)));
    shown.files.push_back({format, text.substr(equals + 1)});
  }
  TLSPROOF_TRY(shown.style, read_style(options, isatty(STDOUT_FILENO) == 1));
  return shown;
}

int show(const BenchReport& report, const Shown& shown, CommandContext& context) {
  int status = report::bench_exit_status(report);
  context.print(shown.format->write(report, shown.style));
  for (const ReportFile& file : shown.files) {
    const std::string content = file.format->write(report, {});
    if (auto saved = save_file(file.path, as_bytes(content), {.mode = 0644, .overwrite = true, .make_folders = true});
        !saved) {
      context.complain(saved.error().message());
      if (status == kExitOk) status = kExitIncomplete;
    }
  }
  return status;
}

// A line a second that rewrites itself, on a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(CommandContext& context) : context_(&context), enabled_(isatty(STDERR_FILENO) == 1) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const load::Progress& now) {
    if (!enabled_) return;
    const std::string when =
        now.elapsed_s < 0 ? fmt::format("warm-up {:.0f} s", -now.elapsed_s) : fmt::format("{:.0f} s", now.elapsed_s);
    std::string line = fmt::format("{}: {}/s, {} failed, {} open", when, now.completed, now.failed, now.open);
    if (now.queued > 0) line += fmt::format(", {} queued", now.queued);
    if (now.completed > 0)
      line += fmt::format(", p50 {:.2f} ms, p99 {:.2f} ms", static_cast<double>(now.p50_ns) / 1e6,
                          static_cast<double>(now.p99_ns) / 1e6);
    write(line);
  }
  void show(const load::RateTried& tried) {
    if (enabled_)
      write(fmt::format("{:.0f}/s {}", tried.rate, tried.held ? "holds" : "does not hold: " + tried.why_not));
  }
  void clear() {
    if (shown_) fmt::print(context_->err, "\r\x1b[K");
    shown_ = false;
  }

 private:
  void write(std::string_view line) {
    fmt::print(context_->err, "\r\x1b[K{}", escape_terminal_limited(line, 78));
    std::fflush(context_->err);
    shown_ = true;
  }
  CommandContext* context_;
  bool enabled_;
  bool shown_ = false;
};

// ---- measuring -----------------------------------------------------------------------------------------------------

Status measure(const BenchRequest& request, const load::RunOptions& options, BenchReport& report) {
  std::vector<load::Plan> plans;
  for (const PlannedSide& side : request.sides) plans.push_back(side.plan);
  TLSPROOF_TRY(auto runs, load::run_interleaved(plans, request.repeats, options));
  for (size_t i = 0; i < runs.size(); ++i) {
    report.interrupted |= runs[i].interrupted;
    report.sides[i].run = std::move(runs[i]);
  }
  if (report.sides.size() != 2) return {};
  report.paired = true;
  report.comparison = load::compare(load::series_of(report.sides[0].run), load::series_of(report.sides[1].run), true);
  return {};
}

Status search(const BenchRequest& request, const load::RunOptions& options, ProgressLine& progress,
              BenchReport& report) {
  TLSPROOF_TRY(load::FindMax found, load::find_max(
                                        request.sides.front().plan, request.slo, options,
                                        [&](const load::RateTried& tried) { progress.show(tried); }, request.max_rate));
  load::BenchRun& best = report.sides.front().run;
  best.plan = request.sides.front().plan;
  if (found.rate > 0) best.plan.arrivals.rate = found.rate;
  for (const load::RateTried& tried : found.tried)
    if (tried.held && tried.rate == found.rate) best.repeats.push_back(tried.measurement);
  report.interrupted = best.interrupted = found.interrupted;
  report.objectives = request.slo;
  report.find_max = std::move(found);
  return {};
}

// The replays of failures as the connections of a run, which is what the folder of evidence holds.
bool save_replays(const Recordings& recordings, BenchReport& report, CommandContext& context) {
  verdict::CheckRun run;
  run.tool_version = report.tool_version;
  run.start_wall_ns = report.start_wall_ns;
  run.interrupted = report.interrupted;
  std::vector<std::vector<const session::AttemptResult*>> replays;
  for (const BenchSide& side : report.sides) {
    verdict::EndpointRun& endpoint = run.endpoints.emplace_back();
    endpoint.label = endpoint.address = side.run.plan.target;
    auto& of_side = replays.emplace_back();
    for (const load::Measurement& one : side.run.repeats)
      for (const auto& [error, count] : one.errors) {
        if (count.replay == nullptr) continue;
        endpoint.attempts.push_back({load::error_id(error), count.replay->outcome, count.replay->trace, {}});
        of_side.push_back(count.replay.get());
      }
  }
  const bool saved = recordings.save(run, context);
  for (size_t i = 0; i < replays.size(); ++i)
    for (size_t j = 0; j < replays[i].size(); ++j)
      if (const std::string& path = run.endpoints[i].attempts[j].evidence; !path.empty())
        report.sides[i].evidence[replays[i][j]] = path;
  return saved;
}

Result<int> run_load(const ParsedOptions& options, BenchReport report, CommandContext& context) {
  TLSPROOF_TRY(BenchRequest request, read_bench_request(options));
  TLSPROOF_TRY(const Shown shown, read_shown(options));
  TLSPROOF_TRY(const Recordings recordings, Recordings::open(options));
  for (PlannedSide& side : request.sides) choose_address(side.plan);
  for (const PlannedSide& side : request.sides)
    report.sides.push_back({.run = {.plan = side.plan, .repeats = {}},
                            .command = side.command,
                            .sample = side.sample,
                            .gates = {},
                            .evidence = {}});
  InterruptGuard guard;
  ProgressLine progress(context);
  load::RunOptions how;
  how.clock = &context.clock;
  how.stop = &InterruptGuard::flag();
  how.secrets = recordings.secret_use();
  how.on_progress = [&](const load::Progress& now) { progress.show(now); };
  TLSPROOF_TRY_VOID(request.find_max ? search(request, how, progress, report) : measure(request, how, report));
  progress.clear();
  for (BenchSide& side : report.sides) side.gates = load::judge(request.fail_if, side.run);
  const bool saved = save_replays(recordings, report, context);
  const int status = show(report, shown, context);
  return status == kExitOk && !saved ? kExitIncomplete : status;
}

// ---- reading reports -----------------------------------------------------------------------------------------------

Result<BenchSide> read_one_side(const std::string& path) {
  TLSPROOF_TRY(auto sides, report::load_bench_report(path));
  if (sides.size() != 1)
    return fail_usage(fmt::format("bench report '{}': it has {} sides, and one is wanted",
                                  escape_terminal_limited(path, 200), sides.size()));
  return std::move(sides.front());
}

Result<int> run_compare(const ParsedOptions& options, BenchReport report, CommandContext& context) {
  TLSPROOF_TRY_VOID(read_bench_request(options));
  TLSPROOF_TRY(const Shown shown, read_shown(options));
  if (options.positional.size() != 2)
    return fail_usage(fmt::format("--compare takes two JSON reports: {} given", options.positional.size()));
  for (const std::string& path : options.positional) {
    TLSPROOF_TRY(BenchSide side, read_one_side(path));
    side.run.plan.label = path;
    report.interrupted |= side.run.interrupted;
    report.sides.push_back(std::move(side));
  }
  const load::BenchRun& a = report.sides[0].run;
  const load::BenchRun& b = report.sides[1].run;
  report.incomparable = load::incomparable(a.plan, b.plan);
  if (!report.incomparable.empty()) return fail_usage("these two must not be compared: " + report.incomparable);
  report.comparison = load::compare(load::series_of(a), load::series_of(b), false);
  return show(report, shown, context);
}

Result<int> run_merge(const ParsedOptions& options, BenchReport report, CommandContext& context) {
  TLSPROOF_TRY(const BenchRequest request, read_bench_request(options));
  TLSPROOF_TRY(const Shown shown, read_shown(options));
  constexpr size_t kMaxShards = 1000;
  if (options.positional.empty() || options.positional.size() > kMaxShards)
    return fail_usage(fmt::format("--merge takes the JSON reports of all shards, 1 to {}: {} given", kMaxShards,
                                  options.positional.size()));
  std::vector<BenchSide> shards;
  for (const std::string& path : options.positional) {
    TLSPROOF_TRY(BenchSide side, read_one_side(path));
    shards.push_back(std::move(side));
  }
  TLSPROOF_TRY(BenchSide side, report::merge_shards(shards, options.positional));
  report.interrupted = side.run.interrupted;
  side.gates = load::judge(request.fail_if, side.run);
  report.sides.push_back(std::move(side));
  return show(report, shown, context);
}

Result<int> bench(std::span<const std::string> args, CommandContext& context) {
  TLSPROOF_TRY(ParsedOptions options, parse_options(args, bench_option_specs()));
  if (options.has("help")) {
    context.print(bench_help());
    return kExitOk;
  }
  BenchReport report;
  report.tool_version = kVersion;
  report.start_wall_ns = context.clock.wall_ns();
  report.command = bench_command(args);
  if (options.has("compare")) return run_compare(options, std::move(report), context);
  if (options.has("merge")) return run_merge(options, std::move(report), context);
  return run_load(options, std::move(report), context);
}

}  // namespace

int run_bench(std::span<const std::string> args, CommandContext& context) {
  auto status = bench(args, context);
  return status ? *status : report_error(status.error(), context);
}

}  // namespace tlsproof::cli
