// The packet protection of QUIC: the secrets of Initial packets, and sealing and opening of packets, one direction and
// one level an object. Sources: RFC 9001 §5 (version 1), RFC 9369 §3.3 (version 2).
#pragma once

#include <memory>

#include "tlsproof/base/secret.h"
#include "tlsproof/crypto/record_protection.h"

namespace tlsproof::crypto {

// By which names the keys are derived: "quic key" (RFC 9001 §5.1) or "quicv2 key" (RFC 9369 §3.3.2).
enum class QuicLabels : uint8_t { v1, v2 };

// What a version of QUIC adds to the derivation of its keys.
struct QuicVersionKeys {
  uint32_t version = 0;
  ByteView initial_salt;
  QuicLabels labels = QuicLabels::v1;
};
// Versions 1 and 2, and the drafts from 23 on. nullopt: any other.
[[nodiscard]] std::optional<QuicVersionKeys> find_quic_version(uint32_t version);

using QuicInitialSecret = std::array<uint8_t, 32>;
// RFC 9001 §5.2, from the Destination Connection ID of the client's first Initial packet. No secret: anyone who sees
// that packet can compute it.
[[nodiscard]] QuicInitialSecret quic_initial_secret(ByteView salt, ByteView destination_id, Side side);

// The keys of one direction and one level. Not thread safe. Movable. A second start() with the same AEAD reuses all
// contexts: nothing is allocated.
class QuicProtection {
 public:
  static constexpr size_t kSampleLen = 16;
  using Mask = std::array<uint8_t, 5>;

  QuicProtection();
  QuicProtection(QuicProtection&&) noexcept;
  QuicProtection& operator=(QuicProtection&&) noexcept;
  ~QuicProtection();

  // From the traffic secret of TLS, or the Initial secret. AEADs with short tags are not for QUIC (RFC 9001 §5.3) and
  // abort.
  void start(Aead aead, HashAlgorithm hash, ByteView secret, QuicLabels labels);
  void stop();
  [[nodiscard]] bool active() const;

  // RFC 9001 §5.4.1: what the first byte and the packet number are masked with. active() only.
  [[nodiscard]] Mask header_mask(std::span<const uint8_t, kSampleLen> sample);
  // `header` is the packet up to its number, unmasked; `sealed` the rest, with its tag. The payload goes into `out`,
  // which has room for `sealed.size()` bytes and may be that very memory. Returns the payload's length; nullopt when it
  // does not authenticate. active() only.
  [[nodiscard]] std::optional<size_t> open(uint64_t packet_number, ByteView header, ByteView sealed,
                                           std::span<uint8_t> out);
  // Appends the sealed payload and its tag. active() only.
  void seal(uint64_t packet_number, ByteView header, ByteView payload, Bytes& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof::crypto
