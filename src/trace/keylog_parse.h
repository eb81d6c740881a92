// One line of a key log.
#pragma once

#include "tlsproof/trace/keylog.h"

namespace tlsproof::trace {

inline constexpr size_t kMaxKeyLogLine = 1024;  // more than any label, random and secret take

struct KeyLogLine {
  enum class Kind : uint8_t {
    secret,
    nothing,  // blank, or a comment
    unused,   // a line of the format that holds nothing we could use: RSA premaster secrets, ECH keys
    broken,
  };
  SecretLabel label = SecretLabel::client_random;
  std::array<uint8_t, 32> client_random{};
  std::array<uint8_t, 64> secret{};  // to be wiped by whoever has it
  size_t secret_len = 0;
  std::string_view why;  // broken: a literal
};

// Without its line end; a CR before it is dropped.
[[nodiscard]] KeyLogLine::Kind parse_key_log_line(std::string_view text, KeyLogLine& out);

}  // namespace tlsproof::trace
