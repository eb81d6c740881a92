#include "tlsproof/registry/code_point.h"

#include <algorithm>
#include <array>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/text.h"

namespace tlsproof::registry {
namespace {

using enum Recommended;

#define TLSPROOF_ROW(value, id, recommended, reference) CodePoint{value, #id, recommended, reference},
#define TLSPROOF_NAMED_ROW(value, id, text, recommended, reference) CodePoint{value, text, recommended, reference},

constexpr CodePoint kVersions[] = {
#include "tlsproof/registry/tables/version.inc"
};
constexpr CodePoint kContentTypes[] = {
#include "tlsproof/registry/tables/content_type.inc"
};
constexpr CodePoint kHandshakeTypes[] = {
#include "tlsproof/registry/tables/handshake_type.inc"
};
constexpr CodePoint kAlertLevels[] = {
#include "tlsproof/registry/tables/alert_level.inc"
};
constexpr CodePoint kAlerts[] = {
#include "tlsproof/registry/tables/alert.inc"
};
constexpr CodePoint kCipherSuites[] = {
#include "tlsproof/registry/tables/cipher_suite.inc"
};
constexpr CodePoint kCompressionMethods[] = {
#include "tlsproof/registry/tables/compression_method.inc"
};
constexpr CodePoint kExtensions[] = {
#include "tlsproof/registry/tables/extension.inc"
};
constexpr CodePoint kGroups[] = {
#include "tlsproof/registry/tables/group.inc"
};
constexpr CodePoint kEcPointFormats[] = {
#include "tlsproof/registry/tables/ec_point_format.inc"
};
constexpr CodePoint kEcCurveTypes[] = {
#include "tlsproof/registry/tables/ec_curve_type.inc"
};
constexpr CodePoint kSignatureSchemes[] = {
#include "tlsproof/registry/tables/signature_scheme.inc"
};
constexpr CodePoint kHashAlgorithms[] = {
#include "tlsproof/registry/tables/hash_algorithm.inc"
};
constexpr CodePoint kSignatureAlgorithms[] = {
#include "tlsproof/registry/tables/signature_algorithm.inc"
};
constexpr CodePoint kClientCertificateTypes[] = {
#include "tlsproof/registry/tables/client_certificate_type.inc"
};
constexpr CodePoint kCertificateTypes[] = {
#include "tlsproof/registry/tables/certificate_type.inc"
};
constexpr CodePoint kCertificateStatusTypes[] = {
#include "tlsproof/registry/tables/certificate_status_type.inc"
};
constexpr CodePoint kCertificateCompressions[] = {
#include "tlsproof/registry/tables/certificate_compression.inc"
};
constexpr CodePoint kPskKeyExchangeModes[] = {
#include "tlsproof/registry/tables/psk_key_exchange_mode.inc"
};
constexpr CodePoint kKeyUpdateRequests[] = {
#include "tlsproof/registry/tables/key_update_request.inc"
};
constexpr CodePoint kMaxFragmentLengths[] = {
#include "tlsproof/registry/tables/max_fragment_length.inc"
};
constexpr CodePoint kServerNameTypes[] = {
#include "tlsproof/registry/tables/server_name_type.inc"
};
constexpr CodePoint kHeartbeatModes[] = {
#include "tlsproof/registry/tables/heartbeat_mode.inc"
};
constexpr CodePoint kHeartbeatMessageTypes[] = {
#include "tlsproof/registry/tables/heartbeat_message_type.inc"
};

#undef TLSPROOF_ROW
#undef TLSPROOF_NAMED_ROW

struct Registry {
  Kind kind;
  std::string_view name;
  size_t value_len;
  std::span<const CodePoint> rows;
  bool grease = false;  // RFC 8701 §2 reserves the two-byte pattern here
};

constexpr std::array<Registry, kNumKinds> kRegistries = {{
    {Kind::version, "version", 2, kVersions, true},
    {Kind::content_type, "content_type", 1, kContentTypes},
    {Kind::handshake_type, "handshake_type", 1, kHandshakeTypes},
    {Kind::alert_level, "alert_level", 1, kAlertLevels},
    {Kind::alert, "alert", 1, kAlerts},
    {Kind::cipher_suite, "cipher_suite", 2, kCipherSuites, true},
    {Kind::compression_method, "compression_method", 1, kCompressionMethods},
    {Kind::extension, "extension", 2, kExtensions, true},
    {Kind::group, "group", 2, kGroups, true},
    {Kind::ec_point_format, "ec_point_format", 1, kEcPointFormats},
    {Kind::ec_curve_type, "ec_curve_type", 1, kEcCurveTypes},
    {Kind::signature_scheme, "signature_scheme", 2, kSignatureSchemes, true},
    {Kind::hash_algorithm, "hash_algorithm", 1, kHashAlgorithms},
    {Kind::signature_algorithm, "signature_algorithm", 1, kSignatureAlgorithms},
    {Kind::client_certificate_type, "client_certificate_type", 1, kClientCertificateTypes},
    {Kind::certificate_type, "certificate_type", 1, kCertificateTypes},
    {Kind::certificate_status_type, "certificate_status_type", 1, kCertificateStatusTypes},
    {Kind::certificate_compression, "certificate_compression", 2, kCertificateCompressions},
    {Kind::psk_key_exchange_mode, "psk_key_exchange_mode", 1, kPskKeyExchangeModes},
    {Kind::key_update_request, "key_update_request", 1, kKeyUpdateRequests},
    {Kind::max_fragment_length, "max_fragment_length", 1, kMaxFragmentLengths},
    {Kind::server_name_type, "server_name_type", 1, kServerNameTypes},
    {Kind::heartbeat_mode, "heartbeat_mode", 1, kHeartbeatModes},
    {Kind::heartbeat_message_type, "heartbeat_message_type", 1, kHeartbeatMessageTypes},
}};

// The binary search and the array index of registry() rest on these.
constexpr bool well_formed() {
  for (size_t i = 0; i < kRegistries.size(); ++i) {
    const Registry& registry = kRegistries[i];
    if (static_cast<size_t>(registry.kind) != i || registry.rows.empty()) return false;
    for (size_t k = 0; k < registry.rows.size(); ++k) {
      if (k > 0 && registry.rows[k - 1].value >= registry.rows[k].value) return false;
      if (registry.rows[k].value >> (8 * registry.value_len) != 0) return false;
      if (registry.rows[k].name.empty() || registry.rows[k].reference.empty()) return false;
    }
  }
  return true;
}
static_assert(well_formed(), "a table is not ascending, has a value too large for its kind, or a row without name");

const Registry& registry(Kind kind) {
  return kRegistries[static_cast<size_t>(kind)];
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// "TLSv1.2", "tls 1.2", "tls1_2" and "1.2" become "tls1.2".
std::string canonical_version(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 64)) {
    c = lower(c);
    if (c == ' ' || c == '-' || (c == 'v' && out.ends_with("s")) || (c == 'v' && out.ends_with("l"))) continue;
    out.push_back(c == '_' ? '.' : c);
  }
  if (!out.empty() && out[0] >= '0' && out[0] <= '9') out.insert(0, "tls");
  return out;
}

const CodePoint* find_version(std::string_view name) {
  const std::string wanted = canonical_version(name);
  for (const CodePoint& row : kVersions) {
    const std::string known = canonical_version(row.name);
    if (known == wanted) return &row;
    // "SSLv3", "TLS1": the minor number may be left out when it is 0.
    if (known.ends_with(".0") && std::string_view(known).substr(0, known.size() - 2) == wanted) return &row;
  }
  return nullptr;
}

}  // namespace

