// Dialogues in lines: SMTP and LMTP (RFC 3207), FTP (RFC 4217), NNTP (RFC 4642), IMAP (RFC 9051 §6.2.1), POP3 (RFC 2595
// §4), ManageSieve (RFC 5804 §2.2), IRC (670 and STARTTLS of the IRCv3 "tls" extension).
//
// Both sides are read the same way: line after line, until one begins that is a TLS record. What was asked for and
// agreed on decides whether that is where TLS begins, and the name.
#include <algorithm>

#include "recogniser.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app::recognising {
namespace {

constexpr size_t kMaxLines = 512;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

template <size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}
template <size_t N>
bool may_become_one_of(std::string_view so_far, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return word.starts_with(so_far); });
}

// What a client may say before TLS, and may be told as it stands: no word of them is a secret.
constexpr auto kOpenVerbs = std::to_array<std::string_view>(
    {"EHLO", "HELO", "LHLO", "STARTTLS", "STLS", "CAPA", "CAPABILITY", "CAPABILITIES", "NOOP",
     "FEAT", "SYST", "QUIT", "LOGOUT",   "HELP", "RSET", "MODE",       "CAP",          "LANG",
     "OPTS", "PBSZ", "PROT", "CLNT",     "HOST", "LIST", "DATE",       "UTF8"});
// Of these only the command.
constexpr auto kOtherVerbs =
    std::to_array<std::string_view>({"AUTH", "AUTHENTICATE", "AUTHINFO", "USER", "PASS", "APOP", "NICK", "MAIL", "RCPT",
                                     "VRFY", "XCLIENT", "SERVER", "PROTOCTL", "ACCT"});
// IMAP: the second word.
constexpr auto kOpenTagged =
    std::to_array<std::string_view>({"CAPABILITY", "STARTTLS", "NOOP", "LOGOUT", "ENABLE", "ID"});
constexpr auto kOtherTagged = std::to_array<std::string_view>({"LOGIN", "AUTHENTICATE"});
// Who says one of these without having asked for TLS goes on in the clear: mail is handed over or fetched, files are.
constexpr auto kBeyond = std::to_array<std::string_view>({"DATA", "BDAT", "STAT", "RETR", "UIDL", "DELE", "SELECT",
                                                          "EXAMINE", "FETCH", "LSUB", "APPEND", "JOIN", "PRIVMSG",
                                                          "PORT", "PASV", "EPRT", "EPSV", "STOR", "ARTICLE"});

struct Words {
  std::string first, second;
  bool first_is_whole = false;
};
Words words_of(std::string_view line) {
  Words out;
  const size_t blank = line.find(' ');
  out.first = upper(line.substr(0, blank));
  out.first_is_whole = blank != std::string_view::npos;
  if (!out.first_is_whole) return out;
  const std::string_view rest = line.substr(blank + 1);
  out.second = upper(rest.substr(0, rest.find(' ')));
  return out;
}

// RFC 9051 §9: a tag is an ASTRING without '+'; programs make short ones.
bool is_tag(std::string_view word) {
  return !word.empty() && word.size() <= 32 && std::ranges::all_of(word, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-' || c == '$';
  });
}

enum class Ask : uint8_t { none, starttls, auth_tls, auth_ssl, stls, tagged };
Ask ask_of(const Words& words) {
  if (words.first == "STARTTLS") return Ask::starttls;
  if (words.first == "STLS") return Ask::stls;
  if (words.first == "AUTH" && words.second.starts_with("TLS")) return Ask::auth_tls;  // also TLS-C, TLS-P
  if (words.first == "AUTH" && words.second == "SSL") return Ask::auth_ssl;
  if (words.second == "STARTTLS" && is_tag(words.first)) return Ask::tagged;
  return Ask::none;
}

// How the server speaks.
enum class Kind : uint8_t { unknown, coded, plus, star, sieve, irc };

