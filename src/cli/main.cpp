// tlsproof: finds the subcommand in the table and runs it.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "tlsproof/base/text.h"
#include "tlsproof/base/version.h"
#include "tlsproof/cli/command.h"

namespace {

using namespace tlsproof;
using namespace tlsproof::cli;

std::string help() {
  std::string text = "tlsproof: inspects and tests TLS handshakes.\n\nUsage: tlsproof COMMAND [OPTION…]\n\n";
  for (const Command& command : commands()) {
    std::string name = "  " + std::string(command.name);
    name.resize(12, ' ');
    text += name + std::string(command.summary) + '\n';
  }
  return text +
         "\n'tlsproof COMMAND --help' tells a command's options. Exit status: 0 all hold,\n"
         "1 a finding, 2 a wrong option or file, 3 could not be judged, 4 internal,\n130 interrupted.\n";
}

// A standard stream that is closed gives its number to the next file or socket that is opened, and what is printed
// would go there. What stands in for it can neither be read nor written, as before.
void fill_standard_streams() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

int run(const std::vector<std::string>& words, CommandContext& context) {
  if (words.empty()) {
    const std::string text = help();
    std::fwrite(text.data(), 1, text.size(), context.err);
    return kExitUsage;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    context.print(help());
    return kExitOk;
  }
  if (words[0] == "--version") {
    context.print("tlsproof " + std::string(kVersion) + "\n");
    return kExitOk;
  }
  std::vector<std::string_view> names;
  for (const Command& command : commands()) {
    if (command.name == words[0]) return command.run(std::span(words).subspan(1), context);
    names.push_back(command.name);
  }
  std::string message = "unknown command '" + escape_terminal_limited(words[0], 60) + "'";
  if (auto candidate = did_you_mean(words[0], names))
    message += "; did you mean '" + std::string(*candidate) + "'?";
  else
    message += "; 'tlsproof --help' lists them";
  context.complain(message);
  return kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file over the limit of `ulimit -f` is an error like a full disk
  CommandContext context;
  try {
    int status = run(std::vector<std::string>(argv + 1, argv + argc), context);
    if (std::fflush(stdout) != 0 && context.write_error == 0) context.write_error = errno;
    if (context.write_error != 0) {
      context.complain("cannot write the output: " + std::generic_category().message(context.write_error));
      if (status == kExitOk) status = kExitIncomplete;
    }
    return status;
  } catch (const std::bad_alloc&) {
    context.complain("out of memory");
  } catch (const std::exception& error) {
    context.complain(std::string("internal error: ") + error.what());
  }
  return kExitInternal;
}
