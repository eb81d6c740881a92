// key_share (RFC 8446 §4.2.8). HelloRetryRequest's form is KeyShareRetry (ext/number.h).
#pragma once

#include <optional>

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

// ClientHello: KeyShareEntry client_shares<0..2^16-1>.
struct KeyShareClient {
  static constexpr uint16_t kType = registry::extension::key_share;
  static constexpr std::string_view kName = "key_share";

  // Share i is groups[i] (registry::group) with keys[i], key_exchange<1..2^16-1>; both have the same size.
  std::vector<uint16_t> groups;
  ByteList keys;

  [[nodiscard]] size_t size() const { return groups.size(); }
  void add(uint16_t group, ByteView key) {
    groups.push_back(group);
    keys.push_back(key);
  }
  // The key of the first share for `group`. Borrows.
  [[nodiscard]] std::optional<ByteView> find(uint16_t group) const;
  void clear();  // keeps the memory
  bool operator==(const KeyShareClient&) const = default;
};
[[nodiscard]] bool decode(Reader& r, KeyShareClient& out);
void encode(const KeyShareClient& in, Writer& w);

// ServerHello: one KeyShareEntry.
struct KeyShareServer {
  static constexpr uint16_t kType = registry::extension::key_share;
  static constexpr std::string_view kName = "key_share";
  uint16_t group = 0;
  Bytes key;  // key_exchange<1..2^16-1>
  bool operator==(const KeyShareServer&) const = default;
};
[[nodiscard]] bool decode(Reader& r, KeyShareServer& out);
void encode(const KeyShareServer& in, Writer& w);

}  // namespace tlsproof::wire::ext
