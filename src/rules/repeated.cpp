// What must not come twice in a capture. One connection alone cannot break these rules: Repeats judges, not judge().
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "common.h"
#include "tables.h"
#include "tlsproof/crypto/hash.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/rules/repeats.h"

namespace tlsproof::rules {
namespace {

using enum verdict::Requirement;

void needs_a_capture(const Seen& /*seen*/, Breaches& /*out*/) {}

constexpr Rule kRules[] = {
    {"repeated/client_random",
     "No client random comes in two connections",
     must,
     {Cite{8446, "4.1.2"}, Cite{5246, "7.4.1.2"}},
     kAnything,
     "The hello was replayed, or the client's random numbers are not random: its keys are not secret.",
     needs_a_capture},
    {"repeated/server_random",
     "No server random comes in two connections",
     must,
     {Cite{8446, "4.1.3"}, Cite{5246, "7.4.1.3"}},
     kAnything,
     "The server's random numbers are not random: its keys are not secret, and hellos can be replayed.",
     needs_a_capture},
    {"repeated/client_key",
     "The client makes a new ephemeral key for each connection",
     should,
     {Cite{9325, "7.4"}, Cite{8446, "E.1"}},
     kAnything,
     "Who gets the one key can read all these connections, and they can be linked to each other.",
     needs_a_capture},
    {"repeated/server_key",
     "The server makes a new ephemeral key for each connection",
     should,
     {Cite{9325, "7.4"}, Cite{8446, "E.1"}},
     kAnything,
     "Who gets the one key can read all these connections; and it is open to attacks on reused exponents (Raccoon).",
     needs_a_capture},
};
enum Index : size_t { kClientRandom, kServerRandom, kClientKey, kServerKey };

// Rules are compared by address: the ones of the table that everybody sees.
const Rule* rule_of(Index index) {
  static const std::array<const Rule*, std::size(kRules)> rules = [] {
    std::array<const Rule*, std::size(kRules)> out{};
    for (size_t i = 0; i < out.size(); ++i) out[i] = find_rule(kRules[i].id);
    return out;
  }();
  return rules[index];
}

std::array<uint8_t, 16> digest_of(Index index, uint16_t group, ByteView value) {
  const uint8_t tag[] = {static_cast<uint8_t>(index), static_cast<uint8_t>(group >> 8), static_cast<uint8_t>(group)};
  crypto::Digest digest(crypto::HashAlgorithm::sha256);
  digest.update(tag);
  digest.update(value);
  std::array<uint8_t, 32> whole;
  digest.finish(whole);
  std::array<uint8_t, 16> out;
  std::copy_n(whole.begin(), out.size(), out.begin());
  return out;
}

// Of the middle: the first four bytes may be the time, and the last eight are the same in every ServerHello that has
// the downgrade sentinel (RFC 8446 §4.1.3).
uint64_t number_of(ByteView random) {
  uint64_t first = 0, second = 0;
  for (const uint8_t byte : random.subspan(4, 8)) first = first << 8 | byte;
  for (const uint8_t byte : random.subspan(12, 8)) second = second << 8 | byte;
  return first ^ second;
}

struct Key {
  const MessageRead* message = nullptr;
  uint16_t group = 0;
  Bytes value;
};

Key client_key(const Handshake& handshake) {
  wire::ext::KeyShareClient shares;
  const auto status = handshake.first_hello->message->extensions.read_typed(shares);
  if (status && *status)
    for (size_t i = 0; i < shares.size(); ++i)
      if (!registry::is_grease(shares.groups[i]))
        return {handshake.first_hello->read, shares.groups[i], to_bytes(shares.keys[i])};
  if (const auto* ecdhe = handshake.get<wire::ClientKeyExchangeEcdhe>(kClient))
    return {handshake.find(kClient, wire::ClientKeyExchangeEcdhe::kType), 0, ecdhe->public_key};
  if (const auto* dhe = handshake.get<wire::ClientKeyExchangeDhe>(kClient))
    return {handshake.find(kClient, wire::ClientKeyExchangeDhe::kType), 0, dhe->dh_Yc};
  return {};
}

Key server_key(const Handshake& handshake) {
  wire::ext::KeyShareServer share;
  if (const auto status = handshake.server_hello->extensions.read_typed(share); status && *status)
    return {handshake.server_hello_read, share.group, share.key};
  const MessageRead* read = handshake.find(kServer, registry::handshake_type::server_key_exchange);
  if (read == nullptr) return {};
  if (const auto* ecdhe = read->as<wire::ServerKeyExchangeEcdhe>())
    return {read, ecdhe->named_curve, ecdhe->public_key};
  if (const auto* dhe = read->as<wire::ServerKeyExchangeDhe>()) return {read, 0, dhe->dh_Ys};
  return {};
}

}  // namespace

std::span<const Rule> repeated_rules() {
  return kRules;
}

void collect_fresh(const Seen& seen, std::vector<FreshValue>& out) {
  if (seen.handshakes.empty()) return;
  const Handshake& handshake = seen.handshakes.front();
  if (handshake.first_hello == nullptr || handshake.server_hello == nullptr) return;
  const ByteView client_random = handshake.first_hello->message->random;
  const ByteView server_random = handshake.server_hello->random;
  const auto add = [&](Index index, Direction by, const MessageRead* message, uint16_t group, ByteView value,
                       ByteView apart) {
    if (message != nullptr && !value.empty())
      out.push_back({rule_of(index), digest_of(index, group, value), number_of(apart), by, message->event});
  };
  add(kClientRandom, kClient, handshake.first_hello->read, 0, client_random, server_random);
  add(kServerRandom, kServer, handshake.server_hello_read, 0, server_random, client_random);
  if (const Key key = client_key(handshake); key.message != nullptr)
    add(kClientKey, kClient, key.message, key.group, key.value, client_random);
  if (const Key key = server_key(handshake); key.message != nullptr)
    add(kServerKey, kServer, key.message, key.group, key.value, server_random);
}

Repeats::Repeats(size_t capacity)
    : entries_(std::max(std::bit_ceil(capacity), kWays)), next_(entries_.size() / kWays) {}

std::span<Repeats::Entry> Repeats::set_of(const FreshValue& value) {
  uint64_t hash = 0;
  std::memcpy(&hash, value.digest.data(), sizeof hash);
  return std::span(entries_).subspan(hash % next_.size() * kWays, kWays);
}

void Repeats::judge(std::span<const FreshValue> values, uint64_t number, std::vector<Violation>& out) {
  // The table is larger than caches are: what all of them need is asked for at once.
  for (const FreshValue& value : values)
    for (const Entry& entry : set_of(value)) __builtin_prefetch(&entry);
  for (const FreshValue& value : values) {
    const std::span<Entry> set = set_of(value);
    const auto found = std::ranges::find_if(
        set, [&](const Entry& entry) { return entry.number != 0 && entry.digest == value.digest; });
    if (found == set.end()) {
      uint8_t& next = next_[static_cast<size_t>(set.data() - entries_.data()) / kWays];
      set[next] = {value.digest, value.connection, number};
      next = static_cast<uint8_t>((next + 1) % kWays);
    } else if (found->connection != value.connection) {
      out.push_back(
          {value.rule, {value.by, {value.event}, fmt::format("the same as in connection {}", found->number)}});
    }
  }
}

}  // namespace tlsproof::rules
