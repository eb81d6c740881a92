#include "tlsproof/tls/key_exchanges.h"

#include "tlsproof/registry/constants.h"

namespace tlsproof::tls {

crypto::KeyExchange* ReusedKeyExchanges::get(uint16_t group) {
  for (auto& [known, key] : made_)
    if (known == group) return key.get();
  auto inner = crypto::make_key_exchange(group);
  if (!inner) return nullptr;
  return made_.emplace_back(group, crypto::make_reused_key_exchange(std::move(inner))).second.get();
}

KnownKeyExchanges::KnownKeyExchanges() : p256_(crypto::make_known_p256_key_exchange()) {}

crypto::KeyExchange* KnownKeyExchanges::get(uint16_t group) {
  return group == registry::group::secp256r1 ? p256_.get() : nullptr;
}

}  // namespace tlsproof::tls
