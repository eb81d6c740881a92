// Values that an edit puts into a message, as `wire` takes them: IANA names are looked up where they are applied.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tlsproof/wire/fields.h"

namespace tlsproof::scenario {

// 12, 0x1301             -> integer
// x25519, "text"         -> text: a name of the registry where the field has names, else hex digits
// {hex: "00 ff"}         -> bytes
// [1, x25519]            -> list
using Value = wire::FieldValue;

// Path -> value, in the order written: "extensions.supported_versions" -> [0x0304].
using FieldValues = std::vector<std::pair<std::string, Value>>;

// "[1, x25519, hex:00ff]": for messages, escaped.
[[nodiscard]] std::string to_text(const Value& value);

}  // namespace tlsproof::scenario
