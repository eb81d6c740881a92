// DTLS followed in datagrams made by hand, and in real captures.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "tlsproof/capture/flow_table.h"
#include "tlsproof/capture/follow.h"
#include "tlsproof/capture/source.h"
#include "tlsproof/crypto/key_schedule12.h"
#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/wire/dtls.h"
#include "unit/capture/captures.h"
#include "unit/capture/flow_script.h"

namespace tlsproof::capture {
namespace {

using testing::FlowMaker;
using trace::EventKind;
using wire::Direction;

Bytes hex(std::string_view text) {
  return *from_hex(text);
}
Bytes operator+(Bytes a, const Bytes& b) {
  append(a, b);
  return a;
}

Bytes record(uint8_t type, uint16_t epoch, uint64_t sequence, const Bytes& fragment, uint16_t version = 0xfefd) {
  Bytes out;
  tlsproof::Writer w(out);
  w.u8(type);
  w.u16(version);
  w.u16(epoch);
  w.u16(static_cast<uint16_t>(sequence >> 32));
  w.u32(static_cast<uint32_t>(sequence));
  w.opaque16(fragment);
  return out;
}
Bytes fragment(uint8_t type, uint16_t seq, const Bytes& body, size_t from = 0, size_t len = SIZE_MAX) {
  Bytes out;
  tlsproof::Writer w(out);
  const ByteView part = ByteView(body).subspan(from, std::min(len, body.size() - from));
  encode(wire::DtlsFragmentHeader{type, static_cast<uint32_t>(body.size()), seq, static_cast<uint32_t>(from),
                                  static_cast<uint32_t>(part.size())},
         w);
  w.bytes(part);
  return out;
}
Bytes handshake(uint64_t sequence, const Bytes& fragments) {
  return record(22, 0, sequence, fragments);
}

// With the extension connection_id where `cid` is given.
Bytes client_hello(std::string_view cookie, std::string_view cid = "") {
  Bytes body = hex("fefd" + std::string(64, '1') + "00");
  tlsproof::Writer w(body);
  w.opaque8(hex(cookie));
  append(body, hex("0002c02b0100"));
  w.prefixed16([&] {
    if (cid.empty()) return;
    w.u16(54);
    w.prefixed16([&] { w.opaque8(hex(cid)); });
  });
  return body;
}
Bytes server_hello(std::string_view cid = "", uint16_t supported_version = 0) {
  Bytes body = hex("fefd" + std::string(64, '2') + "00c02b00");
  tlsproof::Writer w(body);
  w.prefixed16([&] {
    if (supported_version != 0) {
      w.u16(43);
      w.prefixed16([&] { w.u16(supported_version); });
    }
    if (cid.empty()) return;
    w.u16(54);
    w.prefixed16([&] { w.opaque8(hex(cid)); });
  });
  return body;
}
const Bytes kCertificate = hex("000000");
const Bytes kVerifyRequest = hex("feff04c00c1e00");

// "c m1 m2 ccs r22x note(…)": each record that is not opened, each message and alert, with who said it in front.
std::string story(const trace::Trace& trace) {
  std::string out;
  for (const trace::Event& event : trace.events()) {
    const char who = event.direction == Direction::client_to_server ? 'c' : 's';
    std::string word;
    if (event.kind == EventKind::message) word = fmt::format("{}.m{}", who, event.code);
    if (event.kind == EventKind::record && !event.opened)
      word = fmt::format("{}.r{}{}", who, event.code, "ieha"[static_cast<size_t>(event.level)]);
    if (event.kind == EventKind::alert) word = fmt::format("{}.alert{}", who, event.code & 0xff);
    if (event.kind == EventKind::application_data) word = fmt::format("{}.data", who);
    if (event.kind == EventKind::change_cipher_spec) word = fmt::format("{}.ccs", who);
    if (event.kind == EventKind::note || event.kind == EventKind::problem || event.kind == EventKind::conflict)
      word = fmt::format("{}({})", who, trace.text(event));
    if (!word.empty()) out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

struct FollowedDtls {
  Follower follower{FollowOptions{}};
  std::optional<Followed> followed;
  explicit FollowedDtls(const Flow& flow) : followed(follower.follow(flow)) {}
  [[nodiscard]] const trace::Trace& trace() const { return follower.trace(); }
};

TEST(FollowDtls, TellsAHandshakeWithACookie) {
  const Bytes hello = client_hello("c00c1e00");
  const FlowMaker maker =
      FlowMaker(Protocol::udp)
          .a(handshake(0, fragment(1, 0, client_hello(""))))
          .b(handshake(0, fragment(3, 0, kVerifyRequest)))
          .a(handshake(1, fragment(1, 1, hello, 0, 20)))
          .a(handshake(2, fragment(1, 1, hello, 20)))
          .b(handshake(1, fragment(2, 1, server_hello()) + fragment(11, 2, kCertificate)) +
             handshake(2, fragment(14, 3, {})))
          .a(handshake(3, fragment(16, 2, hex("0101"))) + record(20, 0, 4, hex("01")) + record(22, 1, 0, Bytes(40)))
          .b(record(21, 0, 9, hex("0228")));
  FollowedDtls result(maker.flow());
  ASSERT_TRUE(result.followed);
  EXPECT_EQ(story(result.trace()), "c.m1 s.m3 c.m1 s.m2 s.m11 s.m14 c.m16 c.ccs c.r22a s.alert40");
  EXPECT_EQ(result.followed->client, Side::a);
  EXPECT_TRUE(result.followed->client_is_known);
  const trace::Trace& trace = result.trace();
  EXPECT_EQ(trace.transport(), trace::Transport::dtls);
  EXPECT_EQ(trace.version(), 0xfefd);
  EXPECT_TRUE(trace.coverage().whole());
  EXPECT_TRUE(trace.coverage().ended);
  // In the form of TLS, decoded with its cookie, from both datagrams.
  for (const trace::Event& event : trace.events()) {
    if (event.kind != EventKind::message) continue;
    const auto decoded = trace.message(event);
    ASSERT_TRUE(decoded) << event.code;
    EXPECT_FALSE(std::holds_alternative<wire::RawMessage>(*decoded)) << event.code;
    const auto* typed = std::get_if<wire::ClientHello>(&*decoded);
    if (typed == nullptr || typed->legacy_cookie.empty()) continue;
    EXPECT_EQ(to_hex(typed->legacy_cookie), "c00c1e00");
    EXPECT_EQ(event.stream.len, hello.size() + 2 * (wire::kDtlsHandshakeHeaderLen) + wire::kDtlsRecordHeaderLen);
  }
}

TEST(FollowDtls, TheSideOfTheServerMayComeFirst) {
  FollowedDtls result(FlowMaker(Protocol::udp)
                          .a(handshake(1, fragment(2, 0, server_hello())))
                          .b(handshake(0, fragment(1, 0, client_hello(""))))
                          .flow());
  ASSERT_TRUE(result.followed);
  EXPECT_EQ(result.followed->client, Side::b);
  EXPECT_FALSE(result.trace().coverage().from_start);
}

TEST(FollowDtls, TellsARetransmittedMessageOnce) {
  const Bytes flight = handshake(1, fragment(2, 0, server_hello())) + handshake(2, fragment(11, 1, kCertificate));
  FollowedDtls result(FlowMaker(Protocol::udp)
                          .a(handshake(0, fragment(1, 0, client_hello(""))))
                          .a(handshake(1, fragment(1, 0, client_hello(""))))
                          .b(flight)
                          .b(flight)
                          .b(handshake(5, fragment(14, 2, {})))
                          .flow());
  EXPECT_EQ(story(result.trace()),
            "c.m1 s.m2 s.m11 s.m14 c(1 handshake fragment came again) s(2 handshake fragments came again)");
}

TEST(FollowDtls, PutsMessagesInTheirOrder) {
  FollowedDtls result(FlowMaker(Protocol::udp)
                          .a(handshake(0, fragment(1, 0, client_hello(""))))
                          .b(handshake(3, fragment(14, 2, {})))
                          .b(handshake(2, fragment(11, 1, kCertificate)))
                          .b(handshake(1, fragment(2, 0, server_hello())))
                          .flow());
  EXPECT_EQ(story(result.trace()), "c.m1 s.m2 s.m11 s.m14");
  EXPECT_TRUE(result.trace().coverage().complete_streams);
}

// The client's answer shows that it has read what the capture lacks.
TEST(FollowDtls, DoesNotWaitForWhatWasNotCaptured) {
  FollowedDtls result(FlowMaker(Protocol::udp)
                          .a(handshake(0, fragment(1, 0, client_hello(""))))
                          .b(handshake(1, fragment(2, 0, server_hello())))
                          .b(handshake(3, fragment(14, 2, {})))
                          .a(handshake(1, fragment(16, 1, hex("0101"))))
                          .flow());
  EXPECT_EQ(story(result.trace()), "c.m1 s.m2 s.m14 c.m16");
  EXPECT_FALSE(result.trace().coverage().complete_streams);
}

TEST(FollowDtls, SaysWhatIsNotWhole) {
  const Bytes hello = client_hello("");
  FollowedDtls result(FlowMaker(Protocol::udp)
                          .a(handshake(0, fragment(1, 0, hello)))
                          .b(handshake(0, fragment(2, 0, server_hello(), 0, 20)) + hex("16fefd"))
                          .b(handshake(1, hex("02000004000000000000000a0102")))
                          .b(record(21, 0, 2, hex("02")))
                          .flow());
  EXPECT_EQ(story(result.trace()),
            "c.m1 s(3 bytes at the end of a datagram are no record) s(a handshake fragment longer than its record) "
            "s(an alert record of 1 bytes instead of 2) s(parts of 1 handshake message never came)");
}

TEST(FollowDtls, ANewHandshakeBetweenTheSameAddresses) {
  Bytes other = client_hello("");
  other[5] ^= 0xff;
  FollowedDtls result(FlowMaker(Protocol::udp)
                          .a(handshake(0, fragment(1, 0, client_hello(""))))
                          .b(handshake(0, fragment(2, 0, server_hello())))
                          .a(handshake(0, fragment(1, 0, other)))
                          .b(handshake(0, fragment(2, 0, server_hello())))
                          .flow());
  EXPECT_EQ(story(result.trace()), "c.m1 s.m2 c(a new handshake between the same addresses) c.m1 s.m2");
}

TEST(FollowDtls, ConnectionIdsStandInTheRecords) {
  const Bytes with_id =
      hex("19fefd0001000000000001c1d2e3") + hex("0002aabb") + hex("19fefd0001000000000002c1d2e3") + hex("0001cc");
  FollowedDtls result(FlowMaker(Protocol::udp)
                          .a(handshake(0, fragment(1, 0, client_hello("", "a1"))))
                          .b(handshake(0, fragment(2, 0, server_hello("c1d2e3"))))
                          .a(with_id)
                          .b(hex("19fefd0001000000000001a10001aa"))
                          .flow());
  EXPECT_EQ(story(result.trace()), "c.m1 s.m2 c.r25a c.r25a s.r25a");
}

TEST(FollowDtls, TheUnifiedHeaderOfVersion13) {
  const Bytes unified = hex("2e0001") + hex("0003aabbcc") + hex("2b0002ddee");
  const auto flow = [&](uint16_t version) {
    return FlowMaker(Protocol::udp)
        .a(handshake(0, fragment(1, 0, client_hello(""))))
        .b(handshake(0, fragment(2, 0, server_hello("", version))))
        .b(unified)
        .flow();
  };
  FollowedDtls result(flow(0xfefc));
  EXPECT_EQ(story(result.trace()), "c.m1 s.m2 s.r23h s.r23a");
  EXPECT_EQ(result.trace().version(), 0xfefc);
  FollowedDtls before(flow(0));
  EXPECT_EQ(story(before.trace()), "c.m1 s.m2 s(1 datagram that is not DTLS)");
}

// A record of epoch 1 as a peer with these keys would write it.
Bytes sealed(crypto::RecordProtection& protection, uint8_t type, uint64_t sequence, const Bytes& content) {
  protection.set_sequence(uint64_t{1} << 48 | sequence);
  Bytes tls;
  protection.seal(type, content, tls, {.version = 0xfefd});
  return record(type, 1, sequence, to_bytes(ByteView(tls).subspan(crypto::kRecordHeaderLen)));
}

TEST(FollowDtls, OpensVersion12WithAKeyLog) {
  const Bytes master(48, 0x5a);
  crypto::KeySchedule12 schedule(crypto::HashAlgorithm::sha256);
  schedule.set_master(master);
  // 0xc02b: AES-128-GCM. The randoms are those of the hellos above.
  const auto keys = schedule.keys(crypto::Aead::aes_128_gcm, Bytes(32, 0x11), Bytes(32, 0x22));
  crypto::RecordProtection client, server;
  client.start_tls12(crypto::Aead::aes_128_gcm, keys.client_key, keys.client_iv);
  server.start_tls12(crypto::Aead::aes_128_gcm, keys.server_key, keys.server_iv);
  Bytes corrupt = sealed(server, 23, 2, hex("aabb"));
  corrupt.back() ^= 1;
  // Out of order, and again: each has its own sequence number.
  const FlowMaker maker = FlowMaker(Protocol::udp)
                              .a(handshake(0, fragment(1, 0, client_hello(""))))
                              .b(handshake(0, fragment(2, 0, server_hello())))
                              .a(sealed(client, 22, 0, fragment(20, 2, Bytes(12, 7))))
                              .b(sealed(server, 23, 1, hex("68656c6c6f")))
                              .b(sealed(server, 22, 0, fragment(20, 1, Bytes(12, 8))))
                              .b(corrupt)
                              .a(sealed(client, 21, 1, hex("0100")));
  trace::KeyLogIndex index;
  index.add(as_bytes("CLIENT_RANDOM " + std::string(64, '1') + " " + to_hex(master) + "\n"));
  Follower follower({.keys = &index});
  const auto followed = follower.follow(maker.flow());
  ASSERT_TRUE(followed);
  EXPECT_TRUE(followed->had_keys);
  EXPECT_EQ(story(follower.trace()),
            "c.m1 s.m2 c.m20 s.data s.m20 s.r23a s(a protected record does not authenticate) c.alert0");
  FollowedDtls without(maker.flow());
  EXPECT_FALSE(without.followed->had_keys);
  EXPECT_EQ(story(without.trace()), "c.m1 s.m2 c.r22a s.r23a s.r22a s.r23a c.r21a");
}

TEST(FollowDtls, StunMayShareThePort) {
  const Bytes stun = hex("000100002112a442") + Bytes(12);
  const FlowMaker maker = FlowMaker(Protocol::udp).b(stun).a(stun).a(handshake(0, fragment(1, 0, client_hello(""))));
  EXPECT_EQ(sniff(maker.flow()), Sniff::tls);
  FollowedDtls result(maker.flow());
  ASSERT_TRUE(result.followed);
  EXPECT_EQ(result.followed->client, Side::a);
  EXPECT_TRUE(result.trace().coverage().from_start);
  EXPECT_EQ(story(result.trace()), "c.m1 c(1 datagram that is not DTLS) s(1 datagram that is not DTLS)");
}

TEST(Sniff, DismissesDatagramsOfOtherKindsOnlyWhenTheyAreMany) {
  FlowMaker stun(Protocol::udp), dns(Protocol::udp), quic(Protocol::udp);
  for (int i = 0; i < 100; ++i) stun.a(hex("000100002112a442") + Bytes(12));
  EXPECT_EQ(sniff(stun.flow()), Sniff::undecided);
  for (int i = 0; i < 7; ++i) dns.a(hex("123401000001000000000000") + Bytes(20));
  EXPECT_EQ(sniff(dns.flow()), Sniff::undecided);
  dns.b(hex("1234"));
  EXPECT_EQ(sniff(dns.flow()), Sniff::nothing);
  quic.a(hex("c30000000108") + Bytes(8) + hex("00"));
  EXPECT_EQ(sniff(quic.flow()), Sniff::tls);
  FollowedDtls none(dns.flow());
  EXPECT_FALSE(none.followed);
}

TEST(Sniff, AsksForTheBeginningOfTls) {
  EXPECT_EQ(sniff(FlowMaker().flow()), Sniff::undecided);
  EXPECT_EQ(sniff(FlowMaker().b("220 a\r\n").a("EHLO a\r\n").flow()), Sniff::undecided);
  EXPECT_EQ(sniff(FlowMaker().a(hex("160301002801000024fefd00")).flow()), Sniff::tls);
  EXPECT_EQ(sniff(FlowMaker().a("GET / HTTP/1.1\r\n\r\n").b("HTTP/1.1 200 OK\r\n\r\n").flow()), Sniff::nothing);
}

// A file's flows as the pipeline makes them, and what was told of the handshakes on DTLS.
struct ToldOfFile {
  std::map<uint16_t, size_t> messages;    // by type
  std::vector<std::string> problems;      // and messages that do not decode
  size_t num_opened = 0, num_opaque = 0;  // protected records
};
ToldOfFile tell_file(const std::string& path) {
  ToldOfFile told;
  trace::KeyLogIndex keys;
  Follower follower({.keys = &keys});
  FlowTable table({}, [&](Flow& flow) {
    if (!follower.follow(flow) || follower.trace().transport() != trace::Transport::dtls) return;
    for (const trace::Event& event : follower.trace().events()) {
      if (event.kind == EventKind::problem || event.kind == EventKind::conflict)
        told.problems.emplace_back(follower.trace().text(event));
      if (event.kind == EventKind::record && event.level != wire::Level::initial)
        ++(event.opened ? told.num_opened : told.num_opaque);
      if (event.kind != EventKind::message) continue;
      ++told.messages[event.code];
      const auto decoded = follower.trace().message(event);
      if (!decoded) told.problems.push_back(fmt::format("{}: {}", event.code, decoded.error().message()));
    }
  });
  auto source = open_file(path);
  if (!source) {
    told.problems.push_back(source.error().message());
    return told;
  }
  Dissector dissector;
  Packet packet;
  Segment segment;
  for (;;) {
    const auto next = (*source)->next(packet);
    if (!next || *next == Source::Next::end) break;
    if (*next == Source::Next::secrets) keys.add((*source)->secrets());
    if (*next == Source::Next::packet && dissector.dissect(packet, segment)) table.add(segment);
  }
  table.finish();
  return told;
}

// tshark counts fragments, and each retransmission; here a message counts once.
TEST(DtlsCaptures, HellosAsTheyWereSaid) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  const std::map<std::string, std::array<size_t, 2>> expected = {
      {"ja4/dtls-udp.notest.cap", {1, 1}},
      {"wireshark/dtls12-aes128ccm8-dsb.pcapng", {2, 1}},
      {"wireshark/dtls12-aes128ccm8.pcap", {2, 1}},
      {"wireshark/snakeoil-dtls.pcap", {2, 1}},
      {"wireshark/udt-dtls.pcapng.gz", {2, 1}},
      {"zeek/dtls-sequence-number-jumps.pcap", {1, 1}},
      {"zeek/dtls13-cid.pcap", {7, 4}},
      {"zeek/dtls13-wolfssl.pcap", {2, 2}},
      {"zeek/dtls1_0.pcap", {2, 1}},
      {"zeek/dtls1_2.pcap", {2, 1}},
      {"zeek/webrtc-stun.pcap", {1, 1}},
  };
  size_t num = 0;
  for (const RealCapture& capture : captures) {
    SCOPED_TRACE(capture.name);
    ToldOfFile told = tell_file(capture.path);
    const auto found = expected.find(capture.name);
    EXPECT_EQ(capture.dtls_client_hellos > 0, found != expected.end());
    if (found == expected.end()) {
      EXPECT_TRUE(told.messages.empty());
      continue;
    }
    ++num;
    EXPECT_EQ(told.messages[1], found->second[0]);
    EXPECT_EQ(told.messages[2], found->second[1]);
    EXPECT_TRUE(told.problems.empty()) << told.problems.front();
  }
  EXPECT_EQ(num, expected.size());
}

// With the secrets inside the file everything opens: Finished and the data of both sides.
TEST(DtlsCaptures, OpensWhatSecretsProtect) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  const auto found = std::ranges::find(captures, "wireshark/dtls12-aes128ccm8-dsb.pcapng", &RealCapture::name);
  ASSERT_NE(found, captures.end());
  ToldOfFile told = tell_file(found->path);
  EXPECT_EQ(told.messages[20], 2U);
  EXPECT_EQ(told.num_opened, 7U);
  EXPECT_EQ(told.num_opaque, 0U);
}

TEST(Sniff, KnowsAConnectionThatBeganBefore) {
  Bytes cut(20, 0x9c);
  append(cut, hex("170303001e") + Bytes(30, 0x80) + hex("1703030010"));
  EXPECT_EQ(sniff(FlowMaker(Protocol::tcp, false).a(cut).flow()), Sniff::tls);
  EXPECT_EQ(sniff(FlowMaker(Protocol::tcp, false).a(Bytes(30'000, 0x9c)).flow()), Sniff::undecided);
  EXPECT_EQ(sniff(FlowMaker(Protocol::tcp, false).a(Bytes(60'000, 0x9c)).flow()), Sniff::nothing);
  EXPECT_EQ(sniff(FlowMaker(Protocol::tcp, false).a("<p>Hello there, this goes on</p>").b("GET / HTTP/1.1").flow()),
            Sniff::nothing);
  EXPECT_EQ(sniff(FlowMaker().a(cut).b(cut).flow()), Sniff::nothing);
}

}  // namespace
}  // namespace tlsproof::capture
