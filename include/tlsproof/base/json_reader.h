// Reading JSON (RFC 8259) as events: nothing is kept, so that a file costs no more memory than its longest text.
#pragma once

#include <string_view>

#include "tlsproof/base/error.h"

namespace tlsproof {

inline constexpr size_t kMaxJsonDepth = 32;

// What is told of each value, in the order of the document. `path` leads to it: "endpoints[].findings[].id" for the id
// of each finding of each endpoint, "" for the document. A key with other characters than letters, digits and '_' is
// "?" there, so that no key can look like a path.
class JsonEvents {
 public:
  JsonEvents() = default;
  JsonEvents(const JsonEvents&) = delete;
  JsonEvents& operator=(const JsonEvents&) = delete;
  virtual ~JsonEvents() = default;
  // A failure ends the reading and is what read_json gives back. Null is passed over.
  virtual Status on_begin(std::string_view path) = 0;  // an object or array
  virtual Status on_end(std::string_view path) = 0;
  virtual Status on_text(std::string_view path, std::string_view value) = 0;
  virtual Status on_boolean(std::string_view path, bool value) = 0;
  // As it was written: "17", "-0.5e3". Any size; whoever wants it as a number looks whether it is one of his.
  virtual Status on_number(std::string_view path, std::string_view digits);
};

// Usage errors: no JSON ("no valid JSON at byte 17: …"), not UTF-8, deeper than kMaxJsonDepth.
[[nodiscard]] Status read_json(std::string_view text, JsonEvents& events);

}  // namespace tlsproof
