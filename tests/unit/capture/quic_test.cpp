// The follower of QUIC against connections that the tests make themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flow_script.h"
#include "quic_maker.h"
#include "tlsproof/capture/follow.h"

namespace tlsproof::capture {
namespace {

using testing::close_frame;
using testing::crypto_frame;
using ::testing::ElementsAre;
using testing::FlowMaker;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::joined;
using testing::kQuicClientHello;
using testing::kQuicEncryptedExtensions;
using testing::kQuicFinished;
using testing::kQuicServerHello;
using testing::QuicSender;
using trace::EventKind;
using wire::Direction;

constexpr uint32_t kVersion2 = 0x6b3343cf;
const Bytes kOrigin = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};
const Bytes kServerId = {0xf0, 0x67, 0xa5, 0x50};
const Bytes kClientSecret(32, 0x11), kServerSecret(32, 0x22);

class QuicTest : public ::testing::Test {
 protected:
  explicit QuicTest(uint32_t version = 1)
      : client(crypto::Side::client, version, kOrigin, {}), server(crypto::Side::server, version, {}, kServerId) {
    use(kOrigin);
    client.start_handshake(kClientSecret);
    server.start_handshake(kServerSecret);
  }
  void use(const Bytes& origin) {
    client.start_initial(origin);
    server.start_initial(origin);
  }
  [[nodiscard]] static std::string key_log() {
    const std::string random = to_hex(ByteView(kQuicClientHello).subspan(6, 32));
    return "CLIENT_HANDSHAKE_TRAFFIC_SECRET " + random + " " + to_hex(kClientSecret) +
           "\nSERVER_HANDSHAKE_TRAFFIC_SECRET " + random + " " + to_hex(kServerSecret) + "\n";
  }
  bool follow() {
    follower_.emplace(FollowOptions{.keys = &keys});
    followed = follower_->follow(flow.flow());
    return followed.has_value();
  }
  [[nodiscard]] const trace::Trace& trace() const { return follower_->trace(); }
  // "> initial 1" for a ClientHello, and so on.
  [[nodiscard]] std::vector<std::string> messages() const {
    std::vector<std::string> all;
    for (const trace::Event& event : trace().events()) {
      if (event.kind != EventKind::message) continue;
      all.push_back((event.direction == Direction::client_to_server ? "> " : "< ") +
                    std::string(to_string(event.level)) + " " + std::to_string(event.code));
      EXPECT_EQ(to_hex(trace().bytes_of(event)), to_hex(trace().content(event)));
    }
    return all;
  }
  [[nodiscard]] std::vector<std::string> texts(EventKind kind) const {
    std::vector<std::string> all;
    for (const trace::Event& event : trace().events())
      if (event.kind == kind) all.emplace_back(trace().text(event));
    return all;
  }
  void hellos() {
    flow.a(client.initial(crypto_frame(0, kQuicClientHello)));
    flow.b(server.initial(joined({{2, 0, 0, 0, 0}, crypto_frame(0, kQuicServerHello)})));
    client.destination_id = kServerId;
  }

  QuicSender client, server;
  FlowMaker flow{Protocol::udp};
  trace::KeyLogIndex keys;
  std::optional<Followed> followed;

 private:
  std::optional<Follower> follower_;
};

TEST_F(QuicTest, TellsTheHellosOfTheAppendix) {
  hellos();
  ASSERT_TRUE(follow());
  EXPECT_EQ(trace().transport(), trace::Transport::quic);
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2"));
  EXPECT_EQ(trace().cipher_suite(), 0x1301);
  EXPECT_TRUE(followed->client_is_known);
  EXPECT_EQ(followed->client, Side::a);
  EXPECT_FALSE(followed->had_keys);
  EXPECT_TRUE(trace().coverage().whole());
  EXPECT_FALSE(trace().coverage().ended);
  EXPECT_EQ(trace().local_address(), "192.0.2.1:40000");
  EXPECT_THAT(texts(EventKind::problem), IsEmpty());
  EXPECT_EQ(to_hex(trace().stream(Direction::client_to_server)), to_hex(kQuicClientHello));
}

TEST_F(QuicTest, OpensHandshakePacketsWithTheKeyLog) {
  keys.add(as_bytes(key_log()));
  hellos();
  // The rest of the first flight, in one datagram with a packet of application data behind it.
  const Bytes certificate = joined({{11, 0, 1, 0}, Bytes(256, 9)});
  const Bytes flight = joined({kQuicEncryptedExtensions, certificate, kQuicFinished});
  flow.b(joined({server.handshake(crypto_frame(100, ByteView(flight).subspan(100))), {0x40, 1, 2, 3}}));
  flow.b(server.handshake(crypto_frame(0, ByteView(flight).first(100))));
  flow.a(client.handshake(crypto_frame(0, kQuicFinished)));
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2", "< handshake 8", "< handshake 11", "< handshake 20",
                                      "> handshake 20"));
  EXPECT_TRUE(followed->had_keys);
  EXPECT_TRUE(trace().coverage().whole());
  EXPECT_EQ(texts(EventKind::application_data).size(), 1U);
  EXPECT_THAT(texts(EventKind::note), IsEmpty());
  EXPECT_EQ(to_hex(trace().stream(Direction::server_to_client)), to_hex(joined({kQuicServerHello, flight})));
}

