#include "tlsproof/app/http1.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

constexpr std::string_view kBlanks = " \t";

// RFC 9110 §5.6.2
bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}
// RFC 9110 §5.5: visible characters, blanks, and the upper half; no control characters, CR and LF above all.
bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The next member of a comma-separated list, trimmed; `list` loses it. False at the end.
bool next_member(std::string_view& list, bool& ended, std::string_view& member) {
  if (ended) return false;
  const size_t comma = list.find(',');
  member = trim(list.substr(0, comma));
  ended = comma == std::string_view::npos;
  list = ended ? std::string_view{} : list.substr(comma + 1);
  return true;
}

// A number of digits only that fits in 63 bits.
bool read_number(std::string_view text, unsigned base, uint64_t& number) {
  if (text.empty()) return false;
  number = 0;
  for (char c : text) {
    c = lower(c);
    unsigned digit = 16;
    if (c >= '0' && c <= '9')
      digit = static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<unsigned>(c - 'a' + 10);
    if (digit >= base) return false;
    if (number > (static_cast<uint64_t>(INT64_MAX) - digit) / base) return false;
    number = number * base + digit;
  }
  return true;
}

std::unexpected<Error> bad_part(std::string_view part, std::string_view value, std::string_view why) {
  return fail_usage(fmt::format("HTTP {} \"{}\": {}", part, escape_terminal_limited(value, 80), why));
}

constexpr std::string_view kOwnHeaders[] = {"Host", "User-Agent", "Connection", "Content-Length", "Transfer-Encoding"};

}  // namespace

// ---- the request

Result<Bytes> make_http1_request(const Http1Request& request) {
  if (!is_token(request.method)) return bad_part("method", request.method, "letters are expected, as in GET");
  if (request.path.empty() || !std::ranges::all_of(request.path, is_visible))
    return bad_part("path", request.path, "visible ASCII without blanks is expected, the rest percent-encoded");
  if (!std::ranges::all_of(request.host, is_visible))
    return bad_part("host", request.host, "a name or address is expected");
  if (!std::ranges::all_of(request.user_agent, is_value_char))
    return bad_part("header User-Agent", request.user_agent, "control characters cannot be sent");
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n", request.method, request.path,
                                 request.host, request.user_agent);
  for (const Http1Header& header : request.headers) {
    if (!is_token(header.name))
      return bad_part("header name", header.name, "it has a character that no header name has");
    for (std::string_view own : kOwnHeaders)
      if (equal_ignoring_case(own, header.name))
        return bad_part("header", header.name, "it is written by tlsproof itself");
    if (!std::ranges::all_of(header.value, is_value_char))
      return bad_part("header " + header.name, header.value, "control characters cannot be sent");
    text += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  text += "Connection: close\r\n\r\n";
  return to_bytes(text);
}

std::string http_host(std::string_view host, uint16_t port) {
  // RFC 6874: the zone of an address is nobody's business but ours.
  const bool v6 = host.find(':') != std::string_view::npos;
  if (v6) host = host.substr(0, host.find('%'));
  std::string text = v6 ? fmt::format("[{}]", host) : std::string(host);
  if (port != 443) text += fmt::format(":{}", port);
  return text;
}

bool looks_like_http_response(ByteView bytes) {
  return as_text(bytes).starts_with("HTTP/1.");
}

// ---- the response

void Http1Response::reset(bool head_request) {
  state_ = State::need_more;
  step_ = Step::status_line;
  head_request_ = head_request;
  has_head_ = false;
  broken_reason_ = {};
  line_.clear();
  head_len_ = 0;
  text_.clear();
  reason_ = {};
  headers_.clear();
  num_trailers_ = 0;
  status_ = 0;
  minor_version_ = 0;
  left_ = 0;
  body_.clear();
  body_len_ = 0;
}

void Http1Response::fail(std::string_view reason) {
  state_ = State::broken;
  broken_reason_ = reason;
}

ByteRange Http1Response::keep(std::string_view text) {
  const ByteRange range{text_.size(), text.size()};
  text_ += text;
  return range;
}

