// JSON on one line, appended to a text that its owner keeps: for documents of which many thousands are written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tlsproof/base/bytes.h"

namespace tlsproof {

// Nothing is allocated beyond the growth of `out`. The caller opens and closes in order; nothing is checked.
class JsonText {
 public:
  explicit JsonText(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  // `name` is a literal of ours that needs no escaping.
  void key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    comma_ = false;
  }
  void string(std::string_view value);  // bytes that are not UTF-8 become \xHH as visible text, as JsonWriter has it
  void hex(ByteView value);
  void integer(int64_t value);
  void unsigned_integer(uint64_t value);
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  // A value that is JSON already.
  void raw(std::string_view json) {
    comma();
    out_ += json;
    comma_ = true;
  }

  void field(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
  void field(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }
  void field(std::string_view name, int64_t value) {
    key(name);
    integer(value);
  }
  void field(std::string_view name, uint64_t value) {
    key(name);
    unsigned_integer(value);
  }
  void field(std::string_view name, uint32_t value) { field(name, uint64_t{value}); }
  void field(std::string_view name, int value) { field(name, int64_t{value}); }
  void field_hex(std::string_view name, ByteView value) {
    key(name);
    hex(value);
  }
  void field_raw(std::string_view name, std::string_view json) {
    key(name);
    raw(json);
  }
  // What the caller has appended to out() himself ended with a value, and an object that was begun here.
  void resume_after_object() { comma_ = true; }
  [[nodiscard]] std::string& out() { return out_; }

 private:
  void comma() {
    if (comma_) out_ += ',';
  }
  void open(char bracket) {
    comma();
    out_ += bracket;
    comma_ = false;
  }
  void close(char bracket) {
    out_ += bracket;
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;
};

}  // namespace tlsproof
