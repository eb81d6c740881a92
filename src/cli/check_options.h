// The options that check and probe share: what is tested, and how.
#pragma once

#include "tlsproof/cli/options.h"
#include "tlsproof/engine/engine.h"
#include "tlsproof/scenario/library.h"
#include "tlsproof/target/target.h"

namespace tlsproof::cli {

[[nodiscard]] std::vector<OptionSpec> endpoint_option_specs();  // what is tested, and how it is reached
[[nodiscard]] std::vector<OptionSpec> check_option_specs();     // those, and everything else of check

struct CheckRequest {
  target::Target target;
  scenario::Library library;
  engine::CheckOptions options;  // clock, random, stop and progress are the caller's to fill in
};
// Usage errors name the option. The first word is HOST:PORT unless --target is given; the others select scenarios.
[[nodiscard]] Result<CheckRequest> read_check_request(const ParsedOptions& options);
// The endpoints alone; takes HOST:PORT out of `words`.
[[nodiscard]] Result<target::Target> read_target(const ParsedOptions& options, std::vector<std::string>& words);
// The scenarios inside the program, and those of --scenarios beside them.
[[nodiscard]] Result<scenario::Library> read_library(const ParsedOptions& options);
[[nodiscard]] Result<std::vector<uint16_t>> read_versions(const ParsedOptions& options);

// 'it'\''s': a word as a POSIX shell reads it back; plain words stay as they are.
[[nodiscard]] std::string shell_quote(std::string_view word);

}  // namespace tlsproof::cli
