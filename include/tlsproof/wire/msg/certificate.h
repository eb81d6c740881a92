// Certificate, in its TLS 1.2 form (RFC 5246 §7.4.2) and its TLS 1.3 form (RFC 8446 §4.4.2).
#pragma once

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/extension_list.h"

namespace tlsproof::wire {

struct Certificate12 {
  static constexpr uint8_t kType = registry::handshake_type::certificate;
  static constexpr std::string_view kName = "Certificate";

  ByteList certificates;  // DER, the end entity first; each <1..2^24-1>

  // Where certificate `i` begins (its DER) within the encoded body.
  [[nodiscard]] size_t offset_of(size_t i) const;
  bool operator==(const Certificate12&) const = default;
};
[[nodiscard]] bool decode(Reader& r, Certificate12& out);
void encode(const Certificate12& in, Writer& w);

struct Certificate13 {
  static constexpr uint8_t kType = registry::handshake_type::certificate;
  static constexpr std::string_view kName = "Certificate";

  Bytes certificate_request_context;  // <0..2^8-1>
  // Entry i is certificates[i] with extension_blocks[i]: both lists have the same size. Use add() and erase().
  ByteList certificates;      // cert_data, <1..2^24-1>
  ByteList extension_blocks;  // the entry's extensions, encoded, without the block's own length

  void add(ByteView certificate, ByteView extension_block = {});
  void add(ByteView certificate, const ExtensionList& extensions);
  void erase(size_t i);
  void clear();  // keeps the memory
  [[nodiscard]] size_t size() const { return certificates.size(); }
  // The extensions of entry `i` into `out` (refilled). False when the block does not frame, which decode() has
  // excluded. Their offsets count from the start of the encoded body.
  [[nodiscard]] bool extensions_of(size_t i, ExtensionList& out) const;
  void set_extensions(size_t i, const ExtensionList& extensions);
  // Where cert_data `i` begins (its DER) within the encoded body, and its extension block (after the length).
  [[nodiscard]] size_t offset_of(size_t i) const;
  [[nodiscard]] size_t extensions_offset_of(size_t i) const;
  bool operator==(const Certificate13&) const = default;
};
// Each entry's extension block must frame.
[[nodiscard]] bool decode(Reader& r, Certificate13& out);
void encode(const Certificate13& in, Writer& w);

}  // namespace tlsproof::wire
