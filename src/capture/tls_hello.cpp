#include "tls_hello.h"

#include <algorithm>

#include "tlsproof/base/reader.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/msg/server_hello.h"

namespace tlsproof::capture {
namespace {

namespace extension = registry::extension;

bool read_random(Reader& r, std::array<uint8_t, 32>& out) {
  ByteView random;
  if (!r.bytes(random, out.size(), "random")) return false;
  std::ranges::copy(random, out.begin());
  return true;
}

// Calls take(type, data) for each extension as far as they go.
template <class Take>
void each_extension(Reader& r, Take&& take) {
  Reader list = r;
  if (!r.sub16(list, "extensions")) return;
  uint16_t type = 0;
  ByteView data;
  while (list.u16(type, "type") && list.opaque16(data, "data")) take(type, data);
}

// The single name in an answer of ALPN (RFC 7301 §3.1).
ByteView alpn_name(ByteView data) {
  if (data.size() < 3 || data.size() < size_t{3} + data[2]) return {};
  return data.subspan(3, data[2]);
}

}  // namespace

bool read_client_hello(ByteView body, ClientHelloFacts& out) {
  ParseError error;
  Reader r(body, error);
  uint16_t version = 0;
  ByteView skipped;
  out.early_data = false;
  out.cipher_suites = {};
  if (!r.u16(version, "version") || !read_random(r, out.random) || !r.opaque8(skipped, "session_id") ||
      !r.opaque16(out.cipher_suites, "cipher_suites")) {
    return false;
  }
  if (!r.opaque8(skipped, "compression_methods")) return true;
  each_extension(r, [&](uint16_t type, ByteView) { out.early_data |= type == extension::early_data; });
  return true;
}

bool read_server_hello(ByteView body, ServerHelloFacts& out) {
  ParseError error;
  Reader r(body, error);
  ByteView session_id;
  uint8_t compression = 0;
  out = {};
  if (!r.u16(out.version, "version") || !read_random(r, out.random)) return false;
  if (out.is_draft()) {
    if (!r.u16(out.cipher_suite, "cipher_suite")) return false;
  } else if (!r.opaque8(session_id, "session_id") || !r.u16(out.cipher_suite, "cipher_suite") ||
             !r.u8(compression, "compression")) {
    return false;
  }
  out.is_retry = out.random == wire::kHelloRetryRequestRandom;
  each_extension(r, [&](uint16_t type, ByteView data) {
    if (type == extension::supported_versions && data.size() == 2)
      out.version = static_cast<uint16_t>(data[0] << 8 | data[1]);
    out.encrypt_then_mac |= type == extension::encrypt_then_mac;
    out.truncated_hmac |= type == extension::truncated_hmac;
    if (type == extension::application_layer_protocol_negotiation) out.alpn = alpn_name(data);
  });
  return true;
}

ByteView alpn_of_encrypted_extensions(ByteView body) {
  ParseError error;
  Reader r(body, error);
  ByteView found;
  each_extension(r, [&](uint16_t type, ByteView data) {
    if (type == extension::application_layer_protocol_negotiation) found = alpn_name(data);
  });
  return found;
}

bool looks_like_handshake(ByteView fragment, bool whole) {
  if (fragment.empty()) return false;
  while (!fragment.empty()) {
    if (registry::find(registry::Kind::handshake_type, fragment[0]) == nullptr) return false;
    if (fragment.size() < wire::kHandshakeHeaderLen) return !whole;
    const size_t len = wire::kHandshakeHeaderLen +
                       (static_cast<size_t>(fragment[1]) << 16 | static_cast<size_t>(fragment[2]) << 8 | fragment[3]);
    if (len > fragment.size()) return !whole && fragment[1] == 0;
    fragment = fragment.subspan(len);
  }
  return true;
}

}  // namespace tlsproof::capture
