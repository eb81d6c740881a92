// Finds the open flow of a segment: a hash table with open addressing over the two endpoints, whichever way round. The
// hash is keyed with random numbers, so that nobody can choose endpoints that collide; no result depends on them.
#pragma once

#include <cstring>
#include <utility>

#include "tlsproof/base/random.h"
#include "tlsproof/capture/dissect.h"

namespace tlsproof::capture {

struct FlowKey {
  std::array<uint64_t, 6> words{};
  bool operator==(const FlowKey&) const = default;
};

// The same for both directions; `from_is_first` tells which of the two it was.
[[nodiscard]] inline FlowKey make_flow_key(const Segment& segment, bool& from_is_first) {
  const auto words_of = [](const Endpoint& endpoint) {
    std::array<uint64_t, 3> words{};
    std::memcpy(words.data(), endpoint.ip.bytes.data(), 16);
    words[2] = endpoint.port | (endpoint.ip.is_v6 ? 0x10000U : 0U);
    return words;
  };
  std::array<uint64_t, 3> first = words_of(segment.from);
  std::array<uint64_t, 3> second = words_of(segment.to);
  from_is_first = first <= second;
  if (!from_is_first) std::swap(first, second);
  const uint64_t protocol = segment.protocol == Protocol::udp ? 0x20000U : 0U;
  return {{first[0], first[1], second[0], second[1], first[2] << 32 | second[2] | protocol, segment.network}};
}

// `Node` has members `key` (FlowKey) and `hash` (uint64_t). Nodes are borrowed.
template <class Node>
class FlowIndex {
 public:
  explicit FlowIndex(RandomSource& random) : slots_(1024) {
    random.fill({reinterpret_cast<uint8_t*>(seed_.data()), sizeof seed_});
  }

  [[nodiscard]] uint64_t hash(const FlowKey& key) const {
    const uint64_t a = fold(key.words[0] ^ seed_[0], key.words[1] ^ seed_[1]);
    const uint64_t b = fold(key.words[2] ^ seed_[2], key.words[3] ^ seed_[3]);
    const uint64_t c = fold(key.words[4] ^ seed_[4], key.words[5] ^ seed_[5]);
    return fold(a ^ seed_[6], b ^ c ^ seed_[7]);
  }
  [[nodiscard]] Node* find(const FlowKey& key, uint64_t hash) const {
    for (size_t i = hash & mask();; i = (i + 1) & mask()) {
      const Slot& slot = slots_[i];
      if (slot.node == nullptr) return nullptr;
      if (slot.hash == hash && slot.node->key == key) return slot.node;
    }
  }
  // Its key must not be there yet.
  void insert(Node* node) {
    if (2 * (num_ + 1) > slots_.size()) enlarge();
    put({node->hash, node});
    ++num_;
  }
  // Its key must be there.
  void erase(const Node* node) {
    size_t hole = node->hash & mask();
    while (slots_[hole].node != node) hole = (hole + 1) & mask();
    for (size_t i = (hole + 1) & mask(); slots_[i].node != nullptr; i = (i + 1) & mask()) {
      // What lies between its own place and here may move up only to a hole that is not before its place.
      const size_t home = slots_[i].hash & mask();
      if (((i - home) & mask()) < ((i - hole) & mask())) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = {};
    --num_;
  }
  [[nodiscard]] size_t size() const { return num_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    Node* node = nullptr;
  };
  __extension__ using Wide = unsigned __int128;

  [[nodiscard]] static uint64_t fold(uint64_t a, uint64_t b) {
    const Wide product = Wide{a} * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  [[nodiscard]] size_t mask() const { return slots_.size() - 1; }
  void put(const Slot& slot) {
    size_t i = slot.hash & mask();
    while (slots_[i].node != nullptr) i = (i + 1) & mask();
    slots_[i] = slot;
  }
  void enlarge() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.node != nullptr) put(slot);
  }

  std::array<uint64_t, 8> seed_{};
  std::vector<Slot> slots_;
  size_t num_ = 0;
};

}  // namespace tlsproof::capture
