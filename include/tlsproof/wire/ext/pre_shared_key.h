// pre_shared_key of ClientHello (RFC 8446 §4.2.11). The server's is PreSharedKeyServer (ext/number.h).
#pragma once

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

// OfferedPsks: identities<7..2^16-1>, binders<33..2^16-1>.
struct PreSharedKeyClient {
  static constexpr uint16_t kType = registry::extension::pre_shared_key;
  static constexpr std::string_view kName = "pre_shared_key";

  // Identity i is identities[i] <1..2^16-1> with obfuscated_ticket_ages[i]; both have the same size.
  ByteList identities;
  std::vector<uint32_t> obfuscated_ticket_ages;
  ByteList binders;  // PskBinderEntry<32..255>; as many as identities, which is for rules
  // Where the binders' 2-byte list length began, as the decoding Reader counted: the end of the truncated ClientHello
  // (RFC 8446 §4.2.11.2). 0 in a struct that was not decoded.
  size_t binders_offset = 0;

  void add(ByteView identity, uint32_t obfuscated_ticket_age) {
    identities.push_back(identity);
    obfuscated_ticket_ages.push_back(obfuscated_ticket_age);
  }
  // Bytes of the encoded binder list with its length: what is cut from the end of the ClientHello before it is hashed.
  [[nodiscard]] size_t binders_len() const;
  void clear();  // keeps the memory
  bool operator==(const PreSharedKeyClient&) const = default;
};
[[nodiscard]] bool decode(Reader& r, PreSharedKeyClient& out);
void encode(const PreSharedKeyClient& in, Writer& w);

}  // namespace tlsproof::wire::ext
