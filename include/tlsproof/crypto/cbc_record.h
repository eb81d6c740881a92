// Opening of TLS records that a block cipher in CBC mode protects, or no cipher at all, together with an HMAC: what
// captures of TLS 1.0 to 1.2 hold. For looking on only: nothing is sealed, and opening takes no care to need the same
// time for every fault.
// Sources: RFC 2246, RFC 4346, RFC 5246 §6.2.3; RFC 7366 (encrypt-then-MAC); RFC 6066 §7 (truncated HMAC).
#pragma once

#include <memory>

#include "tlsproof/crypto/record_protection.h"

namespace tlsproof::crypto {

class CbcRecordOpener {
 public:
  struct Setup {
    uint16_t suite = 0;
    uint16_t version = 0;  // 0x0301 to 0x0303
    bool encrypt_then_mac = false;
    bool truncated_hmac = false;
    Side side = Side::client;  // whose records
    ByteView master_secret, client_random, server_random;
  };

  CbcRecordOpener();
  CbcRecordOpener(CbcRecordOpener&&) noexcept;
  CbcRecordOpener& operator=(CbcRecordOpener&&) noexcept;
  ~CbcRecordOpener();

  // Whether start() can: a suite of AES, Camellia, ARIA or 3DES in CBC mode, or of none, with HMAC-SHA.
  [[nodiscard]] static bool knows(uint16_t suite, uint16_t version);
  // Keys from the master secret (RFC 5246 §6.3), sequence number 0. False when the suite is not known, or libcrypto
  // does not have what it needs.
  [[nodiscard]] bool start(const Setup& setup);
  void stop();
  [[nodiscard]] bool active() const;
  [[nodiscard]] uint64_t sequence() const;
  void set_sequence(uint64_t sequence);

  // As RecordProtection::open, but `out` may not overlap the record. TLS 1.0 chains records: each call takes the last
  // block of its record for the next one's IV, whether it opened or not, unless `again` says that this very record was
  // tried before.
  [[nodiscard]] bool open(ByteView record, std::span<uint8_t> out, Opened& opened, bool again = false);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof::crypto
