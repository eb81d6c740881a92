// The dialogues around TLS, each as a script: what the server says, what we answer, and how it ends.
#include "tlsproof/app/dialogue.h"

#include <gtest/gtest.h>

#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

using namespace std::string_literals;
using State = Dialogue::State;

// "<" what we must have said by now (as it stands; ends of lines are \r\n), ">" what the server says. At the end: FIN.
struct Step {
  char who;
  std::string bytes;
};

struct Script {
  const char* name;
  Protocol protocol;
  bool prelude;
  std::vector<Step> steps;
  State state;
  Sign sign = Sign::none;
  std::string reply = {};   // a part of reply().text
  std::string reason = {};  // a part of reason()
  int status = 0;
};

std::unique_ptr<Dialogue> make(const Script& script) {
  Setup setup;
  setup.protocol = script.protocol;
  setup.domain = "a'b.test";
  setup.user = "alice";
  setup.request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  return script.prelude ? make_prelude(setup) : make_talk(setup);
}

std::string take_output(Dialogue& dialogue) {
  std::string out(as_text(dialogue.output()));
  dialogue.consume_output(out.size());
  return out;
}

// `piece`: how many bytes come at a time; 0: all of a step.
std::unique_ptr<Dialogue> play(const Script& script, size_t piece) {
  auto dialogue = make(script);
  for (const Step& step : script.steps) {
    if (step.who == '<') {
      EXPECT_EQ(take_output(*dialogue), step.bytes);
      continue;
    }
    const ByteView bytes = as_bytes(step.bytes);
    const size_t len = piece == 0 ? std::max<size_t>(bytes.size(), 1) : piece;
    for (size_t at = 0; at < bytes.size(); at += len) {
      const ByteView part = bytes.subspan(at, std::min(len, bytes.size() - at));
      if (dialogue->input(part) < part.size()) break;
    }
  }
  dialogue->input_end();
  return dialogue;
}

std::string hex(std::string_view digits) {
  return std::string(as_text(*from_hex(digits)));
}
std::string repeated(std::string_view what, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += what;
  return out;
}

const std::string kEhlo = "EHLO tlsproof.invalid\r\n";
const std::string kLdapStartTls = hex("301d02010177188016") + "1.3.6.1.4.1.1466.20037";
const std::string kPgRequest = hex("0000000804d2162f");
const std::string kPgStartup = hex("0000002600030000") + "user\0alice\0database\0postgres\0\0"s;
const std::string kStream =
    "<?xml version='1.0'?><stream:stream to='a&#39;b.test' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>";
const std::string kStreamHeard = "<?xml version='1.0'?>\n<stream:stream from='a' id=\"x>y\" version='1.0'>";

std::string ldap_result(uint8_t tag, uint8_t code, std::string_view diagnostic) {
  std::string result = "\x0a\x01"s + static_cast<char>(code) + "\x04\x00\x04"s + static_cast<char>(diagnostic.size());
  result += diagnostic;
  std::string operation = std::string(1, static_cast<char>(tag)) + static_cast<char>(result.size()) + result;
  const std::string body = "\x02\x01\x01"s + operation;
  return "\x30"s + static_cast<char>(body.size()) + body;
}
std::string pg_error(std::string_view code, std::string_view message) {
  const std::string body = "SFATAL\0VFATAL\0C"s + std::string(code) + "\0M"s + std::string(message) + "\0\0"s;
  const size_t len = body.size() + 4;
  return "E"s + std::string(3, '\0') + static_cast<char>(len) + body;
}
std::string mysql_packet(uint8_t sequence, std::string_view body) {
  return std::string(1, static_cast<char>(body.size())) + "\0\0"s + static_cast<char>(sequence) + std::string(body);
}
std::string mysql_greeting(std::string_view capabilities) {
  return mysql_packet(0,
                      "\x0a"
                      "8.0.1\0"s +
                          "\1\0\0\0"
                          "abcdefgh\0"s +
                          std::string(capabilities) + "\x21\2\0\xff\xc1"s);
}
std::string mysql_error(uint16_t code, std::string_view text) {
  return "\xff"s + static_cast<char>(code) + static_cast<char>(code >> 8) + std::string(text);
}
const std::string kMysqlOpening = hex("018a0800") + hex("00000001") + hex("2d") + std::string(23, '\0');
const std::string kMysqlResponse = "\x3d\0\0\2"s + kMysqlOpening + "alice\0\0mysql_native_password\0"s;

