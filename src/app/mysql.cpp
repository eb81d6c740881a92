// MySQL and MariaDB: the client/server protocol, "Connection Phase" of MySQL's internals manual and MariaDB's
// "Connection" page: the server greets, the client asks for TLS, and says who it is inside.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lines.h"
#include "protocols.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

constexpr uint32_t kLongPassword = 1;
constexpr uint32_t kProtocol41 = 0x200;
constexpr uint32_t kSsl = 0x800;
constexpr uint32_t kSecureConnection = 0x8000;
constexpr uint32_t kPluginAuth = 0x80000;
constexpr uint32_t kCapabilities = kLongPassword | kProtocol41 | kSsl | kSecureConnection | kPluginAuth;
constexpr size_t kHeaderLen = 4;  // length in 3 bytes, low first; sequence number
constexpr uint8_t kOk = 0x00;
constexpr uint8_t kMoreData = 0x01;
constexpr uint8_t kSwitch = 0xfe;
constexpr uint8_t kError = 0xff;

Bytes packet(uint8_t sequence, ByteView body) {
  Bytes out(kHeaderLen + body.size());
  out[0] = static_cast<uint8_t>(body.size());
  out[1] = static_cast<uint8_t>(body.size() >> 8);
  out[3] = sequence;
  std::ranges::copy(body, out.begin() + kHeaderLen);
  return out;
}

// What SSLRequest is, and how the response to the greeting begins.
Bytes opening() {
  Bytes body(32, 0);
  for (size_t i = 0; i < 4; ++i) body[i] = static_cast<uint8_t>(kCapabilities >> (8 * i));
  body[7] = 1;   // we take packets of up to 16 MiB
  body[8] = 45;  // utf8mb4_general_ci
  return body;
}

struct ErrorPacket {
  int code = 0;
  std::string text;  // "MySQL 1045 28000: Access denied for user …", escaped
};
ErrorPacket read_error(ByteView body) {
  ErrorPacket out;
  if (body.size() < 3) return {.code = 0, .text = "MySQL says an error without a number"};
  out.code = body[1] | body[2] << 8;
  std::string_view text = as_text(body.subspan(3));
  std::string_view state;
  if (text.starts_with('#') && text.size() >= 6) {
    state = text.substr(1, 5);
    text = text.substr(6);
  }
  out.text = fmt::format("MySQL {}{}{}: {}", out.code, state.empty() ? "" : " ", escape_terminal_limited(state, 10),
                         escape_terminal_limited(text, 160));
  return out;
}

// Hands whole packets over.
class MysqlDialogue : public Dialogue {
 protected:
  virtual void on_packet(uint8_t sequence, ByteView body) = 0;
  void bad(std::string_view why) { end(State::broken, fmt::format("this is not MySQL: {}", why)); }

 private:
  size_t take(ByteView bytes) override {
    pending_.push_back(bytes[0]);
    if (pending_.size() < kHeaderLen) return 1;
    const size_t len = pending_[0] | size_t{pending_[1]} << 8 | size_t{pending_[2]} << 16;
    if (len == 0 || len > kMaxInput) {
      bad("a packet of an impossible length");
      return 1;
    }
    if (pending_.size() < kHeaderLen + len) return 1;
    const Bytes whole = std::exchange(pending_, {});
    on_packet(whole[3], ByteView(whole).subspan(kHeaderLen));
    return 1;
  }
  void at_end() override { end(State::broken, "closed before an answer came"); }

  Bytes pending_;
};

class MysqlPrelude final : public MysqlDialogue {
 private:
  void on_packet(uint8_t sequence, ByteView body) override {
    if (body[0] == kError) {  // 1040 too many connections, 1129 blocked, 1130 not allowed
      const ErrorPacket error = read_error(body);
      heard(error.text, error.code);
      return end(State::refused, error.text);
    }
    if (body[0] != 10 || sequence != 0) return bad("its greeting is not of version 10");
    const std::string_view text = as_text(body.subspan(1));
    const size_t version_len = text.find('\0');
    constexpr size_t kToCapabilities = 4 + 8 + 1;  // thread, first part of the challenge, filler
    if (version_len == std::string_view::npos || text.size() < version_len + 1 + kToCapabilities + 2)
      return bad("its greeting is cut short");
    heard(fmt::format("greeting of {}", text.substr(0, version_len)));
    const size_t at = 1 + version_len + 1 + kToCapabilities;
    const uint32_t capabilities = uint32_t{body[at]} | uint32_t{body[at + 1]} << 8;
    if ((capabilities & kSsl) == 0) return end(State::refused, "the MySQL server does not offer TLS");
    say(packet(1, opening()), "SSLRequest");
    end(State::done);  // it waits for the ClientHello without a word
  }
};

class MysqlTalk final : public MysqlDialogue {
 public:
  explicit MysqlTalk(const std::string& user) {
    Bytes body = opening();
    append(body, as_bytes(user));
    append(body, std::array<uint8_t, 2>{});  // the end of the name; an empty answer to the challenge
    append(body, as_bytes("mysql_native_password"));
    body.push_back(0);
    say(packet(2, body), fmt::format("HandshakeResponse user={}", user));
  }

 private:
  void on_packet(uint8_t sequence, ByteView body) override {
    if (body[0] == kOk) {
      heard("OK");
      answer({Sign::accepted, 0, "MySQL lets the user in"});
      const uint8_t quit = 1;
      say(packet(0, ByteView(&quit, 1)), "COM_QUIT");
      return end(State::done);
    }
    if (body[0] == kSwitch || body[0] == kMoreData) {
      // Another way to prove who we are: an empty answer again, which only a user without a password passes.
      heard(body[0] == kSwitch ? "AuthSwitchRequest" : "AuthMoreData");
      if (++num_switches_ > 4) return bad("it asks for proof again and again");
      const uint8_t nothing[] = {0, 0, 0, static_cast<uint8_t>(sequence + 1)};
      return say(nothing, "an empty answer");
    }
    if (body[0] != kError) return bad("neither OK nor an error");
    const ErrorPacket error = read_error(body);
    heard(error.text, error.code);
    // Error numbers of the manual: 1040 too many connections, 1053 shutdown, 1129 blocked, 1203 too many of a user.
    const bool busy = error.code == 1040 || error.code == 1053 || error.code == 1129 || error.code == 1203;
    Sign sign = busy ? Sign::busy : Sign::refused;
    if (speaks_of_certificate(error.text)) sign = Sign::certificate;
    answer({sign, error.code, error.text});
    end(State::refused, error.text);
  }
  unsigned num_switches_ = 0;
};

}  // namespace

std::unique_ptr<Dialogue> mysql_prelude(const Setup&) {
  return std::make_unique<MysqlPrelude>();
}
std::unique_ptr<Dialogue> mysql_talk(const Setup& setup) {
  return std::make_unique<MysqlTalk>(setup.user);
}

}  // namespace tlsproof::app
