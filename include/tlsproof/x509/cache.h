// The certificates that were met lately, parsed once: captures hold few chains and many handshakes.
#pragma once

#include <span>

#include "tlsproof/x509/certificate.h"

namespace tlsproof::x509 {

struct CertificateCacheLimits {
  size_t max_entries = 4096;                 // rounded up to a power of two, at least 8
  size_t max_bytes = size_t{24} << 20;       // of the kept certificates, as memory_of() counts them
  size_t max_certificate = size_t{1} << 20;  // one that takes more is parsed each time
};

// For one thread: no lock. What it gives out stays good when the entry has gone (it is shared), and may be read by any
// thread. A peer who makes certificates collide makes it slower by a few comparisons and a parse, no more.
class CertificateCache {
 public:
  explicit CertificateCache(CertificateCacheLimits limits = {});

  // The certificate of this DER: the one that is kept, when it has the very same bytes.
  [[nodiscard]] Certificate get(ByteView der);

  [[nodiscard]] size_t size() const { return num_entries_; }
  [[nodiscard]] size_t num_bytes() const { return num_bytes_; }
  [[nodiscard]] uint64_t num_hits() const { return num_hits_; }
  [[nodiscard]] uint64_t num_misses() const { return num_misses_; }

 private:
  struct Entry {
    uint64_t hash = 0;
    size_t num_bytes = 0;  // 0: free
    bool used = false;     // since the hand of the clock passed
    std::optional<Certificate> certificate;
  };
  void drop(Entry& entry);
  [[nodiscard]] Entry& victim(std::span<Entry> set);
  void make_room();

  CertificateCacheLimits limits_;
  std::vector<Entry> entries_;  // sets of kWays, chosen by hash
  size_t hand_ = 0;
  size_t num_entries_ = 0;
  size_t num_bytes_ = 0;
  uint64_t num_hits_ = 0;
  uint64_t num_misses_ = 0;
};

// What a parsed certificate takes in memory, its DER included, in bytes.
[[nodiscard]] size_t memory_of(const CertificateView& certificate);

}  // namespace tlsproof::x509
