#include "unit/load/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "tlsproof/registry/constants.h"

namespace tlsproof::load_test {
namespace {

int listen_on_loopback(int backlog, net::Address& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  TLSPROOF_CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&in), sizeof in) == 0);
  TLSPROOF_CHECK(::listen(fd, backlog) == 0);
  socklen_t len = sizeof in;
  TLSPROOF_CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&in), &len) == 0);
  address = net::Address(reinterpret_cast<const sockaddr*>(&in), len);
  return fd;
}

}  // namespace

thread_local bool in_server = false;

Server::Server(Serve serve, int backlog) : serve_(std::move(serve)) {
  std::signal(SIGPIPE, SIG_IGN);  // libssl writes with write()
  listener_ = listen_on_loopback(backlog, address_);
  acceptor_ = std::thread([this] { accept_all(); });
}

Server::~Server() {
  ending_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::scoped_lock lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void Server::accept_all() {
  in_server = true;
  while (!ending_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (ending_ || (errno != ECONNABORTED && errno != EINTR && errno != EMFILE)) return;
      if (errno == EMFILE) std::this_thread::yield();
      continue;
    }
    ++num_accepted_;
    const std::scoped_lock lock(mutex_);
    open_.insert(fd);
    threads_.emplace_back([this, fd] { this->serve(fd); });
  }
}

void Server::serve(int fd) {
  in_server = true;
  serve_(fd);
  const std::scoped_lock lock(mutex_);
  open_.erase(fd);
  ::close(fd);
}

net::Address unused_address() {
  net::Address address;
  ::close(listen_on_loopback(1, address));
  return address;
}

std::string read_some(int fd, size_t num) {
  std::string all;
  std::array<char, 4096> buffer;
  while (all.size() < num) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    all.append(buffer.data(), static_cast<size_t>(got));
  }
  return all;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (put <= 0) return;
    text.remove_prefix(static_cast<size_t>(put));
  }
}

void TlsServer::operator()(int fd) {
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), fd);
  std::array<char, 4096> buffer;
  bool asked = false;
  for (size_t len = 0; early;) {
    const int got = SSL_read_early_data(ssl.get(), buffer.data(), buffer.size(), &len);
    if (got == SSL_READ_EARLY_DATA_SUCCESS) {
      if (!asked) ++num_early;
      asked = true;
    } else {
      break;
    }
  }
  if (SSL_accept(ssl.get()) != 1) {
    ++num_failed;
    return;
  }
  ++num_accepted;
  if (SSL_session_reused(ssl.get()) == 1) ++num_resumed;
  if (!asked) asked = SSL_read(ssl.get(), buffer.data(), buffer.size()) > 0;
  if (asked && !answer.empty()) {
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl.get());
    ::shutdown(fd, SHUT_WR);
  }
  while (SSL_read(ssl.get(), buffer.data(), buffer.size()) > 0) {
  }
  if (answer.empty()) SSL_shutdown(ssl.get());
}

load::Plan plan_for(const net::Address& address) {
  load::Plan plan;
  plan.target = address.text();
  plan.addresses = {address};
  plan.client.versions = {registry::version::TLS1_3};
  plan.client.server_name = "server.test";
  const auto& own = tls_test::credential(crypto::KeyKind::p256);
  plan.anchors = std::make_shared<x509::TrustAnchors>(
      x509::TrustAnchors::from_certificates(std::array{x509::Certificate::parse(own.chain[0])}, "the test's own"));
  plan.arrivals.concurrency = 4;
  plan.count = 40;
  plan.duration_ns = 60'000'000'000;
  return plan;
}

}  // namespace tlsproof::load_test
