#include "peer_keys.h"

namespace tlsproof::tls {

crypto::Verifier* PeerKey::verifier(uint16_t scheme, crypto::SchemeRules rules) {
  for (auto& p : prepared_)
    if (p.scheme == scheme && p.rules == rules) return &p.verifier;
  auto verifier = crypto::Verifier::make(scheme, key_, rules);
  if (!verifier) return nullptr;
  return &prepared_.emplace_back(scheme, rules, std::move(*verifier)).verifier;
}

std::expected<std::shared_ptr<PeerKey>, crypto::PublicKeyError> PeerKeys::use(ByteView spki) {
  for (const auto& known : known_)
    if (known && equal(known->spki(), spki)) return known;
  auto key = crypto::PublicKey::decode(spki);
  if (!key) return std::unexpected(key.error());
  auto& place = known_[next_];
  next_ = (next_ + 1) % known_.size();
  place = std::make_shared<PeerKey>(spki, std::move(*key));
  return place;
}

}  // namespace tlsproof::tls
