// Sealing and opening of TLS records with AEAD ciphers, one direction an object.
// Sources: RFC 8446 §5.2–5.4 (TLS 1.3), RFC 5246 §6.2.3.3 with RFC 5288, RFC 6655 and RFC 7905 (TLS 1.2).
#pragma once

#include <memory>

#include "tlsproof/base/secret.h"
#include "tlsproof/crypto/suites.h"

namespace tlsproof::crypto {

inline constexpr size_t kRecordHeaderLen = 5;

using AeadNonce = std::array<uint8_t, kAeadNonceLen>;

// How a record may differ from the honest one. Views are borrowed for the call.
struct SealOptions {
  size_t padding = 0;                      // TLS 1.3: zeros after the inner content type
  std::optional<ByteView> inner = {};      // TLS 1.3: this very TLSInnerPlaintext instead of content, type and padding
  std::optional<uint8_t> outer_type = {};  // the header's type (honest: 23 in TLS 1.3, the content's type in TLS 1.2)
  std::optional<uint16_t> version = {};    // the header's version (honest: 0x0303)
  std::optional<ByteView> aad = {};        // additional data; honest: made from the header as it is sent
  // Honest: from IV and sequence number. Where the record carries 8 bytes of it (TLS 1.2 GCM and CCM), they are this
  // one's last 8.
  std::optional<AeadNonce> nonce = {};
};

struct Opened {
  uint8_t type = 0;  // TLS 1.3: the inner type, 0 when there was nothing but zeros (RFC 8446 §5.4: unexpected_message)
  ByteView content;  // borrows from the buffer given to open()
  size_t padding = 0;  // TLS 1.3: zeros after the type
  // TLS 1.3: the length of TLSInnerPlaintext, at most 2^14 + 1 from an honest peer.
  [[nodiscard]] size_t inner_len() const { return content.size() + padding + (type == 0 ? 0 : 1); }
};

// The keys of one direction, with their sequence number. Not thread safe. Movable. Contexts of libcrypto are taken at
// the first seal or open after start() and given back to a store of the thread by stop() and the next start(): nothing
// is allocated once there are as many as are in use at a time.
class RecordProtection {
 public:
  RecordProtection();
  RecordProtection(RecordProtection&&) noexcept;
  RecordProtection& operator=(RecordProtection&&) noexcept;
  ~RecordProtection();

  // Sequence number 0. TLS 1.3: key and IV from the traffic secret (RFC 8446 §7.3).
  void start_tls13(Aead aead, HashAlgorithm hash, const SecretBytes& traffic_secret);
  // TLS 1.2: a key of aead_key_len and an IV of aead_fixed_iv_len bytes, as KeySchedule12::keys gives them.
  void start_tls12(Aead aead, ByteView key, ByteView fixed_iv);
  // TLS 1.3 framing under given keys (tests, other derivations); the IV is 12 bytes.
  void start_tls13_raw(Aead aead, ByteView key, ByteView iv);
  // No keys: active() is false; the memory stays for the next start.
  void stop();
  [[nodiscard]] bool active() const;
  [[nodiscard]] bool is_tls13() const;
  [[nodiscard]] Aead aead() const;

  // Of the next record. Counts up with each record sealed or successfully opened and may be set at will.
  [[nodiscard]] uint64_t sequence() const;
  void set_sequence(uint64_t sequence);

  // Bytes that seal adds to the content without padding, header included: 22 for TLS 1.3 GCM, 29 for TLS 1.2 GCM.
  [[nodiscard]] size_t overhead() const;

  // Appends one whole record, header included, to `out`. `content` must not lie inside `out`. A record longer than
  // 65535 bytes gets its length modulo 2^16 in the header; no honest limit (2^14) is enforced: that is the caller's
  // business. active() only.
  void seal(uint8_t type, ByteView content, Bytes& out) { seal(type, content, out, SealOptions{}); }
  void seal(uint8_t type, ByteView content, Bytes& out, const SealOptions& options);

  // Opens one whole record, header included. The plaintext goes into `out`, which has room for at least
  // `record.size() - kRecordHeaderLen` bytes and may be that very part of the record (in place), but may not overlap it
  // otherwise. False when it does not authenticate or is too short for it (the peer's fault: bad_record_mac); the
  // sequence number then stays and the content of `out` is undefined. The header's length is not compared with the real
  // one. active() only.
  [[nodiscard]] bool open(ByteView record, std::span<uint8_t> out, Opened& opened);
  // The same with the caller's additional data and nonce in place of the honest ones.
  [[nodiscard]] bool open(ByteView record, std::span<uint8_t> out, Opened& opened, std::optional<ByteView> aad,
                          const std::optional<AeadNonce>& nonce);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof::crypto
