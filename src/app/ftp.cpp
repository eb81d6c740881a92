// FTP: RFC 959, RFC 2389 (FEAT), and RFC 4217 for AUTH TLS.
#include "lines.h"
#include "protocols.h"

namespace tlsproof::app {
namespace {

class FtpPrelude final : public ReplyDialogue {
 public:
  FtpPrelude() : ReplyDialogue(Protocol::ftp) { strictly_in_turn(); }

 private:
  void on_reply(int code, std::string_view, std::string_view last) override {
    if (code < 200) return;  // RFC 959 §5.4: 120, ready in some minutes
    if (!asked_) {
      if (code != 220) return no_tls(last);
      command("AUTH TLS");
      asked_ = true;
      return;
    }
    if (code != 234) return no_tls(last);  // RFC 4217 §4; 502, 504, 534, 431
    end(State::done);
  }
  bool asked_ = false;
};

// Answers that no login was there or that a command is unknown speak of the request, from a server that serves.
bool serves(int code) {
  return (code >= 200 && code < 400) || code == 500 || code == 501 || code == 502 || code == 504 || code == 530;
}

class FtpTalk final : public ReplyDialogue {
 public:
  explicit FtpTalk(bool greets) : ReplyDialogue(Protocol::ftp), step_(greets ? Step::greeting : Step::feat) {
    if (!greets) command("FEAT");
  }

 private:
  enum class Step : uint8_t { greeting, feat, quit };
  void on_reply(int code, std::string_view, std::string_view last) override {
    if (code < 200) return;
    if (step_ == Step::quit) return end(State::done);
    if (!serves(code) || (code >= 400 && speaks_of_certificate(last))) return refused(code, last);
    if (step_ == Step::greeting) {
      command("FEAT");
      step_ = Step::feat;
      return;
    }
    answer({Sign::accepted, code, told(last)});
    command("QUIT");
    step_ = Step::quit;
  }
  Step step_;
};

}  // namespace

std::unique_ptr<Dialogue> ftp_prelude(const Setup&) {
  return std::make_unique<FtpPrelude>();
}
std::unique_ptr<Dialogue> ftp_talk(const Setup&) {
  return std::make_unique<FtpTalk>(false);
}
std::unique_ptr<Dialogue> ftps_talk(const Setup&) {
  return std::make_unique<FtpTalk>(true);
}

}  // namespace tlsproof::app
