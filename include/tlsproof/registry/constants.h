// Named wire values, one namespace a kind, from the same rows as the tables of code_point.h. IANA's spelling.
//
//   cipher_suite::TLS_AES_128_GCM_SHA256, version::TLS1_3, group::x25519, extension::key_share,
//   alert::handshake_failure …
#pragma once

#include <cstdint>

// Row: value, identifier (also the name), Recommended, reference. Named row: the name differs from the identifier.
#define TLSPROOF_ROW(value, id, recommended, reference) inline constexpr TLSPROOF_TYPE id = value;
#define TLSPROOF_NAMED_ROW(value, id, text, recommended, reference) inline constexpr TLSPROOF_TYPE id = value;

namespace tlsproof::registry {

#define TLSPROOF_TYPE uint16_t
namespace version {
#include "tlsproof/registry/tables/version.inc"
}
namespace cipher_suite {
#include "tlsproof/registry/tables/cipher_suite.inc"
}
namespace extension {
#include "tlsproof/registry/tables/extension.inc"
}
namespace group {
#include "tlsproof/registry/tables/group.inc"
}
namespace signature_scheme {
#include "tlsproof/registry/tables/signature_scheme.inc"
}
namespace certificate_compression {
#include "tlsproof/registry/tables/certificate_compression.inc"
}
#undef TLSPROOF_TYPE

#define TLSPROOF_TYPE uint8_t
namespace content_type {
#include "tlsproof/registry/tables/content_type.inc"
}
namespace handshake_type {
#include "tlsproof/registry/tables/handshake_type.inc"
}
namespace alert_level {
#include "tlsproof/registry/tables/alert_level.inc"
}
namespace alert {
#include "tlsproof/registry/tables/alert.inc"
}
namespace compression_method {
#include "tlsproof/registry/tables/compression_method.inc"
}
namespace ec_point_format {
#include "tlsproof/registry/tables/ec_point_format.inc"
}
namespace ec_curve_type {
#include "tlsproof/registry/tables/ec_curve_type.inc"
}
namespace hash_algorithm {
#include "tlsproof/registry/tables/hash_algorithm.inc"
}
namespace signature_algorithm {
#include "tlsproof/registry/tables/signature_algorithm.inc"
}
namespace client_certificate_type {
#include "tlsproof/registry/tables/client_certificate_type.inc"
}
namespace certificate_type {
#include "tlsproof/registry/tables/certificate_type.inc"
}
namespace certificate_status_type {
#include "tlsproof/registry/tables/certificate_status_type.inc"
}
namespace psk_key_exchange_mode {
#include "tlsproof/registry/tables/psk_key_exchange_mode.inc"
}
namespace key_update_request {
#include "tlsproof/registry/tables/key_update_request.inc"
}
namespace max_fragment_length {
#include "tlsproof/registry/tables/max_fragment_length.inc"
}
namespace server_name_type {
#include "tlsproof/registry/tables/server_name_type.inc"
}
namespace heartbeat_mode {
#include "tlsproof/registry/tables/heartbeat_mode.inc"
}
namespace heartbeat_message_type {
#include "tlsproof/registry/tables/heartbeat_message_type.inc"
}
#undef TLSPROOF_TYPE

}  // namespace tlsproof::registry

#undef TLSPROOF_ROW
#undef TLSPROOF_NAMED_ROW
