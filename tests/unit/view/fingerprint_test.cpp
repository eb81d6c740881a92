#include "tlsproof/view/fingerprint.h"

#include <gtest/gtest.h>

#include "tlsproof/crypto/md5.h"

#include "unit/view/trace_player.h"

namespace tlsproof::view {
namespace {

using wire::ClientHello;
using wire::ServerHello;

void add_empty(wire::ExtensionList& list, std::initializer_list<uint16_t> types) {
  for (const uint16_t type : types) list.add(type, {});
}

std::string ja3_of(const ClientHello& hello) {
  Fingerprinter fingerprinter;
  return to_hex(crypto::md5(as_bytes(fingerprinter.ja3_text(hello))));
}

std::string ja4_of(const ClientHello& hello, trace::Transport transport = trace::Transport::tls) {
  Fingerprinter fingerprinter;
  std::string out = "rest of the last one";
  fingerprinter.ja4(hello, transport, out);
  return out;
}

// The two examples of JA3's own description.
TEST(Fingerprint, Ja3PublishedExamples) {
  ClientHello hello;
  hello.legacy_version = 769;
  hello.cipher_suites = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4};
  wire::ext::ServerName name;
  name.add_host("host.test");
  hello.extensions.add_typed(name);
  hello.extensions.add_typed(wire::ext::SupportedGroups{{23, 24, 25}});
  hello.extensions.add_typed(wire::ext::EcPointFormats{{0}});
  Fingerprinter fingerprinter;
  EXPECT_EQ(fingerprinter.ja3_text(hello), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
  EXPECT_EQ(ja3_of(hello), "ada70206e40642a3e4461f35503241d5");

  ClientHello bare;
  bare.legacy_version = 769;
  bare.cipher_suites = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99};
  bare.has_extensions = false;
  EXPECT_EQ(fingerprinter.ja3_text(bare), "769,4-5-10-9-100-98-3-6-19-18-99,,,");
  EXPECT_EQ(ja3_of(bare), "de350869b8c85de67a350c8d186f11e6");

