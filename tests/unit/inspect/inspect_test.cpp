#include "tlsproof/inspect/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tlsproof/wire/ext/number_list.h"
#include "unit/capture/ssl_pair.h"

namespace tlsproof::inspect {
namespace {

using capture::testing::FlowMaker;
using capture::testing::make_endpoint;
using capture::testing::PairOptions;
using capture::testing::SslPair;
using ::testing::HasSubstr;

capture::Flow played(SslPair& pair) {
  EXPECT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.say(capture::Side::a, "hello"));
  EXPECT_TRUE(pair.say(capture::Side::b, "world"));
  pair.close();
  return pair.maker.flow();
}

// What one worker and the report make of these flows.
struct OneRun {
  explicit OneRun(const Options& options)
      : worker(make_worker(options)), report(options, [this](std::string_view text) {
          out += text;
          return true;
        }) {}
  bool take(const capture::Flow& flow) {
    auto product = worker->take(flow);
    if (product == nullptr) return false;
    EXPECT_TRUE(report.emit(*product));
    worker->recycle(std::move(product));
    return true;
  }
  std::unique_ptr<capture::Worker> worker;
  std::string out;
  Report report;
};

TEST(Inspect, BlockWithKeys) {
  SslPair pair({});
  const capture::Flow flow = played(pair);
  trace::KeyLogIndex keys;
  keys.add(as_bytes(pair.key_log));
  Options options;
  options.keys = &keys;
  OneRun run(options);
  ASSERT_TRUE(run.take(flow));
  EXPECT_TRUE(run.out.starts_with("#1  192.0.2.1:40000 ─► 192.0.2.2:443\n")) << run.out;
  EXPECT_THAT(run.out, HasSubstr("completed in"));
  EXPECT_THAT(run.out, HasSubstr("no certificate asked for"));
  EXPECT_THAT(run.out, HasSubstr("CN=server.test"));
  EXPECT_EQ(run.report.num_found(), 1U);
}

TEST(Inspect, JsonKnowsPackets) {
  SslPair pair({});
  const capture::Flow flow = played(pair);
  Options options;
  options.format = Format::json;
  OneRun run(options);
  run.report.set_source("x.pcap");
  ASSERT_TRUE(run.take(flow));
  EXPECT_THAT(run.out, HasSubstr(R"("handshake":1,"source":"x.pcap",)"));
  // SYN and SYN-ACK are packets 1 and 2.
  EXPECT_THAT(run.out,
              HasSubstr(R"({"type":{"id":1,"name":"client_hello"},"level":"initial","from":"client","time_ns":)"));
  EXPECT_THAT(run.out, HasSubstr(R"("offset":0,)"));
  EXPECT_THAT(run.out, HasSubstr(R"("packet":3,)"));
  EXPECT_THAT(run.out, HasSubstr(R"("client_certificate_asked":null)"));
}

TEST(Inspect, WhatIsNoTlsIsNothing) {
  Options options;
  OneRun run(options);
  EXPECT_FALSE(run.take(FlowMaker().a("GET / HTTP/1.0\r\n\r\n").b("HTTP/1.0 200 OK\r\n\r\n").flow()));
  EXPECT_EQ(run.out, "");
}

// The number stays that of the capture, whatever is left out.
TEST(Inspect, FiltersLeaveNumbers) {
  SslPair one({.min_version = TLS1_2_VERSION, .max_version = TLS1_2_VERSION});
  SslPair two({});
  const capture::Flow first = played(one), second = played(two);
  Options options;
  options.filter.versions = {0x0304};
  OneRun run(options);
  EXPECT_TRUE(run.take(first));
  EXPECT_TRUE(run.take(second));
  EXPECT_TRUE(run.out.starts_with("#2  ")) << run.out;
  EXPECT_EQ(run.report.num_found(), 2U);
  EXPECT_EQ(run.report.num_shown(), 1U);
}

// Without an answer the newest version offered counts; those of DTLS count down.
TEST(Inspect, NewestVersionOfDtls) {
  wire::ClientHello hello;
  wire::ext::SupportedVersionsClient offered;
  offered.versions = {0xfefd, 0xfefc};
  hello.extensions.add_typed(offered);
  view::Handshake handshake;
  handshake.client_hello = &hello;
  Filter filter;
  filter.versions = {0xfefc};
  EXPECT_TRUE(filter.matches({}, handshake));
  filter.versions = {0xfefd};
  EXPECT_FALSE(filter.matches({}, handshake));
}

// The same randoms in another connection: only the whole capture tells, and it is told in the line.
TEST(Inspect, RepeatsAreFoundOverTheCapture) {
  SslPair pair({});
  capture::Flow flow = played(pair);
  capture::Flow again = flow;
  again.a.port = 40001;
  Options options;
  options.format = Format::json;
  OneRun run(options);
  ASSERT_TRUE(run.take(flow));
  const std::string first = run.out;
  EXPECT_THAT(first, HasSubstr(R"("violations":[]})"));
  run.out.clear();
  // The client's random is another one: it is no second copy of the same packets.
  Bytes& said = again.bytes[0];
  ASSERT_GT(said.size(), 80U);
  said[5 + 4 + 2 + 10] ^= 0xff;
  ASSERT_TRUE(run.take(again));
  EXPECT_THAT(run.out, HasSubstr(R"("violations":[{"rule":")"));
  EXPECT_THAT(run.out, HasSubstr(R"("events":[{"what":"message )"));
  EXPECT_TRUE(run.out.ends_with("]}\n"));
  EXPECT_THAT(run.report.summary().json(), HasSubstr(R"("with_findings":1)"));
}

// For a person it stands beside the other violations, before the ladder or the tree.
TEST(Inspect, RepeatsStandWithTheOtherFindings) {
  SslPair pair({});
  const capture::Flow flow = played(pair);
  capture::Flow again = flow;
  again.a.port = 40001;
  Bytes& said = again.bytes[0];
  said[5 + 4 + 2 + 10] ^= 0xff;  // the client's random is another one
  for (const Format format : {Format::block, Format::tree}) {
    Options options;
    options.format = format;
    OneRun run(options);
    ASSERT_TRUE(run.take(flow));
    run.out.clear();
    ASSERT_TRUE(run.take(again));
    const size_t found = run.out.find("repeated/server_random");
    const size_t messages = run.out.find(format == Format::tree ? "\n\n" : "─► ClientHello");
    ASSERT_NE(found, std::string::npos) << run.out;
    ASSERT_NE(messages, std::string::npos) << run.out;
    EXPECT_LT(found, messages) << run.out;
    EXPECT_THAT(run.out, HasSubstr("by the server: "));
  }
}

TEST(Inspect, StopsWhenNobodyReads) {
  SslPair pair({});
  const capture::Flow flow = played(pair);
  Options options;
  const auto worker = make_worker(options);
  Report report(options, [](std::string_view) { return false; });
  auto product = worker->take(flow);
  ASSERT_NE(product, nullptr);
  EXPECT_FALSE(report.emit(*product));
}

TEST(HostPattern, WhatMatches) {
  const struct {
    std::string_view pattern;
    uint8_t host;
    uint16_t port;
    bool matches;
  } cases[] = {
      {"192.0.2.1", 1, 443, true},
      {"192.0.2.1", 2, 443, false},
      {"192.0.2.0/24", 200, 1, true},
      {"192.0.3.0/24", 200, 1, false},
      {"192.0.2.128/25", 127, 1, false},
      {"192.0.2.128/25", 128, 1, true},
      {"0.0.0.0/0", 1, 1, true},
      {"192.0.2.1:443", 1, 443, true},
      {"192.0.2.1:443", 1, 444, false},
      {":443", 9, 443, true},
      {":443", 9, 80, false},
      {"192.0.2.0/24:80", 9, 80, true},
      {"2001:db8::/32", 1, 443, false},
      {"::/0", 1, 443, false},
  };
  for (const auto& c : cases) {
    const auto pattern = parse_host_pattern(c.pattern);
    ASSERT_TRUE(pattern) << c.pattern;
    EXPECT_EQ(pattern->matches(make_endpoint(c.host, c.port)), c.matches) << c.pattern;
  }
  capture::Endpoint v6{.ip = {.bytes = {0x20, 0x01, 0x0d, 0xb8, 0xff}, .is_v6 = true}, .port = 443};
  EXPECT_TRUE(parse_host_pattern("2001:db8::/32")->matches(v6));
  EXPECT_TRUE(parse_host_pattern("[2001:db8::/32]:443")->matches(v6));
  EXPECT_FALSE(parse_host_pattern("[2001:db8::/32]:444")->matches(v6));
  EXPECT_FALSE(parse_host_pattern("2001:db8::")->matches(v6));
  EXPECT_FALSE(parse_host_pattern("0.0.0.0/0")->matches(v6));
}

TEST(HostPattern, WhatIsRefused) {
  for (const std::string_view text : {"", "example.com", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1:", "192.0.2.1:x",
                                      "192.0.2.1:70000", "[2001:db8::1", "[2001:db8::1]x", "2001:db8::/129", "1.2.3"}) {
    const auto pattern = parse_host_pattern(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_EQ(pattern.error().kind, Error::Kind::usage);
    EXPECT_THAT(pattern.error().what, HasSubstr("--host: '"));
  }
}

}  // namespace
}  // namespace tlsproof::inspect
