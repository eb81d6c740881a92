// HTTP/1.1 (RFC 9110, RFC 9112) as far as a TLS test needs it: one request, and whatever comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"

namespace tlsproof::app {

struct Http1Header {
  std::string name;
  std::string value;
};

struct Http1Request {
  std::string method = "GET";
  std::string path = "/";  // the request target: "/…", "*" or an absolute URI, percent-encoded by the caller
  std::string host;        // as http_host() writes it; may be empty
  std::string user_agent = "tlsproof";
  std::vector<Http1Header> headers;  // more, in this order
};
// The bytes of the request, without a body and with "Connection: close". Fails (usage), naming the part, where a part
// could not stand in its line: CR, LF, NUL and other control characters, blanks in the target; and for headers that are
// this function's own (Host, User-Agent, Connection) or would announce a body.
[[nodiscard]] Result<Bytes> make_http1_request(const Http1Request& request);
// The Host header for an endpoint: "example.com", "example.com:8443", "[::1]" (RFC 9110 §7.2; 443 is not written).
[[nodiscard]] std::string http_host(std::string_view host, uint16_t port);

// Whether a connection's first bytes are those of an HTTP/1 response ("HTTP/1."). False for fewer than 7 bytes.
[[nodiscard]] bool looks_like_http_response(ByteView bytes);

// Reads one response from bytes that come in any pieces. Never throws, and holds at most kMaxHeadLen + kMaxBodyKept
// bytes.
//
//   Http1Response response;
//   for (bytes) if (response.feed(bytes); response.state() != need_more) break;
//   at EOF: response.end();
class Http1Response {
 public:
  enum class State : uint8_t {
    need_more,
    complete,
    broken,  // see broken_reason(); what was read before stays available
  };
  static constexpr size_t kMaxHeadLen = size_t{64}
                                        << 10;  // status lines and headers, interim responses and trailers included
  static constexpr size_t kMaxHeaders = 256;
  static constexpr size_t kMaxBodyKept = size_t{64} << 10;
  static constexpr size_t kMaxChunkLineLen = 4096;

  struct HeaderView {
    std::string_view name;   // as it came
    std::string_view value;  // without the blanks around it; folded lines joined by a blank
  };

  // `head_request`: the answer to HEAD, which has no body whatever its headers say (RFC 9112 §6.3).
  explicit Http1Response(bool head_request = false) : head_request_(head_request) {}
  // Back to the beginning; keeps the memory.
  void reset(bool head_request = false);

  // Takes bytes up to the end of the response and returns how many; the rest is not part of it.
  size_t feed(ByteView bytes);
  // The peer has closed: completes a body that ends so, breaks everything else that is under way.
  void end();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::string_view broken_reason() const { return broken_reason_; }  // a literal; empty unless broken
  // Whether the status line and all headers of the final response are there.
  [[nodiscard]] bool has_head() const { return has_head_; }

  [[nodiscard]] int status() const { return status_; }  // 100–999; 0 before the first status line
  [[nodiscard]] int minor_version() const { return minor_version_; }
  [[nodiscard]] std::string_view reason() const { return view(reason_); }  // any bytes: escape before showing
  [[nodiscard]] size_t num_headers() const { return headers_.size(); }
  [[nodiscard]] HeaderView header(size_t i) const { return {view(headers_[i].name), view(headers_[i].value)}; }
  // The first of that name, letter case ignored.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  // The body's first kMaxBodyKept bytes, chunks joined.
  [[nodiscard]] ByteView body() const { return body_; }
  [[nodiscard]] uint64_t body_len() const { return body_len_; }  // all of it, kept or not

 private:
  enum class Step : uint8_t {
    status_line,
    header,
    body_counted,
    body_until_close,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer
  };
  struct Header {
    ByteRange name;
    ByteRange value;
  };

  [[nodiscard]] std::string_view view(ByteRange range) const {
    return std::string_view(text_).substr(range.offset, range.len);
  }
  ByteRange keep(std::string_view text);
  void fail(std::string_view reason);
  size_t take_line(ByteView bytes);
  size_t take_body(ByteView bytes);
  void line_done();
  void status_line(std::string_view line);
  void header_line(std::string_view line);
  void chunk_size_line(std::string_view line);
  void head_done();
  bool read_content_length(bool& present);
  [[nodiscard]] bool ends_in_chunked(bool& present) const;

  State state_ = State::need_more;
  Step step_ = Step::status_line;
  bool head_request_ = false;
  bool has_head_ = false;
  std::string_view broken_reason_;
  std::string line_;     // the line under way
  size_t head_len_ = 0;  // bytes of all lines, against kMaxHeadLen
  std::string text_;     // what reason_ and headers_ point into
  ByteRange reason_;
  std::vector<Header> headers_;
  size_t num_trailers_ = 0;
  int status_ = 0;
  int minor_version_ = 0;
  uint64_t left_ = 0;  // of the counted body, or of the chunk
  Bytes body_;
  uint64_t body_len_ = 0;
};

}  // namespace tlsproof::app
