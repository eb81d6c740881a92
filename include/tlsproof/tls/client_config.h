// What a client offers and how it behaves. The defaults are a good modern client.
#pragma once

#include <string>
#include <vector>

#include "tlsproof/base/byte_list.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/random.h"
#include "tlsproof/crypto/key_exchange.h"
#include "tlsproof/crypto/signature.h"
#include "tlsproof/tls/session.h"
#include "tlsproof/trace/sink.h"

namespace tlsproof::tls {

class Editor;

// TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, then ECDHE with ECDSA and RSA, AEAD
// only.
[[nodiscard]] std::vector<uint16_t> default_cipher_suites();
// x25519, secp256r1, secp384r1, secp521r1.
[[nodiscard]] std::vector<uint16_t> default_groups();
// ECDSA, EdDSA and RSA-PSS with SHA-256 and better, then rsa_pkcs1 of the same for TLS 1.2 and certificates.
[[nodiscard]] std::vector<uint16_t> default_signature_schemes();

// How a TLS 1.3 session may be resumed (RFC 8446 §4.2.9).
enum class PskMode : uint8_t {
  psk_dhe_ke,  // with a fresh key exchange
  psk_ke,      // by the session's secret alone: no forward secrecy. A full handshake stays possible
};

struct RawExtension {
  uint16_t type = 0;
  Bytes body;
};

struct ClientLimits {
  size_t max_handshake_message = size_t{17} << 20;  // header and body of one message
  size_t max_handshake_bytes = size_t{40} << 20;    // of all handshake messages until the handshake is complete
  unsigned max_post_handshake_messages = 1000;      // NewSessionTicket, KeyUpdate, CertificateRequest, HelloRequest
  unsigned max_empty_records = 32;                  // records without content in a row
  unsigned max_change_cipher_specs = 32;            // that TLS 1.3 ignores
  unsigned max_warnings = 16;                       // warning alerts
  size_t max_sessions = 8;                          // tickets kept; later ones are dropped, and counted
  size_t max_application_data = size_t{1} << 20;    // unread: wants_input() turns false here
};

struct ClientConfig {
  // In the order of preference. TLS 1.3 and 1.2 are spoken; older ones may be offered (legacy_version, no
  // supported_versions) in order to see whether the server answers with them:
  // Failure::Kind::unsupported_version_answered.
  std::vector<uint16_t> versions = {0x0304, 0x0303};
  // Suites that no offered version can use are left out of the ClientHello unless `offer_verbatim`.
  std::vector<uint16_t> cipher_suites = default_cipher_suites();
  std::vector<uint16_t> groups = default_groups();  // empty: no supported_groups
  std::vector<uint16_t> key_share_groups = {
      0x001d};  // shares in the first ClientHello; empty asks for a HelloRetryRequest
  std::vector<uint16_t> signature_schemes = default_signature_schemes();  // empty: no extension
  std::vector<uint16_t> signature_schemes_cert;                           // empty: no extension
  std::string server_name;        // empty: no server_name; sent as it is, also an IP literal
  std::vector<std::string> alpn;  // empty: no extension
  bool offer_verbatim = false;

  bool extended_master_secret = true;  // TLS 1.2
  enum class RenegotiationInfo : uint8_t { none, extension, scsv } renegotiation_info = RenegotiationInfo::extension;
  bool session_ticket = true;              // TLS 1.2: an empty session_ticket extension (or the one resumed)
  bool psk_key_exchange_modes = true;      // TLS 1.3: without it a ticket cannot be used
  PskMode psk_mode = PskMode::psk_dhe_ke;  // what that extension offers
  bool middlebox_compatibility = true;     // RFC 8446 appendix D.4: session id in the ClientHello, ChangeCipherSpec
  bool post_handshake_auth = false;
  bool status_request = false;
  bool grease =
      false;  // RFC 8701: a suite, a group, a share, a version and two extensions, drawn anew for each connection
  std::vector<RawExtension> extra_extensions;  // after ours, before pre_shared_key, which must be last
  // Extensions of these types come first, in this order, as far as they are sent at all; the others follow.
  std::vector<uint16_t> extension_order;
  uint16_t first_record_version = 0x0301;  // of the record with the first ClientHello (RFC 8446 §5.1)

  bool verify_peer_signature = true;  // CertificateVerify, ServerKeyExchange
  bool verify_peer_finished = true;
  // No scheme of the server's list fits our key: send the certificate all the same, signed by our best scheme, or an
  // empty Certificate. client_certificate() tells which it was.
  bool send_unfitting_certificate = true;
  ClientLimits limits;
};

// Offers this old version (0x0300 … 0x0302) alone, with the suites of its time, to see whether the server accepts it.
[[nodiscard]] ClientConfig make_legacy_offer(uint16_t version, std::string server_name);

// What the client proves itself with. Both borrowed, and may be used by several clients of one thread.
struct ClientIdentity {
  const ByteList* chain = nullptr;  // DER, leaf first; sent as it is, whatever it holds
  crypto::Signer* signer = nullptr;
};

// Where key exchange objects come from: a seam for recorded keys, and for measuring.
class KeyExchangeProvider {
 public:
  virtual ~KeyExchangeProvider() = default;
  // An object for the group, owned by the provider; the client calls generate(), and derive() later. For this client
  // alone until its next start() or reset(), or one whose key several clients may use at a time (ReusedKeyExchanges).
  // nullptr: not available.
  [[nodiscard]] virtual crypto::KeyExchange* get(uint16_t group) = 0;
};

// What one connection needs beside the configuration. Everything is borrowed until the next start(), reset() or the end
// of the Client; null means what the comment says.
struct ClientSetup {
  const ClientIdentity* identity = nullptr;      // null: an empty Certificate when asked for one
  const Session* resume = nullptr;               // null: a full handshake
  RandomSource* random = nullptr;                // null: system_random()
  const Clock* clock = nullptr;                  // null: system_clock(); used for ticket ages only
  KeyExchangeProvider* key_exchanges = nullptr;  // null: the client's own, made once a group
  trace::Sink* sink = nullptr;                   // null: nobody listens, and nothing is spent on it
  Editor* editor = nullptr;                      // null: honest
  // Application data to send with the first ClientHello (0-RTT, RFC 8446 §2.3, §4.2.10); empty: none. They go out only
  // where `resume` allows them: TLS 1.3, max_early_data, its suite offered, its ALPN protocol (if it has one) offered.
  // Client::early_data_offered() tells whether they did, Negotiated::early_data_accepted what became of them.
  ByteView early_data = {};
  // Bytes that passed in each direction before TLS began (STARTTLS): the sink's stream ranges count from there.
  size_t sent_offset = 0;
  size_t received_offset = 0;
};

}  // namespace tlsproof::tls
