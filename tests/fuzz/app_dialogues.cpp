// needs: base app
// Whatever a server says, whole or byte by byte, a dialogue comes to the same end, within its bounds. The first byte
// chooses the protocol and whether it is the part before TLS.
#include "tlsproof/app/dialogue.h"
#include "tlsproof/base/error.h"

using namespace tlsproof;

static std::unique_ptr<app::Dialogue> play(uint8_t which, ByteView bytes, size_t piece) {
  const auto protocol = static_cast<app::Protocol>((which >> 1) % app::protocols().size());
  const app::Setup setup{.protocol = protocol, .request = "GET / HTTP/1.1\r\n\r\n", .domain = "a.test"};
  auto dialogue = which & 1 ? app::make_prelude(setup) : app::make_talk(setup);
  for (size_t at = 0; dialogue && at < bytes.size(); at += piece) {
    dialogue->consume_output(dialogue->output().size());
    (void)dialogue->input(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  }
  if (dialogue) dialogue->input_end();
  return dialogue;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto whole = play(data[0], ByteView(data, size).subspan(1), 1);
  if (!whole) return 0;
  TLSPROOF_CHECK(whole->state() != app::Dialogue::State::running);
  const auto pieces = play(data[0], ByteView(data, size).subspan(1), size);
  TLSPROOF_CHECK(pieces->state() == whole->state() || pieces->reason().contains("before it is asked"));
  return 0;
}
