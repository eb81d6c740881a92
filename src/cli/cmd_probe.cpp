// tlsproof probe: what an endpoint can do.
#include <fmt/format.h>

#include "check_options.h"
#include "interrupt.h"
#include "recordings.h"
#include "tlsproof/base/json.h"
#include "tlsproof/base/text.h"
#include "tlsproof/cli/command.h"
#include "tlsproof/target/features.h"

namespace tlsproof::cli {
namespace {

std::string as_text(const verdict::CheckRun& run) {
  std::string out;
  for (const verdict::EndpointRun& endpoint : run.endpoints) {
    out += fmt::format("{}{}\n", endpoint.address,
                       endpoint.peer_address.empty() ? "" : fmt::format(" ({})", endpoint.peer_address));
    if (!endpoint.error.empty()) out += wrap("  " + endpoint.error, 80, "  ") + "\n";
    for (const verdict::FeatureSeen& feature : endpoint.features) {
      const target::FeatureInfo* info = target::feature_info(feature.name);
      out += wrap(fmt::format("  {:<8}{}: {}", feature.state,
                              info != nullptr ? info->explanation : std::string_view(feature.name),
                              escape_terminal_limited(feature.why, 200)),
                  80, "          ") +
             "\n";
    }
    for (const verdict::Attempt& attempt : endpoint.attempts)
      if (!attempt.evidence.empty()) out += fmt::format("  evidence: {}\n", attempt.evidence);
  }
  return out;
}

std::string as_json(const verdict::CheckRun& run) {
  JsonWriter json;
  json.begin_object();
  json.field("schema", "tlsproof-probe/1");
  json.key("endpoints");
  json.begin_array();
  for (const verdict::EndpointRun& endpoint : run.endpoints) {
    json.begin_object();
    json.field("label", std::string_view(endpoint.label));
    json.field("address", std::string_view(endpoint.address));
    json.field("peer_address", std::string_view(endpoint.peer_address));
    json.field("reachable", !endpoint.unreachable);
    if (!endpoint.error.empty()) json.field("error", std::string_view(endpoint.error));
    json.key("features");
    json.begin_object();
    for (const verdict::FeatureSeen& feature : endpoint.features) {
      json.key(feature.name);
      json.begin_object();
      json.field("state", std::string_view(feature.state));
      json.field("why", std::string_view(feature.why));
      json.end_object();
    }
    json.end_object();
    json.key("evidence");
    json.begin_array();
    for (const verdict::Attempt& attempt : endpoint.attempts)
      if (!attempt.evidence.empty()) json.string(attempt.evidence);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::string(json.text()) + "\n";
}

Result<int> probe(std::span<const std::string> args, CommandContext& context) {
  std::vector<OptionSpec> specs = endpoint_option_specs();
  specs.push_back({"format", "FORMAT", "text (default) or json"});
  specs.push_back(kEvidenceOption);
  specs.push_back({"help", "", "this text"});
  TLSPROOF_TRY(ParsedOptions options, parse_options(args, specs));
  if (options.has("help")) {
    context.print(
        "Usage: tlsproof probe HOST:PORT [OPTION…]\n       tlsproof probe --target FILE [OPTION…]\n\n"
        "Connects a few times and shows what the endpoint can do.\n\n" +
        format_options(specs));
    return kExitOk;
  }
  const std::string format = options.get("format", "text");
  if (format != "text" && format != "json")
    return fail_usage(fmt::format("--format: '{}' is not text or json", escape_terminal_limited(format, 40)));
  std::vector<std::string> words = options.positional;
  TLSPROOF_TRY(target::Target target, read_target(options, words));
  if (!words.empty())
    return fail_usage(fmt::format("'{}' is one word too many", escape_terminal_limited(words.front(), 60)));
  engine::CheckOptions run_options;
  run_options.clock = &context.clock;
  run_options.random = &context.random;
  TLSPROOF_TRY(run_options.versions, read_versions(options));
  TLSPROOF_TRY(Recordings recordings, Recordings::open(options));
  run_options.secrets = recordings.secret_use();
  InterruptGuard guard;
  run_options.stop = &InterruptGuard::flag();
  TLSPROOF_TRY(verdict::CheckRun run, engine::run_probe(target, run_options));
  const bool saved = recordings.save(run, context);
  context.print(format == "json" ? as_json(run) : as_text(run));
  if (run.interrupted) {
    context.complain("interrupted: not every connection was made");
    return kExitInterrupted;
  }
  for (const verdict::EndpointRun& endpoint : run.endpoints)
    if (endpoint.unreachable || !endpoint.error.empty()) return kExitIncomplete;
  return saved ? kExitOk : kExitIncomplete;
}

}  // namespace

int run_probe(std::span<const std::string> args, CommandContext& context) {
  auto status = probe(args, context);
  return status ? *status : report_error(status.error(), context);
}

}  // namespace tlsproof::cli
