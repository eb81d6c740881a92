#include "seen.h"

#include <algorithm>

#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {

namespace handshake_type = registry::handshake_type;
namespace version_of = registry::version;

uint16_t as_tls_version(uint16_t version) {
  switch (version) {
    case version_of::DTLS1_0:
      return version_of::TLS1_1;
    case version_of::DTLS1_2:
      return version_of::TLS1_2;
    case version_of::DTLS1_3:
      return version_of::TLS1_3;
    default:
      return version;
  }
}

namespace {

// Into memory that is used again; false, and empty, when it is not there or does not decode.
template <class T, class List>
bool read_list(const wire::ExtensionList& extensions, T& scratch, List T::* member, List& out) {
  const auto status = extensions.read_typed(scratch);
  const bool good = status && *status;
  out.clear();
  if (good) out.swap(scratch.*member);
  return good;
}

// The same for what is no vector.
template <class T>
bool read_whole(const wire::ExtensionList& extensions, T& out) {
  const auto status = extensions.read_typed(out);
  return status && *status;
}

void read_psk(const wire::ExtensionList& extensions, Hello& hello) {
  thread_local wire::ext::PreSharedKeyClient psk;
  hello.psk_identities.clear();
  hello.psk_binder_lens.clear();
  hello.has_psk = read_whole(extensions, psk);
  if (!hello.has_psk) return;
  for (size_t i = 0; i < psk.identities.size(); ++i) hello.psk_identities.push_back(psk.identities[i]);
  for (size_t i = 0; i < psk.binders.size(); ++i) hello.psk_binder_lens.push_back(psk.binders[i].size());
}

void read_versions(const wire::ClientHello& message, Hello& hello) {
  hello.offers_tls13 = hello.offers_below_tls13 = false;
  if (!hello.has_versions) {
    hello.offers_below_tls13 = as_tls_version(message.legacy_version) >= version_of::SSL3;
    return;
  }
  for (const uint16_t raw : hello.versions) {
    const uint16_t version = as_tls_version(raw);
    hello.offers_tls13 |= version == version_of::TLS1_3;
    hello.offers_below_tls13 |= version >= version_of::SSL3 && version <= version_of::TLS1_2;
  }
}

}  // namespace

Hello& Seen::add_hello(const MessageRead& read, const wire::ClientHello& message) {
  if (num_hellos_ == hellos_.size()) hellos_.push_back(std::make_unique<Hello>());
  Hello& hello = *hellos_[num_hellos_++];
  hello.read = &read;
  hello.message = &message;
  thread_local wire::ext::SupportedVersionsClient versions;
  thread_local wire::ext::SupportedGroups groups;
  thread_local wire::ext::SignatureAlgorithms schemes;
  thread_local wire::ext::PskKeyExchangeModes modes;
  thread_local wire::ext::KeyShareClient shares;
  thread_local wire::ext::Alpn alpn;
  const wire::ExtensionList& extensions = message.extensions;
  hello.has_versions = read_list(extensions, versions, &wire::ext::SupportedVersionsClient::versions, hello.versions);
  read_list(extensions, groups, &wire::ext::SupportedGroups::groups, hello.groups);
  read_list(extensions, schemes, &wire::ext::SignatureAlgorithms::schemes, hello.schemes);
  read_list(extensions, modes, &wire::ext::PskKeyExchangeModes::modes, hello.psk_modes);
  hello.has_key_share = read_list(extensions, shares, &wire::ext::KeyShareClient::groups, hello.key_shares);
  hello.alpn.clear();
  if (read_whole(extensions, alpn)) std::swap(hello.alpn, alpn.protocols);
  read_psk(extensions, hello);
  read_versions(message, hello);
  return hello;
}

