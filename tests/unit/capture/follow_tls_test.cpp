// TLS followed in flows that libssl made.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tlsproof/capture/follow.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "unit/capture/ssl_pair.h"
#include "unit/capture/story.h"

namespace tlsproof::capture {
namespace {

using testing::client_story;
using testing::PairOptions;
using testing::server_story;
using testing::SslPair;
using trace::EventKind;

TEST(FollowTls, Tls13WithoutKeysShowsWhatIsInTheClear) {
  SslPair pair({});
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.say(Side::a, "GET / HTTP/1.1\r\n\r\n"));
  pair.close();
  Follower follower({});
  const auto followed = follower.follow(pair.maker.flow());
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->client, Side::a);
  EXPECT_FALSE(followed->had_keys);
  EXPECT_EQ(client_story(follower), "r22i m1i r20i ccs r23hx r23ax r23ax fin");
  EXPECT_EQ(server_story(follower), "r22i m2i r20i ccs r23hx r23hx r23hx r23hx r23ax r23ax r23ax fin");
}

TEST(FollowTls, Tls13WithKeysOpensEverything) {
  SslPair pair({});
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.say(Side::a, "hello"));
  ASSERT_EQ(SSL_key_update(pair.server.get(), SSL_KEY_UPDATE_REQUESTED), 1);
  ASSERT_TRUE(pair.say(Side::b, "world"));
  ASSERT_TRUE(pair.say(Side::a, "again"));
  pair.close();
  trace::KeyLogIndex keys;
  keys.add(as_bytes(pair.key_log));
  Follower follower({.keys = &keys});
  const auto followed = follower.follow(pair.maker.flow());
  ASSERT_TRUE(followed);
  EXPECT_TRUE(followed->had_keys);
  EXPECT_EQ(client_story(follower), "r22i m1i r20i ccs r22h m20h r23a data5a r22a m24a r23a data5a r21a alert0a fin");
  EXPECT_EQ(server_story(follower),
            "r22i m2i r20i ccs r22h m8h r22h m11h r22h m15h r22h m20h r22a m4a r22a m4a r22a m24a r23a data5a r21a "
            "alert0a fin");
  const trace::Coverage& coverage = follower.trace().coverage();
  EXPECT_TRUE(coverage.whole() && coverage.ended);
}

TEST(FollowTls, Tls12WithAndWithoutKeys) {
  SslPair pair({.min_version = TLS1_2_VERSION, .max_version = TLS1_2_VERSION});
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.say(Side::a, "hello"));
  ASSERT_TRUE(pair.say(Side::b, "world!"));
  pair.close();
  Follower blind({});
  ASSERT_TRUE(blind.follow(pair.maker.flow()));
  EXPECT_EQ(client_story(blind), "r22i m1i r22i m16i r20i ccs r22ax r23ax r21ax fin");
  EXPECT_EQ(server_story(blind), "r22i m2i r22i m11i r22i m12i r22i m14i r22i m4i r20i ccs r22ax r23ax r21ax fin");
  trace::KeyLogIndex keys;
  keys.add(as_bytes(pair.key_log));
  Follower follower({.keys = &keys});
  ASSERT_TRUE(follower.follow(pair.maker.flow()));
  EXPECT_EQ(client_story(follower), "r22i m1i r22i m16i r20i ccs r22a m20a r23a data5a r21a alert0a fin");
  EXPECT_EQ(server_story(follower),
            "r22i m2i r22i m11i r22i m12i r22i m14i r22i m4i r20i ccs r22a m20a r23a data6a r21a alert0a fin");
}

