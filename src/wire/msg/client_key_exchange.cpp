#include "tlsproof/wire/msg/client_key_exchange.h"

namespace tlsproof::wire {

// struct { ECPoint ecdh_Yc; } ClientECDiffieHellmanPublic;  (RFC 8422 §5.7, the explicit form)
bool decode(Reader& r, ClientKeyExchangeEcdhe& out) {
  return decode_opaque8(r, out.public_key, "ClientKeyExchange.ecdh_Yc", 1);
}

void encode(const ClientKeyExchangeEcdhe& in, Writer& w) {
  w.opaque8(in.public_key);
}

// struct { opaque dh_Yc<1..2^16-1>; } ClientDiffieHellmanPublic;  (RFC 5246 §7.4.7.2, the explicit form)
bool decode(Reader& r, ClientKeyExchangeDhe& out) {
  return decode_opaque16(r, out.dh_Yc, "ClientKeyExchange.dh_Yc", 1);
}

void encode(const ClientKeyExchangeDhe& in, Writer& w) {
  w.opaque16(in.dh_Yc);
}

// struct { public-key-encrypted PreMasterSecret pre_master_secret; } EncryptedPreMasterSecret;  (RFC 5246 §7.4.7.1)
// RFC 5246 §4.7: public-key-encrypted is opaque <0..2^16-1>.
bool decode(Reader& r, ClientKeyExchangeRsa& out) {
  return decode_opaque16(r, out.encrypted_pre_master_secret, "ClientKeyExchange.encrypted_pre_master_secret");
}

void encode(const ClientKeyExchangeRsa& in, Writer& w) {
  w.opaque16(in.encrypted_pre_master_secret);
}

}  // namespace tlsproof::wire
