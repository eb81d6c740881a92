#include "tlsproof/view/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tlsproof/base/file.h"
#include "tlsproof/view/block.h"
#include "tlsproof/view/json.h"
#include "tlsproof/view/summary.h"
#include "unit/view/trace_player.h"

namespace tlsproof::view {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using trace::EventKind;
using trace::Level;
namespace alert = registry::alert;

constexpr int64_t kStart = 1'795'000'000'123'456'789;  // 2026-11-18

// A connection as a capture tells it: nothing is ours.
class HandshakeTest : public ::testing::Test {
 protected:
  HandshakeTest() {
    trace_.begin("192.0.2.1:51234", "198.51.100.7:443");
    passage_.layer = "TCP";
    passage_.first_packet = 3;
    passage_.last_packet = 19;
    passage_.first_time_ns = kStart;
    passage_.last_time_ns = kStart + 50'000'000;
    passage_.end = "closed";
    passage_.client.num_packets = 9;
    passage_.server.num_packets = 8;
  }
  const Handshake& collect() {
    reading_.read(trace_);
    chain_.clear();
    const ByteList& certificates = reading_.certificates(TracePlayer::kDown);
    for (size_t i = 0; i < certificates.size(); ++i) chain_.push_back(x509::Certificate::parse(certificates[i]));
    view::collect(reading_, passage_, handshake_);
    handshake_.server_chain = chain_;
    Fingerprinter().compute(reading_, handshake_.fingerprints);
    return handshake_;
  }
  std::string block(BlockOptions options = {}) {
    std::string out;
    append_block(collect(), options, out);
    return out;
  }
  void hello(std::initializer_list<uint16_t> versions = {0x0304, 0x0303}) {
    player_.message(kUp, Level::initial, TracePlayer::client_hello("www.example.com", versions));
    player_.wait_us(5000);
  }
  // A record that nobody has the keys of.
  void closed_record(trace::Direction direction, size_t len, uint8_t type = registry::content_type::application_data) {
    const Bytes bytes(len, 0xee);
    const ByteRange range{static_cast<size_t>(trace_.num_bytes(direction)), len};
    trace_.on_bytes(direction, bytes);
    trace_.on_record({direction, Level::handshake, type, 0x0303, false, range, {}});
    player_.wait_us(1000);
  }
  void fin(trace::Direction direction) { trace_.on_event(EventKind::end_of_stream, direction); }

