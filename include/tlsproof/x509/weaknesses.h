// What is wrong or unwise about a server's own certificate, whatever the path above it.
#pragma once

#include <span>

#include "tlsproof/x509/certificate.h"

namespace tlsproof::x509 {

enum class WeaknessCode : uint8_t {
  version_not_3,
  no_subject_alt_name,
  rsa_key_too_short,
  weak_curve,
  unsuitable_key,
  weak_signature,
  signature_algorithms_differ,
  no_server_auth,
  no_extended_key_usage,
  no_key_usage,
  key_usage_unsuitable,
  ca_used_as_leaf,
  lifetime_public,
  lifetime_long,
  lifetime_over_ten_years,
  dates_reversed,
  serial_invalid,
  serial_predictable,
  odd_characters,
  wildcard_unusual,
  rsa_exponent,
  duplicate_extension,
  malformed,
};

enum class WeaknessLevel : uint8_t {
  must,    // breaks a MUST of RFC 5280 and the like, or is refused by widespread clients
  should,  // against a SHOULD or good practice
  note,
};

struct WeaknessInfo {
  WeaknessCode code;
  std::string_view name;  // stable, snake_case, the enumerator's own
  WeaknessLevel level;
  std::string_view title;
  std::string_view why;
  std::string_view cite;  // "RFC 5280 §4.1.2.2"
};
[[nodiscard]] std::span<const WeaknessInfo> weakness_table();  // one row per code, in the order of the enum
[[nodiscard]] const WeaknessInfo& weakness_info(WeaknessCode code);
[[nodiscard]] std::string_view weakness_name(WeaknessCode code);

struct Weakness {
  WeaknessCode code = WeaknessCode::malformed;
  WeaknessLevel level = WeaknessLevel::note;
  std::string detail;  // one sentence, safe to show
  ByteRange where;     // in the certificate's DER; length 0 when it is about something absent
};

struct WeaknessOptions {
  // The path ends at an anchor that browsers trust: the CA/Browser Forum's limits apply.
  bool public_trust = false;
};

// In the order of the enum; each code once, odd_characters and duplicate_extension up to 8 times, malformed up to 16.
[[nodiscard]] std::vector<Weakness> find_weaknesses(const CertificateView& certificate, WeaknessOptions options = {});

}  // namespace tlsproof::x509
