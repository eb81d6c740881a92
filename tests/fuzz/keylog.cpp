// needs: base registry wire trace
// Any text is a key log, or parts of one. Input: the text; cut in two, it says the same as whole.
#include <algorithm>

#include "tlsproof/trace/keylog.h"

using namespace tlsproof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView text(data, size);
  trace::KeyLogIndex index;
  index.add(text);
  const size_t num_lines = static_cast<size_t>(std::ranges::count(text, uint8_t{'\n'})) + 1;
  TLSPROOF_CHECK(index.size() <= num_lines && index.notes().size() <= 2);
  trace::KeyLogIndex twice;
  twice.add(text);
  twice.add(text);
  TLSPROOF_CHECK(twice.size() == index.size());
  // Each line by itself gives what it gives among the others.
  trace::KeyLogIndex lines;
  for (ByteView rest = text; !rest.empty();) {
    const auto end = std::ranges::find(rest, uint8_t{'\n'});
    const size_t len = static_cast<size_t>(end - rest.begin());
    lines.add(rest.first(len));
    rest = rest.subspan(std::min(len + 1, rest.size()));
  }
  TLSPROOF_CHECK(lines.size() == index.size());
  std::array<uint8_t, 32> random{};
  std::ranges::copy(text.first(std::min(size, random.size())), random.begin());
  SecretBytes secret;
  static_cast<void>(index.find(trace::SecretLabel::client_random, random, secret));
  return 0;
}
