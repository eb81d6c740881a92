// The TLS 1.3 key schedule (RFC 8446 §7.1), driven step by step with transcript hashes that the caller computes.
//
//   KeySchedule13 keys(HashAlgorithm::sha256);
//   keys.early();                                  // or early(psk)
//   keys.handshake(ecdhe_secret, hash_up_to_server_hello);
//   keys.application(hash_up_to_server_finished);
//   keys.resumption(hash_up_to_client_finished);
//
// A step may be repeated or taken early by a caller that bends the protocol; one that needs a step not yet taken
// aborts. Steps allocate nothing once the object has been through a handshake with the longest hash in use.
#pragma once

#include "tlsproof/base/secret.h"
#include "tlsproof/crypto/kdf.h"
#include "tlsproof/crypto/suites.h"

namespace tlsproof::crypto {

enum class PskKind : uint8_t { external, resumption };

class KeySchedule13 {
 public:
  explicit KeySchedule13(HashAlgorithm hash = HashAlgorithm::sha256) : hash_(hash), base_(hash) {}
  // Forgets and wipes everything, keeps the memory.
  void reset(HashAlgorithm hash);
  [[nodiscard]] HashAlgorithm hash() const { return hash_; }

  // The early secret. No PSK: a string of zeros takes its place.
  void early(ByteView psk = {});
  // binder_key's verify_data over the hash of the ClientHello truncated before the binders (RFC 8446 §4.2.11.2).
  // After early(), before handshake(). `out` is hash_len bytes.
  void binder(PskKind kind, ByteView truncated_hello_hash, std::span<uint8_t> out) const;
  // client_early_traffic() and early_exporter(); the hash is that of the ClientHello. After early(), before
  // handshake().
  void early_traffic(ByteView client_hello_hash);
  // client_handshake() and server_handshake(); the hash is over ClientHello ... ServerHello. An empty shared secret
  // means PSK without a key exchange (zeros take its place). After early().
  void handshake(ByteView shared_secret, ByteView server_hello_hash);
  // client_application(), server_application() and exporter(); the hash is over ClientHello ... server Finished.
  void application(ByteView server_finished_hash);
  // resumption_master(); the hash is over ClientHello ... client Finished. After application().
  void resumption(ByteView client_finished_hash);
  // The next generation of one side's application secret (RFC 8446 §7.2).
  void update(Side side);

  // The secrets, hash_len bytes each, empty before their step: what a key log file wants.
  [[nodiscard]] const SecretBytes& client_early_traffic() const {
    return client_early_;
  }  // CLIENT_EARLY_TRAFFIC_SECRET
  [[nodiscard]] const SecretBytes& early_exporter() const { return early_exporter_; }  // EARLY_EXPORTER_SECRET
  [[nodiscard]] const SecretBytes& client_handshake() const {
    return client_handshake_;
  }  // CLIENT_HANDSHAKE_TRAFFIC_SECRET
  [[nodiscard]] const SecretBytes& server_handshake() const {
    return server_handshake_;
  }  // SERVER_HANDSHAKE_TRAFFIC_SECRET
  [[nodiscard]] const SecretBytes& client_application() const {
    return client_application_;
  }  // CLIENT_TRAFFIC_SECRET_N
  [[nodiscard]] const SecretBytes& server_application() const {
    return server_application_;
  }  // SERVER_TRAFFIC_SECRET_N
  [[nodiscard]] const SecretBytes& exporter() const { return exporter_; }  // EXPORTER_SECRET
  [[nodiscard]] const SecretBytes& resumption_master() const { return resumption_; }
  [[nodiscard]] const SecretBytes& handshake_traffic(Side side) const {
    return side == Side::client ? client_handshake_ : server_handshake_;
  }
  [[nodiscard]] const SecretBytes& application_traffic(Side side) const {
    return side == Side::client ? client_application_ : server_application_;
  }

  // verify_data of a Finished (RFC 8446 §4.4.4) under that side's handshake traffic secret. `out` is hash_len bytes.
  void finished(Side side, ByteView transcript_hash, std::span<uint8_t> out) const;
  // The same under any secret: post-handshake authentication uses the application traffic secret.
  void finished(const SecretBytes& base_key, ByteView transcript_hash, std::span<uint8_t> out) const;
  // The PSK that a ticket with this nonce stands for (RFC 8446 §4.6.1). After resumption(). `nonce` at most 255 bytes.
  void resumption_psk(ByteView ticket_nonce, SecretBytes& out) const;
  // RFC 8446 §7.5, from exporter(). The label at most 249 bytes.
  void export_keying_material(std::string_view label, ByteView context, std::span<uint8_t> out) const;

 private:
  enum class Stage : uint8_t { none, early, handshake, master };
  void next_stage(ByteView input);

  HashAlgorithm hash_;
  Stage stage_ = Stage::none;
  HmacKey base_;  // of the early, handshake or master secret
  SecretBytes client_early_, early_exporter_, client_handshake_, server_handshake_, client_application_,
      server_application_, exporter_, resumption_;
};

}  // namespace tlsproof::crypto
