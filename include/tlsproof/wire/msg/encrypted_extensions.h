// EncryptedExtensions (RFC 8446 §4.3.1).
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/extension_list.h"

namespace tlsproof::wire {

struct EncryptedExtensions {
  static constexpr uint8_t kType = registry::handshake_type::encrypted_extensions;
  static constexpr std::string_view kName = "EncryptedExtensions";

  ExtensionList extensions;
  bool operator==(const EncryptedExtensions&) const = default;
};
[[nodiscard]] bool decode(Reader& r, EncryptedExtensions& out);
void encode(const EncryptedExtensions& in, Writer& w);

}  // namespace tlsproof::wire
