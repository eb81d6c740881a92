#include <gtest/gtest.h>

#include "harness.h"
#include "tlsproof/wire/handshake.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::wire {
namespace {

using test::hex;

// Odd types and versions are facts, not errors.
const char kStream[] =
    "16 0301 0005 0100000101"
    "14 0303 0001 01"
    "17 0303 0000"
    "ff 7f17 0003 aabbcc"
    "15 0300 0002 0228";
const std::vector<std::string> kRecords = {"160301:0100000101@0#0", "140303:01@10#1", "170303:@16#2",
                                           "ff7f17:aabbcc@21#3", "150300:0228@29#4"};

std::string describe(const RecordView& r) {
  EXPECT_EQ(r.raw.size(), kRecordHeaderLen + r.fragment.size());
  return to_hex(r.raw.first(3)) + ":" + to_hex(r.fragment) + "@" + std::to_string(r.offset_in_stream) + "#" +
         std::to_string(r.index);
}

void drain(RecordDeframer& deframer, std::vector<std::string>& out) {
  RecordView record;
  while (deframer.next(record) == RecordDeframer::Next::record) out.push_back(describe(record));
}

TEST(RecordDeframer, EverySplitIntoTwo) {
  const Bytes stream = hex(kStream);
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    RecordDeframer deframer;
    std::vector<std::string> records;
    deframer.push(ByteView(stream).first(cut));
    drain(deframer, records);
    deframer.push(ByteView(stream).subspan(cut));
    drain(deframer, records);
    EXPECT_EQ(records, kRecords) << cut;
    EXPECT_EQ(deframer.pending_len(), 0U);
    EXPECT_EQ(deframer.offset(), stream.size());
  }
}

TEST(RecordDeframer, ByteByByteAndWithoutDraining) {
  const Bytes stream = hex(kStream);
  RecordDeframer drained;
  RecordDeframer hoarding;
  std::vector<std::string> records;
  for (const uint8_t byte : stream) {
    drained.push({&byte, 1});
    hoarding.push({&byte, 1});
    drain(drained, records);
  }
  EXPECT_EQ(records, kRecords);
  records.clear();
  drain(hoarding, records);
  EXPECT_EQ(records, kRecords);
  // And with one record taken a push, so that the buffer is compacted while something is left in it.
  RecordDeframer slow;
  records.clear();
  slow.push(stream);
  RecordView record;
  for (size_t i = 0; i < kRecords.size(); ++i) {
    ASSERT_EQ(slow.next(record), RecordDeframer::Next::record);
    records.push_back(describe(record));
    slow.push(stream);
  }
  EXPECT_EQ(records, kRecords);
  EXPECT_EQ(slow.pending_len(), 5 * stream.size());
}

TEST(RecordDeframer, TooLongShowsTheHeaderAndIsFinal) {
  RecordDeframer deframer(4);
  RecordView record;
  deframer.push(hex("160301 0004 01020304 17 0303 0005"));
  EXPECT_EQ(deframer.next(record), RecordDeframer::Next::record);
  for (int again = 0; again < 2; ++again) {
    ASSERT_EQ(deframer.next(record), RecordDeframer::Next::too_long);
    EXPECT_EQ(to_hex(record.raw), "1703030005");
    EXPECT_EQ(record.type, 23);
    EXPECT_EQ(record.offset_in_stream, 9U);
    EXPECT_TRUE(record.fragment.empty());
    EXPECT_EQ(deframer.pending_len(), 5U);
    deframer.push(hex("01"));
    deframer.reset();
    deframer.push(hex("160301 0001 aa"));
    ASSERT_EQ(deframer.next(record), RecordDeframer::Next::record);
    EXPECT_EQ(record.offset_in_stream, 0U);
    EXPECT_EQ(record.index, 0U);
    deframer.push(hex("000000 0000 0000"));
    deframer.reset();
    deframer.push(hex("160301 0004 01020304 17 0303 0005"));
    EXPECT_EQ(deframer.next(record), RecordDeframer::Next::record);
  }
  deframer.set_max_fragment(5);
  EXPECT_EQ(deframer.next(record), RecordDeframer::Next::need_more);
  RecordDeframer standard;
  standard.push(hex("17 0303 4800"));
  EXPECT_EQ(standard.next(record), RecordDeframer::Next::need_more);
  standard.reset();
  standard.push(hex("17 0303 4801"));
  EXPECT_EQ(standard.next(record), RecordDeframer::Next::too_long);
}

