// IMAP: RFC 9051 (and RFC 3501 before it); STARTTLS is §6.2.1.
#include <fmt/format.h>

#include "lines.h"
#include "protocols.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

// What both parts share: a greeting, commands with tags, and answers to them among untagged lines.
class ImapDialogue : public LineDialogue {
 protected:
  enum class Answer : uint8_t { ok, no, go_on };  // OK; NO and BAD; a continuation request
  ImapDialogue() : LineDialogue(Protocol::imap) {}
  virtual void on_greeting(std::string_view word, std::string_view line) = 0;
  virtual void on_answer(Answer answer, std::string_view line) = 0;

  void ask(std::string_view what) {
    greeted_ = true;
    tag_ = fmt::format("a{}", ++num_commands_);
    command(fmt::format("{} {}", tag_, what));
  }
  [[nodiscard]] bool can(std::string_view capability) const {
    for (const std::string& word : split(capabilities_, ' '))
      if (word == to_lower(capability)) return true;
    return false;
  }

 private:
  void on_line(std::string_view line) override {
    heard(std::string(line));
    const std::vector<std::string> words = split(to_lower(line), ' ');
    if (words[0] == "*" && words.size() > 1) {
      if (!greeted_) return on_greeting(words[1], line);
      if (words[1] == "capability") capabilities_ = to_lower(line);
      return;
    }
    if (!greeted_) return not_ours(line);
    // Who answers a command that has not gone out was not asked by us.
    if (!output().empty()) return end(State::broken, "it answers before it is asked");
    if (words[0] == "+") return on_answer(Answer::go_on, line);
    if (words[0] != tag_ || words.size() < 2) return not_ours(line);
    on_answer(words[1] == "ok" ? Answer::ok : Answer::no, line);
  }

  bool greeted_ = false;
  unsigned num_commands_ = 0;
  std::string tag_;
  std::string capabilities_;  // small letters
};

class ImapPrelude final : public ImapDialogue {
 private:
  void on_greeting(std::string_view word, std::string_view line) override {
    // RFC 9051 §7.1.4: with PREAUTH STARTTLS is no longer possible.
    if (word != "ok") return no_tls(line);
    ask("CAPABILITY");
  }
  void on_answer(Answer answer, std::string_view line) override {
    if (answer != Answer::ok) return no_tls(line);
    if (asked_for_tls_) return end(State::done);
    if (!can("STARTTLS")) return end(State::refused, "the IMAP server does not offer STARTTLS");
    asked_for_tls_ = true;
    ask("STARTTLS");
  }
  bool asked_for_tls_ = false;
};

// CAPABILITY alone says little: Dovecot lets everybody ask it, and judges the client's certificate at the first
// AUTHENTICATE. So one is begun, and cancelled (RFC 9051 §6.2.2) before anything of a user was said.
class ImapTalk final : public ImapDialogue {
 public:
  explicit ImapTalk(bool greets) {
    if (!greets) ask("CAPABILITY");
  }

 private:
  enum class Step : uint8_t { capability, authenticate, cancelled, logout };
  void on_greeting(std::string_view word, std::string_view line) override {
    if (word != "ok" && word != "preauth") return refused(line);
    ask("CAPABILITY");
  }
  void on_answer(Answer answer, std::string_view line) override {
    switch (step_) {
      case Step::capability:
        if (answer != Answer::ok) return refused(line);
        first_ = told(line);
        step_ = Step::authenticate;
        for (const std::string_view mechanism : {"PLAIN", "LOGIN", "EXTERNAL"})
          if (can(fmt::format("AUTH={}", mechanism))) return ask(fmt::format("AUTHENTICATE {}", mechanism));
        return accepted();
      case Step::authenticate:
        if (answer == Answer::go_on) {
          step_ = Step::cancelled;
          return command("*");
        }
        if (answer == Answer::no && speaks_of_certificate(line)) return refused(line);
        return accepted();
      case Step::cancelled:
        return accepted();
      case Step::logout:
        return end(State::done);
    }
  }
  void refused(std::string_view line) {
    answer({speaks_of_certificate(line) ? Sign::certificate : Sign::refused, 0, told(line)});
    end(State::refused, told(line));
  }
  void accepted() {
    answer({Sign::accepted, 0, first_});
    step_ = Step::logout;
    ask("LOGOUT");
  }
  Step step_ = Step::capability;
  std::string first_;
};

}  // namespace

std::unique_ptr<Dialogue> imap_prelude(const Setup&) {
  return std::make_unique<ImapPrelude>();
}
std::unique_ptr<Dialogue> imap_talk(const Setup&) {
  return std::make_unique<ImapTalk>(false);
}
std::unique_ptr<Dialogue> imaps_talk(const Setup&) {
  return std::make_unique<ImapTalk>(true);
}

}  // namespace tlsproof::app
