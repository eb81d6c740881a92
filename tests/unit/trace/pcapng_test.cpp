// The pcapng writer, judged by tshark: an independent reader of packets, of TLS, and of the secrets within the file.
#include "tlsproof/trace/pcapng.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tlsproof/base/file.h"
#include "unit/trace/libssl_trace.h"

namespace tlsproof::trace {
namespace {

constexpr Direction kUp = Direction::client_to_server;
constexpr Direction kDown = Direction::server_to_client;

bool have_tshark() {
  return std::system("tshark --version >/dev/null 2>&1") == 0;
}

#define NEED_TSHARK()                                                                                              \
  if (!have_tshark()) {                                                                                            \
    if (std::getenv("TLSPROOF_REQUIRE_TOOLS") != nullptr) FAIL() << "tshark is not installed, and it is required"; \
    GTEST_SKIP() << "tshark is not installed";                                                                     \
  }                                                                                                                \
  static_assert(true)

// A temporary folder with the capture; removed at the end.
class Capture {
 public:
  explicit Capture(const Trace& trace) {
    folder_ = (testing::TempDir() + "tlsproof-pcapng-XXXXXX");
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/trace.pcapng";
    const SecretBytes content = encode_pcapng(trace);
    EXPECT_TRUE(save_file(path_, content.view(), {.mode = 0600}));
  }
  ~Capture() {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }
  // What tshark prints for these arguments; fails the test when it does not exit with 0.
  [[nodiscard]] std::string tshark(const std::string& args) const {
    const std::string command =
        "tshark -r '" + path_ + "' -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE " + args + " 2>/dev/null";
    std::string out;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return out;
    char buffer[4096];
    for (size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
    EXPECT_EQ(pclose(pipe), 0) << out;
    return out;
  }

 private:
  std::string folder_;
  std::string path_;
};

size_t count_of(std::string_view text, std::string_view what) {
  size_t num = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; at += what.size()) ++num;
  return num;
}

struct Case {
  const char* name;
  int version;
  const char* local;
  const char* peer;
};

class Tshark : public testing::TestWithParam<Case> {};

TEST_P(Tshark, ReadsAndDecryptsIt) {
  NEED_TSHARK();
  ManualClock clock(1'700'000'000'123'456'789);
  Trace trace(clock);
  LibsslOptions options{
      .version = GetParam().version,
      .request_client_certificate = true,
      .local = GetParam().local,
      .peer = GetParam().peer,
      .response = "HTTP/1.1 400 Bad Request\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x')};
  ASSERT_TRUE(LibsslRun(trace, clock, options).run());
  const Capture capture(trace);
  const std::string all = capture.tshark("-V");
  for (const char* wanted : {"Handshake Protocol: Client Hello", "Handshake Protocol: Server Hello",
                             "Handshake Protocol: Certificate", "Handshake Protocol: Finished",
                             "Server Name: www.example.com", "400 Bad Request", "Alert Message", "Close Notify"}) {
    EXPECT_NE(all.find(wanted), std::string::npos) << wanted;
  }
  EXPECT_EQ(count_of(all, "Verify Data"), 2U) << "both are encrypted";
  for (const char* bad : {"Malformed", "[Expert Info (Error", "Expert Info (Warning/Sequence)", "Reassembly error",
                          "Header checksum status: Bad", "Checksum Status: Bad", "out-of-order", "Previous segment"}) {
    EXPECT_EQ(all.find(bad), std::string::npos) << bad;
  }
  EXPECT_NE(all.find("[Checksum Status: Good]"), std::string::npos);
  const std::string fields = capture.tshark("-T fields -e tcp.stream -e tcp.flags.str -e frame.time_epoch");
  EXPECT_EQ(fields.substr(0, 2), "0\t");
  EXPECT_EQ(fields.find("\n1\t"), std::string::npos) << "one stream";
  EXPECT_EQ(count_of(fields, "S"), 2U);
  EXPECT_EQ(count_of(fields, "F"), 2U);
  EXPECT_NE(fields.find("1700000000.123456789"), std::string::npos) << fields;
}

INSTANTIATE_TEST_SUITE_P(Versions, Tshark,
                         testing::Values(Case{"Tls12Ipv4", TLS1_2_VERSION, "127.0.0.1:51000", "127.0.0.1:8443"},
                                         Case{"Tls13Ipv4OddPort", TLS1_3_VERSION, "127.0.0.1:51000", "192.0.2.7:34567"},
                                         Case{"Tls13Ipv6", TLS1_3_VERSION, "[::1]:51000", "[::1]:443"},
                                         Case{"Tls13Mixed", TLS1_3_VERSION, "[fe80::1%eth0]:51000", "127.0.0.1:443"},
                                         Case{"Tls13NoAddresses", TLS1_3_VERSION, "", "server.example:443"}),
                         [](const auto& row) { return row.param.name; });

// TLS that begins after a dialogue in the clear (STARTTLS): nothing in the file depends on where it begins.
TEST(Pcapng, TlsMayBeginLater) {
  NEED_TSHARK();
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ManualClock clock;
    Trace tls(clock);
    LibsslOptions options{.version = version};
    ASSERT_TRUE(LibsslRun(tls, clock, options).run());
    Trace trace(clock);
    trace.begin("127.0.0.1:51000", "127.0.0.1:25");
    trace.on_event(EventKind::connected, kUp);
    trace.on_bytes(kDown, as_bytes("220 mail.example ESMTP\r\n"));
    trace.on_bytes(kUp, as_bytes("EHLO client.example\r\n"));
    trace.on_bytes(kDown, as_bytes("250-mail.example\r\n250 STARTTLS\r\n"));
    trace.on_bytes(kUp, as_bytes("STARTTLS\r\n"));
    trace.on_bytes(kDown, as_bytes("220 go ahead\r\n"));
    for (const Event& event : tls.events())
      if (event.kind == EventKind::bytes) trace.on_bytes(event.direction, tls.bytes_of(event));
    for (const SecretSeen& one : tls.secrets()) trace.on_secret(one.label, one.client_random, one.secret.view());
    const std::string all = Capture(trace).tshark("-V");
    EXPECT_NE(all.find("STARTTLS"), std::string::npos);
    EXPECT_EQ(count_of(all, "Verify Data"), 2U) << "both are encrypted";
    EXPECT_EQ(all.find("Malformed"), std::string::npos);
  }
}

TEST(Pcapng, TransportEventsBecomePackets) {
  NEED_TSHARK();
  struct Row {
    EventKind kind;
    const char* flags;
  };
  for (const Row& row : {Row{EventKind::reset, "R"}, Row{EventKind::end_of_stream, "F"}}) {
    ManualClock clock;
    Trace trace(clock, {.max_stream_len = 3});
    trace.begin("127.0.0.1:443", "127.0.0.1:51000");  // we are the server
    trace.on_event(EventKind::connected, kDown);
    trace.on_bytes(kUp, as_bytes("abcdef"));  // only half of it was kept
    trace.on_bytes(kUp, as_bytes("ghi"));
    trace.on_event(row.kind, kUp);
    const Capture capture(trace);
    const std::string fields = capture.tshark("-T fields -e tcp.dstport -e tcp.flags.str -e tcp.len -e tcp.seq");
    const std::vector<std::string> lines = split(fields, '\n');
    ASSERT_EQ(lines.size(), 7U) << fields;
    EXPECT_TRUE(lines[0].starts_with("443\t")) << "the client connects";
    EXPECT_NE(lines[3].find("\t6\t1"), std::string::npos) << fields;
    EXPECT_NE(lines[4].find("\t3\t7"), std::string::npos) << fields;
    EXPECT_NE(lines[5].find(row.flags), std::string::npos) << fields;
  }
}

TEST(Pcapng, WithoutAConnectionOneSynAndWithoutAnythingNoPacket) {
  NEED_TSHARK();
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "127.0.0.1:1");
  EXPECT_EQ(Capture(trace).tshark("-T fields -e frame.number"), "");
  trace.on_event(EventKind::connecting, kUp, "127.0.0.1:1");
  trace.on_event(EventKind::connect_failed, kUp, "connection refused");
  EXPECT_EQ(Capture(trace).tshark("-T fields -e frame.number -e tcp.flags.syn"), "1\t1\n");
}

// Without a tool: what would be lost with a skip.
TEST(Pcapng, BlocksFrameAndSecretsComeBeforePackets) {
  ManualClock clock;
  Trace trace(clock);
  LibsslOptions options;
  ASSERT_TRUE(LibsslRun(trace, clock, options).run());
  const SecretBytes file = encode_pcapng(trace);
  std::vector<uint32_t> types;
  for (size_t at = 0; at < file.size();) {
    auto little = [&](size_t i) {
      const ByteView b = file.view().subspan(i, 4);
      return static_cast<uint32_t>(b[0] | b[1] << 8 | b[2] << 16) | static_cast<uint32_t>(b[3]) << 24;
    };
    const uint32_t len = little(at + 4);
    ASSERT_GE(len, 12U);
    ASSERT_LE(at + len, file.size());
    ASSERT_EQ(len % 4, 0U);
    EXPECT_EQ(little(at + len - 4), len);
    types.push_back(little(at));
    at += len;
  }
  ASSERT_GE(types.size(), 10U);
  EXPECT_EQ(types[0], 0x0a0d0d0aU);
  EXPECT_EQ(types[1], 1U);
  EXPECT_EQ(types[2], 10U);
  for (size_t i = 3; i < types.size(); ++i) EXPECT_EQ(types[i], 6U);
}

}  // namespace
}  // namespace tlsproof::trace
