#include "tlsproof/view/tree.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/cache.h"
#include "unit/trace/libssl_trace.h"
#include "unit/view/trace_player.h"

namespace tlsproof::view {
namespace {

using testing::HasSubstr;
using trace::Level;
using trace::Reading;
using trace::Trace;
constexpr auto kUp = TracePlayer::kUp;
constexpr auto kDown = TracePlayer::kDown;

std::string tree_of(const Trace& trace, TreeOptions options = {}) {
  std::string out;
  append_tree(Reading(trace), options, out);
  return out;
}

struct Leaf {
  size_t offset = 0, len = 0;
  std::string hex;  // what is shown
  std::string line;
};
// The lines with offset and length: both stand right-aligned in columns of their own.
std::optional<Leaf> leaf_of(const std::string& line) {
  const auto digit = [&](size_t at) { return line.size() > at && line[at] >= '0' && line[at] <= '9'; };
  if (!digit(7) || !digit(13)) return std::nullopt;
  Leaf leaf{std::stoul(line.substr(0, 8)), std::stoul(line.substr(8, 6)), "", line};
  const size_t name = line.find_first_not_of(' ', 14);
  if (const size_t hex = line.find("  ", name); hex != std::string::npos)
    leaf.hex = line.substr(hex + 2, line.find_first_not_of("0123456789abcdef", hex + 2) - hex - 2);
  return leaf;
}

// The leaves of each message (or record), which begins with an arrow.
std::vector<std::vector<Leaf>> groups(const std::string& tree) {
  std::vector<std::vector<Leaf>> out;
  for (const std::string& line : split(tree, '\n')) {
    if (line.starts_with("─► ") || line.starts_with("◄─ ")) out.emplace_back();
    if (const auto leaf = leaf_of(line); leaf && !out.empty()) out.back().push_back(*leaf);
  }
  return out;
}

// No byte untold, none told twice, in order, and each as it is.
void expect_covered(const std::vector<Leaf>& leaves, ByteView message, std::string_view what) {
  size_t at = 0;
  for (const Leaf& leaf : leaves) {
    ASSERT_EQ(leaf.offset, at) << what << "\n" << leaf.line;
    ASSERT_LE(leaf.len, message.size() - at) << leaf.line;
    EXPECT_EQ(leaf.hex, to_hex(message.subspan(at, leaf.len))) << leaf.line;
    at += leaf.len;
  }
  EXPECT_EQ(at, message.size()) << what;
}

wire::ServerHello chosen(uint16_t version, uint16_t suite) {
  wire::ServerHello hello;
  hello.cipher_suite = suite;
  if (version <= 0x0303)
    hello.legacy_version = version;
  else
    hello.extensions.add_typed(wire::ext::SupportedVersionsServer{version});
  return hello;
}

// The tree of one message after that ServerHello; offsets count in the message.
void check(uint8_t type, ByteView body, uint16_t version, uint16_t suite, std::string_view what) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  Bytes hello;
  ASSERT_TRUE(wire::encode_message(chosen(version, suite), hello));
  trace.on_message({kDown, Level::initial, 2, hello, {}});
  Bytes raw;
  ASSERT_TRUE(wire::encode_handshake(type, body, raw));
  trace.on_message({kUp, Level::initial, type, raw, {}});
  const std::string tree = tree_of(trace, {.max_hex_len = 0});
  const auto found = groups(tree);
  ASSERT_EQ(found.size(), 2U) << what;
  expect_covered(found[0], hello, "ServerHello");
  expect_covered(found[1], raw, what);
  EXPECT_TRUE(is_valid_utf8(tree));
}

Bytes corpus_file(const std::filesystem::path& path) {
  auto bytes = load_file(path.string(), "corpus");
  TLSPROOF_CHECK(bytes.has_value());
  return *bytes;
}
std::vector<std::filesystem::path> corpus(const std::string& name) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(TLSPROOF_SOURCE_DIR "/tests/fuzz/corpus/" + name))
    out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

