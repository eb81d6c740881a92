#include "tlsproof/x509/cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace tlsproof::x509 {
namespace {

constexpr size_t kWays = 8;

// Certificates differ in their signatures, which stand at the end: that much is hashed, and all is compared.
uint64_t hash_of(ByteView der) {
  constexpr size_t kHashed = 64;
  const ByteView tail = der.last(std::min(der.size(), kHashed));
  uint64_t hash = der.size() * 0x9e3779b97f4a7c15;
  for (size_t at = 0; at < tail.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, tail.data() + at, std::min<size_t>(8, tail.size() - at));
    hash = (std::rotl(hash, 23) ^ word) * 0xff51afd7ed558ccd;
    hash = std::byteswap(hash);
  }
  hash *= 0xc4ceb9fe1a85ec53;  // so that every bit of the last word reaches the low ones
  return hash ^ hash >> 29;
}

template <class T>
size_t capacity_of(const std::vector<T>& list) {
  return list.capacity() * sizeof(T);
}
template <class T>
size_t capacity_of(const std::optional<std::vector<T>>& list) {
  return list ? capacity_of(*list) : 0;
}

}  // namespace

size_t memory_of(const CertificateView& c) {
  size_t out = sizeof(CertificateView) + c.der.size() + capacity_of(c.problems) + capacity_of(c.issuer.attributes) +
               capacity_of(c.subject.attributes) + capacity_of(c.extensions) + capacity_of(c.subject_alt_names) +
               capacity_of(c.extended_key_usage) + capacity_of(c.crl_urls) + capacity_of(c.ocsp_urls) +
               capacity_of(c.ca_issuer_urls) + capacity_of(c.policies) + capacity_of(c.unknown_critical);
  if (c.name_constraints) out += capacity_of(c.name_constraints->permitted) + capacity_of(c.name_constraints->excluded);
  if (c.authority_key_id) out += capacity_of(c.authority_key_id->issuer);
  return out;
}

CertificateCache::CertificateCache(CertificateCacheLimits limits)
    : limits_(limits), entries_(std::bit_ceil(std::max(limits.max_entries, kWays))) {}

void CertificateCache::drop(Entry& entry) {
  if (entry.num_bytes == 0) return;
  num_bytes_ -= entry.num_bytes;
  --num_entries_;
  entry = {};
}

// A free place of the set, or one that was not asked for since it was last looked at.
CertificateCache::Entry& CertificateCache::victim(std::span<Entry> set) {
  for (Entry& entry : set)
    if (entry.num_bytes == 0) return entry;
  for (Entry& entry : set)
    if (!std::exchange(entry.used, false)) return entry;
  return set.front();
}

// The clock: each entry that was used since the hand passed gets one more round.
void CertificateCache::make_room() {
  while (num_bytes_ > limits_.max_bytes) {
    Entry& entry = entries_[hand_];
    hand_ = (hand_ + 1) % entries_.size();
    if (!std::exchange(entry.used, false)) drop(entry);
  }
}

Certificate CertificateCache::get(ByteView der) {
  const uint64_t hash = hash_of(der);
  const std::span<Entry> set = std::span(entries_).subspan(hash % (entries_.size() / kWays) * kWays, kWays);
  for (Entry& entry : set) {
    if (entry.num_bytes == 0 || entry.hash != hash || !equal(entry.certificate->der(), der)) continue;
    entry.used = true;
    ++num_hits_;
    return *entry.certificate;
  }
  ++num_misses_;
  Certificate certificate = Certificate::parse(der);
  const size_t num_bytes = memory_of(*certificate);
  if (num_bytes > limits_.max_certificate) return certificate;
  Entry& entry = victim(set);
  drop(entry);
  entry = {hash, num_bytes, true, certificate};
  ++num_entries_;
  num_bytes_ += num_bytes;
  make_room();
  return certificate;
}

}  // namespace tlsproof::x509
