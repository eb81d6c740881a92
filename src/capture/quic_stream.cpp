#include "quic_stream.h"

#include <algorithm>

namespace tlsproof::capture {

QuicStream::Added QuicStream::add(uint64_t offset, ByteView data) {
  if (data.empty()) return Added::yes;
  if (offset > kMaxLen || data.size() > kMaxLen - static_cast<size_t>(offset)) return Added::too_much;
  const ByteRange fresh{static_cast<size_t>(offset), data.size()};
  // [first, last): the pieces that overlap or touch what has come.
  const auto first = std::ranges::find_if(pieces_, [&](ByteRange piece) { return piece.end() >= fresh.offset; });
  auto last = first;
  bool conflict = false;
  ByteRange joined = fresh;
  size_t at = fresh.offset;  // everything before it is settled
  const auto copy_until = [&](size_t end) {
    if (end > at)
      std::ranges::copy(data.subspan(at - fresh.offset, end - at), data_.begin() + static_cast<std::ptrdiff_t>(at));
    at = std::max(at, end);
  };
  if (first == pieces_.end() || first->offset > fresh.end()) {
    if (pieces_.size() >= kMaxPieces) return Added::too_much;
    data_.resize(std::max(data_.size(), fresh.end()));
    copy_until(fresh.end());
    pieces_.insert(first, fresh);
    return Added::yes;
  }
  data_.resize(std::max(data_.size(), fresh.end()));
  for (; last != pieces_.end() && last->offset <= fresh.end(); ++last) {
    copy_until(std::min(last->offset, fresh.end()));
    const size_t begin = std::max(last->offset, fresh.offset), end = std::min(last->end(), fresh.end());
    if (begin < end) {
      conflict = conflict ||
                 !equal(ByteView(data_).subspan(begin, end - begin), data.subspan(begin - fresh.offset, end - begin));
      at = std::max(at, end);
    }
    const size_t joined_end = std::max(joined.end(), last->end());
    joined.offset = std::min(joined.offset, last->offset);
    joined.len = joined_end - joined.offset;
  }
  copy_until(fresh.end());
  *first = joined;
  pieces_.erase(first + 1, last);
  return conflict ? Added::conflict : Added::yes;
}

size_t QuicStream::in_order() const {
  return pieces_.empty() || pieces_.front().offset != 0 ? 0 : pieces_.front().end();
}

ByteView QuicStream::unread() const {
  return ByteView(data_).subspan(taken_, in_order() - taken_);
}

ByteRange QuicStream::first_hole() const {
  const size_t begin = in_order();
  const size_t next = begin == 0 ? 0 : 1;
  if (next >= pieces_.size()) return {};
  return {begin, pieces_[next].offset - begin};
}

void QuicStream::reset() {
  data_.clear();
  pieces_.clear();
  taken_ = 0;
}

}  // namespace tlsproof::capture
