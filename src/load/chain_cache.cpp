#include "chain_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tlsproof::load {
namespace {

// The end of a certificate is its signature: no two that differ are likely to share it. What decides is the comparison.
uint64_t tag_of(const ByteList& chain, const std::string& name) {
  constexpr uint64_t kPrime = 0x100000001b3;
  uint64_t tag = 0xcbf29ce484222325;
  const auto mix = [&tag](uint64_t value) { tag = (tag ^ value) * kPrime; };
  for (size_t i = 0; i < chain.size(); ++i) {
    const ByteView der = chain[i];
    mix(der.size());
    uint64_t tail = 0;
    if (der.size() >= sizeof tail) std::memcpy(&tail, der.last(sizeof tail).data(), sizeof tail);
    mix(tail);
  }
  for (const char c : name) mix(static_cast<uint8_t>(c));
  return tag;
}

}  // namespace

ChainVerdict validate_chain(const ByteList& chain, const std::string& name, const x509::TrustAnchors& anchors,
                            int64_t wall_seconds) {
  std::vector<x509::Certificate> sent;
  for (size_t i = 0; i < std::min(chain.size(), x509::kMaxChain + 1); ++i)
    sent.push_back(x509::Certificate::parse(chain[i]));
  x509::ValidateOptions options;
  options.time = wall_seconds;
  options.name = name;
  const x509::Validation validation = x509::validate(sent, anchors, options);
  if (validation.ok()) return {};
  const x509::Problem& first = validation.problems.front();
  return {.holds = false,
          .problem = first.code,
          .text = first.detail.empty() ? std::string(x509::problem_info(first.code).title) : first.detail};
}

const ChainVerdict& ChainCache::check(const ByteList& chain, const std::string& name, const x509::TrustAnchors& anchors,
                                      int64_t wall_seconds) {
  const uint64_t tag = tag_of(chain, name);
  for (size_t i = 0; i < tags_.size(); ++i)
    if (tags_[i] == tag && entries_[i].chain == chain && entries_[i].name == name) return entries_[i].verdict;
  ++num_validated_;
  Entry entry{chain, name, validate_chain(chain, name, anchors, wall_seconds)};
  if (entries_.size() < kMaxEntries) {
    tags_.push_back(tag);
    return entries_.emplace_back(std::move(entry)).verdict;
  }
  const size_t at = oldest_;
  oldest_ = (oldest_ + 1) % kMaxEntries;
  tags_[at] = tag;
  entries_[at] = std::move(entry);
  return entries_[at].verdict;
}

}  // namespace tlsproof::load