std::string_view recommended_letter(Recommended recommended) {
  switch (recommended) {
    case Recommended::yes:
      return "Y";
    case Recommended::no:
      return "N";
    case Recommended::discouraged:
      return "D";
    case Recommended::unspecified:
      break;
  }
  return "-";
}

std::span<const CodePoint> table(Kind kind) {
  return registry(kind).rows;
}
std::string_view kind_name(Kind kind) {
  return registry(kind).name;
}
size_t value_len(Kind kind) {
  return registry(kind).value_len;
}

const CodePoint* find(Kind kind, uint32_t value) {
  const auto rows = registry(kind).rows;
  const auto it = std::ranges::lower_bound(rows, value, {}, &CodePoint::value);
  return it != rows.end() && it->value == value ? &*it : nullptr;
}

const CodePoint* find(Kind kind, std::string_view name) {
  for (const CodePoint& row : registry(kind).rows)
    if (equal_ignoring_case(row.name, name)) return &row;
  return kind == Kind::version ? find_version(name) : nullptr;
}

bool parse(Kind kind, std::string_view text, uint32_t& value) {
  if (const CodePoint* row = find(kind, text)) {
    value = row->value;
    return true;
  }
  if (!text.starts_with("0x") && !text.starts_with("0X")) return false;
  text.remove_prefix(2);
  if (text.empty() || text.size() > 2 * value_len(kind)) return false;
  uint32_t number = 0;
  for (char c : text) {
    c = lower(c);
    uint32_t digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<uint32_t>(c - 'a' + 10);
    else
      return false;
    number = number << 4 | digit;
  }
  value = number;
  return true;
}

bool is_grease(Kind kind, uint32_t value) {
  if (kind == Kind::psk_key_exchange_mode) return value <= 0xff && is_grease_psk_mode(static_cast<uint8_t>(value));
  return registry(kind).grease && value <= 0xffff && is_grease(static_cast<uint16_t>(value));
}

std::string name(Kind kind, uint32_t value) {
  if (const CodePoint* row = find(kind, value)) return std::string(row->name);
  const std::string hex =
      value_len(kind) == 1 && value <= 0xff ? hex8(static_cast<uint8_t>(value)) : hex16(static_cast<uint16_t>(value));
  return is_grease(kind, value) ? "GREASE(" + hex + ")" : hex;
}

}  // namespace tlsproof::registry
