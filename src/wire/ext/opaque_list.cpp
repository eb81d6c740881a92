#include "tlsproof/wire/ext/opaque_list.h"

namespace tlsproof::wire::ext {
namespace {

// opaque Item<1..2^16-1>, to the end of the list.
bool fill_opaque16_list(Reader& list, ByteList& out, std::string_view item_field) {
  while (!list.empty()) {
    ByteView item;
    if (!list.opaque16(item, item_field, 1)) return false;
    out.push_back(item);
  }
  return true;
}

void encode_opaque16_list(const ByteList& in, Writer& w) {
  w.prefixed16([&] {
    for (size_t i = 0; i < in.size(); ++i) w.opaque16(in[i]);
  });
}

}  // namespace

// opaque ProtocolName<1..2^8-1>;
// struct { ProtocolName protocol_name_list<2..2^16-1> } ProtocolNameList;
bool decode(Reader& r, Alpn& out) {
  out.protocols.clear();
  Reader list = r;
  if (!r.sub16(list, "application_layer_protocol_negotiation.protocol_name_list", 2)) return false;
  while (!list.empty()) {
    ByteView name;
    if (!list.opaque8(name, "application_layer_protocol_negotiation.protocol_name", 1)) return false;
    out.protocols.push_back(name);
  }
  return true;
}

// opaque SerializedSCT<1..2^16-1>;
// struct { SerializedSCT sct_list<1..2^16-1>; } SignedCertificateTimestampList;
bool decode(Reader& r, SctList& out) {
  out.scts.clear();
  Reader list = r;
  return r.sub16(list, "signed_certificate_timestamp.sct_list", 1) &&
         fill_opaque16_list(list, out.scts, "signed_certificate_timestamp.serialized_sct");
}

// opaque DistinguishedName<1..2^16-1>;
// struct { DistinguishedName authorities<3..2^16-1>; } CertificateAuthoritiesExtension;
bool decode(Reader& r, CertificateAuthorities& out) {
  out.authorities.clear();
  Reader list = r;
  return r.sub16(list, "certificate_authorities.authorities", 3) &&
         fill_opaque16_list(list, out.authorities, "certificate_authorities.distinguished_name");
}

void encode(const Alpn& in, Writer& w) {
  w.prefixed16([&] {
    for (size_t i = 0; i < in.protocols.size(); ++i) w.opaque8(in.protocols[i]);
  });
}
void encode(const SctList& in, Writer& w) {
  encode_opaque16_list(in.scts, w);
}
void encode(const CertificateAuthorities& in, Writer& w) {
  encode_opaque16_list(in.authorities, w);
}

}  // namespace tlsproof::wire::ext
