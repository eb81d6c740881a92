// Writing JSON (RFC 8259). Whatever bytes a string holds, the output is valid UTF-8 and one document.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tlsproof {

class JsonWriter {
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

  void field(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void field(std::string_view name, const char* value) {
    key(name);
    string(value);
  }
  void field(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }
  void field(std::string_view name, int value) {
    key(name);
    integer(value);
  }
  void field(std::string_view name, int64_t value) {
    key(name);
    integer(value);
  }
  void field(std::string_view name, uint64_t value) {
    key(name);
    unsigned_integer(value);
  }
  void field(std::string_view name, uint32_t value) {
    key(name);
    unsigned_integer(value);
  }
  void field(std::string_view name, double value) {
    key(name);
    number(value);
  }

  // The document so far; whole once every begin has its end.
  [[nodiscard]] std::string_view text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof
