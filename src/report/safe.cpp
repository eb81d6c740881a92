#include "safe.h"

#include <fmt/format.h>

#include "tlsproof/base/text.h"

namespace tlsproof::report {

std::string make_safe(std::string_view text, size_t max_len) {
  std::string_view kept = text;
  if (text.size() > max_len) {
    kept = text.substr(0, max_len);
    // Not in the middle of a code point, which would then look like bytes that are no UTF-8.
    while (!kept.empty() && (text[kept.size()] & 0xc0) == 0x80 && kept.size() + 3 > max_len) kept.remove_suffix(1);
  }
  std::string out;
  for (size_t at = 0;;) {
    const size_t backslash = kept.find('\\', at);
    out += escape_terminal(kept.substr(at, backslash == std::string_view::npos ? backslash : backslash - at));
    if (backslash == std::string_view::npos) break;
    out += '\\';
    at = backslash + 1;
  }
  if (kept.size() < text.size()) out += fmt::format("… ({} more bytes)", text.size() - kept.size());
  return out;
}

}  // namespace tlsproof::report
