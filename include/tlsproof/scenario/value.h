// A value that an edit puts into a message: what the file says, IANA names not yet looked up.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tlsproof/base/bytes.h"

namespace tlsproof::scenario {

// 12, 0x1301             -> integer
// x25519, "text"         -> text: a name of the registry where the field has names, else these bytes
// {hex: "00 ff"}         -> bytes
// [1, x25519]            -> list
// {group: x25519, ...}   -> map, in the order written
struct Value {
  using List = std::vector<Value>;
  using Map = std::vector<std::pair<std::string, Value>>;
  std::variant<int64_t, std::string, Bytes, List, Map> data;

  [[nodiscard]] const int64_t* integer() const { return std::get_if<int64_t>(&data); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&data); }
  [[nodiscard]] const Bytes* bytes() const { return std::get_if<Bytes>(&data); }
  [[nodiscard]] const List* list() const { return std::get_if<List>(&data); }
  [[nodiscard]] const Map* map() const { return std::get_if<Map>(&data); }
  bool operator==(const Value&) const = default;
};

// Dotted text -> value, in the order written: "extensions.supported_versions.versions" -> [0x0304].
using FieldValues = std::vector<std::pair<std::string, Value>>;

// "[1, x25519]": for messages, escaped.
[[nodiscard]] std::string to_text(const Value& value);

}  // namespace tlsproof::scenario
