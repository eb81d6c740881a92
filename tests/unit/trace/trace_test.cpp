#include "tlsproof/trace/trace.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "tlsproof/base/file.h"
#include "tlsproof/trace/keylog.h"
#include "tlsproof/trace/pcapng.h"
#include "unit/trace/libssl_trace.h"

namespace tlsproof::trace {
namespace {

constexpr Direction kUp = Direction::client_to_server;
constexpr Direction kDown = Direction::server_to_client;

TEST(Trace, KeepsWhatHappenedInOrderWithTimesAndBytes) {
  ManualClock clock(5'000'000'000);
  Trace trace(clock);
  trace.begin("127.0.0.1:51000", "127.0.0.1:8443");
  clock.advance_ns(10);
  trace.on_bytes(kUp, as_bytes("abc"));
  clock.advance_ns(10);
  trace.on_bytes(kDown, as_bytes("xy"));
  trace.on_bytes(kUp, as_bytes("defg"));
  trace.on_alert(kDown, Level::application, 2, 116, {0, 2});
  trace.on_event(EventKind::timed_out, kDown, "read");
  trace.on_application_data(kDown, Level::application, as_bytes("hello"), {0, 2});

  EXPECT_EQ(trace.start_wall_ns(), 5'000'000'000);
  ASSERT_EQ(trace.events().size(), 6U);
  EXPECT_EQ(trace.events()[0].time_ns, 10);
  EXPECT_EQ(trace.events()[2].time_ns, 20);
  EXPECT_EQ(as_text(trace.bytes_of(trace.events()[2])), "defg");
  EXPECT_EQ(trace.events()[2].stream, (ByteRange{3, 4}));
  EXPECT_EQ(as_text(trace.stream(kUp)), "abcdefg");
  EXPECT_EQ(trace.num_bytes(kDown), 2U);
  EXPECT_EQ(trace.events()[3].code, 2 << 8 | 116);
  EXPECT_EQ(trace.text(trace.events()[4]), "read");
  EXPECT_EQ(trace.text(trace.events()[3]), "");
  EXPECT_EQ(as_text(trace.content(trace.events()[5])), "hello");
}

TEST(Trace, BeginForgetsEverything) {
  ManualClock clock;
  Trace trace(clock);
  LibsslOptions options;
  ASSERT_TRUE(LibsslRun(trace, clock, options).run());
  EXPECT_EQ(trace.version(), 0x0304);
  EXPECT_EQ(trace.cipher_suite(), 0x1302);
  EXPECT_FALSE(trace.secrets().empty());
  const int64_t now = clock.monotonic_ns();
  trace.begin("a", "b");
  EXPECT_TRUE(trace.events().empty());
  EXPECT_TRUE(trace.secrets().empty());
  EXPECT_TRUE(trace.stream(kUp).empty());
  EXPECT_EQ(trace.num_bytes(kUp), 0U);
  EXPECT_EQ(trace.version(), 0);
  EXPECT_EQ(trace.cipher_suite(), 0);
  EXPECT_EQ(trace.peer_address(), "b");
  EXPECT_EQ(trace.start_monotonic_ns(), now);
}

TEST(Trace, BoundsAreKeptAndWhatGoesOverIsCounted) {
  ManualClock clock;
  Trace trace(clock, {.max_stream_len = 10, .max_events = 4});
  trace.begin("", "");
  trace.on_bytes(kDown, as_bytes("12345678"));
  trace.on_bytes(kDown, as_bytes("abcdefgh"));
  EXPECT_EQ(as_text(trace.stream(kDown)), "12345678ab");
  EXPECT_EQ(trace.num_bytes(kDown), 16U);
  EXPECT_EQ(trace.events()[1].stream, (ByteRange{8, 8}));
  EXPECT_EQ(as_text(trace.bytes_of(trace.events()[1])), "ab");
  trace.on_bytes(kDown, as_bytes("z"));
  EXPECT_TRUE(trace.bytes_of(trace.events()[2]).empty());
  trace.on_application_data(kDown, Level::application, Bytes(31), {});  // more than three times the stream's limit
  EXPECT_TRUE(trace.content(trace.events()[3]).empty());
  for (int i = 0; i < 100; ++i) trace.on_problem(kDown, Level::initial, "again", {});
  EXPECT_EQ(trace.events().size(), 4U);
  EXPECT_EQ(trace.num_events_dropped(), 100U);
  trace.begin("", "");
  EXPECT_EQ(trace.num_events_dropped(), 0U);
}

TEST(Trace, ManyLongTextsAreCut) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  const std::string text(1 << 20, 'x');
  for (int i = 0; i < 2000; ++i) trace.on_event(EventKind::note, kUp, text);
  size_t kept = 0;
  for (const Event& event : trace.events()) {
    EXPECT_LE(trace.text(event).size(), 4096U);
    kept += trace.text(event).size();
  }
  EXPECT_LE(kept, (4U << 20) + 4096);
  for (int i = 0; i < 1000; ++i) trace.on_secret(SecretLabel::client_random, {}, as_bytes("s"));
  EXPECT_EQ(trace.secrets().size(), 64U);
}

TEST(Trace, MessagesAreDecodedByWhatTheServerChose) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ManualClock clock;
    Trace trace(clock);
    LibsslOptions options{.version = version, .request_client_certificate = true};
    ASSERT_TRUE(LibsslRun(trace, clock, options).run());
    EXPECT_EQ(trace.version(), version);
    size_t num = 0;
    for (const Event& event : trace.events()) {
      if (event.kind != EventKind::message) continue;
      const auto message = trace.message(event);
      ASSERT_TRUE(message) << message.error().message();
      EXPECT_FALSE(std::holds_alternative<wire::RawMessage>(*message)) << "type " << event.code;
      Bytes again;
      EXPECT_TRUE(wire::encode_message(*message, again));
      EXPECT_TRUE(equal(again, trace.content(event)));
      ++num;
    }
    EXPECT_GE(num, 10U);
    const Event* request = trace.find_message(kDown, registry::handshake_type::certificate_request);
    ASSERT_NE(request, nullptr);
    const auto typed = trace.message(*request);
    EXPECT_EQ(std::holds_alternative<wire::CertificateRequest13>(*typed), version == TLS1_3_VERSION);
    EXPECT_EQ(trace.find_message(kUp, registry::handshake_type::server_hello), nullptr);
    EXPECT_FALSE(trace.message(trace.events()[0])) << "no message event";
  }
}

TEST(Trace, AHelloRetryRequestChoosesNothing) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  wire::ServerHello hello;
  hello.random = wire::kHelloRetryRequestRandom;
  hello.cipher_suite = 0x1301;
  Bytes raw;
  ASSERT_TRUE(wire::encode_message(hello, raw));
  trace.on_message({kDown, Level::initial, 2, raw, {}});
  EXPECT_EQ(trace.version(), 0);
  trace.on_message({kDown, Level::initial, 2, ByteView(raw).first(3), {}});  // less than a header
  trace.on_message({kDown, Level::initial, 2, ByteView(raw).first(20), {}});
  EXPECT_EQ(trace.version(), 0);
  hello.random = {};
  hello.cipher_suite = 0xc02f;
  raw.clear();
  ASSERT_TRUE(wire::encode_message(hello, raw));
  trace.on_message({kDown, Level::initial, 2, raw, {}});
  EXPECT_EQ(trace.version(), 0x0303);
  EXPECT_EQ(trace.cipher_suite(), 0xc02f);
}

