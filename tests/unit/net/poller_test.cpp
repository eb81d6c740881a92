#include "tlsproof/net/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace tlsproof::net {
namespace {

struct Pair {
  Pair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    ours = Socket(FileDescriptor(fds[0]));
    theirs = Socket(FileDescriptor(fds[1]));
  }
  Socket ours, theirs;
};

std::vector<Poller::Event> wait(Poller& poller, int64_t ns = 0) {
  auto events = poller.wait(ns);
  EXPECT_TRUE(events.has_value());
  return events ? std::vector<Poller::Event>(events->begin(), events->end()) : std::vector<Poller::Event>();
}

TEST(Poller, TellsEachChangeOnce) {
  auto poller = Poller::make();
  ASSERT_TRUE(poller.has_value());
  Pair pair;
  ASSERT_TRUE(poller->add(pair.ours.fd(), kReadable, 42));
  EXPECT_TRUE(wait(*poller).empty());
  EXPECT_TRUE(wait(*poller, 1'000).empty());  // a microsecond
  const Bytes one{1};
  ASSERT_EQ(pair.theirs.write(one).status, IoStatus::ok);
  const auto events = wait(*poller, 1'000'000'000);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].token, 42U);
  EXPECT_EQ(events[0].ready, kReadable);
  EXPECT_FALSE(events[0].ended);
  EXPECT_TRUE(wait(*poller).empty());  // though nothing was read
  ASSERT_EQ(pair.theirs.write(one).status, IoStatus::ok);
  EXPECT_EQ(wait(*poller).size(), 1U);
}

TEST(Poller, AddAndChangeTellWhatIsThere) {
  auto poller = Poller::make();
  ASSERT_TRUE(poller.has_value());
  Pair pair;
  ASSERT_EQ(pair.theirs.write(Bytes{1}).status, IoStatus::ok);
  ASSERT_TRUE(poller->add(pair.ours.fd(), kReadable, 1));
  ASSERT_EQ(wait(*poller).size(), 1U);
  ASSERT_TRUE(poller->change(pair.ours.fd(), kReadable | kWritable, 2));
  const auto events = wait(*poller);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].token, 2U);
  EXPECT_EQ(events[0].ready, kReadable | kWritable);
}

TEST(Poller, TheEndIsToldAsSuch) {
  auto poller = Poller::make();
  ASSERT_TRUE(poller.has_value());
  Pair pair;
  ASSERT_TRUE(poller->add(pair.ours.fd(), kReadable, 1));
  pair.theirs.shutdown_write();
  const auto events = wait(*poller);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].ended);
  EXPECT_NE(events[0].ready & kReadable, 0U);
}

TEST(Poller, ClosingIsForgetting) {
  auto poller = Poller::make();
  ASSERT_TRUE(poller.has_value());
  Pair pair;
  ASSERT_TRUE(poller->add(pair.ours.fd(), kReadable | kWritable, 1));
  pair.ours.close();
  EXPECT_TRUE(wait(*poller).empty());
  EXPECT_FALSE(poller->add(-1, kReadable, 1).has_value());
}

TEST(Socket, ConnectsFromASource) {
  auto listener = Listener::bind(*Address::from_ip("127.0.0.1", 0));
  ASSERT_TRUE(listener.has_value());
  const Address source = *Address::from_ip("127.0.0.7", 0);
  auto socket = Socket::start_connect(listener->address(), {.source = &source, .no_delay = false});
  ASSERT_TRUE(socket.has_value()) << socket.error().message();
  EXPECT_EQ(socket->local_address().ip(), "127.0.0.7");
  EXPECT_NE(socket->local_address().port(), 0);
  const Address strange = *Address::from_ip("192.0.2.1", 0);
  auto refused = Socket::start_connect(listener->address(), {.source = &strange});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().error_number, EADDRNOTAVAIL);
}

}  // namespace
}  // namespace tlsproof::net