// Every message of the corpus, whole, cut off anywhere and with odd bytes, in several versions and key exchanges.
TEST(Tree, TellsEveryByteOfEveryMessageOnce) {
  constexpr uint16_t kVersions[] = {0x0300, 0x0302, 0x0303, 0x0304, 0x7f12};
  constexpr uint16_t kSuites[] = {0x1301, 0xc02f, 0x009e, 0x002f};  // TLS 1.3, ECDHE, DHE, RSA
  for (const auto& path : corpus("handshake")) {
    SCOPED_TRACE(path.filename());
    const Bytes input = corpus_file(path);
    if (input.size() < 3) continue;
    const ByteView body = ByteView(input).subspan(3);
    for (uint16_t version : kVersions)
      for (uint16_t suite : kSuites) check(input[0], body, version, suite, "whole");
    for (size_t len = 0; len < body.size(); len += 1 + body.size() / 64) {
      check(input[0], body.first(len), 0x0304, 0x1301, "cut off, TLS 1.3");
      check(input[0], body.first(len), 0x0303, 0xc02f, "cut off, TLS 1.2");
    }
    for (size_t at = 0; at < body.size(); at += 1 + body.size() / 48) {
      Bytes odd = to_bytes(body);
      odd[at] = static_cast<uint8_t>(odd[at] + 1);
      check(input[0], odd, 0x0304, 0x1301, "odd, TLS 1.3");
      check(input[0], odd, 0x0302, 0x009e, "odd, TLS 1.1");
    }
  }
}

// Every form of every extension in its message, with the bodies of the corpus, right for it or not.
TEST(Tree, TellsEveryByteOfEveryExtensionOnce) {
  constexpr uint16_t kTypes[] = {0,  5,     9,      15,     18,     27,     34, 40, 43, 51,
                                 57, 13172, 0x4469, 0xfe0d, 0xffa5, 0xeeee, 41, 42, 47};
  for (const auto& path : corpus("extensions")) {
    const Bytes input = corpus_file(path);
    if (input.empty()) continue;
    const ByteView body = ByteView(input).subspan(1);
    wire::ExtensionList list;
    for (uint16_t type : kTypes) list.add(type, body);
    Bytes block;
    Writer w(block);
    wire::encode_extensions(list, w);
    wire::ClientHello client;
    client.cipher_suites = {0x1301};
    client.legacy_compression_methods = {0};
    client.extensions = list;
    check(1, wire::encode_all(client), 0x0304, 0x1301, path.filename().string());
    check(8, block, 0x0304, 0x1301, path.filename().string());
    wire::ServerHello retry;
    retry.random = wire::kHelloRetryRequestRandom;
    retry.extensions = list;
    check(2, wire::encode_all(retry), 0x0304, 0x1301, path.filename().string());
    wire::Certificate13 certificate;
    certificate.add(Bytes{0x30, 0});
    certificate.set_extensions(0, list);
    check(11, wire::encode_all(certificate), 0x0304, 0x1301, path.filename().string());
  }
}

// Of what passed in clear, each line shows the bytes that stand in the stream at its offset.
TEST(Tree, OffsetsAreThoseOfTheStream) {
  ManualClock clock;
  Trace trace(clock);
  TracePlayer play(trace, clock);
  play.connect("a", "b");
  play.message(kUp, Level::initial, TracePlayer::client_hello("server.test", {0x0304, 0x0303}));
  play.message(kDown, Level::initial, TracePlayer::server_hello13());
  play.change_cipher_spec(kDown);
  play.message(kDown, Level::initial, TracePlayer::certificate13(kServerCertificate));
  play.message(kDown, Level::initial, TracePlayer::certificate_request13());
  play.message(kUp, Level::initial, TracePlayer::certificate13(kClientCertificate));
  play.message(kUp, Level::initial, wire::Finished{Bytes(32, 0xf1)});
  play.alert(kUp, Level::initial, 2, 40);
  const std::string tree = tree_of(trace, {.max_hex_len = 0});
  trace::Direction direction = kUp;
  size_t num_checked = 0;
  for (const std::string& line : split(tree, '\n')) {
    if (line.starts_with("─► ")) direction = kUp;
    if (line.starts_with("◄─ ")) direction = kDown;
    const auto leaf = leaf_of(line);
    if (!leaf) continue;
    EXPECT_EQ(leaf->hex, to_hex(trace.stream(direction).subspan(leaf->offset, leaf->len))) << line;
    ++num_checked;
  }
  EXPECT_GT(num_checked, 90U);
  EXPECT_THAT(tree, HasSubstr("subject:  CN=secure.example.com"));
}

