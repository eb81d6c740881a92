#include "tlsproof/wire/msg/encrypted_extensions.h"

namespace tlsproof::wire {

// struct { Extension extensions<0..2^16-1>; } EncryptedExtensions;  (RFC 8446 §4.3.1)
bool decode(Reader& r, EncryptedExtensions& out) {
  return decode_extensions(r, out.extensions, "EncryptedExtensions.extensions");
}

void encode(const EncryptedExtensions& in, Writer& w) {
  encode_extensions(in.extensions, w);
}

}  // namespace tlsproof::wire