size_t Http1Response::feed(ByteView bytes) {
  size_t taken = 0;
  while (state_ == State::need_more && taken < bytes.size()) {
    const ByteView rest = bytes.subspan(taken);
    const bool in_body = step_ == Step::body_counted || step_ == Step::body_until_close || step_ == Step::chunk_data;
    taken += in_body ? take_body(rest) : take_line(rest);
  }
  return taken;
}

void Http1Response::end() {
  if (state_ != State::need_more) return;
  switch (step_) {
    case Step::body_until_close:  // RFC 9112 §6.3 item 8
      state_ = State::complete;
      break;
    case Step::status_line:
      fail(line_.empty() && status_ == 0 ? "closed without a response" : "closed within the status line");
      break;
    case Step::header:
      fail("closed within the headers");
      break;
    case Step::body_counted:
      fail("closed before the body that Content-Length announced was there");
      break;
    case Step::chunk_size:
    case Step::chunk_data:
    case Step::chunk_end:
    case Step::trailer:
      fail("closed before the last chunk");
      break;
  }
}

// Collects a line up to LF; a CR before it belongs to its end (RFC 9112 §2.2 allows a bare LF).
size_t Http1Response::take_line(ByteView bytes) {
  const bool chunk_line = step_ == Step::chunk_size || step_ == Step::chunk_end;
  const std::string_view text = as_text(bytes);
  const size_t end = text.find('\n');
  const size_t len = end == std::string_view::npos ? text.size() : end + 1;
  // Chunk lines come with every chunk, so they are bounded one by one and not in all.
  if (chunk_line ? line_.size() + len > kMaxChunkLineLen : head_len_ + len > kMaxHeadLen) {
    fail(chunk_line ? "a chunk's size line is longer than 4096 bytes" : "the head is longer than 65536 bytes");
    return len;
  }
  if (!chunk_line) head_len_ += len;
  line_ += text.substr(0, len);
  // Something else altogether is told at once, not after 64 KiB of it or never.
  constexpr std::string_view kStart = "HTTP/1.";
  if (step_ == Step::status_line && !kStart.starts_with(std::string_view(line_).substr(0, kStart.size()))) {
    fail("not an HTTP/1 response");
    return len;
  }
  if (end != std::string_view::npos) line_done();
  return len;
}

void Http1Response::line_done() {
  line_.pop_back();
  if (line_.ends_with('\r')) line_.pop_back();
  const std::string_view line = line_;
  if (line.find('\r') != std::string_view::npos || line.find('\0') != std::string_view::npos) {
    fail("a CR or NUL stands within a line");
  } else {
    switch (step_) {
      case Step::status_line:
        status_line(line);
        break;
      case Step::header:
        line.empty() ? head_done() : header_line(line);
        break;
      case Step::chunk_size:
        chunk_size_line(line);
        break;
      case Step::chunk_end:
        if (line.empty())
          step_ = Step::chunk_size;
        else
          fail("a chunk is longer than its size says");
        break;
      case Step::trailer:
        if (line.empty())
          state_ = State::complete;
        else if (++num_trailers_ > kMaxHeaders)
          fail("more than 256 trailers");
        break;
      case Step::body_counted:
      case Step::body_until_close:
      case Step::chunk_data:
        break;  // no lines there
    }
  }
  line_.clear();
}

// RFC 9112 §4: HTTP-version SP status-code SP [reason-phrase]; the SP after the code is often forgotten with the
// reason.
void Http1Response::status_line(std::string_view line) {
  constexpr size_t kCodeAt = 9;  // "HTTP/1.1 "
  const auto digit = [&](size_t at) { return at < line.size() && line[at] >= '0' && line[at] <= '9'; };
  if (!digit(7) || line.size() < kCodeAt + 3 || line[8] != ' ' || !digit(9) || !digit(10) || !digit(11) ||
      line[9] == '0' || (line.size() > 12 && line[12] != ' ')) {
    fail("the status line is not one");
    return;
  }
  minor_version_ = line[7] - '0';
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  reason_ = keep(line.size() > 13 ? line.substr(13) : std::string_view{});
  step_ = Step::header;
}