// What libssl says decodes to its end.
TEST(Tree, NothingIsLeftOverOfARealHandshake) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ManualClock clock;
    Trace trace(clock);
    ASSERT_TRUE(trace::LibsslRun(trace, clock, {.version = version, .request_client_certificate = true}).run());
    const std::string tree = tree_of(trace);
    for (const char* bad : {"does not decode", "(left over)", "(undecoded)", "cut off", "    body  "})
      EXPECT_EQ(tree.find(bad), std::string::npos) << bad;
    EXPECT_THAT(tree, HasSubstr("subject:  CN=www.example.com"));
    EXPECT_THAT(tree, HasSubstr("verify_data"));
  }
}

// One message in three records, and two in one.
TEST(Tree, FollowsMessagesOverRecords) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  wire::ClientHello hello = TracePlayer::client_hello("server.test", {0x0304});
  Bytes stream;
  ASSERT_TRUE(wire::encode_message(hello, stream));
  const size_t hello_len = stream.size();
  ASSERT_TRUE(wire::encode_message(wire::Finished{Bytes(12, 0xf1)}, stream));
  const size_t cuts[] = {0, 3, 40, stream.size()};
  size_t passed = 0;
  for (size_t i = 0; i + 1 < std::size(cuts); ++i) {
    const ByteView fragment = ByteView(stream).subspan(cuts[i], cuts[i + 1] - cuts[i]);
    Bytes record = {22, 3, 1, 0, static_cast<uint8_t>(fragment.size())};
    append(record, fragment);
    trace.on_bytes(kUp, record);
    trace.on_record({kUp, Level::initial, 22, 0x0301, true, {passed, record.size()}, fragment});
    passed += record.size();
  }
  ASSERT_LT(stream.size(), 200U);
  trace.on_message({kUp, Level::initial, 1, ByteView(stream).first(hello_len), {0, passed}});
  trace.on_message({kUp, Level::initial, 20, ByteView(stream).subspan(hello_len), {48, passed - 48}});
  const std::string tree = tree_of(trace);
  EXPECT_THAT(tree, HasSubstr("       5     1  msg_type  01  client_hello"));
  EXPECT_THAT(tree, HasSubstr("      14     2    legacy_version  0303  TLS 1.2")) << "in the second record";
  EXPECT_THAT(tree, HasSubstr(std::to_string(passed - 12) + "    12    verify_data"));
}

// What is known of the offsets is told; what is not is not guessed.
TEST(Tree, CountsInTheMessageWhereRecordsAreMissing) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  Bytes raw;
  ASSERT_TRUE(wire::encode_message(wire::Finished{Bytes(12, 0xf1)}, raw));
  trace.on_message({kUp, Level::initial, 20, raw, {100, 21}});
  EXPECT_THAT(tree_of(trace), HasSubstr("Finished  16 bytes; offsets in the message\n       0     1  msg_type"));
  trace.on_message({kUp, Level::handshake, 20, raw, {100, 21}});
  EXPECT_THAT(tree_of(trace), HasSubstr("in the message, which was decrypted"));
}

