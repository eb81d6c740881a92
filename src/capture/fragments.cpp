#include "fragments.h"

#include <algorithm>
#include <cstring>

namespace tlsproof::capture {
namespace {

constexpr size_t kMaxDatagramLen = 65'535;
constexpr size_t kMaxOpen = 1024;
constexpr size_t kMaxHeld = size_t{4} << 20;
constexpr int64_t kMaxAgeNs = 30'000'000'000;

}  // namespace

size_t FragmentTable::KeyHash::operator()(const Key& key) const {
  uint64_t hash = uint64_t{key.id} << 32 ^ key.network ^ uint64_t { key.protocol } << 16;
  for (const auto* address : {&key.from, &key.to}) {
    uint64_t halves[2];
    std::memcpy(halves, address->data(), sizeof(halves));
    for (const uint64_t half : halves) hash = (hash ^ half) * 0x9e3779b97f4a7c15 ^ hash >> 29;
  }
  return hash;
}

void FragmentTable::give_up(Datagram& datagram, DissectCounts& counts) {
  if (datagram.given_up) return;
  ++counts.fragments_lost;
  datagram.given_up = true;
  held_ -= datagram.bytes.size();
  datagram.bytes = {};
  datagram.pieces = {};
}

void FragmentTable::remove(Datagrams::iterator at, DissectCounts& counts) {
  give_up(*at, counts);
  index_.erase(at->key);
  open_.erase(at);
}

// False: the datagram is to be given up.
bool FragmentTable::place(Datagram& datagram, const Piece& piece) {
  const size_t end = piece.offset + piece.bytes.size();
  if (piece.cut_off || piece.bytes.empty() || end > kMaxDatagramLen) return false;
  if (!piece.last && piece.bytes.size() % 8 != 0) return false;  // RFC 8200 §4.5, RFC 791 §3.2
  if (piece.last && datagram.len && *datagram.len != end) return false;
  const auto at = std::ranges::lower_bound(datagram.pieces, piece.offset, {}, &ByteRange::offset);
  const ByteRange range{piece.offset, piece.bytes.size()};
  // The same piece again is no overlap (RFC 8200 §4.5): captures often have a packet twice.
  if (at != datagram.pieces.end() && *at == range)
    return std::memcmp(datagram.bytes.data() + range.offset, piece.bytes.data(), range.len) == 0;
  if (at != datagram.pieces.end() && at->offset < end) return false;  // RFC 5722 §4
  if (at != datagram.pieces.begin() && std::prev(at)->end() > piece.offset) return false;
  if (piece.last) datagram.len = end;
  if (datagram.len &&
      (end > *datagram.len || (!datagram.pieces.empty() && datagram.pieces.back().end() > *datagram.len)))
    return false;
  if (piece.offset == 0) datagram.next_header = piece.next_header;
  datagram.pieces.insert(at, range);
  datagram.got += range.len;
  if (end > datagram.bytes.size()) {
    held_ += end - datagram.bytes.size();
    datagram.bytes.resize(end);
  }
  std::ranges::copy(piece.bytes, datagram.bytes.begin() + static_cast<ptrdiff_t>(piece.offset));
  return true;
}

std::optional<FragmentTable::Whole> FragmentTable::add(const Key& key, const Piece& piece, int64_t time_ns,
                                                       unsigned depth, DissectCounts& counts) {
  ++counts.fragments;
  while (!open_.empty() && time_ns - open_.front().first_ns > kMaxAgeNs) remove(open_.begin(), counts);
  auto found = index_.find(key);
  if (found == index_.end()) {
    if (open_.size() == kMaxOpen) remove(open_.begin(), counts);
    open_.push_back({.key = key, .first_ns = time_ns});
    found = index_.emplace(key, std::prev(open_.end())).first;
  }
  const auto at = found->second;
  Datagram& datagram = *at;
  if (datagram.given_up) return std::nullopt;
  if (!place(datagram, piece)) {
    give_up(datagram, counts);
    return std::nullopt;
  }
  if (datagram.len && datagram.got == *datagram.len) {
    whole_[depth] = std::move(datagram.bytes);
    const Whole whole{whole_[depth], datagram.next_header};
    held_ -= whole.bytes.size();
    index_.erase(found);
    open_.erase(at);
    return whole;
  }
  while (held_ > kMaxHeld) {
    const auto oldest = std::ranges::find(open_, false, &Datagram::given_up);
    give_up(*oldest, counts);
  }
  return std::nullopt;
}

}  // namespace tlsproof::capture
