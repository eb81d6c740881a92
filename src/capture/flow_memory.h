// The memory of all open flows of a table: buffers in sizes of powers of two that go from flow to flow, and the sum of
// what is in use. The sum depends on what the flows hold alone, never on which buffers happened to be there, so that
// the limits that go by it always cut at the same packet.
#pragma once

#include <bit>

#include "tlsproof/capture/flow.h"

namespace tlsproof::capture {

// Vectors whose capacities are powers of two. Given-back ones wait for the next, up to a bound; beyond it they are
// freed.
template <class T>
class VectorPool {
 public:
  static constexpr size_t kSmallest = 16;

  explicit VectorPool(size_t max_pooled_bytes) : max_pooled_bytes_(max_pooled_bytes) {}

  // The capacity that holds `num` elements.
  [[nodiscard]] static size_t capacity_for(size_t num) {
    return num == 0 ? 0 : std::bit_ceil(num < kSmallest ? kSmallest : num);
  }
  [[nodiscard]] static size_t charge(size_t num) { return capacity_for(num) * sizeof(T); }

  // Room for `num` elements; the content stays.
  void reserve(std::vector<T>& vector, size_t num) {
    if (num <= vector.capacity()) return;
    std::vector<T> larger = take(capacity_for(num));
    larger.insert(larger.end(), std::make_move_iterator(vector.begin()), std::make_move_iterator(vector.end()));
    give(vector);
    vector = std::move(larger);
  }
  // Takes the memory of a vector, which is left empty.
  void give(std::vector<T>& vector) {
    std::vector<T> gone = std::move(vector);
    vector = {};
    const size_t capacity = gone.capacity();
    if (capacity < kSmallest || !std::has_single_bit(capacity)) return;  // none of ours
    if (pooled_bytes_ + capacity * sizeof(T) > max_pooled_bytes_) return;
    gone.clear();
    pooled_bytes_ += capacity * sizeof(T);
    free_[static_cast<size_t>(std::bit_width(capacity))].push_back(std::move(gone));
  }

 private:
  std::vector<T> take(size_t capacity) {
    std::vector<T> vector;
    auto& free = free_[static_cast<size_t>(std::bit_width(capacity))];
    if (free.empty()) {
      vector.reserve(capacity);
    } else {
      vector = std::move(free.back());
      free.pop_back();
      pooled_bytes_ -= capacity * sizeof(T);
    }
    return vector;
  }

  size_t max_pooled_bytes_;
  size_t pooled_bytes_ = 0;
  std::array<std::vector<std::vector<T>>, 65> free_;  // by bit width of the capacity
};

class FlowMemory {
 public:
  // An event costs more than the few bytes that a hostile sender puts into a segment; after so many nothing more is
  // kept of the flow.
  static constexpr size_t kMaxEvents = 16'384;

  [[nodiscard]] size_t in_use() const { return in_use_; }

  void append(Bytes& bytes, ByteView what) { grow(bytes_, bytes, what); }
  // In the order of their packets. Of the same packet, what it tells about the other side (by its acknowledgment)
  // stands before what its own side said with it. False: the flow has too many already.
  [[nodiscard]] bool push(std::vector<FlowEvent>& events, const FlowEvent& event) {
    if (events.size() >= kMaxEvents) return false;
    grow(events_, events, std::span(&event, 1));
    const auto is_later = [&](const FlowEvent& before) {
      return before.packet > event.packet || (before.packet == event.packet && before.side != event.side);
    };
    for (size_t i = events.size() - 1; i > 0 && is_later(events[i - 1]); --i) std::swap(events[i - 1], events[i]);
    return true;
  }
  void release(Bytes& bytes) {
    in_use_ -= VectorPool<uint8_t>::charge(bytes.size());
    bytes_.give(bytes);
  }
  // The flow goes to somebody else, who may put another in its place: what it holds is no longer counted.
  void discount(const Flow& flow) {
    in_use_ -= VectorPool<uint8_t>::charge(flow.bytes[0].size()) + VectorPool<uint8_t>::charge(flow.bytes[1].size()) +
               VectorPool<FlowEvent>::charge(flow.events.size());
  }
  // The buffers of a flow that is not counted any more.
  void reclaim(Flow& flow) {
    for (Bytes& bytes : flow.bytes) bytes_.give(bytes);
    events_.give(flow.events);
  }

 private:
  template <class T>
  void grow(VectorPool<T>& pool, std::vector<T>& vector, std::span<const T> what) {
    const size_t before = vector.size();
    pool.reserve(vector, before + what.size());
    vector.insert(vector.end(), what.begin(), what.end());
    in_use_ += VectorPool<T>::charge(vector.size()) - VectorPool<T>::charge(before);
  }

  VectorPool<uint8_t> bytes_{size_t{8} << 20};
  VectorPool<FlowEvent> events_{size_t{4} << 20};
  size_t in_use_ = 0;
};

}  // namespace tlsproof::capture
