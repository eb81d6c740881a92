// What the rules look at: a connection's Reading, sorted by handshake, with the parts of the hellos that many rules ask
// for decoded once. Made by judge(); its memory is used again from one connection to the next.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scopes.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/rules/rules.h"
#include "tlsproof/wire/ext/all.h"

namespace tlsproof::rules {

using trace::Direction;
using trace::EventKind;
using trace::Level;
using trace::MessageRead;
using trace::Transport;

inline constexpr Direction kClient = Direction::client_to_server;  // as the one who broke a rule, too
inline constexpr Direction kServer = Direction::server_to_client;

// DTLS's versions as the TLS version that each is made after (RFC 6347 §4.1, RFC 9147 §5.3): 0xfefd -> TLS 1.2.
[[nodiscard]] uint16_t as_tls_version(uint16_t version);
// Drafts of RFC 8446, numbered apart.
[[nodiscard]] constexpr bool is_tls13_draft(uint16_t version) {
  return version >> 8 == 0x7f || version == registry::version::TLS1_3_facebook_draft23 ||
         version == registry::version::TLS1_3_facebook_draft26;
}

// A ClientHello and what is in it. A list is empty both when its extension is not there and when it does not decode:
// ask has() where the difference matters.
struct Hello {
  const MessageRead* read = nullptr;
  const wire::ClientHello* message = nullptr;
  bool offers_tls13 = false;         // RFC 8446's (or DTLS 1.3), in supported_versions
  bool offers_below_tls13 = false;   // by either list
  bool has_versions = false;         // supported_versions is there and decodes
  std::vector<uint16_t> versions;    // supported_versions
  std::vector<uint16_t> groups;      // supported_groups
  std::vector<uint16_t> schemes;     // signature_algorithms
  std::vector<uint16_t> key_shares;  // the groups of key_share
  bool has_key_share = false;        // there, and it decodes
  Bytes psk_modes;
  ByteList alpn;
  ByteList psk_identities;
  std::vector<size_t> psk_binder_lens;
  bool has_psk = false;  // pre_shared_key is there and decodes

  [[nodiscard]] bool has(uint16_t extension) const { return message->extensions.has(extension); }
  [[nodiscard]] size_t event() const { return read->event; }
};

inline constexpr size_t kNoEvent = std::numeric_limits<size_t>::max();

// One handshake of the connection: the first, or a renegotiation. What came after its Finished belongs to it as well.
struct Handshake {
  bool is_first = true;
  std::span<const MessageRead> messages;
  // ClientHellos: the first, and the one that ServerHello answers (the same one, or the second after a
  // HelloRetryRequest or a DTLS cookie). Null: not seen, or it does not decode; so for all of these.
  const Hello* first_hello = nullptr;
  const Hello* hello = nullptr;
  const Hello* second_hello = nullptr;  // the one after a HelloRetryRequest
  const MessageRead* retry_read = nullptr;
  const wire::ServerHello* retry = nullptr;  // the HelloRetryRequest
  const MessageRead* server_hello_read = nullptr;
  const wire::ServerHello* server_hello = nullptr;
  uint16_t version = 0;      // selected; as TLS has it (see as_tls_version); 0 while unknown
  uint16_t raw_version = 0;  // as on the wire
  const registry::CipherSuiteInfo* suite = nullptr;

  // RFC 8446's TLS 1.3, or what came before it; both false while unknown.
  [[nodiscard]] bool is_tls13() const { return version == registry::version::TLS1_3; }
  [[nodiscard]] bool is_below_tls13() const {
    return version >= registry::version::SSL3 && version <= registry::version::TLS1_2;
  }
  [[nodiscard]] const wire::ExtensionList* server_extensions() const {
    return server_hello == nullptr ? nullptr : &server_hello->extensions;
  }
  // The list in which the server answers the client's, and the message of it: EncryptedExtensions, or ServerHello.
  [[nodiscard]] const wire::ExtensionList* answers(const MessageRead*& read) const {
    read = server_hello_read;
    if (!is_tls13()) return server_extensions();
    read = find(kServer, registry::handshake_type::encrypted_extensions);
    const auto* extensions = get<wire::EncryptedExtensions>(kServer);
    return extensions == nullptr ? nullptr : &extensions->extensions;
  }
  // The first message of that type in that direction.
  [[nodiscard]] const MessageRead* find(Direction direction, uint8_t type) const {
    return type < kNumIndexed ? first_[static_cast<size_t>(direction)][type] : nullptr;
  }
  // Its struct, when there is one and it decodes.
  template <class T>
  [[nodiscard]] const T* get(Direction direction) const {
    const MessageRead* read = find(direction, T::kType);
    return read == nullptr ? nullptr : read->as<T>();
  }
  // Whether that direction has been seen without a hole, from the connection's first byte to this event.
  [[nodiscard]] bool seen_to(Direction direction, size_t event) const {
    return event < seen_until_[static_cast<size_t>(direction)];
  }

 private:
  friend struct Seen;
  std::array<size_t, 2> seen_until_{};
  static constexpr size_t kNumIndexed = 32;
  std::array<std::array<const MessageRead*, kNumIndexed>, 2> first_{};
};

struct Seen {
  Facts facts;
  const trace::Trace* trace = nullptr;
  std::vector<Handshake> handshakes;  // at most kMaxHandshakes
  Scope::Version version = Scope::undecided;
  // The bit of `version` and of the carrier; a rule applies when its scope has both.
  Scope here;
  // Of each direction the event at which something was missed, or could not be read as TLS; 0: the beginning already.
  std::array<size_t, 2> seen_until{};

  static constexpr size_t kMaxHandshakes = 32;

  void look(const Facts& what);
  [[nodiscard]] bool applies(const Scope& scope) const {
    return (scope.versions & here.versions) != 0 && (scope.carriers & here.carriers) != 0;
  }
  [[nodiscard]] std::span<const trace::Event> events() const { return trace->events(); }

 private:
  Hello& add_hello(const MessageRead& read, const wire::ClientHello& message);
  void take(Handshake& handshake, const MessageRead& read);
  void find_blind_spots();
  void decide_scope();

  std::vector<std::unique_ptr<Hello>> hellos_;
  size_t num_hellos_ = 0;
};

// A rule on one handshake as a rule on the connection: each handshake of it.
template <void (*check)(const Handshake&, Breaches&)>
void in_each(const Seen& seen, Breaches& out) {
  for (const Handshake& handshake : seen.handshakes) check(handshake, out);
}

// The value of `list` as T where it is there and decodes.
template <class T>
[[nodiscard]] std::optional<T> typed(const wire::ExtensionList* list) {
  return list == nullptr ? std::nullopt : list->get<T>();
}

[[nodiscard]] inline bool contains(std::span<const uint16_t> list, uint16_t value) {
  for (const uint16_t item : list)
    if (item == value) return true;
  return false;
}

// Names for `seen` texts.
[[nodiscard]] std::string suite_name(uint16_t value);
[[nodiscard]] std::string version_text(uint16_t value);

}  // namespace tlsproof::rules
