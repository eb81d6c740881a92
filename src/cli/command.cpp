#include "tlsproof/cli/command.h"

#include <array>
#include <cerrno>

#include "tlsproof/base/text.h"

namespace tlsproof::cli {

void CommandContext::print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), out) != text.size() && write_error == 0) write_error = errno;
}

void CommandContext::complain(std::string_view message) {
  const std::string line = wrap("tlsproof: " + std::string(message), 80, "  ") + '\n';
  std::fwrite(line.data(), 1, line.size(), err);
}

std::span<const Command> commands() {
  static constexpr std::array kCommands = {
      Command{"check", "play handshakes against an endpoint and judge it", run_check},
      Command{"inspect", "explain and judge the handshakes of a capture", run_inspect},
      Command{"probe", "show what an endpoint can do", run_probe},
      Command{"bench", "measure what handshakes cost a server", run_bench},
      Command{"pki", "make CAs and certificates", run_pki},
      Command{"list", "list the suites and scenarios", run_list},
      Command{"explain", "tell what a scenario checks and why", run_explain},
  };
  return kCommands;
}

int report_error(const Error& error, CommandContext& context) {
  context.complain(error.message());
  switch (error.kind) {
    case Error::Kind::usage:
      return kExitUsage;
    case Error::Kind::environment:
      return kExitIncomplete;
    case Error::Kind::internal:
      return kExitInternal;
  }
  return kExitInternal;
}

}  // namespace tlsproof::cli
