// Servers to be loaded, on a loopback port in threads of their own.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tlsproof/load/plan.h"
#include "unit/tls/ssl_peer.h"

namespace tlsproof::load_test {

// Set in the threads of servers, for who counts what the others do.
extern thread_local bool in_server;

// Serves each connection in its own thread; the destructor ends them all.
class Server {
 public:
  using Serve = std::function<void(int fd)>;  // the socket blocks, and is closed afterwards
  explicit Server(Serve serve, int backlog = 1024);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] const net::Address& address() const { return address_; }
  [[nodiscard]] size_t num_accepted() const { return num_accepted_.load(); }

 private:
  void accept_all();
  void serve(int fd);

  Serve serve_;
  int listener_ = -1;
  net::Address address_;
  std::atomic<size_t> num_accepted_{0};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A loopback port where nobody listens.
net::Address unused_address();

// libssl's server for one connection: handshake, then what the peer sends is read to its end; `answer`, if any, is
// sent after the first bytes, and the connection ended. Counts what became of it.
struct TlsServer {
  explicit TlsServer(tls_test::PeerOptions options = {}, std::string says = {})
      : context(std::move(options)), answer(std::move(says)) {}
  void operator()(int fd);
  [[nodiscard]] Server::Serve serve() {
    return [this](int fd) { (*this)(fd); };
  }
  tls_test::SslContext context;
  std::string answer;
  bool early = false;  // reads 0-RTT data
  std::atomic<size_t> num_accepted{0}, num_resumed{0}, num_failed{0}, num_early{0};
};

// A quick plan for it: TLS 1.3, trusting the peer's certificate, 40 connections, 4 at a time.
load::Plan plan_for(const net::Address& address);

// Reads until `num` bytes have come or the stream ends.
std::string read_some(int fd, size_t num = 1);
void write_all(int fd, std::string_view text);

}  // namespace tlsproof::load_test
