// The extensions whose body is one list of byte strings.
#pragma once

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

struct Alpn {  // RFC 7301 §3.1: ClientHello, ServerHello, EncryptedExtensions. ProtocolName<1..255> list<2..2^16-1>
  static constexpr uint16_t kType = registry::extension::application_layer_protocol_negotiation;
  static constexpr std::string_view kName = "application_layer_protocol_negotiation";
  ByteList protocols;
  bool operator==(const Alpn&) const = default;
};
struct SctList {  // RFC 6962 §3.3: ServerHello, CertificateEntry. SerializedSCT<1..2^16-1> list<1..2^16-1>
  static constexpr uint16_t kType = registry::extension::signed_certificate_timestamp;
  static constexpr std::string_view kName = "signed_certificate_timestamp";
  ByteList scts;
  bool operator==(const SctList&) const = default;
};
struct CertificateAuthorities {  // RFC 8446 §4.2.4: ClientHello, CertificateRequest. DistinguishedName<1..2^16-1>
                                 // list<3..2^16-1>
  static constexpr uint16_t kType = registry::extension::certificate_authorities;
  static constexpr std::string_view kName = "certificate_authorities";
  ByteList authorities;  // DER
  bool operator==(const CertificateAuthorities&) const = default;
};

[[nodiscard]] bool decode(Reader& r, Alpn& out);
[[nodiscard]] bool decode(Reader& r, SctList& out);
[[nodiscard]] bool decode(Reader& r, CertificateAuthorities& out);
void encode(const Alpn& in, Writer& w);
void encode(const SctList& in, Writer& w);
void encode(const CertificateAuthorities& in, Writer& w);

}  // namespace tlsproof::wire::ext