std::vector<Script> scripts() {
  using P = Protocol;
  // clang-format off
  return {
      // ---- SMTP
      {"smtp", P::smtp, true, {{'>', "220 a ESMTP\r\n"}, {'<', kEhlo}, {'>', "250-a\r\n250-SIZE 1\r\n250 STARTTLS\r\n"}, {'<', "STARTTLS\r\n"}, {'>', "220 go\r\n"}}, State::done},
      {"smtp, keyword in other letters", P::smtp, true, {{'>', "220-a\r\n220 b\r\n"}, {'<', kEhlo}, {'>', "250-a\r\n250-StartTls\r\n250 X\r\n"}, {'<', "STARTTLS\r\n"}, {'>', "220 go\n"}}, State::done},
      {"smtp without STARTTLS", P::smtp, true, {{'>', "220 a\r\n"}, {'<', kEhlo}, {'>', "250-a\r\n250 XSTARTTLS\r\n"}}, State::refused, Sign::none, "", "does not offer STARTTLS"},
      {"smtp refuses", P::smtp, true, {{'>', "220 a\r\n"}, {'<', kEhlo}, {'>', "250-a\r\n250 STARTTLS\r\n"}, {'<', "STARTTLS\r\n"}, {'>', "454 4.7.0 TLS not available\r\n"}}, State::refused, Sign::none, "", "SMTP 454 4.7.0 TLS not available"},
      {"smtp does not serve", P::smtp, true, {{'>', "554 5.7.1 no\x1b[2J service\r\n"}}, State::refused, Sign::none, "", "SMTP 554 5.7.1 no\\x1b[2J service"},
      {"smtp answers before it is asked", P::smtp, true, {{'>', "220 a\r\n250 STARTTLS\r\n220 go\r\n"}}, State::broken, Sign::none, "", "before it is asked"},
      {"smtp is something else", P::smtp, true, {{'>', "SSH-2.0-OpenSSH\r\n"}}, State::broken, Sign::none, "", "this is not SMTP: 'SSH-2.0-OpenSSH'"},
      {"smtp closes", P::smtp, true, {{'>', "220 a\r\n"}}, State::broken, Sign::none, "", "closed before an answer came"},
      {"smtp closes within a line", P::smtp, true, {{'>', "220 a"}}, State::broken, Sign::none, "", "closed within a line"},
      {"smtp, a long line", P::smtp, true, {{'>', "220 " + std::string(9000, 'a')}}, State::broken, Sign::none, "", "longer than 8192"},
      {"smtp, a reply without an end", P::smtp, true, {{'>', repeated("220-a\r\n", 600)}}, State::broken, Sign::none, "", "more than 512 lines"},
      {"smtp, much", P::smtp, true, {{'>', repeated("220-" + std::string(4000, 'a') + "\r\n", 40)}}, State::broken, Sign::none, "", "more than 65536 bytes"},
      {"smtp inside", P::smtp, false, {{'<', kEhlo}, {'>', "250-a\r\n250 SIZE\r\n"}, {'<', "QUIT\r\n"}, {'>', "221 bye\r\n"}}, State::done, Sign::accepted, "SMTP 250 SIZE", "", 250},
      {"smtp inside, no goodbye", P::smtp, false, {{'<', kEhlo}, {'>', "250 a\r\n"}}, State::broken, Sign::accepted, "SMTP 250 a", "closed", 250},
      {"smtp inside refuses", P::smtp, false, {{'<', kEhlo}, {'>', "554 5.7.1 no\r\n"}}, State::refused, Sign::refused, "SMTP 554 5.7.1 no", "", 554},
      {"smtp inside is busy", P::smtp, false, {{'<', kEhlo}, {'>', "421 too many\r\n"}}, State::refused, Sign::busy, "SMTP 421", "", 421},
      {"smtp inside speaks of the certificate", P::smtp, false, {{'<', kEhlo}, {'>', "421 4.7.1 Client certificate not trusted\r\n"}}, State::refused, Sign::certificate, "SMTP 421", "", 421},
      {"smtps", P::smtps, false, {{'<', ""}, {'>', "220 a\r\n"}, {'<', kEhlo}, {'>', "250 a\r\n"}, {'<', "QUIT\r\n"}, {'>', "221 bye\r\n"}}, State::done, Sign::accepted, "SMTP 250", "", 250},
      // ---- FTP
      {"ftp", P::ftp, true, {{'>', "120 soon\r\n220-a\r\n b\r\n220 c\r\n"}, {'<', "AUTH TLS\r\n"}, {'>', "234 go\r\n"}}, State::done},
      {"ftp refuses", P::ftp, true, {{'>', "220 a\r\n"}, {'<', "AUTH TLS\r\n"}, {'>', "530 Please login with USER and PASS.\r\n"}}, State::refused, Sign::none, "", "FTP 530 Please login"},
      {"ftp inside", P::ftp, false, {{'<', "FEAT\r\n"}, {'>', "211-Features:\r\n AUTH TLS\r\n211 End\r\n"}, {'<', "QUIT\r\n"}, {'>', "221 bye\r\n"}}, State::done, Sign::accepted, "FTP 211 End", "", 211},
      {"ftp inside without FEAT", P::ftp, false, {{'<', "FEAT\r\n"}, {'>', "500 what?\r\n"}, {'<', "QUIT\r\n"}, {'>', "221 bye\r\n"}}, State::done, Sign::accepted, "FTP 500", "", 500},
      {"ftp inside is busy", P::ftp, false, {{'<', "FEAT\r\n"}, {'>', "421 too many\r\n"}}, State::refused, Sign::busy, "FTP 421", "", 421},
      {"ftps", P::ftps, false, {{'<', ""}, {'>', "220 a\r\n"}, {'<', "FEAT\r\n"}, {'>', "211 End\r\n"}, {'<', "QUIT\r\n"}, {'>', "221 bye\r\n"}}, State::done, Sign::accepted, "FTP 211", "", 211},
      // ---- IMAP
      {"imap", P::imap, true, {{'>', "* OK ready\r\n"}, {'<', "a1 CAPABILITY\r\n"}, {'>', "* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n"}, {'<', "a2 STARTTLS\r\n"}, {'>', "a2 OK go\r\n"}}, State::done},
      {"imap without STARTTLS", P::imap, true, {{'>', "* OK ready\r\n"}, {'<', "a1 CAPABILITY\r\n"}, {'>', "* CAPABILITY IMAP4rev1\r\na1 OK done\r\n"}}, State::refused, Sign::none, "", "does not offer STARTTLS"},
      {"imap knows us already", P::imap, true, {{'>', "* PREAUTH hello\r\n"}}, State::refused, Sign::none, "", "IMAP * PREAUTH hello"},
      {"imap refuses", P::imap, true, {{'>', "* OK ready\r\n"}, {'<', "a1 CAPABILITY\r\n"}, {'>', "* CAPABILITY STARTTLS\r\na1 OK done\r\n"}, {'<', "a2 STARTTLS\r\n"}, {'>', "a2 BAD no TLS\r\n"}}, State::refused, Sign::none, "", "IMAP a2 BAD no TLS"},
      {"imap answers before it is asked", P::imap, true, {{'>', "* OK ready\r\n* CAPABILITY STARTTLS\r\na1 OK done\r\n"}}, State::broken, Sign::none, "", "before it is asked"},
      {"imap is something else", P::imap, true, {{'>', "+OK pop3\r\n"}}, State::broken, Sign::none, "", "this is not IMAP"},
      {"imap inside", P::imap, false, {{'<', "a1 CAPABILITY\r\n"}, {'>', "* CAPABILITY IMAP4rev1 AUTH=LOGIN AUTH=PLAIN\r\na1 OK done\r\n"}, {'<', "a2 AUTHENTICATE PLAIN\r\n"}, {'>', "+ \r\n"}, {'<', "*\r\n"}, {'>', "a2 BAD cancelled\r\n"}, {'<', "a3 LOGOUT\r\n"}, {'>', "* BYE\r\na3 OK bye\r\n"}}, State::done, Sign::accepted, "IMAP a1 OK done"},
      {"imap inside, nobody can log in", P::imap, false, {{'<', "a1 CAPABILITY\r\n"}, {'>', "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\na1 OK done\r\n"}, {'<', "a2 LOGOUT\r\n"}, {'>', "a2 OK bye\r\n"}}, State::done, Sign::accepted, "IMAP a1 OK"},
      {"imap inside judges the certificate", P::imap, false, {{'<', "a1 CAPABILITY\r\n"}, {'>', "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK done\r\n"}, {'<', "a2 AUTHENTICATE PLAIN\r\n"}, {'>', "a2 NO Client didn't present valid SSL certificate\r\n"}}, State::refused, Sign::certificate, "IMAP a2 NO Client didn't present"},
      {"imap inside closes on AUTHENTICATE", P::imap, false, {{'<', "a1 CAPABILITY\r\n"}, {'>', "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK done\r\n"}, {'<', "a2 AUTHENTICATE PLAIN\r\n"}}, State::broken, Sign::none, "", "closed"},
      {"imaps", P::imaps, false, {{'<', ""}, {'>', "* OK [CAPABILITY AUTH=PLAIN] ready\r\n"}, {'<', "a1 CAPABILITY\r\n"}, {'>', "* CAPABILITY IMAP4rev1\r\na1 OK done\r\n"}, {'<', "a2 LOGOUT\r\n"}, {'>', "a2 OK bye\r\n"}}, State::done, Sign::accepted, "IMAP a1 OK"},
      {"imaps says goodbye", P::imaps, false, {{'<', ""}, {'>', "* BYE too many\r\n"}}, State::refused, Sign::refused, "IMAP * BYE too many"},
      // ---- POP3
      {"pop3", P::pop3, true, {{'>', "+OK ready\r\n"}, {'<', "STLS\r\n"}, {'>', "+OK go\r\n"}}, State::done},
      {"pop3 refuses", P::pop3, true, {{'>', "+OK ready\r\n"}, {'<', "STLS\r\n"}, {'>', "-ERR no TLS\r\n"}}, State::refused, Sign::none, "", "POP3 -ERR no TLS"},
      {"pop3 is something else", P::pop3, true, {{'>', "220 smtp\r\n"}}, State::broken, Sign::none, "", "this is not POP3"},
      {"pop3 inside", P::pop3, false, {{'<', "CAPA\r\n"}, {'>', "+OK\r\nUIDL\r\nSASL PLAIN\r\n.\r\n"}, {'<', "AUTH PLAIN\r\n"}, {'>', "+ \r\n"}, {'<', "*\r\n"}, {'>', "-ERR cancelled\r\n"}, {'<', "QUIT\r\n"}, {'>', "+OK bye\r\n"}}, State::done, Sign::accepted, "POP3 +OK"},
      {"pop3 inside without CAPA", P::pop3, false, {{'<', "CAPA\r\n"}, {'>', "-ERR what?\r\n"}, {'<', "QUIT\r\n"}, {'>', "+OK bye\r\n"}}, State::done, Sign::accepted, "POP3 -ERR what?"},
      {"pop3 inside judges the certificate", P::pop3, false, {{'<', "CAPA\r\n"}, {'>', "+OK\r\nSASL PLAIN\r\n.\r\n"}, {'<', "AUTH PLAIN\r\n"}, {'>', "-ERR no valid SSL certificate\r\n"}}, State::refused, Sign::certificate, "POP3 -ERR no valid"},
      {"pop3s", P::pop3s, false, {{'<', ""}, {'>', "+OK ready\r\n"}, {'<', "CAPA\r\n"}, {'>', "+OK\r\n.\r\n"}, {'<', "QUIT\r\n"}, {'>', "+OK bye\r\n"}}, State::done, Sign::accepted, "POP3 +OK"},
      // ---- LDAP
      {"ldap", P::ldap, true, {{'<', kLdapStartTls}, {'>', ldap_result(0x78, 0, "")}}, State::done},
      {"ldap refuses", P::ldap, true, {{'<', kLdapStartTls}, {'>', ldap_result(0x78, 2, "unsupported extended operation")}}, State::refused, Sign::none, "", "LDAP 2 protocolError: unsupported extended operation"},
      {"ldap answers before it is asked", P::ldap, true, {{'>', ldap_result(0x78, 0, "")}}, State::broken, Sign::none, "", "before it is asked"},
      {"ldap is something else", P::ldap, true, {{'<', kLdapStartTls}, {'>', "220 smtp\r\n"}}, State::broken, Sign::none, "", "this is not LDAP"},
      {"ldap, an endless message", P::ldap, true, {{'<', kLdapStartTls}, {'>', hex("3084ffffffff") + "abc"}}, State::broken, Sign::none, "", "this is not LDAP"},
      {"ldap inside", P::ldaps, false, {{'>', ldap_result(0x64, 0, "") + ldap_result(0x65, 0, "")}}, State::done, Sign::accepted, "LDAP 0 success"},
      {"ldap inside, not for everybody", P::ldap, false, {{'>', ldap_result(0x65, 50, "")}}, State::done, Sign::accepted, "LDAP 50 insufficientAccessRights", "", 50},
      {"ldap inside is busy", P::ldap, false, {{'>', ldap_result(0x65, 51, "later")}}, State::refused, Sign::busy, "LDAP 51 busy: later", "", 51},
      // ---- PostgreSQL
      {"postgres", P::postgres, true, {{'<', kPgRequest}, {'>', "S"}}, State::done},
      {"postgres without TLS", P::postgres, true, {{'<', kPgRequest}, {'>', "N"}}, State::refused, Sign::none, "", "does not do TLS"},
      {"postgres of old", P::postgres, true, {{'<', kPgRequest}, {'>', "EFATAL"}}, State::refused, Sign::none, "", "with an error"},
      {"postgres is something else", P::postgres, true, {{'<', kPgRequest}, {'>', "220"}}, State::broken, Sign::none, "", "this is not PostgreSQL"},
      {"postgres inside", P::postgres, false, {{'<', kPgStartup}, {'>', "N\0\0\0\6ab"s + "R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"s}, {'<', "X\0\0\0\4"s}}, State::done, Sign::accepted, "PostgreSQL asks for a password (SASL)"},
      {"postgres inside lets in", P::postgres, false, {{'<', kPgStartup}, {'>', "R\0\0\0\x8\0\0\0\0"s}, {'<', "X\0\0\0\4"s}}, State::done, Sign::accepted, "PostgreSQL lets the user in"},
      {"postgres inside wants a certificate", P::postgres, false, {{'<', kPgStartup}, {'>', pg_error("28000", "connection requires a valid client certificate")}}, State::refused, Sign::certificate, "PostgreSQL FATAL 28000: connection requires a valid client certificate"},
      {"postgres inside refuses", P::postgres, false, {{'<', kPgStartup}, {'>', pg_error("28000", "no pg_hba.conf entry")}}, State::refused, Sign::refused, "PostgreSQL FATAL 28000: no pg_hba.conf entry"},
      {"postgres inside is busy", P::postgres, false, {{'<', kPgStartup}, {'>', pg_error("53300", "too many clients")}}, State::refused, Sign::busy, "53300"},
      {"postgres inside, garbage", P::postgres, false, {{'<', kPgStartup}, {'>', "R\xff\xff\xff\xff"}}, State::broken, Sign::none, "", "impossible length"},
      // ---- MySQL
      {"mysql", P::mysql, true, {{'>', mysql_greeting("\xff\xff")}, {'<', " \0\0\1"s + kMysqlOpening}}, State::done},
      {"mysql without TLS", P::mysql, true, {{'>', mysql_greeting("\xff\xf7")}}, State::refused, Sign::none, "", "does not offer TLS"},
      {"mysql blocks us", P::mysql, true, {{'>', mysql_packet(0, mysql_error(1129, "Host is blocked"))}}, State::refused, Sign::none, "", "MySQL 1129: Host is blocked"},
      {"mysql, cut short",
       P::mysql,
       true,
       {{'>', mysql_packet(0,
                           "\x0a"
                           "8.0\0"s)}},
       State::broken,
       Sign::none,
       "",
       "cut short"},
      {"mysql is something else", P::mysql, true, {{'>', "220 a\r\n" + std::string(60, 'a')}}, State::broken, Sign::none, "", "this is not MySQL"},
      {"mysql inside", P::mysql, false, {{'<', kMysqlResponse}, {'>', mysql_packet(3, "\0\0\0\2\0\0\0"s)}, {'<', "\1\0\0\0\1"s}}, State::done, Sign::accepted, "MySQL lets the user in"},
      {"mysql inside, another proof",
       P::mysql,
       false,
       {{'<', kMysqlResponse},
        {'>', mysql_packet(3,
                           "\xfe"
                           "caching_sha2_password\0abc"s)},
        {'<', "\0\0\0\4"s},
        {'>', mysql_packet(5, mysql_error(1045, "#28000Access denied for user 'alice'"))}},
       State::refused,
       Sign::refused,
       "MySQL 1045 28000: Access denied for user 'alice'",
       "",
       1045},
      {"mysql inside, proof again and again", P::mysql, false, {{'<', kMysqlResponse}, {'>', repeated(mysql_packet(3, "\xfe"), 6)}}, State::broken, Sign::none, "", "again and again"},
      // ---- XMPP
      {"xmpp",
       P::xmpp,
       true,
       {{'<', kStream},
        {'>', kStreamHeard + "<stream:features><starttls "
                             "xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"},
        {'<', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
        {'>', "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}},
       State::done},
      {"xmpp without STARTTLS", P::xmpp, true, {{'<', kStream}, {'>', kStreamHeard + "<stream:features><mechanisms/></stream:features>"}}, State::refused, Sign::none, "", "does not offer STARTTLS"},
      {"xmpp refuses", P::xmpp, true, {{'<', kStream}, {'>', kStreamHeard + "<stream:features><starttls/></stream:features>"}, {'<', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}, {'>', "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"}}, State::refused, Sign::none, "", "cannot begin TLS"},
      {"xmpp offers its features twice", P::xmpp, true, {{'<', kStream}, {'>', kStreamHeard + "<stream:features><starttls/></stream:features>"}, {'<', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}, {'>', "<stream:features><starttls/></stream:features>"}}, State::broken, Sign::none, "", "twice"},
      {"xmpp knows no such host", P::xmpp, true, {{'<', kStream}, {'>', kStreamHeard + "<stream:error><host-unknown xmlns='x'/></stream:error></stream:stream>"}}, State::refused, Sign::none, "", "XMPP stream error host-unknown"},
      {"xmpp goes on before it is asked", P::xmpp, true, {{'<', kStream}, {'>', kStreamHeard + "<stream:features><starttls/></stream:features><proceed/>"}}, State::broken, Sign::none, "", "before it is asked"},
      {"xmpp is something else", P::xmpp, true, {{'<', kStream}, {'>', "220 smtp\r\n"}}, State::broken, Sign::none, "", "this is not XMPP"},
      {"xmpp, a long tag", P::xmpp, true, {{'<', kStream}, {'>', "<" + std::string(9000, 'a')}}, State::broken, Sign::none, "", "longer than 8192"},
      {"xmpps", P::xmpps, false, {{'<', kStream}, {'>', kStreamHeard + "<stream:features/>"}, {'<', "</stream:stream>"}}, State::done, Sign::accepted, "XMPP offers its features"},
      {"xmpp inside, an error", P::xmpp, false, {{'<', kStream}, {'>', kStreamHeard + "<stream:error><not-authorized/></stream:error>"}}, State::refused, Sign::refused, "not-authorized"},
      // ---- Redis
      {"redis", P::redis, false, {{'<', "*1\r\n$4\r\nPING\r\n"}, {'>', "+PONG\r\n"}}, State::done, Sign::accepted, "Redis +PONG"},
      {"redis with a password", P::redis, false, {{'<', "*1\r\n$4\r\nPING\r\n"}, {'>', "-NOAUTH Authentication required.\r\n"}}, State::done, Sign::accepted, "Redis -NOAUTH"},
      {"redis, protected", P::redis, false, {{'<', "*1\r\n$4\r\nPING\r\n"}, {'>', "-DENIED Redis is running in protected mode\r\n"}}, State::refused, Sign::refused, "Redis -DENIED"},
      {"redis is full", P::redis, false, {{'<', "*1\r\n$4\r\nPING\r\n"}, {'>', "-ERR max number of clients reached\r\n"}}, State::refused, Sign::busy, "Redis -ERR max"},
      // ---- HTTP
      {"http", P::http, false, {{'<', "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}, {'>', "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}}, State::done, Sign::accepted, "OK", "", 200},
      {"http, until the end", P::http, false, {{'<', "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}, {'>', "HTTP/1.1 403 Forbidden\r\n\r\nno"}}, State::done, Sign::accepted, "Forbidden", "", 403},
      {"http, nginx's refusal", P::http, false, {{'<', "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}, {'>', "HTTP/1.1 400 Bad Request\r\n\r\nNo required SSL certificate was sent"}}, State::done, Sign::certificate, "No required SSL certificate was sent", "", 400},
      {"http, none", P::http, false, {{'<', "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}, {'>', "SSH-2.0\r\n"}}, State::broken, Sign::none, "", "no HTTP response"},
  };
  // clang-format on
}

TEST(Dialogue, Scripts) {
  for (const Script& script : scripts()) {
    SCOPED_TRACE(script.name);
    for (const size_t piece : {0U, 1U, 2U, 7U}) {
      const auto dialogue = play(script, piece);
      EXPECT_EQ(dialogue->state(), script.state) << dialogue->reason();
      EXPECT_EQ(dialogue->reply().sign, script.sign) << to_text(dialogue->reply().sign);
      EXPECT_EQ(dialogue->reply().status, script.status);
      EXPECT_TRUE(dialogue->reply().text.contains(script.reply)) << dialogue->reply().text;
      EXPECT_TRUE(dialogue->reason().contains(script.reason)) << dialogue->reason();
    }
  }
}

// What has been heard so far is never enough for more than it is: every proper prefix of a script ends broken.
TEST(Dialogue, EveryPrefixOfAPreludeIsNoGoAhead) {
  for (const Script& script : scripts()) {
    if (!script.prelude || script.state != State::done) continue;
    SCOPED_TRACE(script.name);
    Script part = script;
    while (part.steps.back().who == '<') part.steps.pop_back();
    for (std::string& bytes = part.steps.back().bytes; !bytes.empty();) {
      bytes.pop_back();
      EXPECT_EQ(play(part, 0)->state(), State::broken) << escape_terminal(bytes);
    }
  }
}

TEST(Dialogue, WhatFollowsTheGoAheadIsNotTaken) {
  for (const Script& script : scripts()) {
    if (!script.prelude || script.state != State::done) continue;
    SCOPED_TRACE(script.name);
    auto dialogue = make(script);
    for (const Step& step : script.steps) {
      if (step.who == '<') {
        (void)take_output(*dialogue);
      } else {
        const bool last = &step == &script.steps.back() || script.protocol == Protocol::mysql;
        const std::string bytes = step.bytes + (last ? "injected" : "");
        EXPECT_EQ(dialogue->input(as_bytes(bytes)), step.bytes.size());
      }
    }
    EXPECT_EQ(dialogue->state(), State::done);
  }
}

TEST(Dialogue, WhoGreetsSo) {
  EXPECT_EQ(services_that_greet_so(as_bytes("220 a ESMTP\r\n")), "smtp or ftp");
  EXPECT_EQ(services_that_greet_so(as_bytes("* OK ready\r\n")), "imap");
  EXPECT_EQ(services_that_greet_so(as_bytes("+OK ready\r\n")), "pop3");
  EXPECT_EQ(services_that_greet_so(as_bytes(mysql_greeting("\xff\xff"))), "mysql");
  for (const std::string_view other : {"", "HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH_9.2", "\x16\3\1"})
    EXPECT_EQ(services_that_greet_so(as_bytes(other)), "");
}

TEST(Dialogue, NamesAndDialoguesOfProtocols) {
  EXPECT_EQ(parse_protocol("smtp"), Protocol::smtp);
  EXPECT_EQ(parse_protocol("SMTP"), std::nullopt);
  EXPECT_TRUE(unknown_protocol("smpt").contains("did you mean 'smtp'?"));
  for (const ProtocolInfo& info : protocols()) {
    app::Setup setup;
    setup.protocol = info.protocol;
    setup.request = "GET";
    EXPECT_EQ(make_prelude(setup) != nullptr, !info.begins.empty()) << info.name;
    EXPECT_EQ(make_talk(setup) != nullptr, info.protocol != Protocol::none) << info.name;
    setup.ask = false;
    EXPECT_EQ(make_talk(setup), nullptr) << info.name;
  }
}

}  // namespace
}  // namespace tlsproof::app
