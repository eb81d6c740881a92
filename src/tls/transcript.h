// The transcript hash (RFC 8446 §4.4.1, RFC 5246 §7.4.9): messages are kept until the hash is known, and longer where
// TLS 1.2's CertificateVerify wants to sign them under a hash of its own.
#pragma once

#include "tlsproof/crypto/hash.h"

namespace tlsproof::tls {

class Transcript {
 public:
  void reset();  // keeps the memory, unless it was an unusually long handshake
  // A whole message, header included.
  void add(ByteView message);
  // From here on by this hash: takes in what was kept. A second call changes nothing.
  void start(crypto::HashAlgorithm hash);
  // RFC 8446 §4.4.1: what was added so far (the first ClientHello) becomes the synthetic message_hash. Starts.
  void fold(crypto::HashAlgorithm hash);
  [[nodiscard]] bool started() const { return started_; }
  // started() only.
  [[nodiscard]] crypto::HashValue hash() const { return digest_.snapshot(); }
  // The hash, by `hash`, of everything so far and `more`, whether started or not.
  [[nodiscard]] crypto::HashValue hash_with(crypto::HashAlgorithm hash, ByteView more) const;

  // Go on keeping the messages after start().
  void keep() { keep_ = true; }
  void forget_kept();
  [[nodiscard]] ByteView kept() const { return kept_; }

  // Undo, for post-handshake authentication.
  [[nodiscard]] const crypto::Digest& state() const { return digest_; }
  void restore(const crypto::Digest& state) { digest_ = state; }

  // The memory for what is kept, to be used elsewhere while that is nothing.
  [[nodiscard]] Bytes& memory() { return kept_; }

 private:
  Bytes kept_;
  crypto::Digest digest_;
  bool started_ = false;
  bool keep_ = false;
};

}  // namespace tlsproof::tls
