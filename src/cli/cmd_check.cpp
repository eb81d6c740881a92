// tlsproof check: plays scenarios against endpoints, judges, reports.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "check_options.h"
#include "interrupt.h"
#include "recordings.h"
#include "style.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/cli/command.h"
#include "tlsproof/cli/options.h"
#include "tlsproof/engine/engine.h"
#include "tlsproof/report/baseline.h"
#include "tlsproof/report/format.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::cli {
namespace {

struct ReportFile {
  const report::Format* format = nullptr;
  std::string path;
};

Result<const report::Format*> find_format(std::string_view option, std::string_view name) {
  if (const report::Format* format = report::find_format(name)) return format;
  std::string names;
  for (const report::Format& format : report::formats())
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  return fail_usage(
      fmt::format("--{}: there is no format '{}'; there are: {}", option, escape_terminal_limited(name, 40), names));
}

Result<std::vector<ReportFile>> report_files(const ParsedOptions& options) {
  std::vector<ReportFile> files;
  for (const std::string& text : options.all("report")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size())
      return fail_usage(fmt::format("--report: '{}' is not FORMAT=FILE", escape_terminal_limited(text, 60)));
    TLSPROOF_TRY(const report::Format* format, find_format("report", std::string_view(text).substr(0, equals)));
    files.push_back({format, text.substr(equals + 1)});
  }
  return files;
}

// Before anything is played: a baseline that cannot be used is told at once.
Result<std::optional<report::Baseline>> read_baseline(const ParsedOptions& options, const target::Target& target) {
  if (!options.has("baseline")) return std::nullopt;
  TLSPROOF_TRY(report::Baseline baseline, report::load_baseline(options.get("baseline")));
  std::vector<std::string> labels;
  labels.reserve(target.endpoints.size());
  for (const target::Endpoint& endpoint : target.endpoints) labels.push_back(endpoint.label);
  TLSPROOF_TRY_VOID(report::check_baseline(baseline, labels));
  return std::optional(std::move(baseline));
}

// A line that rewrites itself, on a terminal and for somebody who waits longer than a blink.
class Progress {
 public:
  explicit Progress(CommandContext& context)
      : context_(&context), enabled_(isatty(STDERR_FILENO) == 1), start_ns_(context.clock.monotonic_ns()) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(std::string_view step) {
    if (!enabled_ || context_->clock.monotonic_ns() - start_ns_ < 1'000'000'000) return;
    fmt::print(context_->err, "\r\x1b[K{}", escape_terminal_limited(step, 70));
    std::fflush(context_->err);
    shown_ = true;
  }
  void clear() {
    if (shown_) fmt::print(context_->err, "\r\x1b[K");
    shown_ = false;
  }

 private:
  CommandContext* context_;
  bool enabled_;
  bool shown_ = false;
  int64_t start_ns_;
};

constexpr std::string_view kUsage =
    "Usage: tlsproof check HOST:PORT [OPTION…] [SUITE|ID…]\n"
    "       tlsproof check --target FILE [OPTION…] [SUITE|ID…]\n\n"
    "Plays handshakes against the endpoint and judges them. Without a suite: oneway,\n"
    "and mtls where client authentication is declared or asked for.\n"
    "'tlsproof list' shows suites and ids, 'tlsproof explain ID' tells about one.\n\n";

Result<int> check(std::span<const std::string> args, CommandContext& context) {
  const std::vector<OptionSpec> specs = check_option_specs();
  TLSPROOF_TRY(ParsedOptions options, parse_options(args, specs));
  if (options.has("help")) {
    context.print(std::string(kUsage) + format_options(specs));
    return kExitOk;
  }
  TLSPROOF_TRY(CheckRequest request, read_check_request(options));
  TLSPROOF_TRY(const report::Format* format, find_format("format", options.get("format", "text")));
  TLSPROOF_TRY(auto files, report_files(options));
  const auto fail_on = verdict::parse_fail_on(options.get("fail-on", "fail"));
  if (!fail_on)
    return fail_usage(fmt::format("--fail-on: '{}' is not fail, warn, info or none",
                                  escape_terminal_limited(options.get("fail-on"), 40)));
  TLSPROOF_TRY(report::Style style, read_style(options, isatty(STDOUT_FILENO) == 1));
  style.fail_on = *fail_on;
  TLSPROOF_TRY(const auto baseline, read_baseline(options, request.target));

  TLSPROOF_TRY(Recordings recordings, Recordings::open(options));
  InterruptGuard guard;
  Progress progress(context);
  request.options.stop = &InterruptGuard::flag();
  request.options.secrets = recordings.secret_use();
  request.options.clock = &context.clock;
  request.options.random = &context.random;
  request.options.progress = [&](std::string_view step) { progress.show(step); };
  TLSPROOF_TRY(verdict::CheckRun run, engine::run_check(request.target, request.library, request.options));
  progress.clear();
  run.target_file = options.get("target");
  if (baseline) report::apply_baseline(*baseline, *fail_on, run);
  int status = verdict::exit_status(run, *fail_on);
  if (!recordings.save(run, context) && status == kExitOk) status = kExitIncomplete;
  context.print(format->write(run, style));
  for (const ReportFile& file : files) {
    report::Style plain;
    plain.verbose = style.verbose;
    plain.fail_on = style.fail_on;
    if (auto saved = save_file(file.path, as_bytes(file.format->write(run, plain)),
                               {.mode = 0644, .overwrite = true, .make_folders = true});
        !saved) {
      context.complain(saved.error().message());
      if (status == kExitOk) status = kExitIncomplete;
    }
  }
  return status;
}

}  // namespace

int run_check(std::span<const std::string> args, CommandContext& context) {
  auto status = check(args, context);
  return status ? *status : report_error(status.error(), context);
}

}  // namespace tlsproof::cli
