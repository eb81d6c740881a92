#include "tlsproof/wire/msg/finished.h"

namespace tlsproof::wire {

// struct { opaque verify_data[verify_data_length]; } Finished;
// RFC 5246 §7.4.9: the cipher suite tells verify_data_length; RFC 8446 §4.4.4: the hash does.
bool decode(Reader& r, Finished& out) {
  decode_rest(r, out.verify_data);
  return true;
}

void encode(const Finished& in, Writer& w) {
  w.bytes(in.verify_data);
}

bool decode(Reader& r, MessageHash& out) {
  decode_rest(r, out.hash);
  return true;
}

void encode(const MessageHash& in, Writer& w) {
  w.bytes(in.hash);
}

}  // namespace tlsproof::wire