TEST(RecordDeframer, SteadyStateAllocatesNothing) {
  RecordDeframer deframer;
  const Bytes record = hex("17 0303 0003 aabbcc");
  RecordView view;
  // Something is always left over, so that the buffer never becomes empty by itself.
  deframer.push(ByteView(record).first(2));
  const auto run = [&] {
    for (int i = 0; i < 500; ++i) {
      deframer.push(ByteView(record).subspan(2));
      deframer.push(ByteView(record).first(2));
      EXPECT_EQ(deframer.next(view), RecordDeframer::Next::record);
      EXPECT_EQ(deframer.next(view), RecordDeframer::Next::need_more);
    }
  };
  run();
  const size_t before = test::num_allocations();
  run();
  run();
  EXPECT_EQ(test::num_allocations(), before);
}

TEST(Record, Encode) {
  Bytes out;
  ASSERT_TRUE(encode_record(22, 0x0301, hex("aabb"), out));
  EXPECT_EQ(to_hex(out), "1603010002aabb");
  EXPECT_FALSE(encode_record(22, 0x0301, Bytes(0x10000), out));
  EXPECT_EQ(out.size(), 7U);
}

TEST(FirstBytes, TellTlsFromOthers) {
  struct Row {
    Bytes bytes;
    Match tls, sslv2, http;
  };
  using enum Match;
  const Row rows[] = {
      {{}, maybe, maybe, maybe},
      {hex("16"), maybe, no, no},
      {hex("16 0301 00c4"), yes, no, no},
      {hex("15 0300 0002"), yes, no, no},
      {hex("16 0301 0000"), no, no, no},
      {hex("16 0301 4801"), no, no, no},
      {hex("13 0301 0001"), no, no, no},
      {hex("16 02"), no, no, no},
      {hex("80 2e 01 0301"), no, yes, no},
      {hex("80 2e 01 0002"), no, yes, no},
      {hex("80 2e 01 00"), no, maybe, no},
      {hex("80 2e 01 0003"), no, no, no},
      {hex("80 08 01"), no, no, no},
      {hex("80 2e 02"), no, no, no},
      {to_bytes("GET / HTTP/1.1\r\n"), no, no, yes},
      {to_bytes("HTTP/1.1 400 Bad Request"), no, no, yes},
      {to_bytes("HTTP/1"), no, no, maybe},
      {to_bytes("P"), no, no, maybe},
      {to_bytes("SSH-2.0"), no, no, no},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(looks_like_tls_record(row.bytes), row.tls) << to_hex(row.bytes);
    EXPECT_EQ(looks_like_sslv2_hello(row.bytes), row.sslv2) << to_hex(row.bytes);
    EXPECT_EQ(looks_like_http(row.bytes), row.http) << to_hex(row.bytes);
  }
}

// ---- handshake messages
// ----------------------------------------------------------------------------------------------

const char kMessages[] =
    "01 000003 aabbcc"
    "0e 000000"
    "14 000002 0102"
    "00 000000";

std::string describe(const HandshakeAssembler::Message& m) {
  EXPECT_EQ(m.raw.size(), kHandshakeHeaderLen + m.body.size());
  return to_hex(m.raw) + "@" + std::to_string(m.offset_in_stream);
}
std::string records_of(const HandshakeAssembler::Message& m) {
  return std::to_string(m.first_record) + "-" + std::to_string(m.last_record);
}

void drain(HandshakeAssembler& assembler, std::vector<std::string>& out, std::vector<std::string>* records = nullptr) {
  HandshakeAssembler::Message message;
  while (assembler.next(message) == HandshakeAssembler::Next::message) {
    out.push_back(describe(message));
    if (records != nullptr) records->push_back(records_of(message));
  }
}

const std::vector<std::string> kWhole = {"01000003aabbcc@0", "0e000000@7", "140000020102@11", "00000000@17"};

TEST(HandshakeAssembler, EverySplitIntoTwo) {
  const Bytes stream = hex(kMessages);
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    for (const bool drain_between : {true, false}) {
      HandshakeAssembler assembler;
      std::vector<std::string> messages;
      std::vector<std::string> records;
      assembler.push(ByteView(stream).first(cut), 5);
      if (drain_between) drain(assembler, messages, &records);
      assembler.push(ByteView(stream).subspan(cut), 9);
      drain(assembler, messages, &records);
      EXPECT_EQ(messages, kWhole) << cut;
      EXPECT_EQ(assembler.pending_len(), 0U);
      const size_t ends[] = {7, 11, 17, 21};
      size_t begin = 0;
      for (size_t i = 0; i < 4; ++i) {
        const std::string first = begin < cut ? "5" : "9";
        const std::string last = ends[i] <= cut ? "5" : "9";
        EXPECT_EQ(records[i], first + "-" + last) << "message " << i << " cut at " << cut;
        begin = ends[i];
      }
    }
  }
}

