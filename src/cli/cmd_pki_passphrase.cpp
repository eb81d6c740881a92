// Passphrases for keys: from a file, a variable or the terminal, never from an argument, which everybody on the machine
// can read.
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "cmd_pki.h"
#include "tlsproof/target/target.h"

namespace tlsproof::cli {
namespace {

constexpr size_t kMaxPassphraseLen = 1024;

volatile std::sig_atomic_t caught_signal = 0;
void catch_signal(int number) {
  caught_signal = number;
}

// Turns the terminal's echo off, and back on whatever happens: a signal that would end us is held back until the
// terminal is as it was. They are let through in wait() alone, so that none can slip in between a look and a read and
// leave us waiting.
class EchoOff {
 public:
  EchoOff() {
    caught_signal = 0;
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGTSTP);  // a shell that comes back must not find the echo off: stop after the line
    for (int number : kSignals) sigaddset(&held, number);
    ::sigprocmask(SIG_BLOCK, &held, &mask_before_);
    struct sigaction action{};
    action.sa_handler = catch_signal;
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
    if (::tcgetattr(STDIN_FILENO, &terminal_) != 0) return;
    termios silent = terminal_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    off_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;
  ~EchoOff() {
    if (off_) ::tcsetattr(STDIN_FILENO, TCSANOW, &terminal_);
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
    if (caught_signal != 0) ::raise(caught_signal);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  [[nodiscard]] bool is_off() const { return off_; }

  // True once there is something to read (or the terminal is gone); false when a signal came.
  [[nodiscard]] bool wait() const {
    sigset_t open = mask_before_;
    sigaddset(&open, SIGTSTP);
    for (;;) {
      pollfd terminal{STDIN_FILENO, POLLIN, 0};
      const int ready = ::ppoll(&terminal, 1, nullptr, &open);
      if (caught_signal != 0) return false;
      if (ready > 0 || errno != EINTR) return true;
    }
  }

 private:
  static constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<struct sigaction, kSignals.size()> before_{};
  sigset_t mask_before_{};
  termios terminal_{};
  bool off_ = false;
};

// One line of the terminal, without its end.
Result<SecretBytes> read_line(const EchoOff& echo_off) {
  SecretBytes line(kMaxPassphraseLen);
  for (size_t len = 0;;) {
    uint8_t byte = 0;
    if (!echo_off.wait() || ::read(STDIN_FILENO, &byte, 1) != 1) return fail_usage("no passphrase was typed");
    if (byte == '\n') return SecretBytes(line.view().first(len));
    if (len == line.size()) return fail_usage(fmt::format("a passphrase has at most {} bytes", kMaxPassphraseLen));
    line.span()[len++] = byte;
    wipe({&byte, 1});
  }
}

Result<SecretBytes> prompt(std::string_view text, CommandContext& context) {
  const EchoOff echo_off;
  if (!echo_off.is_off()) return fail_usage("the terminal's echo cannot be turned off; give the passphrase in a file");
  fmt::print(context.err, "{}: ", text);
  std::fflush(context.err);
  auto line = read_line(echo_off);
  if (!line) std::fputc('\n', context.err);  // the end of the line was not typed, so it was not shown either
  return line;
}

Result<SecretBytes> prompt_for(const PassphraseRequest& request, CommandContext& context) {
  if (!request.create) return prompt(fmt::format("Passphrase of {}", request.purpose), context);
  TLSPROOF_TRY(SecretBytes first, prompt(fmt::format("New passphrase for {}", request.purpose), context));
  TLSPROOF_TRY(SecretBytes second, prompt("The same again", context));
  if (!(first == second)) return fail_usage("the two passphrases differ");
  return first;
}

}  // namespace

Status check_passphrase_options(const ParsedOptions& options, const std::string& prefix) {
  const std::string file = prefix + "passphrase-file", variable = prefix + "passphrase-env";
  if (options.has(file) && options.has(variable))
    return fail_usage(fmt::format("give one of --{} and --{}, not both", file, variable));
  return {};
}

Result<SecretBytes> read_passphrase(const ParsedOptions& options, const PassphraseRequest& request,
                                    CommandContext& context) {
  const std::string file = request.prefix + "passphrase-file", variable = request.prefix + "passphrase-env";
  target::PassphraseSource source;
  if (options.has(file)) source = {target::PassphraseSource::Kind::file, options.get(file)};
  if (options.has(variable)) source = {target::PassphraseSource::Kind::environment, options.get(variable)};
  if (source.kind == target::PassphraseSource::Kind::none && ::isatty(STDIN_FILENO) == 0)
    return fail_usage(fmt::format(
        "{} needs a passphrase: give --{} FILE or --{} VARIABLE{} (there is no terminal to ask on)", request.purpose,
        file, variable,
        request.create && request.can_do_without ? ", or --no-passphrase for a key that is not encrypted" : ""));
  TLSPROOF_TRY(SecretBytes passphrase, source.kind == target::PassphraseSource::Kind::none
                                           ? prompt_for(request, context)
                                           : target::load_passphrase(source));
  // Other programs take the first line alone: the key would open for us and for nobody else.
  if (as_text(passphrase.view()).find('\n') != std::string_view::npos)
    return fail_usage(fmt::format("the passphrase for {} has more than one line", request.purpose));
  if (request.create && passphrase.empty())
    return fail_usage(
        fmt::format("the passphrase for {} is empty{}", request.purpose,
                    request.can_do_without ? "; for a key that is not encrypted say --no-passphrase" : ""));
  return passphrase;
}

crypto::PassphraseSource passphrase_source(const ParsedOptions& options, const PassphraseRequest& request,
                                           CommandContext& context) {
  return [&options, &request, &context] { return read_passphrase(options, request, context); };
}

}  // namespace tlsproof::cli
