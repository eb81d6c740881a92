// tlsproof inspect: handshakes from capture files and interfaces, explained and judged.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "interrupt.h"
#include "output.h"
#include "style.h"
#include "tlsproof/base/glob.h"
#include "tlsproof/base/text.h"
#include "tlsproof/cli/command.h"
#include "tlsproof/inspect/inspect.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::cli {
namespace {

constexpr std::array kOptions = {
    OptionSpec{
        .name = "interface", .value = "NAME", .help = "capture live ('any': all of them) until Ctrl-C", .letter = 'i'},
    OptionSpec{.name = "filter",
               .value = "BPF",
               .help = "only packets that this filter takes, as tcpdump has it",
               .letter = 'f'},
    OptionSpec{"keylog", "FILE", "secrets (SSLKEYLOGFILE) to decrypt with; read on while it grows", true},
    OptionSpec{"tree", "", "every field of every message, with offsets and bytes"},
    OptionSpec{"json", "", "one line of JSON a handshake (NDJSON)"},
    OptionSpec{"summary", "", "one table for everything instead; with --json one object"},
    OptionSpec{"sni", "PATTERN", "only handshakes for server names like this ('*.example.com')", true},
    OptionSpec{"host", "ADDRESS", "only those of this address, network (/BITS) or :PORT", true},
    OptionSpec{"tls", "VERSION", "only those of this version (1.2, 1.3, DTLS1.2 …)", true},
    OptionSpec{"failed", "", "only those that failed"},
    OptionSpec{"fingerprint", "PRINT", "only those with this JA3, JA3S or JA4 (or pattern)", true},
    OptionSpec{"finding", "RULE", "only those that break this rule (or pattern; 'any')", true},
    OptionSpec{"fail-on", "LEVEL", "exit with 1 where a MUST (fail) or also a SHOULD (warn) is broken; default: none"},
    OptionSpec{"follow", "", "show each handshake at most 10 s after it began, though its connection goes on"},
    OptionSpec{"write", "FILE", "keep the packets that were seen, as pcapng"},
    OptionSpec{"jobs", "N", "threads (default 1); the output is the same"},
    OptionSpec{"max-flows", "N", "connections that may be open at once (default 65536)"},
    OptionSpec{"max-bytes", "KIB", "kept of each direction of a connection (default 256)"},
    OptionSpec{"idle", "SECONDS", "silence after which a connection is over (default 60)"},
    OptionSpec{"color", "WHEN", "auto (default), always or never"},
    OptionSpec{"help", "", "this text"},
};

constexpr std::string_view kUsage =
    "Usage: tlsproof inspect FILE… [OPTION…]\n"
    "       tlsproof inspect -i NAME [OPTION…]\n\n"
    "Finds the TLS, DTLS and QUIC handshakes in captures (pcap, pcapng, either also\n"
    "as .gz; '-': standard input), tells what was offered, chosen and refused, and\n"
    "which rules of the RFCs were broken.\n\n";

constexpr int64_t kFollowOpenNs = 10'000'000'000;

struct Request {
  std::vector<std::string> files;
  std::string interface;
  std::string filter;
  std::string write;
  bool summary = false;
  bool json_summary = false;
  bool follow = false;
  verdict::FailOn fail_on = verdict::FailOn::none;
  inspect::Options options;
  capture::FlowLimits limits;
  size_t jobs = 1;
};

Result<uint16_t> read_version(const std::string& text) {
  uint32_t value = 0;
  if (registry::parse(registry::Kind::version, text, value)) return static_cast<uint16_t>(value);
  return fail_usage(fmt::format("--tls: '{}' is no version; there are 1.0 to 1.3, SSL3, DTLS1.2 …",
                                escape_terminal_limited(text, 40)));
}

Status read_filter(const ParsedOptions& options, inspect::Filter& filter) {
  for (const std::string& text : options.all("sni")) filter.sni.push_back(to_lower(text));
  for (const std::string& text : options.all("host")) {
    TLSPROOF_TRY(inspect::HostPattern pattern, inspect::parse_host_pattern(text));
    filter.hosts.push_back(pattern);
  }
  for (const std::string& text : options.all("tls")) {
    TLSPROOF_TRY(const uint16_t version, read_version(text));
    filter.versions.push_back(version);
  }
  filter.failed = options.has("failed");
  filter.fingerprints = options.all("fingerprint");
  filter.findings = options.all("finding");
  for (const std::string& text : filter.findings) {
    bool known = text == "any";
    for (const rules::Rule& rule : rules::all_rules()) known = known || glob_match(text, rule.id);
    if (known) continue;
    std::vector<std::string_view> ids;
    for (const rules::Rule& rule : rules::all_rules()) ids.push_back(rule.id);
    std::string message = fmt::format("--finding: there is no rule '{}'", escape_terminal_limited(text, 60));
    if (const auto candidate = did_you_mean(text, ids)) message += fmt::format("; did you mean '{}'?", *candidate);
    return fail_usage(message);
  }
  return {};
}

Status read_limits(const ParsedOptions& options, Request& request) {
  TLSPROOF_TRY(const long long flows, options.integer("max-flows", 65'536, 1, 10'000'000));
  TLSPROOF_TRY(const long long kib, options.integer("max-bytes", 256, 1, 1 << 20));
  TLSPROOF_TRY(const long long idle, options.integer("idle", 60, 1, 1'000'000));
  TLSPROOF_TRY(const long long jobs, options.integer("jobs", 1, 1, 256));
  request.limits.max_flows = static_cast<size_t>(flows);
  request.limits.max_flow_bytes = static_cast<size_t>(kib) << 10;
  request.limits.max_total_bytes = std::max(request.limits.max_total_bytes, 4 * request.limits.max_flow_bytes);
  request.limits.idle_ns = idle * 1'000'000'000;
  if (request.follow) request.limits.open_ns = kFollowOpenNs;
  request.jobs = static_cast<size_t>(jobs);
  return {};
}

Result<Request> read_request(const ParsedOptions& options) {
  Request request;
  request.files = options.positional;
  request.interface = options.get("interface");
  request.filter = options.get("filter");
  request.write = options.get("write");
  request.summary = options.has("summary");
  request.json_summary = options.has("json");
  request.follow = options.has("follow");
  if (request.files.empty() == request.interface.empty())
    return fail_usage(request.files.empty() ? "needs a capture FILE or '-i NAME'; --help tells more"
                                            : "takes capture files or '-i NAME', not both");
  if (options.has("tree") && (options.has("json") || request.summary))
    return fail_usage("--tree goes neither with --json nor with --summary");
  if (std::ranges::count(request.files, "-") > 1) return fail_usage("standard input can be read only once");
  request.options.format = request.summary       ? inspect::Format::none
                           : options.has("json") ? inspect::Format::json
                           : options.has("tree") ? inspect::Format::tree
                                                 : inspect::Format::block;
  const auto fail_on = verdict::parse_fail_on(options.get("fail-on", "none"));
  if (!fail_on)
    return fail_usage(fmt::format("--fail-on: '{}' is not fail, warn, info or none",
                                  escape_terminal_limited(options.get("fail-on"), 40)));
  request.fail_on = *fail_on;
  TLSPROOF_TRY(const report::Style style, read_style(options, isatty(STDOUT_FILENO) == 1));
  request.options.block.colour = style.colour;
  request.options.block.unicode = style.unicode;
  request.options.block.ladder = !options.has("tree");  // which tells the same, and all of it
  TLSPROOF_TRY_VOID(read_filter(options, request.options.filter));
  TLSPROOF_TRY_VOID(read_limits(options, request));
  return request;
}

std::string shown_name(const std::string& path) {
  return path == "-" ? std::string("standard input") : escape_terminal_limited(path, 200);
}

// A live source that Ctrl-C ends when what the kernel has taken up to then is read too: what passed before is told.
class UntilInterrupted final : public capture::Source {
 public:
  UntilInterrupted(std::unique_ptr<capture::Source> source, const Clock& clock)
      : source_(std::move(source)), clock_(clock) {}
  Result<Next> next(capture::Packet& out) override {
    if (InterruptGuard::flag() && end_ns_ == 0) end_ns_ = clock_.monotonic_ns() + kMostNs;
    if (end_ns_ != 0 && clock_.monotonic_ns() > end_ns_) return Next::end;
    Result<Next> got = source_->next(out);
    // A poll that the signal itself cut short may say "idle" too early: only one that began after it counts.
    if (end_ns_ != 0 && got && *got == Next::idle) return Next::end;
    return got;
  }
  ByteView secrets() const override { return source_->secrets(); }
  std::vector<std::string> notes() const override { return source_->notes(); }

 private:
  static constexpr int64_t kMostNs = 2'000'000'000;
  std::unique_ptr<capture::Source> source_;
  const Clock& clock_;
  int64_t end_ns_ = 0;
};

// One run over all the sources that were named.
class Inspection {
 public:
  Inspection(Request request, CommandContext& context)
      : request_(std::move(request)),
        context_(context),
        output_(context, request_.follow || !request_.interface.empty()),
        report_(request_.options, [this](std::string_view text) { return output_.write(text); }) {}

  Result<int> run(const ParsedOptions& options);

 private:
  [[nodiscard]] Status check_not_read_too() const;
  Status open_keys(const ParsedOptions& options);
  void follow_keys();
  void take(capture::Source& source, const std::string& name);
  void tell_notes(const std::string& name, const capture::Source& source, const capture::PipelineCounts& counts,
                  uint64_t num_found);
  void worsen(int status) {
    if (status_ == kExitOk) status_ = status;
  }
  void finish();

  Request request_;
  CommandContext& context_;
  trace::KeyLogIndex keys_;
  std::vector<std::string> key_errors_;  // that were told
  std::unique_ptr<capture::Writer> writer_;
  Output output_;
  inspect::Report report_;
  bool wanted_ = true;  // somebody still reads
  int status_ = kExitOk;
};

Status Inspection::open_keys(const ParsedOptions& options) {
  for (const std::string& path : options.all("keylog")) TLSPROOF_TRY_VOID(keys_.load(path));
  for (const std::string& note : keys_.notes()) context_.complain(note);
  request_.options.keys = &keys_;
  return {};
}

// Asked again and again: each error is told once.
void Inspection::follow_keys() {
  const auto grown = keys_.follow();
  if (grown) return;
  const std::string message = grown.error().message();
  if (std::ranges::find(key_errors_, message) != key_errors_.end()) return;
  key_errors_.push_back(message);
  worsen(report_error(grown.error(), context_));
}

void Inspection::tell_notes(const std::string& name, const capture::Source& source,
                            const capture::PipelineCounts& counts, uint64_t num_found) {
  for (const std::string& note : source.notes()) context_.complain(fmt::format("{}: {}", name, note));
  for (const std::string& line : inspect::not_looked_at(counts)) context_.complain(fmt::format("{}: {}", name, line));
  if (num_found > 0) return;
  context_.complain(fmt::format("{}: no TLS, DTLS or QUIC handshake in {} packet{}", name, counts.packets,
                                counts.packets == 1 ? "" : "s"));
  worsen(kExitIncomplete);
}

void Inspection::take(capture::Source& source, const std::string& name) {
  const uint64_t found_before = report_.num_found();
  report_.set_source(name);
  capture::PipelineOptions pipeline;
  pipeline.limits = request_.limits;
  pipeline.jobs = request_.jobs;
  pipeline.keys = &keys_;
  pipeline.writer = writer_.get();
  if (request_.interface.empty()) pipeline.stop = &InterruptGuard::flag();  // else the source sees to it
  pipeline.make_worker = [this] { return inspect::make_worker(request_.options); };
  pipeline.emit = [this](capture::Product& product) { return wanted_ = report_.emit(product); };
  pipeline.idle = [this] {
    follow_keys();
    wanted_ = output_.flush() && wanted_;
  };
  const capture::PipelineResult result = capture::run_pipeline(source, pipeline);
  wanted_ = output_.flush() && wanted_;
  if (!result.status) worsen(report_error(result.status.error(), context_));
  if (result.jobs < request_.jobs) {
    context_.complain(
        fmt::format("--jobs {}: the system makes no more threads; {} at work", request_.jobs, result.jobs));
    request_.jobs = result.jobs;  // for the files that follow
  }
  if (wanted_) tell_notes(name, source, result.counts, report_.num_found() - found_before);
}

void Inspection::finish() {
  if (request_.summary) {
    const view::SummaryOptions style{.unicode = request_.options.block.unicode,
                                     .colour = request_.options.block.colour};
    output_.write(request_.json_summary ? report_.summary().json() : report_.summary().render(style));
  } else if (report_.num_found() > 0 && report_.num_shown() == 0) {
    context_.complain(fmt::format("none of {} handshake{} is what the options ask for", report_.num_found(),
                                  report_.num_found() == 1 ? "" : "s"));
  }
  output_.flush();
}

// Of several files that are read one after the other, the first would be written over what is still to be read.
Status Inspection::check_not_read_too() const {
  if (request_.files.size() < 2) return {};  // one file is open before its copy takes its name
  for (const std::string& path : request_.files) {
    std::error_code none;
    if (path == "-" || !std::filesystem::equivalent(path, request_.write, none)) continue;
    return fail_usage(fmt::format("--write {}: this file is one of those to be read; give it another name",
                                  escape_terminal(request_.write)));
  }
  return {};
}

Result<int> Inspection::run(const ParsedOptions& options) {
  TLSPROOF_TRY_VOID(open_keys(options));
  if (!request_.write.empty()) {
    TLSPROOF_TRY_VOID(check_not_read_too());
    TLSPROOF_TRY(writer_, capture::Writer::open(request_.write));
  }
  InterruptGuard guard;
  const auto interrupted = [] { return InterruptGuard::flag().load(); };
  if (!request_.interface.empty()) {
    TLSPROOF_TRY(auto live, capture::open_live(request_.interface, {.filter = request_.filter}));
    UntilInterrupted source(std::move(live), context_.clock);
    const std::string name = escape_terminal_limited(request_.interface, 40);
    context_.complain(fmt::format("capturing on {}; Ctrl-C ends it", name));
    take(source, name);
  }
  for (const std::string& path : request_.files) {
    if (!wanted_ || interrupted()) break;
    auto source = capture::open_file(path, {.filter = request_.filter, .stop = &InterruptGuard::flag()});
    if (source)
      take(**source, shown_name(path));
    else
      worsen(report_error(source.error(), context_));
  }
  finish();
  if (writer_)
    if (const Status written = writer_->flush(); !written) worsen(report_error(written.error(), context_));
  const bool broken = (request_.fail_on != verdict::FailOn::none && report_.must_broken()) ||
                      ((request_.fail_on == verdict::FailOn::warn || request_.fail_on == verdict::FailOn::info) &&
                       report_.should_broken());
  // Ctrl-C is how a live capture ends; a file that was not read to its end has not been inspected.
  if (interrupted() && request_.interface.empty()) {
    context_.complain("interrupted: what was read up to here is shown");
    return kExitInterrupted;
  }
  return broken ? kExitFindings : status_;
}

Result<int> inspect_command(std::span<const std::string> args, CommandContext& context) {
  TLSPROOF_TRY(const ParsedOptions options, parse_options(args, kOptions));
  if (options.has("help")) {
    context.print(std::string(kUsage) + format_options(kOptions));
    return kExitOk;
  }
  TLSPROOF_TRY(Request request, read_request(options));
  return Inspection(std::move(request), context).run(options);
}

}  // namespace

int run_inspect(std::span<const std::string> args, CommandContext& context) {
  auto status = inspect_command(args, context);
  return status ? *status : report_error(status.error(), context);
}

}  // namespace tlsproof::cli
