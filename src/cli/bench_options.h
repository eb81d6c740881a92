// The command line of bench: what is loaded, how, and what is made of it.
#pragma once

#include "tlsproof/base/clock.h"
#include "tlsproof/cli/options.h"
#include "tlsproof/load/gate.h"
#include "tlsproof/load/plan.h"

namespace tlsproof::cli {

[[nodiscard]] std::vector<OptionSpec> bench_option_specs();
// The usage, and the options under headings.
[[nodiscard]] std::string bench_help();

// One load, and how it is asked for again.
struct PlannedSide {
  load::Plan plan;
  std::string command;  // this side alone
  std::string sample;   // a few connections of it
};

struct BenchRequest {
  std::vector<PlannedSide> sides;  // one, or two of --versus and --versus-with
  unsigned repeats = 1;
  bool find_max = false;
  double max_rate = 0;  // no rate above it is tried; infinity: any
  std::vector<load::Condition> slo, fail_if;
};

// Reads files and resolves names (an environment error when that fails); sends nothing to anybody. Usage errors name
// the option, and both of two that contradict each other.
[[nodiscard]] Result<BenchRequest> read_bench_request(const ParsedOptions& options);
[[nodiscard]] Result<std::vector<load::Condition>> read_conditions(const ParsedOptions& options, std::string_view name);

// "5s", "200ms", "1.5min", "2h", or "5": seconds. Nanoseconds; nullopt for anything else, below a millisecond or above
// a week.
[[nodiscard]] std::optional<int64_t> parse_duration(std::string_view text);
// The words of a text as a POSIX shell takes them apart: blanks, quotes, backslashes. Usage error: a quote without its
// end.
[[nodiscard]] Result<std::vector<std::string>> split_words(std::string_view text);
// "tlsproof bench" and these words, for a shell.
[[nodiscard]] std::string bench_command(std::span<const std::string> args);

}  // namespace tlsproof::cli