  static constexpr trace::Direction kUp = TracePlayer::kUp;
  static constexpr trace::Direction kDown = TracePlayer::kDown;
  ManualClock clock_{kStart};
  trace::Trace trace_{clock_};
  TracePlayer player_{trace_, clock_};
  trace::Reading reading_;
  Passage passage_;
  std::vector<x509::Certificate> chain_;
  Handshake handshake_;
};

TEST_F(HandshakeTest, Tls13Opened) {
  hello();
  player_.server_flight13(true);
  player_.wait_us(2000);
  player_.message(kUp, Level::handshake, TracePlayer::certificate13(kClientCertificate));
  player_.message(kUp, Level::handshake, wire::CertificateVerify{0x0403, Bytes(71, 0x51)});
  player_.message(kUp, Level::handshake, wire::Finished{Bytes(48, 0xf1)});
  player_.data(kUp, "hello");
  player_.data(kDown, "world");
  const Handshake& h = collect();
  EXPECT_EQ(h.state, State::completed);
  EXPECT_EQ(h.sni, "www.example.com");
  EXPECT_EQ(h.version, 0x0304);
  EXPECT_EQ(h.cipher_suite, 0x1302);
  EXPECT_EQ(h.group, registry::group::x25519);
  EXPECT_EQ(h.scheme, 0x0403);
  EXPECT_EQ(h.client_scheme, 0x0403);
  EXPECT_EQ(h.certificate_asked, Known::yes);
  EXPECT_EQ(h.certificate_given, Known::yes);
  EXPECT_EQ(h.resumption, Resumption::none);
  EXPECT_EQ(h.early_data, EarlyData::none);
  EXPECT_EQ(h.num_round_trips, 1U);
  EXPECT_EQ(h.done_ns, 7'000'000);
  EXPECT_EQ(h.num_unopened, 0U);
  EXPECT_THAT(block(), HasSubstr("completed in 7.0 ms, 1 round trip\n"));
  EXPECT_THAT(block(), HasSubstr("certificate asked for, given"));
}

TEST_F(HandshakeTest, Tls13EmptyCertificateRefusedAfterwards) {
  hello();
  player_.server_flight13(true);
  player_.message(kUp, Level::handshake, TracePlayer::certificate13(nullptr));
  player_.message(kUp, Level::handshake, wire::Finished{Bytes(48, 0xf1)});
  player_.alert(kDown, Level::application, 2, alert::certificate_required);
  const Handshake& h = collect();
  EXPECT_EQ(h.certificate_given, Known::no);
  EXPECT_EQ(h.state, State::failed);
  EXPECT_EQ(h.cause, "the server sent alert fatal certificate_required (116) after the handshake");
}

TEST_F(HandshakeTest, AlertAfterDataIsNoFailureOfTheHandshake) {
  hello();
  player_.server_flight13(false);
  player_.message(kUp, Level::handshake, wire::Finished{Bytes(48, 0xf1)});
  player_.data(kDown, "world");
  player_.alert(kDown, Level::application, 2, alert::internal_error);
  EXPECT_EQ(collect().state, State::completed);
  EXPECT_EQ(collect().alerts.size(), 1U);
}

// Without keys what is under them is unknown, never "no".
TEST_F(HandshakeTest, Tls13WithoutKeys) {
  hello();
  player_.message(kDown, Level::initial, TracePlayer::server_hello13());
  closed_record(kDown, 1400);
  closed_record(kUp, 74);
  closed_record(kDown, 300);
  fin(kUp);
  const Handshake& h = collect();
  EXPECT_EQ(h.state, State::completed);
  EXPECT_EQ(h.certificate_asked, Known::unknown);
  EXPECT_EQ(h.certificate_given, Known::unknown);
  EXPECT_EQ(h.num_round_trips, 1U);
  EXPECT_THAT(block(), HasSubstr("certificate: not to be seen without keys"));
  EXPECT_THAT(block(), HasSubstr("3 records without keys"));
  EXPECT_THAT(block(), HasSubstr("1 encrypted record, 1400 bytes, not opened (application_data)"));
}

TEST_F(HandshakeTest, Tls13WithoutKeysRefusedByTheClient) {
  hello();
  player_.message(kDown, Level::initial, TracePlayer::server_hello13());
  closed_record(kDown, 1400);
  closed_record(kUp, 24);
  fin(kUp);
  EXPECT_EQ(collect().state, State::failed);
  EXPECT_THAT(collect().cause, HasSubstr("as long as an alert"));
}

// A server that refuses the client's certificate says so after the client is through.
TEST_F(HandshakeTest, Tls13WithoutKeysRefusedByTheServer) {
  hello();
  player_.message(kDown, Level::initial, TracePlayer::server_hello13());
  closed_record(kDown, 1400);
  closed_record(kUp, 74);
  closed_record(kDown, 24);
  fin(kDown);
  EXPECT_EQ(collect().state, State::unknown);
  EXPECT_THAT(collect().cause, HasSubstr("as long as an alert"));
  closed_record(kDown, 300);
  EXPECT_EQ(collect().state, State::completed);
}

TEST_F(HandshakeTest, AlertIsAsLongAsTheTagOfTheSuiteMakesIt) {
  hello();
  wire::ServerHello server = TracePlayer::server_hello13();
  server.cipher_suite = registry::cipher_suite::TLS_AES_128_CCM_8_SHA256;
  player_.message(kDown, Level::initial, server);
  closed_record(kDown, 1400);
  closed_record(kUp, 16);
  fin(kUp);
  EXPECT_EQ(collect().state, State::failed);
}

TEST_F(HandshakeTest, EarlyDataIsNoFinished) {
  wire::ClientHello client = TracePlayer::client_hello("www.example.com", {0x0304});
  client.extensions.add_typed(wire::ext::EarlyData{});
  player_.message(kUp, Level::initial, client);
  player_.message(kDown, Level::initial, TracePlayer::server_hello13());
  closed_record(kDown, 200);
  closed_record(kUp, 500);
  EXPECT_EQ(collect().state, State::unknown);
  EXPECT_THAT(collect().cause, HasSubstr("early data"));
  closed_record(kUp, 26);  // EndOfEarlyData
  closed_record(kUp, 74);
  EXPECT_EQ(collect().state, State::completed);
}

TEST_F(HandshakeTest, WhatAGapCouldHoldIsUnknown) {
  hello({});
  wire::ServerHello server;
  server.cipher_suite = registry::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
  player_.message(kDown, Level::initial, server);
  trace_.on_event(EventKind::gap, kDown, "900 bytes");
  player_.message(kDown, Level::initial, wire::ServerHelloDone{});
  player_.change_cipher_spec(kUp);
  EXPECT_EQ(collect().certificate_asked, Known::unknown);
  EXPECT_EQ(collect().certificate_given, Known::unknown);
}

TEST_F(HandshakeTest, AGapAfterTheHandshakeHidesNothingOfIt) {
  hello();
  player_.server_flight13(false);
  player_.message(kUp, Level::handshake, wire::Finished{Bytes(48, 0xf1)});
  trace_.on_event(EventKind::gap, kDown, "900 bytes");
  EXPECT_EQ(collect().certificate_asked, Known::no);
  EXPECT_EQ(collect().certificate_given, Known::no);
}

TEST_F(HandshakeTest, HowItEnded) {
  hello();
  EXPECT_EQ(collect().state, State::unknown);
  EXPECT_EQ(collect().cause, "there was no answer until the end of what was captured");
  fin(kDown);
  EXPECT_EQ(collect().state, State::failed);
  EXPECT_EQ(collect().cause, "the server closed the connection without an answer");
}

TEST_F(HandshakeTest, ClientGaveUp) {
  hello();
  trace_.on_event(EventKind::reset, kUp);
  EXPECT_EQ(collect().cause, "the client reset the connection before there was an answer");
}

TEST_F(HandshakeTest, RefusedByAlert) {
  hello();
  player_.alert(kDown, Level::initial, 2, alert::handshake_failure);
  fin(kDown);
  EXPECT_EQ(collect().state, State::failed);
  EXPECT_EQ(collect().cause, "the server sent alert fatal handshake_failure (40)");
  EXPECT_THAT(block(), HasSubstr("from the server after 5.0 ms: alert fatal handshake_failure (40)"));
}

// A warning ends nothing before TLS 1.3.
TEST_F(HandshakeTest, WarningIsNoRefusal) {
  hello({});
  player_.alert(kDown, Level::initial, 1, alert::unrecognized_name);
  EXPECT_EQ(collect().state, State::unknown);
}

TEST_F(HandshakeTest, NotTls) {
  hello();
  trace_.on_problem(kDown, Level::initial, "HTTP/1.1 400 Bad Request", {});
  fin(kDown);
  EXPECT_EQ(collect().cause, "the server answered with something that is not TLS");
}

TEST_F(HandshakeTest, PartsMissing) {
  hello();
  trace::Coverage coverage;
  coverage.server_seen = false;
  coverage.ended = true;
  trace_.set_coverage(coverage);
  EXPECT_EQ(collect().state, State::unknown);
  EXPECT_EQ(collect().cause, "nothing that the server sent was captured");
  EXPECT_THAT(block(), HasSubstr("only the client's side was captured"));
}

wire::ServerHello hello12(ByteView session_id) {
  wire::ServerHello hello;
  hello.random.fill(0x12);
  hello.cipher_suite = registry::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
  hello.legacy_session_id_echo = to_bytes(session_id);
  return hello;
}

TEST_F(HandshakeTest, Tls12FullWithoutKeys) {
  hello({});
  player_.message(kDown, Level::initial, hello12({}));
  wire::Certificate12 certificate;
  certificate.certificates.push_back(*from_hex(kServerCertificate));
  player_.message(kDown, Level::initial, certificate);
  wire::ServerKeyExchangeEcdhe key_exchange;
  key_exchange.named_curve = registry::group::secp256r1;
  key_exchange.public_key = Bytes(65, 4);
  key_exchange.signed_part.algorithm = 0x0804;
  key_exchange.signed_part.signature = Bytes(256, 1);
  player_.message(kDown, Level::initial, key_exchange);
  player_.message(kDown, Level::initial, wire::ServerHelloDone{});
  player_.message(kUp, Level::initial, wire::ClientKeyExchangeEcdhe{Bytes(65, 4)});
  player_.change_cipher_spec(kUp);
  closed_record(kUp, 45, registry::content_type::handshake);
  player_.change_cipher_spec(kDown);
  closed_record(kDown, 45, registry::content_type::handshake);
  const Handshake& h = collect();
  EXPECT_EQ(h.state, State::completed);
  EXPECT_EQ(h.group, registry::group::secp256r1);
  EXPECT_EQ(h.scheme, 0x0804);
  EXPECT_EQ(h.certificate_asked, Known::no);
  EXPECT_EQ(h.certificate_given, Known::no);
  EXPECT_EQ(h.num_round_trips, 2U);
  EXPECT_EQ(h.resumption, Resumption::none);
  const std::string text = block();
  EXPECT_THAT(text, HasSubstr("TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, secp256r1,"));
  EXPECT_THAT(text, HasSubstr("CN=secure.example.com, EC P-256, 2026-11-23 – 2027-11-23 NOT YET\n"));
}

// As a server does that wants a certificate for some of its places alone.
TEST_F(HandshakeTest, AskedForInARenegotiation) {
  const auto handshake = [&](bool asks, Level level) {
    player_.message(kUp, level, TracePlayer::client_hello("www.example.com", {}));
    player_.message(kDown, level, hello12({}));
    wire::CertificateRequest12 request;
    request.certificate_types = {1};
    if (asks) player_.message(kDown, level, request);
    player_.message(kDown, level, wire::ServerHelloDone{});
    if (asks) {
      wire::Certificate12 given;
      given.certificates.push_back(*from_hex(kClientCertificate));
      player_.message(kUp, level, given);
    }
    player_.message(kUp, level, wire::ClientKeyExchangeEcdhe{Bytes(65, 4)});
    player_.change_cipher_spec(kUp);
    player_.message(kUp, Level::application, wire::Finished{Bytes(12, 1)});
    player_.change_cipher_spec(kDown);
    player_.message(kDown, Level::application, wire::Finished{Bytes(12, 1)});
  };
  handshake(false, Level::initial);
  EXPECT_EQ(collect().certificate_asked, Known::no);
  handshake(true, Level::application);
  const Handshake& h = collect();
  EXPECT_EQ(h.num_renegotiations, 1U);
  EXPECT_EQ(h.certificate_asked, Known::yes);
  EXPECT_EQ(h.certificate_given, Known::yes);
  EXPECT_TRUE(h.asked_in_renegotiation);
  EXPECT_THAT(block(), HasSubstr("certificate asked for in a renegotiation, given"));
}

// Without keys nobody knows what a renegotiation asks for.
TEST_F(HandshakeTest, ARenegotiationWithoutKeys) {
  hello({});
  player_.message(kDown, Level::initial, hello12({}));
  player_.message(kDown, Level::initial, wire::ServerHelloDone{});
  player_.message(kUp, Level::initial, wire::ClientKeyExchangeEcdhe{Bytes(65, 4)});
  player_.change_cipher_spec(kUp);
  closed_record(kUp, 45, registry::content_type::handshake);
  player_.change_cipher_spec(kDown);
  closed_record(kDown, 45, registry::content_type::handshake);
  EXPECT_EQ(collect().certificate_asked, Known::no);
  closed_record(kUp, 300, registry::content_type::handshake);
  EXPECT_EQ(collect().certificate_asked, Known::unknown);
  EXPECT_EQ(collect().certificate_given, Known::unknown);
  EXPECT_THAT(block(), HasSubstr("certificate: not to be seen without keys"));
}

TEST_F(HandshakeTest, Tls12Resumed) {
  wire::ClientHello client = TracePlayer::client_hello("www.example.com", {});
  client.legacy_session_id = Bytes(32, 7);
  player_.message(kUp, Level::initial, client);
  player_.message(kDown, Level::initial, hello12(client.legacy_session_id));
  player_.change_cipher_spec(kDown);
  closed_record(kDown, 45, registry::content_type::handshake);
  player_.change_cipher_spec(kUp);
  closed_record(kUp, 45, registry::content_type::handshake);
  EXPECT_EQ(collect().state, State::completed);
  EXPECT_EQ(collect().resumption, Resumption::session_id);
  EXPECT_EQ(collect().num_round_trips, 1U);
  EXPECT_EQ(collect().certificate_asked, Known::no);
}

// An answer with the same session id is no resumption while a full handshake follows.
TEST_F(HandshakeTest, SameSessionIdButFull) {
  wire::ClientHello client = TracePlayer::client_hello("www.example.com", {});
  client.legacy_session_id = Bytes(32, 7);
  player_.message(kUp, Level::initial, client);
  player_.message(kDown, Level::initial, hello12(client.legacy_session_id));
  player_.message(kDown, Level::initial, wire::ServerHelloDone{});
  player_.change_cipher_spec(kUp);
  player_.change_cipher_spec(kDown);
  EXPECT_EQ(collect().resumption, Resumption::none);
}

TEST_F(HandshakeTest, EarlyDataRejectedByRetry) {
  wire::ClientHello client = TracePlayer::client_hello("www.example.com", {0x0304});
  client.extensions.add_typed(wire::ext::EarlyData{});
  player_.message(kUp, Level::initial, client);
  EXPECT_EQ(collect().early_data, EarlyData::offered);
  wire::ServerHello retry = TracePlayer::server_hello13();
  retry.random = wire::kHelloRetryRequestRandom;
  player_.message(kDown, Level::initial, retry);
  player_.message(kUp, Level::initial, client);
  player_.message(kDown, Level::initial, TracePlayer::server_hello13());
  EXPECT_EQ(collect().early_data, EarlyData::rejected);
  EXPECT_NE(collect().hello_retry_request, nullptr);
  EXPECT_EQ(collect().num_round_trips, 2U);
}

TEST_F(HandshakeTest, Ssl2) {
  trace_.set_transport(trace::Transport::ssl2);
  trace_.on_problem(kUp, Level::initial, "SSL 2.0 CLIENT-HELLO, version SSL 2.0", {});
  fin(kDown);
  EXPECT_EQ(collect().cause, "SSL 2.0, of which only the hellos are read");
  EXPECT_THAT(block(), HasSubstr("─► SSL 2.0 CLIENT-HELLO, version SSL 2.0\n"));
}

TEST_F(HandshakeTest, PacketsOfBytes) {
  passage_.client_marks = {{0, 4}, {100, 6}, {250, 9}};
  EXPECT_EQ(packet_at(passage_, kUp, 0), 4U);
  EXPECT_EQ(packet_at(passage_, kUp, 99), 4U);
  EXPECT_EQ(packet_at(passage_, kUp, 100), 6U);
  EXPECT_EQ(packet_at(passage_, kUp, 9999), 9U);
  EXPECT_EQ(packet_at(passage_, kDown, 0), 0U);
}

// Whatever a peer sends as names, no line is wider than asked for and nothing reaches the terminal raw.
TEST_F(HandshakeTest, BlockIsSafeAndFits) {
  wire::ClientHello client = TracePlayer::client_hello("\x1b[31mred\x1b[0m\xff" + std::string(200, 'x'), {0x0304});
  wire::ext::Alpn alpn;
  for (int i = 0; i < 50; ++i)
    alpn.protocols.push_back(
        as_bytes("\x07\xe2\x80\xae"
                 "abc"));
  client.extensions.put_typed(alpn);
  player_.message(kUp, Level::initial, client);
  player_.server_flight13(false);
  for (const bool unicode : {true, false}) {
    const std::string text = block({.width = 80, .unicode = unicode});
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      size_t columns = 0;
      for (const char c : line) columns += (static_cast<uint8_t>(c) & 0xc0) != 0x80 ? 1U : 0U;
      EXPECT_LE(columns, 80U) << line;
      for (const char c : line) EXPECT_FALSE(static_cast<uint8_t>(c) < 0x20 || c == 0x7f) << line;
      if (!unicode) {
        for (const char c : line) EXPECT_LT(static_cast<uint8_t>(c), 0x80) << line;
      }
      at = end + 1;
    }
    EXPECT_THAT(text, HasSubstr("\\x1b[31mred"));
  }
  EXPECT_THAT(block({.colour = true}), HasSubstr("\x1b["));
}

