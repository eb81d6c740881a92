// The last guard before a text of a run is written: whoever made it, and whatever a peer put into it.
#pragma once

#include <string>
#include <string_view>

namespace tlsproof::report {

// Bytes of one text in a JSON document; a baseline has them cut so.
inline constexpr size_t kMaxJsonText = 4096;

// One line that is harmless on any terminal, cut after about `max_len` bytes. Backslashes stay as they are, so that a
// text that was escaped already is not changed.
[[nodiscard]] std::string make_safe(std::string_view text, size_t max_len);

// XML 1.0 §2.2 has no C0 controls but tab and line ends, and neither U+FFFE nor U+FFFF, not even as a reference. What
// comes here is valid UTF-8 without controls already (make_safe); the last two are still there. Markup is left to who
// writes it.
[[nodiscard]] std::string xml_text(std::string_view text);

}  // namespace tlsproof::report
