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

}  // namespace tlsproof::report
