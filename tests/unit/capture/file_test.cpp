// Capture files against their bytes, and against libpcap.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <sys/wait.h>

#include "captures.h"
#include "frames.h"
#include "read_all.h"

namespace tlsproof::capture {
namespace {

using frames::FileBytes;
using frames::TemporaryFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int64_t kStart = 1'700'000'000;
constexpr int64_t kSecond = 1'000'000'000;

ReadAll read_bytes(ByteView content, const std::string& filter = "") {
  const TemporaryFile file(content);
  return read_all(file.path(), filter);
}

TEST(PcapFile, ReadsBothByteOrdersAndUnits) {
  for (const auto order : {std::endian::little, std::endian::big}) {
    for (const bool nano : {false, true}) {
      FileBytes file{order};
      file.pcap_header(113, nano)
          .pcap_packet(frames::plain_frame(), kStart, 999'999)
          .pcap_packet({}, 0xffffffff, 7, 1500);
      const ReadAll all = read_bytes(file.bytes);
      ASSERT_EQ(all.packets.size(), 2U) << (all.opening ? all.opening->message() : "");
      EXPECT_EQ(all.packets[0].packet.number, 1U);
      EXPECT_EQ(all.packets[0].packet.time_ns, kStart * kSecond + 999'999 * (nano ? 1 : 1000));
      EXPECT_EQ(all.packets[0].packet.link_type, 113);
      EXPECT_EQ(all.packets[0].bytes, frames::plain_frame());
      EXPECT_EQ(all.packets[1].packet.number, 2U);
      EXPECT_EQ(all.packets[1].packet.time_ns, int64_t{0xffffffff} * kSecond + (nano ? 7 : 7000));
      EXPECT_EQ(all.packets[1].packet.original_len, 1500U);
      EXPECT_THAT(all.packets[1].bytes, IsEmpty());
      EXPECT_THAT(all.notes, IsEmpty());
    }
  }
}

TEST(PcapFile, TakesTheLinkTypeWithoutTheLengthOfTheCheckSequence) {
  FileBytes file;
  file.pcap_header(0x24000001).pcap_packet(frames::plain_frame());
  EXPECT_EQ(read_bytes(file.bytes).packets.at(0).packet.link_type, 1);
}

TEST(PcapngFile, ReadsSectionsOfBothByteOrders) {
  FileBytes file;
  file.section().interface(1).interface(101).enhanced(frames::plain_frame(), 5, 1, 900);
  file.order = std::endian::big;
  file.section().interface(276).enhanced(frames::kHello, 7, 0);
  const ReadAll all = read_bytes(file.bytes);
  ASSERT_EQ(all.packets.size(), 2U);
  EXPECT_EQ(all.packets[0].packet.interface, 1U);
  EXPECT_EQ(all.packets[0].packet.link_type, 101);
  EXPECT_EQ(all.packets[0].packet.time_ns, 5000);
  EXPECT_EQ(all.packets[0].packet.original_len, 900U);
  EXPECT_EQ(all.packets[0].bytes, frames::plain_frame());
  EXPECT_EQ(all.packets[1].packet.interface, 2U);
  EXPECT_EQ(all.packets[1].packet.link_type, 276);
  EXPECT_EQ(all.packets[1].packet.number, 2U);
  EXPECT_EQ(all.packets[1].bytes, frames::kHello);
}

TEST(PcapngFile, TurnsEveryUnitOfTimeIntoNanoseconds) {
  constexpr uint64_t kMany = ~uint64_t{0};
  constexpr int64_t kMost = int64_t{1} << 62;  // as far as times go
  struct {
    int resolution;  // -1: the option is not there
    int64_t offset_s;
    uint64_t time;
    int64_t ns;
  } const cases[] = {
      {-1, 0, 1'700'000'000'123'456, 1'700'000'000'123'456'000},
      {6, 0, 3, 3000},
      {9, 0, 1'700'000'000'123'456'789, 1'700'000'000'123'456'789},
      {3, 0, 1'700'000'000'123, 1'700'000'000'123'000'000},
      {0, 0, 1'700'000'000, 1'700'000'000'000'000'000},
      {12, 0, 1'700'000'123'999, 1'700'000'123},
      {19, 0, 25'000'000'000, 2},
      {0x80, 0, 7, 7'000'000'000},
      {0x80 | 1, 0, 3, 1'500'000'000},
      {0x80 | 10, 0, 1536, 1'500'000'000},
      {0x80 | 32, 0, (uint64_t{3} << 32) | 0x40000000, 3'250'000'000},
      {0x80 | 40, 0, (uint64_t{3} << 40) | (uint64_t{1} << 38), 3'250'000'000},
      {0x80 | 63, 0, uint64_t{3} << 62, 1'500'000'000},
      {-1, 10, 3, 10'000'003'000},
      {-1, -10, 30'000'003, 20'000'003'000},
      {-1, -10, 3, 0},
      {6, 0, kMany, kMost},  // further than can be said
      {0x80, 0, kMany, kMost},
      {9, 4'000'000'000, uint64_t{1} << 62, kMost},
      {9, 4'000'000'000, 1, 4'000'000'000'000'000'001},
  };
  for (const auto& [resolution, offset_s, time, ns] : cases) {
    for (const auto order : {std::endian::little, std::endian::big}) {
      FileBytes file{order};
      Bytes options;
      if (resolution >= 0) append(options, file.option(9, Bytes{static_cast<uint8_t>(resolution)}));
      if (offset_s != 0) append(options, file.option(14, file.body().u64(static_cast<uint64_t>(offset_s)).bytes));
      append(options, file.option(0, {}));
      file.section().interface(1, options).enhanced({}, time);
      const ReadAll all = read_bytes(file.bytes);
      ASSERT_EQ(all.packets.size(), 1U);
      EXPECT_EQ(all.packets[0].packet.time_ns, ns) << "resolution " << resolution << " time " << time;
    }
  }
}

TEST(PcapngFile, ReadsOlderKindsOfPacketsAndSkipsWhatItDoesNotKnow) {
  FileBytes file;
  const Bytes frame = frames::plain_frame();
  const auto len = static_cast<uint32_t>(frame.size());
  file.section()
      .interface(1, {}, 20)
      .block(0x40000bad, file.body().raw(to_bytes("custom")))
      .block(5, file.body().u32(0));
  file.enhanced(frame, 77);
  file.block(3, file.body().u32(len).raw(ByteView(frame).first(20)));                    // simple: cut off at 20
  file.block(2, file.body().u16(0).u16(3).u32(0).u32(99).u32(len).u32(len).raw(frame));  // the obsolete one
  const ReadAll all = read_bytes(file.bytes);
  ASSERT_EQ(all.packets.size(), 3U);
  EXPECT_EQ(all.packets[1].packet.time_ns, 77'000);  // it has none of its own
  EXPECT_EQ(all.packets[1].packet.original_len, len);
  EXPECT_EQ(all.packets[1].bytes, to_bytes(ByteView(frame).first(20)));
  EXPECT_EQ(all.packets[2].packet.time_ns, 99'000);
  EXPECT_EQ(all.packets[2].bytes, frame);
}

TEST(PcapngFile, GivesTheSecretsOfTls) {
  FileBytes file;
  file.section()
      .secrets("CLIENT_RANDOM aa bb\n")
      .interface()
      .secrets("wireguard", 0x57474b4c)
      .secrets("X")
      .enhanced({});
  const ReadAll all = read_bytes(file.bytes);
  EXPECT_THAT(all.secrets, ElementsAre("CLIENT_RANDOM aa bb\n", "X"));
  EXPECT_EQ(all.packets.size(), 1U);
}

// A capture that is being written, or was cut off: what is whole is read, the end is told.
TEST(CaptureFile, EveryPrefixEndsCleanly) {
  FileBytes pcap, pcapng;
  pcap.pcap_header().pcap_packet(frames::plain_frame()).pcap_packet(frames::kHello);
  pcapng.section().interface().enhanced(frames::plain_frame()).secrets("X").enhanced(frames::kHello);
  for (const Bytes& whole : {pcap.bytes, pcapng.bytes, frames::gzip(pcap.bytes), frames::gzip(pcapng.bytes)}) {
    size_t packets = 0;
    for (size_t len = 0; len <= whole.size(); ++len) {
      const ReadAll all = read_bytes(ByteView(whole).first(len));
      if (all.opening) {
        EXPECT_EQ(packets, 0U);
        EXPECT_EQ(all.opening->kind, Error::Kind::usage);
        continue;
      }
      ASSERT_FALSE(all.reading) << all.reading->message();
      EXPECT_GE(all.packets.size(), packets);
      packets = all.packets.size();
      if (packets != 0) {
        EXPECT_EQ(all.packets[0].bytes, frames::plain_frame());
      }
      if (len == whole.size()) {
        EXPECT_THAT(all.notes, IsEmpty());
      }
    }
    EXPECT_EQ(packets, 2U);
  }
}

TEST(CaptureFile, TellsWhereItWasCutOff) {
  FileBytes pcap;
  pcap.pcap_header().pcap_packet(frames::kHello).pcap_packet(frames::kHello);
  EXPECT_THAT(read_bytes(ByteView(pcap.bytes).first(50)).notes, ElementsAre("cut off in packet 2, at byte 45"));
  FileBytes pcapng;
  pcapng.section().interface().enhanced(frames::kHello);
  EXPECT_THAT(read_bytes(ByteView(pcapng.bytes).first(60)).notes, ElementsAre("cut off in packet 1, at byte 48"));
  const Bytes packed = frames::gzip(pcap.bytes);
  EXPECT_THAT(
      read_bytes(ByteView(packed).first(packed.size() - 10)).notes,
      ElementsAre("the gzip data ends early, at byte 79", "cut off in packet 2, at byte 45 of what is packed in it"));
}

TEST(CaptureFile, RefusesLengthsThatCannotBe) {
  const FileBytes start = FileBytes().section().interface();
  const auto with = [](FileBytes file, uint32_t type, const FileBytes& body) { return file.block(type, body).bytes; };
  FileBytes long_packet, long_block, short_block, odd_block, unequal, no_order, section;
  long_packet.pcap_header().pcap_packet(frames::kHello).u32(0).u32(0).u32(0xfffffff0).u32(0).raw(Bytes(100));
  long_block = short_block = odd_block = unequal = section = start;
  long_block.u32(6).u32(0xfffffff0).raw(Bytes(100));
  short_block.u32(6).u32(8).raw(Bytes(100));
  odd_block.u32(6).u32(33).raw(Bytes(100));
  unequal.u32(4).u32(16).u32(0).u32(20);
  no_order = start;
  no_order.u32(0x0a0d0d0a).u32(28).raw(Bytes(20));
  const struct {
    Bytes file;
    const char* what;
  } cases[] = {
      {long_packet.bytes, "at byte 45: packet 2 would have 4294967280 bytes"},
      {long_block.bytes, "at byte 48: a block would have 4294967280 bytes"},
      {short_block.bytes, "at byte 48: a block would have 8 bytes"},
      {odd_block.bytes, "at byte 48: a block would have 33 bytes"},
      {unequal.bytes, "at byte 48: a block says 16 bytes where it begins and 20 where it ends"},
      {no_order.bytes, "at byte 48: a section header without its byte-order magic"},
      {with(start, 0x0a0d0d0a, FileBytes().u32(0x1a2b3c4d)), "at byte 48: a section header that is too short"},
      {with(start, 0x0a0d0d0a, FileBytes().u32(0x1a2b3c4d).u16(2).u16(0).u64(0)),
       "at byte 48: a section of version 2.0"},
      {with(start, 1, FileBytes().u32(1)), "at byte 48: an interface block that is too short"},
      {with(start, 1, FileBytes().u32(1).u32(0).u16(2).u16(9)), "an option that is longer than its interface block"},
      {with(start, 1, FileBytes().u32(1).u32(0).u16(9).u16(1).u32(20)), "a time resolution of 10^-20 s"},
      {with(start, 1, FileBytes().u32(1).u32(0).u16(9).u16(1).u32(0xc0)), "a time resolution of 2^-64 s"},
      {with(start, 1, FileBytes().u32(1).u32(0).u16(14).u16(8).u64(uint64_t{1} << 40)),
       "a time offset of 1099511627776 s"},
      {with(start, 6, FileBytes().u32(0)), "a packet block that is too short"},
      {with(start, 6, FileBytes().u32(0).u64(0).u32(5).u32(5).u32(0)), "packet 1 would have 5 bytes"},
      {with(start, 6, FileBytes().u32(1).u64(0).u32(0).u32(0)), "a packet of interface 1, which was not described"},
      {with(start, 2, FileBytes().u32(0)), "a packet block that is too short"},
      {with(start, 2, FileBytes().u32(0).u64(0).u32(9).u32(9)), "packet 1 would have 9 bytes"},
      {with(start, 3, FileBytes()), "a packet block that is too short"},
      {with(start, 3, FileBytes().u32(5).u32(0)), "packet 1 would have 5 bytes"},
      {FileBytes().section().block(3, FileBytes().u32(0)).bytes, "a packet of interface 0, which was not described"},
      {with(start, 10, FileBytes().u32(0)), "a secrets block that is too short"},
      {with(start, 10, FileBytes().u32(0x544c534b).u32(5).u32(0)), "a secrets block with 5 bytes of secrets"},
  };
  for (const auto& [file, what] : cases) {
    const ReadAll all = read_bytes(file);
    ASSERT_TRUE(all.reading) << what;
    EXPECT_THAT(all.reading->message(), AllOf(HasSubstr(what), HasSubstr("is broken at byte "))) << what;
    EXPECT_EQ(all.reading->kind, Error::Kind::environment);
  }
}

TEST(CaptureFile, AVeryLongPacketIsRead) {
  FileBytes pcap, pcapng;
  const Bytes frame(700'000, 7);  // longer than the buffer
  pcap.pcap_header().pcap_packet(frames::kHello).pcap_packet(frame).pcap_packet(frames::kHello);
  pcapng.section().interface().enhanced(frames::kHello).enhanced(frame).enhanced(frames::kHello);
  for (const Bytes& file : {pcap.bytes, pcapng.bytes, frames::gzip(pcapng.bytes)}) {
    const ReadAll all = read_bytes(file);
    ASSERT_EQ(all.packets.size(), 3U);
    EXPECT_EQ(all.packets[1].bytes, frame);
    EXPECT_EQ(all.packets[2].bytes, frames::kHello);
  }
}

TEST(CaptureFile, UnpacksGzip) {
  FileBytes pcap;
  pcap.pcap_header().pcap_packet(frames::kHello).pcap_packet(frames::plain_frame());
  const ByteView whole = pcap.bytes;
  // Two members, and the padding that some tapes and tools leave.
  Bytes packed = frames::gzip(whole.first(30));
  append(packed, frames::gzip(whole.subspan(30)));
  append(packed, Bytes(512));
  const ReadAll all = read_bytes(packed);
  EXPECT_EQ(all.packets.size(), 2U);
  EXPECT_THAT(all.notes, IsEmpty());

  Bytes broken = frames::gzip(whole);
  broken[broken.size() - 8] ^= 1;  // the check sum
  const ReadAll bad = read_bytes(broken);
  EXPECT_EQ(bad.packets.size(), 2U);
  ASSERT_TRUE(bad.reading);
  EXPECT_THAT(bad.reading->message(), HasSubstr("is broken at byte"));
}

TEST(CaptureFile, SaysWhatElseAFileIs) {
  const struct {
    std::string content;
    const char* what;
  } cases[] = {
      {"", "is empty: it holds no capture"},
      {"Dear diary,\n", "it looks like text"},
      {"\x01\x02\x03\x04\x05", "is no capture in pcap or pcapng format"},
      {"# TLS secrets log file\nCLIENT_RANDOM 00 11\n", "a TLS key log: give it by --keylog"},
      {"SERVER_HANDSHAKE_TRAFFIC_SECRET 00 11\n", "a TLS key log: give it by --keylog"},
      {"-----BEGIN CERTIFICATE-----\nMII", "PEM: a certificate or a key"},
      {"Bag Attributes\n-----BEGIN CERTIFICATE-----\nMII", "PEM: a certificate or a key"},
      {std::string("\x30\x82\x01\x00", 4), "DER: a certificate or a key"},
      {std::string("snoop\0\0\0\0\0\0\2", 12), "a snoop capture"},
      {"GMBU\x02", "Microsoft Network Monitor 2"},
      {"\xd4\xc3\xb2\xa1", "cut off within the header of a pcap capture"},
      {"\x34\xcd\xb2\xa1", "a pcap file of a modified format"},
      {"\x28\xb5\x2f\xfd", "zstd: unpack it first"},
      {"\x0a\x0d\x0d\x0a", "cut off within the header of a pcapng capture"},
      {std::string("\x0a\x0d\x0d\x0a\0\0\0\x1c\0\0\0\0", 12), "begins like pcapng, but has no byte-order magic"},
      {"[{\"_index\": 1}]", "JSON"},
  };
  for (const auto& [content, what] : cases) {
    const TemporaryFile file(as_bytes(content));
    const ReadAll all = read_all(file.path());
    ASSERT_TRUE(all.opening) << what;
    EXPECT_THAT(all.opening->message(), AllOf(HasSubstr(what), HasSubstr(file.path()))) << what;
    EXPECT_EQ(all.opening->kind, Error::Kind::usage);
  }
  EXPECT_THAT(read_bytes(frames::gzip(as_bytes("text\n"))).opening->message(),
              AllOf(StartsWith("what is packed in '"), HasSubstr("it looks like text")));
  EXPECT_THAT(read_bytes(frames::gzip(frames::gzip(as_bytes("text\n")))).opening->message(),
              HasSubstr("it looks like gzip"));
  FileBytes old;
  old.u32(0xa1b2c3d4).u16(2).u16(2).u32(0).u32(0).u32(65535).u32(1);
  EXPECT_THAT(read_bytes(old.bytes).opening->message(),
              HasSubstr("a pcap capture of version 2.2: only 2.4 can be read"));
  EXPECT_THAT(read_all("/").opening->message(), HasSubstr("it is a directory"));
  EXPECT_THAT(read_all("/nowhere/\x1b[m.pcap").opening->message(),
              "cannot read the capture '/nowhere/\\x1b[m.pcap': No such file or directory");
}

TEST(CaptureFile, TellsOfFramesThatNobodyCanTakeApart) {
  FileBytes file;
  file.section().interface(127).interface(1).interface(127).interface(195).enhanced({}, 0, 0).enhanced({}, 0, 2);
  EXPECT_THAT(read_bytes(file.bytes).notes,
              ElementsAre("2 packets of link type 127 (IEEE802_11_RADIO) cannot be taken apart"));
}

// A writer that takes its time: what is there is given, a silence is told.
TEST(CaptureFile, ReadsStandardInput) {
  FileBytes file;
  file.pcap_header().pcap_packet(frames::kHello).pcap_packet(frames::plain_frame());
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int stdin_before = ::dup(STDIN_FILENO);
  ASSERT_GE(::dup2(ends[0], STDIN_FILENO), 0);
  ASSERT_EQ(::write(ends[1], file.bytes.data(), 50), 50);
  auto source = open_file("-");
  ASSERT_TRUE(source) << source.error().message();
  Packet packet;
  EXPECT_EQ((*source)->next(packet).value(), Source::Next::packet);
  EXPECT_EQ((*source)->next(packet).value(), Source::Next::idle);
  const ByteView rest = ByteView(file.bytes).subspan(50);
  ASSERT_EQ(::write(ends[1], rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  EXPECT_EQ((*source)->next(packet).value(), Source::Next::packet);
  EXPECT_EQ(to_bytes(packet.bytes), frames::plain_frame());
  ::close(ends[1]);
  EXPECT_EQ((*source)->next(packet).value(), Source::Next::end);
  EXPECT_EQ((*source)->next(packet).value(), Source::Next::end);
  EXPECT_THAT((*source)->notes(), IsEmpty());
  ::close(ends[0]);
  ::dup2(stdin_before, STDIN_FILENO);
  ::close(stdin_before);
}

TEST(CaptureFile, FiltersEachLinkTypeByItsOwnProgram) {
  FileBytes file;
  const Bytes other = frames::ipv4(frames::tcp({}, 0, 40000, 80));
  file.section().interface(1).interface(101);
  file.enhanced(frames::plain_frame()).enhanced(frames::ethernet(0x0800, other));
  file.enhanced(other, 0, 1).enhanced(frames::ipv4(frames::tcp()), 0, 1).secrets("X");
  const ReadAll all = read_bytes(file.bytes, "tcp port 443");
  ASSERT_EQ(all.packets.size(), 2U);
  EXPECT_EQ(all.packets[0].packet.number, 1U);
  EXPECT_EQ(all.packets[1].packet.number, 4U);
  EXPECT_THAT(all.secrets, ElementsAre("X"));
}

TEST(CaptureFile, AFilterThatDoesNotCompileIsToldBeforeAnyPacket) {
  FileBytes pcap, pcapng;
  pcap.pcap_header(101).pcap_packet(frames::kHello);
  pcapng.section().interface(101).enhanced(frames::kHello);
  for (const Bytes& file : {pcap.bytes, pcapng.bytes}) {
    for (const char* filter : {"tcp prt 443", "ether host 02:00:00:00:00:01"}) {
      const ReadAll all = read_bytes(file, filter);
      ASSERT_TRUE(all.opening);
      EXPECT_EQ(all.opening->kind, Error::Kind::usage);
      EXPECT_THAT(all.opening->message(),
                  StartsWith(std::string("the filter '") + filter + "' does not compile for link type 101: "));
    }
  }
}

TEST(RealCaptures, HaveAsManyPacketsAsExpected) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  for (const RealCapture& capture : captures) {
    SCOPED_TRACE(capture.name);
    const ReadAll all = read_all(capture.path);
    ASSERT_FALSE(all.opening) << all.opening->message();
    ASSERT_FALSE(all.reading) << all.reading->message();
    EXPECT_EQ(all.packets.size(), capture.packets);
    EXPECT_THAT(all.notes, IsEmpty());
  }
}

TEST(RealCaptures, AreReadAsLibpcapReadsThem) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  size_t read = 0;
  for (const RealCapture& capture : captures) {
    SCOPED_TRACE(capture.name);
    char error[PCAP_ERRBUF_SIZE];
    pcap_t* witness = pcap_open_offline_with_tstamp_precision(capture.path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error);
    if (witness == nullptr) continue;  // gzip, several link types
    ++read;
    const ReadAll all = read_all(capture.path);
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    for (const Kept& ours : all.packets) {
      ASSERT_EQ(pcap_next_ex(witness, &header, &bytes), 1) << pcap_geterr(witness);
      ASSERT_EQ(ours.packet.time_ns, int64_t{header->ts.tv_sec} * kSecond + header->ts.tv_usec);
      ASSERT_EQ(ours.packet.original_len, header->len);
      ASSERT_EQ(ours.bytes, Bytes(bytes, bytes + header->caplen));
    }
    EXPECT_EQ(pcap_next_ex(witness, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(witness);
  }
  EXPECT_GT(read, captures.size() / 2);
}

}  // namespace
}  // namespace tlsproof::capture
