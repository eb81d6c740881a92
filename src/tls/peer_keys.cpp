#include "peer_keys.h"

namespace tlsproof::tls {

std::expected<const crypto::PublicKey*, crypto::PublicKeyError> PeerKeys::use(ByteView spki) {
  current_ = nullptr;
  for (auto& entry : entries_) {
    if (!entry.key || !equal(entry.spki, spki)) continue;
    current_ = &entry;
    return &*entry.key;
  }
  auto key = crypto::PublicKey::decode(spki);
  if (!key) return std::unexpected(key.error());
  auto& entry = entries_[next_];
  next_ = (next_ + 1) % entries_.size();
  entry.prepared.clear();
  entry.spki.assign(spki.begin(), spki.end());
  entry.key = std::move(*key);
  current_ = &entry;
  return &*entry.key;
}

crypto::Verifier* PeerKeys::verifier(uint16_t scheme, crypto::SchemeRules rules) {
  if (current_ == nullptr) return nullptr;
  for (auto& p : current_->prepared)
    if (p.scheme == scheme && p.rules == rules) return &p.verifier;
  auto verifier = crypto::Verifier::make(scheme, *current_->key, rules);
  if (!verifier) return nullptr;
  return &current_->prepared.emplace_back(scheme, rules, std::move(*verifier)).verifier;
}

}  // namespace tlsproof::tls
