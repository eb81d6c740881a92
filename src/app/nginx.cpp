#include "tlsproof/app/nginx.h"

#include <array>

namespace tlsproof::app {
namespace {

struct Row {
  NginxAnswer answer;
  int status;             // nginx's internal code, seen when a configuration lets it out
  std::string_view text;  // in title and body of the page that nginx makes
};
constexpr std::array kRows = {
    Row{NginxAnswer::no_certificate, 496, "No required SSL certificate was sent"},
    Row{NginxAnswer::certificate_error, 495, "The SSL certificate error"},
    Row{NginxAnswer::plain_http, 497, "The plain HTTP request was sent to HTTPS port"},
    Row{NginxAnswer::misdirected, 421, "Misdirected Request"},
};

}  // namespace

NginxAnswer recognise_nginx_answer(int status, ByteView body) {
  for (const Row& row : kRows)
    if (row.status == status) return row.answer;
  // error_page may turn the code into another refusal (=403) and keep the page. A success that tells of these words is
  // a text about nginx, not one of its refusals.
  if (status < 400 || status > 499) return NginxAnswer::other;
  const std::string_view text = as_text(body);
  for (const Row& row : kRows)
    if (row.answer != NginxAnswer::misdirected && text.find(row.text) != std::string_view::npos) return row.answer;
  return NginxAnswer::other;
}

std::string_view nginx_answer_text(NginxAnswer answer) {
  for (const Row& row : kRows)
    if (row.answer == answer) return row.text;
  return {};
}

}  // namespace tlsproof::app
