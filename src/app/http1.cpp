#include "tlsproof/app/http1.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

// RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kOthers.contains(c);
  });
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::unexpected<Error> refuse(std::string_view part, std::string_view value) {
  return fail_usage(fmt::format("the HTTP {} '{}' holds a character that would split the request", part,
                                escape_terminal_limited(value, 80)));
}

}  // namespace

Result<std::string> encode_request(const Http1Request& request) {
  if (!is_token(request.method)) return refuse("method", request.method);
  if (request.path.empty() || has_control(request.path) || request.path.contains(' ')) return refuse("path", request.path);
  if (has_control(request.host) || request.host.contains(' ')) return refuse("host", request.host);
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: tlsproof\r\nAccept: */*\r\nConnection: close\r\n",
                                request.method, request.path, request.host);
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return refuse("header name", name);
    if (has_control(value)) return refuse("header", value);
    out += fmt::format("{}: {}\r\n", name, value);
  }
  return out + "\r\n";
}

void Http1ResponseParser::reset() {
  Http1Limits limits = limits_;
  *this = Http1ResponseParser(limits);
}

std::string_view Http1ResponseParser::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers_)
    if (name == lower_case_name) return value;
  return {};
}

Http1ResponseParser::State Http1ResponseParser::fail_with(std::string_view why) {
  broken_ = why;
  return state_ = State::broken;
}

// RFC 9112 §4: HTTP-version SP status-code SP [ reason-phrase ]; §2.2 lets a recipient take a bare LF as a line's end.
bool Http1ResponseParser::read_status_line(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return false;
  const std::string_view digits = line.substr(9, 3);
  int status = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  if (error != std::errc{} || end != digits.data() + 3 || status < 100) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  status_ = status;
  reason_ = line.size() > 13 ? std::string(line.substr(13)) : std::string();
  status_line_ = line;
  return true;
}

bool Http1ResponseParser::read_header(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || headers_.size() >= limits_.max_headers) return false;
  headers_.emplace_back(to_lower(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  return true;
}

Http1ResponseParser::State Http1ResponseParser::read_head() {
  std::string_view head = buffer_;
  bool first = true;
  while (!head.empty()) {
    const size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    head.remove_prefix(end + 1);
    if (line.empty()) break;
    if (first ? !read_status_line(line) : !read_header(line))
      return fail_with(first ? "the first line is no HTTP/1.x status line" : "a header line is not well-formed, or there are too many");
    first = false;
  }
  if (first) return fail_with("the response begins with an empty line");
  return choose_body();
}

// RFC 9112 §6.3.
Http1ResponseParser::State Http1ResponseParser::choose_body() {
  if (status_ < 200) {  // an interim response: the final one follows
    status_ = 0;
    headers_.clear();
    buffer_.clear();
    return state_;
  }
  if (status_ == 204 || status_ == 304) {
    step_ = Step::done;
    return state_ = State::complete;
  }
  if (to_lower(header("transfer-encoding")).ends_with("chunked")) {
    step_ = Step::chunk_size;
    buffer_.clear();
    return state_;
  }
  if (const std::string_view text = header("content-length"); !text.empty()) {
    const auto len = parse_integer(text, 0, INT64_MAX);
    if (!len) return fail_with("Content-Length is no number");
    left_ = static_cast<uint64_t>(*len);
    step_ = left_ == 0 ? Step::done : Step::body_length;
    return state_ = left_ == 0 ? State::complete : State::need_more;
  }
  step_ = Step::body_close;
  return state_;
}

void Http1ResponseParser::take_body(std::string_view data) {
  body_len_ += data.size();
  body_ += data.substr(0, limits_.max_body_kept - std::min(limits_.max_body_kept, body_.size()));
}

// A line without its end goes to `line`; false when more bytes are needed, which then wait in buffer_.
bool Http1ResponseParser::next_line(std::string& line, std::string_view& data, size_t max_len) {
  const size_t end = data.find('\n');
  if (buffer_.size() + std::min(end, data.size()) > max_len) {
    fail_with("a line is too long");
    return false;
  }
  buffer_ += data.substr(0, end);
  data.remove_prefix(end == std::string_view::npos ? data.size() : end + 1);
  if (end == std::string_view::npos) return false;
  line = trim(buffer_);
  buffer_.clear();
  return true;
}

// RFC 9112 §7.1.
Http1ResponseParser::State Http1ResponseParser::feed_chunked(std::string_view data) {
  std::string line;
  while (!data.empty() && state_ == State::need_more) {
    if (step_ == Step::chunk_data) {
      const size_t len = static_cast<size_t>(std::min<uint64_t>(left_, data.size()));
      take_body(data.substr(0, len));
      data.remove_prefix(len);
      left_ -= len;
      if (left_ == 0) step_ = Step::chunk_end;
      continue;
    }
    if (!next_line(line, data, 4096)) break;
    if (step_ == Step::chunk_end) {
      if (!line.empty()) return fail_with("a chunk does not end where it should");
      step_ = Step::chunk_size;
    } else if (step_ == Step::chunk_size) {
      const std::string_view digits = trim(std::string_view(line).substr(0, line.find(';')));
      auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
      if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return fail_with("a chunk size is no number");
      step_ = left_ == 0 ? Step::trailers : Step::chunk_data;
    } else if (line.empty()) {  // trailers end
      step_ = Step::done;
      state_ = State::complete;
    } else if (++left_ > limits_.max_headers) {
      return fail_with("there are too many trailers");
    }
  }
  return state_;
}

Http1ResponseParser::State Http1ResponseParser::feed(ByteView bytes) {
  std::string_view data = as_text(bytes);
  while (state_ == State::need_more && step_ == Step::head && !data.empty()) {
    // Looks for the empty line over the seam of two portions without reading everything again.
    const size_t line_end = data.find('\n');
    buffer_ += data.substr(0, line_end == std::string_view::npos ? line_end : line_end + 1);
    data.remove_prefix(line_end == std::string_view::npos ? data.size() : line_end + 1);
    if (buffer_.size() > limits_.max_head) return fail_with("the head is too long");
    const std::string_view start = std::string_view(buffer_).substr(0, 5);
    if (start != std::string_view("HTTP/").substr(0, start.size())) return fail_with("this is no HTTP response");
    if (buffer_.ends_with("\n\r\n") || buffer_.ends_with("\n\n")) read_head();
  }
  if (state_ != State::need_more || data.empty()) return state_;
  if (step_ == Step::body_length) {
    const size_t len = static_cast<size_t>(std::min<uint64_t>(left_, data.size()));
    take_body(data.substr(0, len));
    left_ -= len;
    if (left_ == 0) {
      step_ = Step::done;
      state_ = State::complete;
    }
    return state_;
  }
  if (step_ == Step::body_close) {
    take_body(data);
    return state_;
  }
  return feed_chunked(data);
}

Http1ResponseParser::State Http1ResponseParser::finish() {
  if (state_ != State::need_more) return state_;
  if (step_ == Step::body_close) {
    step_ = Step::done;
    return state_ = State::complete;
  }
  return fail_with(step_ == Step::head ? "the stream ended within the head" : "the stream ended within the body");
}

bool looks_like_http_response(ByteView data) { return as_text(data).starts_with("HTTP/"); }

}  // namespace tlsproof::app
