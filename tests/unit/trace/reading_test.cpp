#include "tlsproof/trace/reading.h"

#include <gtest/gtest.h>

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/ext/all.h"
#include "unit/trace/libssl_trace.h"

namespace tlsproof::trace {
namespace {

constexpr Direction kUp = Direction::client_to_server;
constexpr Direction kDown = Direction::server_to_client;
namespace handshake_type = registry::handshake_type;

template <class T>
void tell(Trace& trace, Direction direction, const T& message) {
  Bytes raw;
  ASSERT_TRUE(wire::encode_message(message, raw));
  trace.on_message({direction, Level::initial, raw[0], raw, {}});
}
void tell_raw(Trace& trace, Direction direction, uint8_t type, ByteView body) {
  Bytes raw;
  ASSERT_TRUE(wire::encode_handshake(type, body, raw));
  trace.on_message({direction, Level::initial, type, raw, {}});
}

wire::ServerHello server_hello(uint16_t version) {
  wire::ServerHello hello;
  hello.cipher_suite = registry::cipher_suite::TLS_AES_128_GCM_SHA256;
  wire::ext::SupportedVersionsServer selected;
  selected.selected_version = version;
  hello.extensions.add_typed(selected);
  return hello;
}

TEST(Reading, FindsWhatEverybodyAsksFor) {
  ManualClock clock;
  Trace trace(clock);
  ASSERT_TRUE(LibsslRun(trace, clock, LibsslOptions{}).run());
  const Reading reading(trace);
  ASSERT_NE(reading.client_hello(), nullptr);
  EXPECT_EQ(reading.client_hello(), reading.first_client_hello());
  ASSERT_NE(reading.server_hello(), nullptr);
  EXPECT_EQ(reading.server_hello()->direction, kDown);
  EXPECT_EQ(reading.hello_retry_request(), nullptr);
  EXPECT_EQ(reading.certificates(kDown).size(), 1U);
  EXPECT_TRUE(reading.certificates(kUp).empty());
  const MessageRead* certificate = reading.find(kDown, handshake_type::certificate);
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(reading.at_event(certificate->event), certificate);
  EXPECT_EQ(reading.at_event(0), nullptr);
  EXPECT_EQ(reading.first<wire::Certificate13>(kDown), certificate->as<wire::Certificate13>());
  EXPECT_EQ(certificate->as<wire::Certificate12>(), nullptr);
}

TEST(Reading, TellsTheHelloThatIsAnsweredFromTheFirstOne) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  wire::ClientHello hello;
  hello.cipher_suites = {registry::cipher_suite::TLS_AES_128_GCM_SHA256};
  hello.legacy_compression_methods = {0};
  tell(trace, kUp, hello);
  wire::ServerHello retry = server_hello(registry::version::TLS1_3);
  retry.random = wire::kHelloRetryRequestRandom;
  tell(trace, kDown, retry);
  tell(trace, kUp, hello);
  tell(trace, kDown, server_hello(registry::version::TLS1_3));
  tell(trace, kUp, hello);  // a later one changes nothing
  const Reading reading(trace);
  EXPECT_EQ(reading.first_client_hello(), &reading.messages()[0]);
  EXPECT_EQ(reading.hello_retry_request(), &reading.messages()[1]);
  EXPECT_EQ(reading.client_hello(), &reading.messages()[2]);
  EXPECT_EQ(reading.server_hello(), &reading.messages()[3]);
}

TEST(Reading, SaysWhereAMessageDoesNotDecode) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  tell_raw(trace, kUp, handshake_type::client_hello, Bytes{3, 3, 0});
  tell_raw(trace, kDown, handshake_type::server_hello_done, Bytes{1});
  const Reading reading(trace);
  ASSERT_EQ(reading.messages().size(), 2U);
  EXPECT_EQ(reading.messages()[0].message, nullptr);
  EXPECT_EQ(reading.messages()[0].error.field, "ClientHello.random");
  EXPECT_EQ(reading.messages()[0].error.offset, 6U);
  EXPECT_EQ(reading.messages()[1].error.kind, ParseError::Kind::trailing);
  EXPECT_EQ(reading.client_hello(), nullptr);
}

