#include "workspace.h"

namespace tlsproof::tls {

std::unique_ptr<crypto::KeyExchange> KeyExchangeStore::take(uint16_t group) {
  for (auto& [known, objects] : groups_) {
    if (known != group || objects.empty()) continue;
    auto object = std::move(objects.back());
    objects.pop_back();
    return object;
  }
  return crypto::make_key_exchange(group);
}

void KeyExchangeStore::give(std::unique_ptr<crypto::KeyExchange> object) {
  object->forget();
  for (auto& [known, objects] : groups_) {
    if (known != object->group()) continue;
    if (objects.size() < kMaxKept) objects.push_back(std::move(object));
    return;
  }
  const uint16_t group = object->group();
  groups_.emplace_back(group, std::vector<std::unique_ptr<crypto::KeyExchange>>()).second.push_back(std::move(object));
}

Workspace::Workspace() : impl_(std::make_unique<Impl>()) {}
Workspace::~Workspace() = default;

}  // namespace tlsproof::tls
