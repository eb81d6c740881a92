#include "tlsproof/wire/dtls.h"

#include <algorithm>
#include <random>

#include "harness.h"
#include "tlsproof/wire/messages.h"

namespace tlsproof::wire {
namespace {

using test::Case;
using test::hex;
using test::make_case;
using Next = DtlsRecordCursor::Next;
using Push = DtlsAssembler::Push;

// What decode_handshake does for DTLS, in the form that the harness wants.
struct DtlsClientHello : ClientHello {
  DtlsClientHello() { has_legacy_cookie = true; }
};

std::vector<Case> cases() {
  return {
      make_case<DtlsClientHello>(
          "ClientHello of DTLS",
          "fefd" + std::string(64, '0') +
              "[1:ClientHello.legacy_session_id 00] [1:ClientHello.legacy_cookie 04 c00c1e00]"
              "[2:ClientHello.cipher_suites 0004 c02b 00ff] [1:ClientHello.legacy_compression_methods 01 00]"
              "[2:ClientHello.extensions 0004 0017 [2:Extension.extension_data 0000]]",
          [](const ClientHello& m) {
            EXPECT_EQ(m.legacy_version, 0xfefd);
            EXPECT_EQ(m.legacy_cookie, hex("c00c1e00"));
            EXPECT_EQ(m.cipher_suites.size(), 2U);
            EXPECT_TRUE(m.extensions.has(0x17));
          }),
      make_case<HelloVerifyRequest>("HelloVerifyRequest", "feff [1:HelloVerifyRequest.cookie 03 010203]",
                                    [](const HelloVerifyRequest& m) {
                                      EXPECT_EQ(m.server_version, 0xfeff);
                                      EXPECT_EQ(m.cookie, hex("010203"));
                                    }),
  };
}

TEST(Dtls, MessagesAsTheHarnessWantsThem) {
  test::check_known_vectors(cases());
  test::check_round_trips(cases());
  test::check_prefixes(cases());
  test::check_lengths(cases());
  test::check_trailing_byte(cases());
  test::check_capacity(cases());
}

TEST(Dtls, TheContextDecidesTheFormOfMessages) {
  const Bytes hello = test::read_vector(cases()[0].vector).bytes;
  const auto dtls = decode_handshake(1, hello, {.dtls = true});
  ASSERT_TRUE(dtls);
  EXPECT_EQ(std::get<ClientHello>(*dtls).legacy_cookie, hex("c00c1e00"));
  Bytes again;
  ASSERT_TRUE(encode_message(*dtls, again));
  EXPECT_EQ(to_hex(ByteView(again).subspan(4)), to_hex(hello));
  EXPECT_FALSE(decode_handshake(1, hello, {}));
  // The same object later holds a hello of TLS.
  AnyMessage out = *dtls;
  const Bytes tls = hex("0303" + std::string(64, '0') + "00 0002 1301 01 00");
  ASSERT_TRUE(decode_handshake_into(1, tls, {}, out));
  EXPECT_FALSE(std::get<ClientHello>(out).has_legacy_cookie);
  EXPECT_TRUE(std::get<ClientHello>(out).legacy_cookie.empty());

  EXPECT_TRUE(std::holds_alternative<HelloVerifyRequest>(*decode_handshake(3, hex("feff00"), {.dtls = true})));
  EXPECT_TRUE(std::holds_alternative<RawMessage>(*decode_handshake(3, hex("feff00"), {})));
  // Before OpenSSL 0.9.8f there was no length in front of the encrypted secret.
  const auto kind_of = [](uint16_t version) {
    const auto decoded = decode_handshake(
        16, hex("000101"), {.version = version, .key_exchange = registry::KeyExchange::rsa, .dtls = true});
    return std::holds_alternative<RawMessage>(*decoded);
  };
  EXPECT_TRUE(kind_of(0x0100));
  EXPECT_FALSE(kind_of(0xfeff));
  // Versions of DTLS choose the form as those of TLS do.
  const Bytes none = hex("000000");
  EXPECT_TRUE(std::holds_alternative<Certificate12>(*decode_handshake(11, none, {.version = 0xfefd, .dtls = true})));
  EXPECT_TRUE(std::holds_alternative<Certificate12>(*decode_handshake(11, none, {.version = 0xfeff, .dtls = true})));
  EXPECT_TRUE(
      std::holds_alternative<Certificate13>(*decode_handshake(11, hex("00000000"), {.version = 0xfefc, .dtls = true})));
}

TEST(Dtls, CutsDatagramsIntoRecords) {
  const Bytes datagram =
      hex("16 fefd 0001 000000000102 0002 aabb"
          "19 fefd 0001 000000000003 c1d2 0001 cc"
          "3f c1d2 1234 0001 dd"
          "20 56 ee");
  DtlsRecordCursor cursor(datagram, 2);
  DtlsRecordView record;
  ASSERT_EQ(cursor.next(record), Next::record);
  EXPECT_EQ(record.type, 22);
  EXPECT_EQ(record.version, 0xfefd);
  EXPECT_EQ(record.epoch, 1);
  EXPECT_EQ(record.sequence, 0x102U);
  EXPECT_EQ(to_hex(record.fragment), "aabb");
  ASSERT_EQ(cursor.next(record), Next::record);
  EXPECT_EQ(to_hex(record.connection_id), "c1d2");
  EXPECT_EQ(to_hex(record.fragment), "cc");
  ASSERT_EQ(cursor.next(record), Next::record);
  EXPECT_TRUE(record.unified);
  EXPECT_EQ(record.epoch, 3);
  EXPECT_EQ(record.sequence, 0x1234U);
  EXPECT_EQ(to_hex(record.fragment), "dd");
  ASSERT_EQ(cursor.next(record), Next::record);
  EXPECT_EQ(record.sequence, 0x56U);
  EXPECT_EQ(to_hex(record.fragment), "ee");
  EXPECT_EQ(cursor.next(record), Next::end);

  // Without the length of the id the record that fills the datagram tells it.
  const Bytes unknown = hex("19 fefd 0001 000000000003 c1d2e3 0002 ccdd");
  DtlsRecordCursor guessing(unknown);
  ASSERT_EQ(guessing.next(record), Next::record);
  EXPECT_EQ(to_hex(record.connection_id), "c1d2e3");
  EXPECT_EQ(to_hex(record.fragment), "ccdd");
}

TEST(Dtls, WhatIsNoRecordIsGivenAsIs) {
  DtlsRecordView record;
  for (const char* text :
       {"16fefd", "16030300000000000000000001aa", "16fefd00000000000000000002aa", "2f01", "2c010002aa"}) {
    const Bytes datagram = hex(text);
    DtlsRecordCursor cursor(datagram);
    EXPECT_FALSE(looks_like_dtls(datagram)) << text;
    EXPECT_EQ(cursor.next(record), Next::bad) << text;
    EXPECT_EQ(record.raw.size(), datagram.size());
    EXPECT_EQ(cursor.next(record), Next::end);
  }
  EXPECT_TRUE(looks_like_dtls(hex("16feff00000000000000000001aa")));
  EXPECT_TRUE(looks_like_dtls(hex("16010000000000000000000001aa")));
}

struct Fragment {
  DtlsFragmentHeader header;
  Bytes body;
};
Fragment fragment(uint16_t seq, uint32_t length, uint32_t offset, std::string_view body, uint8_t type = 11) {
  return {{type, length, seq, offset, static_cast<uint32_t>(body.size())}, to_bytes(body)};
}
Push push(DtlsAssembler& assembler, const Fragment& one, size_t at = 0) {
  return assembler.push(one.header, one.body, {at, one.body.size()});
}
std::string next(DtlsAssembler& assembler) {
  DtlsAssembler::Message message;
  return assembler.next(message) ? std::string(as_text(message.raw.subspan(4))) : "-";
}

TEST(Dtls, PutsFragmentsTogetherInAnyOrder) {
  DtlsAssembler assembler;
  EXPECT_EQ(push(assembler, fragment(1, 3, 0, "xyz"), 100), Push::taken);
  EXPECT_EQ(push(assembler, fragment(0, 6, 4, "ef"), 50), Push::taken);
  EXPECT_EQ(next(assembler), "-");
  EXPECT_EQ(push(assembler, fragment(0, 6, 2, "cde"), 30), Push::taken);
  EXPECT_EQ(assembler.num_incomplete(), 1U);
  EXPECT_EQ(push(assembler, fragment(0, 6, 0, "abcd"), 10), Push::taken);
  DtlsAssembler::Message message;
  ASSERT_TRUE(assembler.next(message));
  EXPECT_EQ(to_hex(message.raw), "0b000006" + to_hex(as_bytes("abcdef")));
  EXPECT_EQ(message.message_seq, 0);
  EXPECT_EQ(message.stream, (ByteRange{10, 42}));
  EXPECT_TRUE(message.retransmitted);
  EXPECT_EQ(next(assembler), "xyz");
  EXPECT_EQ(next(assembler), "-");
}

TEST(Dtls, AnEmptyMessageIsOne) {
  DtlsAssembler assembler;
  EXPECT_EQ(push(assembler, fragment(0, 0, 0, "", 14)), Push::taken);
  EXPECT_EQ(next(assembler), "");
  EXPECT_EQ(next(assembler), "-");
}

TEST(Dtls, ARepeatedMessageComesOutOnce) {
  DtlsAssembler assembler;
  EXPECT_EQ(push(assembler, fragment(0, 2, 0, "ab")), Push::taken);
  EXPECT_EQ(push(assembler, fragment(0, 2, 0, "ab")), Push::repeated);
  EXPECT_EQ(next(assembler), "ab");
  EXPECT_EQ(push(assembler, fragment(0, 2, 1, "b")), Push::repeated);
  EXPECT_EQ(push(assembler, fragment(0, 2, 0, "a")), Push::repeated);
  EXPECT_EQ(push(assembler, fragment(1, 2, 0, "cd")), Push::taken);
  EXPECT_EQ(next(assembler), "cd");
  EXPECT_EQ(push(assembler, fragment(1, 2, 0, "cX")), Push::repeated);
  EXPECT_EQ(next(assembler), "-");
}

TEST(Dtls, AnotherFirstMessageBeginsANewHandshake) {
  DtlsAssembler assembler;
  EXPECT_EQ(push(assembler, fragment(0, 2, 0, "ab")), Push::taken);
  EXPECT_EQ(next(assembler), "ab");
  EXPECT_EQ(push(assembler, fragment(0, 2, 0, "a")), Push::repeated);
  EXPECT_EQ(push(assembler, fragment(0, 2, 1, "X")), Push::restarted);
  EXPECT_EQ(next(assembler), "aX");
}

TEST(Dtls, TheFirstCopyOfAByteCounts) {
  DtlsAssembler assembler;
  EXPECT_EQ(push(assembler, fragment(0, 4, 0, "abc")), Push::taken);
  EXPECT_EQ(push(assembler, fragment(0, 4, 2, "Xd")), Push::contradicted);
  EXPECT_EQ(next(assembler), "abcd");
  EXPECT_EQ(push(assembler, fragment(1, 4, 0, "ab")), Push::taken);
  EXPECT_EQ(push(assembler, fragment(1, 5, 2, "cd")), Push::contradicted);
  EXPECT_EQ(push(assembler, fragment(1, 4, 2, "cd", 12)), Push::contradicted);
}

TEST(Dtls, ImpossibleFragmentsAreRefused) {
  DtlsAssembler assembler(100);
  EXPECT_EQ(push(assembler, fragment(0, 101, 0, "a")), Push::bad);
  EXPECT_EQ(push(assembler, fragment(0, 2, 1, "ab")), Push::bad);
  Fragment short_one = fragment(0, 4, 0, "ab");
  short_one.header.fragment_length = 3;
  EXPECT_EQ(push(assembler, short_one), Push::bad);
  for (uint16_t seq = 0; seq < DtlsAssembler::kMaxOpen; ++seq)
    EXPECT_EQ(push(assembler, fragment(seq, 2, 0, "a")), Push::taken);
  EXPECT_EQ(push(assembler, fragment(99, 2, 0, "a")), Push::bad);
}

TEST(Dtls, WhatIsMissingCanBePassedOver) {
  DtlsAssembler assembler;
  EXPECT_EQ(push(assembler, fragment(1, 2, 0, "a")), Push::taken);
  EXPECT_EQ(push(assembler, fragment(2, 2, 0, "cd")), Push::taken);
  EXPECT_EQ(next(assembler), "-");
  DtlsAssembler::Message message;
  ASSERT_TRUE(assembler.next_anyway(message));
  EXPECT_EQ(message.message_seq, 2);
  EXPECT_EQ(assembler.num_incomplete(), 0U);
  EXPECT_FALSE(assembler.next_anyway(message));
  EXPECT_EQ(push(assembler, fragment(3, 1, 0, "e")), Push::taken);
  EXPECT_EQ(next(assembler), "e");
}

// Any cut into pieces, in any order, some twice: the same message.
TEST(Dtls, AnyShuffleGivesTheSame) {
  std::mt19937 random(7);
  std::string body;
  for (int i = 0; i < 300; ++i) body += static_cast<char>(random());
  for (int round = 0; round < 200; ++round) {
    std::vector<Fragment> pieces;
    for (size_t at = 0; at < body.size();) {
      const size_t len = std::min<size_t>(1 + random() % 80, body.size() - at);
      const size_t back = std::min<size_t>(at, random() % 10);
      pieces.push_back(
          fragment(0, 300, static_cast<uint32_t>(at - back), std::string_view(body).substr(at - back, len + back)));
      at += len;
    }
    std::ranges::shuffle(pieces, random);
    DtlsAssembler assembler;
    for (const Fragment& piece : pieces) {
      const Push pushed = push(assembler, piece);
      EXPECT_TRUE(pushed == Push::taken || pushed == Push::repeated);
    }
    EXPECT_EQ(next(assembler), body);
  }
}

}  // namespace
}  // namespace tlsproof::wire