void Seen::take(Handshake& handshake, const MessageRead& read) {
  if (read.type < Handshake::kNumIndexed) {
    const MessageRead*& first = handshake.first_[static_cast<size_t>(read.direction)][read.type];
    if (first == nullptr) first = &read;
  }
  if (const auto* message = read.as<wire::ClientHello>()) {
    if (read.direction != kClient || handshake.server_hello != nullptr) return;
    handshake.hello = &add_hello(read, *message);
    handshake.second_hello = handshake.retry == nullptr ? nullptr : handshake.hello;
    // What comes after a HelloRetryRequest is not the first one, even when that was not seen.
    if (handshake.first_hello == nullptr && handshake.retry == nullptr) handshake.first_hello = handshake.hello;
  } else if (const auto* hello = read.as<wire::ServerHello>()) {
    if (read.direction != kServer || handshake.server_hello != nullptr) return;
    if (hello->is_hello_retry_request()) {
      if (handshake.retry == nullptr) handshake.retry = hello, handshake.retry_read = &read;
      return;
    }
    handshake.server_hello = hello;
    handshake.server_hello_read = &read;
    handshake.raw_version = hello->selected_version();
    handshake.version = as_tls_version(handshake.raw_version);
    handshake.suite = registry::cipher_suite_info(hello->cipher_suite);
    // The answer to a second ClientHello that was not seen says nothing about the first.
    if (handshake.retry != nullptr && handshake.second_hello == nullptr) handshake.hello = nullptr;
    // Nor does one that may answer the encrypted inner ClientHello say anything about the outer one that was seen.
    if (handshake.is_tls13() && handshake.hello != nullptr &&
        handshake.hello->has(registry::extension::encrypted_client_hello))
      handshake.hello = nullptr;
  }
}

void Seen::look(const Facts& what) {
  facts = what;
  trace = &what.reading->trace();
  handshakes.clear();
  num_hellos_ = 0;
  const std::span<const MessageRead> messages = what.reading->messages();
  find_blind_spots();
  size_t begin = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    const MessageRead& read = messages[i];
    const bool is_hello = read.type == handshake_type::client_hello && read.direction == kClient;
    // A ClientHello before any ServerHello is another try within the same handshake: after a HelloRetryRequest, or with
    // the cookie of DTLS.
    if (handshakes.empty() || (is_hello && handshakes.back().server_hello_read != nullptr)) {
      if (handshakes.size() == kMaxHandshakes) break;
      begin = i;
      const bool is_first = handshakes.empty();
      handshakes.emplace_back().is_first = is_first;
      handshakes.back().seen_until_ = seen_until;
    }
    handshakes.back().messages = messages.subspan(begin, i + 1 - begin);
    take(handshakes.back(), read);
  }
  decide_scope();
}

void Seen::find_blind_spots() {
  const trace::Coverage& coverage = trace->coverage();
  seen_until = {coverage.from_start && coverage.client_seen ? kNoEvent : 0,
                coverage.from_start && coverage.server_seen ? kNoEvent : 0};
  const auto events = trace->events();
  for (size_t i = 0; i < events.size(); ++i) {
    const EventKind kind = events[i].kind;
    if (kind != EventKind::gap && kind != EventKind::problem && kind != EventKind::conflict) continue;
    size_t& until = seen_until[static_cast<size_t>(events[i].direction)];
    until = std::min(until, i);
  }
}

void Seen::decide_scope() {
  version = Scope::undecided;
  bool other = false;  // a version that no rule knows
  if (!handshakes.empty() && handshakes.front().server_hello != nullptr) {
    const Handshake& first = handshakes.front();
    if (first.is_tls13())
      version = Scope::tls13;
    else if (first.is_below_tls13())
      version = Scope::before_tls13;
    else if (is_tls13_draft(first.raw_version))
      version = Scope::tls13_draft;
    else
      other = true;
  }
  here.versions = other ? uint8_t{Scope::undecided} : uint8_t{version};
  switch (trace->transport()) {
    case Transport::tls:
      here.carriers = Scope::tls;
      break;
    case Transport::dtls:
      here.carriers = Scope::dtls;
      break;
    case Transport::quic:
      here.carriers = Scope::quic;
      break;
    case Transport::ssl2:
      here.carriers = 0;
      break;
  }
}

std::string suite_name(uint16_t value) {
  return registry::cipher_suite_name(value);
}
std::string version_text(uint16_t value) {
  return registry::version_name(value);
}

}  // namespace tlsproof::rules
