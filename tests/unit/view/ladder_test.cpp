#include "tlsproof/view/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tlsproof/base/text.h"
#include "tlsproof/view/glyphs.h"
#include "tlsproof/view/message.h"
#include "unit/trace/libssl_trace.h"
#include "unit/view/trace_player.h"

namespace tlsproof::view {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using trace::EventKind;
using trace::Trace;
constexpr auto kUp = TracePlayer::kUp;
constexpr auto kDown = TracePlayer::kDown;

std::vector<std::string> texts(const std::vector<LadderRow>& rows) {
  std::vector<std::string> out;
  for (const LadderRow& row : rows) out.push_back(row.text);
  return out;
}

struct Fixture {
  ManualClock clock;
  Trace trace{clock};
  TracePlayer play{trace, clock};
};

TEST(Ladder, ARealTls13HandshakeReadsLikeTheRfc) {
  ManualClock clock;
  Trace trace(clock);
  trace::LibsslOptions options{.request_client_certificate = true};
  ASSERT_TRUE(trace::LibsslRun(trace, clock, options).run());
  EXPECT_THAT(
      texts(make_ladder(trace)),
      ElementsAre("connected to 127.0.0.1:8443", "ClientHello  TLS 1.3, sni www.example.com",
                  "ServerHello  TLS 1.3, TLS_AES_256_GCM_SHA384, x25519", "EncryptedExtensions",
                  "CertificateRequest  1 CA name: CN=www.example.com",
                  "Certificate  CN=www.example.com (1 certificate)", "CertificateVerify  ecdsa_secp256r1_sha256",
                  "Finished", "Certificate  no certificate", "Finished", "GET / HTTP/1.1",
                  "NewSessionTicket  valid 7200 s  ×2", "HTTP/1.1 400 Bad Request  47 bytes",
                  "alert warning close_notify (0)", "alert warning close_notify (0)", "FIN", "closed"));
}

// libssl does not tell of a ChangeCipherSpec that it receives.
TEST(Ladder, ARealTls12Handshake) {
  ManualClock clock;
  Trace trace(clock);
  trace::LibsslOptions options{.version = TLS1_2_VERSION, .request_client_certificate = true};
  ASSERT_TRUE(trace::LibsslRun(trace, clock, options).run());
  EXPECT_THAT(
      texts(make_ladder(trace)),
      ElementsAre("connected to 127.0.0.1:8443", "ClientHello  TLS 1.2, sni www.example.com",
                  "ServerHello  TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                  "Certificate  CN=www.example.com (1 certificate)",
                  "ServerKeyExchange  x25519, ecdsa_secp256r1_sha256",
                  "CertificateRequest  1 CA name: CN=www.example.com", "ServerHelloDone", "Certificate  no certificate",
                  "ClientKeyExchange", "ChangeCipherSpec", "Finished", "NewSessionTicket  valid 7200 s", "Finished",
                  "GET / HTTP/1.1", "HTTP/1.1 400 Bad Request  47 bytes", "alert warning close_notify (0)",
                  "alert warning close_notify (0)", "FIN", "closed"));
}

TEST(Ladder, RendersAt80ColumnsWithWhatDecidesMarked) {
  Fixture f;
  f.play.connect("127.0.0.1:51000", "127.0.0.1:8443");
  f.play.wait_us(120);
  f.play.message(kUp, trace::Level::initial, TracePlayer::client_hello("secure.example.com", {0x0304, 0x0303}));
  f.play.wait_us(1500);
  f.play.server_flight13(true);
  f.play.wait_us(2000);
  f.play.alert(kDown, trace::Level::application, 2, 116);
  const size_t alert = f.play.last();
  f.trace.on_event(EventKind::reset, kDown);
  const size_t marked[] = {alert, 100'000};
  EXPECT_EQ(render_ladder(f.trace, marked),
            "     0.2 ms    connected to 127.0.0.1:8443\n"
            "     0.3 ms ─► ClientHello  TLS 1.3 1.2, sni secure.example.com, alpn http/1.1\n"
            "     1.8 ms ◄─ ServerHello  TLS 1.3, TLS_AES_256_GCM_SHA384, x25519\n"
            "     1.8 ms ◄─ EncryptedExtensions\n"
            "     1.8 ms ◄─ CertificateRequest  1 CA name: CN=Client CA\n"
            "     1.8 ms ◄─ Certificate  CN=secure.example.com (1 certificate)\n"
            "     1.8 ms ◄─ CertificateVerify  ecdsa_secp256r1_sha256\n"
            "     1.8 ms ◄─ Finished\n"
            ">    3.8 ms ◄─ alert fatal certificate_required (116)\n"
            "               bytes 808–831 from the server\n"
            "     3.8 ms ◄─ RST\n");
  LadderOptions ascii;
  ascii.unicode = false;
  const std::string plain = render_ladder(f.trace, marked, ascii);
  EXPECT_THAT(plain, HasSubstr(">    3.8 ms <- alert fatal"));
  EXPECT_TRUE(std::ranges::all_of(plain, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); })) << plain;
}

