#include "tlsproof/net/socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string>

#include "tlsproof/net/endpoint.h"
#include "tlsproof/net/pipe.h"

namespace tlsproof::net {
namespace {

constexpr int kPatienceMs = 10'000;  // for things that happen at once on a machine that is not overloaded

// ---- addresses
// ---------------------------------------------------------------------------------------------------------

TEST(Address, TextAndComparison) {
  const auto v6 = Address::from_ip("2001:DB8:0::1", 8443);
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->text(), "[2001:db8::1]:8443");
  EXPECT_EQ(v6->family(), AF_INET6);
  EXPECT_EQ(*v6, *Address::from_ip("2001:db8::1", 8443));
  EXPECT_FALSE(*v6 == *Address::from_ip("2001:db8::1", 8444));
  EXPECT_FALSE(Address::from_ip("localhost", 1));
  EXPECT_FALSE(Address::from_ip("0x7f.1", 1));
  EXPECT_FALSE(Address::from_ip("", 1));
  EXPECT_FALSE(Address{}.valid());
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(Address(&other, sizeof other).valid());
}

// ---- TCP, over both families
// -------------------------------------------------------------------------------------------

struct Pair {
  Socket client;
  Socket server;
};

class Tcp : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto listener = Listener::bind(*Address::from_ip(GetParam(), 0));
    if (!listener && listener.error().error_number == EADDRNOTAVAIL) GTEST_SKIP() << "no " << GetParam();
    ASSERT_TRUE(listener) << listener.error().message();
    listener_ = std::move(*listener);
  }
  Pair connect() {
    Pair pair;
    auto client = Socket::connect(listener_.address(), kPatienceMs);
    EXPECT_TRUE(client) << client.error().message();
    EXPECT_TRUE(wait_ready(listener_.fd(), kReadable, kPatienceMs));
    auto server = listener_.accept();
    EXPECT_TRUE(server && server->has_value());
    if (!client || !server || !*server) return pair;
    pair.client = std::move(*client);
    pair.server = std::move(**server);
    return pair;
  }
  // The first answer that is not would_block.
  static IoResult read(Socket& socket, std::span<uint8_t> into) {
    EXPECT_TRUE(wait_ready(socket.fd(), kReadable, kPatienceMs));
    return socket.read(into);
  }
  Listener listener_;
  uint8_t buffer_[64] = {};
};

INSTANTIATE_TEST_SUITE_P(Families, Tcp, testing::Values("127.0.0.1", "::1"), [](const auto& param) {
  return std::string(param.param).find(':') == std::string::npos ? "v4" : "v6";
});

TEST_P(Tcp, BytesHalfCloseAndEof) {
  auto [client, server] = connect();
  EXPECT_EQ(client.read(buffer_).status, IoStatus::would_block);
  EXPECT_EQ(client.write(as_bytes("ping")).len, 4U);
  IoResult result = read(server, buffer_);
  ASSERT_EQ(result.status, IoStatus::ok);
  EXPECT_EQ(as_text(ByteView(buffer_).first(result.len)), "ping");

  client.shutdown_write();
  client.shutdown_write();  // again: nothing
  EXPECT_EQ(read(server, buffer_).status, IoStatus::eof);
  EXPECT_EQ(client.write(as_bytes("late")).status, IoStatus::closed);  // and no SIGPIPE
  EXPECT_EQ(server.write(as_bytes("pong")).len, 4U);                   // the other direction is alive
  result = read(client, buffer_);
  EXPECT_EQ(as_text(ByteView(buffer_).first(result.len)), "pong");
  EXPECT_EQ(client.peer_address(), listener_.address());
  EXPECT_EQ(server.peer_address(), client.local_address());

  int no_delay = 0;
  socklen_t len = sizeof no_delay;
  getsockopt(client.fd(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &len);
  EXPECT_NE(no_delay, 0);
  getsockopt(server.fd(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &len);
  EXPECT_NE(no_delay, 0);
}

TEST_P(Tcp, AResetIsToldFromAnEnd) {
  auto [client, server] = connect();
  client.reset();
  EXPECT_FALSE(client.is_open());
  const IoResult result = read(server, buffer_);
  EXPECT_EQ(result.status, IoStatus::reset);
  EXPECT_EQ(result.error_number, ECONNRESET);
  EXPECT_EQ(server.write(as_bytes("x")).status, IoStatus::closed);
  // Our own closed end says so, whatever is done to it.
  EXPECT_EQ(client.read(buffer_).status, IoStatus::closed);
  EXPECT_EQ(client.write(as_bytes("x")).status, IoStatus::closed);
  client.shutdown_write();
  client.reset();
  EXPECT_FALSE(client.local_address().valid());
}

TEST_P(Tcp, AWriteTellsTheResetToo) {
  auto [client, server] = connect();
  client.reset();
  ASSERT_TRUE(wait_ready(server.fd(), kReadable, kPatienceMs));
  EXPECT_EQ(server.write(as_bytes("x")).status, IoStatus::reset);
}

TEST_P(Tcp, AWriteThatDoesNotFitIsTakenInPart) {
  auto [client, server] = connect();
  const Bytes large(size_t{16} << 20);
  size_t written = 0;
  IoResult result;
  while ((result = client.write(ByteView(large).subspan(written % large.size()))).status == IoStatus::ok)
    written += result.len;
  EXPECT_EQ(result.status, IoStatus::would_block);
  EXPECT_GT(written, 0U);
  size_t num_read = 0;
  Bytes into(size_t{1} << 16);
  while (num_read < written) {
    result = read(server, into);
    ASSERT_EQ(result.status, IoStatus::ok);
    num_read += result.len;
  }
  EXPECT_EQ(num_read, written);
}

TEST_P(Tcp, NobodyListens) {
  const Address address = listener_.address();
  listener_.close();
  const auto socket = Socket::connect(address, kPatienceMs);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().error_number, ECONNREFUSED);
  EXPECT_NE(socket.error().what.find(address.text()), std::string::npos);
}

TEST_P(Tcp, NobodyAnswers) {
  // A backlog of 1 holds two; the kernel leaves the next ones without an answer.
  auto full = Listener::bind(*Address::from_ip(GetParam(), 0), 0);
  ASSERT_TRUE(full);
  std::vector<Socket> waiting;
  for (int i = 0; i < 8; ++i) {
    auto socket = Socket::start_connect(full->address());
    ASSERT_TRUE(socket);
    if (!wait_ready(socket->fd(), kWritable, 50)) {
      EXPECT_EQ(socket->connect_state(), ConnectState::connecting);
      const auto late = Socket::connect(full->address(), 50);
      ASSERT_FALSE(late);
      EXPECT_EQ(late.error().error_number, ETIMEDOUT);
      return;
    }
    waiting.push_back(std::move(*socket));
  }
  FAIL() << "the backlog never filled";
}

TEST_P(Tcp, AListenerWithoutCallersSaysSo) {
  auto nobody = listener_.accept();
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(nobody->has_value());
  const auto taken = Listener::bind(listener_.address());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().error_number, EADDRINUSE);
}

