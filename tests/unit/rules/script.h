// A connection written down as a list of steps, that a test bends before it is told to a Trace. Messages are structs
// until then, so that what the rules see has gone through bytes.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "tlsproof/base/clock.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/rules/rules.h"
#include "tlsproof/wire/ext/all.h"

namespace tlsproof::rules_test {

using trace::Direction;
using trace::Level;
inline constexpr Direction kClient = Direction::client_to_server;
inline constexpr Direction kServer = Direction::server_to_client;

struct Step {
  enum class Kind : uint8_t { message, change_cipher_spec, alert, application_data, record, gap, problem };
  Kind kind = Kind::message;
  Direction direction = kClient;
  Level level = Level::initial;
  wire::AnyMessage message{};  // message
  Bytes bytes{};  // what a record holds; a message: these bytes stand in place of the struct's when not empty
  uint8_t content_type = 0;              // record
  bool opened = true;                    // false: protected, and nobody has its keys
  bool joined = false;                   // a message that stands in the record of the one before
  size_t fragment_len = 0;               // a message is cut into records of so many bytes; 0: one record
  std::optional<Bytes> alert_between{};  // an alert record after the first fragment
  std::optional<uint16_t> record_version{};
  size_t padding_len = 0;  // TLS 1.3: more bytes of inner plaintext
};

struct Script {
  trace::Transport transport = trace::Transport::tls;
  trace::Coverage coverage;
  bool tls13 = false;  // protected records carry a type inside and are of type application_data outside
  std::vector<Step> steps;

  // The nth message of that struct; the test fails when there is none.
  template <class T>
  [[nodiscard]] T& get(size_t nth = 0) {
    for (Step& step : steps)
      if (T* found = step.kind == Step::Kind::message ? std::get_if<T>(&step.message) : nullptr)
        if (nth-- == 0) return *found;
    fail("no such message");
  }
  // Index of the nth step that is this message, and that alert, change_cipher_spec or data.
  [[nodiscard]] size_t at(Direction direction, uint8_t handshake_type, size_t nth = 0) const;
  [[nodiscard]] size_t at(Direction direction, Step::Kind kind, size_t nth = 0) const;
  void erase(size_t index) { steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(index)); }
  void insert(size_t index, Step step) {
    steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(index), std::move(step));
  }
  // Takes the step away and puts it so that it stands at `to`.
  void move(size_t from, size_t to);
  void swap(size_t a, size_t b) { std::swap(steps[a], steps[b]); }
  [[noreturn]] static void fail(std::string_view what);
};

[[nodiscard]] Step message(Direction direction, wire::AnyMessage message, Level level = Level::initial);
[[nodiscard]] Step change_cipher_spec(Direction direction);
[[nodiscard]] Step alert(Direction direction, uint8_t alert_level, uint8_t description, Level level = Level::initial);
[[nodiscard]] Step data(Direction direction, std::string_view text, Level level = Level::application);
[[nodiscard]] Step record(Direction direction, uint8_t content_type, Bytes content, Level level = Level::initial);
// A record of this outer type that nobody could open, with so many bytes of ciphertext.
[[nodiscard]] Step sealed(Direction direction, uint8_t content_type, size_t len);

// ---- honest connections by name
inline constexpr std::string_view kHonest[] = {
    "tls13",        "tls13_retry",  "tls13_psk",          "tls13_early", "tls13_client_auth", "tls13_post_auth",
    "tls12",        "tls12_rsa",    "tls12_dhe",          "tls12_cbc",   "tls12_client_auth", "tls12_id",
    "tls12_ticket", "tls12_extras", "tls12_renegotiated", "quic",        "tls13_no_keys",     "tls12_no_keys",
    "refused"};
[[nodiscard]] Script honest(std::string_view name);
// A self-signed P-256 certificate for "server.test".
[[nodiscard]] ByteView certificate();
[[nodiscard]] ByteView rsa_certificate();  // the same with an RSA key of 2048 bits
[[nodiscard]] ByteView short_rsa_certificate();
[[nodiscard]] ByteView other_certificate();  // for somebody else
[[nodiscard]] ByteView certificate_v1();
[[nodiscard]] ByteView certificate_that_only_certifies();
[[nodiscard]] ByteView certificate_signed_with_sha1();  // not by itself

// A script told to a Trace, read and judged.
class Judged {
 public:
  explicit Judged(const Script& script);
  [[nodiscard]] std::span<const rules::Violation> violations() const { return violations_; }
  [[nodiscard]] const trace::Trace& trace() const { return trace_; }
  [[nodiscard]] const rules::Facts& facts() const { return facts_; }
  // One line a violation.
  [[nodiscard]] std::string text() const;

 private:
  ManualClock clock_;
  trace::Trace trace_{clock_};
  trace::Reading reading_;
  std::vector<x509::Certificate> server_chain_, client_chain_;
  rules::Facts facts_;
  std::vector<rules::Violation> violations_;
};

// ---- the cases: an honest script, bent so that one rule is broken
struct Case {
  std::string_view rule;
  std::string_view honest;
  Direction by = kServer;  // who breaks it
  std::function<void(Script&)> bend;
  std::vector<std::string_view> also{};  // rules that the same bend may break too
  std::string_view seen{};               // what the breach says; empty: anything
};
// One a file of rules; a new file has its line in kCases (rules_test.cpp).
[[nodiscard]] std::vector<Case> negotiation_cases();
[[nodiscard]] std::vector<Case> quic_cases();
[[nodiscard]] std::vector<Case> alert_cases();
[[nodiscard]] std::vector<Case> record_cases();
[[nodiscard]] std::vector<Case> resumption_cases();
[[nodiscard]] std::vector<Case> order_presence_cases();
[[nodiscard]] std::vector<Case> order_cases();
[[nodiscard]] std::vector<Case> retry_cases();
[[nodiscard]] std::vector<Case> extension_cases();
[[nodiscard]] std::vector<Case> hello_cases();
[[nodiscard]] std::vector<Case> key_exchange_cases();
[[nodiscard]] std::vector<Case> certificate_cases();
[[nodiscard]] std::vector<Case> value_cases();
[[nodiscard]] std::vector<Case> deprecated_cases();

}  // namespace tlsproof::rules_test
