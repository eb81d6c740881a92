// Ephemeral key exchange as a seam: generate a key, send its share, derive the secret from the peer's.
#pragma once

#include <memory>

#include "tlsproof/base/error.h"
#include "tlsproof/base/random.h"
#include "tlsproof/base/secret.h"

namespace tlsproof::crypto {

enum class KexError : uint8_t {
  bad_share_length,  // not the length of the group's shares, or a point form that TLS 1.3 does not know
  invalid_share,     // not a point on the curve; for finite fields not within (1, p - 1)
  zero_secret,       // the shared secret is all zeros: the peer's share has low order (RFC 8446 §7.4.2, RFC 7748 §6)
  internal,          // libcrypto failed: ours
};
[[nodiscard]] std::string_view to_string(KexError error);

// One group, many keys: generate() again replaces the key. Not thread safe.
class KeyExchange {
 public:
  virtual ~KeyExchange() = default;
  // The IANA code point.
  [[nodiscard]] virtual uint16_t group() const = 0;
  // A fresh private key whose bytes come from `random` alone, so that a seeded source gives repeatable keys.
  [[nodiscard]] virtual Status generate(RandomSource& random) = 0;
  // A given private key, as RFC 7748 and SEC 1 write it: 32 bytes for x25519, 56 for x448, the big-endian scalar in
  // full field length for the NIST curves, any big-endian exponent for finite fields. A usage error for anything else.
  [[nodiscard]] virtual Status set_private(ByteView key) = 0;
  // What goes into key_exchange of a KeyShareEntry, or into ECPoint / dh_Yc: fixed length a group. Borrows until the
  // next key; empty before the first.
  [[nodiscard]] virtual ByteView public_share() const = 0;
  // Wipes the private key, if the object has one of its own; public_share() is empty then. The memory is kept.
  virtual void forget() = 0;
  // The shared secret in the form RFC 8446 §7.4 gives it: the x coordinate, or the number padded to the length of p.
  // TLS 1.2 takes the same for its premaster secret with elliptic curves; with finite fields it takes off leading zeros
  // (RFC 5246 §8.1.2). `out` is empty after a failure. Needs a key.
  [[nodiscard]] virtual std::expected<void, KexError> derive(ByteView peer_share, SecretBytes& out) = 0;
};

// x25519, x448, secp256r1, secp384r1, secp521r1, ffdhe2048, ffdhe3072, ffdhe4096; nullptr for any other group.
[[nodiscard]] std::unique_ptr<KeyExchange> make_key_exchange(uint16_t group);
// No secret at all: secp256r1 with the private key 1. The share is the curve's base point, and the shared secret is the
// x coordinate of the peer's share, which whoever listens can read off the wire: a key exchange that costs nothing, for
// measuring servers. generate() changes nothing; the peer's share is checked as always. set_private() is a usage error.
[[nodiscard]] std::unique_ptr<KeyExchange> make_known_p256_key_exchange();
// One key for many connections: the first generate() makes it, later ones leave it. What was encrypted under it is as
// secret as that one key; for measuring servers. `inner` must not be null.
[[nodiscard]] std::unique_ptr<KeyExchange> make_reused_key_exchange(std::unique_ptr<KeyExchange> inner);
// The groups that make_key_exchange knows.
[[nodiscard]] std::span<const uint16_t> supported_groups();
// The length of a share, 0 for unknown groups: 32, 56, 65, 97, 133, 256, 384, 512.
[[nodiscard]] size_t share_len(uint16_t group);

// Whether a peer's share is one that its receiver may use: the length, a point on its curve for secp256r1, secp384r1
// and secp521r1 (RFC 8446 §4.2.8.2, in the uncompressed form only), 1 < Y < p - 1 for ffdhe2048, 3072 and 4096
// (§4.2.8.1). Nothing but the length is looked at in x25519 and x448, and in groups that make_key_exchange does not
// know nothing at all. Without a private key, for whoever only watches.
[[nodiscard]] std::expected<void, KexError> check_share(uint16_t group, ByteView share);
// The same for Diffie-Hellman of any prime (RFC 7919 §5.1, NIST SP 800-56A §5.6.2.3.1), numbers big-endian.
[[nodiscard]] std::expected<void, KexError> check_dh_public(ByteView p, ByteView y);

}  // namespace tlsproof::crypto
