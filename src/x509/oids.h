// The table of object identifiers; this module's own.
#pragma once

#include "tlsproof/base/bytes.h"
#include "tlsproof/x509/oid.h"

namespace tlsproof::x509 {

enum class OidKind : uint8_t {
  attribute,
  extension,
  extension_understood,
  key_usage,
  signature,
  hash,
  key,
  curve,
  other
};

struct OidInfo {
  std::string_view oid;
  std::string_view name;
  OidKind kind = OidKind::other;
  std::string_view hash = {};  // signature algorithms
  size_t bits = 0;             // curves
};

// nullptr when unknown. By the dotted text, and (fast) by the content octets.
const OidInfo* find_oid(std::string_view oid);
const OidInfo* find_oid(ByteView content);
// The row's number, below kMaxOids.
size_t oid_index(const OidInfo& info);
inline constexpr size_t kMaxOids = 256;

}  // namespace tlsproof::x509
