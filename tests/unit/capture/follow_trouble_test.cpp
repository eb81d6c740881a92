// Flows in which something is missing, out of order or no TLS.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tlsproof/capture/follow.h"
#include "unit/capture/ssl_pair.h"
#include "unit/capture/story.h"

namespace tlsproof::capture {
namespace {

using testing::client_story;
using testing::FlowMaker;
using testing::PairOptions;
using testing::server_story;
using testing::SslPair;
using trace::EventKind;
using wire::Direction;

Bytes hex(std::string_view text) {
  return *from_hex(text);
}
// A ClientHello that offers TLS_RSA_WITH_AES_128_CBC_SHA, in its record.
const Bytes kHello = hex("160301002d 01000029 0303" + std::string(64, '1') + "00 0002 002f 01 00");

// The events of a whole connection and its flow, to be cut up.
struct Recorded {
  explicit Recorded(PairOptions options = {}) : pair(options) {
    EXPECT_TRUE(pair.handshake());
    EXPECT_TRUE(pair.say(Side::a, std::string(3000, 'q')));
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(pair.say(Side::b, std::string(2000, 'r')));
    pair.close();
    keys.add(as_bytes(pair.key_log));
  }
  SslPair pair;
  trace::KeyLogIndex keys;
};
PairOptions tls12() {
  return {.min_version = TLS1_2_VERSION, .max_version = TLS1_2_VERSION};
}

// The flow again, `len` bytes of that side's stream from `offset` on lost.
Flow without(const Flow& whole, Side side, size_t offset, size_t len, bool told = true) {
  FlowMaker maker;
  std::array<size_t, 2> at{};
  for (const FlowEvent& event : whole.events) {
    if (event.kind == FlowEvent::Kind::fin) maker.fin(event.side);
    if (event.kind != FlowEvent::Kind::data) continue;
    const ByteView bytes = whole.view(event);
    size_t& begin = at[static_cast<size_t>(event.side)];
    const size_t end = begin + bytes.size();
    if (event.side != side || end <= offset || begin >= offset + len) {
      maker.says(event.side, bytes);
    } else {
      if (begin < offset) maker.says(side, bytes.first(offset - begin));
      if (begin <= offset) maker.gap(side, told ? len : 0);
      if (end > offset + len) maker.says(side, bytes.last(end - offset - len));
    }
    begin = end;
  }
  return maker.flow();
}

size_t count(const trace::Trace& trace, EventKind kind, Direction direction) {
  size_t num = 0;
  for (const trace::Event& event : trace.events()) num += event.kind == kind && event.direction == direction ? 1 : 0;
  return num;
}

TEST(FollowTrouble, HowItIsCutDoesNotMatter) {
  for (const PairOptions& options : {PairOptions{}, tls12()}) {
    const Recorded whole(options);
    Follower follower({.keys = &whole.keys, .max_events = 100'000});
    ASSERT_TRUE(follower.follow(whole.pair.maker.flow()));
    const std::string client = client_story(follower), server = server_story(follower);
    for (const size_t len : {size_t{1}, size_t{5}, size_t{1460}}) {
      FlowMaker maker;
      for (const FlowEvent& event : whole.pair.maker.flow().events) {
        if (event.kind == FlowEvent::Kind::data)
          maker.says_in_pieces(event.side, whole.pair.maker.flow().view(event), len);
        if (event.kind == FlowEvent::Kind::fin) maker.fin(event.side);
      }
      ASSERT_TRUE(follower.follow(maker.flow()));
      EXPECT_EQ(client_story(follower), client);
      EXPECT_EQ(server_story(follower), server);
    }
  }
}

TEST(FollowTrouble, MessagesOverManyRecords) {
  const Recorded whole({.min_version = TLS1_2_VERSION, .max_version = TLS1_3_VERSION, .max_fragment = 512});
  Follower follower({.keys = &whole.keys});
  ASSERT_TRUE(follower.follow(whole.pair.maker.flow()));
  EXPECT_EQ(count(follower.trace(), EventKind::problem, Direction::server_to_client), 0U);
  EXPECT_NE(server_story(follower).find("m11h r22h m15h"), std::string::npos) << server_story(follower);
}

// Every place of a gap in the server's application data: nothing breaks, what comes after it is opened again.
TEST(FollowTrouble, AfterAGapTheNextRecordIsOpened) {
  for (const PairOptions& options : {PairOptions{}, tls12()}) {
    const Recorded whole(options);
    const Flow& flow = whole.pair.maker.flow();
    const size_t total = flow.bytes[1].size();
    for (const size_t back : {size_t{5000}, size_t{6000}, size_t{7000}}) {
      for (const bool told : {true, false}) {
        Follower follower({.keys = &whole.keys});
        ASSERT_TRUE(follower.follow(without(flow, Side::b, total - back, 1460, told)));
        const std::string server = server_story(follower);
        EXPECT_NE(server.find("gap"), std::string::npos);
        EXPECT_NE(server.rfind("data2000a"), std::string::npos);
        EXPECT_GT(server.rfind("data2000a"), server.find("gap")) << server;
        EXPECT_NE(server.find("alert0a fin"), std::string::npos) << server;
        EXPECT_EQ(count(follower.trace(), EventKind::problem, Direction::server_to_client), 0U) << server;
        EXPECT_FALSE(follower.trace().coverage().complete_streams);
      }
    }
  }
}

// Anywhere at all, with keys and without: no false problem, and it ends.
TEST(FollowTrouble, GapsAnywhere) {
  for (const PairOptions& options : {PairOptions{}, tls12()}) {
    const Recorded whole(options);
    const Flow& flow = whole.pair.maker.flow();
    for (const Side side : {Side::a, Side::b})
      for (size_t at = 0; at < flow.bytes[static_cast<size_t>(side)].size(); at += 37)
        for (const trace::KeyLogIndex* keys : {&whole.keys, static_cast<const trace::KeyLogIndex*>(nullptr)}) {
          Follower follower({.keys = keys});
          const Flow cut = without(flow, side, at, 100);
          if (!follower.follow(cut)) continue;
          for (const Direction direction : {Direction::client_to_server, Direction::server_to_client})
            EXPECT_EQ(count(follower.trace(), EventKind::problem, direction), 0U) << at << "\n"
                                                                                  << client_story(follower) << "\n"
                                                                                  << server_story(follower);
        }
  }
}

// Cut off at the front: records are found, and nothing is taken for what it cannot be.
TEST(FollowTrouble, BeginsInMidConnection) {
  const Recorded whole;
  const Flow& flow = whole.pair.maker.flow();
  FlowMaker maker(Protocol::tcp, false);
  maker.a(ByteView(flow.bytes[0]).last(3022 + 24 + 10));
  maker.b(ByteView(flow.bytes[1]).last(7000));
  Follower follower({.keys = &whole.keys});
  const auto followed = follower.follow(maker.flow());
  ASSERT_TRUE(followed);
  EXPECT_FALSE(followed->client_is_known);
  EXPECT_FALSE(follower.trace().coverage().from_start);
  EXPECT_EQ(server_story(follower), "note(910 bytes were skipped to where a record begins) r23ax r23ax r23ax r23ax");
  EXPECT_EQ(follower.trace().version(), 0);
}

TEST(FollowTrouble, ARestOfAnotherConnectionIsNone) {
  FlowMaker maker(Protocol::tcp, false);
  maker.a(hex("1503030002 0100"));
  Follower follower({});
  EXPECT_FALSE(follower.follow(maker.flow()));
  FlowMaker text;
  text.a("GET / HTTP/1.1\r\n\r\n").b("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_FALSE(follower.follow(text.flow()));
}

TEST(FollowTrouble, OneDirectionOnly) {
  const Recorded whole(tls12());
  for (const Side side : {Side::a, Side::b}) {
    const auto i = static_cast<size_t>(side);
    FlowMaker maker(Protocol::tcp, false);
    maker.says(side, whole.pair.maker.flow().bytes[i]);
    Follower follower({.keys = &whole.keys});
    const auto followed = follower.follow(maker.flow());
    ASSERT_TRUE(followed);
    EXPECT_TRUE(followed->client_is_known);
    EXPECT_EQ(followed->client, Side::a) << "whichever sent: " << i;
    EXPECT_EQ(follower.trace().coverage().client_seen, side == Side::a);
    EXPECT_EQ(follower.trace().coverage().server_seen, side == Side::b);
    EXPECT_EQ(count(follower.trace(), EventKind::problem,
                    followed->client == side ? Direction::client_to_server : Direction::server_to_client),
              0U);
  }
}

TEST(FollowTrouble, AnAnswerCapturedBeforeItsQuestion) {
  for (const PairOptions& options : {PairOptions{}, tls12()}) {
    const Recorded whole(options);
    Follower follower({.keys = &whole.keys});
    ASSERT_TRUE(follower.follow(whole.pair.maker.flow()));
    const std::string client = client_story(follower), server = server_story(follower);
    Flow flow = whole.pair.maker.flow();
    std::vector<size_t> data;
    for (size_t i = 0; i < flow.events.size(); ++i)
      if (flow.events[i].kind == FlowEvent::Kind::data) data.push_back(i);
    for (size_t n = 0; n + 1 < 4; ++n) {
      if (flow.events[data[n]].side == flow.events[data[n + 1]].side) continue;
      Flow swapped = flow;
      std::swap(swapped.events[data[n]], swapped.events[data[n + 1]]);
      ASSERT_TRUE(follower.follow(swapped));
      EXPECT_EQ(client_story(follower), client);
      EXPECT_EQ(server_story(follower), server);
      EXPECT_NE(follower.trace().find_message(Direction::client_to_server, 1), nullptr);
      EXPECT_LT(follower.trace().find_message(Direction::client_to_server, 1),
                follower.trace().find_message(Direction::server_to_client, 2));
    }
  }
}

TEST(FollowTrouble, Renegotiation) {
  PairOptions options = tls12();
  options.contexts = [](SSL_CTX*, SSL_CTX* server) { SSL_CTX_set_options(server, SSL_OP_ALLOW_CLIENT_RENEGOTIATION); };
  SslPair pair(options);
  ASSERT_TRUE(pair.handshake());
  const std::string first_keys = pair.key_log;
  ASSERT_EQ(SSL_renegotiate(pair.client.get()), 1);
  for (int i = 0; i < 6; ++i) {
    SSL_do_handshake(pair.client.get());
    pair.move(Side::a);
    pair.read(Side::b);
  }
  ASSERT_TRUE(pair.say(Side::a, "after"));
  trace::KeyLogIndex keys;
  keys.add(as_bytes(pair.key_log));
  Follower follower({.keys = &keys});
  ASSERT_TRUE(follower.follow(pair.maker.flow()));
  EXPECT_NE(client_story(follower).find("r22a m1a r22a m16a r20a ccs r22a m20a r23a data5a"), std::string::npos)
      << client_story(follower);
  // Without the second master secret what follows the inner ChangeCipherSpec stays closed.
  trace::KeyLogIndex half;
  half.add(as_bytes(first_keys));
  Follower blind({.keys = &half});
  ASSERT_TRUE(blind.follow(pair.maker.flow()));
  EXPECT_NE(client_story(blind).find("r22a m1a r22a m16a r20a ccs r22ax r23ax"), std::string::npos)
      << client_story(blind);
  EXPECT_EQ(count(blind.trace(), EventKind::problem, Direction::client_to_server), 0U);
}

TEST(FollowTrouble, WrongKeysAreToldOnce) {
  const Recorded whole;
  std::string text = whole.pair.key_log;
  const size_t at = text.find("SERVER_TRAFFIC_SECRET_0");
  const size_t secret = text.find('\n', at) - 1;
  text[secret] = text[secret] == '0' ? '1' : '0';
  trace::KeyLogIndex keys;
  keys.add(as_bytes(text));
  Follower follower({.keys = &keys});
  ASSERT_TRUE(follower.follow(whole.pair.maker.flow()));
  EXPECT_EQ(count(follower.trace(), EventKind::problem, Direction::server_to_client), 1U);
  EXPECT_NE(server_story(follower).find("r23ax problem(a protected record does not authenticate) r23ax"),
            std::string::npos)
      << server_story(follower);
}

TEST(FollowTrouble, PlainAnswersAndGarbage) {
  Follower follower({});
  FlowMaker http;
  http.a(kHello).b("HTTP/1.1 400 Bad Request\r\n\r\n").fin(Side::b);
  ASSERT_TRUE(follower.follow(http.flow()));
  EXPECT_EQ(
      server_story(follower),
      "problem(what it says is not TLS: \"HTTP/1.1 400 Bad Request\\r\\n\\r\\n\") fin note(28 bytes were skipped to "
      "where a record begins)");
  FlowMaker garbage;
  garbage.a(kHello).b(hex("1603030004 0e000000 ff00ff00 1503030002 0228"));
  ASSERT_TRUE(follower.follow(garbage.flow()));
  EXPECT_EQ(server_story(follower),
            "r22i m14i problem(a record header whose version is not 3.x) note(4 bytes were skipped to where a record "
            "begins) r21i alert40i");
  FlowMaker pieces;  // alerts may be cut before TLS 1.3, and several may stand in a record
  pieces.a(kHello).b(hex("1503010001 01 1503010001 70 1503010004 0100 0228 1503010000"));
  ASSERT_TRUE(follower.follow(pieces.flow()));
  EXPECT_EQ(server_story(follower), "r21i r21i alert112i r21i alert0i alert40i r21i");
}

TEST(FollowTrouble, Ssl2) {
  Follower follower({});
  const std::string challenge = "000102030405060708090a0b0c0d0e0f";
  FlowMaker ssl2;
  ssl2.a(hex("801f 01 0002 0006 0000 0010 010080 0700c0" + challenge))
      .b(hex("8016 04 00 01 0002 0000 0003 0008 010080 0011223344556677"));
  const auto followed = follower.follow(ssl2.flow());
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->client, Side::a);
  EXPECT_EQ(follower.trace().transport(), trace::Transport::ssl2);
  EXPECT_EQ(client_story(follower),
            "problem(SSL 2.0 CLIENT-HELLO, version SSL 2.0, 2 cipher kinds: SSL_CK_RC4_128_WITH_MD5, "
            "SSL_CK_DES_192_EDE3_CBC_WITH_MD5, a session id of 0 bytes, a challenge of 16 bytes)");
  EXPECT_EQ(server_story(follower),
            "problem(SSL 2.0 SERVER-HELLO, version SSL 2.0, a certificate of 0 bytes, 1 cipher kinds: "
            "SSL_CK_RC4_128_WITH_MD5)");
  FlowMaker compatible;
  compatible.a(hex("801c 01 0303 0003 0000 0010 00002f" + challenge))
      .b(hex("1603030004 0e000000"))
      .a(hex("1503030002 0100"));
  ASSERT_TRUE(follower.follow(compatible.flow()));
  EXPECT_EQ(follower.trace().transport(), trace::Transport::ssl2);
  EXPECT_EQ(
      client_story(follower),
      "problem(SSL 2.0 CLIENT-HELLO, version TLS 1.2, 1 cipher kinds: TLS_RSA_WITH_AES_128_CBC_SHA, a session id of "
      "0 bytes, a challenge of 16 bytes) r21i alert0i");
  EXPECT_EQ(server_story(follower), "r22i m14i");
}

TEST(FollowTrouble, APreludeIsTold) {
  FlowMaker maker;
  maker.b("220 mail.example ESMTP\r\n")
      .a("EHLO client.example\r\n")
      .b("250-mail.example\r\n250 STARTTLS\r\n")
      .a("STARTTLS\r\n")
      .b("220 go ahead\r\n")
      .a(kHello)
      .b(hex("1503030002 0228"));
  Follower follower({});
  const auto followed = follower.follow(maker.flow());
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->prelude, "SMTP STARTTLS");
  EXPECT_EQ(followed->client, Side::a);
  EXPECT_EQ(client_story(follower), "'EHLO client.example' 'STARTTLS' r22i m1i");
  EXPECT_EQ(follower.trace().bytes_of(*follower.trace().find_message(Direction::client_to_server, 1)).size(),
            kHello.size());
}

}  // namespace
}  // namespace tlsproof::capture
