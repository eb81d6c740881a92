#include "src/capture/quic_packet.h"

#include <gtest/gtest.h>

#include "quic_maker.h"

namespace tlsproof::capture {
namespace {

using testing::joined;

TEST(QuicPacket, ReadsVarints) {
  // RFC 9000 A.1.
  for (const auto& [hex, value] :
       {std::pair{"c2197c5eff14e88c", uint64_t{151'288'809'941'952'652}}, std::pair{"9d7f3e7d", uint64_t{494'878'333}},
        std::pair{"7bbd", uint64_t{15'293}}, std::pair{"25", uint64_t{37}}, std::pair{"4025", uint64_t{37}}}) {
    const Bytes bytes = *from_hex(hex);
    for (size_t len = 0; len <= bytes.size(); ++len) {
      ParseError error;
      Reader r(ByteView(bytes).first(len), error);
      uint64_t out = 0;
      ASSERT_EQ(read_quic_varint(r, out, "x"), len == bytes.size()) << hex << " " << len;
      if (len == bytes.size()) {
        EXPECT_EQ(out, value);
        EXPECT_TRUE(r.empty());
      }
    }
  }
}

TEST(QuicPacket, ReadsLongHeaders) {
  for (const uint32_t version : {1U, 0x6b3343cfU, 0xff00001dU}) {
    testing::QuicSender sender(crypto::Side::client, version, {1, 2, 3, 4, 5, 6, 7, 8}, {9, 10});
    sender.token = {0xaa, 0xbb};
    sender.start_initial(sender.destination_id);
    const Bytes packet = sender.initial(Bytes(20));
    const Bytes datagram = joined({packet, {0xff, 0xee}});
    ASSERT_TRUE(is_quic_long_header(datagram));
    const auto header = parse_quic_long_header(datagram);
    ASSERT_TRUE(header) << header.error().message();
    EXPECT_EQ(header->type, QuicPacketType::initial);
    EXPECT_EQ(header->version, version);
    EXPECT_EQ(to_bytes(header->destination_id), sender.destination_id);
    EXPECT_EQ(to_bytes(header->source_id), sender.source_id);
    EXPECT_EQ(to_bytes(header->rest), sender.token);
    EXPECT_EQ(header->len, packet.size());
    for (size_t len = 7; len < packet.size(); ++len)
      EXPECT_FALSE(parse_quic_long_header(ByteView(packet).first(len))) << len;

    sender.start_handshake(Bytes(32));
    EXPECT_EQ(parse_quic_long_header(sender.handshake(Bytes(20)))->type, QuicPacketType::handshake);
    EXPECT_EQ(parse_quic_long_header(joined({sender.long_header(QuicPacketType::zero_rtt), {2, 0, 0}}))->type,
              QuicPacketType::zero_rtt);
    const auto retry = parse_quic_long_header(joined({sender.long_header(QuicPacketType::retry), Bytes(30, 7)}));
    EXPECT_EQ(retry->type, QuicPacketType::retry);
    EXPECT_EQ(retry->rest.size(), 30U);
  }
}

TEST(QuicPacket, RefusesWhatIsNone) {
  Bytes datagram = {0xc0, 0, 0, 0, 1, 21};
  datagram.resize(60);
  EXPECT_EQ(parse_quic_long_header(datagram).error().field, "QUIC.destination_connection_id");
  EXPECT_FALSE(is_quic_long_header(ByteView(datagram).first(6)));
  datagram[4] = 2;  // a version that nobody knows
  EXPECT_FALSE(is_quic_long_header(datagram));
  datagram[4] = 1;
  datagram[0] = 0x40;  // a short header
  EXPECT_FALSE(is_quic_long_header(datagram));
}

TEST(QuicPacket, ReadsVersionNegotiation) {
  const Bytes datagram = *from_hex("80000000000102030405000000016b3343cf");
  ASSERT_TRUE(is_quic_long_header(datagram));
  const auto header = parse_quic_long_header(datagram);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->type, QuicPacketType::version_negotiation);
}

TEST(QuicPacket, FindsThePacketNumberNearest) {
  EXPECT_EQ(decode_quic_packet_number(0xa82f30ea, 0x9b32, 2), 0xa82f9b32U);  // RFC 9000 A.3
  EXPECT_EQ(decode_quic_packet_number(std::nullopt, 0, 1), 0U);
  EXPECT_EQ(decode_quic_packet_number(std::nullopt, 200, 1), 200U);
  EXPECT_EQ(decode_quic_packet_number(255, 0, 1), 256U);
  EXPECT_EQ(decode_quic_packet_number(256, 0xff, 1), 255U);
  EXPECT_EQ(decode_quic_packet_number(1000, 1000 & 0xff, 1), 1000U);
}

TEST(QuicPacket, OpensAcrossPacketNumbersAndRefusesChanges) {
  testing::QuicSender sender(crypto::Side::client, 1, Bytes(8, 3), {});
  sender.start_initial(sender.destination_id);
  for (const size_t number_len : {1U, 2U, 3U, 4U}) {
    sender.number_len = number_len;
    sender.next_number[0] = 300;
    const Bytes payload(30, 1);
    Bytes packet = sender.initial(payload);
    const auto header = parse_quic_long_header(packet);
    Bytes buffer;
    const auto opened = open_quic_packet(sender.initial_keys, packet, *header, 290, buffer);
    ASSERT_TRUE(opened) << number_len;
    EXPECT_EQ(opened->number, 300U);
    EXPECT_EQ(to_bytes(opened->payload), payload);
    for (size_t i = 0; i < packet.size(); ++i) {  // what stands before the number is additional data
      Bytes broken = packet;
      broken[i] ^= 1;
      const auto other = parse_quic_long_header(broken);
      EXPECT_FALSE(other && open_quic_packet(sender.initial_keys, broken, *other, 290, buffer)) << i;
    }
  }
}

TEST(QuicFrames, ReadsThoseOfAHandshake) {
  const Bytes payload = joined({Bytes(5),
                                {0x01},
                                {0x02, 0x41, 0x00, 0x05, 0x01, 0x03, 0x00, 0x02},
                                {0x03, 0x04, 0x00, 0x00, 0x04, 0x01, 0x02, 0x03},
                                testing::crypto_frame(70, Bytes{1, 2, 3}),
                                testing::close_frame(0x128, "no")});
  using enum QuicFrame::Kind;
  const QuicFrame::Kind kinds[] = {padding, ping, ack, ack, crypto, connection_close};
  ParseError error;
  Reader r(payload, error);
  for (const auto kind : kinds) {
    QuicFrame frame;
    ASSERT_TRUE(read_quic_frame(r, frame)) << error.message();
    EXPECT_EQ(frame.kind, kind);
    if (kind == crypto) {
      EXPECT_EQ(frame.offset, 70U);
      EXPECT_EQ(to_bytes(frame.data), (Bytes{1, 2, 3}));
    }
    if (kind == connection_close) {
      EXPECT_EQ(frame.error, 0x128U);
      EXPECT_EQ(as_text(frame.data), "no");
    }
  }
  EXPECT_TRUE(r.empty());
}

TEST(QuicFrames, RefusesOthersAndEveryPrefix) {
  for (const Bytes& frame : {Bytes{0x02, 0x41, 0x00, 0x05, 0x01, 0x03, 0x00, 0x02}, Bytes{0x03, 4, 0, 0, 4, 1, 2, 3},
                             testing::crypto_frame(70, Bytes{1, 2, 3}), testing::close_frame(0x128, "no")}) {
    for (size_t len = 1; len < frame.size(); ++len) {
      ParseError error;
      Reader r(ByteView(frame).first(len), error);
      QuicFrame out;
      EXPECT_FALSE(read_quic_frame(r, out)) << to_hex(frame) << " " << len;
    }
  }
  // RFC 9000 §12.4, table 3: these do not go into Initial and Handshake packets.
  for (const uint8_t type : Bytes{0x04, 0x07, 0x08, 0x10, 0x1d, 0x1e, 0x30}) {
    ParseError error;
    const Bytes frame = {type, 0, 0, 0, 0};
    Reader r(frame, error);
    QuicFrame out;
    EXPECT_FALSE(read_quic_frame(r, out));
    EXPECT_EQ(error.field, "QUIC.frame_type");
  }
  // An ACK that announces more ranges than any packet holds ends where the bytes end.
  ParseError error;
  const Bytes ack = *from_hex("020000ffffffffffffffff0000");
  Reader r(ack, error);
  QuicFrame out;
  EXPECT_FALSE(read_quic_frame(r, out));
}

}  // namespace
}  // namespace tlsproof::capture