TEST_F(QuicTest, SaysWhatItCannotOpen) {
  hellos();
  flow.b(server.handshake(crypto_frame(0, kQuicEncryptedExtensions)));
  flow.b(server.handshake(crypto_frame(6, kQuicFinished)));
  flow.a(client.handshake(crypto_frame(0, kQuicFinished)));
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2"));
  EXPECT_THAT(texts(EventKind::note), ElementsAre("Handshake packets, not opened: no secret for them",
                                                  "Handshake packets, not opened: no secret for them"));
  EXPECT_THAT(texts(EventKind::problem), IsEmpty());
  EXPECT_TRUE(trace().coverage().whole());
}

TEST_F(QuicTest, PutsTheHelloTogetherFromScatteredFrames) {
  const ByteView hello = kQuicClientHello;
  flow.a(client.initial(
      joined({crypto_frame(200, hello.subspan(200)), Bytes(3), crypto_frame(50, hello.subspan(50, 60)), {1}})));
  flow.a(client.initial(joined({crypto_frame(110, hello.subspan(110, 90)), crypto_frame(0, hello.first(50))})));
  flow.b(server.initial(crypto_frame(0, kQuicServerHello)));
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2"));
  EXPECT_TRUE(trace().coverage().whole());
}

TEST_F(QuicTest, TakesTheClientForWhoSentTheHello) {
  flow.b(client.initial(crypto_frame(0, kQuicClientHello)));
  flow.a(server.initial(crypto_frame(0, kQuicServerHello)));
  ASSERT_TRUE(follow());
  EXPECT_EQ(followed->client, Side::b);
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2"));
}

TEST_F(QuicTest, OrdersPacketsThatCameTheWrongWayRound) {
  keys.add(as_bytes(key_log()));
  flow.b(server.handshake(crypto_frame(0, kQuicEncryptedExtensions)));
  flow.b(server.initial(crypto_frame(0, kQuicServerHello)));
  flow.a(client.initial(crypto_frame(0, kQuicClientHello)));
  ASSERT_TRUE(follow());
  EXPECT_EQ(followed->client, Side::a);
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2", "< handshake 8"));
}

TEST_F(QuicTest, FollowsARetry) {
  flow.a(client.initial(crypto_frame(0, kQuicClientHello)));
  const Bytes chosen = {0xaa, 0xbb, 0xcc, 0xdd, 0xee};
  server.source_id = chosen;
  flow.b(joined({server.long_header(QuicPacketType::retry), Bytes(20, 7)}));
  client.destination_id = chosen;
  client.token = Bytes(4, 7);
  use(chosen);
  flow.a(client.initial(crypto_frame(0, kQuicClientHello)));
  flow.b(server.initial(crypto_frame(0, kQuicServerHello)));
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2"));
  EXPECT_THAT(texts(EventKind::note), ElementsAre(HasSubstr("Retry")));
  EXPECT_THAT(texts(EventKind::problem), IsEmpty());
  EXPECT_TRUE(trace().coverage().whole());
}

TEST_F(QuicTest, FollowsVersionNegotiation) {
  flow.a(client.initial(crypto_frame(0, kQuicClientHello)));
  flow.b(*from_hex("8000000000000883 94c8f03e515708 6b3343cf 1a2a3a4a"));
  QuicSender again(crypto::Side::client, kVersion2, {1, 2, 3, 4, 5, 6, 7, 8}, {});
  again.start_initial(again.destination_id);
  flow.a(again.initial(crypto_frame(0, kQuicClientHello)));
  QuicSender answer(crypto::Side::server, kVersion2, {}, kServerId);
  answer.start_initial(again.destination_id);
  flow.b(answer.initial(crypto_frame(0, kQuicServerHello)));
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2"));
  EXPECT_THAT(texts(EventKind::note), ElementsAre("Version Negotiation: the server speaks version 2, 0x1a2a3a4a"));
  EXPECT_THAT(texts(EventKind::problem), IsEmpty());
}

