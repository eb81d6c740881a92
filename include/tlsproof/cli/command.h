// The table of subcommands and what each is given.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "tlsproof/base/clock.h"
#include "tlsproof/base/error.h"
#include "tlsproof/base/random.h"

namespace tlsproof::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFindings = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitIncomplete = 3;
inline constexpr int kExitInternal = 4;
inline constexpr int kExitInterrupted = 130;

// The world as a command sees it. Results go to out, diagnostics and progress to err; neither is owned.
struct CommandContext {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  const Clock& clock = system_clock();
  RandomSource& random = system_random();
  // Writes; a failing write is remembered and turned into exit status 3 by main.
  void print(std::string_view text);
  // "tlsproof: MESSAGE" on err, wrapped to 80 columns.
  void complain(std::string_view message);
  int write_error = 0;  // errno of the first write to `out` that failed
};

struct Command {
  std::string_view name;     // "check"
  std::string_view summary;  // one line for `tlsproof --help`
  // `args` are the words after the command's name. Returns the exit status.
  int (*run)(std::span<const std::string> args, CommandContext& context);
};

[[nodiscard]] std::span<const Command> commands();

// Complains and gives the exit status that an error of this kind has.
int report_error(const Error& error, CommandContext& context);

// The commands, one a file: src/cli/cmd_<name>.cpp.
int run_check(std::span<const std::string> args, CommandContext& context);
int run_inspect(std::span<const std::string> args, CommandContext& context);
int run_bench(std::span<const std::string> args, CommandContext& context);
int run_probe(std::span<const std::string> args, CommandContext& context);
int run_pki(std::span<const std::string> args, CommandContext& context);
int run_list(std::span<const std::string> args, CommandContext& context);
int run_explain(std::span<const std::string> args, CommandContext& context);

}  // namespace tlsproof::cli
