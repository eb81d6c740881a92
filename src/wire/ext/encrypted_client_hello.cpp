#include "tlsproof/wire/ext/encrypted_client_hello.h"

namespace tlsproof::wire::ext {

// struct {
//   ECHClientHelloType type;
//   select (ECHClientHello.type) {
//     case outer: HpkeSymmetricCipherSuite cipher_suite; uint8 config_id; opaque enc<0..2^16-1>;
//                 opaque payload<1..2^16-1>;
//     case inner: Empty;
//   };
// } ECHClientHello;                              (RFC 9849 §5)
bool decode(Reader& r, EncryptedClientHello& out) {
  out.kdf = out.aead = 0;
  out.config_id = 0;
  out.enc.clear();
  out.payload.clear();
  if (!r.u8(out.type, "encrypted_client_hello.type")) return false;
  if (out.type == kEchInner) return true;
  if (out.type != kEchOuter) {
    decode_rest(r, out.payload);
    return true;
  }
  return r.u16(out.kdf, "encrypted_client_hello.kdf_id") && r.u16(out.aead, "encrypted_client_hello.aead_id") &&
         r.u8(out.config_id, "encrypted_client_hello.config_id") &&
         decode_opaque16(r, out.enc, "encrypted_client_hello.enc") &&
         decode_opaque16(r, out.payload, "encrypted_client_hello.payload", 1);
}

void encode(const EncryptedClientHello& in, Writer& w) {
  w.u8(in.type);
  if (in.type == kEchInner) return;
  if (in.type != kEchOuter) return w.bytes(in.payload);
  w.u16(in.kdf);
  w.u16(in.aead);
  w.u8(in.config_id);
  w.opaque16(in.enc);
  w.opaque16(in.payload);
}

// struct { opaque confirmation[8]; } ECHHelloRetryRequest;
bool decode(Reader& r, EncryptedClientHelloRetry& out) {
  return decode_fixed(r, out.confirmation, "encrypted_client_hello.confirmation");
}
void encode(const EncryptedClientHelloRetry& in, Writer& w) {
  w.bytes(in.confirmation);
}

// ECHConfig ECHConfigList<4..2^16-1>; struct { uint16 version; uint16 length; select … } ECHConfig;  (RFC 9849 §4)
bool decode(Reader& r, EncryptedClientHelloConfigs& out) {
  out.versions.clear();
  out.contents.clear();
  Reader list = r;
  if (!r.sub16(list, "encrypted_client_hello.retry_configs", 4)) return false;
  while (!list.empty()) {
    uint16_t version = 0;
    ByteView contents;
    if (!list.u16(version, "ECHConfig.version") || !list.opaque16(contents, "ECHConfig.contents")) return false;
    out.versions.push_back(version);
    out.contents.push_back(contents);
  }
  return true;
}
void encode(const EncryptedClientHelloConfigs& in, Writer& w) {
  w.prefixed16([&] {
    for (size_t i = 0; i < in.versions.size() && i < in.contents.size(); ++i) {
      w.u16(in.versions[i]);
      w.opaque16(in.contents[i]);
    }
  });
}

// struct {
//   uint8 config_id; HpkeKemId kem_id; HpkePublicKey public_key<1..2^16-1>;
//   HpkeSymmetricCipherSuite cipher_suites<4..2^16-4>;
// } HpkeKeyConfig;
// struct {
//   HpkeKeyConfig key_config; uint8 maximum_name_length; opaque public_name<1..255>;
//   ECHConfigExtension extensions<0..2^16-1>;
// } ECHConfigContents;                           (RFC 9849 §4)
bool decode(Reader& r, EchConfigContents& out) {
  out.kdfs.clear();
  out.aeads.clear();
  Reader suites = r;
  if (!r.u8(out.config_id, "ECHConfigContents.config_id") || !r.u16(out.kem, "ECHConfigContents.kem_id") ||
      !decode_opaque16(r, out.public_key, "ECHConfigContents.public_key", 1))
    return false;
  const size_t offset = r.offset();
  if (!r.sub16(suites, "ECHConfigContents.cipher_suites", 4, 0xfffc)) return false;
  if (suites.remaining() % 4 != 0)
    return r.bad_length(offset, "ECHConfigContents.cipher_suites", suites.remaining() / 4 * 4, suites.remaining());
  while (!suites.empty()) {
    uint16_t kdf = 0;
    uint16_t aead = 0;
    if (!suites.u16(kdf, "ECHConfigContents.kdf_id") || !suites.u16(aead, "ECHConfigContents.aead_id")) return false;
    out.kdfs.push_back(kdf);
    out.aeads.push_back(aead);
  }
  return r.u8(out.maximum_name_length, "ECHConfigContents.maximum_name_length") &&
         decode_opaque8(r, out.public_name, "ECHConfigContents.public_name", 1) &&
         decode_opaque16(r, out.extensions, "ECHConfigContents.extensions");
}
void encode(const EchConfigContents& in, Writer& w) {
  w.u8(in.config_id);
  w.u16(in.kem);
  w.opaque16(in.public_key);
  w.prefixed16([&] {
    for (size_t i = 0; i < in.kdfs.size() && i < in.aeads.size(); ++i) {
      w.u16(in.kdfs[i]);
      w.u16(in.aeads[i]);
    }
  });
  w.u8(in.maximum_name_length);
  w.opaque8(in.public_name);
  w.opaque16(in.extensions);
}

}  // namespace tlsproof::wire::ext