bool is_code(std::string_view line) {
  for (size_t i = 0; i < std::min<size_t>(3, line.size()); ++i)
    if (line[i] < '0' || line[i] > '9') return false;
  return line.size() <= 3 || line[3] == ' ' || line[3] == '-';
}

// By the first line, of which there may be only a part.
Kind kind_of(std::string_view line) {
  if (line.empty()) return Kind::unknown;
  if (line[0] >= '1' && line[0] <= '5') return is_code(line) ? Kind::coded : Kind::unknown;
  const std::string text = upper(line);
  if (may_become(text, "+OK") || may_become(text, "-ERR")) return Kind::plus;
  if (may_become(text, "* ")) return Kind::star;
  if (text[0] == '"') return text.size() == 1 || (text[1] >= 'A' && text[1] <= 'Z') ? Kind::sieve : Kind::unknown;
  for (const std::string_view start : {":", "NOTICE ", "ERROR ", "PING "})
    if (may_become(text, start)) return Kind::irc;
  return Kind::unknown;
}

// One side: its lines, and where TLS records begin.
struct Scan {
  std::vector<ByteRange> lines;
  size_t end = 0;     // behind the last whole line
  bool tls = false;   // at `end`
  bool open = false;  // more bytes may tell what stands at `end`
  ByteRange partial;  // what there is of a line at `end`
};
Scan scan(ByteView side, size_t max_lines) {
  Scan out;
  for (;;) {
    const ByteView rest = side.subspan(out.end);
    const Match match = match_tls(rest);
    out.tls = match == Match::yes;
    out.open = match == Match::maybe;
    if (match != Match::no) return out;
    Line line;
    const Next next = out.lines.size() < max_lines ? next_line(side, out.end, line) : Next::bad;
    if (next == Next::partial) {
      out.open = true;
      out.partial = line.bytes;
    }
    if (next != Next::whole) return out;
    out.lines.push_back(line.bytes);
    out.end = line.next;
  }
}

class Lines {
 public:
  Lines(const Sides& sides, Prelude& out)
      : sides_(sides), out_(out), client_(scan(sides[kClient], 1)), server_(scan(sides[kServer], 1)) {}

  Fit judge() {
    // The first lines dismiss most of what is something else.
    if (!client_fits() || !server_fits()) return Fit::no;
    client_ = scan(sides_[kClient], kMaxLines);
    server_ = scan(sides_[kServer], kMaxLines);
    read_client();
    read_server();
    const bool agreed = asked_ != Ask::none ? kinds_agree() : go_;
    if (!client_.tls && !server_.tls) {
      if (beyond_ || (!client_.open && asked_ == Ask::none)) return Fit::no;
      return server_.open && (client_.open || agreed) ? Fit::maybe : Fit::no;
    }
    if (!agreed) return Fit::no;
    out_.begins[kClient] = client_.tls || asked_ == Ask::none ? client_.end : asked_end_;
    out_.begins[kServer] = server_.tls || !go_ ? server_.end : go_end_;
    out_.name = name();
    tell_client();
    tell_server();
    return Fit::tls;
  }

 private:
  [[nodiscard]] std::string_view client_text(ByteRange range) const { return text_of(sides_[kClient], range); }
  [[nodiscard]] std::string_view server_text(ByteRange range) const { return text_of(sides_[kServer], range); }

  [[nodiscard]] bool client_fits() const {
    if (sides_[kClient].empty()) return true;
    if (!client_.lines.empty()) {
      const Words words = words_of(client_text(client_.lines[0]));
      return is_one_of(words.first, kOpenVerbs) || is_one_of(words.first, kOtherVerbs) ||
             (is_tag(words.first) && (is_one_of(words.second, kOpenTagged) || is_one_of(words.second, kOtherTagged)));
    }
    if (!client_.open) return false;
    const Words words = words_of(client_text(client_.partial));
    if (!words.first_is_whole)
      return may_become_one_of(words.first, kOpenVerbs) || may_become_one_of(words.first, kOtherVerbs) ||
             is_tag(words.first);
    return is_one_of(words.first, kOpenVerbs) || is_one_of(words.first, kOtherVerbs) ||
           (is_tag(words.first) &&
            (may_become_one_of(words.second, kOpenTagged) || may_become_one_of(words.second, kOtherTagged)));
  }
  bool server_fits() {
    if (sides_[kServer].empty()) return true;
    kind_ = kind_of(server_text(server_.lines.empty() ? server_.partial : server_.lines[0]));
    return kind_ != Kind::unknown;
  }

