// Where TLS begins: every prelude as a script, whole, cut at every byte, and with one direction missing.
#include "tlsproof/app/recognise.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tlsproof::app {
namespace {

using namespace std::string_literals;
using State = Recognised::State;

std::string hex(std::string_view digits) {
  return std::string(as_text(*from_hex(digits)));
}

// The first bytes of a ClientHello, a ServerHello and an alert, each in its record.
const std::string kHello = hex("16030100360100003203030102030405060708090a0b0c0d0e0f") + std::string(38, '\n');
const std::string kServerHello = hex("160303002c020000280303") + std::string(38, '\1');
const std::string kAlert = hex("15030100020228");
const std::string kSsl2Hello = hex("802e010301001500000010") + std::string(37, '\0');

struct Step {
  char who;  // 'c', 's': what that side says; 'C', 'S': here its TLS begins
  std::string bytes;
};
const Step kC = {'C', kHello};
const Step kS = {'S', kServerHello};

struct Script {
  const char* name;
  std::string prelude;
  std::vector<Step> steps;
  // What is told, in its order: the client's, then the server's.
  std::vector<std::string> said = {};
  // Which directions suffice by themselves.
  bool client_alone = true;
  bool server_alone = true;
};

struct Sides {
  std::array<std::string, 2> bytes;
  std::array<size_t, 2> begins{std::string::npos, std::string::npos};
};
// The first `max_len` bytes of the dialogue, in the order in which they were said.
Sides play(const std::vector<Step>& steps, size_t max_len = SIZE_MAX) {
  Sides out;
  for (const Step& step : steps) {
    const size_t side = step.who == 'c' || step.who == 'C' ? 0 : 1;
    if (step.who == 'C' || step.who == 'S') out.begins[side] = out.bytes[side].size();
    const size_t len = std::min(max_len, step.bytes.size());
    out.bytes[side] += step.bytes.substr(0, len);
    max_len -= len;
  }
  for (const size_t side : {size_t{0}, size_t{1}})
    out.begins[side] = std::min(out.begins[side], out.bytes[side].size());
  return out;
}
size_t length_of(const std::vector<Step>& steps) {
  size_t len = 0;
  for (const Step& step : steps) len += step.bytes.size();
  return len;
}

const std::string kTag = hex("300c020101") + hex("600702010304008000");
std::string ldap_start_tls() {
  return hex("301d02010177188016") + "1.3.6.1.4.1.1466.20037";
}
const std::string kMysqlGreeting = hex("4a0000000a") + "8.0.36\0"s + std::string(66, '\2');
const std::string kMysqlRequest = hex("20000001058a0800") + hex("00000001") + hex("2d") + std::string(23, '\0');
const std::string kRdpRequest = hex("030000130ee000000000000100080003000000");
const std::string kRdpConfirm = hex("030000130ed000001234000200080001000000");

std::vector<Script> scripts() {
  // clang-format off
  return {
      {"at once", "", {kC, kS}},
      {"SSL 2.0 compatible hello", "", {{'C', kSsl2Hello}, kS}},
      {"alert at once", "", {kC, {'S', kAlert}}},
      {"SMTP", "SMTP STARTTLS",
       {{'s', "220-mx\r\n220 ESMTP\r\n"}, {'c', "EHLO a\r\n"}, {'s', "250-mx\r\n250-STARTTLS\r\n250 SIZE 1\r\n"}, {'c', "STARTTLS\r\n"}, {'s', "220 go ahead\r\n"}, kC, kS},
       {"EHLO a", "STARTTLS", "220 mx ESMTP", "250 mx STARTTLS SIZE 1", "220 go ahead"}},
      {"SMTP, lower case, bare LF, multi-line go", "SMTP STARTTLS",
       {{'s', "220 a\n"}, {'c', "ehlo a\n"}, {'s', "250 starttls\n"}, {'c', "starttls\n"}, {'s', "220-go\n220 ahead\n"}, kC, kS}},
      {"SMTP, SSL 2.0 compatible hello", "SMTP STARTTLS",
       {{'s', "220 a\r\n"}, {'c', "EHLO a\r\n"}, {'s', "250 STARTTLS\r\n"}, {'c', "STARTTLS\r\n"}, {'s', "220 go\r\n"}, {'C', kSsl2Hello}, kS}},
      {"SMTP, said before TLS in the clear", "SMTP STARTTLS",
       {{'s', "220 a\r\n"}, {'c', "EHLO a\r\n"}, {'s', "250 STARTTLS\r\n"}, {'c', "STARTTLS\r\nRSET\r\n"}, {'s', "220 go\r\n"}, kC, kS}},
      {"SMTP, credentials in the clear first", "SMTP STARTTLS",
       {{'s', "220 a\r\n"}, {'c', "EHLO a\r\n"}, {'s', "250 AUTH\r\n"}, {'c', "AUTH PLAIN c2VjcmV0\r\n"}, {'s', "334 c2VjcmV0\r\n"}, {'c', "c2VjcmV0\r\n"}, {'s', "535 no\r\n"}, {'c', "STARTTLS\r\n"}, {'s', "220 go\r\n"}, kC, kS},
       {"EHLO a", "AUTH", "(not shown)", "STARTTLS", "220 a", "250 AUTH", "334", "535 no", "220 go"}},
      {"LMTP", "LMTP STARTTLS",
       {{'s', "220 a\r\n"}, {'c', "LHLO a\r\n"}, {'s', "250 STARTTLS\r\n"}, {'c', "STARTTLS\r\n"}, {'s', "220 go\r\n"}, kC, kS}},
      {"FTP", "FTP AUTH TLS",
       {{'s', "220 a\r\n"}, {'c', "FEAT\r\n"}, {'s', "211-Features:\r\n AUTH TLS\r\n211 End\r\n"}, {'c', "AUTH TLS\r\n"}, {'s', "234 go\r\n"}, kC, kS},
       {"FEAT", "AUTH TLS", "220 a", "211 Features:  AUTH TLS End", "234 go"}},
      {"FTP, the second try", "FTP AUTH SSL",
       {{'s', "220 a\r\n"}, {'c', "AUTH TLS\r\n"}, {'s', "504 no\r\n"}, {'c', "AUTH SSL\r\n"}, {'s', "234 go\r\n"}, kC, kS}, {}, true, false},
      {"NNTP", "NNTP STARTTLS",
       {{'s', "200 news\r\n"}, {'c', "CAPABILITIES\r\n"}, {'s', "101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"}, {'c', "STARTTLS\r\n"}, {'s', "382 go\r\n"}, kC, kS}},
      {"POP3", "POP3 STLS",
       {{'s', "+OK ready <1@a>\r\n"}, {'c', "CAPA\r\n"}, {'s', "+OK\r\nSTLS\r\nUSER\r\n.\r\n"}, {'c', "STLS\r\n"}, {'s', "+OK go\r\n"}, kC, kS},
       {"CAPA", "STLS", "+OK ready <1@a>", "+OK", "STLS", "USER", ".", "+OK go"}},
      {"IMAP", "IMAP STARTTLS",
       {{'s', "* OK ready\r\n"}, {'c', "a1 CAPABILITY\r\n"}, {'s', "* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n"}, {'c', "a2 STARTTLS\r\n"}, {'s', "a2 OK go\r\n"}, kC, kS},
       {"a1 CAPABILITY", "a2 STARTTLS", "* OK ready", "* CAPABILITY IMAP4rev1 STARTTLS", "a1 OK done", "a2 OK go"}},
      {"IMAP after a login that was refused", "IMAP STARTTLS",
       {{'s', "* OK ready\r\n"}, {'c', "1 login joe secret\r\n"}, {'s', "1 NO first TLS\r\n"}, {'c', "2 starttls\r\n"}, {'s', "2 OK go\r\n"}, kC, kS},
       {"1 login", "2 starttls", "* OK ready", "1 NO first TLS", "2 OK go"}},
      {"ManageSieve", "ManageSieve STARTTLS",
       {{'s', "\"IMPLEMENTATION\" \"a\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n"}, {'c', "STARTTLS\r\n"}, {'s', "OK \"go\"\r\n"}, kC, kS}},
      {"IRC", "IRC STARTTLS",
       {{'s', ":a NOTICE AUTH :*** hello\r\n"}, {'c', "CAP LS\r\n"}, {'s', ":a CAP * LS :tls\r\n"}, {'c', "STARTTLS\r\n"}, {'s', ":a 670 * :go\r\n"}, kC, kS}},
      {"XMPP", "XMPP STARTTLS",
       {{'c', "<?xml version='1.0'?><stream:stream to='a' xmlns='jabber:client'>"}, {'s', "<?xml version='1.0'?>\n<stream:stream id=\"x>y\"><stream:features><starttls xmlns='x'><required/></starttls></stream:features>"}, {'c', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}, {'s', "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}, kC, kS},
       {"<stream:stream to='a'>", "<starttls>", "<stream:stream>", "<stream:features> with starttls", "<proceed>"}},
      {"XMPP, tags in pairs", "XMPP STARTTLS",
       {{'c', "<stream:stream to='a'>"}, {'s', "<stream:stream><stream:features/>"}, {'c', "<starttls></starttls>"}, {'s', "<proceed></proceed>"}, kC, kS}},
      {"LDAP", "LDAP StartTLS",
       {{'c', ldap_start_tls()}, {'s', hex("300c02010178070a010004000400")}, kC, kS},
       {"ExtendedRequest StartTLS", "ExtendedResponse: LDAP 0 success"}},
      {"LDAP after a bind", "LDAP StartTLS",
       {{'c', kTag}, {'s', hex("300c02010161070a010104000400")}, {'c', ldap_start_tls()}, {'s', hex("300c02010178070a010004000400")}, kC, kS},
       {"BindRequest", "ExtendedRequest StartTLS", "BindResponse", "ExtendedResponse: LDAP 0 success"}},
      {"PostgreSQL", "PostgreSQL SSLRequest", {{'c', hex("0000000804d2162f")}, {'s', "S"}, kC, kS}, {"SSLRequest", "S"}},
      {"PostgreSQL, GSSAPI first", "PostgreSQL SSLRequest",
       {{'c', hex("0000000804d21630")}, {'s', "N"}, {'c', hex("0000000804d2162f")}, {'s', "S"}, kC, kS}, {"GSSENCRequest", "SSLRequest", "N", "S"}},
      {"MySQL", "MySQL SSLRequest", {{'s', kMysqlGreeting}, {'c', kMysqlRequest}, kC, kS}, {"SSLRequest", "greeting of 8.0.36"}},
      {"RDP", "RDP negotiation", {{'c', kRdpRequest}, {'s', kRdpConfirm}, kC, kS}, {"X.224 Connection Request", "X.224 Connection Confirm: TLS"}},
      {"HTTP CONNECT", "HTTP CONNECT",
       {{'c', "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n"}, {'s', "HTTP/1.1 200 OK\r\n\r\n"}, kC, kS},
       {"CONNECT a:443 HTTP/1.1", "HTTP/1.1 200 OK"}},
      {"HTTP CONNECT, rounds of authentication", "HTTP CONNECT",
       {{'c', "CONNECT a:443 HTTP/1.1\r\n\r\n"}, {'s', "HTTP/1.1 407 no\r\nContent-Length: 3\r\n\r\nabc"}, {'c', "CONNECT a:443 HTTP/1.1\r\n\r\n"}, {'s', "HTTP/1.1 407 no\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}, {'c', "CONNECT a:443 HTTP/1.1\r\nA: b\r\n\r\n"}, {'s', "HTTP/1.1 200 OK\r\n\r\n"}, kC, kS}},
      {"HTTP Upgrade", "HTTP Upgrade",
       {{'c', "OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.2\r\n\r\n"}, {'s', "HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.2, HTTP/1.1\r\n\r\n"}, kC, kS}},
      {"SOCKS4", "SOCKS4", {{'c', hex("040101bbc000020161626300")}, {'s', hex("005a000000000000")}, kC, kS}, {"SOCKS4 CONNECT", "request granted"}},
      {"SOCKS4a", "SOCKS4a", {{'c', hex("040101bb0000000161626300") + "host\0"s}, {'s', hex("005a000000000000")}, kC, kS}, {}, true, false},
      {"SOCKS5", "SOCKS5", {{'c', hex("050100")}, {'s', hex("0500")}, {'c', hex("05010001c000020101bb")}, {'s', hex("05000001000000000000")}, kC, kS}},
      {"SOCKS5, password, name", "SOCKS5",
       {{'c', hex("05020002")}, {'s', hex("0502")}, {'c', "\1\3joe\6secret"}, {'s', hex("0100")}, {'c', hex("05010003") + "\4host\1\xbb"}, {'s', hex("05000004") + std::string(18, '\0')}, kC, kS},
       {"SOCKS5 greeting: 2 authentication methods", "username and password", "SOCKS5 CONNECT", "method chosen: username and password", "authentication succeeded", "request granted"}},
      {"PROXY protocol 1", "PROXY protocol", {{'c', "PROXY TCP4 192.0.2.1 192.0.2.2 5 443\r\n"}, kC, kS}, {"PROXY TCP4 192.0.2.1 192.0.2.2 5 443"}, true, false},
      {"PROXY protocol 2", "PROXY protocol", {{'c', hex("0d0a0d0a000d0a515549540a2111000c") + std::string(12, '\1')}, kC, kS}, {"PROXY header, version 2"}, true, false},
      {"SMTP inside SOCKS5", "SOCKS5, SMTP STARTTLS",
       {{'c', hex("050100")}, {'s', hex("0500")}, {'c', hex("05010001c000020101bb")}, {'s', hex("05000001000000000000")}, {'s', "220 a\r\n"}, {'c', "EHLO a\r\n"}, {'s', "250 STARTTLS\r\n"}, {'c', "STARTTLS\r\n"}, {'s', "220 go\r\n"}, kC, kS}, {}, false, false},
      {"SMTP behind the PROXY protocol", "PROXY protocol, SMTP STARTTLS",
       {{'c', "PROXY UNKNOWN\r\n"}, {'s', "220 a\r\n"}, {'c', "EHLO a\r\n"}, {'s', "250 STARTTLS\r\n"}, {'c', "STARTTLS\r\n"}, {'s', "220 go\r\n"}, kC, kS}, {}, true, false},
  };
  // clang-format on
}

TEST(Recognise, FindsWhereTlsBeginsWhicheverSideIsTheClient) {
  for (const Script& script : scripts()) {
    SCOPED_TRACE(script.name);
    const Sides sides = play(script.steps);
    for (const size_t client : {size_t{0}, size_t{1}}) {
      const Recognised found = recognise(as_bytes(sides.bytes[client]), as_bytes(sides.bytes[1 - client]));
      ASSERT_EQ(found.state, State::tls);
      EXPECT_EQ(found.prelude, script.prelude);
      EXPECT_EQ(found.begins[client], sides.begins[0]);
      EXPECT_EQ(found.begins[1 - client], sides.begins[1]);
      EXPECT_EQ(found.client, script.prelude.empty() ? -1 : static_cast<int>(client));
      std::vector<std::string> said;
      for (const Said& one : found.said) {
        said.push_back(one.text);
        EXPECT_LE(one.bytes.end(), found.begins[one.side]);
        EXPECT_FALSE(one.text.contains("secret") || one.text.contains("c2Vj")) << one.text;
      }
      if (!script.said.empty()) {
        EXPECT_EQ(said, script.said);
      }
      EXPECT_EQ(said.empty(), script.prelude.empty());
    }
  }
}

// Whatever has come so far: not known yet, or what is known in the end.
TEST(Recognise, NeverTakesAnAnswerBack) {
  for (const Script& script : scripts()) {
    const Recognised whole = [&] {
      const Sides sides = play(script.steps);
      return recognise(as_bytes(sides.bytes[0]), as_bytes(sides.bytes[1]));
    }();
    bool known = false;
    for (size_t len = 0; len <= length_of(script.steps); ++len) {
      SCOPED_TRACE(script.name + " up to "s + std::to_string(len));
      const Sides sides = play(script.steps, len);
      const Recognised found = recognise(as_bytes(sides.bytes[0]), as_bytes(sides.bytes[1]));
      if (found.state == State::undecided) {
        EXPECT_FALSE(known);
        continue;
      }
      known = true;
      ASSERT_EQ(found.state, State::tls);
      EXPECT_EQ(found.begins, whole.begins);
      EXPECT_EQ(found.prelude, whole.prelude);
    }
  }
}

TEST(Recognise, OneDirectionAloneIsEnoughWhereItTells) {
  for (const Script& script : scripts()) {
    SCOPED_TRACE(script.name);
    const Sides sides = play(script.steps);
    if (script.client_alone) {
      const Recognised found = recognise(as_bytes(sides.bytes[0]), {});
      ASSERT_EQ(found.state, State::tls);
      EXPECT_EQ(found.begins[0], sides.begins[0]);
    }
    if (script.server_alone) {
      const Recognised found = recognise({}, as_bytes(sides.bytes[1]));
      ASSERT_EQ(found.state, State::tls);
      EXPECT_EQ(found.begins[1], sides.begins[1]);
    }
  }
}

TEST(Recognise, TakesPlainTalkForNothing) {
  struct Plain {
    const char* name;
    std::string client, server;
  };
  const std::vector<Plain> plain = {
      {"HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n<html>"},
      {"HTTP, no head yet", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTT"},
      {"a proxy that refuses, and SSH in a tunnel", "CONNECT a:22 HTTP/1.1\r\n\r\nSSH-2.0-a\r\n",
       "HTTP/1.1 200 OK\r\n\r\nSSH-2.0-b\r\n"},
      {"SSH", "SSH-2.0-a\r\n", "SSH-2.0-b\r\n"},
      {"SMTP in the clear", "EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b>\r\nDATA\r\n",
       "220 a\r\n250 a\r\n250 ok\r\n354 go\r\n"},
      {"POP3 in the clear", "USER a\r\nPASS b\r\nSTAT\r\n", "+OK\r\n+OK\r\n+OK\r\n"},
      {"PostgreSQL that says no", hex("0000000804d2162f"), "N"},
      {"PostgreSQL in the clear", hex("000000210003000075736572"), "R"},
      {"MySQL in the clear", hex("b500000185a6ff01"), kMysqlGreeting},
      {"SOCKS5 that refuses", hex("05010005010001c000020101bb"), hex("050005050001000000000000")},
      {"SOCKS4 that refuses", hex("040101bbc000020100"), hex("005b000000000000")},
      {"RDP without TLS", hex("0300000b06e00000000000"), hex("0300000b06d00000123400")},
      {"Redis", "*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
      {"random", hex("9f8e7d6c5b4a39281706"), hex("e1d2c3b4a5968778695a")},
      {"no TLS after the consent", "EHLO a\r\nSTARTTLS\r\n\x01\x02\x03",
       "220 a\r\n250 STARTTLS\r\n220 go\r\n\x04\x05\x06"},
  };
  for (const Plain& one : plain) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(recognise(as_bytes(one.client), as_bytes(one.server)).state, State::nothing);
    EXPECT_EQ(recognise(as_bytes(one.server), as_bytes(one.client)).state, State::nothing);
  }
}

TEST(Recognise, WhoIsRefusedDoesNotBeginTls) {
  const std::string asked = "EHLO a\r\nSTARTTLS\r\n", refused = "220 a\r\n250 a\r\n454 no\r\n";
  EXPECT_NE(recognise(as_bytes(asked), as_bytes(refused)).state, State::tls);
  EXPECT_EQ(recognise(as_bytes(asked), as_bytes(refused + std::string(kMaxPrelude, 'a'))).state, State::nothing);
  EXPECT_NE(recognise(as_bytes(ldap_start_tls()), as_bytes(hex("300c02010178070a010204000400"))).state, State::tls);
}

TEST(Recognise, NothingIsSaidOfWhatHasHardlyBegun) {
  EXPECT_EQ(recognise({}, {}).state, State::undecided);
  // A hello that is bent beyond recognition is told by the alert that answers it.
  const std::string bent(64, '\x7f');
  EXPECT_EQ(recognise(as_bytes(bent), {}).state, State::undecided);
  EXPECT_EQ(recognise(as_bytes(bent), as_bytes(kAlert)).state, State::tls);
  EXPECT_EQ(recognise(as_bytes(bent), as_bytes("no")).state, State::nothing);
  EXPECT_EQ(recognise(as_bytes(std::string(4096, '\x7f')), {}).state, State::nothing);
}

TEST(Recognise, TakesRecordsInMidConnectionForTls) {
  const std::string data = hex("170303002a") + std::string(42, '\x9c');
  EXPECT_EQ(recognise(as_bytes(data), {}).state, State::tls);
  EXPECT_EQ(recognise(as_bytes(hex("140303000101") + data), as_bytes(data)).state, State::tls);
  EXPECT_EQ(recognise(as_bytes(hex("17050300ff")), as_bytes("x")).state, State::nothing);
  EXPECT_EQ(recognise(as_bytes(hex("140303000201")), as_bytes("x")).state, State::nothing);
}

}  // namespace
}  // namespace tlsproof::app
