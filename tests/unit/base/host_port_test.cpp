#include "tlsproof/base/host_port.h"

#include <gtest/gtest.h>

#include "tlsproof/base/glob.h"

namespace tlsproof {
namespace {

TEST(HostPort, GoodOnes) {
  struct Row {
    std::string_view text, host;
    uint16_t port;
    std::string_view again;
  };
  const Row rows[] = {
      {"example.com:443", "example.com", 443, "example.com:443"},
      {"192.0.2.1:1", "192.0.2.1", 1, "192.0.2.1:1"},
      {"[::1]:65535", "::1", 65535, "[::1]:65535"},
      {"[fe80::1%eth0]:8443", "fe80::1%eth0", 8443, "[fe80::1%eth0]:8443"},
      {"my_host", "my_host", 99, "my_host:99"},
      {"[::1]", "::1", 99, "[::1]:99"},
      {"example.com.:1", "example.com.", 1, "example.com.:1"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", 99, "xn--bcher-kva.example:99"},
      {"123.example", "123.example", 99, "123.example:99"},
  };
  for (const Row& row : rows) {
    auto got = parse_host_port(row.text, 99);
    ASSERT_TRUE(got) << row.text << got.error().what;
    EXPECT_EQ(got->host, row.host);
    EXPECT_EQ(got->port, row.port);
    EXPECT_EQ(got->text(), row.again);
  }
}

TEST(HostPort, BadOnesSayWhy) {
  const std::pair<std::string, std::string_view> rows[] = {
      {"", "'' is not HOST:PORT: the host is missing"},
      {":443", "':443' is not HOST:PORT: the host is missing"},
      {"example.com", "'example.com' is not HOST:PORT: the port is missing"},
      {"example.com:", "'example.com:' is not HOST:PORT: the port is no number from 1 to 65535"},
      {"example.com:0", "'example.com:0' is not HOST:PORT: the port is no number from 1 to 65535"},
      {"example.com:65536", "'example.com:65536' is not HOST:PORT: the port is no number from 1 to 65535"},
      {"example.com:https", "'example.com:https' is not HOST:PORT: the port is no number from 1 to 65535"},
      {"::1:443", "'::1:443' is not HOST:PORT: an IPv6 address stands in brackets, as in [::1]:443"},
      {"[::1:443", "'[::1:443' is not HOST:PORT: the ']' is missing"},
      {"[::1]443", "'[::1]443' is not HOST:PORT: after ']' comes ':' and the port"},
      {"[example]:443", "'[example]:443' is not HOST:PORT: in the brackets there is no IPv6 address"},
      {"[::1%]:443", "'[::1%]:443' is not HOST:PORT: in the brackets there is no IPv6 address"},
      {"https://example.com:443",
       "'https://example.com:443' is not HOST:PORT: write the host and the port without a scheme or a path, as in "
       "example.com:443"},
      {"exa mple:443", "'exa mple:443' is not HOST:PORT: the host has a character that no host has"},
      {"a\x1b[31m:443", "'a\\x1b[31m:443' is not HOST:PORT: the host has a character that no host has"},
      {std::string("a\0b:443", 7), "'a\\x00b:443' is not HOST:PORT: the host has a character that no host has"},
      {std::string("127.0.0.1\0b:443", 15),
       "'127.0.0.1\\x00b:443' is not HOST:PORT: the host has a character that no host has"},
      {"b\xc3\xbc"
       "cher.example:443",
       "'b\xc3\xbc"
       "cher.example:443' is not HOST:PORT: write an internationalised name in its ASCII form (xn--…)"},
      {"a%b:443", "'a%b:443' is not HOST:PORT: the host has a character that no host has"},
      {"a..b:443", "'a..b:443' is not HOST:PORT: the host has an empty label"},
      {".:443", "'.:443' is not HOST:PORT: the host has an empty label"},
      {"192.0.2.300:443", "'192.0.2.300:443' is not HOST:PORT: the host is no IPv4 address"},
      {"127.1:443", "'127.1:443' is not HOST:PORT: the host is no IPv4 address"},
      {std::string(64, 'a') + ".example:443", ""},
      {std::string(250, 'a') + ":443", ""},
      {"a" + std::string(126, '.') + "b:443", ""},
  };
  for (const auto& [text, message] : rows) {
    auto got = parse_host_port(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().kind, Error::Kind::usage);
    if (!message.empty()) {
      EXPECT_EQ(got.error().what, message);
    }
  }
}

TEST(HostPort, IpAddress) {
  for (std::string_view yes : {"127.0.0.1", "::1", "fe80::1%lo"}) EXPECT_TRUE(is_ip_address(yes)) << yes;
  for (std::string_view no : {"", "localhost", "1.2.3", "256.1.1.1", "::1%", "1.2.3.4%lo", "0x7f.1"})
    EXPECT_FALSE(is_ip_address(no)) << no;
}

TEST(Glob, Table) {
  struct Row {
    std::string_view pattern, text;
    bool match;
  };
  const Row rows[] = {
      {"", "", true},           {"", "a", false},           {"*", "", true},
      {"*", "a/b", true},       {"mtls/*", "mtls/x", true}, {"mtls/*", "mtls", false},
      {"*/x", "a/b/x", true},   {"a*b*c", "aXbYc", true},   {"a*b*c", "aXbY", false},
      {"?", "", false},         {"?", "a", true},           {"a?c", "abc", true},
      {"**", "abc", true},      {"a", "A", false},          {"*a*a*b", "aaaaaa", false},
      {"[tls]", "[tls]", true},
  };
  for (const Row& row : rows) EXPECT_EQ(glob_match(row.pattern, row.text), row.match) << row.pattern << " " << row.text;
  // Would never end if each star were tried at each place.
  EXPECT_FALSE(glob_match(std::string(2000, '*') + "b", std::string(20000, 'a')));
}

}  // namespace
}  // namespace tlsproof
