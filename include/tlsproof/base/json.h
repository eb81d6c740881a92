// Writing JSON (RFC 8259). Whatever bytes a string holds, the output is valid UTF-8 and one document.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tlsproof/base/json_fields.h"

namespace tlsproof {

class JsonWriter : public JsonFields<JsonWriter> {
 public:
  // `indent` blanks a level; 0 writes one line.
  explicit JsonWriter(int indent = 2);
  ~JsonWriter();
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);
  void string(std::string_view value);  // bytes that are not UTF-8 become \xHH as visible text
  void integer(int64_t value);
  void unsigned_integer(uint64_t value);
  void number(double value);  // NaN and infinities become null
  void boolean(bool value);
  void null();
  // A value on one line, whatever the indent: "[[2048,3],[2050,1]]". JSON already; nothing is checked.
  void raw(std::string_view json);

  using JsonFields::field;
  void field(std::string_view name, double value) { keyed(name).number(value); }

  // The document so far; whole once every begin has its end.
  [[nodiscard]] std::string_view text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof
