// The inside of a Workspace: what a client needs during a call, and stores from which clients take what they need for
// longer.
#pragma once

#include <bitset>

#include "peer_keys.h"
#include "tlsproof/tls/client.h"
#include "tlsproof/tls/editor.h"
#include "tlsproof/wire/ext/all.h"
#include "tlsproof/wire/ext/index.h"
#include "tlsproof/wire/handshake.h"
#include "tlsproof/wire/messages.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::tls {

// Buffers that stand empty, for one purpose, so that their sizes are alike.
class BufferStore {
 public:
  // Gives memory to a buffer that has none.
  void take(Bytes& buffer) {
    if (buffer.capacity() != 0 || free_.empty()) return;
    buffer = std::move(free_.back());
    free_.pop_back();
  }
  // Takes the memory of a buffer that is empty.
  void give(Bytes& buffer) {
    if (!buffer.empty() || buffer.capacity() == 0) return;
    if (free_.size() < kMaxKept && buffer.capacity() <= kMaxCapacity) free_.push_back(std::move(buffer));
    buffer = Bytes();
  }

 private:
  static constexpr size_t kMaxKept = 256, kMaxCapacity = size_t{64} << 10;
  std::vector<Bytes> free_;
};

// Key exchange objects without a key, by group.
class KeyExchangeStore {
 public:
  [[nodiscard]] std::unique_ptr<crypto::KeyExchange> take(uint16_t group);  // null: no such group
  void give(std::unique_ptr<crypto::KeyExchange> object);                   // its key is wiped

 private:
  static constexpr size_t kMaxKept = 1024;
  std::vector<std::pair<uint16_t, std::vector<std::unique_ptr<crypto::KeyExchange>>>> groups_;
};

struct Workspace::Impl {
  const Client::Impl* in_call = nullptr;      // whose call runs
  const Client::Impl* hello_owner = nullptr;  // whose ClientHello is in `hello` and the offered_…

  // ---- what was offered: the last ClientHello as it went out ----
  wire::ClientHello hello;
  wire::ext::SupportedVersionsClient offered_versions;
  wire::ext::SupportedGroups offered_groups;
  wire::ext::SignatureAlgorithms offered_schemes;
  wire::ext::PreSharedKeyClient offered_psk;
  wire::ext::KeyShareClient offered_shares;  // read when a HelloRetryRequest comes
  wire::ext::PskKeyExchangeModes offered_psk_modes;
  wire::ext::Alpn offered_alpn;

  // ---- received messages, decoded: each for the call in which it came ----
  wire::ServerHello server_hello;
  wire::EncryptedExtensions encrypted_extensions;
  wire::Certificate13 certificate13;
  wire::Certificate12 certificate12;
  wire::CertificateRequest13 request13;
  wire::CertificateRequest12 request12;
  wire::CertificateVerify certificate_verify;
  wire::CertificateStatus certificate_status;
  wire::ServerKeyExchangeEcdhe key_exchange12;
  wire::NewSessionTicket13 ticket13;
  wire::Finished finished_in;
  wire::ExtensionList entry_extensions;
  wire::ext::KeyShareServer server_share;
  wire::ext::Alpn alpn_in;
  wire::ext::Cookie cookie_in;
  wire::ext::SignatureAlgorithms schemes_in;
  wire::ext::SignatureAlgorithmsCert cert_schemes_in;
  wire::ext::CertificateAuthorities authorities_in;
  wire::ext::StatusResponse status_in;
  std::bitset<65536> seen_extensions;
  std::vector<uint16_t> seen_list;  // what is set in it
  Bytes plain;                      // the record that was opened last
  Bytes scratch;                    // what a signature covers

  // ---- sending ----
  Flight plan;        // the answer under construction
  Flight alert_plan;  // an alert may have to be sent while a plan is being worked off
  Bytes message;      // the one being made
  Bytes joined;       // messages that share records
  struct Part {
    size_t item;
    ByteRange content;
  };
  std::vector<Part> parts;
  wire::AnyMessage edit;  // for the editor
  wire::Certificate13 our_certificate13;
  wire::Certificate12 our_certificate12;
  wire::CertificateVerify our_certificate_verify;
  wire::ClientKeyExchangeEcdhe our_key_exchange;
  wire::Finished our_finished;
  wire::KeyUpdate our_key_update;

  // ---- stores ----
  BufferStore out_buffers, kept_buffers;
  std::vector<wire::RecordDeframer> deframers;  // without bytes, for their memory
  std::vector<wire::HandshakeAssembler> assemblers;
  KeyExchangeStore key_exchanges;
  PeerKeys peer_keys;
};

}  // namespace tlsproof::tls