  ServerHello server;
  server.legacy_version = 769;
  server.cipher_suite = 47;
  add_empty(server.extensions, {65281, 0, 11, 35, 5, 16});
  EXPECT_EQ(fingerprinter.ja3s_text(server), "769,47,65281-0-11-35-5-16");
}

TEST(Fingerprint, Ja3LeavesGreaseOut) {
  ClientHello hello;
  hello.cipher_suites = {0x0a0a, 0x1301, 0xfafa};
  add_empty(hello.extensions, {0x1a1a});
  hello.extensions.add_typed(wire::ext::SupportedGroups{{0x2a2a, 29}});
  Fingerprinter fingerprinter;
  EXPECT_EQ(fingerprinter.ja3_text(hello), "771,4865,10,29,");
}

// The hello that JA4's own description takes apart, GREASE and all.
ClientHello published() {
  ClientHello hello;
  hello.cipher_suites = {0x4a4a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                         0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  add_empty(hello.extensions, {0x3a3a, 0x001b});
  wire::ext::ServerName name;
  name.add_host("host.test");
  hello.extensions.add_typed(name);
  add_empty(hello.extensions, {0x0033});
  wire::ext::Alpn alpn;
  alpn.protocols.push_back(as_bytes("h2"));
  alpn.protocols.push_back(as_bytes("http/1.1"));
  hello.extensions.add_typed(alpn);
  add_empty(hello.extensions, {0x4469, 0x0017, 0x002d});
  hello.extensions.add_typed(
      wire::ext::SignatureAlgorithms{{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}});
  add_empty(hello.extensions, {0x0005, 0x0023, 0x0012});
  hello.extensions.add_typed(wire::ext::SupportedVersionsClient{{0x6a6a, 0x0304, 0x0303}});
  add_empty(hello.extensions, {0xff01, 0x000b, 0x000a, 0x0015, 0xbaba});
  return hello;
}

TEST(Fingerprint, Ja4PublishedExample) {
  EXPECT_EQ(ja4_of(published()), "t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(ja4_of(published(), trace::Transport::quic), "q13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(ja4_of(published(), trace::Transport::dtls), "d13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Fingerprint, Ja4LeavesGreaseInSignatureAlgorithmsOut) {
  ClientHello hello = published();
  hello.extensions.put_typed(
      wire::ext::SignatureAlgorithms{{0x7a7a, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}});
  EXPECT_EQ(ja4_of(hello), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

// delegated_credentials has a list of the same form, which is no list of signature_algorithms.
TEST(Fingerprint, Ja4DoesNotTakeDelegatedCredentialsForSignatureAlgorithms) {
  ClientHello hello;
  hello.cipher_suites = {0x1301};
  hello.extensions.add(registry::extension::delegated_credential, *from_hex("00020403"));
  ClientHello other;
  other.cipher_suites = {0x1301};
  other.extensions.add(registry::extension::delegated_credential, {});
  EXPECT_EQ(ja4_of(hello), ja4_of(other));
}

TEST(Fingerprint, Ja4OfNothingIsZeros) {
  ClientHello hello;
  hello.has_extensions = false;
  EXPECT_EQ(ja4_of(hello), "t12i000000_000000000000_000000000000");
  wire::ext::ServerName name;
  name.add_host("host.test");
  hello.has_extensions = true;
  hello.extensions.add_typed(name);
  EXPECT_EQ(ja4_of(hello), "t12d000100_000000000000_000000000000");
}

TEST(Fingerprint, Ja4CountsToNinetyNine) {
  ClientHello hello;
  for (uint16_t i = 1; i <= 120; ++i) hello.cipher_suites.push_back(i);
  for (uint16_t i = 1; i <= 120; ++i) hello.extensions.add(static_cast<uint16_t>(0x1000 + i), {});
  EXPECT_EQ(ja4_of(hello).substr(0, 10), "t12i999900");
}

TEST(Fingerprint, Ja4NamesTheNewestVersion) {
  const struct {
    uint16_t legacy;
    std::vector<uint16_t> offered;
    std::string_view mark;
  } cases[] = {
      {0x0303, {}, "12"},
      {0x0302, {}, "11"},
      {0x0301, {}, "10"},
      {0x0300, {}, "s3"},
      {0x0303, {0x0304}, "13"},
      {0xfefd, {}, "d2"},
      {0xfefd, {0xfefd, 0xfefc}, "d3"},
      {0xfeff, {}, "d1"},
      {0x0309, {}, "00"},
      {0x0303, {0x8a8a}, "12"},
  };
  for (const auto& c : cases) {
    ClientHello hello;
    hello.legacy_version = c.legacy;
    if (!c.offered.empty()) hello.extensions.add_typed(wire::ext::SupportedVersionsClient{c.offered});
    EXPECT_EQ(ja4_of(hello).substr(1, 2), c.mark) << hex16(c.legacy);
  }
}

TEST(Fingerprint, Ja4AlpnIsBytes) {
  const struct {
    std::string_view hex, mark;
  } cases[] = {
      {"6832", "h2"}, {"687474702f312e31", "h1"}, {"68", "hh"},       {"ab", "ab"}, {"abcd", "ad"},
      {"30ab", "3b"}, {"3031ab", "3b"},           {"20686920", "20"},
  };
  for (const auto& c : cases) {
    ClientHello hello;
    wire::ext::Alpn alpn;
    alpn.protocols.push_back(*from_hex(c.hex));
    hello.extensions.add_typed(alpn);
    EXPECT_EQ(ja4_of(hello).substr(8, 2), c.mark) << c.hex;
  }
}

// After a HelloRetryRequest the first ClientHello counts.
TEST(Fingerprint, FirstClientHelloCounts) {
  ManualClock clock;
  trace::Trace trace(clock);
  TracePlayer player(trace, clock);
  player.connect("client", "server");
  ClientHello first = TracePlayer::client_hello("host.test", {0x0304});
  player.message(TracePlayer::kUp, trace::Level::initial, first);
  ServerHello retry = TracePlayer::server_hello13();
  retry.random = wire::kHelloRetryRequestRandom;
  player.message(TracePlayer::kDown, trace::Level::initial, retry);
  ClientHello second = first;
  second.extensions.add(registry::extension::cookie, *from_hex("00010a"));
  player.message(TracePlayer::kUp, trace::Level::initial, second);
  player.message(TracePlayer::kDown, trace::Level::initial, TracePlayer::server_hello13());

  const trace::Reading reading(trace);
  Fingerprinter fingerprinter;
  Fingerprints out;
  fingerprinter.compute(reading, out);
  EXPECT_EQ(out.ja3, ja3_of(first));
  EXPECT_NE(out.ja3, ja3_of(second));
  EXPECT_EQ(out.ja4, ja4_of(first));
  EXPECT_EQ(out.ja3s, to_hex(crypto::md5(as_bytes("771,4866,43-51"))));

  trace.set_transport(trace::Transport::ssl2);
  fingerprinter.compute(trace::Reading(trace), out);
  EXPECT_EQ(out.ja3 + out.ja3s + out.ja4, "");
}

}  // namespace
}  // namespace tlsproof::view
