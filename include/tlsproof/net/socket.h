// Non-blocking TCP sockets and listeners.
#pragma once

#include <optional>

#include "tlsproof/base/error.h"
#include "tlsproof/net/endpoint.h"
#include "tlsproof/net/stream.h"

namespace tlsproof::net {

// Owns a file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~FileDescriptor() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);  // closes what it held

 private:
  int fd_ = -1;
};

enum class ConnectState : uint8_t { connecting, connected, failed };

struct ConnectOptions {
  const Address* source = nullptr;  // bound to, with a port that the kernel chooses; null: the kernel's choice
  bool no_delay = true;             // TCP_NODELAY: for who sends twice before an answer
};

// A TCP connection, with TCP_NODELAY (unless ConnectOptions say otherwise) and close-on-exec. After close() or reset()
// every call gives `closed` or does nothing.
class Socket final : public Stream {
 public:
  Socket() = default;  // closed
  // Begins to connect; poll for writability (Loop, connector.h), then ask connect_state(). Fails at once where the
  // kernel does, with errno in Error::error_number (a refusal on loopback may come here or later).
  [[nodiscard]] static Result<Socket> start_connect(const Address& address, const ConnectOptions& options = {});
  // Connects and waits until `timeout_ms` at most; for tools and tests that have no Loop. ETIMEDOUT when the time is
  // over.
  [[nodiscard]] static Result<Socket> connect(const Address& address, int timeout_ms);
  // Takes over a connected stream socket (accept, socketpair) and makes it non-blocking.
  explicit Socket(FileDescriptor fd);

  // Once `failed`, connect_error() is its errno.
  [[nodiscard]] ConnectState connect_state();
  [[nodiscard]] int connect_error() const { return connect_error_; }

  IoResult read(std::span<uint8_t> into) override;
  IoResult write(ByteView from) override;
  void shutdown_write() override;
  void reset() override;
  void close() override;
  [[nodiscard]] int fd() const override { return fd_.get(); }
  [[nodiscard]] bool is_open() const { return fd_.valid(); }

  [[nodiscard]] Address local_address() const;  // of no family when closed
  [[nodiscard]] Address peer_address() const;

  // Kernel buffers, in bytes (the kernel doubles and bounds them): small ones make a peer that reads slowly felt at
  // once.
  void set_send_buffer(int len);
  void set_receive_buffer(int len);

 private:
  FileDescriptor fd_;
  bool connected_ = false;
  int connect_error_ = 0;
};

// Listens; accepted sockets are as above. SO_REUSEADDR.
class Listener {
 public:
  Listener() = default;
  // Port 0 takes a free one: see address().
  [[nodiscard]] static Result<Listener> bind(const Address& address, int backlog = 128);
  // nullopt when nobody is waiting (a connection that was gone before we took it counts as nobody).
  [[nodiscard]] Result<std::optional<Socket>> accept();
  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

 private:
  FileDescriptor fd_;
  Address address_;
};

// Waits until `fd` is ready for `interest` (readiness of stream.h; errors count) or the time is over: false then.
// `timeout_ms` < 0 waits for ever. Interrupted waits go on.
[[nodiscard]] bool wait_ready(int fd, Readiness interest, int timeout_ms);

}  // namespace tlsproof::net
