// Whether a chain holds, asked of x509 once for each distinct one.
#pragma once

#include <string>
#include <vector>

#include "tlsproof/base/byte_list.h"
#include "tlsproof/x509/validate.h"

namespace tlsproof::load {

struct ChainVerdict {
  bool holds = true;
  x509::ProblemCode problem = x509::ProblemCode::other;  // the first, when it does not hold
  std::string text;                                      // safe to show; empty when it holds
};

// Validated anew: the chain as it was sent, at `wall_seconds`.
[[nodiscard]] ChainVerdict validate_chain(const ByteList& chain, const std::string& name,
                                          const x509::TrustAnchors& anchors, int64_t wall_seconds);

// Remembers verdicts by the exact bytes of the whole chain and the name; of the newest kMaxEntries. One a thread.
class ChainCache {
 public:
  static constexpr size_t kMaxEntries = 1024;

  // Validates what it has not met. Borrows until the next call.
  [[nodiscard]] const ChainVerdict& check(const ByteList& chain, const std::string& name,
                                          const x509::TrustAnchors& anchors, int64_t wall_seconds);
  [[nodiscard]] size_t num_validated() const { return num_validated_; }

 private:
  struct Entry {
    ByteList chain;
    std::string name;
    ChainVerdict verdict;
  };
  std::vector<uint64_t> tags_;  // of the entries, scanned: a hint at which bytes to compare
  std::vector<Entry> entries_;
  size_t oldest_ = 0;  // the next to be replaced, when there is no room
  size_t num_validated_ = 0;
};

}  // namespace tlsproof::load
