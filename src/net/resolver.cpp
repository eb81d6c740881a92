#include "tlsproof/net/resolver.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "tlsproof/base/text.h"
#include "tlsproof/net/socket.h"

namespace tlsproof::net {
namespace {

class SystemNameService final : public NameService {
 public:
  Result<std::vector<Address>> lookup(const std::string& host, uint16_t port) override {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
    if (code != 0) {
      const int number = errno;
      const std::string what = fmt::format("cannot resolve {}", escape_terminal_limited(host, 80));
      if (code == EAI_SYSTEM) return fail_errno(what, number);
      return fail(fmt::format("{}: {}", what, gai_strerror(code)));
    }
    std::vector<Address> addresses;
    for (const addrinfo* item = list; item != nullptr && addresses.size() < kMaxAddresses; item = item->ai_next)
      addresses.emplace_back(item->ai_addr, item->ai_addrlen);
    freeaddrinfo(list);
    return addresses;
  }
};

std::atomic<size_t> num_threads{0};

}  // namespace

struct Lookup::Shared {
  FileDescriptor event;
  std::mutex mutex;
  std::optional<Result<std::vector<Address>>> result;  // under the mutex
  bool done = false;                                   // likewise

  void finish(Result<std::vector<Address>> found) {
    const std::lock_guard lock(mutex);
    result = std::move(found);
    done = true;
    const uint64_t one = 1;
    (void)!::write(event.get(), &one, sizeof one);  // an eventfd at 0 takes a 1
  }
};

std::shared_ptr<NameService> system_name_service() {
  static const auto service = std::make_shared<SystemNameService>();
  return service;
}

Lookup::Lookup(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
Lookup::Lookup(Lookup&&) noexcept = default;
Lookup& Lookup::operator=(Lookup&&) noexcept = default;
Lookup::~Lookup() = default;

Result<Lookup> Lookup::start(const Endpoint& endpoint, std::shared_ptr<NameService> service) {
  auto shared = std::make_shared<Shared>();
  shared->event.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!shared->event.valid()) return fail_errno("cannot make an event descriptor");
  if (const auto address = Address::from_ip(endpoint.host, endpoint.port)) {
    shared->finish(std::vector<Address>{*address});
    return Lookup(std::move(shared));
  }
  if (num_threads.fetch_add(1) >= kMaxLookups) {
    num_threads.fetch_sub(1);
    return fail(fmt::format("cannot resolve {}: {} look-ups hang already", escape_terminal_limited(endpoint.host, 80),
                            kMaxLookups));
  }
  try {
    // Detached: getaddrinfo cannot be interrupted, so a hanging one is left alone with what it needs.
    std::thread([shared, service = std::move(service), endpoint] {
      shared->finish(service->lookup(endpoint.host, endpoint.port));
      num_threads.fetch_sub(1);
    }).detach();
  } catch (const std::system_error& error) {
    num_threads.fetch_sub(1);
    return fail_errno("cannot start a thread to resolve names", error.code().value());
  }
  return Lookup(std::move(shared));
}

int Lookup::fd() const {
  return shared_->event.get();
}

bool Lookup::done() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->done;
}

Result<std::vector<Address>> Lookup::take() {
  std::optional<Result<std::vector<Address>>> result;
  {
    const std::lock_guard lock(shared_->mutex);
    result.swap(shared_->result);
  }
  TLSPROOF_CHECK(result.has_value());
  if (!*result) return std::move(*result);
  std::vector<Address> unique;
  for (const Address& address : **result)
    if (address.valid() && unique.size() < kMaxAddresses && std::ranges::find(unique, address) == unique.end())
      unique.push_back(address);
  if (unique.empty()) return fail("cannot resolve: the name has no address");
  return unique;
}

Result<std::vector<Address>> resolve(const Endpoint& endpoint, int timeout_ms, std::shared_ptr<NameService> service) {
  auto lookup = Lookup::start(endpoint, std::move(service));
  if (!lookup) return std::unexpected(std::move(lookup).error());
  if (!wait_ready(lookup->fd(), kReadable, timeout_ms))
    return fail_errno(
        fmt::format("cannot resolve {} within {} ms", escape_terminal_limited(endpoint.host, 80), timeout_ms),
        ETIMEDOUT);
  return lookup->take();
}

}  // namespace tlsproof::net