TEST(Ladder, RecordsAndBytesAreRowsWhenAskedForOrMarked) {
  Fixture f;
  f.play.connect("", "");
  f.play.alert(kDown, trace::Level::initial, 2, 40);
  EXPECT_EQ(make_ladder(f.trace).size(), 2U);
  LadderOptions options;
  options.show_records = true;
  EXPECT_THAT(texts(make_ladder(f.trace, {}, options)),
              ElementsAre("connected", "7 bytes", "record alert, 7 bytes", "alert fatal handshake_failure (40)"));
  const size_t marked[] = {3};
  EXPECT_THAT(texts(make_ladder(f.trace, marked)),
              ElementsAre("connected", "record alert, 7 bytes", "alert fatal handshake_failure (40)"));
}

TEST(Ladder, DataAndTheLineOfARequestAreOneRow) {
  Fixture f;
  f.play.connect("", "");
  f.play.data(kDown, "HTTP/1.1 200 OK\r\n");
  f.play.data(kDown, "0123456789");
  const size_t marked[] = {f.play.last()};
  f.trace.on_event(EventKind::http_response, kDown, "HTTP/1.1 200 OK", 200);
  f.play.data(kDown, "x");
  f.play.data(kUp, "y");
  const auto rows = make_ladder(f.trace, marked);
  EXPECT_THAT(texts(rows), ElementsAre("connected", "HTTP/1.1 200 OK  28 bytes", "1 byte of application data"));
  EXPECT_TRUE(rows[1].marked);
  EXPECT_EQ(rows[1].num_events, 4U);
  EXPECT_EQ(rows[1].stream, (ByteRange{0, 3 * 22 + 17 + 10 + 1}));
}

TEST(Ladder, HowItBeganAndEndedAndWhatIsMarkedSurviveTheBound) {
  Fixture f;
  f.play.connect("", "");
  for (int i = 0; i < 5000; ++i) f.play.alert(kDown, trace::Level::initial, 1, static_cast<uint8_t>(i % 50));
  // Each alert is told as its bytes, its record, and itself, after the two events of the connection.
  std::vector<size_t> marked = {2 + 3 * 1000 + 2};
  LadderOptions options;
  options.max_rows = 8;
  const auto rows = make_ladder(f.trace, marked, options);
  ASSERT_EQ(rows.size(), 11U);
  EXPECT_EQ(rows[6].text, "… 995 more");
  EXPECT_TRUE(rows[7].marked);
  EXPECT_EQ(rows[7].event, marked[0]);
  size_t shown = 0;
  for (const LadderRow& row : rows) shown += row.num_left_out > 0 ? row.num_left_out : 1;
  EXPECT_EQ(shown, 5001U);
  for (size_t i = 0; i < f.trace.events().size(); ++i) marked.push_back(i);
  EXPECT_LE(make_ladder(f.trace, marked, options).size(), 8U * 2 + 10) << "marks are bounded, too";

  Trace small(f.clock, {.max_events = 2});
  small.begin("", "");
  for (int i = 0; i < 5; ++i) small.on_event(EventKind::note, kUp, "n");
  EXPECT_THAT(texts(make_ladder(small)), ElementsAre("n", "n", "… 3 more events, which were not kept"));
}

