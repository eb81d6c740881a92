// needs: base app
// Whatever two sides say: the answer does not depend on which is named first, and what is told lies before TLS begins.
#include "tlsproof/app/recognise.h"
#include "tlsproof/base/error.h"

using namespace tlsproof;
using app::Recognised;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t split = std::min<size_t>(size - 2, static_cast<size_t>(data[0]) << 8 | data[1]);
  const ByteView a = ByteView(data, size).subspan(2, split), b = ByteView(data, size).subspan(2 + split);
  const Recognised found = app::recognise(a, b), swapped = app::recognise(b, a);
  TLSPROOF_CHECK((found.state == Recognised::State::tls) == (swapped.state == Recognised::State::tls));
  if (found.state != Recognised::State::tls) return 0;
  const size_t lens[] = {a.size(), b.size()};
  for (const size_t side : {size_t{0}, size_t{1}}) TLSPROOF_CHECK(found.begins[side] <= lens[side]);
  for (const app::Said& one : found.said)
    TLSPROOF_CHECK(one.side < 2 && one.bytes.end() <= found.begins[one.side] && !one.text.empty());
  return 0;
}
