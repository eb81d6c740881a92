// Dialogues in lines: SMTP, FTP, IMAP, POP3, Redis.
#pragma once

#include <string>
#include <string_view>

#include "tlsproof/app/dialogue.h"

namespace tlsproof::app {

// Whether a negative answer speaks of a certificate: then it means the client's, for nobody else shows one there.
[[nodiscard]] bool speaks_of_certificate(std::string_view text);

// Hands whole lines over, without their ends (CRLF; a bare LF is taken too).
class LineDialogue : public Dialogue {
 public:
  static constexpr size_t kMaxLineLen = 8192;  // RFC 5321 §4.5.3.1.5 has 512, RFC 7162 recommends 8192 for IMAP
  static constexpr size_t kMaxLines = 512;

 protected:
  explicit LineDialogue(Protocol protocol) : protocol_(protocol) {}
  virtual void on_line(std::string_view line) = 0;
  void at_end() override;

  void command(std::string_view line);  // without its end
  [[nodiscard]] std::string_view title() const { return protocol_info(protocol_).title; }
  // "SMTP 454 TLS not available", escaped.
  [[nodiscard]] std::string told(std::string_view line) const;
  void no_tls(std::string_view line);  // prelude: the answer that says no
  void not_ours(std::string_view line);

 private:
  size_t take(ByteView bytes) final;

  Protocol protocol_;
  std::string line_;
  size_t num_lines_ = 0;
};

// SMTP (RFC 5321 §4.2.1) and FTP (RFC 959 §4.2): a code of three digits, and as many lines as it takes.
class ReplyDialogue : public LineDialogue {
 protected:
  using LineDialogue::LineDialogue;
  // The whole reply: its lines without the code, joined by LF, and the last line as it came.
  virtual void on_reply(int code, std::string_view lines, std::string_view last) = 0;
  // The negative answer ends the talk: by its code and words.
  void refused(int code, std::string_view last);

 private:
  void on_line(std::string_view line) final;

  int code_ = 0;  // of the reply under way; 0: none
  std::string lines_;
};

}  // namespace tlsproof::app
