// Live capture, on the loopback interface.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tlsproof/capture/dissect.h"
#include "tlsproof/capture/source.h"

namespace tlsproof::capture {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A socket of its own on loopback; sends to itself.
struct Loop {
  Loop() {
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    socklen_t len = sizeof(address);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &len), 0);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { ::close(fd); }
  void say(std::string_view what) const {
    EXPECT_EQ(::send(fd, what.data(), what.size(), 0), static_cast<ssize_t>(what.size()));
  }
  [[nodiscard]] uint16_t port() const { return ntohs(address.sin_port); }

  int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
};

TEST(Live, GivesWhatPassesAndTellsOfSilence) {
  for (const char* interface : {"lo", "any"}) {
    SCOPED_TRACE(interface);
    const Loop loop;
    auto source = open_live(interface, {.filter = "udp port " + std::to_string(loop.port())});
    if (!source && source.error().kind == Error::Kind::environment) GTEST_SKIP() << source.error().message();
    ASSERT_TRUE(source) << source.error().message();
    Packet packet;
    const auto silence = (*source)->next(packet);
    ASSERT_TRUE(silence);
    EXPECT_EQ(*silence, Source::Next::idle);
    loop.say("first");
    loop.say("second");
    Dissector dissector;
    Segment segment;
    std::vector<std::string> seen;
    int64_t last_ns = 0;
    for (int idle = 0; idle < 50 && (seen.empty() || seen.back() != "second");) {
      const auto next = (*source)->next(packet);
      ASSERT_TRUE(next) << next.error().message();
      if (*next != Source::Next::packet) {
        ++idle;
        continue;
      }
      EXPECT_GE(packet.time_ns, last_ns);
      last_ns = packet.time_ns;
      ASSERT_TRUE(dissector.dissect(packet, segment));
      EXPECT_EQ(segment.to.port, loop.port());
      seen.emplace_back(as_text(segment.payload));
    }
    // On "any" each may be seen as it goes out and as it comes in.
    EXPECT_THAT(seen, ::testing::IsSupersetOf({"first", "second"}));
    EXPECT_GT(last_ns, 1'700'000'000'000'000'000);
    EXPECT_THAT((*source)->notes(), ::testing::IsEmpty());
  }
}

TEST(Live, SaysWhatIsWrong) {
  const auto nowhere = open_live("nowhere0");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, Error::Kind::usage);
  EXPECT_THAT(nowhere.error().message(),
              AllOf(HasSubstr("there is no interface 'nowhere0'; there are "), HasSubstr("lo")));

  const auto filter = open_live("lo", {.filter = "tcp prt 443"});
  ASSERT_FALSE(filter);
  if (filter.error().kind == Error::Kind::environment) GTEST_SKIP() << filter.error().message();
  EXPECT_EQ(filter.error().kind, Error::Kind::usage);
  EXPECT_THAT(filter.error().message(), HasSubstr("the filter 'tcp prt 443' does not compile for 'lo': "));
}

}  // namespace
}  // namespace tlsproof::capture
