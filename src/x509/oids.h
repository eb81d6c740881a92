// The table of object identifiers; this module's own.
#pragma once

#include "tlsproof/x509/certificate.h"

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

// nullptr when unknown.
const OidInfo* find_oid(std::string_view oid);

}  // namespace tlsproof::x509
