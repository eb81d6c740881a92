// A list of byte strings in one pool, so that filling and clearing it again allocates nothing once it has grown.
#pragma once

#include "tlsproof/base/bytes.h"

namespace tlsproof {

class ByteList {
 public:
  [[nodiscard]] size_t size() const { return ranges_.size(); }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  // Borrows until the next change of the list.
  [[nodiscard]] ByteView operator[](size_t i) const {
    return ByteView(pool_).subspan(ranges_[i].offset, ranges_[i].len);
  }
  void push_back(ByteView value) { insert(ranges_.size(), value); }
  // `value` must not point into this list.
  void insert(size_t at, ByteView value) {
    ranges_.insert(ranges_.begin() + static_cast<std::ptrdiff_t>(at), ByteRange{pool_.size(), value.size()});
    append(pool_, value);
  }
  void set(size_t at, ByteView value) {
    ranges_[at] = {pool_.size(), value.size()};
    append(pool_, value);
  }
  void erase(size_t at) { ranges_.erase(ranges_.begin() + static_cast<std::ptrdiff_t>(at)); }
  void clear() {  // keeps the memory
    pool_.clear();
    ranges_.clear();
  }
  bool operator==(const ByteList& other) const {
    if (size() != other.size()) return false;
    for (size_t i = 0; i < size(); ++i)
      if (!equal((*this)[i], other[i])) return false;
    return true;
  }

 private:
  Bytes pool_;
  std::vector<ByteRange> ranges_;
};

}  // namespace tlsproof
