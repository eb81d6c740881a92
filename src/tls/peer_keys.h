// The public keys of servers met before, decoded once, with a prepared Verifier for each scheme: decoding a key and
// fetching a signature algorithm cost more than many a verification.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "tlsproof/crypto/signature.h"

namespace tlsproof::tls {

// One of them. Shared by the store and the connections that have this server's certificate.
class PeerKey {
 public:
  PeerKey(ByteView spki, crypto::PublicKey key) : spki_(spki.begin(), spki.end()), key_(std::move(key)) {}
  [[nodiscard]] ByteView spki() const { return spki_; }
  [[nodiscard]] const crypto::PublicKey& key() const { return key_; }
  // nullptr: key and scheme do not go together.
  [[nodiscard]] crypto::Verifier* verifier(uint16_t scheme, crypto::SchemeRules rules);

 private:
  struct Prepared {
    uint16_t scheme;
    crypto::SchemeRules rules;
    crypto::Verifier verifier;
  };
  Bytes spki_;
  crypto::PublicKey key_;
  std::vector<Prepared> prepared_;
};

class PeerKeys {
 public:
  // The key of this SubjectPublicKeyInfo.
  [[nodiscard]] std::expected<std::shared_ptr<PeerKey>, crypto::PublicKeyError> use(ByteView spki);

 private:
  std::array<std::shared_ptr<PeerKey>, 8> known_;  // replaced in turn
  size_t next_ = 0;
};

}  // namespace tlsproof::tls