TEST(HandshakeAssembler, ByteByByteWithEmptyFragmentsBetween) {
  const Bytes stream = hex(kMessages);
  for (const bool drain_always : {true, false}) {
    HandshakeAssembler assembler;
    std::vector<std::string> messages;
    std::vector<std::string> records;
    for (size_t i = 0; i < stream.size(); ++i) {
      assembler.push({}, 1000);
      assembler.push(ByteView(stream).subspan(i, 1), i);
      if (drain_always) drain(assembler, messages, &records);
    }
    drain(assembler, messages, &records);
    EXPECT_EQ(messages, kWhole);
    EXPECT_EQ(records, (std::vector<std::string>{"0-6", "7-10", "11-16", "17-20"}));
  }
}

TEST(HandshakeAssembler, PendingAndAnnounced) {
  HandshakeAssembler assembler;
  HandshakeAssembler::Message message;
  EXPECT_FALSE(assembler.announced());
  assembler.push(hex("0e000000 0b 0001"), 0);
  EXPECT_EQ(assembler.pending_len(), 7U);
  ASSERT_EQ(assembler.next(message), HandshakeAssembler::Next::message);
  EXPECT_EQ(assembler.pending_len(), 3U) << "what stands behind a message at a change of keys";
  EXPECT_FALSE(assembler.announced());
  assembler.push(hex("02 aa"), 1);
  EXPECT_EQ(assembler.next(message), HandshakeAssembler::Next::need_more);
  ASSERT_TRUE(assembler.announced());
  EXPECT_EQ(assembler.announced()->type, 11);
  EXPECT_EQ(assembler.announced()->body_len, 0x102U);
  EXPECT_EQ(assembler.pending_len(), 5U);
}

TEST(HandshakeAssembler, TooLargeShowsTheHeaderAndIsFinal) {
  HandshakeAssembler assembler(8);
  HandshakeAssembler::Message message;
  assembler.push(hex("14 000004 01020304 01 0000"), 3);
  assembler.push(hex("05"), 4);
  ASSERT_EQ(assembler.next(message), HandshakeAssembler::Next::message);
  for (int again = 0; again < 2; ++again) {
    ASSERT_EQ(assembler.next(message), HandshakeAssembler::Next::too_large);
    EXPECT_EQ(message.type, 1);
    EXPECT_EQ(to_hex(message.raw), "01000005");
    EXPECT_EQ(records_of(message), "3-4");
    EXPECT_EQ(message.offset_in_stream, 8U);
    EXPECT_EQ(assembler.pending_len(), 4U);
    assembler.push(hex("aaaa"), 5);
  }
  assembler.reset();
  assembler.push(hex("0e000000"), 6);
  ASSERT_EQ(assembler.next(message), HandshakeAssembler::Next::message);
  EXPECT_EQ(message.offset_in_stream, 0U);
}

TEST(HandshakeAssembler, TheLargestMessage) {
  HandshakeAssembler assembler;
  HandshakeAssembler::Message message;
  Bytes raw;
  ASSERT_TRUE(encode_handshake(11, Bytes(kMaxHandshakeBody, 7), raw));
  uint64_t record = 0;
  for (size_t at = 0; at < raw.size(); at += kMaxPlaintext) {
    EXPECT_EQ(assembler.next(message), HandshakeAssembler::Next::need_more);
    assembler.push(ByteView(raw).subspan(at, std::min(kMaxPlaintext, raw.size() - at)), record++);
  }
  ASSERT_EQ(assembler.next(message), HandshakeAssembler::Next::message);
  EXPECT_EQ(message.body.size(), kMaxHandshakeBody);
  EXPECT_EQ(message.last_record, record - 1);
}

TEST(HandshakeAssembler, SteadyStateAllocatesNothing) {
  HandshakeAssembler assembler;
  HandshakeAssembler::Message message;
  const Bytes stream = hex(kMessages);
  assembler.push(ByteView(stream).first(12), 0);  // something is always left over: messages ready and a part of one
  const auto run = [&] {
    for (uint64_t i = 0; i < 500; ++i) {
      assembler.push(ByteView(stream).subspan(12), i);
      assembler.push(ByteView(stream).first(12), i);
      for (int n = 0; n < 4; ++n) EXPECT_EQ(assembler.next(message), HandshakeAssembler::Next::message);
    }
  };
  run();
  const size_t before = test::num_allocations();
  run();
  run();
  EXPECT_EQ(test::num_allocations(), before);
}

TEST(Handshake, FirstAndMessageHash) {
  const Bytes stream = hex(kMessages);
  ASSERT_TRUE(first_handshake(stream));
  EXPECT_EQ(to_hex(first_handshake(stream)->body), "aabbcc");
  EXPECT_FALSE(first_handshake(ByteView(stream).first(6)));
  EXPECT_FALSE(first_handshake(ByteView(stream).first(3)));
  Bytes out;
  append_message_hash(hex("0102"), out);
  EXPECT_EQ(to_hex(out), "fe0000020102");
}

}  // namespace
}  // namespace tlsproof::wire