TEST(Socket, WithoutAnAddress) {
  EXPECT_FALSE(Socket::start_connect(Address{}));
  Socket closed;
  EXPECT_EQ(closed.connect_state(), ConnectState::failed);
  EXPECT_FALSE(closed.is_open());
}

// ---- pipe
// --------------------------------------------------------------------------------------------------------------

TEST(Pipe, BytesWrapAroundAndTheBufferIsBounded) {
  auto [a, b] = make_pipe(5);
  uint8_t buffer[8];
  std::string got;
  std::string sent;
  for (int i = 0; i < 20; ++i) {
    const std::string text = "abcd" + std::to_string(i % 10) + "xyz";
    const IoResult result = a->write(as_bytes(text));
    ASSERT_EQ(result.status, IoStatus::ok);
    EXPECT_LE(b->readable_len(), 5U);
    sent += text.substr(0, result.len);
    const IoResult read = b->read(std::span(buffer).first(static_cast<size_t>(i % 4) + 1));
    got += as_text(ByteView(buffer).first(read.len));
  }
  EXPECT_EQ(a->write(as_bytes("overflow!")).len + b->readable_len() > 0, true);
  EXPECT_EQ(a->write(as_bytes("x")).status, IoStatus::would_block);
  EXPECT_EQ(a->ready() & kWritable, 0U);
  IoResult read;
  while ((read = b->read(buffer)).status == IoStatus::ok) got += as_text(ByteView(buffer).first(read.len));
  EXPECT_EQ(read.status, IoStatus::would_block);
  EXPECT_EQ(got.substr(0, sent.size()), sent);
  EXPECT_EQ(b->ready(), kWritable);
}

TEST(Pipe, HalfCloseArrivesAfterTheBytes) {
  auto [a, b] = make_pipe();
  uint8_t buffer[8];
  EXPECT_EQ(a->write(as_bytes("last")).len, 4U);
  a->shutdown_write();
  EXPECT_EQ(a->write(as_bytes("x")).status, IoStatus::closed);
  EXPECT_EQ(b->read(buffer).len, 4U);
  EXPECT_EQ(b->read(buffer).status, IoStatus::eof);
  EXPECT_EQ(b->read(buffer).status, IoStatus::eof);
  EXPECT_EQ(b->write(as_bytes("still")).len, 5U);
  EXPECT_EQ(a->read(buffer).len, 5U);
}

TEST(Pipe, ResetLosesWhatWasUnderWay) {
  auto [a, b] = make_pipe();
  uint8_t buffer[8];
  EXPECT_EQ(a->write(as_bytes("lost")).len, 4U);
  a->reset();
  EXPECT_EQ(b->ready(), kReadable | kWritable);
  EXPECT_EQ(b->read(buffer).status, IoStatus::reset);
  EXPECT_EQ(b->read(buffer).status, IoStatus::eof);
  EXPECT_EQ(b->write(as_bytes("x")).status, IoStatus::closed);
  EXPECT_EQ(a->read(buffer).status, IoStatus::closed);
}

TEST(Pipe, ClosingDependsOnWhatIsUnread) {
  uint8_t buffer[8];
  {
    auto [a, b] = make_pipe();
    b->close();  // nothing unread: an ordinary end
    EXPECT_EQ(a->read(buffer).status, IoStatus::eof);
    EXPECT_EQ(a->write(as_bytes("x")).status, IoStatus::ok);  // leaves, and is answered by a reset
    EXPECT_EQ(a->write(as_bytes("x")).status, IoStatus::reset);
    EXPECT_EQ(a->write(as_bytes("x")).status, IoStatus::closed);
  }
  {
    auto [a, b] = make_pipe();
    EXPECT_EQ(a->write(as_bytes("unread")).status, IoStatus::ok);
    b.reset();  // destroyed with bytes unread
    EXPECT_EQ(a->read(buffer).status, IoStatus::reset);
  }
}

}  // namespace
}  // namespace tlsproof::net
