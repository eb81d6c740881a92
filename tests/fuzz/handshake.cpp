// needs: base wire
// Every handshake message that decodes encodes to the same bytes. Input: type, version, key exchange, body.
#include "tlsproof/wire/messages.h"

using namespace tlsproof;
using namespace tlsproof::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  using enum registry::KeyExchange;
  constexpr registry::KeyExchange kKinds[] = {ecdhe, dhe, rsa, any};
  constexpr uint16_t kOthers[] = {0x7f10, 0x7f12, 0x7f15, 0x7f1c, 0x7e02, 0xfb17, 0xfefd, 0xfefc};
  const auto version = data[1] < 128 ? static_cast<uint16_t>(0x0300 + data[1] % 6) : kOthers[data[1] % 8];
  const DecodeContext context{version, kKinds[data[2] % 4]};
  const ByteView body(data + 3, size - 3);
  static AnyMessage reused;  // decoding into what another input left must give the same
  const auto message = decode_handshake(data[0], body, context);
  const auto again = decode_handshake_into(data[0], body, context, reused);
  TLSPROOF_CHECK(message.has_value() == again.has_value());
  if (!message) {
    TLSPROOF_CHECK(!message.error().field.empty() && message.error().offset <= body.size());
    return 0;
  }
  TLSPROOF_CHECK(*message == reused);
  Bytes encoded;
  TLSPROOF_CHECK(encode_message(*message, encoded) && encoded[0] == data[0]);
  TLSPROOF_CHECK(equal(ByteView(encoded).subspan(kHandshakeHeaderLen), body));
  return 0;
}
