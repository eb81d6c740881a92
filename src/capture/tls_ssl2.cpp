#include "tls_ssl2.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/reader.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::capture {
namespace {

constexpr uint8_t kError = 0;
constexpr size_t kMaxNamed = 40;  // cipher kinds in a text

struct KindName {
  uint32_t value;
  std::string_view name;
};
constexpr KindName kKinds[] = {
    {0x010080, "SSL_CK_RC4_128_WITH_MD5"},          {0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5"},
    {0x030080, "SSL_CK_RC2_128_CBC_WITH_MD5"},      {0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"},
    {0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5"},     {0x060040, "SSL_CK_DES_64_CBC_WITH_MD5"},
    {0x0700c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"}, {0x080080, "SSL_CK_RC4_64_WITH_MD5"},
};

std::string kind_name(ByteView kind) {
  const uint32_t value = uint32_t{kind[0]} << 16 | uint32_t{kind[1]} << 8 | kind[2];
  if (kind[0] == 0) return registry::cipher_suite_name(static_cast<uint16_t>(value));
  const auto* known = std::ranges::find(kKinds, value, &KindName::value);
  return known != std::end(kKinds) ? std::string(known->name) : "0x" + to_hex(kind);
}

std::string kinds_text(ByteView kinds) {
  const size_t num = kinds.size() / 3;
  std::string text = fmt::format("{} cipher kinds", num);
  for (size_t i = 0; i < std::min(num, kMaxNamed); ++i)
    text += (i == 0 ? ": " : ", ") + kind_name(kinds.subspan(3 * i, 3));
  if (num > kMaxNamed) text += ", …";
  return text;
}

bool read_client_hello(Reader& r, Ssl2Message& out) {
  uint16_t kinds_len = 0, session_len = 0, challenge_len = 0;
  ByteView kinds, session, challenge;
  if (!r.u16(out.version, "version") || !r.u16(kinds_len, "kinds") || !r.u16(session_len, "session_id") ||
      !r.u16(challenge_len, "challenge") || !r.bytes(kinds, kinds_len, "kinds") ||
      !r.bytes(session, session_len, "session_id") || !r.bytes(challenge, challenge_len, "challenge")) {
    return false;
  }
  // RFC 5246 Appendix E.2: the challenge stands right in the random, zeros before it.
  out.has_random = challenge_len <= out.random.size();
  if (out.has_random) std::ranges::copy(challenge, out.random.end() - challenge_len);
  out.text = fmt::format("SSL 2.0 CLIENT-HELLO, version {}, {}, a session id of {} bytes, a challenge of {} bytes",
                         registry::version_name(out.version), kinds_text(kinds), session_len, challenge_len);
  return true;
}

bool read_server_hello(Reader& r, Ssl2Message& out) {
  uint8_t hit = 0, certificate_type = 0;
  uint16_t certificate_len = 0, kinds_len = 0, id_len = 0;
  ByteView certificate, kinds;
  if (!r.u8(hit, "hit") || !r.u8(certificate_type, "certificate_type") || !r.u16(out.version, "version") ||
      !r.u16(certificate_len, "certificate") || !r.u16(kinds_len, "kinds") || !r.u16(id_len, "connection_id") ||
      !r.bytes(certificate, certificate_len, "certificate") || !r.bytes(kinds, kinds_len, "kinds")) {
    return false;
  }
  out.text =
      fmt::format("SSL 2.0 SERVER-HELLO, version {}, a certificate of {} bytes, {}{}",
                  registry::version_name(out.version), certificate_len, kinds_text(kinds), hit != 0 ? ", resumed" : "");
  return true;
}

}  // namespace

uint8_t ssl2_hello_type(ByteView bytes) {
  if (bytes.size() < 5 || (bytes[0] & 0x80) == 0) return 0;
  const size_t len = static_cast<size_t>((bytes[0] & 0x7f) << 8 | bytes[1]);
  const uint8_t type = bytes[2];
  if (type == kSsl2ClientHello)
    return len >= 9 && (bytes[3] == 3 || (bytes[3] == 0 && bytes[4] == 2)) ? type : uint8_t{0};
  if (type != kSsl2ServerHello || bytes.size() < 7) return 0;
  return len >= 11 && bytes[5] == 0 && bytes[6] == 2 ? type : uint8_t{0};
}

bool read_ssl2_message(ByteView bytes, Ssl2Message& out) {
  out = {};
  if (bytes.size() < 3 || (bytes[0] & 0x80) == 0) return false;
  const size_t len = static_cast<size_t>((bytes[0] & 0x7f) << 8 | bytes[1]);
  if (len == 0 || bytes.size() < 2 + len) return false;
  out.len = 2 + len;
  ParseError error;
  Reader r(bytes.subspan(2, len), error);
  uint8_t type = 0;
  if (!r.u8(type, "type")) return false;
  if (type == kSsl2ClientHello) return read_client_hello(r, out);
  if (type == kSsl2ServerHello) return read_server_hello(r, out);
  uint16_t code = 0;
  if (type == kError && r.u16(code, "error") && r.empty()) {
    out.text = fmt::format("SSL 2.0 ERROR {}", code);
    return true;
  }
  return false;
}

}  // namespace tlsproof::capture