// kServerCertificate with another serial number, of which three.der knows.
Bytes certificate_with_serial(uint16_t serial) {
  Bytes der = *from_hex(kServerCertificate);
  const size_t at = 15;  // behind two SEQUENCEs of four bytes, the version, and the tag and length of the INTEGER
  constexpr uint8_t kCutLen = 18;
  der[3] = static_cast<uint8_t>(der[3] - kCutLen);
  der[7] = static_cast<uint8_t>(der[7] - kCutLen);
  der[at - 1] = 2;
  der[at] = static_cast<uint8_t>(serial >> 8);
  der[at + 1] = static_cast<uint8_t>(serial);
  der.erase(der.begin() + at + 2, der.begin() + at + 20);
  return der;
}

TEST_F(HandshakeTest, WhatIsStapled) {
  const std::string folder = TLSPROOF_SOURCE_DIR "/tests/fuzz/corpus/ocsp/";
  const struct {
    std::string_view file;
    uint16_t serial;
    bool tls13;
    std::string_view text, json;
    int days = 6;  // after the one on which the passage was
  } cases[] = {
      {"three.der", 0x0101, true, "stapled OCSP: good, until 2026-11-30\n",
       R"("ocsp":{"status":"successful","certificate_status":"good","this_update":"2026-11-23T19:28:38Z",)"
       R"("next_update":"2026-11-30T19:28:38Z"})"},
      {"three.der", 0x0101, false, "stapled OCSP: good, until 2026-11-30\n", R"("certificate_status":"good")"},
      {"three.der", 0x0102, true, "stapled OCSP: REVOKED since 2026-01-02 (keyCompromise), until 2026-11-30\n",
       R"("revoked_at":"2026-01-02T03:04:05Z","reason":"keyCompromise"})"},
      {"three.der", 0x0103, true, "stapled OCSP: unknown, until", R"("certificate_status":"unknown")"},
      {"three.der", 0x0104, true, "stapled OCSP: nothing about this certificate", R"("certificate_status":null)"},
      {"three.der", 0x0101, true, "stapled OCSP: good, until 2026-11-30: OUT OF DATE then", "", 30},
      {"try_later.der", 0x0101, true, "stapled OCSP: tryLater", R"("ocsp":{"status":"tryLater",)"},
      {"cut_off.der", 0x0101, true, "stapled OCSP: cannot be read", R"("certificate_status":null)"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    passage_.first_time_ns = kStart + int64_t{c.days} * 86'400 * 1'000'000'000;
    trace_.begin("192.0.2.1:51234", "198.51.100.7:443");
    wire::ext::StatusResponse stapled;
    stapled.status.response = *load_file(folder + std::string(c.file), "corpus");
    hello(c.tls13 ? std::initializer_list<uint16_t>{0x0304} : std::initializer_list<uint16_t>{});
    if (c.tls13) {
      wire::Certificate13 certificate;
      certificate.add(certificate_with_serial(c.serial));
      wire::ExtensionList list;
      list.add_typed(stapled);
      certificate.set_extensions(0, list);
      player_.message(kDown, Level::initial, TracePlayer::server_hello13());
      player_.message(kDown, Level::handshake, certificate);
    } else {
      wire::Certificate12 certificate;
      certificate.certificates.push_back(certificate_with_serial(c.serial));
      player_.message(kDown, Level::initial, hello12({}));
      player_.message(kDown, Level::initial, certificate);
      player_.message(kDown, Level::initial, stapled.status);
    }
    EXPECT_THAT(block({.width = 120}), HasSubstr(std::string(c.text)));
    std::string line;
    static_cast<void>(JsonLines().append(collect(), line));
    EXPECT_THAT(line, HasSubstr(std::string(c.json)));
  }
}

TEST_F(HandshakeTest, JsonLine) {
  hello();
  player_.server_flight13(true);
  player_.message(kUp, Level::handshake, TracePlayer::certificate13(nullptr));
  player_.message(kUp, Level::handshake, wire::Finished{Bytes(48, 0xf1)});
  JsonLines lines;
  std::string out;
  append_json_line_begin(17, "a \"file\"\xff", out);
  const size_t before = out.size();
  const ViolationsPlace place = lines.append(collect(), out);
  EXPECT_THAT(
      out,
      HasSubstr(R"({"schema":"tlsproof-handshake/1","handshake":17,"source":"a \"file\"\\xff","transport":"TLS")"));
  EXPECT_THAT(out, HasSubstr(R"("start":"2026-11-18T)"));
  EXPECT_THAT(out, HasSubstr(R"("client":{"ip":"192.0.2.1","port":51234,"packets":9)"));
  EXPECT_THAT(out, HasSubstr(R"("version":{"id":772,"name":"TLS 1.3"})"));
  EXPECT_THAT(out, HasSubstr(R"("client_certificate_asked":true,"client_certificate_given":false)"));
  EXPECT_THAT(out, HasSubstr(R"("valid_then":false,"sha256":")"));
  EXPECT_THAT(out, HasSubstr(R"("signature_scheme":{"id":1027,"name":"ecdsa_secp256r1_sha256"})"));
  EXPECT_TRUE(out.ends_with(R"("violations":[]})"
                            "\n"));
  EXPECT_FALSE(place.has_any);
  EXPECT_EQ(out.substr(place.end), "]}\n");
  EXPECT_GT(place.end, before);
  // Written again it is the same, though the texts of certificates and code points now come from memory.
  std::string again;
  append_json_line_begin(17, "a \"file\"\xff", again);
  (void)lines.append(handshake_, again);
  EXPECT_EQ(again, out);
}

TEST_F(HandshakeTest, JsonCutsWhatAPeerMakesLong) {
  wire::ClientHello client = TracePlayer::client_hello("www.example.com", {0x0304});
  client.cipher_suites.assign(30'000, 0x1301);
  player_.message(kUp, Level::initial, client);
  JsonLines lines;
  std::string out;
  (void)lines.append(collect(), out);
  EXPECT_LT(out.size(), 60'000U);
  EXPECT_THAT(out, HasSubstr(R"("cut":true)"));
}

TEST_F(HandshakeTest, SummaryCounts) {
  hello();
  player_.server_flight13(false);
  player_.message(kUp, Level::handshake, wire::Finished{Bytes(48, 0xf1)});
  SummaryRow row;
  summarise(collect(), row);
  Summary summary;
  summary.add(row);
  summary.add(row);
  row.state = State::failed;
  row.cause = "the server sent \x1b alert";
  row.ja4 = "other";
  row.rules = {&rules::all_rules()[0]};
  summary.add(row);
  const std::string text = summary.render({.width = 80});
  EXPECT_THAT(text, HasSubstr("3 handshakes: 2 completed, 1 failed, 0 not seen to their end\n"));
  EXPECT_THAT(text, HasSubstr("         3  TLS_AES_256_GCM_SHA384\n"));
  EXPECT_THAT(text, HasSubstr("         1  the server sent \\x1b alert\n"));
  EXPECT_THAT(text, HasSubstr(std::string(rules::all_rules()[0].id)));
  EXPECT_THAT(text, HasSubstr("time to complete: 5.00 ms median, 5.00 ms at 95 %, 5.00 ms longest\n"));
  const std::string json = summary.json();
  EXPECT_THAT(json, HasSubstr(R"("handshakes":3,"completed":2,"failed":1)"));
  EXPECT_THAT(json, HasSubstr(R"("cipher_suites":[{"name":"TLS_AES_256_GCM_SHA384","count":3}])"));
}

// Three digits of each are true.
TEST(Summary, TimesAreExactToThreeDigits) {
  for (const auto& [ns, text] : {std::pair<int64_t, std::string_view>{0, "0.000 ms"},
                                 {777, "0.001 ms"},
                                 {345'678, "0.346 ms"},
                                 {1'234'000, "1.23 ms"},
                                 {23'470'001, "23.5 ms"},
                                 {987'600'000, "988 ms"},
                                 {12'345'678'901, "12.3 s"},
                                 {98'765'432'109, "98.8 s"}}) {
    Summary summary;
    SummaryRow row;
    row.handshake_ns = ns;
    summary.add(row);
    const std::string out = summary.render({});
    const size_t median = out.find(" median");
    ASSERT_NE(median, std::string::npos);
    const size_t begin = out.find(": ", out.find("time to complete")) + 2;
    const double told = std::stod(out.substr(begin, median - begin));
    EXPECT_THAT(out, HasSubstr(std::string(text)));
    EXPECT_EQ(std::stod(out.substr(out.find("%, ") + 3)), told) << out;  // the only one is all three
  }
  // The longest that there is has a bucket too.
  Summary longest;
  SummaryRow forever;
  forever.handshake_ns = std::numeric_limits<int64_t>::max();
  longest.add(forever);
  EXPECT_THAT(longest.render({}), HasSubstr(" s median"));
  // Half of them are not above the median, which was in the middle of a bucket of 6 percent.
  Summary summary;
  for (int64_t i = 1; i <= 1001; ++i) {
    SummaryRow row;
    row.handshake_ns = i * 1'000'000;
    summary.add(row);
  }
  EXPECT_THAT(summary.render({}), HasSubstr("time to complete: 501 ms median, 951 ms at 95 %, 1001 ms longest"));
}

TEST(Summary, ListsAreBounded) {
  Summary summary;
  SummaryRow row;
  for (size_t i = 0; i < Summary::kMaxKeys + 5; ++i) {
    row.ja4 = std::to_string(i);
    summary.add(row);
  }
  EXPECT_THAT(summary.render({.top = 20'000}), HasSubstr("         5  (others)\n"));
}

}  // namespace
}  // namespace tlsproof::view