// RFC 9368: the server may go on in another version without asking, with keys from the same connection id.
TEST_F(QuicTest, FollowsACompatibleVersion) {
  keys.add(as_bytes(key_log()));
  flow.a(client.initial(crypto_frame(0, kQuicClientHello)));
  QuicSender answer(crypto::Side::server, kVersion2, {}, kServerId), on(crypto::Side::client, kVersion2, kServerId, {});
  answer.start_initial(kOrigin);
  answer.start_handshake(kServerSecret);
  on.start_handshake(kClientSecret);
  flow.b(answer.initial(crypto_frame(0, kQuicServerHello)));
  flow.b(answer.handshake(crypto_frame(0, kQuicEncryptedExtensions)));
  flow.a(on.handshake(crypto_frame(0, kQuicFinished)));
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2", "< handshake 8", "> handshake 20"));
  EXPECT_THAT(texts(EventKind::problem), IsEmpty());
}

TEST_F(QuicTest, TellsAnAlertAndOtherErrors) {
  flow.a(client.initial(crypto_frame(0, kQuicClientHello)));
  const Bytes refused = close_frame(0x0128, "no\x1b[0m");
  flow.b(server.initial(refused));
  flow.b(server.initial(refused));
  flow.a(client.initial(close_frame(0x0a, "")));
  ASSERT_TRUE(follow());
  std::vector<uint16_t> alerts;
  for (const trace::Event& event : trace().events())
    if (event.kind == EventKind::alert) alerts.push_back(event.code);
  EXPECT_THAT(alerts, ElementsAre(0x0228));
  EXPECT_THAT(texts(EventKind::note),
              ElementsAre("CONNECTION_CLOSE: no\x1b[0m", "CONNECTION_CLOSE PROTOCOL_VIOLATION"));
  EXPECT_TRUE(trace().coverage().ended);
}

TEST_F(QuicTest, APacketThatWasChangedIsAProblemAndLeavesAHole) {
  keys.add(as_bytes(key_log()));
  hellos();
  for (const bool at_handshake : {false, true}) {
    Bytes packet = at_handshake ? server.handshake(crypto_frame(0, kQuicEncryptedExtensions))
                                : server.initial(crypto_frame(90, kQuicFinished));
    packet[packet.size() - 20] ^= 1;
    flow.b(packet);
  }
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2"));
  EXPECT_THAT(texts(EventKind::problem),
              ElementsAre("an Initial packet that does not open", "a Handshake packet that does not open"));
  EXPECT_FALSE(trace().coverage().complete_streams);
}

TEST_F(QuicTest, NamesWhatIsMissing) {
  const ByteView hello = kQuicClientHello;
  flow.a(client.initial(crypto_frame(100, hello.subspan(100))));
  flow.b(server.initial(crypto_frame(0, ByteView(kQuicServerHello).first(40))));
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), IsEmpty());
  EXPECT_THAT(texts(EventKind::gap), ElementsAre("100 bytes of CRYPTO frames at 0, initial level",
                                                 "the rest of a message in CRYPTO frames, initial level"));
  EXPECT_FALSE(trace().coverage().complete_streams);
}

TEST_F(QuicTest, TellsNothingOfAConnectionWhoseBeginningIsMissing) {
  flow.b(server.initial(crypto_frame(0, kQuicServerHello)));
  client.destination_id = kServerId;
  flow.a(client.initial({2, 0, 0, 0, 0}));
  flow.b(server.handshake(crypto_frame(0, kQuicEncryptedExtensions)));
  EXPECT_FALSE(follow());
}

TEST_F(QuicTest, IsNotFooledByOtherDatagrams) {
  flow.a("hello");
  flow.a(Bytes{});
  flow.b(Bytes{0xc0, 0, 0, 0, 1});
  flow.b(joined({{0xc3, 0, 0, 0, 1, 8}, Bytes(1194, 0x33)}));  // looks like an Initial packet
  EXPECT_FALSE(follow());
}

TEST_F(QuicTest, LeavesASecondConnectionAlone) {
  hellos();
  QuicSender other(crypto::Side::client, 1, Bytes(8, 0x77), {});
  other.start_initial(other.destination_id);
  flow.a(other.initial(crypto_frame(0, kQuicClientHello)));
  ASSERT_TRUE(follow());
  EXPECT_THAT(messages(), ElementsAre("> initial 1", "< initial 2"));
  EXPECT_THAT(texts(EventKind::note), ElementsAre(HasSubstr("another QUIC connection")));
}

TEST_F(QuicTest, SaysWhenAFrameContradictsAnother) {
  Bytes other = kQuicClientHello;
  other[20] ^= 1;
  flow.a(client.initial(crypto_frame(0, kQuicClientHello)));
  flow.a(client.initial(crypto_frame(0, other)));
  flow.a(client.initial({0x08, 1, 2, 3}));  // STREAM
  ASSERT_TRUE(follow());
  EXPECT_EQ(texts(EventKind::conflict).size(), 1U);
  EXPECT_THAT(texts(EventKind::problem), ElementsAre(HasSubstr("QUIC.frame_type")));
}

}  // namespace
}  // namespace tlsproof::capture
