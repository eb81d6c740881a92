// Redis: TLS begins with the connection; the protocol is RESP2, in lines as far as PING goes.
// Source: redis.io, "Redis serialization protocol specification".
#include "lines.h"
#include "protocols.h"

namespace tlsproof::app {
namespace {

class RedisTalk final : public LineDialogue {
 public:
  RedisTalk() : LineDialogue(Protocol::redis) { say(as_bytes("*1\r\n$4\r\nPING\r\n"), "PING"); }

 private:
  void on_line(std::string_view line) override {
    heard(std::string(line));
    if (!line.starts_with('+') && !line.starts_with('-')) return not_ours(line);
    const auto begins = [&](std::string_view word) { return line.starts_with(word); };
    Sign sign = Sign::refused;
    // Who is asked to log in was let in by TLS.
    if (begins("+") || begins("-NOAUTH") || begins("-NOPERM")) sign = Sign::accepted;
    if (begins("-LOADING") || begins("-BUSY") || begins("-MASTERDOWN") || begins("-ERR max number of clients"))
      sign = Sign::busy;
    if (sign == Sign::refused && speaks_of_certificate(line)) sign = Sign::certificate;
    answer({sign, 0, told(line)});
    sign == Sign::accepted ? end(State::done) : end(State::refused, told(line));
  }
};

}  // namespace

std::unique_ptr<Dialogue> redis_talk(const Setup&) {
  return std::make_unique<RedisTalk>();
}

}  // namespace tlsproof::app
