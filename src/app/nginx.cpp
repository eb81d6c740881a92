#include "tlsproof/app/nginx.h"

#include <array>

namespace tlsproof::app {
namespace {

struct Row {
  int status;
  std::string_view text;  // stands in the page's title or body
  NginxPage page;
};
// ngx_http_special_response.c; 495 to 497 are sent as 400 unless error_page says otherwise.
constexpr std::array kPages = {
    Row{400, "No required SSL certificate was sent", NginxPage::certificate_missing},
    Row{400, "The SSL certificate error", NginxPage::certificate_error},
    Row{400, "The plain HTTP request was sent to HTTPS port", NginxPage::plain_http},
    Row{421, "421 Misdirected Request", NginxPage::misdirected},
};

}  // namespace

NginxPage recognise_nginx_page(int status, std::string_view body) {
  for (const Row& row : kPages)
    if (row.status == status && body.contains(row.text)) return row.page;
  return NginxPage::none;
}

std::string_view to_text(NginxPage page) {
  for (const Row& row : kPages)
    if (row.page == page) return row.text;
  return {};
}

}  // namespace tlsproof::app
