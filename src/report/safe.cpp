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

std::string xml_text(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const std::string_view rest = text.substr(i, 3);
    if (rest == "\xef\xbf\xbe" || rest == "\xef\xbf\xbf") {
      out += rest.back() == '\xbe' ? "\\u{fffe}" : "\\u{ffff}";
      i += 2;
    } else if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += text[i];
    }
  }
  return out;
}
}  // namespace tlsproof::report
