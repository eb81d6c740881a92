// Option parsing by Boost.ProgramOptions with messages of ours: one line, the option named, "did you mean".
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/error.h"

namespace tlsproof::cli {

struct OptionSpec {
  std::string_view name;   // "timeout", without dashes
  std::string_view value;  // "SECONDS"; empty: a switch
  std::string_view help;
  bool repeatable = false;
  char letter = 0;  // 'i': also "-i"
};

// The words of a command line, sorted.
struct ParsedOptions {
  std::map<std::string, std::vector<std::string>, std::less<>> values;  // a switch that was given has one empty value
  std::vector<std::string> positional;

  [[nodiscard]] bool has(std::string_view name) const { return values.contains(name); }
  // The value, or `fallback` when it was not given.
  [[nodiscard]] std::string get(std::string_view name, std::string_view fallback = {}) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  // A number within its limits, or a usage error that names the option and the limits.
  [[nodiscard]] Result<long long> integer(std::string_view name, long long fallback, long long min,
                                          long long max) const;
};

// Long options ("--name value", "--name=value"), and "-i value" where there is a letter; "--" ends them; no
// abbreviations. Every failure is a usage error:
// an unknown option (with "did you mean"), a missing value, a value given to a switch, an option given twice that is
// not repeatable.
[[nodiscard]] Result<ParsedOptions> parse_options(std::span<const std::string> args, std::span<const OptionSpec> specs);

// The table of options for --help, wrapped to 80 columns.
[[nodiscard]] std::string format_options(std::span<const OptionSpec> specs);

}  // namespace tlsproof::cli