TEST(Tree, ReadsLikeThis) {
  ManualClock clock;
  Trace trace(clock);
  TracePlayer play(trace, clock);
  play.connect("127.0.0.1:51000", "127.0.0.1:8443");
  wire::ClientHello hello;
  hello.random.fill(0xc1);
  hello.cipher_suites = {0x0a0a, 0x1301};
  hello.legacy_compression_methods = {0};
  wire::ext::ServerName name;
  name.add_host("a\x1b[31m");
  hello.extensions.add_typed(name);
  hello.extensions.add_typed(wire::ext::CompressCertificate{{2}});
  hello.extensions.add(0xeeee, Bytes{1, 2});
  play.message(kUp, Level::initial, hello);
  play.alert(kDown, Level::initial, 2, 40);
  EXPECT_EQ(tree_of(trace, {.max_hex_len = 4}), R"(─► connecting  127.0.0.1:8443
─► connected
─► record  82 bytes at 0
       0     1  type  16  handshake
       1     2  legacy_record_version  0303  TLS 1.2
       3     2  length  004d  77
─► ClientHello  77 bytes; offsets in the stream
       5     1  msg_type  01  client_hello
       6     3  length  000049  73 bytes
       9     2    legacy_version  0303  TLS 1.2
      11    32    random  c1c1c1c1…
      43     1    legacy_session_id  00  0 bytes
      44     2    cipher_suites  0004  4 bytes
      46     2      cipher_suite  0a0a  GREASE
      48     2      cipher_suite  1301  TLS_AES_128_GCM_SHA256
      50     1    legacy_compression_methods  01  1 byte
      51     1      compression_method  00  null
      52     2    extensions  001c  28 bytes
      54     2      extension  0000  server_name
      56     2      extension_data  000b  11 bytes
      58     2        server_name_list  0009  9 bytes
      60     1          name_type  00  host_name
      61     2          host_name  0006  6 bytes
      63     6            host_name  611b5b33…  "a\x1b[31m"
      69     2      extension  001b  compress_certificate
      71     2      extension_data  0003  3 bytes
      73     1        algorithms  02  2 bytes
      74     2          algorithm  0002  brotli
      76     2      extension  eeee  unknown
      78     2      extension_data  0002  2 bytes
      80     2        data  0102
◄─ record  7 bytes at 0
       0     1  type  15  alert
       1     2  legacy_record_version  0303  TLS 1.2
       3     2  length  0002  2
       5     1  level  02  fatal
       6     1  description  28  handshake_failure
◄─ alert  fatal handshake_failure (40)
)");
}

TEST(Tree, ExplainsWhatIsStapled) {
  ManualClock clock;
  Trace trace(clock);
  trace.begin("", "");
  TracePlayer play(trace, clock);
  play.connect("a", "b");
  play.message(kDown, Level::initial, TracePlayer::server_hello13());
  wire::Certificate13 certificate = TracePlayer::certificate13(kServerCertificate);
  wire::ExtensionList list;
  wire::ext::StatusResponse stapled;
  stapled.status.response = corpus_file(TLSPROOF_SOURCE_DIR "/tests/fuzz/corpus/ocsp/three.der");
  list.add_typed(stapled);
  certificate.set_extensions(0, list);
  play.message(kDown, Level::handshake, certificate);
  x509::CertificateCache cache;
  const std::string tree = tree_of(trace, {.certificates = &cache});
  EXPECT_EQ(cache.num_misses(), 1U);
  EXPECT_THAT(tree, HasSubstr("responseStatus:  successful"));
  EXPECT_THAT(tree, HasSubstr("certificate:  0101 good, thisUpdate 2026-11-23T19:28:38Z"));
  EXPECT_THAT(tree, HasSubstr("certificate:  0102 revoked at 2026-01-02T03:04:05Z (keyCompromise)"));
  EXPECT_THAT(tree, HasSubstr("with certificate:  CN=OCSP Root,O=Example (issued by itself)"));
  EXPECT_EQ(tree_of(trace), tree) << "the cache changes nothing";
}

}  // namespace
}  // namespace tlsproof::view