TEST(FollowTls, WhatIsSaidInsideIsTold) {
  SslPair pair({.piece_len = 7});
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.say(Side::a, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(pair.say(Side::b, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  ASSERT_TRUE(pair.say(Side::a, "P"));
  ASSERT_TRUE(pair.say(Side::a, "OST /second HTTP/1.1\r\n\r\nGET /body HTTP/1.1\r\n"));
  ASSERT_TRUE(pair.say(Side::b, "HTTP/1.1 404 Not Found\r\n"));
  ASSERT_TRUE(pair.say(Side::b, "HTTP/1.1 500 in the body\r\n"));
  trace::KeyLogIndex keys;
  keys.add(as_bytes(pair.key_log));
  Follower follower({.keys = &keys});
  ASSERT_TRUE(follower.follow(pair.maker.flow()));
  std::string told;
  for (const trace::Event& event : follower.trace().events())
    if (event.kind == EventKind::http_request || event.kind == EventKind::http_response)
      told += fmt::format("{} {};", follower.trace().text(event), event.code);
  EXPECT_EQ(told, "GET /first HTTP/1.1 0;HTTP/1.1 200 OK 200;POST /second HTTP/1.1 0;HTTP/1.1 404 Not Found 404;");
}

TEST(FollowTls, FramesOfHttp2AreNamed) {
  SslPair pair({});
  ASSERT_TRUE(pair.handshake());
  const auto frame = [](uint8_t type, uint8_t flags, uint8_t stream, const Bytes& payload) {
    Bytes out = {0, 0, static_cast<uint8_t>(payload.size()), type, flags, 0, 0, 0, stream};
    append(out, payload);
    return std::string(as_text(out));
  };
  const std::string client = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, Bytes(6)) + frame(1, 5, 1, Bytes(30)) +
                             frame(0, 0, 1, Bytes(50)) + frame(0, 1, 1, Bytes(50)) + frame(4, 1, 0, {}) +
                             frame(3, 0, 1, {0, 0, 0, 8}) + frame(0x77, 0, 3, Bytes(1)) +
                             frame(7, 0, 0, {0, 0, 0, 0, 0, 0, 0, 13});
  ASSERT_TRUE(pair.say(Side::a, client.substr(0, 40)));
  ASSERT_TRUE(pair.say(Side::a, client.substr(40)));
  ASSERT_TRUE(pair.say(Side::b, frame(4, 0, 0, Bytes(6))));
  trace::KeyLogIndex keys;
  keys.add(as_bytes(pair.key_log));
  Follower follower({.keys = &keys});
  ASSERT_TRUE(follower.follow(pair.maker.flow()));
  std::string told;
  for (const trace::Event& event : follower.trace().events())
    if (event.kind == EventKind::app_request || event.kind == EventKind::app_response)
      told += fmt::format("{};", follower.trace().text(event));
  EXPECT_EQ(told,
            "h2 SETTINGS;h2 HEADERS stream 1;h2 DATA stream 1;h2 SETTINGS ack;h2 RST_STREAM stream 1 CANCEL;"
            "h2 frame type 0x77 stream 3;h2 GOAWAY HTTP_1_1_REQUIRED;h2 SETTINGS;");
}

// Every suite and version that libssl speaks here and that can be opened.
struct SuiteRow {
  int version;
  const char* cipher;
  bool rsa;
  bool no_encrypt_then_mac = false;
};
class OlderSuites : public ::testing::TestWithParam<SuiteRow> {};
TEST_P(OlderSuites, AreOpened) {
  const SuiteRow& row = GetParam();
  SslPair pair({.min_version = row.version,
                .max_version = row.version,
                .ciphers = row.cipher,
                .rsa = row.rsa,
                .contexts = [&](SSL_CTX* client, SSL_CTX*) {
                  if (row.no_encrypt_then_mac) SSL_CTX_set_options(client, SSL_OP_NO_ENCRYPT_THEN_MAC);
                }});
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.say(Side::a, "hello"));
  ASSERT_TRUE(pair.say(Side::b, std::string(20000, 'x')));
  ASSERT_TRUE(pair.say(Side::a, "again"));
  pair.close();
  trace::KeyLogIndex keys;
  keys.add(as_bytes(pair.key_log));
  Follower follower({.keys = &keys});
  ASSERT_TRUE(follower.follow(pair.maker.flow()));
  const std::string client = client_story(follower), server = server_story(follower);
  EXPECT_TRUE(client.find("m20a") != std::string::npos && client.find("alert0a fin") != std::string::npos) << client;
  EXPECT_TRUE(server.find("m20a") != std::string::npos && server.find("alert0a fin") != std::string::npos) << server;
  EXPECT_EQ((client + server).find_first_of("x("), std::string::npos) << client << "\n" << server;
  size_t said = 0;
  for (const trace::Event& event : follower.trace().events())
    if (event.kind == EventKind::application_data) said += follower.trace().content(event).size();
  EXPECT_EQ(said, 20010U);
}
INSTANTIATE_TEST_SUITE_P(
    All, OlderSuites,
    ::testing::Values(SuiteRow{TLS1_VERSION, "AES128-SHA", true}, SuiteRow{TLS1_VERSION, "AES128-SHA", true, true},
                      SuiteRow{TLS1_VERSION, "ECDHE-ECDSA-AES256-SHA", false},
                      SuiteRow{TLS1_1_VERSION, "AES256-SHA", true},
                      SuiteRow{TLS1_1_VERSION, "ECDHE-ECDSA-AES128-SHA", false, true},
                      SuiteRow{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", false},
                      SuiteRow{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", false, true},
                      SuiteRow{TLS1_2_VERSION, "ECDHE-ECDSA-CAMELLIA256-SHA384", false},
                      SuiteRow{TLS1_2_VERSION, "CAMELLIA128-SHA", true}, SuiteRow{TLS1_2_VERSION, "NULL-SHA256", true},
                      SuiteRow{TLS1_2_VERSION, "ECDHE-ECDSA-NULL-SHA", false},
                      SuiteRow{TLS1_2_VERSION, "AES128-CCM8", true}, SuiteRow{TLS1_2_VERSION, "AES256-CCM", true},
                      SuiteRow{TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", false},
                      SuiteRow{TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256", true},
                      SuiteRow{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", false}),
    [](const auto& row) {
      std::string name = fmt::format("{:x}_{}", row.param.version, row.param.cipher);
      std::ranges::replace(name, '-', '_');
      return name + (row.param.no_encrypt_then_mac ? "_mac_then_encrypt" : "");
    });

}  // namespace
}  // namespace tlsproof::capture
