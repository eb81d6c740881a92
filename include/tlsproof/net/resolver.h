// Names to addresses, within a time limit whatever the system's resolver does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/net/endpoint.h"

namespace tlsproof::net {

// The blocking look-up as a seam; called on a thread of its own, which may outlive the caller.
class NameService {
 public:
  virtual ~NameService() = default;
  // All addresses for a stream connection, in the order in which they should be tried, at least one.
  [[nodiscard]] virtual Result<std::vector<Address>> lookup(const std::string& host, uint16_t port) = 0;
};
// getaddrinfo: /etc/hosts, DNS and whatever else nsswitch.conf says.
[[nodiscard]] std::shared_ptr<NameService> system_name_service();

// One look-up under way. Destroying it abandons the look-up: its thread ends when the system's resolver lets it.
class Lookup {
 public:
  // Numeric hosts are done at once, without a thread. At most kMaxLookups threads exist at a time; more is an error.
  [[nodiscard]] static Result<Lookup> start(const Endpoint& endpoint,
                                            std::shared_ptr<NameService> service = system_name_service());
  Lookup(Lookup&&) noexcept;
  Lookup& operator=(Lookup&&) noexcept;
  ~Lookup();

  // Readable once done (an eventfd).
  [[nodiscard]] int fd() const;
  [[nodiscard]] bool done() const;
  // Once done, and once only: the addresses, without duplicates, at most kMaxAddresses; or why there are none:
  // "cannot resolve nowhere.invalid: Name or service not known".
  [[nodiscard]] Result<std::vector<Address>> take();

 private:
  struct Shared;
  explicit Lookup(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

inline constexpr size_t kMaxLookups = 64;
inline constexpr size_t kMaxAddresses = 64;

// Waits for a look-up, `timeout_ms` at most; ETIMEDOUT in Error::error_number when the time is over.
[[nodiscard]] Result<std::vector<Address>> resolve(const Endpoint& endpoint, int timeout_ms,
                                                   std::shared_ptr<NameService> service = system_name_service());

}  // namespace tlsproof::net
