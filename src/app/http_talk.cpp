// HTTP/1.1 as a talk: one request, and its response as far as it decides.
#include <fmt/format.h>

#include "protocols.h"
#include "tlsproof/app/http1.h"
#include "tlsproof/app/nginx.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

// Of a response this much is read; then we say goodbye. What decides stands at its beginning.
constexpr uint64_t kMaxBody = uint64_t{1} << 20;

class HttpTalk final : public Dialogue {
 public:
  explicit HttpTalk(const std::string& request) {
    unlimited();  // Http1Response has limits of its own
    say(as_bytes(request), request.substr(0, request.find('\r')));
  }
  [[nodiscard]] ByteView body() const override { return response_.body(); }

 private:
  size_t take(ByteView bytes) override {
    const size_t taken = response_.feed(bytes);
    note();
    if (response_.state() == Http1Response::State::complete || response_.body_len() > kMaxBody) complete();
    if (response_.state() == Http1Response::State::broken)
      end(State::broken, fmt::format("no HTTP response: {}", response_.broken_reason()));
    return taken;
  }
  // A body may end with the connection; a head that came whole answers, whatever came of its body.
  void at_end() override {
    response_.end();
    note();
    if (response_.has_head())
      complete();
    else
      end(State::broken, fmt::format("no HTTP response: {}", response_.broken_reason()));
  }
  // nginx's page may come in pieces, and its words decide.
  void note() {
    if (!response_.has_head()) return;
    const NginxAnswer page = recognise_nginx_answer(response_.status(), response_.body());
    const bool refuses = page == NginxAnswer::no_certificate || page == NginxAnswer::certificate_error;
    answer({refuses ? Sign::certificate : Sign::accepted, response_.status(),
            page != NginxAnswer::other ? std::string(nginx_answer_text(page))
                                       : escape_terminal_limited(response_.reason(), 80)});
  }
  void complete() {
    heard(fmt::format("HTTP/1.{} {} {}", response_.minor_version(), response_.status(), response_.reason()),
          response_.status());
    end(State::done);
  }

  Http1Response response_;
};

}  // namespace

std::unique_ptr<Dialogue> http_talk(const Setup& setup) {
  if (setup.request.empty()) return nullptr;
  return std::make_unique<HttpTalk>(setup.request);
}

}  // namespace tlsproof::app
