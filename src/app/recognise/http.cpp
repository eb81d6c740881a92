// HTTP/1.1 as the way to TLS: a proxy's CONNECT (RFC 9110 §9.3.6), with as many rounds of proxy authentication as it
// takes, and "Upgrade: TLS/1.2" (RFC 2817).
#include <algorithm>
#include <optional>

#include "recogniser.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app::recognising {
namespace {

// Start line and headers of a message.
struct Head {
  ByteRange start_line;
  size_t end = 0;  // behind the empty line
  bool upgrades_to_tls = false;
  bool chunked = false;
  std::optional<size_t> content_length;
};

void read_header(std::string_view line, Head& out) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = to_lower(line.substr(0, colon)), value = to_lower(line.substr(colon + 1));
  if (name == "upgrade" && value.contains("tls/1")) out.upgrades_to_tls = true;
  if (name == "transfer-encoding" && value.contains("chunked")) out.chunked = true;
  if (name == "content-length") {
    const size_t first = value.find_first_not_of(" \t");
    const size_t last = value.find_last_not_of(" \t");
    if (first == std::string::npos) return;
    if (const auto length = parse_integer(std::string_view(value).substr(first, last - first + 1), 0, 1'000'000'000))
      out.content_length = static_cast<size_t>(*length);
  }
}

Next read_head(ByteView side, size_t at, Head& out) {
  out = {};
  Line line;
  if (const Next next = next_line(side, at, line); next != Next::whole) {
    out.start_line = line.bytes;
    return next;
  }
  out.start_line = line.bytes;
  for (;;) {
    if (const Next next = next_line(side, line.next, line); next != Next::whole) return next;
    out.end = line.next;
    if (line.bytes.len == 0) return Next::whole;
    read_header(text_of(side, line.bytes), out);
  }
}

// Where a body ends that stands at `at`: chunks, then trailers. nullopt: it does not end in these bytes.
std::optional<size_t> skip_chunks(ByteView side, size_t at) {
  Line line;
  bool last = false;
  for (;;) {
    if (next_line(side, at, line) != Next::whole) return std::nullopt;
    at = line.next;
    const std::string_view text = text_of(side, line.bytes);
    if (last && text.empty()) return at;
    if (last) continue;  // a trailer
    size_t len = 0;
    size_t digits = 0;
    for (; digits < text.size() && digits < 6 && std::isxdigit(static_cast<unsigned char>(text[digits])) != 0; ++digits)
      len = len * 16 + static_cast<size_t>(text[digits] <= '9' ? text[digits] - '0' : (text[digits] | 0x20) - 'a' + 10);
    if (digits == 0) return std::nullopt;
    last = len == 0;
    if (last) continue;
    if (len + 2 > side.size() - at) return std::nullopt;
    at += len + 2;
  }
}

struct Request {
  ByteRange line;
  size_t end = 0;
};

// The client's requests: CONNECT, and any that would upgrade.
struct Requests {
  Fit fit = Fit::maybe;
  std::vector<Request> all;
  bool upgrade = false;
  bool something_else = false;  // behind the last stands no request: the tunnel's, or TLS
};

bool is_method(std::string_view word) {
  return !word.empty() && word.size() <= 16 && std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
}

Requests read_requests(ByteView side) {
  Requests out;
  size_t at = 0;
  while (at < side.size()) {
    Head head;
    const Next next = read_head(side, at, head);
    const std::string_view line = text_of(side, head.start_line);
    const bool connect = !line.empty() && may_become(line, "CONNECT ");
    const bool request = connect || (line.contains(" HTTP/1.") && is_method(line.substr(0, line.find(' '))));
    if (!request) {
      // Of the first line there may be too little to tell.
      const bool too_short = next == Next::partial && is_method(line.substr(0, line.find(' ')));
      if (out.all.empty() && !too_short) out.fit = Fit::no;
      out.something_else = !out.all.empty();
      return out;
    }
    if (next == Next::partial) return out;
    if (next == Next::bad || (!connect && !head.upgrades_to_tls)) {
      out.fit = Fit::no;
      return out;
    }
    out.upgrade = !connect;
    at = head.end + (connect ? 0 : head.content_length.value_or(0));
    out.all.push_back({head.start_line, std::min(at, side.size())});
  }
  return out;
}

// The server's answers, up to the one after which the bytes are no longer HTTP.
struct Answer {
  ByteRange line;
  int status = 0;
};
struct Answers {
  Fit fit = Fit::maybe;
  std::vector<Answer> all;  // 100 Continue and its like left out
  bool open = false;        // the last one opens the tunnel, or begins TLS
  bool upgrade = false;
  size_t end = 0;
};

int status_of(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12) return 0;
  return static_cast<int>(parse_integer(line.substr(9, 3), 100, 599).value_or(0));
}

Answers read_answers(ByteView side) {
  Answers out;
  while (out.end < side.size()) {
    Head head;
    const Next next = read_head(side, out.end, head);
    const std::string_view line = text_of(side, head.start_line);
    if (!may_become(line, "HTTP/1.") || next == Next::bad) {
      out.fit = Fit::no;
      return out;
    }
    if (next == Next::partial) return out;
    const int status = status_of(line);
    if (status == 0) {
      out.fit = Fit::no;
      return out;
    }
    out.end = head.end;
    out.upgrade = status == 101 && head.upgrades_to_tls;
    if (status < 200 && !out.upgrade) continue;
    out.all.push_back({head.start_line, status});
    out.open = out.upgrade || status < 300;  // RFC 9110 §9.3.6: a 2xx answer to CONNECT has no body
    if (out.open) return out;
    if (head.chunked) {
      const auto end = skip_chunks(side, out.end);
      if (!end) return out;
      out.end = *end;
    } else {
      out.end += std::min(head.content_length.value_or(0), side.size() - out.end);
    }
  }
  return out;
}

}  // namespace

Fit http(const Sides& sides, Prelude& out) {
  const Requests requests = read_requests(sides[kClient]);
  if (requests.fit == Fit::no) return Fit::no;
  const Answers answers = read_answers(sides[kServer]);
  if (answers.fit == Fit::no) return Fit::no;
  if (requests.all.empty() && !answers.open) return Fit::maybe;
  // Without the server's word it is what the client goes on with that tells, and the other way round.
  if (!answers.open && !requests.something_else) return Fit::maybe;
  if (!answers.open && !sides[kServer].empty()) return Fit::maybe;
  if (requests.all.empty() && !sides[kClient].empty()) return Fit::maybe;
  const size_t num_requests =
      answers.open && !requests.all.empty() ? std::min(answers.all.size(), requests.all.size()) : requests.all.size();
  out.begins[kClient] = num_requests == 0 ? 0 : requests.all[num_requests - 1].end;
  out.begins[kServer] = answers.open ? answers.end : 0;
  out.name = requests.upgrade || answers.upgrade ? "HTTP Upgrade" : "HTTP CONNECT";
  // Headers may hold the proxy's password: only the first lines are told.
  for (size_t i = 0; i < num_requests; ++i)
    out.said.push_back({kClient, requests.all[i].line, 0, std::string(text_of(sides[kClient], requests.all[i].line))});
  for (const Answer& answer : answers.all)
    out.said.push_back({kServer, answer.line, answer.status, std::string(text_of(sides[kServer], answer.line))});
  // An answer alone may be one to a GET: then no TLS follows.
  return requests.all.empty() || requests.upgrade ? agreed(sides, out) : Fit::tunnel;
}

}  // namespace tlsproof::app::recognising
