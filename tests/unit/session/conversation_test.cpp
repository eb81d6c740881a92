// What a Conversation makes of what happens to its socket, from bytes and with a clock of our own.
#include "tlsproof/session/conversation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tlsproof/base/bytes.h"

namespace tlsproof::session {
namespace {

using verdict::Outcome;
using verdict::Phase;

constexpr int64_t kSecond = 1'000'000'000;
const Bytes kHandshakeFailure = {21, 3, 3, 0, 2, 2, 40};
const Bytes kCloseNotify = {21, 3, 3, 0, 2, 1, 0};

class ConversationTest : public testing::Test {
 protected:
  ConversationTest() : trace_(clock_) { trace_.begin("127.0.0.1:1", "127.0.0.1:2"); }
  void start() {
    conversation_.emplace(plan_, trace_, clock_);
    conversation_->connecting("127.0.0.1:2");
    conversation_->connected();
    take_output();
  }
  void take_output() {
    while (!conversation_->output().empty()) conversation_->sent(conversation_->output().size());
  }
  void pass(int64_t ns) {
    clock_.advance_ns(ns);
    conversation_->tick();
  }
  [[nodiscard]] const Outcome& outcome() const { return conversation_->outcome(); }

  ManualClock clock_;
  trace::Trace trace_;
  Plan plan_;
  std::optional<Conversation> conversation_;
};

struct EndCase {
  const char* name;
  Bytes received;
  enum { nothing, fin, rst } end;
  Outcome::Kind kind;
};

TEST_F(ConversationTest, EndsDuringTheHandshake) {
  const Bytes banner = to_bytes("SSH-2.0-OpenSSH_9.2\r\n");
  const EndCase cases[] = {
      {"alert", kHandshakeFailure, EndCase::nothing, Outcome::Kind::alert},
      {"alert, then RST", kHandshakeFailure, EndCase::rst, Outcome::Kind::alert},
      {"close_notify", kCloseNotify, EndCase::fin, Outcome::Kind::close_notify},
      {"FIN", {}, EndCase::fin, Outcome::Kind::eof},
      {"RST", {}, EndCase::rst, Outcome::Kind::reset},
      {"half a record, then FIN", {22, 3, 3, 0, 80, 2}, EndCase::fin, Outcome::Kind::eof},
      {"half an alert, then RST", {21, 3, 3, 0, 2, 2}, EndCase::rst, Outcome::Kind::reset},
      {"another protocol", banner, EndCase::fin, Outcome::Kind::plain_text},
      {"plain HTTP", to_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"), EndCase::fin, Outcome::Kind::plain_text},
      {"a handshake message that is none",
       {22, 3, 3, 0, 4, 99, 0, 0, 0},
       EndCase::nothing,
       Outcome::Kind::peer_violation},
  };
  for (const EndCase& one : cases) {
    SCOPED_TRACE(one.name);
    start();
    if (!one.received.empty()) conversation_->received(one.received);
    take_output();
    if (one.end == EndCase::fin && !conversation_->done()) conversation_->peer_ended();
    if (one.end == EndCase::rst && !conversation_->done()) conversation_->peer_reset();
    ASSERT_TRUE(conversation_->done());
    EXPECT_EQ(outcome().kind, one.kind) << verdict::describe(outcome());
    EXPECT_EQ(outcome().phase, Phase::handshake);
    EXPECT_FALSE(outcome().handshake_complete);
  }
}

TEST_F(ConversationTest, TheAlertSurvivesAFailedWrite) {
  conversation_.emplace(plan_, trace_, clock_);
  conversation_->connected();
  conversation_->write_failed("Broken pipe");
  EXPECT_TRUE(conversation_->output().empty()) << "nothing more can be sent";
  ASSERT_FALSE(conversation_->done()) << "what explains the failure is still to be read";
  conversation_->received(kHandshakeFailure);
  EXPECT_TRUE(conversation_->done());
  EXPECT_EQ(outcome().kind, Outcome::Kind::alert);
  EXPECT_EQ(outcome().alert, 40);
}

TEST_F(ConversationTest, SilenceIsWaitedWhenAHalfCloseEndsItAndAHangOtherwise) {
  for (const bool closes : {true, false}) {
    start();
    pass(plan_.timeouts.handshake - 1);
    EXPECT_FALSE(conversation_->wants_half_close()) << "the time is not over yet";
    pass(1);
    ASSERT_TRUE(conversation_->wants_half_close());
    conversation_->half_closed();
    EXPECT_FALSE(conversation_->wants_half_close());
    if (closes)
      conversation_->peer_ended();
    else
      pass(plan_.timeouts.drain);
    ASSERT_TRUE(conversation_->done());
    EXPECT_EQ(outcome().kind, closes ? Outcome::Kind::waited : Outcome::Kind::hang);
  }
}

TEST_F(ConversationTest, CloseNotifyOnlyAfterOurHalfCloseIsWaiting) {
  start();
  pass(plan_.timeouts.handshake);
  conversation_->half_closed();
  conversation_->received(kCloseNotify);
  if (!conversation_->done()) conversation_->peer_ended();
  EXPECT_EQ(outcome().kind, Outcome::Kind::waited) << verdict::describe(outcome());
}

// OpenSSL calls the end that it did not expect a decode_error. That is no refusal of what we sent.
TEST_F(ConversationTest, AnAlertOnlyAfterOurHalfCloseIsWaiting) {
  start();
  pass(plan_.timeouts.handshake);
  conversation_->half_closed();
  conversation_->received(Bytes{21, 3, 3, 0, 2, 2, 50});
  ASSERT_TRUE(conversation_->done());
  EXPECT_EQ(outcome().kind, Outcome::Kind::waited);
  EXPECT_EQ(verdict::describe(outcome()),
            "silent during the handshake until the deadline, closed once we half-closed: with alert decode_error (50)");
}

TEST_F(ConversationTest, ATrickleDoesNotMoveTheDeadline) {
  start();
  for (int64_t second = 0; second < plan_.timeouts.handshake / kSecond; ++second) {
    const uint8_t byte = 22;
    conversation_->received(ByteView(&byte, second == 0 ? 1 : 0));
    pass(kSecond);
  }
  EXPECT_TRUE(conversation_->wants_half_close());
}

TEST_F(ConversationTest, NobodyAcceptsInTime) {
  conversation_.emplace(plan_, trace_, clock_);
  conversation_->connecting("192.0.2.1:443");
  pass(plan_.timeouts.connect);
  ASSERT_TRUE(conversation_->done());
  EXPECT_EQ(outcome().kind, Outcome::Kind::unreachable);
  EXPECT_EQ(outcome().phase, Phase::connecting);
}

TEST_F(ConversationTest, PlainHttpReadsTheAnswerInTheClear) {
  plan_.plain_http = true;
  plan_.app.request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  start();
  EXPECT_EQ(as_text(trace_.stream(wire::Direction::client_to_server)), plan_.app.request) << "no byte of TLS went out";
  const std::string_view answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";
  for (char c : answer) conversation_->received(as_bytes(std::string_view(&c, 1)));
  if (!conversation_->done()) conversation_->peer_ended();
  EXPECT_EQ(outcome().kind, Outcome::Kind::plain_text);
  EXPECT_EQ(outcome().http_status, 400);
}

struct PreludeCase {
  const char* name;
  app::Protocol protocol;
  std::vector<std::string> received;
  enum { nothing, fin, rst, silence } end;
  const char* detail;  // a part of it
};

TEST_F(ConversationTest, WithoutAGoAheadThereIsNoTls) {
  const std::string features = "250-a\r\n250 STARTTLS\r\n";
  const PreludeCase cases[] = {
      {"not offered", app::Protocol::smtp, {"220 a\r\n", "250 a\r\n"}, PreludeCase::nothing, "does not offer STARTTLS"},
      {"refused", app::Protocol::smtp, {"220 a\r\n", features, "454 no\r\n"}, PreludeCase::nothing, "SMTP 454 no"},
      {"something else", app::Protocol::smtp, {"SSH-2.0\r\n"}, PreludeCase::nothing, "this is not SMTP"},
      {"closed", app::Protocol::smtp, {"220 a\r\n"}, PreludeCase::fin, "closed before TLS could begin"},
      {"reset", app::Protocol::ldap, {}, PreludeCase::rst, "reset before TLS could begin"},
      {"silent", app::Protocol::smtp, {}, PreludeCase::silence, "begins with the connection?"},
      {"silent when asked", app::Protocol::postgres, {}, PreludeCase::silence, "no answer came in time"},
      {"injected",
       app::Protocol::smtp,
       {"220 a\r\n", features, "220 go\r\n250 evil\r\n"},
       PreludeCase::nothing,
       "10 bytes in the clear follow the server's word that TLS may begin: '250 evil\\r\\n'"},
      {"injected into postgres", app::Protocol::postgres, {"SR"}, PreludeCase::nothing, "1 bytes in the clear"},
  };
  for (const PreludeCase& one : cases) {
    SCOPED_TRACE(one.name);
    trace_.begin("127.0.0.1:1", "127.0.0.1:2");
    plan_.app.protocol = one.protocol;
    start();
    for (const std::string& bytes : one.received) {
      ASSERT_FALSE(conversation_->done());
      conversation_->received(as_bytes(bytes));
      take_output();
    }
    if (one.end == PreludeCase::fin) conversation_->peer_ended();
    if (one.end == PreludeCase::rst) conversation_->peer_reset();
    if (one.end == PreludeCase::silence) pass(plan_.timeouts.handshake);
    ASSERT_TRUE(conversation_->done());
    EXPECT_EQ(outcome().kind, Outcome::Kind::no_tls) << verdict::describe(outcome());
    EXPECT_EQ(outcome().phase, Phase::prelude);
    EXPECT_TRUE(outcome().detail.contains(one.detail)) << outcome().detail;
    EXPECT_EQ(trace_.find_message(wire::Direction::client_to_server, 1), nullptr) << "a ClientHello went out";
  }
}

TEST_F(ConversationTest, TlsBeginsWhereThePreludeEnds) {
  plan_.app.protocol = app::Protocol::smtp;
  start();
  for (const std::string_view line : {"220 a\r\n", "250-a\r\n250 STARTTLS\r\n", "220 go\r\n"}) {
    conversation_->received(as_bytes(line));
    take_output();
  }
  constexpr std::string_view kSaid = "EHLO tlsproof.invalid\r\nSTARTTLS\r\n";
  EXPECT_TRUE(as_text(trace_.stream(wire::Direction::client_to_server)).starts_with(kSaid));
  const trace::Event* hello = trace_.find_message(wire::Direction::client_to_server, 1);
  ASSERT_NE(hello, nullptr);
  EXPECT_EQ(hello->stream.offset, kSaid.size());
  EXPECT_EQ(trace_.bytes_of(*hello)[0], 22);
  conversation_->received(kHandshakeFailure);
  EXPECT_EQ(outcome().kind, Outcome::Kind::alert);
  EXPECT_EQ(outcome().phase, Phase::handshake);
  const trace::Event& alert = *std::ranges::find(trace_.events(), trace::EventKind::alert, &trace::Event::kind);
  EXPECT_TRUE(equal(trace_.bytes_of(alert), kHandshakeFailure));
}

// MySQL's server says nothing between the request for TLS and the ClientHello.
TEST_F(ConversationTest, TlsBeginsOnceTheRequestForItIsOut) {
  plan_.app.protocol = app::Protocol::mysql;
  start();
  const Bytes greeting = *from_hex("250000000a382e300001000000616263646566676800ffff210200ffc1" + std::string(24, '0'));
  conversation_->received(greeting);
  ASSERT_EQ(conversation_->output().size(), 36U);
  EXPECT_EQ(trace_.find_message(wire::Direction::client_to_server, 1), nullptr);
  conversation_->sent(20);
  conversation_->sent(16);
  const trace::Event* hello = trace_.find_message(wire::Direction::client_to_server, 1);
  ASSERT_NE(hello, nullptr);
  EXPECT_EQ(hello->stream.offset, 36U);
}

}  // namespace
}  // namespace tlsproof::session
