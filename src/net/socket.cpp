#include "tlsproof/net/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace tlsproof::net {
namespace {

void set_option(int fd, int level, int option, int value) {
  // Nothing hangs on these: a kernel that refuses one still moves the bytes.
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

IoStatus status_of(int number) {
  switch (number) {
    case EAGAIN:
#if EAGAIN != EWOULDBLOCK
    case EWOULDBLOCK:
#endif
    case EINTR:
      return IoStatus::would_block;
    case ECONNRESET:
      return IoStatus::reset;
    case EPIPE:
      return IoStatus::closed;
    default:
      return IoStatus::error;
  }
}

IoResult io_result(ssize_t moved) {
  if (moved > 0) return {IoStatus::ok, static_cast<size_t>(moved), 0};
  if (moved == 0) return {IoStatus::eof, 0, 0};
  const int number = errno;
  const IoStatus status = status_of(number);
  return {status, 0, status == IoStatus::would_block ? 0 : number};
}

int64_t real_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

template <class Getter>
Address address_of(int fd, Getter getter) {
  sockaddr_storage storage{};
  socklen_t len = sizeof storage;
  if (fd < 0 || getter(fd, reinterpret_cast<sockaddr*>(&storage), &len) != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), len};
}

}  // namespace

void FileDescriptor::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);  // EINTR: Linux has closed it all the same
  fd_ = fd;
}

Socket::Socket(FileDescriptor fd) : fd_(std::move(fd)), connected_(fd_.valid()) {
  if (!fd_.valid()) return;
  const int flags = fcntl(fd_.get(), F_GETFL);
  if (flags >= 0) (void)fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK);
  set_option(fd_.get(), IPPROTO_TCP, TCP_NODELAY, 1);  // each record leaves when it is written
}

Result<Socket> Socket::start_connect(const Address& address, const ConnectOptions& options) {
  if (!address.valid()) return fail_errno("cannot connect", EAFNOSUPPORT);
  FileDescriptor fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail_errno("cannot make a socket");
  Socket socket;
  if (options.no_delay) set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.source != nullptr) {
    // The port is chosen by connect(), which knows the whole pair: bind() would have to find one that nobody uses at
    // all.
    set_option(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (::bind(fd.get(), options.source->data(), options.source->len()) != 0)
      return fail_errno(fmt::format("cannot bind to {}", options.source->text()));
  }
  if (::connect(fd.get(), address.data(), address.len()) == 0) {
    socket.connected_ = true;
  } else if (errno != EINPROGRESS && errno != EINTR) {
    return fail_errno(fmt::format("cannot connect to {}", address.text()));
  }
  socket.fd_ = std::move(fd);
  return socket;
}

Result<Socket> Socket::connect(const Address& address, int timeout_ms) {
  auto socket = start_connect(address);
  if (!socket) return socket;
  (void)wait_ready(socket->fd(), kWritable, timeout_ms);
  switch (socket->connect_state()) {
    case ConnectState::connected:
      return socket;
    case ConnectState::failed:
      return fail_errno(fmt::format("cannot connect to {}", address.text()), socket->connect_error());
    case ConnectState::connecting:
      break;
  }
  return fail_errno(fmt::format("cannot connect to {}", address.text()), ETIMEDOUT);
}

ConnectState Socket::connect_state() {
  if (connected_) return ConnectState::connected;
  if (connect_error_ != 0) return ConnectState::failed;
  if (!fd_.valid()) {
    connect_error_ = EBADF;
    return ConnectState::failed;
  }
  int error = 0;
  socklen_t len = sizeof error;
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &len) != 0) error = errno;
  if (error != 0) {
    connect_error_ = error;
    return ConnectState::failed;
  }
  // SO_ERROR is 0 both before and after; only a connected socket is writable.
  pollfd poll_fd{fd_.get(), POLLOUT, 0};
  if (poll(&poll_fd, 1, 0) != 1) return ConnectState::connecting;
  connected_ = true;
  return ConnectState::connected;
}

IoResult Socket::read(std::span<uint8_t> into) {
  if (!fd_.valid()) return {IoStatus::closed, 0, EBADF};
  return io_result(::recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT));
}

IoResult Socket::write(ByteView from) {
  if (!fd_.valid()) return {IoStatus::closed, 0, EBADF};
  const ssize_t moved = ::send(fd_.get(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (moved == 0) return {IoStatus::would_block, 0, 0};
  return io_result(moved);
}

void Socket::shutdown_write() {
  if (fd_.valid()) (void)::shutdown(fd_.get(), SHUT_WR);
}

void Socket::reset() {
  if (!fd_.valid()) return;
  const linger abort{1, 0};
  (void)setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  close();
}

void Socket::close() {
  fd_.reset();
}

Address Socket::local_address() const {
  return address_of(fd_.get(), ::getsockname);
}
Address Socket::peer_address() const {
  return address_of(fd_.get(), ::getpeername);
}

void Socket::set_send_buffer(int len) {
  set_option(fd_.get(), SOL_SOCKET, SO_SNDBUF, len);
}
void Socket::set_receive_buffer(int len) {
  set_option(fd_.get(), SOL_SOCKET, SO_RCVBUF, len);
}

Result<Listener> Listener::bind(const Address& address, int backlog) {
  Listener listener;
  FileDescriptor fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail_errno("cannot make a socket");
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // Without it the wildcard address of IPv6 would take IPv4's ports too.
  if (address.family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (::bind(fd.get(), address.data(), address.len()) != 0 || ::listen(fd.get(), backlog) != 0)
    return fail_errno(fmt::format("cannot listen on {}", address.text()));
  listener.address_ = address_of(fd.get(), ::getsockname);
  listener.fd_ = std::move(fd);
  return listener;
}

Result<std::optional<Socket>> Listener::accept() {
  const int fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) return Socket(FileDescriptor(fd));
  switch (errno) {
    case EAGAIN:
#if EAGAIN != EWOULDBLOCK
    case EWOULDBLOCK:
#endif
    case EINTR:
    case ECONNABORTED:
    // accept(2): pending network errors of the new connection; none of them is the listener's.
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return std::nullopt;
    default:
      return fail_errno(fmt::format("cannot accept on {}", address_.text()));
  }
}

bool wait_ready(int fd, Readiness interest, int timeout_ms) {
  pollfd poll_fd{fd, 0, 0};
  if ((interest & kReadable) != 0) poll_fd.events |= POLLIN;
  if ((interest & kWritable) != 0) poll_fd.events |= POLLOUT;
  const int64_t end = real_ms() + timeout_ms;
  while (true) {
    const int64_t left = timeout_ms < 0 ? -1 : std::max<int64_t>(0, end - real_ms());
    const int num = poll(&poll_fd, 1, static_cast<int>(left));
    if (num > 0) return true;
    if (num == 0) return false;
    if (errno != EINTR) return true;  // the next call on the descriptor says what is wrong
  }
}

}  // namespace tlsproof::net
