// HTTP/1.1 as far as a TLS test needs it: one request out, one response in (RFC 9112). No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"

namespace tlsproof::app {

struct Http1Request {
  std::string method = "GET";
  std::string path = "/";
  std::string host;
  std::vector<std::pair<std::string, std::string>> headers;  // after Host, User-Agent, Accept and Connection: close
};

// The request as bytes, asking the server to close after its response. A usage error, naming the part, when method, path, host or a
// header holds what would end or split it: a control character, or a blank where none may stand.
[[nodiscard]] Result<std::string> encode_request(const Http1Request& request);

struct Http1Limits {
  size_t max_head = size_t{64} << 10;   // status line and headers
  size_t max_headers = 256;
  size_t max_body_kept = size_t{64} << 10;  // the rest is counted and thrown away
};

// Reads one response, in any portions. Never fails but by telling `broken`.
class Http1ResponseParser {
 public:
  enum class State : uint8_t { need_more, complete, broken };
  explicit Http1ResponseParser(Http1Limits limits = {}) : limits_(limits) {}

  void reset();
  // Bytes after the end of the response are ignored.
  State feed(ByteView data);
  // The stream has ended: completes a body that only the end delimits, breaks everything else.
  State finish();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool has_status() const { return status_ != 0; }  // the head was read
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& reason_phrase() const { return reason_; }  // raw: escape before showing
  [[nodiscard]] const std::string& status_line() const { return status_line_; }  // raw
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }  // raw, names in lower case
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;  // empty when there is none
  [[nodiscard]] const std::string& body() const { return body_; }  // what was kept
  [[nodiscard]] uint64_t body_len() const { return body_len_; }    // what came
  [[nodiscard]] std::string_view broken_because() const { return broken_; }  // a literal

 private:
  enum class Step : uint8_t { head, body_length, body_close, chunk_size, chunk_data, chunk_end, trailers, done };
  State fail_with(std::string_view why);
  State read_head();
  bool read_status_line(std::string_view line);
  bool read_header(std::string_view line);
  State choose_body();
  void take_body(std::string_view data);
  bool next_line(std::string& line, std::string_view& data, size_t max_len);
  State feed_chunked(std::string_view data);

  Http1Limits limits_;
  State state_ = State::need_more;
  Step step_ = Step::head;
  std::string buffer_;
  uint64_t left_ = 0;
  int status_ = 0;
  std::string reason_;
  std::string status_line_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
  uint64_t body_len_ = 0;
  std::string_view broken_;
};

// "HTTP/" at the start: what a server that does not speak TLS here answers.
[[nodiscard]] bool looks_like_http_response(ByteView data);

}  // namespace tlsproof::app