TEST(Ladder, NothingThatAPeerSendsMovesTheCursorOrWidensALine) {
  const std::string evil =
      "\x1b[2J\x07\xe2\x80\xae"
      "evil\xff\r\n" +
      std::string("\0", 1) + std::string(1 << 20, 'A');
  Fixture f;
  f.play.connect(evil, evil);
  wire::ClientHello hello = TracePlayer::client_hello(evil.substr(0, 50'000), {});
  wire::ext::Alpn alpn;
  for (int i = 0; i < 20; ++i) alpn.protocols.push_back(as_bytes(std::string_view(evil).substr(0, 255)));
  hello.extensions.put_typed(alpn);
  f.play.message(kUp, trace::Level::initial, hello);
  for (auto kind : {EventKind::connect_failed, EventKind::http_request, EventKind::http_response, EventKind::timed_out,
                    EventKind::write_failed, EventKind::note}) {
    f.trace.on_event(kind, kDown, evil);
  }
  f.trace.on_problem(kDown, trace::Level::initial, evil, {0, 5});
  f.trace.on_message({kDown, trace::Level::initial, 2, as_bytes("\x02\x00\x00\x01\x1b"), {}});  // does not decode
  f.trace.on_message({kDown, trace::Level::initial, 99, as_bytes("\x63\x00\x00\x01\x1b"), {}});
  for (bool unicode : {true, false}) {
    LadderOptions options;
    options.unicode = unicode;
    const std::string out = render_ladder(f.trace, {}, options);
    EXPECT_LT(out.size(), 20'000U);
    for (const std::string& line : split(out, '\n')) {
      EXPECT_LE(display_width(line), 80U) << line;
      EXPECT_TRUE(is_valid_utf8(line));
      EXPECT_EQ(line.find("\xe2\x80\xae"), std::string::npos) << "right-to-left override";
      EXPECT_TRUE(
          std::ranges::none_of(line, [](char c) { return c == '\x1b' || c == '\x07' || c == '\0' || c == '\r'; }));
    }
    EXPECT_THAT(out, HasSubstr("server_hello  does not decode: "));
  }
}

TEST(Message, DetailsOfEachKind) {
  struct Row {
    wire::AnyMessage message;
    const char* text;
  };
  wire::ClientHello hello = TracePlayer::client_hello("", {0x0304, 0x2a2a, 0x0303, 0x0301});
  hello.extensions.add(registry::extension::early_data, {});
  hello.extensions.add(registry::extension::pre_shared_key, {});
  wire::ClientHello broken;
  broken.extensions.add(registry::extension::supported_versions, as_bytes("x"));
  broken.extensions.add(registry::extension::server_name, as_bytes("x"));
  wire::ServerHello retry;
  retry.random = wire::kHelloRetryRequestRandom;
  retry.cipher_suite = 0x1301;
  retry.extensions.add_typed(wire::ext::SupportedVersionsServer{0x0304});
  retry.extensions.add_typed(wire::ext::KeyShareRetry{registry::group::secp256r1});
  wire::Certificate13 junk;
  junk.add(as_bytes("junk"));
  junk.add(as_bytes("junk"));
  wire::CertificateRequest12 two;
  two.certificate_types = {1};
  two.certificate_authorities.push_back(*from_hex("30143112301006035504030c09436c69656e74204341"));
  two.certificate_authorities.push_back(as_bytes("junk"));
  const Row kRows[] = {
      {hello, "ClientHello  TLS 1.3 1.2 1.0, no sni, alpn http/1.1, psk, early data"},
      {broken, "ClientHello  supported_versions does not decode, server_name does not decode"},
      {retry, "HelloRetryRequest  TLS 1.3, TLS_AES_128_GCM_SHA256, wants secp256r1"},
      {junk, "Certificate  unreadable certificate (2 certificates)"},
      {wire::Certificate12{}, "Certificate  no certificate"},
      {two, "CertificateRequest  2 CA names: CN=Client CA …"},
      {wire::CertificateRequest13{}, "CertificateRequest  no CA names"},
      {wire::KeyUpdate{1}, "KeyUpdate  update_requested"},
      {wire::KeyUpdate{7}, "KeyUpdate  0x07"},
      {wire::Finished{}, "Finished"},
      {wire::HelloRequest{}, "HelloRequest"},
      {wire::RawMessage{99, Bytes(3)}, "message 0x63  3 bytes"},
      {wire::CertificateStatus{1, Bytes(5)}, "CertificateStatus  ocsp, 5 bytes"},
      {wire::CertificateVerify{0x9999, {}}, "CertificateVerify  0x9999"},
      {wire::NewSessionTicket12{300, {}}, "NewSessionTicket  valid 300 s"},
  };
  for (const Row& row : kRows) EXPECT_EQ(describe_message(row.message), row.text);
}

TEST(Glyphs, FoldAndCut) {
  EXPECT_EQ(cut_to_columns("größer", 4), "grö…");
  EXPECT_EQ(cut_to_columns("größer", 6), "größer");
  EXPECT_EQ(cut_to_columns("x", 0), "");
  EXPECT_EQ(cut_to_columns("§ 1 – 2", 12, false), "section  ...");
  EXPECT_EQ(cut_to_columns("abcdefgh", 6, false), "abc...");
  EXPECT_THAT(fold_to_columns("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(fold_to_columns("", 8), ElementsAre(""));
  EXPECT_THAT(fold_to_columns("abcdefghijklmnopqrst", 8), ElementsAre("abcdefgh", "ijklmnop", "qrst"));
  EXPECT_THAT(fold_to_columns("one two three four five", 8, 2), ElementsAre("one two", "three…"));
  EXPECT_THAT(fold_to_columns(std::string(1 << 22, 'x'), 8, 2), ElementsAre("xxxxxxxx", "xxxxxxx…"));
  EXPECT_THAT(fold_to_columns("abcdefghijklmnopqrst", 8, 2, false), ElementsAre("abcdefgh", "ijklm..."));
  EXPECT_EQ(to_ascii("─► a – b … §4 é \xff"), "-> a - b ... section 4 \\u{e9} \\xff");
}

TEST(Events, HaveNames) {
  Fixture f;
  f.play.connect("", "127.0.0.1:1");
  f.play.message(kDown, trace::Level::initial, TracePlayer::server_hello13());
  EXPECT_EQ(event_name(f.trace.events()[f.play.last()]), "message server_hello");
  EXPECT_EQ(describe_event(f.trace, f.play.last()), "ServerHello  TLS 1.3, TLS_AES_256_GCM_SHA384, x25519");
  EXPECT_EQ(describe_event(f.trace, 10'000), "");
  for (int kind = 0; kind <= static_cast<int>(EventKind::note); ++kind) {
    trace::Event event;
    event.kind = static_cast<EventKind>(kind);
    EXPECT_FALSE(event_name(event).empty());
  }
}

}  // namespace
}  // namespace tlsproof::view
