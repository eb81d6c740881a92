#include "tlsproof/app/http1.h"

#include <gtest/gtest.h>

#include <string>

#include "tlsproof/app/nginx.h"

namespace tlsproof::app {
namespace {

using namespace std::string_view_literals;
using State = Http1Response::State;

// ---- the request

TEST(Http1Request, TheLinesAreTheseAndNoOthers) {
  Http1Request request;
  request.host = "example.com:8443";
  request.headers = {{"Accept", "*/*"}, {"X-Empty", ""}};
  EXPECT_EQ(as_text(*make_http1_request(request)),
            "GET / HTTP/1.1\r\nHost: example.com:8443\r\nUser-Agent: tlsproof\r\nAccept: */*\r\nX-Empty: \r\n"
            "Connection: close\r\n\r\n");
}

TEST(Http1Request, NothingThatWouldStartAnotherLine) {
  const auto refused = [](auto change, std::string_view part) {
    Http1Request request;
    request.host = "h";
    change(request);
    const auto bytes = make_http1_request(request);
    ASSERT_FALSE(bytes) << part;
    EXPECT_EQ(bytes.error().kind, Error::Kind::usage);
    EXPECT_NE(bytes.error().what.find(part), std::string::npos) << bytes.error().what;
    EXPECT_EQ(bytes.error().what.find('\n'), std::string::npos);
  };
  refused([](auto& r) { r.method = "GET /x HTTP/1.1\r\nA: b\r\n"; }, "method");
  refused([](auto& r) { r.method = ""; }, "method");
  refused([](auto& r) { r.path = "/a b"; }, "path");
  refused([](auto& r) { r.path = "/\r\nX: y"; }, "path");
  refused([](auto& r) { r.path = ""; }, "path");
  refused([](auto& r) { r.path = "/\xc3\xbc"; }, "path");
  refused([](auto& r) { r.host = "h\r\nX: y"; }, "host");
  refused([](auto& r) { r.host = "a b"; }, "host");
  refused([](auto& r) { r.user_agent = "a\nb"; }, "User-Agent");
  refused([](auto& r) { r.headers = {{"X", "a\r\nY: b"}}; }, "header X");
  refused([](auto& r) { r.headers = {{"X", std::string("a\0b", 3)}}; }, "header X");
  refused([](auto& r) { r.headers = {{"X Y", "a"}}; }, "header name");
  refused([](auto& r) { r.headers = {{"X:", "a"}}; }, "header name");
  refused([](auto& r) { r.headers = {{"", "a"}}; }, "header name");
  refused([](auto& r) { r.headers = {{"host", "other"}}; }, "written by tlsproof");
  refused([](auto& r) { r.headers = {{"Transfer-Encoding", "chunked"}}; }, "written by tlsproof");
}

TEST(Http1Request, HostHeader) {
  EXPECT_EQ(http_host("example.com", 443), "example.com");
  EXPECT_EQ(http_host("example.com", 8443), "example.com:8443");
  EXPECT_EQ(http_host("::1", 443), "[::1]");
  EXPECT_EQ(http_host("fe80::1%eth0", 80), "[fe80::1]:80");
}

// ---- the response

struct Read {
  State state;
  std::string_view broken_reason;
  int status;
  std::string reason;
  std::string headers;  // "name=value;"
  std::string body;
  uint64_t body_len;
  size_t taken;
};

// `piece` bytes at a time, then EOF when `closed`.
Read read(std::string_view text, size_t piece, bool closed = true, bool head_request = false) {
  Http1Response response(head_request);
  Read result{};
  for (size_t at = 0; at < text.size(); at += piece) result.taken += response.feed(as_bytes(text.substr(at, piece)));
  if (closed) response.end();
  result.state = response.state();
  result.broken_reason = response.broken_reason();
  result.status = response.status();
  result.reason = response.reason();
  for (size_t i = 0; i < response.num_headers(); ++i)
    result.headers.append(response.header(i).name).append("=").append(response.header(i).value).append(";");
  result.body = as_text(response.body());
  result.body_len = response.body_len();
  return result;
}

TEST(Http1Response, WhatServersSend) {
  const struct {
    std::string_view name, text;
    int status;
    std::string_view reason, headers, body, rest;
    bool needs_eof = false;
  } rows[] = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", 200, "OK", "Content-Length=2;", "ok", "more"},
      {"same length again", "HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\nContent-Length:2 \r\n\r\nok", 200, "OK",
       "content-length=2, 2;Content-Length=2;", "ok", ""},
      {"no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "OK", "Content-Length=0;", "", ""},
      {"until close", "HTTP/1.0 404 Not Found\r\n\r\nall of it", 404, "Not Found", "", "all of it", "", true},
      {"chunked",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\nContent-Length: 1\r\n\r\n3\r\nabc\r\n00A ; "
       "x=\"y\"\r\n0123456789\r\n0\r\nT: 1\r\n\r\nmore",
       200, "OK", "Transfer-Encoding=CHUNKED;Content-Length=1;", "abc0123456789", "more"},
      {"not chunked last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n3\r\n", 200,
       "OK", "Transfer-Encoding=chunked;Transfer-Encoding=gzip;", "3\r\n", "", true},
      {"encoding without chunked", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\nabc", 200,
       "OK", "Content-Length=1;Transfer-Encoding=gzip;", "abc", "", true},
      {"interim", "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 \r\n\r\nHTTP/1.1 204 Gone\r\nC: d\r\n\r\nmore",
       204, "Gone", "C=d;", "", "more"},
      {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "Not Modified",
       "Content-Length=5;", "", ""},
      {"switching", "HTTP/1.1 101 Switching\r\n\r\nws", 101, "Switching", "", "", "ws"},
      {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "OK", "Content-Length=2;", "ok", ""},
      {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", "Content-Length=0;", "", ""},
      {"odd reason", "HTTP/1.1 499 \x1b[31m\xff\r\nContent-Length: 0\r\n\r\n", 499, "\x1b[31m\xff", "Content-Length=0;",
       "", ""},
      {"folded", "HTTP/1.1 200 OK\r\nX:\r\n a\r\n\t b \r\n\t\r\nContent-Length: 0\r\n\r\n", 200, "OK",
       "X=a b;Content-Length=0;", "", ""},
      {"empty value", "HTTP/1.1 200 OK\r\nX: \t \r\nContent-Length: 0\r\n\r\n", 200, "OK", "X=;Content-Length=0;", "",
       ""},
  };
  for (const auto& row : rows) {
    for (size_t piece : {size_t{1}, size_t{2}, size_t{7}, row.text.size()}) {
      SCOPED_TRACE(std::string(row.name) + ", pieces of " + std::to_string(piece));
      const Read whole = read(row.text, piece, row.needs_eof);
      EXPECT_EQ(whole.state, State::complete) << whole.broken_reason;
      EXPECT_EQ(whole.status, row.status);
      EXPECT_EQ(whole.reason, row.reason);
      EXPECT_EQ(whole.headers, row.headers);
      EXPECT_EQ(whole.body, row.body);
      EXPECT_EQ(whole.taken, row.text.size() - row.rest.size());
    }
    // Every proper prefix is either short of something or, when the close ends the body, complete with less of it.
    const std::string_view text = row.text.substr(0, row.text.size() - row.rest.size());
    for (size_t len = 0; len < text.size(); ++len) {
      EXPECT_EQ(read(text.substr(0, len), 5, false).state, State::need_more) << row.name << " " << len;
      const Read cut = read(text.substr(0, len), 5, true);
      EXPECT_TRUE(cut.state == State::broken || row.needs_eof) << row.name << " " << len;
      if (cut.state == State::broken) {
        EXPECT_TRUE(cut.broken_reason.starts_with("closed ")) << cut.broken_reason;
      }
    }
  }
}

TEST(Http1Response, HeadHasNoBody) {
  const Read head = read("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 8, false, true);
  EXPECT_EQ(head.state, State::complete);
}

TEST(Http1Response, WhatIsBrokenIsNamed) {
  const struct {
    std::string text;
    std::string_view why;
  } rows[] = {
      {"", "closed without a response"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "closed within the status line"},
      {"\x15\x03\x03", "not an HTTP/1 response"},
      {"HTTP/2 200\r\n", "not an HTTP/1 response"},
      {"\r\nHTTP/1.1 200 OK\r\n", "not an HTTP/1 response"},
      {"<html>", "not an HTTP/1 response"},
      {"HTTP/1.x 200 OK\r\n", "status line"},
      {"HTTP/1.1 20 OK\r\n", "status line"},
      {"HTTP/1.1 2000 OK\r\n", "status line"},
      {"HTTP/1.1 099 OK\r\n", "status line"},
      {"HTTP/1.1\r\n", "status line"},
      {"HTTP/1.1 200 OK\r\n folded: first\r\n", "begins with a blank"},
      {"HTTP/1.1 200 OK\r\nno colon\r\n", "no name"},
      {"HTTP/1.1 200 OK\r\nX : y\r\n", "no name"},
      {"HTTP/1.1 200 OK\r\n: y\r\n", "no name"},
      {"HTTP/1.1 200 OK\r\nX: a\rb\r\n", "CR or NUL"},
      {std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n", 25), "CR or NUL"},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "Content-Length is not one number"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length is not one number"},
      {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "Content-Length is not one number"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1,2\r\n\r\n", "Content-Length is not one number"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length is not one number"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", "Content-Length is not one number"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "before the body"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "chunk's size"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\n", "chunk's size"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "chunk's size"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "longer than its size"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "last chunk"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(5000, 'x'), "4096"},
  };
  for (const auto& row : rows) {
    for (size_t piece : {size_t{1}, row.text.size() + 1}) {
      const Read broken = read(row.text, piece);
      EXPECT_EQ(broken.state, State::broken) << row.text;
      EXPECT_NE(broken.broken_reason.find(row.why), std::string_view::npos) << row.text << ": " << broken.broken_reason;
    }
  }
}

TEST(Http1Response, EverythingIsBounded) {
  const std::string start = "HTTP/1.1 200 OK\r\n";
  const auto why = [](const std::string& text) { return read(text, 1000, false).broken_reason; };
  EXPECT_EQ(why("HTTP/1.1 200 " + std::string(70'000, 'x')), "the head is longer than 65536 bytes");
  EXPECT_EQ(why(start + "X: " + std::string(70'000, 'x')), "the head is longer than 65536 bytes");
  std::string many = start;
  for (int i = 0; i < 256; ++i) many += "X: y\r\n";
  EXPECT_EQ(why(many), "");
  EXPECT_EQ(why(many + "X: y\r\n"), "more than 256 headers");
  std::string interim;
  for (int i = 0; i < 4000; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(why(interim), "the head is longer than 65536 bytes");
  std::string trailers = start + "Transfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 257; ++i) trailers += "X: y\r\n";
  EXPECT_EQ(why(trailers), "more than 256 trailers");

  Http1Response response;
  response.feed(as_bytes(start + "\r\n"));
  const Bytes flood(size_t{1} << 20, 'x');
  for (int i = 0; i < 20; ++i) EXPECT_EQ(response.feed(flood), flood.size());
  EXPECT_EQ(response.body_len(), 20U << 20);
  EXPECT_EQ(response.body().size(), Http1Response::kMaxBodyKept);
  response.end();
  EXPECT_EQ(response.state(), State::complete);
}

TEST(Http1Response, ResetForgetsEverything) {
  Http1Response response;
  EXPECT_EQ(response.feed(as_bytes("HTTP/1.1 500 No\r\nX: y\r\n\r\nbody")), 29U);
  EXPECT_EQ(response.header("x"), "y");
  EXPECT_TRUE(response.has_head());
  response.reset();
  EXPECT_FALSE(response.has_head());
  EXPECT_EQ(response.status(), 0);
  EXPECT_EQ(response.header("x"), std::nullopt);
  EXPECT_TRUE(response.body().empty());
  response.feed(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"));
  EXPECT_EQ(response.state(), State::complete);
  EXPECT_EQ(response.minor_version(), 1);
  EXPECT_EQ(as_text(response.body()), "a");
}

TEST(Http1Response, IsRecognisedByItsFirstBytes) {
  EXPECT_TRUE(looks_like_http_response(as_bytes("HTTP/1.1 400 Bad Request\r\n")));
  EXPECT_TRUE(looks_like_http_response(as_bytes("HTTP/1.")));
  for (std::string_view other : {"", "HTTP/1", "HTTP/2 200", "GET / HTTP/1.1", "http/1.1 200", "\x16\x03\x01"})
    EXPECT_FALSE(looks_like_http_response(as_bytes(other))) << other;
}

// ---- nginx

// The page as nginx 1.22 makes it.
std::string nginx_page(std::string_view title, std::string_view words) {
  std::string page = "<html>\r\n<head><title>400 " + std::string(title) + "</title></head>\r\n<body>\r\n" +
                     "<center><h1>400 Bad Request</h1></center>\r\n";
  if (!words.empty()) page += "<center>" + std::string(words) + "</center>\r\n";
  return page + "<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
}

TEST(Nginx, ItsRefusalsAreRecognised) {
  const struct {
    int status;
    std::string body;
    NginxAnswer answer;
  } rows[] = {
      {400, nginx_page("No required SSL certificate was sent", "No required SSL certificate was sent"),
       NginxAnswer::no_certificate},
      {400, nginx_page("The SSL certificate error", "The SSL certificate error"), NginxAnswer::certificate_error},
      {400,
       nginx_page("The plain HTTP request was sent to HTTPS port", "The plain HTTP request was sent to HTTPS port"),
       NginxAnswer::plain_http},
      {400, nginx_page("Bad Request", ""), NginxAnswer::other},
      {403, nginx_page("The SSL certificate error", "The SSL certificate error"), NginxAnswer::certificate_error},
      {495, "custom", NginxAnswer::certificate_error},
      {496, "", NginxAnswer::no_certificate},
      {497, "", NginxAnswer::plain_http},
      {421, "<center><h1>421 Misdirected Request</h1></center>", NginxAnswer::misdirected},
      {404, "Misdirected Request", NginxAnswer::other},
      {200, nginx_page("The SSL certificate error", "The SSL certificate error"), NginxAnswer::other},
      {502, nginx_page("The SSL certificate error", ""), NginxAnswer::other},
      {0, "", NginxAnswer::other},
  };
  for (const auto& row : rows)
    EXPECT_EQ(recognise_nginx_answer(row.status, as_bytes(row.body)), row.answer) << row.status;
  EXPECT_EQ(nginx_answer_text(NginxAnswer::no_certificate), "No required SSL certificate was sent");
  EXPECT_EQ(nginx_answer_text(NginxAnswer::other), "");
}

}  // namespace
}  // namespace tlsproof::app
