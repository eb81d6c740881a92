// The public keys of servers met before, decoded once, with a prepared Verifier for each scheme: decoding a key and
// fetching a signature algorithm cost more than many a verification.
#pragma once

#include <array>
#include <optional>

#include "tlsproof/crypto/signature.h"

namespace tlsproof::tls {

class PeerKeys {
 public:
  // Makes the key of this SubjectPublicKeyInfo the current one.
  [[nodiscard]] std::expected<const crypto::PublicKey*, crypto::PublicKeyError> use(ByteView spki);
  [[nodiscard]] const crypto::PublicKey* current() const { return current_ != nullptr ? &*current_->key : nullptr; }
  // For the current key. nullptr: key and scheme do not go together.
  [[nodiscard]] crypto::Verifier* verifier(uint16_t scheme, crypto::SchemeRules rules);

 private:
  struct Prepared {
    uint16_t scheme;
    crypto::SchemeRules rules;
    crypto::Verifier verifier;
  };
  struct Entry {
    Bytes spki;
    std::optional<crypto::PublicKey> key;
    std::vector<Prepared> prepared;
  };
  std::array<Entry, 8> entries_;  // replaced in turn
  size_t next_ = 0;
  Entry* current_ = nullptr;
};

}  // namespace tlsproof::tls
