// Opens the records of DTLS 1.2 that an AEAD protects, where a key log has the session's master secret.
#pragma once

#include <array>
#include <vector>

#include "tlsproof/crypto/key_schedule12.h"
#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/trace/keylog.h"
#include "tlsproof/wire/dtls.h"

namespace tlsproof::capture {

class DtlsKeys {
 public:
  enum class How : uint8_t {
    opened,
    opaque,  // there are no keys for it
    failed,  // there are keys, and it does not open
  };
  // Forgets everything, keeps the memory. Borrows; null: no keys at all.
  void reset(const trace::KeyLogIndex* index);
  // The two hellos of a handshake. Its keys are for the epochs that follow.
  void on_client_hello(const std::array<uint8_t, wire::kRandomLen>& random) { client_random_ = random; }
  void on_server_hello(const std::array<uint8_t, wire::kRandomLen>& random, uint16_t version, uint16_t suite);

  // A record of epoch 1 with the header of DTLS 1.2. `type` and `content` are of what is inside; the content borrows
  // from this object until the next call.
  [[nodiscard]] How open(wire::Direction direction, const wire::DtlsRecordView& record, uint8_t& type,
                         ByteView& content);
  [[nodiscard]] bool any_found() const { return any_found_; }

 private:
  const trace::KeyLogIndex* keys_ = nullptr;
  std::array<uint8_t, wire::kRandomLen> client_random_{};
  crypto::KeySchedule12 schedule_;
  std::array<crypto::RecordProtection, 2> protection_;  // by Direction
  SecretBytes master_;
  Bytes record_, plain_;
  bool any_found_ = false;
};

}  // namespace tlsproof::capture