  void read_client() {
    for (const ByteRange& line : client_.lines) {
      const Words words = words_of(client_text(line));
      if (words.first == "LHLO") hello_ = "LMTP STARTTLS";
      if (words.first == "CAPABILITIES" || words.first == "MODE") hello_ = "NNTP STARTTLS";
      if (words.first == "CAP" || words.first == "NICK") hello_ = "IRC STARTTLS";
      if (words.first == "CAPABILITY") hello_ = "ManageSieve STARTTLS";
      if (const Ask ask = ask_of(words); ask != Ask::none) {
        asked_ = ask;
        tag_ = ask == Ask::tagged ? words.first : std::string();
        const size_t next = static_cast<size_t>(&line - client_.lines.data()) + 1;
        asked_end_ = next < client_.lines.size() ? client_.lines[next].offset : client_.end;
      }
      const bool tagged = is_tag(words.first) && is_one_of(words.second, kBeyond);
      if (asked_ == Ask::none && (is_one_of(words.first, kBeyond) || tagged)) beyond_ = true;
    }
  }

  // Which answers mean that TLS may begin. The last of them does: nothing else may follow it in the clear.
  void read_server() {
    for (size_t i = 0; i < server_.lines.size(); ++i) {
      const std::string_view line = server_text(server_.lines[i]);
      const bool go = is_go(line);
      if (is_code(line) && line.size() >= 3 && !line.substr(3).starts_with('-')) ++num_replies_;
      if (!go) continue;
      go_ = true;
      go_end_ = i + 1 < server_.lines.size() ? server_.lines[i + 1].offset : server_.end;
    }
  }
  bool is_go(std::string_view line) {
    const Words words = words_of(line);
    switch (kind_) {
      case Kind::coded:
        if (line.starts_with("382")) nntp_ = true;
        if (line.starts_with("234")) return is_auth() || asked_ == Ask::none;
        if (line.starts_with("334")) return is_auth();  // what drafts of RFC 4217 had
        // RFC 3207 §4: 220 again, which the greeting has said before.
        return line.starts_with("382") || (line.starts_with("220") && num_replies_ > 0 && !is_auth());
      case Kind::plus:
        return words.first == "+OK";
      case Kind::star:
        return words.second == "OK" && (tag_.empty() ? is_tag(words.first) : words.first == tag_);
      case Kind::sieve:
        return words.first == "OK";
      case Kind::irc:
        return words.second == "670";
      case Kind::unknown:
        break;
    }
    return false;
  }
  [[nodiscard]] bool is_auth() const { return asked_ == Ask::auth_tls || asked_ == Ask::auth_ssl; }

  [[nodiscard]] bool kinds_agree() const {
    switch (kind_) {
      case Kind::unknown:  // the server was not captured, or has said nothing yet
        return true;
      case Kind::coded:
        return asked_ == Ask::starttls || is_auth();
      case Kind::plus:
        return asked_ == Ask::stls;
      case Kind::star:
        return asked_ == Ask::tagged;
      case Kind::sieve:
      case Kind::irc:
        return asked_ == Ask::starttls;
    }
    return false;
  }

