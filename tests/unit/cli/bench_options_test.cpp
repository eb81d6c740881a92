#include "src/cli/bench_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/cli/bench_plan.h"

namespace tlsproof::cli {
namespace {

using testing::ElementsAre;

TEST(BenchOptions, Durations) {
  EXPECT_EQ(parse_duration("5s"), 5'000'000'000);
  EXPECT_EQ(parse_duration("5"), 5'000'000'000);
  EXPECT_EQ(parse_duration("200ms"), 200'000'000);
  EXPECT_EQ(parse_duration("1.5min"), 90'000'000'000);
  EXPECT_EQ(parse_duration("2m"), 120'000'000'000);
  EXPECT_EQ(parse_duration("168h"), 604'800'000'000'000);
  for (const char* bad : {"", "s", "0", "0s", "-1s", "1e3s", "5 s", "5sec", ".5s", "5.s", "1.2.3s", "0.1ms", "169h",
                          "99999999999999999999s", "inf", "nan", "0x5s", "5s5s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(BenchOptions, WordsAsAShellTakesThem) {
  EXPECT_THAT(*split_words("--tls 1.2  --kind ticket"), ElementsAre("--tls", "1.2", "--kind", "ticket"));
  EXPECT_THAT(*split_words(R"(a'b c'd "e\"f" g\ h '')"), ElementsAre("ab cd", "e\"f", "g h", ""));
  EXPECT_THAT(*split_words("  "), ElementsAre());
  EXPECT_FALSE(split_words("--sni 'a"));
}

TEST(BenchOptions, WhatIsPrivate) {
  for (const char* ip : {"127.0.0.1", "127.255.255.255", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
                         "169.254.1.1", "100.64.0.1", "100.127.255.255", "0.0.0.0", "::1", "::", "fd00::1", "fc00::1",
                         "fe80::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_private(*net::Address::from_ip(ip, 443))) << ip;
  for (const char* ip : {"192.0.2.1", "172.15.255.255", "172.32.0.1", "11.0.0.1", "100.63.255.255", "100.128.0.0",
                         "192.169.0.1", "8.8.8.8", "0.0.0.1", "224.0.0.1", "255.255.255.255", "2001:db8::1", "fec0::1",
                         "::ffff:8.8.8.8", "64:ff9b::7f00:1"})
    EXPECT_FALSE(is_private(*net::Address::from_ip(ip, 443))) << ip;
}

}  // namespace
}  // namespace tlsproof::cli
