// The extensions, field by field.
#include <fmt/format.h>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/ext/all.h"
#include "tlsproof/x509/sct.h"
#include "tree_fields.h"

namespace tlsproof::view::tree {
namespace {

using registry::Kind;
using wire::ExtensionPlace;
namespace e = registry::extension;

void server_name(Cursor& c) {
  if (!c.more()) return;
  c.frame(2, "server_name_list", [](Cursor& list) {
    while (list.more()) {
      list.number(1, "name_type", Kind::server_name_type);
      list.text_vector(2, "host_name");
    }
  });
}

void protocols(Cursor& c, std::string_view list_name) {
  c.frame(2, list_name, [](Cursor& list) {
    while (list.more()) list.text_vector(1, "protocol_name");
  });
}

void status_request(Cursor& c, std::optional<ExtensionPlace> place) {
  if (!c.more()) return;
  const auto type = c.number(1, "status_type", Kind::certificate_status_type);
  if (type != registry::certificate_status_type::ocsp) return c.remaining("request");
  if (place == ExtensionPlace::certificate) {
    const ByteView response = c.opaque(3, "response");
    if (!response.empty()) explain_ocsp(c.lines(), response, c.depth() + 1);
    return;
  }
  c.frame(2, "responder_id_list", [](Cursor& list) {
    while (list.more()) list.opaque(2, "responder_id");
  });
  c.opaque(2, "request_extensions");
}

// RFC 6962 §3.2; of other versions than v1 only the bytes.
void sct(Cursor& c) {
  if (c.rest()[0] != 0) return c.remaining("sct", "of an unknown version");
  c.number_as(1, "version", [](uint64_t) { return "v1"; });
  c.bytes(32, "log_id");
  c.number_as(8, "timestamp", [](uint64_t ms) {
    return ms / 1000 > 253402300799 ? fmt::format("{} ms", ms) : format_utc(static_cast<int64_t>(ms / 1000));
  });
  c.opaque(2, "extensions");
  c.number(1, "hash", Kind::hash_algorithm);
  c.number(1, "signature_algorithm", Kind::signature_algorithm);
  c.opaque(2, "signature");
}

void sct_list(Cursor& c) {
  if (!c.more()) return;
  c.frame(2, "sct_list", [](Cursor& list) {
    while (list.more())
      list.frame(2, "serialized_sct", [](Cursor& one) {
        if (one.more()) sct(one);
      });
  });
}

void key_share_entry(Cursor& c) {
  c.number(2, "group", Kind::group);
  c.opaque(2, "key_exchange");
}

void key_share(Cursor& c, std::optional<ExtensionPlace> place) {
  if (place == ExtensionPlace::hello_retry_request) {
    c.number(2, "selected_group", Kind::group);
  } else if (place == ExtensionPlace::client_hello) {
    c.frame(2, "client_shares", [](Cursor& list) {
      while (list.more()) key_share_entry(list);
    });
  } else {
    key_share_entry(c);
  }
}

void pre_shared_key(Cursor& c, std::optional<ExtensionPlace> place) {
  if (place != ExtensionPlace::client_hello) {
    c.number(2, "selected_identity");
    return;
  }
  c.frame(2, "identities", [](Cursor& list) {
    while (list.more()) {
      list.opaque(2, "identity");
      list.number(4, "obfuscated_ticket_age");
    }
  });
  c.frame(2, "binders", [](Cursor& list) {
    while (list.more()) list.opaque(1, "binder");
  });
}

void supported_versions(Cursor& c, std::optional<ExtensionPlace> place) {
  if (place == ExtensionPlace::client_hello)
    c.numbers(1, 2, "versions", "version", Kind::version);
  else
    c.number(2, "selected_version", Kind::version);
}

// One number of a registry in an answer, a list of them in an offer.
void types(Cursor& c, std::optional<ExtensionPlace> place) {
  if (place == ExtensionPlace::client_hello)
    c.numbers(1, 1, "certificate_types", "certificate_type", Kind::certificate_type);
  else
    c.number(1, "certificate_type", Kind::certificate_type);
}

void delegated_credential(Cursor& c, std::optional<ExtensionPlace> place) {
  if (place != ExtensionPlace::certificate)
    return c.numbers(2, 2, "supported_signature_algorithms", "algorithm", Kind::signature_scheme);
  c.number_as(4, "valid_time", [](uint64_t seconds) { return fmt::format("{} s after notBefore", seconds); });
  c.number(2, "dc_cert_verify_algorithm", Kind::signature_scheme);
  const ByteView spki = c.opaque(3, "ASN1_subjectPublicKeyInfo");
  if (!spki.empty()) explain_public_key(c.lines(), spki, c.depth() + 1);
  c.number(2, "algorithm", Kind::signature_scheme);
  c.opaque(2, "signature");
}

std::string_view hpke_kem(uint64_t id) {
  return id == 0x10   ? "DHKEM(P-256, HKDF-SHA256)"
         : id == 0x11 ? "DHKEM(P-384, HKDF-SHA384)"
         : id == 0x12 ? "DHKEM(P-521, HKDF-SHA512)"
         : id == 0x20 ? "DHKEM(X25519, HKDF-SHA256)"
         : id == 0x21 ? "DHKEM(X448, HKDF-SHA512)"
                      : "unknown";
}
std::string_view hpke_kdf(uint64_t id) {
  return id == 1 ? "HKDF-SHA256" : id == 2 ? "HKDF-SHA384" : id == 3 ? "HKDF-SHA512" : "unknown";
}
std::string_view hpke_aead(uint64_t id) {
  return id == 1 ? "AES-128-GCM" : id == 2 ? "AES-256-GCM" : id == 3 ? "ChaCha20Poly1305" : "unknown";
}

void ech_config(Cursor& c) {
  c.number(1, "config_id");
  c.number_as(2, "kem_id", hpke_kem);
  c.opaque(2, "public_key");
  c.frame(2, "cipher_suites", [](Cursor& list) {
    while (list.more()) {
      list.number_as(2, "kdf_id", hpke_kdf);
      list.number_as(2, "aead_id", hpke_aead);
    }
  });
  c.number(1, "maximum_name_length");
  c.text_vector(1, "public_name");
  c.opaque(2, "extensions");
}

void encrypted_client_hello(Cursor& c, std::optional<ExtensionPlace> place) {
  if (place == ExtensionPlace::hello_retry_request) {
    c.bytes(8, "confirmation");
  } else if (place == ExtensionPlace::encrypted_extensions) {
    c.frame(2, "retry_configs", [](Cursor& list) {
      while (list.more()) {
        const auto version = list.number_as(
            2, "version", [](uint64_t v) { return v == wire::ext::kEchConfigVersion ? "RFC 9849" : "unknown"; });
        list.frame(2, "contents", [&](Cursor& config) {
          if (version == wire::ext::kEchConfigVersion)
            ech_config(config);
          else
            config.remaining("contents");
        });
      }
    });
  } else {
    const auto type = c.number_as(1, "type", [](uint64_t v) {
      return v == 0 ? "outer" : v == 1 ? "inner" : "unknown";
    });
    if (type != wire::ext::kEchOuter) return c.remaining("payload");
    c.number_as(2, "kdf_id", hpke_kdf);
    c.number_as(2, "aead_id", hpke_aead);
    c.number(1, "config_id");
    c.opaque(2, "enc");
    c.opaque(2, "payload");
  }
}

// A variable-length integer (RFC 9000 §16), shown with the text that `describe` makes of it.
template <class Describe>
std::optional<uint64_t> varint(Cursor& c, std::string_view name, Describe describe) {
  const size_t width = c.more() ? size_t{1} << (c.rest()[0] >> 6) : 1;
  uint64_t value = 0;
  const auto raw = c.number_as(width, name, [&](uint64_t all) {
    value = all & (~uint64_t{0} >> (64 - 8 * width + 2));
    return describe(value);
  });
  if (!raw) return std::nullopt;
  return value;
}

void quic_version_information(Cursor& c) {
  const auto name = [](uint64_t v) {
    return v == 1 ? "v1" : v == 0x6b3343cf ? "v2" : (v & 0x0f0f0f0f) == 0x0a0a0a0a ? "reserved" : "";
  };
  c.number_as(4, "chosen_version", name);
  while (c.more()) c.number_as(4, "available_version", name);
}

void quic_value(Cursor& c, const wire::ext::QuicParameter* known) {
  using enum wire::ext::QuicParameterForm;
  const auto form = known == nullptr ? opaque : known->form;
  if (form == version_information) return quic_version_information(c);
  const size_t width = c.more() ? size_t{1} << (c.rest()[0] >> 6) : 0;
  if (form == integer && width == c.rest().size() && width > 0)
    (void)varint(c, "value", [](uint64_t v) { return fmt::format("{}", v); });
  else
    c.remaining("value");
}

void quic_transport_parameters(Cursor& c) {
  while (c.more()) {
    const auto id = varint(c, "parameter", [](uint64_t v) {
      const auto* known = wire::ext::find_quic_parameter(v);
      if (known != nullptr) return std::string(known->name);
      return std::string(wire::ext::is_grease_quic_parameter(v) ? "GREASE" : "unknown");
    });
    if (!id) return;
    const auto len = varint(c, "length", [](uint64_t v) { return fmt::format("{} byte{}", v, v == 1 ? "" : "s"); });
    if (!len) return;
    if (*len > c.rest().size()) return c.fail("value");
    Cursor value(c.lines(), c.rest().first(static_cast<size_t>(*len)), c.at(), c.depth() + 1);
    quic_value(value, wire::ext::find_quic_parameter(*id));
    value.finish();
    c.skip(static_cast<size_t>(*len));
  }
}

void use_srtp(Cursor& c) {
  c.numbers(2, 2, "SRTPProtectionProfiles", "profile", std::nullopt);
  c.opaque(1, "srtp_mki");
}

void certificate_authorities(Cursor& c) {
  c.frame(2, "authorities", [](Cursor& list) {
    while (list.more()) {
      const ByteView name = list.opaque(2, "distinguished_name");
      if (!name.empty()) explain_name(list.lines(), name, list.depth() + 1);
    }
  });
}

// draft-agl-tls-nextprotoneg: the server's protocols, to the end.
void next_protocol_negotiation(Cursor& c) {
  while (c.more()) c.text_vector(1, "protocol_name");
}

// Code points whose form is not certain: typed when it fits.
template <class T>
bool fits(ByteView body) {
  return wire::decode_all<T>(body).has_value();
}

void key_share_of_drafts(Cursor& c, std::optional<ExtensionPlace> place) {
  const bool client = place == ExtensionPlace::client_hello;
  if (client ? fits<wire::ext::KeyShareClient>(c.rest()) : fits<wire::ext::KeyShareServer>(c.rest()))
    return key_share(c, place);
  if (c.rest().size() == 2) return key_share(c, ExtensionPlace::hello_retry_request);
  c.remaining("data");
}

}  // namespace

void append_extension(Cursor& c, uint16_t type, std::optional<ExtensionPlace> place, bool draft) {
  switch (type) {
    case e::server_name:
      return server_name(c);
    case e::max_fragment_length:
      return void(c.number(1, "max_fragment_length", Kind::max_fragment_length));
    case e::status_request:
      return status_request(c, place);
    case e::cert_type:
    case e::client_certificate_type:
    case e::server_certificate_type:
      return types(c, place);
    case e::supported_groups:
      return c.numbers(2, 2, "named_group_list", "group", Kind::group);
    case e::ec_point_formats:
      return c.numbers(1, 1, "ec_point_format_list", "format", Kind::ec_point_format);
    case e::signature_algorithms:
    case e::signature_algorithms_cert:
      return c.numbers(2, 2, "supported_signature_algorithms", "algorithm", Kind::signature_scheme);
    case e::use_srtp:
      return use_srtp(c);
    case e::heartbeat:
      return void(c.number(1, "mode", Kind::heartbeat_mode));
    case e::application_layer_protocol_negotiation:
      return protocols(c, "protocol_name_list");
    case e::signed_certificate_timestamp:
      return sct_list(c);
    case e::compress_certificate:
      return c.numbers(1, 2, "algorithms", "algorithm", Kind::certificate_compression);
    case e::record_size_limit:
      return void(c.number(2, "record_size_limit"));
    case e::delegated_credential:
      return delegated_credential(c, place);
    case e::session_ticket:
      return c.remaining("ticket");
    case e::padding:
      return c.remaining("padding");
    case e::pre_shared_key:
      return pre_shared_key(c, place);
    case e::early_data:
      if (place == ExtensionPlace::new_session_ticket) c.number(4, "max_early_data_size");
      return c.remaining("data");
    case e::supported_versions:
      return supported_versions(c, place);
    case e::cookie:
      return void(c.opaque(2, "cookie"));
    case e::psk_key_exchange_modes:
      return c.numbers(1, 1, "ke_modes", "mode", Kind::psk_key_exchange_mode);
    case e::certificate_authorities:
      return certificate_authorities(c);
    case e::key_share:
      return draft ? key_share_of_drafts(c, place) : key_share(c, place);
    case e::key_share_draft:
      return key_share_of_drafts(c, place);
    case e::quic_transport_parameters:
      return quic_transport_parameters(c);
    case e::quic_transport_parameters_draft:
      if (!fits<wire::ext::QuicTransportParameters>(c.rest())) return c.remaining("data");
      return quic_transport_parameters(c);
    case e::next_protocol_negotiation:
      return next_protocol_negotiation(c);
    case e::application_settings:
    case e::application_settings_old:
      if (place == ExtensionPlace::client_hello) return protocols(c, "supported_protocols");
      return c.remaining("settings");
    case e::encrypted_client_hello:
      return encrypted_client_hello(c, place);
    case e::renegotiation_info:
      return void(c.opaque(1, "renegotiated_connection"));
    default:
      return c.remaining("data");
  }
}

}  // namespace tlsproof::view::tree