  [[nodiscard]] std::string_view name() const {
    switch (kind_) {
      case Kind::plus:
        return "POP3 STLS";
      case Kind::star:
        return "IMAP STARTTLS";
      case Kind::sieve:
        return "ManageSieve STARTTLS";
      case Kind::irc:
        return "IRC STARTTLS";
      case Kind::coded:
      case Kind::unknown:
        break;
    }
    if (asked_ == Ask::stls) return "POP3 STLS";
    if (asked_ == Ask::tagged) return "IMAP STARTTLS";
    if (asked_ == Ask::auth_ssl) return "FTP AUTH SSL";
    if (asked_ == Ask::auth_tls) return "FTP AUTH TLS";
    if (nntp_) return "NNTP STARTTLS";
    if (asked_ == Ask::none && go_ && !server_.lines.empty() && last_code() != "220") return "FTP AUTH TLS";
    return hello_.empty() ? "SMTP STARTTLS" : hello_;
  }
  [[nodiscard]] std::string_view last_code() const { return server_text(server_.lines.back()).substr(0, 3); }

  void tell_client() {
    for (const ByteRange& line : client_.lines) {
      if (line.offset >= out_.begins[kClient]) return;
      out_.said.push_back({kClient, line, 0, shown(client_text(line))});
    }
  }
  static std::string shown(std::string_view line) {
    const Words words = words_of(line);
    if (is_one_of(words.first, kOpenVerbs) || ask_of(words) != Ask::none) return std::string(line);
    const std::string_view first = line.substr(0, words.first.size());
    if (is_one_of(words.first, kOtherVerbs)) return std::string(first);
    if (is_tag(words.first) && is_one_of(words.second, kOpenTagged)) return std::string(line);
    if (is_tag(words.first) && is_one_of(words.second, kOtherTagged))
      return std::string(line.substr(0, first.size() + 1 + words.second.size()));
    return "(not shown)";
  }

  void tell_server() {
    for (size_t i = 0; i < server_.lines.size() && server_.lines[i].offset < out_.begins[kServer];)
      i = kind_ == Kind::coded ? tell_reply(i) : tell_line(i);
  }
  // A challenge (334, "+ …") may quote what the client has sent.
  size_t tell_line(size_t i) {
    const std::string_view line = server_text(server_.lines[i]);
    if (line.empty()) return i + 1;
    const bool challenge = line.starts_with("+ ") || line.starts_with("AUTHENTICATE ");
    out_.said.push_back({kServer, server_.lines[i], 0, std::string(challenge ? line.substr(0, line.find(' ')) : line)});
    return i + 1;
  }
  // The lines of one reply are one answer (RFC 5321 §4.2.1, RFC 959 §4.2), told as ReplyDialogue tells it.
  size_t tell_reply(size_t first) {
    const std::string code(server_text(server_.lines[first]).substr(0, 3));
    std::string text = code;
    size_t i = first;
    for (; i < server_.lines.size() && server_.lines[i].offset < out_.begins[kServer]; ++i) {
      const std::string_view line = server_text(server_.lines[i]);
      const bool own = is_code(line) && line.substr(0, 3) == code;
      if (code != "334") text += ' ' + std::string(own ? line.substr(std::min<size_t>(4, line.size())) : line);
      if (own && (line.size() <= 3 || line[3] == ' ')) {
        ++i;
        break;
      }
    }
    const ByteRange from = server_.lines[first], to = server_.lines[i - 1];
    const auto status = parse_integer(code, 100, 599);
    out_.said.push_back({kServer, {from.offset, to.end() - from.offset}, static_cast<int>(status.value_or(0)), text});
    return i;
  }

  const Sides& sides_;
  Prelude& out_;
  Scan client_, server_;
  Kind kind_ = Kind::unknown;
  Ask asked_ = Ask::none;
  size_t asked_end_ = 0;
  std::string tag_;         // capital letters
  std::string_view hello_;  // the name that the client's commands tell
  bool go_ = false;
  size_t go_end_ = 0;
  size_t num_replies_ = 0;  // coded: whole ones
  bool nntp_ = false;
  bool beyond_ = false;
};

}  // namespace

Fit lines(const Sides& sides, Prelude& out) {
  // Cheap for what is no text at all.
  for (const ByteView side : sides)
    if (!side.empty() && (side[0] < 0x20 || side[0] > 0x7e)) return Fit::no;
  return Lines(sides, out).judge();
}

}  // namespace tlsproof::app::recognising
