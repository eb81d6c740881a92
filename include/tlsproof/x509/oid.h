// An object identifier as it stands in DER: compared and named by its bytes, its dotted text made only when somebody
// asks for it.
#pragma once

#include "tlsproof/base/bytes.h"

namespace tlsproof::x509 {

struct OidInfo;  // a row of this module's table

// Borrows the DER it was read from.
class Oid {
 public:
  Oid() = default;
  // The content octets of an OBJECT IDENTIFIER; empty() when they are none (der.h, oid_text).
  explicit Oid(ByteView content);

  [[nodiscard]] bool empty() const { return content_.empty(); }
  [[nodiscard]] ByteView content() const { return content_; }
  // "serverAuth", "CN"; empty when it is unknown.
  [[nodiscard]] std::string_view name() const;
  // "1.2.840.113549.1.1.11".
  [[nodiscard]] std::string text() const;
  // The name, or the dotted text of an unknown one; empty only for empty().
  [[nodiscard]] std::string name_or_text() const;
  // Of a known one; nullptr otherwise.
  [[nodiscard]] const OidInfo* info() const { return info_; }

  bool operator==(const Oid& other) const {
    return info_ == other.info_ && (info_ != nullptr || equal(content_, other.content_));
  }
  // Whether this is its dotted text.
  bool operator==(std::string_view dotted) const;

 private:
  ByteView content_;
  const OidInfo* info_ = nullptr;
};

}  // namespace tlsproof::x509