void Http1Response::header_line(std::string_view line) {
  if (kBlanks.find(line[0]) != std::string_view::npos) {
    // RFC 9112 §5.2: a folded line belongs to the value before it. That one stands last in text_.
    if (headers_.empty()) {
      fail("the first header begins with a blank");
      return;
    }
    const std::string_view more = trim(line);
    ByteRange& value = headers_.back().value;
    if (!more.empty()) {
      const std::string_view gap = value.len == 0 ? "" : " ";
      text_ += gap;
      text_ += more;
      value.len += gap.size() + more.size();
    }
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    fail("a header has no name");  // RFC 9112 §5.1: nor may a blank stand before the colon
    return;
  }
  if (headers_.size() == kMaxHeaders) {
    fail("more than 256 headers");
    return;
  }
  const ByteRange name = keep(line.substr(0, colon));
  headers_.push_back({name, keep(trim(line.substr(colon + 1)))});
}

// RFC 9112 §6.3: how long the body is, in the order of its list.
void Http1Response::head_done() {
  if (status_ >= 100 && status_ < 200 && status_ != 101) {  // RFC 9110 §15.2: interim; the final one follows
    text_.clear();
    reason_ = {};
    headers_.clear();
    step_ = Step::status_line;
    return;
  }
  has_head_ = true;
  if (head_request_ || status_ == 101 || status_ == 204 || status_ == 304) {
    state_ = State::complete;
    return;
  }
  bool has_encoding = false;
  const bool chunked = ends_in_chunked(has_encoding);
  if (has_encoding) {  // overrides Content-Length
    step_ = chunked ? Step::chunk_size : Step::body_until_close;
    return;
  }
  bool has_length = false;
  if (!read_content_length(has_length)) {
    fail("Content-Length is not one number");
    return;
  }
  step_ = has_length ? Step::body_counted : Step::body_until_close;
  if (has_length && left_ == 0) state_ = State::complete;
}

bool Http1Response::ends_in_chunked(bool& present) const {
  bool chunked = false;
  for (const Header& header : headers_) {
    if (!equal_ignoring_case(view(header.name), "Transfer-Encoding")) continue;
    present = true;
    std::string_view list = view(header.value);
    std::string_view member;
    for (bool ended = false; next_member(list, ended, member);)
      if (!member.empty()) chunked = equal_ignoring_case(member, "chunked");
  }
  return chunked;
}

// RFC 9110 §8.6: the same number may come more than once.
bool Http1Response::read_content_length(bool& present) {
  for (const Header& header : headers_) {
    if (!equal_ignoring_case(view(header.name), "Content-Length")) continue;
    std::string_view list = view(header.value);
    std::string_view member;
    for (bool ended = false; next_member(list, ended, member);) {
      uint64_t number = 0;
      if (!read_number(member, 10, number) || (present && number != left_)) return false;
      left_ = number;
      present = true;
    }
  }
  return true;
}

// RFC 9112 §7.1: hexadecimal, then extensions that we do not know.
void Http1Response::chunk_size_line(std::string_view line) {
  if (!read_number(trim(line.substr(0, line.find(';'))), 16, left_)) {
    fail("a chunk's size is not a hexadecimal number");
    return;
  }
  step_ = left_ == 0 ? Step::trailer : Step::chunk_data;
}

size_t Http1Response::take_body(ByteView bytes) {
  const size_t len =
      step_ == Step::body_until_close ? bytes.size() : static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  append(body_, bytes.first(std::min(len, kMaxBodyKept - body_.size())));
  body_len_ += len;
  if (step_ == Step::body_until_close) return len;
  left_ -= len;
  if (left_ == 0 && step_ == Step::body_counted) state_ = State::complete;
  if (left_ == 0 && step_ == Step::chunk_data) step_ = Step::chunk_end;
  return len;
}

std::optional<std::string_view> Http1Response::header(std::string_view name) const {
  for (const Header& header : headers_)
    if (equal_ignoring_case(view(header.name), name)) return view(header.value);
  return std::nullopt;
}

}  // namespace tlsproof::app
