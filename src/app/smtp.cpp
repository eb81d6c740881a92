// SMTP: RFC 5321, and RFC 3207 for STARTTLS.
#include "lines.h"
#include "protocols.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

// RFC 5321 §4.1.4: EHLO names the client; a name that cannot exist (RFC 2606 §2) claims to be nobody.
constexpr std::string_view kHello = "EHLO tlsproof.invalid";

// The keyword of an extension stands first in its line (RFC 5321 §4.1.1.1), in any case.
bool offers(std::string_view lines, std::string_view keyword) {
  for (const std::string& line : split(to_lower(lines), '\n'))
    if (line == keyword || line.starts_with(std::string(keyword) + " ")) return true;
  return false;
}

class SmtpPrelude final : public ReplyDialogue {
 public:
  SmtpPrelude() : ReplyDialogue(Protocol::smtp) { strictly_in_turn(); }

 private:
  enum class Step : uint8_t { greeting, hello, starttls };
  void on_reply(int code, std::string_view lines, std::string_view last) override {
    switch (step_) {
      case Step::greeting:
        if (code != 220) return no_tls(last);
        command(kHello);
        step_ = Step::hello;
        return;
      case Step::hello:
        if (code != 250) return no_tls(last);
        if (!offers(lines, "starttls")) return end(State::refused, "the SMTP server does not offer STARTTLS");
        command("STARTTLS");
        step_ = Step::starttls;
        return;
      case Step::starttls:
        if (code != 220) return no_tls(last);  // RFC 3207 §4: 501, 454
        end(State::done);
        return;
    }
  }
  Step step_ = Step::greeting;
};

class SmtpTalk final : public ReplyDialogue {
 public:
  explicit SmtpTalk(bool greets) : ReplyDialogue(Protocol::smtp), step_(greets ? Step::greeting : Step::hello) {
    if (!greets) command(kHello);
  }

 private:
  enum class Step : uint8_t { greeting, hello, quit };
  void on_reply(int code, std::string_view, std::string_view last) override {
    if (step_ == Step::quit) return end(State::done);
    if (code >= 400) return refused(code, last);
    if (step_ == Step::greeting) {
      command(kHello);
      step_ = Step::hello;
      return;
    }
    answer({Sign::accepted, code, told(last)});
    command("QUIT");
    step_ = Step::quit;
  }
  Step step_;
};

}  // namespace

std::unique_ptr<Dialogue> smtp_prelude(const Setup&) {
  return std::make_unique<SmtpPrelude>();
}
std::unique_ptr<Dialogue> smtp_talk(const Setup&) {
  return std::make_unique<SmtpTalk>(false);
}
std::unique_ptr<Dialogue> smtps_talk(const Setup&) {
  return std::make_unique<SmtpTalk>(true);
}

}  // namespace tlsproof::app
