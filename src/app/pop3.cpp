// POP3: RFC 1939, RFC 2449 (CAPA), RFC 5034 (AUTH), and RFC 2595 §4 for STLS.
#include <fmt/format.h>

#include "lines.h"
#include "protocols.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

bool is_ok(std::string_view line) {
  return line == "+OK" || line.starts_with("+OK ");
}
bool is_error(std::string_view line) {
  return line == "-ERR" || line.starts_with("-ERR ");
}

class Pop3Prelude final : public LineDialogue {
 public:
  Pop3Prelude() : LineDialogue(Protocol::pop3) { strictly_in_turn(); }

 private:
  void on_line(std::string_view line) override {
    heard(std::string(line));
    if (!is_ok(line) && !is_error(line)) return not_ours(line);
    if (is_error(line)) return no_tls(line);
    if (asked_) return end(State::done);
    asked_ = true;
    command("STLS");
  }
  bool asked_ = false;
};

// As for IMAP an AUTH is begun and cancelled (RFC 5034 §4): before it Dovecot does not judge the certificate.
class Pop3Talk final : public LineDialogue {
 public:
  explicit Pop3Talk(bool greets) : LineDialogue(Protocol::pop3), step_(greets ? Step::greeting : Step::capabilities) {
    if (!greets) command("CAPA");
  }

 private:
  enum class Step : uint8_t { greeting, capabilities, capability, auth, cancelled, quit };
  void on_line(std::string_view line) override {
    heard(std::string(line));
    if (step_ == Step::capability) return on_capability(line);
    const bool goes_on = step_ == Step::auth && (line == "+" || line.starts_with("+ "));
    if (!is_ok(line) && !is_error(line) && !goes_on) return not_ours(line);
    switch (step_) {
      case Step::greeting:
        if (is_error(line)) return refused(line);
        command("CAPA");
        step_ = Step::capabilities;
        return;
      case Step::capabilities:
        first_ = told(line);
        if (is_error(line)) return speaks_of_certificate(line) ? refused(line) : accepted();  // CAPA may be unknown
        step_ = Step::capability;
        return;
      case Step::auth:
        if (goes_on) {
          step_ = Step::cancelled;
          return command("*");
        }
        if (is_error(line) && speaks_of_certificate(line)) return refused(line);
        return accepted();
      case Step::cancelled:
        return accepted();
      case Step::quit:
        return end(State::done);
      case Step::capability:
        return;
    }
  }
  void on_capability(std::string_view line) {
    if (line != ".") {
      const std::vector<std::string> words = split(line, ' ');
      if (words[0] == "SASL" && words.size() > 1) mechanism_ = words[1];
      return;
    }
    if (mechanism_ != "PLAIN" && mechanism_ != "LOGIN" && mechanism_ != "EXTERNAL") return accepted();
    step_ = Step::auth;
    command(fmt::format("AUTH {}", mechanism_));
  }
  void refused(std::string_view line) {
    answer({speaks_of_certificate(line) ? Sign::certificate : Sign::refused, 0, told(line)});
    end(State::refused, told(line));
  }
  void accepted() {
    answer({Sign::accepted, 0, first_});
    step_ = Step::quit;
    command("QUIT");
  }
  Step step_;
  std::string first_;
  std::string mechanism_;
};

}  // namespace

std::unique_ptr<Dialogue> pop3_prelude(const Setup&) {
  return std::make_unique<Pop3Prelude>();
}
std::unique_ptr<Dialogue> pop3_talk(const Setup&) {
  return std::make_unique<Pop3Talk>(false);
}
std::unique_ptr<Dialogue> pop3s_talk(const Setup&) {
  return std::make_unique<Pop3Talk>(true);
}

}  // namespace tlsproof::app
