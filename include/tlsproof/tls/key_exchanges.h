// Key exchanges for many clients of one thread that cost less than a fresh key each, and are no secret, or less of one:
// for measuring servers.
#pragma once

#include <utility>
#include <vector>

#include "tlsproof/tls/client_config.h"

namespace tlsproof::tls {

// One key a group, made at its first use and used for every connection from then on, by any number of clients at a
// time. Not thread safe: one a thread.
class ReusedKeyExchanges final : public KeyExchangeProvider {
 public:
  [[nodiscard]] crypto::KeyExchange* get(uint16_t group) override;

 private:
  std::vector<std::pair<uint16_t, std::unique_ptr<crypto::KeyExchange>>> made_;
};

// The known key 1 for secp256r1 (crypto::make_known_p256_key_exchange), nothing for any other group: a client that
// uses it offers secp256r1 alone. By any number of clients at a time. Not thread safe.
class KnownKeyExchanges final : public KeyExchangeProvider {
 public:
  KnownKeyExchanges();
  [[nodiscard]] crypto::KeyExchange* get(uint16_t group) override;

 private:
  std::unique_ptr<crypto::KeyExchange> p256_;
};

}  // namespace tlsproof::tls