TEST(KeyLog, IsWhatLibsslWrites) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ManualClock clock;
    Trace trace(clock);
    LibsslOptions options{.version = version};
    LibsslRun run(trace, clock, options);
    ASSERT_TRUE(run.run());
    EXPECT_EQ(as_text(encode_key_log(trace).view()), run.key_log());
    EXPECT_EQ(trace.secrets().size(), version == TLS1_2_VERSION ? 1U : 5U);
  }
  ManualClock clock;
  Trace empty(clock);
  EXPECT_TRUE(encode_key_log(empty).empty());
}

// A folder of a test's own, removed at its end.
class Folder {
 public:
  Folder() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = testing::TempDir() + "tlsproof-keylog-XXXXXX";
};

TEST(KeyLogFile, AppendsEachSecretAtOnceAndKeepsNothing) {
  const Folder folder;
  const std::string path = folder / "keys";
  ASSERT_TRUE(save_file(path, as_bytes("# mine\n"), {.mode = 0640}));
  auto file = KeyLogFile::open(path);
  ASSERT_TRUE(file) << file.error().message();
  ManualClock clock;
  Trace trace(clock, {}, {.keep = false, .key_log = file->get()});
  LibsslOptions options{.version = TLS1_3_VERSION};
  LibsslRun run(trace, clock, options);
  ASSERT_TRUE(run.run());
  EXPECT_EQ(as_text(*load_file(path, "key log")), "# mine\n" + run.key_log());
  EXPECT_TRUE(trace.secrets().empty());
  EXPECT_TRUE((*file)->status());
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0640)) << "what was there stays";
}

TEST(KeyLogFile, IsMadeForItsOwnerAlone) {
  const Folder folder;
  const mode_t old = umask(0);
  const auto file = KeyLogFile::open(folder / "keys");
  umask(old);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(std::filesystem::status(folder / "keys").permissions(), std::filesystem::perms(0600));
}

TEST(KeyLogFile, SaysWhatCannotBeOpenedOrWritten) {
  const Folder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);  // that nobody reads: no waiting
  for (const std::string& path : {folder / "missing/keys", folder / ".", folder / "pipe"}) {
    const auto file = KeyLogFile::open(path);
    ASSERT_FALSE(file) << path;
    EXPECT_NE(file.error().message().find("key log file '" + path + "'"), std::string::npos) << file.error().message();
  }
  const auto full = KeyLogFile::open("/dev/full");
  ASSERT_TRUE(full);
  const Bytes secret(32, 1);
  for (int i = 0; i < 2; ++i) (*full)->write(SecretLabel::client_random, {}, secret);
  ASSERT_FALSE((*full)->status());
  EXPECT_EQ((*full)->status().error().message(), "cannot write the key log file '/dev/full': No space left on device");
}

}  // namespace
}  // namespace tlsproof::trace