// A Certificate with the one certificate "abc" 22 times (no DER), and without a context: by Python's zlib.
constexpr std::string_view kPackedCertificate = "78da636060706760704a4c4aa61031300000a6fc19ce";

TEST(Reading, UnpacksCertificates) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  tell(trace, kDown, server_hello(registry::version::TLS1_3));
  wire::CompressedCertificate packed;
  packed.algorithm = registry::certificate_compression::zlib;
  packed.uncompressed_length = 75;
  packed.compressed = *from_hex(kPackedCertificate);
  tell(trace, kDown, packed);
  const Reading reading(trace);
  const MessageRead& read = reading.messages()[1];
  EXPECT_EQ(read.unpacked_problem, "");
  EXPECT_EQ(read.unpacked_body.size(), 75U);
  ASSERT_NE(read.as<wire::Certificate13>(), nullptr);
  EXPECT_NE(read.as<wire::CompressedCertificate>(), nullptr);
  ASSERT_EQ(reading.certificates(kDown).size(), 1U);
  EXPECT_EQ(reading.certificates(kDown)[0].size(), 66U);
  EXPECT_EQ(reading.first<wire::Certificate13>(kDown), read.as<wire::Certificate13>());
}

TEST(Reading, SaysWhyACertificateDoesNotUnpack) {
  struct Row {
    uint16_t algorithm;
    uint32_t len;
    Bytes compressed;
    std::string_view problem;
  };
  const Bytes good = *from_hex(kPackedCertificate);
  Bytes damaged = good;
  damaged.back() ^= 0xff;  // of the checksum
  const Row rows[] = {
      {9, 75, good, "compressed in an unknown way"},
      {1, 74, good, "more comes out than was announced"},
      {1, 76, good, "less comes out than was announced"},
      {1, 75, damaged, "the compressed data is damaged"},
      {1, 0xffffff, good, "too large to unpack"},
      // "abc" 22 times: no Certificate
      {1, 66, *from_hex("78da4b4c4a4ea40c01004ea91945"), "what was compressed is no Certificate"},
  };
  for (const Row& row : rows) {
    ManualClock clock;
    Trace trace(clock);
    trace.begin("", "");
    wire::CompressedCertificate packed;
    packed.algorithm = row.algorithm;
    packed.uncompressed_length = row.len;
    packed.compressed = row.compressed;
    tell(trace, kDown, packed);
    const Reading reading(trace);
    EXPECT_EQ(reading.messages()[0].unpacked_problem, row.problem);
    EXPECT_EQ(reading.messages()[0].unpacked, nullptr);
    EXPECT_TRUE(reading.certificates(kDown).empty());
  }
}

TEST(Reading, UnpacksNoMoreThanItsLimitInAll) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  wire::CompressedCertificate packed;
  packed.algorithm = registry::certificate_compression::zlib;
  packed.uncompressed_length = Reading::kMaxUnpackedLen / 2;
  packed.compressed = {1};
  for (int i = 0; i < 3; ++i) tell(trace, kDown, packed);
  Reading reading(trace);
  EXPECT_NE(reading.messages()[1].unpacked_problem, "too large to unpack");
  EXPECT_EQ(reading.messages()[2].unpacked_problem, "too large to unpack");
  reading.read(trace);
  EXPECT_NE(reading.messages()[1].unpacked_problem, "too large to unpack") << "each Trace has the whole limit";
}

TEST(Reading, ReadsOneTraceAfterAnother) {
  ManualClock clock;
  Trace first(clock);
  ASSERT_TRUE(LibsslRun(first, clock, LibsslOptions{}).run());
  Trace second(clock);
  second.begin("", "");
  tell_raw(second, kUp, handshake_type::finished, Bytes(12));
  Reading reading(first);
  const size_t num_messages = reading.messages().size();
  reading.read(second);
  EXPECT_EQ(reading.messages().size(), 1U);
  EXPECT_EQ(reading.client_hello(), nullptr);
  EXPECT_TRUE(reading.certificates(kDown).empty());
  reading.read(first);
  EXPECT_EQ(reading.messages().size(), num_messages);
  EXPECT_EQ(reading.certificates(kDown).size(), 1U);
}

}  // namespace
}  // namespace tlsproof::trace
