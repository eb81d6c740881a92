// PostgreSQL: the frontend/backend protocol 3.0, chapter "Message Flow" (SSL Session Encryption, Start-up) of its
// documentation.
#include <fmt/format.h>

#include <utility>

#include "lines.h"
#include "protocols.h"
#include "tlsproof/base/text.h"
#include "tlsproof/base/writer.h"

namespace tlsproof::app {
namespace {

constexpr uint32_t kSslRequest = 80877103;  // 1234 << 16 | 5679
constexpr uint32_t kVersion3 = 3 << 16;
constexpr size_t kHeaderLen = 5;  // type, and a length that counts itself

// Fields of an ErrorResponse: a letter and a text each, until a zero.
std::string_view field(ByteView body, char which) {
  std::string_view rest = as_text(body);
  while (!rest.empty() && rest[0] != '\0') {
    const char type = rest[0];
    const size_t end = rest.find('\0', 1);
    if (end == std::string_view::npos) return {};
    if (type == which) return rest.substr(1, end - 1);
    rest = rest.substr(end + 1);
  }
  return {};
}

// "PostgreSQL FATAL 28000: connection requires a valid client certificate", escaped.
std::string error_text(ByteView body) {
  return fmt::format("PostgreSQL {} {}: {}", escape_terminal_limited(field(body, 'S'), 20),
                     escape_terminal_limited(field(body, 'C'), 10), escape_terminal_limited(field(body, 'M'), 160));
}

class PostgresPrelude final : public Dialogue {
 public:
  PostgresPrelude() {
    strictly_in_turn();
    Bytes request;
    Writer writer(request);
    writer.u32(8);
    writer.u32(kSslRequest);
    say(request, "SSLRequest");
  }

 private:
  size_t take(ByteView bytes) override {
    const uint8_t answer = bytes[0];
    switch (answer) {
      case 'S':
        heard("S");
        end(State::done);
        break;
      case 'N':
        heard("N");
        end(State::refused, "the PostgreSQL server answers N: it does not do TLS");
        break;
      case 'E':
        // Its text would come in the clear, from nobody knows whom (CVE-2024-10977): not shown.
        heard("E");
        end(State::refused, "the PostgreSQL server answers the request for TLS with an error");
        break;
      default:
        end(State::broken, fmt::format("this is not PostgreSQL: its first byte is 0x{:02x}", answer));
    }
    return 1;
  }
  void at_end() override { end(State::broken, "closed before an answer came"); }
};

// Says who we are, and goes once the server has said how it would like that proved: by then it has judged the client's
// certificate, where pg_hba.conf has `clientcert`.
class PostgresTalk final : public Dialogue {
 public:
  explicit PostgresTalk(const std::string& user) {
    Bytes body;
    Writer writer(body);
    writer.u32(kVersion3);
    for (const std::string_view text : {std::string_view("user"), std::string_view(user), std::string_view("database"),
                                        std::string_view("postgres")}) {
      writer.bytes(as_bytes(text));
      writer.u8(0);
    }
    writer.u8(0);
    Bytes packet;
    Writer(packet).u32(static_cast<uint32_t>(body.size() + 4));
    append(packet, body);
    say(packet, fmt::format("StartupMessage user={} database=postgres", user));
  }

 private:
  size_t take(ByteView bytes) override {
    pending_.push_back(bytes[0]);
    if (!std::string_view("RENv").contains(static_cast<char>(pending_[0]))) {
      end(State::broken, fmt::format("this is not PostgreSQL: a message of type 0x{:02x}", pending_[0]));
      return 1;
    }
    if (pending_.size() < kHeaderLen) return 1;
    const size_t len =
        size_t{pending_[1]} << 24 | size_t{pending_[2]} << 16 | size_t{pending_[3]} << 8 | size_t{pending_[4]};
    if (len < 4 || len > kMaxInput) {
      end(State::broken, "this is not PostgreSQL: a message of an impossible length");
      return 1;
    }
    if (pending_.size() < 1 + len) return 1;
    const Bytes packet = std::exchange(pending_, {});
    on_message(packet[0], ByteView(packet).subspan(kHeaderLen));
    return 1;
  }
  void at_end() override { end(State::broken, "closed before an answer came"); }

  void on_message(uint8_t type, ByteView body) {
    if (type == 'N' || type == 'v') return heard(type == 'N' ? "NoticeResponse" : "NegotiateProtocolVersion");
    if (type == 'R') return on_authentication(body);
    const std::string text = error_text(body);
    const std::string_view code = field(body, 'C');
    heard(fmt::format("ErrorResponse {} {}: {}", field(body, 'S'), code, field(body, 'M')));
    // SQLSTATE (appendix A of the documentation): insufficient resources, operator intervention.
    Sign sign = code.starts_with("53") || code.starts_with("57") ? Sign::busy : Sign::refused;
    if (speaks_of_certificate(text)) sign = Sign::certificate;
    answer({sign, 0, text});
    end(State::refused, text);
  }
  void on_authentication(ByteView body) {
    if (body.size() < 4) return end(State::broken, "this is not PostgreSQL: an Authentication message without a kind");
    const uint32_t kind = static_cast<uint32_t>(body[0]) << 24 | static_cast<uint32_t>(body[1]) << 16 |
                          static_cast<uint32_t>(body[2]) << 8 | body[3];
    std::string text = "asks for authentication";
    if (kind == 0) text = "lets the user in";
    if (kind == 3 || kind == 5) text = "asks for a password";
    if (kind == 10) text = "asks for a password (SASL)";
    heard(fmt::format("Authentication: {}", text));
    answer({Sign::accepted, 0, fmt::format("PostgreSQL {}", text)});
    const Bytes terminate = {'X', 0, 0, 0, 4};
    say(terminate, "Terminate");
    end(State::done);
  }

  Bytes pending_;
};

}  // namespace

std::unique_ptr<Dialogue> postgres_prelude(const Setup&) {
  return std::make_unique<PostgresPrelude>();
}
std::unique_ptr<Dialogue> postgres_talk(const Setup& setup) {
  return std::make_unique<PostgresTalk>(setup.user);
}

}  // namespace tlsproof::app
