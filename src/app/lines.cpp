#include "lines.h"

#include <fmt/format.h>

#include <utility>

#include "tlsproof/base/text.h"

namespace tlsproof::app {

bool speaks_of_certificate(std::string_view text) {
  return to_lower(text).contains("certificate");
}

size_t LineDialogue::take(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  const size_t end_at = text.find('\n');
  const size_t len = end_at == std::string_view::npos ? text.size() : end_at + 1;
  if (line_.size() + len > kMaxLineLen) {
    end(State::broken, fmt::format("a line is longer than {} bytes", kMaxLineLen));
    return len;
  }
  line_ += text.substr(0, len);
  if (end_at == std::string_view::npos) return len;
  line_.pop_back();
  if (line_.ends_with('\r')) line_.pop_back();
  if (++num_lines_ > kMaxLines) {
    end(State::broken, fmt::format("it says more than {} lines", kMaxLines));
    return len;
  }
  const std::string line = std::exchange(line_, {});
  on_line(line);
  return len;
}

void LineDialogue::at_end() {
  end(State::broken, line_.empty() ? "closed before an answer came" : "closed within a line");
}

void LineDialogue::command(std::string_view line) {
  say(as_bytes(fmt::format("{}\r\n", line)), std::string(line));
}

std::string LineDialogue::told(std::string_view line) const {
  return fmt::format("{} {}", title(), escape_terminal_limited(line, 160));
}

void LineDialogue::no_tls(std::string_view line) {
  end(State::refused, told(line));
}

void LineDialogue::not_ours(std::string_view line) {
  end(State::broken, fmt::format("this is not {}: '{}'", title(), escape_terminal_limited(line, 60)));
}

void ReplyDialogue::on_line(std::string_view line) {
  const auto digit = [&](size_t at) { return at < line.size() && line[at] >= '0' && line[at] <= '9'; };
  const bool has_code = digit(0) && digit(1) && digit(2) && line[0] >= '1' && line[0] <= '5' &&
                        (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  const int code = has_code ? (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0') : 0;
  const bool goes_on = line.size() > 3 && line[3] == '-';
  // FTP's lines between the first and the last need no code; SMTP's have it.
  if (code_ == 0 && !has_code) return not_ours(line);
  const bool is_own = has_code && (code_ == 0 || code == code_);
  if (!lines_.empty()) lines_ += '\n';
  lines_ += is_own ? line.substr(std::min<size_t>(4, line.size())) : line;
  if (!is_own || goes_on) {
    if (code_ == 0) code_ = code;
    return;
  }
  code_ = 0;
  const std::string lines = std::exchange(lines_, {});
  std::string shown = fmt::format("{} {}", code, lines);
  for (char& c : shown)
    if (c == '\n') c = ' ';
  heard(std::move(shown), code);
  on_reply(code, lines, line);
}

// RFC 5321 §4.2.3: 421 is said of the service, whatever was asked; 4yz may hold another time.
void ReplyDialogue::refused(int code, std::string_view last) {
  Sign sign = code == 421 ? Sign::busy : Sign::refused;
  if (speaks_of_certificate(last)) sign = Sign::certificate;
  answer({sign, code, told(last)});
  end(State::refused, told(last));
}

}  // namespace tlsproof::app
