// What a Trace tells of the dialogue before TLS.
#include <gtest/gtest.h>

#include "tlsproof/capture/follow.h"
#include "unit/capture/flow_script.h"

namespace tlsproof::capture {
namespace {

using testing::FlowMaker;
using trace::EventKind;

const Bytes kHello = [] {
  Bytes out = *from_hex("16030100360100003203030102030405060708090a0b0c0d0e0f");
  out.insert(out.end(), 38, '\n');
  return out;
}();

std::vector<std::string> told(const Flow& flow) {
  Follower follower({});
  EXPECT_TRUE(follower.follow(flow));
  std::vector<std::string> out;
  for (const trace::Event& event : follower.trace().events()) {
    const std::string_view text = follower.trace().text(event);
    EXPECT_FALSE(text.contains("secret") || text.contains("c2VjcmV0") || text.contains("736563726574")) << text;
    if (event.kind == EventKind::app_request) out.push_back("> " + std::string(text));
    if (event.kind == EventKind::app_response) out.push_back(std::to_string(event.code) + " " + std::string(text));
  }
  return out;
}

TEST(Prelude, IsToldAsTheClientOfChecksTellsIt) {
  EXPECT_EQ(told(FlowMaker()
                     .b("220 a\r\n")
                     .a("EHLO b\r\n")
                     .b("250-a\r\n250 STARTTLS\r\n")
                     .a("STARTTLS\r\n")
                     .b("220 go\r\n")
                     .a(kHello)
                     .flow()),
            (std::vector<std::string>{"220 220 a", "> EHLO b", "250 250 a STARTTLS", "> STARTTLS", "220 220 go"}));
}

TEST(Prelude, NeverShowsWhatProvesWhoSomebodyIs) {
  EXPECT_EQ(told(FlowMaker()
                     .b("220 a\r\n")
                     .a("AUTH PLAIN c2VjcmV0\r\n")
                     .b("334 c2VjcmV0\r\n")
                     .a("c2VjcmV0\r\n")
                     .b("535 no\r\n")
                     .a("STARTTLS\r\n")
                     .b("220 go\r\n")
                     .a(kHello)
                     .flow()),
            (std::vector<std::string>{"220 220 a", "> AUTH", "334 334", "> (not shown)", "535 535 no", "> STARTTLS",
                                      "220 220 go"}));
  const auto hex = [](std::string_view text) { return *from_hex(text); };
  EXPECT_EQ(told(FlowMaker()
                     .a(hex("050102"))
                     .b(hex("0502"))
                     .a("\1\3joe\6secret")
                     .b(hex("0100"))
                     .a(hex("05010001c000020101bb"))
                     .b(hex("05000001000000000000"))
                     .a(kHello)
                     .flow()),
            (std::vector<std::string>{"> SOCKS5 greeting: 1 authentication methods",
                                      "0 method chosen: username and password", "> username and password",
                                      "0 authentication succeeded", "> SOCKS5 CONNECT", "0 request granted"}));
}

}  // namespace
}  // namespace tlsproof::capture
