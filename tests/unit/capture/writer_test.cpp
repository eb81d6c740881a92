// What the Writer makes, read by our own reader and by tshark.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "captures.h"
#include "frames.h"
#include "read_all.h"
#include "tlsproof/base/file.h"

namespace tlsproof::capture {
namespace {

using frames::FileBytes;
using frames::TemporaryFile;
using frames::operator+;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Reads one capture into another.
void copy(const std::string& from, const std::string& to) {
  auto writer = Writer::open(to);
  ASSERT_TRUE(writer) << writer.error().message();
  auto source = open_file(from);
  ASSERT_TRUE(source) << source.error().message();
  for (Packet packet;;) {
    const auto next = (*source)->next(packet);
    ASSERT_TRUE(next) << next.error().message();
    if (*next == Source::Next::end) break;
    if (*next == Source::Next::packet) (*writer)->packet(packet);
    if (*next == Source::Next::secrets) (*writer)->secrets((*source)->secrets());
  }
  ASSERT_TRUE((*writer)->flush());
}

void expect_same(const ReadAll& a, const ReadAll& b) {
  ASSERT_EQ(a.packets.size(), b.packets.size());
  for (size_t i = 0; i < a.packets.size(); ++i) {
    EXPECT_EQ(a.packets[i].packet.time_ns, b.packets[i].packet.time_ns);
    EXPECT_EQ(a.packets[i].packet.original_len, b.packets[i].packet.original_len);
    EXPECT_EQ(a.packets[i].packet.link_type, b.packets[i].packet.link_type);
    EXPECT_EQ(a.packets[i].bytes, b.packets[i].bytes);
  }
  EXPECT_EQ(a.secrets, b.secrets);
  EXPECT_THAT(b.notes, testing::IsEmpty());
}

TEST(CaptureWriter, WritesWhatWasRead) {
  FileBytes file;
  const Bytes nano = file.option(9, Bytes{9}) + file.option(0, {});
  file.section().interface(1, nano).interface(127).interface(276, nano).secrets("odd");
  file.enhanced(frames::plain_frame(), 1'700'000'000'123'456'789, 2, 9000).enhanced(frames::kHello, 1, 0);
  file.secrets("even").enhanced({}, 2, 2);
  const TemporaryFile from(file.bytes), to(as_bytes("what was there"));
  copy(from.path(), to.path());
  const ReadAll before = read_all(from.path()), after = read_all(to.path());
  expect_same(before, after);
  EXPECT_THAT(after.secrets, ElementsAre("odd", "even"));
  EXPECT_EQ(after.packets.at(0).packet.interface, 0U);  // in the order in which they were met
  EXPECT_EQ(after.packets.at(1).packet.interface, 1U);
  EXPECT_EQ(after.packets.at(2).packet.interface, 0U);
  // The mode does not come from what was there, nor from the umask.
  struct stat info{};
  ASSERT_EQ(::stat(to.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

// The numbers that raw IP has on some systems stand for nothing in the registry.
TEST(CaptureWriter, WritesTheRegistrysLinkTypes) {
  FileBytes file;
  file.pcap_header(12).pcap_packet(frames::kHello);
  const TemporaryFile from(file.bytes), to;
  copy(from.path(), to.path());
  EXPECT_EQ(read_all(to.path()).packets.at(0).packet.link_type, 101);
}

TEST(CaptureWriter, MayReplaceTheFileThatIsRead) {
  FileBytes file;
  file.pcap_header().pcap_packet(frames::plain_frame()).pcap_packet(frames::kHello);
  const TemporaryFile one(file.bytes);
  const ReadAll before = read_all(one.path());
  copy(one.path(), one.path());
  expect_same(before, read_all(one.path()));
}

TEST(CaptureWriter, WithoutAPacketNothingIsReplaced) {
  const TemporaryFile there(as_bytes("mine"));
  {
    auto writer = Writer::open(there.path());
    ASSERT_TRUE(writer);
    EXPECT_TRUE((*writer)->flush());
  }
  EXPECT_EQ(as_text(load_file(there.path(), "test").value()), "mine");
  ASSERT_EQ(::unlink(there.path().c_str()), 0);
  ASSERT_TRUE(Writer::open(there.path()));
  const ReadAll all = read_all(there.path());
  EXPECT_FALSE(all.opening);
  EXPECT_THAT(all.packets, testing::IsEmpty());
}

TEST(CaptureWriter, ReplacesALinkAndNotWhatItLeadsTo) {
  const TemporaryFile target(as_bytes("mine")), link;
  ASSERT_EQ(::unlink(link.path().c_str()), 0);
  ASSERT_EQ(::symlink(target.path().c_str(), link.path().c_str()), 0);
  {
    auto writer = Writer::open(link.path());
    ASSERT_TRUE(writer);
    (*writer)->secrets(as_bytes("X"));
  }
  EXPECT_EQ(as_text(load_file(target.path(), "test").value()), "mine");
  struct stat info{};
  ASSERT_EQ(::lstat(link.path().c_str(), &info), 0);
  EXPECT_TRUE(S_ISREG(info.st_mode));
}

TEST(CaptureWriter, WritesIntoAPipe) {
  const TemporaryFile pipe;
  ASSERT_EQ(::unlink(pipe.path().c_str()), 0);
  ASSERT_EQ(::mkfifo(pipe.path().c_str(), 0600), 0);
  std::jthread writes([&] {
    auto writer = Writer::open(pipe.path());
    ASSERT_TRUE(writer) << writer.error().message();
    const Bytes frame = frames::plain_frame();
    (*writer)->packet({.number = 1, .time_ns = 5, .link_type = 1, .original_len = 79, .bytes = frame});
    EXPECT_TRUE((*writer)->flush());
  });
  const ReadAll all = read_all(pipe.path());
  ASSERT_EQ(all.packets.size(), 1U);
  EXPECT_EQ(all.packets[0].packet.time_ns, 5);
}

TEST(CaptureWriter, WritesWhereALinkOfTheSystemLeads) {
  const TemporaryFile out;
  const int fd = ::open(out.path().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  {
    auto writer = Writer::open(link);
    ASSERT_TRUE(writer) << writer.error().message();
    (*writer)->secrets(as_bytes("X"));
  }
  ::close(fd);
  EXPECT_THAT(read_all(out.path()).secrets, ElementsAre("X"));
}

TEST(CaptureWriter, SaysWhatFailed) {
  EXPECT_THAT(Writer::open("/nowhere/x.pcapng").error().message(),
              "cannot write '/nowhere/x.pcapng': No such file or directory");
  auto writer = Writer::open("/dev/full");
  ASSERT_TRUE(writer);
  const Bytes frame(1000);
  for (int i = 0; i < 200; ++i) (*writer)->packet({.original_len = 1000, .bytes = frame});
  EXPECT_THAT((*writer)->flush().error().message(), "cannot write '/dev/full': No space left on device");
  EXPECT_FALSE((*writer)->flush());
}

TEST(CaptureWriter, TsharkReadsIt) {
  const std::string tshark = "tshark";
  if (std::system("command -v tshark >/dev/null 2>&1") != 0) {
    if (std::getenv("TLSPROOF_REQUIRE_TOOLS") != nullptr) FAIL() << "tshark is not installed";
    GTEST_SKIP() << "tshark is not installed";
  }
  FileBytes file;
  const Bytes nano = file.option(9, Bytes{9}) + file.option(0, {});
  file.section().interface(1, nano).interface(101).secrets("CLIENT_RANDOM 00 11\n");
  file.enhanced(frames::plain_frame(), 1'700'000'000'123'456'789).enhanced(frames::ipv4(frames::tcp()), 7, 1, 500);
  const TemporaryFile from(file.bytes), to, said;
  copy(from.path(), to.path());
  const std::string command =
      tshark + " -r " + to.path() +
      " -T fields -e frame.time_epoch -e frame.len -e tcp.dstport -e frame.encap_type 2>/dev/null >" + said.path();
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(as_text(load_file(said.path(), "test").value()),
            "1700000000.123456789\t59\t443\t1\n0.000007000\t500\t443\t7\n");
}

TEST(RealCaptures, AreWrittenAsTheyWereRead) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  for (const RealCapture& capture : captures) {
    SCOPED_TRACE(capture.name);
    const TemporaryFile to;
    copy(capture.path, to.path());
    expect_same(read_all(capture.path), read_all(to.path()));
  }
}

}  // namespace
}  // namespace tlsproof::capture
